"""Applications behind the edge, served by the real connections in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http import EdgeMiddleware, Front
from app.http.connection import Connection, connections
from app.main import create_app
from app.settings import Limits, Settings

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Site:
    """A running application, asked by raw bytes from any address of the loopback."""

    port: int
    front: Front
    kind: type[Connection]

    def connect(self, source: str = "127.0.0.1", room: int = 0) -> socket.socket:
        raw = socket.socket()
        if room:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        raw.settimeout(20)
        raw.bind((source, 0))
        raw.connect(("127.0.0.1", self.port))
        return raw

    def say(self, sent: bytes, source: str = "127.0.0.1") -> bytes:
        """All that comes back until the other side closes."""
        with self.connect(source) as raw:
            with suppress(ConnectionError):
                raw.sendall(sent)
            return rest(raw)

    def get(self, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body, of a connection that stays open meanwhile."""
        with self.connect(source) as raw:
            return ask(raw, path, **headers)

    def wait(self, reached: Callable[[], bool], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < until
            time.sleep(0.02)


def rest(raw: socket.socket) -> bytes:
    found = b""
    with suppress(ConnectionError):
        while piece := raw.recv(65536):
            found += piece
    return found


def ask(raw: socket.socket, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    raw.sendall(f"{method} {path} HTTP/1.1\r\nhost: x\r\n{lines}\r\n".encode())
    with raw.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        found: dict[str, str] = {}
        while line := stream.readline().strip().decode():
            name, _, value = line.partition(": ")
            found[name.lower()] = value
        length = 0 if method == "HEAD" or status in (204, 304) else int(found["content-length"])
        return status, found, stream.read(length)


@contextmanager
def serving(app: ASGIApp, front: Front, lifespan: str = "off", keep_alive: int = 5) -> Iterator[Site]:
    kind = connections(front)
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        app, loop="uvloop", http=kind, log_config=None, access_log=False, lifespan=lifespan, proxy_headers=False,
        server_header=False, timeout_graceful_shutdown=1, timeout_keep_alive=keep_alive,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield Site(listener.getsockname()[1], front, kind)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def bytes_of(size: int, trusted_proxies: str = "127.0.0.1", **limits: Any) -> Iterator[Site]:
    """Any GET is answered by so many bytes."""
    body = b"x" * size

    async def app(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    front = Front(Settings(trusted_proxies=trusted_proxies), Limits(**limits))
    with serving(EdgeMiddleware(app, front), front) as site:
        yield site


@pytest.fixture(scope="session")
def site(starter_dir: Path) -> Iterator[Site]:
    """The service on the bundled sample."""
    app = create_app(Settings(data_dir=starter_dir, log_level="error"), Limits())
    with serving(app, app.state.front, "on") as found:
        yield found
