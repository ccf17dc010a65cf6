"""The real application on real releases, asked in process or through uvicorn on the loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Limits, Settings
from tests.servers import needs_virtuoso

HOST = "https://ccsi.example"
# A heavy server that nobody asks for takes as long to start as all else.
SERVED = {"CCSI_LOG_FORMAT": "json", "CCSI_SWITCH_INTERVAL": "0.2", "CCSI_HEAVY_START_AFTER": "60"}
# Queries and heavy answers give way to all else that the machine does; tests that promise a time say so themselves.
PATIENT = {
    "CCSI_LIMIT_SPARQL_SECONDS": "60", "CCSI_LIMIT_SPARQL_WAIT": "60",
    "CCSI_LIMIT_HEAVY_SECONDS": "100", "CCSI_LIMIT_HEAVY_WAIT": "100",
}  # fmt: skip


class InProcess:
    """An app with its lifespan on an event loop of its own; `get` is an ordinary function."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()
        self._http: httpx2.AsyncClient = self.run(self._open())

    async def _open(self) -> httpx2.AsyncClient:
        await self._stack.enter_async_context(self.app.router.lifespan_context(self.app))
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url=HOST)
        client.headers.pop("accept-encoding")
        return await self._stack.enter_async_context(client)

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(240)

    def request(self, method: str, target: str, **options: Any) -> httpx2.Response:
        found: httpx2.Response = self.run(self._http.request(method, target, **options))
        return found

    def get(self, target: str, **options: Any) -> httpx2.Response:
        return self.request("GET", target if target.startswith(("/", "http")) else f"/api/v1/{target}", **options)

    def post(self, target: str, **options: Any) -> httpx2.Response:
        return self.request("POST", target, **options)

    def json(self, target: str, **options: Any) -> Any:
        answer = self.get(target, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def running(data_dir: Path, limits: Limits | None = None, **settings: Any) -> Iterator[InProcess]:
    """The app on a data folder."""
    made = Settings(data_dir=data_dir, log_level="error", **settings)
    client = InProcess(create_app(made, limits or Limits()))
    try:
        yield client
    finally:
        client.close()


@contextmanager
def at_endpoint(endpoint: str, folder: Path) -> Iterator[InProcess]:
    """The app on the release that an endpoint holds."""
    with running(folder, sparql_endpoint=endpoint) as client:
        until = time.monotonic() + 120
        while client.get("/api/v1/suggest?q=a").status_code == 503 and time.monotonic() < until:
            time.sleep(0.2)  # a release at an endpoint has no index of labels until the service has built one
        yield client


# Not of the session itself: a parameter of the session ends with each file, and the application with it.
@pytest.fixture(params=["embedded", "oxigraph", pytest.param("virtuoso", marks=[needs_virtuoso, pytest.mark.long])])
def api(request: pytest.FixtureRequest) -> InProcess:
    """The API on the bundled sample: in its own store, at an Oxigraph server, and at a Virtuoso server."""
    name = "starter_api" if request.param == "embedded" else f"{request.param}_api"
    client: InProcess = request.getfixturevalue(name)
    return client


@pytest.fixture
def catalogue(api: InProcess) -> Any:
    """What the API serves, as tables."""
    return api.app.state.service.served.catalogue


class Server:
    """`ccsi serve` as a process of its own."""

    def __init__(self, data_dir: Path, prelude: str = "", port: int = 0, **env: str) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir.parent / f"serve-{self.port}.log"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CCSI_")}
        start = [sys.executable, "-c", f"{prelude}\nfrom app.cli.main import main\nmain()"]
        command = [*start, "serve", "--port", str(self.port), "--no-starter"]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(data_dir)],
                env={**kept, **SERVED, **PATIENT, **env},
                stdout=out,
                stderr=out,
            )
        self.wait(lambda: httpx2.get(f"{self.url}/api/v1/health/live").status_code == 200)

    def wait(self, reached: Callable[[], bool], seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                if reached():
                    return
            except httpx2.TransportError:
                assert self.process.poll() is None, self.lines()
            assert time.monotonic() < until, self.lines()
            time.sleep(0.05)

    def lines(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers that end with the test."""
    started: list[Server] = []

    def start(data_dir: Path, prelude: str = "", **env: str) -> Server:
        started.append(Server(data_dir, prelude, **env))
        return started[-1]

    yield start
    for server in started:
        server.stop()
