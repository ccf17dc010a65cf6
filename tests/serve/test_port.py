"""A crowd's connections are accepted at once and begun by turns with those of others."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import ExitStack

import pytest

from app.http.faults import Faults
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


class Wrong(Peer):
    """The same, whose client does something for which it is refused, unless it is a good one."""

    def __init__(self, begun: list[str], faults: Faults, good: str) -> None:
        super().__init__(begun)
        self._faults, self._good = faults, good

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._begun[-1] != self._good:
            self._faults.count(self._begun[-1])


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
            port = Port(listener, connections, lambda: Peer(order), Faults(Counter()))
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


def test_who_is_refused_again_and_again_is_held_back_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_HELD", 5)
    wrong, good = "127.0.0.2", "127.0.0.3"
    order: list[str] = []
    refusals: Counter[str] = Counter()

    def come(stack: ExitStack, port: tuple[str, int], address: str, count: int) -> None:
        for _ in range(count):
            stack.enter_context(socket.create_connection(port, source_address=(address, 0)))

    async def run() -> None:
        with ExitStack() as stack:
            listener = stack.enter_context(listen("127.0.0.1", 0))
            faults = Faults(refusals)
            connections = Connections(Counts(1), 0)
            port = Port(listener, connections, lambda: Wrong(order, faults, good), faults)
            come(stack, listener.getsockname(), wrong, 80)
            port.open()
            async with asyncio.timeout(10):
                while len(order) < 20:
                    await asyncio.sleep(0)
            await asyncio.sleep(0.05)  # in which those begin that came before there were too many
            assert (began := order.count(wrong)) < 50, "the others have to wait"
            come(stack, listener.getsockname(), good, 30)
            come(stack, listener.getsockname(), wrong, 3)
            async with asyncio.timeout(10):
                while order.count(good) < 30:
                    await asyncio.sleep(0)
            assert order.count(wrong) - began <= 2, "whoever else comes does not"
            began = order.count(wrong)
            await asyncio.sleep(0.35)
            assert 2 <= order.count(wrong) - began <= 4, "one each tenth of a second"
            assert refusals["faults"] == 3, "what comes while enough of them wait is ended"
            port.close()
            assert connections.coming == 0
            assert refusals["faults"] > 3, "and so is what waits when the port closes"

    asyncio.run(run())


def test_who_waits_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many connections of such clients wait: somebody else's is accepted."""
    monkeypatch.setattr(module, "_MOST_WAITING", 8)
    monkeypatch.setattr(module, "_ACCEPTED", 2)
    order: list[str] = []
    refusals: Counter[str] = Counter()

    async def run() -> None:
        with ExitStack() as stack:
            listener = stack.enter_context(listen("127.0.0.1", 0))
            faults = Faults(refusals)
            for _ in range(200):
                faults.count("127.0.0.2")
            faults.wait("127.0.0.2")
            connections = Connections(Counts(1), 0)
            port = Port(listener, connections, lambda: Peer(order), faults)
            port.open()
            for address in ["127.0.0.2"] * 12 + ["127.0.0.3"]:
                stack.enter_context(socket.create_connection(listener.getsockname(), source_address=(address, 0)))
            async with asyncio.timeout(5):
                while "127.0.0.3" not in order:
                    await asyncio.sleep(0)
            assert connections.coming <= 8
            assert refusals["faults"] >= 4
            port.close()

    asyncio.run(run())


def test_faults_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("app.http.faults.time.monotonic", lambda: now)
    faults = Faults(Counter())
    for _ in range(19):
        faults.count("a")
    assert faults.wait("a") == 0
    assert faults.wait("a") == 0, "nobody waits for so few"
    for _ in range(1000):
        faults.count("a")
    assert faults.wait("a") == 0
    assert faults.wait("a") == pytest.approx(0.1), "one after the other"
    assert faults.wait("b") == 0
    now += 10.1  # the most that is remembered, but for what is allowed
    assert [faults.wait("a"), faults.wait("a")] == [0, 0]


def test_a_proxy_has_no_faults() -> None:
    faults = Faults(Counter())
    for _ in range(100):
        faults.count("")
    assert [faults.wait(""), faults.wait("")] == [0, 0]
