"""The embedded adapter: a release's Oxigraph folder, opened read-only in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox

import queries
from app.store.port import GraphStore, Values
from releases import dumps
from releases.errors import ReleaseError
from releases.release import Release, Releases


class EmbeddedStore:
    """Opens in some 25 ms as a frozen snapshot; any number of processes may do so at once."""

    local = True

    def __init__(self, path: Path) -> None:
        self._path: Path | None = path
        self._store: ox.Store | None = ox.Store.read_only(str(path))

    @property
    def graphs(self) -> list[str]:
        """See GraphStore."""
        return dumps.graphs(self._opened)

    def select(self, name: str, values: Values = None, limit: int | None = None, offset: int = 0) -> list[queries.Row]:
        """See GraphStore; evaluated and consumed in the calling thread, as the engine requires."""
        return queries.select(self._opened, name, values, limit, offset)

    @property
    def _opened(self) -> ox.Store:
        if self._path is None:
            raise RuntimeError("the store is closed")
        if self._store is None:
            self._store = ox.Store.read_only(str(self._path))
        return self._store

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: everything but the open files, which that one opens for itself."""
        return {"_path": self._path, "_store": None}

    def detach(self) -> None:
        """See GraphStore; the engine's threads and locks are not there after a fork."""
        self._store = None

    def close(self) -> None:
        """Close the files once no query uses them any more."""
        self._path = self._store = None


class EmbeddedBackend:
    """The releases of a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._releases = Releases(data_dir)

    def current(self) -> Release | None:
        """See Backend."""
        release = self._releases.current()
        if release is None and self._releases.pointer.is_symlink():
            target = self._releases.pointer.readlink()
            raise ReleaseError(f"{target} is published and not there.", "Publish another: ccsi releases publish ID")
        return release

    def releases(self) -> list[Release]:
        """See Backend."""
        return self._releases.all()

    def open(self, release: Release) -> GraphStore:
        """See Backend; compares the files with their checksums first."""
        # The engine may end the process over a file that was tampered with.
        if faults := self._releases.verify(release):
            raise ReleaseError("; ".join(faults), "Load the ESCO files again.")
        return EmbeddedStore(release.store)

    def close(self) -> None:
        """Nothing is held here."""
