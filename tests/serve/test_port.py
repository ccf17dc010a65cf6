"""A crowd's connections are accepted at once and begun by turns with those of others."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

import pytest

from app.http.listen import listen
from app.serve import port as module
from app.serve.port import Connections, Counts, Port


class Peer(asyncio.Protocol):
    """Notes whose connection has begun."""

    def __init__(self, begun: list[str]) -> None:
        self._begun = begun

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._begun.append(transport.get_extra_info("peername")[0])
        transport.close()


def begun(addresses: list[str]) -> list[str]:
    """The addresses of the connections that waited when the port was opened, in the order in which they began."""
    order: list[str] = []

    async def run() -> None:
        with ExitStack() as stack:
            listener = stack.enter_context(listen("127.0.0.1", 0))
            for address in addresses:
                stack.enter_context(socket.create_connection(listener.getsockname(), source_address=(address, 0)))
            counts = Counts(1)
            connections = Connections(counts, 0)
            port = Port(listener, connections, lambda: Peer(order))
            port.open()
            async with asyncio.timeout(10):
                while len(order) < len(addresses):
                    await asyncio.sleep(0)
                while connections.coming:
                    await asyncio.sleep(0)
            port.close()

    asyncio.run(run())
    return order


def test_who_comes_behind_a_crowd_is_second() -> None:
    order = begun(["127.0.0.2"] * 60 + ["127.0.0.3"])
    assert order.index("127.0.0.3") == 1
    assert order.count("127.0.0.2") == 60


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 5)
    order = begun(["127.0.0.2"] * 20 + ["127.0.0.3"])
    assert len(order) == 21
    assert order.index("127.0.0.3") >= 15  # it was left to the kernel, whose order is that of coming
