"""One worker process as the service sees it: how it is started, the channel to it, and its end."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import orjson

from app.process import confine
from app.sparql import wire
from releases import child

_UNREAD = 4 << 20
_START_SECONDS = 60.0  # on a busy machine workers have the least of it, and who is given up begins again


@dataclass(frozen=True, slots=True)
class Source:
    """What workers open: the store of a release, and the tag of what they answer.

    Without a store (None) they check queries and answers, and an endpoint that has the named graphs evaluates.
    """

    store: Path | None
    tag: str
    graphs: tuple[str, ...] = ()


class Worker(asyncio.Protocol):
    """One process and the channel to it."""

    def __init__(self, source: Source, process: subprocess.Popen[bytes], lifeline: int, errors: IO[bytes]) -> None:
        self.source = source
        self.process = process
        self.graphs: list[str] = []
        self.confined = False
        self.client = ""  # whose query it evaluates
        self._lifeline = lifeline
        self._errors = errors
        self._splitter = wire.Splitter()
        self._messages: list[tuple[bytes, bytes]] = []
        self._unread = 0
        self._wake: asyncio.Future[None] | None = None
        self._listener: Callable[[], None] | None = None
        self.asked = 0.0  # when the last query was sent, by the monotonic clock
        self.usable = True  # False from the moment a query is sent to its end, and for good if it must be replaced
        self._transport: asyncio.Transport | None = None
        self.lost = False
        self.on_lost: Callable[[Worker], None] | None = None

    # --- the channel -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The channel stands."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Keep what came; a worker that is faster than its reader is held back."""
        self._unread += len(data)
        if self._unread > _UNREAD and self._transport is not None:
            self._transport.pause_reading()
        if messages := self._splitter.feed(data):
            self._messages += messages
            self._rouse()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's name)
        """The process is gone."""
        self.lost = True
        self._rouse()
        if self.on_lost is not None:
            self.on_lost(self)

    def _rouse(self) -> None:
        if self._listener is not None:
            listener, self._listener = self._listener, None
            listener()
        elif self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def messages(self) -> list[tuple[bytes, bytes]]:
        """What came since the last call, at least one message; empty once the process is gone."""
        while not self._messages and not self.lost:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        received, self._messages = self._messages, []
        if self._unread > _UNREAD and self._transport is not None and not self.lost:
            self._transport.resume_reading()
        self._unread = 0
        return received

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Have this called, once, as soon as something comes or the process is gone; None: nothing any more."""
        self._listener = listener

    def whole(self, most: int) -> tuple[wire.Kind, bytes] | None:
        """The kind and the body of an answer that came whole in one piece; the worker is free then.

        None for what has more bytes than `most`, is a fault, or asks for more: `messages` has it still.
        """
        if len(self._messages) != 2 or self._messages[0][0] != wire.DATA or self._messages[1][0] != wire.END:
            return None
        body, end = self._messages[0][1], self._messages[1][1]
        told = _good(end) if len(body) <= most else None
        if told is None:
            return None
        self._messages.clear()
        self._unread = 0
        self.usable = True
        return told, body

    def send(self, request: wire.Request) -> None:
        """Send one query."""
        self.usable = False
        self.asked = time.monotonic()
        if self._transport is not None:
            self._transport.write(wire.pack_request(request))

    # --- the process -----------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """End the process now, whatever it is doing."""
        self.process.kill()

    def last_words(self) -> str:
        """The end of what the process wrote to its standard error."""
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode("utf-8", "replace")

    async def close(self) -> None:
        """End the process and give back everything it held."""
        if self._transport is not None:
            self._transport.abort()
        os.close(self._lifeline)
        self.process.kill()
        await asyncio.to_thread(self.process.wait)
        self._errors.close()


@lru_cache(64)  # of most answers it is the same
def _good(end: bytes) -> wire.Kind | None:
    """The kind of an answer behind which its worker may take another query; None for any other end, and for what is none."""
    try:
        told = orjson.loads(end)
        kind = None if "error" in told or told.get("retire") else told.get("kind")
    except (ValueError, TypeError, AttributeError):
        return None
    return kind if kind in wire.KINDS else None


async def start_worker(source: Source, memory: int, judges: bool = False) -> Worker:
    """Start a process and wait until it is confined and has opened the store. Raises OSError.

    `judges` says that it will be asked what may leave for an endpoint.
    """
    here, there = socket.socketpair()
    end, lifeline = os.pipe()
    errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
    arguments = (there.fileno(), end, source.store or "", memory, "judges" * judges)
    environment = {
        "PYTHONPATH": str(child.ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath, "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
    }  # fmt: skip
    try:
        process = await asyncio.to_thread(
            child.start, "app.sparql.worker", *arguments, environment=environment, niceness=confine.NICENESS,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, pass_fds=(there.fileno(), end),
        )  # fmt: skip
    except BaseException:
        here.close()
        os.close(lifeline)
        errors.close()
        raise
    finally:
        there.close()
        os.close(end)
    worker = Worker(source, process, lifeline, errors)
    try:
        here.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=here)
        try:
            messages = await asyncio.wait_for(worker.messages(), _START_SECONDS)
        except TimeoutError:
            raise OSError(f"a worker was not ready after {_START_SECONDS:.0f} seconds") from None
        if not messages:
            raise OSError(f"a worker did not start: {worker.last_words().strip()[-300:]}")
        ready = orjson.loads(messages[0][1])
        worker.graphs, worker.confined = ready["graphs"], ready["confined"]
    except BaseException:
        await asyncio.shield(worker.close())
        raise
    return worker
