"""Real SPARQL servers on loopback for tests: Oxigraph from its PyPI package, Virtuoso where Debian's is installed."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from releases.push import Push

OXIGRAPH = Path(sys.executable).parent / "oxigraph"
VIRTUOSO = shutil.which("virtuoso-t")
needs_virtuoso = pytest.mark.skipif(VIRTUOSO is None, reason="Virtuoso (virtuoso-t) is not installed")
# Small, on loopback only, without limits of its own that would cut an answer.
_VIRTUOSO_INI = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
ServerThreads = 20
CheckpointInterval = 0
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
CaseMode = 2
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
MaxClientConnections = 20
KeepAliveTimeout = 10
MaxKeepAlives = 20
[SPARQL]
ResultSetMaxRows = 10000000
MaxQueryExecutionTime = 60
MaxQueryCostEstimationTime = 600
"""


@dataclass
class Reply:
    """An answer by HTTP, read to its end; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, response: http.client.HTTPResponse) -> Self:
        return cls(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read())

    @property
    def json(self) -> Any:
        return json.loads(self.body)


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


@contextmanager
def virtuoso(folder: Path) -> Iterator[str]:
    """An empty Virtuoso whose files are in an empty folder; its base URL."""
    assert VIRTUOSO is not None
    port = free_port()
    (folder / "virtuoso.ini").write_text(_VIRTUOSO_INI.format(sql=free_port(), http=port))
    with (folder / "output").open("wb") as out:
        process = subprocess.Popen([VIRTUOSO, "-f", "-c", "virtuoso.ini"], cwd=folder, stdout=out, stderr=out)
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def virtuoso_graph_store(url: str) -> Push:
    """A transfer to it; digest authentication with the password that a new one has."""
    return Push(url.replace("//", "//dba:dba@") + "/sparql-graph-crud-auth", digest=True)
