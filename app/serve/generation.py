"""One release's processes as the supervisor sees them: a template and the serving processes that it has forked."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.serve.channel import Channel
from releases.child import ONE_THREAD, start_awaited

log = structlog.get_logger()

_FIRST_PAUSE, _LAST_PAUSE = 0.1, 5.0
_STEADY = 60.0  # seconds after which a process that ends is not taken for one that cannot start


class Lost(Exception):
    """A template ended before its serving processes were ready."""


@dataclass(slots=True)
class Child:
    """A serving process. As long as its channel is open it has not ended, so its id is nobody else's."""

    number: int
    pid: int
    channel: Channel
    since: float
    ready: bool = False


class Generation:
    """From `launch` to `end`; `begin` and `retire` in between. What ends by itself while it serves is replaced."""

    def __init__(self, workers: int, on_lost: Callable[[], None]) -> None:
        self.workers = workers
        self.edition = ""
        self.children: dict[int, Child] = {}
        self.lost = False  # whether the template has gone; then what ends cannot be replaced
        self._on_lost = on_lost
        self._began = self._leaving = False
        self._pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        self._read: asyncio.Future[str] = loop.create_future()
        self._ready: asyncio.Future[None] = loop.create_future()
        self._over = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._watch: asyncio.Task[None] | None = None

    async def launch(self, listener: socket.socket, environment: Mapping[str, str]) -> None:
        """Start the template and wait until it has read what is published. Raises Lost or OSError."""
        here, there = Channel.pair()
        descriptors = (listener.fileno(), there.fileno())
        try:
            self._process = await start_awaited(
                "app.serve.template", *descriptors, self.workers, os.getpid(), stdin=asyncio.subprocess.DEVNULL,
                pass_fds=descriptors, env={**environment, **ONE_THREAD},
            )  # fmt: skip
        except BaseException:
            here.close()
            raise
        finally:
            there.close()
        self._channel = here
        asyncio.get_running_loop().add_reader(here.fileno(), self._hear)
        self._watch = asyncio.create_task(self._await_template(self._process))
        self.edition = await self._read

    async def fill(self) -> None:
        """Fork the serving processes and wait until every one could begin. Raises Lost."""
        for number in range(self.workers):
            self._fork(number)
        await self._ready

    def begin(self) -> None:
        """Let all accept connections."""
        self._began = True
        for child in self.children.values():
            child.channel.send(do="begin")

    def retire(self) -> None:
        """Let all take no more connections, answer what comes on those they have, and end."""
        self._leaving = True
        for child in self.children.values():
            child.channel.send(do="retire")

    async def end(self, seconds: float) -> None:
        """End all gracefully; what is left after so many seconds is killed. Returns when nothing is left."""
        self._leaving = True
        for child in self.children.values():
            child.channel.hang_up()
        await self.gone(seconds)

    async def gone(self, seconds: float) -> None:
        """Wait until nothing is left of a generation that leaves; kill what is left after so many seconds."""
        if self._process is None:
            return
        self._finish()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
            return
        log.warning("serving processes did not end in time", killed=[*self.children])
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
        await self._over.wait()

    # --- what the processes say ------------------------------------------------------------------------------------

    def _hear(self) -> None:
        assert self._channel is not None  # noqa: S101 (it is what was heard)
        match self._channel.receive():
            case None:
                self._close()
            case {"edition": edition}, _:
                self._read.set_result(edition)
            case {"child": number, "pid": pid}, [descriptor]:
                self._adopt(Child(number, pid, Channel.of(descriptor), time.monotonic()))

    def _fork(self, number: int) -> None:
        if self._channel is not None and not self._leaving:
            self._channel.send(fork=number)

    def _adopt(self, child: Child) -> None:
        self.children[child.pid] = child
        asyncio.get_running_loop().add_reader(child.channel.fileno(), self._hear_child, child)
        if self._leaving:
            child.channel.hang_up()

    def _hear_child(self, child: Child) -> None:
        if child.channel.receive() is None:
            self._bury(child)
            return
        child.ready = True
        if self._began:
            child.channel.send(do="begin")
        elif sum(c.ready for c in self.children.values()) == self.workers and not self._ready.done():
            self._ready.set_result(None)

    def _bury(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(child.channel.fileno())
        child.channel.close()
        del self.children[child.pid]
        if self._leaving:
            self._finish()
            return
        lived = time.monotonic() - child.since
        self._pause = _FIRST_PAUSE if lived > _STEADY else min(2 * self._pause, _LAST_PAUSE)
        log.warning("a serving process is replaced", ended=child.pid, replaces=child.number, lived=round(lived, 1))
        loop.call_later(self._pause, self._fork, child.number)

    def _finish(self) -> None:
        """End the template once nobody needs it, and see whether that was the last."""
        if self._leaving and not self.children and self._process is not None:
            if self.lost:
                self._over.set()
            else:
                with suppress(ProcessLookupError):
                    self._process.terminate()

    def _close(self) -> None:
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._channel.close()
            self._channel = None

    async def _await_template(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self.lost = True
        self._close()
        for future in (self._read, self._ready):
            if not future.done():
                future.set_exception(Lost(f"the template of the serving processes ended with {code}"))
                future.exception()  # seen, whether or not anybody waits
        if self._began and not self._leaving:
            log.error("the template of the serving processes has gone", code=code)
            self._on_lost()
        self._finish()
