"""The embedded adapter: a release's Oxigraph folder, opened read-only in this process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyoxigraph as ox

import queries


class EmbeddedStore:
    """Opens in some 25 ms as a frozen snapshot; any number of processes may do so at once."""

    def __init__(self, path: Path) -> None:
        self._store: ox.Store | None = ox.Store.read_only(str(path))

    def select(
        self,
        name: str,
        values: Mapping[str, Iterable[queries.Term]] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[queries.Row]:
        """See GraphStore; evaluated and consumed in the calling thread, as the engine requires."""
        if self._store is None:
            raise RuntimeError("the store is closed")
        return queries.select(self._store, name, values, limit, offset)

    def close(self) -> None:
        """Close the files once no query uses them any more."""
        self._store = None
