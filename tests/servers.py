"""Real SPARQL servers on loopback for tests: Oxigraph from its PyPI package, Virtuoso where Debian's is installed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OXIGRAPH = Path(sys.executable).parent / "oxigraph"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not open its port in time")


@contextmanager
def oxigraph(location: Path, *options: str, command: str = "serve-read-only") -> Iterator[str]:
    """`oxigraph serve-read-only` (or `serve`) on a store folder; its base URL."""
    port = free_port()
    arguments = [str(OXIGRAPH), command, "--location", str(location), "--bind", f"127.0.0.1:{port}", *options]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
