"""Write quads to a fresh store in bounded memory, and identify the set of quads written.

The engine's bulk loader is the fastest way in, but fed with one big file it needs 1.6 GB. Fed with pieces of some
24 MB, three at a time, it is as quick and needs half of that; while it works on them (without the GIL), the next piece
is prepared.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from loaders.batches import batched
from releases.content_hash import ContentHash, line_of

PIECE = 24 * 1024 * 1024
LOADERS = 3  # one piece is read while others are sorted and written


class QuadWriter:
    """A context in which quads are written to a new store at `path`; on leaving, everything is loaded."""

    def __init__(self, path: Path) -> None:
        self.store = ox.Store(str(path))
        self.content = ContentHash()
        self._pieces: queue.Queue[bytes | None] = queue.Queue(maxsize=1)
        self._error: BaseException | None = None
        self._loaders = [
            threading.Thread(target=self._load, name=f"bulk-loader-{n}", daemon=True) for n in range(LOADERS)
        ]

    def __enter__(self) -> QuadWriter:
        for loader in self._loaders:
            loader.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for _ in self._loaders:
            self._pieces.put(None)
        for loader in self._loaders:
            loader.join()
        if kind is None and self._error:
            raise self._error

    def write(self, lines: Iterable[str]) -> int:
        """Load N-Quads lines; returns how many. Raises what the engine raises (OSError when the disk is full)."""
        return self.write_raw([line.encode() for line in batch] for batch in batched(lines))

    def write_raw(self, batches: Iterable[list[bytes]]) -> int:
        """The same for lines that are bytes already."""
        piece: list[bytes] = []
        size = count = 0
        for batch in batches:
            self.content.add(batch)
            piece += batch
            size += sum(map(len, batch))
            count += len(batch)
            if size >= PIECE:
                self._hand_over(piece)
                piece, size = [], 0
        self._hand_over(piece)
        return count

    def flush(self) -> None:
        """Wait until everything written can be queried."""
        self._pieces.join()
        if self._error:
            raise self._error

    def remove(self, quads: Iterable[ox.Quad]) -> int:
        """Take quads out of the store again, after a flush; returns how many."""
        gone = list(quads)
        for quad in gone:
            self.content.remove(line_of(quad))
            self.store.remove(quad)
        return len(gone)

    def _hand_over(self, piece: list[bytes]) -> None:
        if self._error:
            raise self._error
        if piece:
            self._pieces.put(b"".join(piece))

    def _load(self) -> None:
        while (piece := self._pieces.get()) is not None:
            if self._error is None:
                try:
                    self.store.bulk_load(input=piece, format=ox.RdfFormat.N_QUADS)
                except BaseException as error:  # handed to the writing thread
                    self._error = error
            self._pieces.task_done()
