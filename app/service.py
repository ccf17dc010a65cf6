"""The state of a running service: the served release, switched without dropping a request, and its ready answers."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from analysis.search.meaning import Meaning
from app.catalogue.catalogue import Catalogue
from app.catalogue.search import Search
from app.errors import NotReady, Problem
from app.heavy.client import HeavyAnswers
from app.http import AnswerCache, Tally
from app.settings import Limits, Settings
from app.store.embedded import EmbeddedBackend
from app.store.port import Backend
from app.store.remote import RemoteBackend
from loaders.derive.search import read_index
from loaders.derive.vectors import read_meaning
from releases.errors import ReleaseError
from releases.release import Release

log = structlog.get_logger()


@dataclass
class Served:
    """One release while it is served."""

    release: Release
    catalogue: Catalogue
    cache: AnswerCache
    search: Search | None = None
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
        self.error: Problem | None = None  # why the endpoint that holds the release could not be asked, the last time
        self.on_switch: list[Callable[[Served], None]] = []
        self.supervised = False  # whether another process looks for new releases, and then replaces this one
        self.fallback = ""  # why another release is served than the published one; "" when it is that
        self.refusals = 0  # releases that could not be served
        self.refused_at = 0.0
        self._tally = Tally()
        self.heavy: HeavyAnswers | None = None  # makes heavy answers; without one, this process makes them itself
        self._served: Served | None = None
        self._refused = ""  # edition of a release that could not be opened, so that it is tried once

    @property
    def served(self) -> Served:
        """What is served now. A request takes it once and keeps it to its end. Raises NotReady."""
        if self._served is None:
            if self.error is not None:
                raise self.error
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
        except ReleaseError as error:
            return await self._refuse("pointer", error)
        except Problem as error:
            if self.error is None:
                log.error("the endpoint that holds the release fails", error=error.detail)
            self.error = error
            return None
        self.error = None
        if release is None or self.supervised:
            return None
        if self._served and self._served.release.id == release.id:
            self.fallback = ""
            return None
        if release.edition == self._refused:
            return None
        # At the start nothing is answered by another release meanwhile: who asks for a heavy answer then waits for its server.
        coming = asyncio.create_task(self.heavy.prepare(release)) if self.heavy and self._served else None
        try:
            served = await asyncio.to_thread(self._open, release)
        except Exception as error:  # a damaged release must not take down the one that is served
            if self.heavy:
                await self.heavy.drop(release.id)
            return await self._refuse(release.edition, error)
        if coming:
            await coming
        self._refused = self.fallback = ""
        return served

    def switch(self, served: Served) -> None:
        """Serve this from now on; requests that have begun keep what they began with."""
        previous, self._served = self._served, served
        for hook in self.on_switch:
            hook(served)
        log.info("release served", release=served.release.id, previous=previous.release.id if previous else None)

    def _open(self, release: Release) -> Served:
        store = self.backend.open(release)
        catalogue = Catalogue(release, store, self.limits)
        sections = read_index(release)  # mapped: of its pages only those that are asked for take memory
        search = Search(sections, catalogue, _meaning(release)) if sections else None
        return Served(release, catalogue, AnswerCache(self.limits.cache_bytes, self._tally), search)

    async def _refuse(self, what: str, error: Exception) -> Served | None:
        """Keep what is served; at the start, when that is nothing, the newest release that is sound."""
        if self._refused == what:
            return None
        self._refused = what
        self.refusals += 1
        self.refused_at = time.time()
        if self._served is not None:
            log.error("release cannot be served; the one before stays", release=what, error=str(error))
            return None
        log.error("release cannot be served", release=what, error=str(error))
        try:
            others = await asyncio.to_thread(self.backend.releases)
        except (ReleaseError, Problem):
            return None
        for other in others:
            try:
                served = await asyncio.to_thread(self._open, other)
            except Exception as again:
                log.warning("neither can this one", release=other.id, error=str(again))
                continue
            self.fallback = f"The published release cannot be served: {error}"
            log.error("another release is served than the published one", release=other.id, error=str(error))
            return served
        return None

    async def watch(self) -> None:
        """Look for a newly published release, for ever."""
        while True:
            await asyncio.sleep(self.settings.switch_interval)
            try:
                await self.refresh()
            except Exception:  # whatever it was, the next look may fare better
                log.exception("looking for a new release failed")


def _meaning(release: Release) -> Meaning | None:
    """What titles without words in common are compared with; a damaged file of it keeps nothing from being served."""
    try:
        return read_meaning(release)
    except ReleaseError as error:
        log.error("titles are matched by their words alone", release=release.id, error=str(error))
        return None


def settle() -> None:
    """Collect the old release and take the new one out of the collector's sight: it never changes."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
