"""A serving process: uvicorn's server on the port that all share, begun, retired and ended by word of the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Coroutine, Iterator, Sequence
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from app import logs
from app.connection import Connection
from app.serve.channel import Channel
from app.settings import Settings

log = structlog.get_logger()

_CLOSE = (b"connection", b"close")
_SPARQL_SECONDS = 20.0  # that the first SPARQL worker may take before this process is ready without it


def config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the application, in one process or in several."""
    return uvicorn.Config(
        app, loop="uvloop", http=Connection, access_log=False, log_config=None, server_header=False, date_header=True,
        timeout_graceful_shutdown=settings.shutdown_seconds, forwarded_allow_ips=settings.trusted_proxies,
    )  # fmt: skip


def run(app: FastAPI, settings: Settings, number: int, listener: socket.socket, channel: Channel) -> None:
    """Serve until the supervisor says otherwise or is gone; for a process that was just forked."""
    logs.mark(worker=number, pid=os.getpid())
    if app.state.service.ready:
        app.state.service.served.catalogue.store.reopen()
    Server(config(app, settings), settings.shutdown_seconds, listener, channel).run(sockets=[])


class Server(uvicorn.Server):
    """Accepts connections from the word `begin` to the word `retire`, and ends with the supervisor's channel.

    uvicorn's own end closes idle connections at once, so a client that asks in that moment is not answered. Retiring
    waits instead for its next request, and says in the answer that the connection closes.
    """

    def __init__(self, config: uvicorn.Config, patience: float, listener: socket.socket, channel: Channel) -> None:
        super().__init__(config)
        self._patience = patience
        self._listener = listener
        self._channel = channel
        self._work: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl+C and a hang-up are for the supervisor, which then ends or renews this process."""
        for name in (signal.SIGINT, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._terminate)
        yield

    def _terminate(self, _signal: int, _frame: FrameType | None) -> None:
        self.should_exit = True

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Start the application; its port is not listened to before the word comes."""
        await super().startup(sockets=[*(sockets or ())])
        asyncio.get_running_loop().add_reader(self._channel.fileno(), self._obey)
        self._do(self._get_ready())

    async def _get_ready(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SPARQL_SECONDS):
                await self.config.app.state.gateway.ready()  # type: ignore[union-attr]
        self._channel.send(ready=True)

    def _obey(self) -> None:
        received = self._channel.receive()
        match received and received[0]:
            case {"do": "begin"}:
                self._do(self._begin())
            case {"do": "retire"}:
                self._do(self._retire())
            case None:
                asyncio.get_running_loop().remove_reader(self._channel.fileno())
                self.should_exit = True

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()

        def connection() -> asyncio.Protocol:
            return Connection(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

        backlog = self.config.backlog
        self.servers.append(await loop.create_server(connection, sock=self._listener, backlog=backlog))

    async def _retire(self) -> None:
        for server in self.servers:
            server.close()
        # For the answers of this second, which have the list, and for those that follow.
        self.server_state.default_headers.append(_CLOSE)
        self.config.encoded_headers.append(_CLOSE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while self.server_state.connections:
                    await asyncio.sleep(0.05)
        self.should_exit = True
