"""The way to a heavy server: one request, one whole answer, within bounds."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from app.errors import HeavyBusy, HeavyStopped
from app.heavy import wire
from app.settings import Limits

_MARGIN = 1.0  # seconds past the server's own deadline


class Line:
    """A server that listens at an address, whoever keeps it; `ask` is good while `ready` is set."""

    def __init__(self, limits: Limits, release: str, address: str = "") -> None:
        self.release = release
        self.address = address
        self.wanted = asyncio.Event()  # somebody waits for it
        self.ready = asyncio.Event()
        self.tried = asyncio.Event()  # it is ready, or was not to be had at the first attempt
        if address:
            self.ready.set()
            self.tried.set()
        self._limits = limits
        self._jobs = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def stop(self, patiently: bool = False) -> None:
        """Ask no more; `patiently` when what it is asked now has been answered."""
        if patiently:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.heavy_seconds + _MARGIN):
                    await self._idle.wait()

    async def ask(self, head: wire.RequestHead, body: bytes) -> tuple[wire.ReplyHead, bytes]:
        """The server's answer to one request, whole. Raises a Problem where there is none."""
        self._jobs += 1
        self._idle.clear()
        try:
            return await self._exchange(self.address, head, body)
        finally:
            self._jobs -= 1
            if not self._jobs:
                self._idle.set()

    async def _exchange(self, address: str, head: wire.RequestHead, body: bytes) -> tuple[wire.ReplyHead, bytes]:
        seconds = self._limits.heavy_seconds
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds + _MARGIN):
                reader, writer = await asyncio.open_unix_connection(address)
                try:
                    writer.write(wire.pack(head, body))
                    reply, answer = await wire.read(reader, self._limits.heavy_bytes)
                finally:
                    writer.close()  # which also ends a child that is still at work
        except TimeoutError:
            raise _stopped("time", f"{seconds:g} seconds") from None
        except EOFError:
            if time.monotonic() - started >= seconds:
                raise _stopped("time", f"{seconds:g} seconds") from None
            raise HeavyBusy("The process that made this answer was ended.", headers={"retry-after": "2"}) from None
        except (OSError, ValueError) as error:
            raise HeavyBusy("Heavy answers cannot be made just now.", headers={"retry-after": "2"}) from error
        match reply.get("error"):
            case None:
                return reply, answer
            case wire.MEMORY:
                raise _stopped("memory", f"{self._limits.heavy_memory} bytes of memory")
            case wire.BYTES:
                raise _stopped("bytes", f"{self._limits.heavy_bytes} bytes of answer")
        raise RuntimeError("a heavy answer met a fault of its own, logged with its request")


def _stopped(limit: str, bound: str) -> HeavyStopped:
    return HeavyStopped(f"Making this answer took more than {bound}; ask for less.", limit=limit)
