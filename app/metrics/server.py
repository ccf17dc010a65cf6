"""/metrics: on a port of its own, so that it can be kept from the public, or on the API's where the operator says so.

Whoever asks cannot hurt the service: figures are gathered once for all who wait, and written one answer at a time off the
event loop; the port takes a few connections, one request each, and none lasts.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.http.problems import problem_response
from app.telemetry.exposition import Family, text

Source = Callable[[], Awaitable[dict[str, list[Family]]]]
MOST_CONNECTIONS = 16
MOST_BYTES = 64 * 1024
SECONDS = 10.0


class Exporter:
    """The ASGI application that answers /metrics with what a source gives: families by name of the process."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._making: asyncio.Task[dict[str, list[Family]]] | None = None
        self._encoding = asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        response: Response
        if scope["path"] != "/metrics":
            response = problem_response(404, "not-found", "Not found", "There is /metrics here and nothing else.")
        elif scope["method"] not in ("GET", "HEAD"):
            response = problem_response(
                405, "method-not-allowed", "Method not allowed", "Use GET.", {"allow": "GET, HEAD"}
            )
        else:
            response = await self.answer(Request(scope))
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The figures of this moment."""
        if self._making is None or self._making.done():
            self._making = asyncio.ensure_future(self._source())
        figures = await asyncio.shield(self._making)
        async with self._encoding:
            body, media_type = await asyncio.to_thread(text, figures, request.headers.get("accept", ""))
        return Response(body, 200, {"cache-control": "no-store", "content-type": media_type})


class _Scraper(HttpToolsProtocol):
    """A connection of which there are only a few, each for as long as one answer takes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, unless there are enough; whoever does not ask, or does not read, loses it."""
        super().connection_made(transport)
        self._received = 0
        self._end = self.loop.call_later(SECONDS, transport.abort)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read on; one request is short."""
        self._received += len(data)
        if self._received > MOST_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._end.cancel()
        super().connection_lost(exc)


@asynccontextmanager
async def listening(exporter: Exporter, listener: socket.socket) -> AsyncIterator[None]:
    """Serve an exporter on a socket. A second uvicorn server would take the signals that end the first."""
    config = uvicorn.Config(
        exporter, http=_Scraper, lifespan="off", access_log=False, log_config=None, server_header=False, proxy_headers=False
    )  # fmt: skip
    config.load()
    state = ServerState()
    state.default_headers = [(b"connection", b"close")]
    server = await asyncio.get_running_loop().create_server(
        lambda: _Scraper(config=config, server_state=state, app_state={}), sock=listener, backlog=MOST_CONNECTIONS
    )
    try:
        yield
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
