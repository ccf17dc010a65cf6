"""uvicorn's server, which accepts connections as app.serve.port does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, cast

import uvicorn
from fastapi import FastAPI

from app.http.connection import connections
from app.http.faults import Faults
from app.serve.port import Connections, Counts, Port
from app.settings import Settings


def config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the application, in one process or in several."""
    return uvicorn.Config(
        app, loop="uvloop", http=connections(app.state.front), access_log=False, log_config=None, server_header=False, date_header=True,
        timeout_graceful_shutdown=settings.shutdown_seconds, proxy_headers=False,  # the connection reads them
    )  # fmt: skip


class Server(uvicorn.Server):
    """One process's server; its port is listened to when somebody opens it."""

    def __init__(self, config: uvicorn.Config, connections: Connections, listener: socket.socket) -> None:
        super().__init__(config)
        self.server_state.connections = self._connections = connections
        self._listener = listener
        self._faults: Faults = cast(FastAPI, config.app).state.front.faults

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Start the application."""
        await super().startup(sockets=[*(sockets or ())])
        self.port = Port(self._listener, self._connections, self._connection, self._faults)

    def _connection(self) -> asyncio.Protocol:
        make: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = make(self.config, self.server_state, self.lifespan.state)
        return protocol

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, then end as uvicorn does."""
        self.port.close()
        self._listener.close()
        await super().shutdown(sockets)


class OnlyServer(Server):
    """Of the only process that there is: it accepts connections as soon as the application has started."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config, Connections(Counts(1), 0), listener)

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Start the application, and open the port."""
        await super().startup(sockets)
        self.port.open()
