"""Whose bytes are read next: a few milliseconds of reading each time the event loop goes round, by turns of the addresses.

The event loop reads from every connection that has sent something before it does anything else. Three hundred that send
twenty requests each at the same moment were seen to keep all others waiting for 200 ms, in the parser alone.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

ROUND_SECONDS = 0.002
# Of reading: after it the loop is asked to tell that it has gone round, which costs a round.
_LITTLE = ROUND_SECONDS / 8
HELD_BYTES = 16 * 2**20  # beyond which what comes is read at once, because it costs more to keep


class Reader(Protocol):
    """A connection as it is seen here."""

    address: str
    """Whom it counts for; "" for a trusted proxy, which stands for many."""

    def read(self, data: bytes) -> None:
        """Parse what was received."""

    def hold(self, held: bool) -> None:
        """Take nothing more from the client, or take on."""


class Turns:
    """The readers of one process that wait for their turn, each with what it was sent."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[Reader, bytes]] = {}  # in the order of their turns
        self._held = 0
        self._spent = 0.0  # seconds of reading since the loop was last known to have gone round
        self._scheduled = False

    def __len__(self) -> int:
        return sum(len(line) for line in self._waiting.values())

    def received(self, reader: Reader, data: bytes) -> None:
        """Have it read: at once while there is time and nobody waits, else when it is this reader's turn."""
        if self._held + len(data) > HELD_BYTES:
            self._take(reader, data)
        elif self._waiting or self._spent >= ROUND_SECONDS:
            line = self._waiting.setdefault(reader.address, {})
            line[reader] = line.get(reader, b"") + data
            self._held += len(data)
            reader.hold(True)
        else:
            self._read(reader, data)

    def finish(self, reader: Reader) -> None:
        """Read what waits of this reader now: nothing will follow."""
        if reader in self._waiting.get(reader.address, ()):
            self._take(reader)

    def leave(self, reader: Reader) -> None:
        """Forget it: its client has gone."""
        self._taken(reader)

    def _take(self, reader: Reader, more: bytes = b"") -> None:
        """Read what waits of it and what came now."""
        data = self._taken(reader)
        if data:
            reader.hold(False)
        self._read(reader, data + more)

    def _taken(self, reader: Reader) -> bytes:
        line = self._waiting.get(reader.address, {})
        data = line.pop(reader, b"")
        self._held -= len(data)
        if data and not line:
            del self._waiting[reader.address]
        return data

    def _next(self) -> None:
        """The loop has gone round."""
        self._spent = 0.0
        self._scheduled = bool(self._waiting)
        if self._scheduled:
            asyncio.get_running_loop().call_soon(self._next)
        while self._waiting and self._spent < ROUND_SECONDS:
            address = next(iter(self._waiting))
            line = self._waiting[address] = self._waiting.pop(address)  # behind all others
            self._take(next(iter(line)))

    def _read(self, reader: Reader, data: bytes) -> None:
        began = time.perf_counter()
        try:
            reader.read(data)
        finally:
            self._spent += time.perf_counter() - began
            if not self._scheduled and self._spent >= _LITTLE:
                self._scheduled = True
                asyncio.get_running_loop().call_soon(self._next)
