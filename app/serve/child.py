"""A serving process: uvicorn's server on the port that all share, begun, retired and ended by word of the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Coroutine, Iterator, Sequence
from types import FrameType
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from app import logs
from app.serve.channel import Channel
from app.serve.port import Connections, Counts
from app.serve.server import Server, config
from app.settings import Settings

log = structlog.get_logger()

_SPARQL_SECONDS = 20.0  # that the first SPARQL worker may take before this process is ready without it


def run(
    app: FastAPI, settings: Settings, counts: Counts, listener: socket.socket, number: int, channel: Channel
) -> None:
    """Serve until the supervisor says otherwise or is gone; for a process that was just forked."""
    logs.mark(worker=number, pid=os.getpid())
    if app.state.service.ready:
        _ = app.state.service.served.catalogue.store.graphs  # opens it before the first request does
    server = Child(config(app, settings), settings.shutdown_seconds, Connections(counts, number), listener, channel)
    app.state.observer.listen(settings, number)
    app.state.server_state = server.server_state  # who is connected, for the metrics
    server.run(sockets=[])


class Child(Server):
    """Accepts connections from the word `begin` to the word `retire`, and ends with the supervisor's channel.

    uvicorn's own end closes idle connections at once, so a client that asks in that moment is not answered. Retiring
    waits instead for its next request, and says in the answer that the connection closes.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        timeout_seconds: float,
        connections: Connections,
        listener: socket.socket,
        channel: Channel,
    ) -> None:
        super().__init__(config, connections, listener)
        self._timeout_seconds = timeout_seconds
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
        await super().startup(sockets)
        asyncio.get_running_loop().add_reader(self._channel.fileno(), self._obey)
        self._do(self._get_ready())

    async def _get_ready(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SPARQL_SECONDS):
                await self.config.app.state.gateway.ready()  # type: ignore[union-attr]
        self._channel.send(ready=True)

    def _obey(self) -> None:
        received = self._channel.receive()
        if received is None:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self.should_exit = True
        elif received[0]["do"] == "begin":
            self.port.open()
        else:
            self.port.close()
            self._do(self._retire())

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _retire(self) -> None:
        connection: Any = self.config.http_protocol_class
        connection.retiring = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_seconds):
                while self._connections or self._connections.coming:
                    await asyncio.sleep(0.05)
        self.should_exit = True
