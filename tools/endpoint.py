"""An endpoint of its own on loopback, for the conformance run, tests and benchmarks: the real server, in a thread.

``python -m tools.endpoint STORE [SECONDS [ENDPOINT]]`` serves in a process of its own, prints its URL, and ends with
its input. With an ENDPOINT that holds the same graphs, and has their union as its default graph, queries are evaluated there.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from app.http import Front, problems
from app.http.connection import connections
from app.settings import Limits, Settings
from app.sparql.gateway import Gateway
from app.sparql.process import Source

_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running endpoint."""

    host: str
    port: int
    gateway: Gateway
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """The URL of /sparql."""
        return f"http://{self.host}:{self.port}/sparql"

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer to one request, on a connection of its own."""
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers.get_content_type(), response.read()

    def serve(self, store: Path, tag: str) -> None:
        """Switch to another store, from any thread."""
        self.loop.call_soon_threadsafe(self.gateway.serve, Source(store, tag))


@contextmanager
def endpoint(
    store: Path | Source, settings: Settings | None = None, limits: Limits | None = None
) -> Iterator[Endpoint]:
    """Serve a store, or what an endpoint of the settings holds, at http://127.0.0.1:<any port>/sparql."""
    settings, limits = settings or Settings(), limits or Limits()
    gateway = Gateway(settings, limits)
    gateway.serve(store if isinstance(store, Source) else Source(store, "trial"))
    loops: list[asyncio.AbstractEventLoop] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loops.append(asyncio.get_running_loop())
        await gateway.start()
        with suppress(TimeoutError):  # who asks is not to be refused because this machine is slow to start a worker
            await asyncio.wait_for(gateway.ready(), _START_SECONDS)
        yield
        await gateway.stop()

    app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})
    problems.install(app)
    listener = socket.create_server(("127.0.0.1", 0))
    front = Front(settings, limits.model_copy(update={"client_requests": 0}))  # as without the edge, which is not here
    front.early = gateway.early
    config = uvicorn.Config(
        gateway.before(app),
        http=connections(front),
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # as `ccsi serve`
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    ready = threading.Event()
    try:
        while not server.started and thread.is_alive():
            ready.wait(0.01)
        yield Endpoint("127.0.0.1", listener.getsockname()[1], gateway, loops[0])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def main(arguments: list[str]) -> None:
    """Serve a store until standard input ends."""
    limits = Limits() if len(arguments) < 2 else Limits(sparql_seconds=float(arguments[1]))
    settings, source = Settings(), Source(Path(arguments[0]), "trial")
    if len(arguments) > 2:
        settings = Settings(sparql_endpoint=arguments[2], sparql_endpoint_union=True)
        source = Source(None, "trial")
    with endpoint(source, settings, limits) as target:
        sys.stdout.write(f"{target.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
