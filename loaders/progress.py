"""How a load tells what it is doing: one small class, quiet itself, for libraries and tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


class Progress:
    """Told of each stage and of counts within it; says nothing, unless a subclass does."""

    def stage(self, title: str) -> None:
        """A new stage begins; the one before is done."""

    def advance(self, count: int) -> None:
        """So many more items of the current stage are done."""

    def done(self) -> None:
        """The last stage is done."""


def counted(batches: Iterable[list[T]], progress: Progress) -> Iterator[list[T]]:
    """Pass batches on, reporting the number of items."""
    for batch in batches:
        progress.advance(len(batch))
        yield batch
