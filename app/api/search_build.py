"""The index of a release that came without one: of an older load, or held by an endpoint elsewhere.

It is built by a process of its own (`python -m app.api.search_build`) after the release is served, so that neither the switch
nor the event loop waits for it; until it is there, search says that it is not ready.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import pyoxigraph as ox
import structlog

import queries
from app.catalogue.search import Search
from app.errors import SearchNotReady
from app.service import Served
from app.settings import Settings
from app.store.remote import RemoteStore
from loaders.derive.search import read_sections, write_index, write_own
from releases import child

log = structlog.get_logger()

_SECONDS = 600.0  # after which building is given up
_PATIENCE = 5.0  # seconds that a request waits for an index that is being built


class IndexBuilder:
    """Builds what the served release lacks; one at a time, and none for a release that is served no more."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def switch(self, served: Served) -> None:
        """Begin with this release, if it has no index."""
        self._end()
        self._task = asyncio.create_task(self._build(served)) if served.search is None else None

    async def search(self, served: Served) -> Search:
        """The index of a release, waited for a moment if it is being built. Raises SearchNotReady."""
        if served.search is None and self._task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._task), _PATIENCE)
        if served.search is None:
            building = self._task is not None and not self._task.done()
            detail = "is being built" if building else "could not be built; see the service's log, or load ESCO again"
            raise SearchNotReady(f"The search index of this release {detail}.", headers={"retry-after": "10"})
        return served.search

    async def stop(self) -> None:
        """End what is being built."""
        self._end()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
        if self._task is not None:
            self._task.cancel()

    async def _build(self, served: Served) -> None:
        release = served.release
        order = {
            "endpoint": self._settings.sparql_endpoint,
            "seconds": self._settings.sparql_endpoint_seconds,
            "store": str(release.store),
            "languages": sorted(release.manifest["languages"]),
        }
        with tempfile.TemporaryDirectory(prefix="ccsi-search-", ignore_cleanup_errors=True) as folder:
            try:
                await asyncio.to_thread(self._run, json.dumps(order), folder)
                sections = await asyncio.to_thread(read_sections, Path(folder) / "index")
            except Exception as error:
                log.error("the search index cannot be built", release=release.id, error=str(error))
                return
            served.search = Search(sections, served.catalogue)  # what is mapped outlives the files
        log.info("search index built", release=release.id)

    def _run(self, order: str, folder: str) -> None:
        with child.start(
            "app.api.search_build", folder, environment=child.inherited(**child.ONE_THREAD),
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        ) as process:  # fmt: skip
            self._process = process
            try:
                _, said = process.communicate(order.encode(), _SECONDS)
            finally:
                process.kill()
                self._process = None
            if process.returncode:
                raise RuntimeError(said.decode(errors="replace").strip()[-300:] or "the process was ended")


def _main() -> None:
    """What the process does: read the labels, write the sections below the folder that it is given."""
    os.nice(10)
    order = json.load(sys.stdin)
    if order["endpoint"]:
        select = RemoteStore(order["endpoint"], order["seconds"]).select
    else:
        select = partial(queries.select, ox.Store.read_only(order["store"]))
    folder = Path(sys.argv[1]) / "index"
    write_index(select, order["languages"], folder)
    write_own(select, folder)


if __name__ == "__main__":
    _main()
