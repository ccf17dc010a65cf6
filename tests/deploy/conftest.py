"""Debian's nginx with the project's own configuration, on loopback."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.servers import Reply, free_port, wait_for_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
TEMPLATE = ROOT / "deploy" / "nginx.conf.template"
RESOLVER = ROOT / "deploy" / "resolver.envsh"


class Kept(Reply):
    """An answer of the proxy."""

    @property
    def kept(self) -> str:
        """What the proxy's cache made of the request: MISS, HIT, REVALIDATED, …; empty where it has none."""
        return self.headers.get("x-cache", "")


@dataclass
class Client:
    """Asks from an address of its own: 127.0.0.0/8 is all loopback, and the proxy counts by address."""

    port: int
    address: str

    def again(self, path: str, method: str = "GET", **headers: str) -> Kept:
        """Ask for what was asked for before; an answer is kept a moment after its last byte was sent."""
        end = time.monotonic() + 15
        while (reply := self(path, method, **headers)).kept == "MISS" and time.monotonic() < end:
            time.sleep(0.02)
        return reply

    def __call__(
        self, path: str, method: str = "GET", body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> Kept:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90, source_address=(self.address, 0))
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named, encode_chunked=not isinstance(body, bytes | None))
            return Kept.of(connection.getresponse())
        finally:
            connection.close()


def resolver(**environment: str) -> str:
    """What the script that is sourced before makes of this machine's resolv.conf."""
    script = f'. "{RESOLVER}"; printf %s "$CCSI_PROXY_RESOLVER"'
    env = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, check=True).stdout


def filled(template: str, **values: str) -> str:
    """What the image's start script makes of the template."""
    return re.sub(r"\$\{(CCSI_\w+)\}", lambda found: values[found[1]], template)


@contextmanager
def nginx(folder: Path, service: str, body_bytes: str = "1000000") -> Iterator[int]:
    """The proxy in front of `host:port`; its port."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    (folder / "nginx.conf").write_text(
        filled(
            TEMPLATE.read_text(), CCSI_PROXY_LISTEN=f"127.0.0.1:{port}", CCSI_PROXY_SERVICE=service,
            CCSI_PROXY_FOLDER=str(folder), CCSI_LIMIT_BODY_BYTES=body_bytes, CCSI_PROXY_RESOLVER=resolver(),
        )
    )  # fmt: skip
    user = "user root; " if os.geteuid() == 0 else ""  # whoever else could not enter the test's folder
    command = [NGINX, "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", f"{user}daemon off;"]
    with (folder / "nginx.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


_addresses = iter(f"127.0.{n // 250 + 1}.{n % 250 + 1}" for n in range(10_000))


def client(port: int) -> Client:
    """A client whom the proxy has not seen before."""
    return Client(port, next(_addresses))
