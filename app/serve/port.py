"""Accepting connections: by turns of their addresses, and of a shared port each process its part.

uvloop accepts one connection in a round of the loop: whoever came behind two thousand others was seen to wait for a second.
Here many are accepted at once, which is cheap, and begun by turns, which is not; those of a client that had to be refused
again and again are held back (app.http.faults). Left to the kernel, the process that wakes first takes all that wait: of
eight clients that stay connected, one of two processes was seen to get all eight, and the other core stayed idle.
"""

from __future__ import annotations

import asyncio
import mmap
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from app.http.clients import network_of
from app.http.faults import Faults

log = structlog.get_logger()

_CLOSED = 2**31 - 1  # more connections than anybody has
_COURTESY = 0.005  # seconds for which a process with more connections leaves a new one to those with fewer
_ACCEPTED = 64  # connections each time the loop goes round, which takes a millisecond
_BEGUN = 2  # the same of those that are begun, each some tenths of a millisecond
_MOST_WAITING = 2048  # accepted and not begun; the others wait in the kernel
_MOST_HELD = 64  # of these held back for one client; the others are ended
_RECOVERY = 1.0  # seconds without accepting when this process has no descriptors left


class Counts:
    """How many connections each process has; made before the processes are forked, who then share it."""

    def __init__(self, processes: int) -> None:
        self._numbers = memoryview(mmap.mmap(-1, 4 * processes)).cast("i")
        for number in range(processes):
            self[number] = _CLOSED

    def __setitem__(self, number: int, count: int) -> None:
        self._numbers[number] = count

    def fewest(self) -> int:
        """Of the process that has the fewest."""
        return min(self._numbers)


class Connections(set[Any]):
    """The connections of one process; the others see how many they are."""

    def __init__(self, counts: Counts, number: int) -> None:
        super().__init__()
        self._counts, self._number = counts, number
        self.open = False
        self.coming = 0  # accepted, and not yet among the others

    def add(self, connection: Any) -> None:
        """A client has come."""
        super().add(connection)
        self.tell()

    def discard(self, connection: Any) -> None:
        """A client has gone."""
        super().discard(connection)
        self.tell()

    def tell(self) -> None:
        """Show the others how many there are."""
        self._counts[self._number] = len(self) + self.coming if self.open else _CLOSED

    def are_fewest(self) -> bool:
        """Whether no other process that accepts has fewer."""
        return len(self) + self.coming <= self._counts.fewest()


class Port:
    """The listening socket in one process."""

    def __init__(
        self,
        listener: socket.socket,
        connections: Connections,
        protocol: Callable[[], asyncio.Protocol],
        faults: Faults,
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._connections = connections
        self._protocol = protocol
        self._faults = faults
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: dict[str, deque[socket.socket]] = {}  # accepted, by client, in the order of their turns
        self._held: dict[str, deque[socket.socket]] = {}  # of clients who have no turn for a while
        self._beginning = False

    def open(self) -> None:
        """Accept from now on."""
        self._connections.open = True
        self._connections.tell()
        self._wait()

    def close(self) -> None:
        """Accept no more."""
        self._connections.open = False
        for line in self._held.values():
            while line:
                self._give_up(line)
        self._held.clear()
        self._connections.tell()
        self._pause(None)

    def _wait(self) -> None:
        self._timer = None
        self._loop.add_reader(self._listener.fileno(), self._waiting)

    def _pause(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        self._loop.remove_reader(self._listener.fileno())
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, then or self._wait) if seconds is not None else None

    def _waiting(self) -> None:
        while self._held and self._connections.coming > _MOST_WAITING - _ACCEPTED:  # room for whoever else comes
            longest = max(self._held.values(), key=len)
            if not longest:
                break
            self._give_up(longest)
        for _ in range(min(_ACCEPTED, _MOST_WAITING - self._connections.coming)):
            if not self._connections.are_fewest():
                self._pause(_COURTESY, self._accept_late)
                break
            if not self._accept():
                break
        self._begin()

    def _accept_late(self) -> None:
        self._wait()
        self._accept()
        self._begin()

    def _accept(self) -> bool:
        """One, if there is one: the next may be for another process."""
        try:
            client, address = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            log.error("no connection can be accepted", error=str(error))
            self._pause(_RECOVERY)
            return False
        client.setblocking(False)
        self._connections.coming += 1
        self._connections.tell()
        name = network_of(str(address[0]))
        line = self._held.get(name)
        if line is None:
            line = self._lines.setdefault(name, deque())
        line.append(client)
        if name in self._held and len(line) > _MOST_HELD:
            self._give_up(line)
        return True

    def _give_up(self, line: deque[socket.socket]) -> None:
        """End the connection that came last."""
        line.pop().close()
        self._faults.give_up()
        self._connections.coming -= 1
        self._connections.tell()

    def _let_on(self, name: str) -> None:
        """A client has turns again."""
        if line := self._held.pop(name, None):
            self._lines[name] = line
            self._begin()

    def _begin(self) -> None:
        if not self._beginning:
            self._next()

    def _next(self) -> None:
        for _ in range(_BEGUN):
            if not self._lines:
                break
            name = next(iter(self._lines))
            line = self._lines.pop(name)
            if wait := self._faults.wait(name):
                self._held[name] = line
                self._loop.call_later(wait, self._let_on, name)
                continue
            task = self._loop.create_task(self._serve(line.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            if line:
                self._lines[name] = line  # behind all others
        self._beginning = bool(self._lines)
        if self._beginning:
            self._loop.call_soon(self._next)

    async def _serve(self, client: socket.socket) -> None:
        try:
            with suppress(OSError):  # gone already
                await self._loop.connect_accepted_socket(self._protocol, client)
        finally:
            self._connections.coming -= 1
            self._connections.tell()
