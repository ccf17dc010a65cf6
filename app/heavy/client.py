"""Heavy answers as the service sees them: whose turn it is, one computation for equal requests, replies into kept answers."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from starlette.responses import Response

from app.errors import HeavyBusy, HeavyUnavailable, Overloaded, TooManyHeavy, TooManyQueries
from app.heavy import wire
from app.heavy.keeper import Keeper
from app.heavy.line import Line
from app.http import Answer, Key
from app.process.fair_queue import FairQueue
from app.settings import Limits, Settings
from releases.release import Release

log = structlog.get_logger()

_FIRST_START = 60.0  # seconds that a heavy answer waits for a server which is being started for it, reading its release


@dataclass(slots=True)
class HeavyRequest:
    """One heavy request: who asks, and what, as it stands on the wire."""

    client: str
    head: wire.RequestHead
    body: bytes


@dataclass(slots=True)
class _Flight:
    """A computation under way, and how many wait for it."""

    task: asyncio.Task[Answer | Response]
    waiting: int = 0


class HeavyAnswers:
    """Has a server for the served release, and for the next one before it is served."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self.turns: FairQueue[int] = FairQueue(
            settings.heavy_processes, limits.heavy_per_client, limits.heavy_queue, limits.heavy_wait
        )
        self._settings = settings
        self._limits = limits
        self._keepers: dict[str, Line] = {}
        self._current = ""
        self._flights: dict[Key, _Flight] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self.offered = settings.heavy_processes > 0 and hasattr(os, "fork")

    # --- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Get ready to keep servers."""
        if not self.offered:
            log.warning("heavy answers are not offered: no processes are allowed, or none can be forked here")
            return
        self._folder = tempfile.TemporaryDirectory(prefix="ccsi-heavy-")
        for slot in range(self._settings.heavy_processes):
            self.turns.add(slot)

    async def prepare(self, release: Release) -> None:
        """Start the server of a release that is about to be served, and wait until it is there or was tried in vain."""
        if line := self._kept(release.id):
            line.wanted.set()
            await line.tried.wait()

    async def drop(self, release: str) -> None:
        """End the server of a release that will not be served."""
        if release != self._current and (line := self._keepers.pop(release, None)):
            await line.stop()

    def adopt(self, release: str, address: str) -> None:
        """Let a server make the answers of a release that somebody else keeps, at a socket's address, if there is one."""
        if address:
            self._keepers[release] = Line(self._limits, release, address)

    def switch(self, release: str) -> None:
        """From now on this release is served: the servers of others end when they have answered."""
        self._current = release
        self._kept(self._current)
        for other in [r for r in self._keepers if r != release]:
            self._spawn(self._keepers.pop(other).stop(patiently=True))

    async def stop(self) -> None:
        """End all servers."""
        await asyncio.gather(*(keeper.stop() for keeper in self._keepers.values()))
        self._keepers.clear()
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self._folder is not None:
            self._folder.cleanup()

    def there(self, release: str) -> bool:
        """Whether a server can be asked for answers of a release now."""
        keeper = self._keepers.get(release) or self._keepers.get(self._current)
        return self.offered and keeper is not None and keeper.ready.is_set()

    def processes(self) -> list[int]:
        """The process ids of the servers."""
        return [keeper.pid for keeper in self._keepers.values() if isinstance(keeper, Keeper)]

    def _kept(self, release: str) -> Line | None:
        if self._folder is not None and release not in self._keepers:
            self._keepers[release] = Keeper(self._settings, self._limits, release, Path(self._folder.name))
        return self._keepers.get(release)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    # --- answers ---------------------------------------------------------------------------------------------------

    async def answer(self, release: str, key: Key, asked: HeavyRequest) -> Answer | Response:
        """The answer of a key, computed once however many ask for it at once. Raises a Problem where there is none."""
        if not self.offered:
            raise HeavyUnavailable("This server makes no heavy answers; ask for JSON.")
        key = (release, *key)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(self._made(release, asked)))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:  # it is done, or nobody wants it any more
                flight.task.cancel()
                if self._flights.get(key) is flight:
                    del self._flights[key]

    async def _made(self, release: str, asked: HeavyRequest) -> Answer | Response:
        try:
            with self.turns.slot(asked.client):
                async with self.turns.turn(asked.client):
                    reply, body = await self._at_server(release, asked)
        except HeavyBusy:
            raise
        except TooManyQueries as error:
            detail = f"{self._limits.heavy_per_client} heavy answers are being made for you; wait for one."
            raise TooManyHeavy(detail, headers=error.headers) from None
        except Overloaded as error:
            raise HeavyBusy("Too many heavy answers are waited for.", headers=error.headers) from None
        if reply["status"] != 200:
            made = Response(body, reply["status"])
            made.raw_headers = wire.as_bytes(reply["headers"])
            return made
        texts = dict(reply["headers"])
        media_type, etag = texts.pop("content-type"), texts.pop("etag")
        texts.pop("content-length", None)
        return Answer(body, media_type, etag, tuple(texts.items()))

    async def _at_server(self, release: str, asked: HeavyRequest) -> tuple[wire.ReplyHead, bytes]:
        """Ask the release's server, or that of the release which has taken its place."""
        keeper = self._keepers.get(release) or self._keepers.get(self._current)
        if keeper is None:
            raise HeavyBusy("Heavy answers cannot be made yet.", headers={"retry-after": "2"})
        keeper.wanted.set()
        wait = self._limits.heavy_wait if keeper.tried.is_set() else _FIRST_START
        try:
            async with asyncio.timeout(wait):
                await keeper.ready.wait()
        except TimeoutError:
            raise HeavyBusy("Heavy answers cannot be made just now.", headers={"retry-after": "5"}) from None
        return await keeper.ask(asked.head, asked.body)
