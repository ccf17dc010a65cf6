"""The state of a running service: the served release, switched without dropping a request, and its ready answers."""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from app.catalogue import Catalogue
from app.errors import NotReady, Problem
from app.settings import Limits, Settings
from app.store.embedded import EmbeddedBackend
from app.store.port import Backend
from app.store.remote import RemoteBackend
from loaders.errors import ReleaseError
from loaders.releases import Release

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response body with the headers that belong to it."""

    body: bytes
    media_type: str
    etag: str
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200


class AnswerCache:
    """Ready answers of one release, the least used dropped first. The key is the request as it came in."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._used = 0
        self._answers: OrderedDict[tuple[str, ...], Answer] = OrderedDict()

    def get(self, key: tuple[str, ...]) -> Answer | None:
        """The answer given before to the same request."""
        if answer := self._answers.get(key):
            self._answers.move_to_end(key)
        return answer

    def put(self, key: tuple[str, ...], answer: Answer) -> None:
        """Keep an answer, if it is not too large for the whole."""
        size = _size(key, answer)
        if size > self._room // 8 or key in self._answers:
            return
        self._answers[key] = answer
        self._used += size
        while self._used > self._room:
            self._used -= _size(*self._answers.popitem(last=False))


@dataclass
class Served:
    """One release while it is served."""

    release: Release
    catalogue: Catalogue
    cache: AnswerCache
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        self.tag = self.release.manifest["contentHash"][:12]

    def etag(self, body: bytes) -> str:
        """A strong validator: the release and the bytes."""
        return f'"{self.tag}-{hashlib.sha256(body).hexdigest()[:16]}"'


class Service:
    """Holds what is served; `watch` follows the pointer of the data folder."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self.settings = settings
        self.limits = limits
        self.backend: Backend = (
            RemoteBackend(settings) if settings.sparql_endpoint else EmbeddedBackend(settings.data_dir)
        )
        self.fault: Problem | None = None  # why the endpoint that holds the release could not be asked, the last time
        self.on_switch: list[Callable[[Served], None]] = []
        self.supervised = False  # whether another process looks for new releases, and then replaces this one
        self._served: Served | None = None
        self._refused = ""  # edition of a release that could not be opened, so that it is tried once

    @property
    def served(self) -> Served:
        """What is served now. A request takes it once and keeps it to its end. Raises NotReady."""
        if self._served is None:
            if self.fault is not None:
                raise self.fault
            raise NotReady("No release is published yet; load ESCO with: ccsi load PATH", headers={"retry-after": "5"})
        return self._served

    @property
    def ready(self) -> bool:
        """Whether a release is served."""
        return self._served is not None

    async def refresh(self) -> bool:
        """Switch to the published release if it is another one than the served; true when it did."""
        served = await self.read()
        if served is None:
            return False
        self.switch(served)
        # The old catalogue is freed when its last request ends; what is new lives as long as it is served.
        await asyncio.to_thread(settle)
        return True

    async def read(self) -> Served | None:
        """The published release, read, if it is another one than the served and can be read; looks for faults anyway."""
        try:
            release = await asyncio.to_thread(self.backend.current)
        except ReleaseError as fault:
            self._refuse("pointer", fault)
            return None
        except Problem as fault:
            if self.fault is None:
                log.error("the endpoint that holds the release fails", fault=fault.detail)
            self.fault = fault
            return None
        self.fault = None
        if release is None or self.supervised or (self._served and self._served.release.id == release.id):
            return None
        if release.edition == self._refused:
            return None
        try:
            return await asyncio.to_thread(self._open, release)
        except Exception as fault:  # a damaged release must not take down the one that is served
            self._refuse(release.edition, fault)
            return None

    def switch(self, served: Served) -> None:
        """Serve this from now on; requests that have begun keep what they began with."""
        previous, self._served, self._refused = self._served, served, ""
        for hook in self.on_switch:
            hook(served)
        log.info("release served", release=served.release.id, previous=previous.release.id if previous else None)

    def _open(self, release: Release) -> Served:
        store = self.backend.open(release)
        catalogue = Catalogue.read(release, store, self.limits.languages_in_memory)
        return Served(release, catalogue, AnswerCache(self.limits.cache_bytes))

    def _refuse(self, what: str, fault: Exception) -> None:
        if self._refused != what:
            log.error("release cannot be served; the one before stays", release=what, fault=str(fault))
            self._refused = what

    async def watch(self) -> None:
        """Look for a newly published release, for ever."""
        while True:
            await asyncio.sleep(self.settings.switch_interval)
            try:
                await self.refresh()
            except Exception:  # whatever it was, the next look may fare better
                log.exception("looking for a new release failed")


def _size(key: tuple[str, ...], answer: Answer) -> int:
    return len(answer.body) + sum(map(len, key)) + 512


def settle() -> None:
    """Collect the old release and take the new one out of the collector's sight: it never changes."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
