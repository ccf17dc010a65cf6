"""Statements and lines travel in batches: handing them on one by one costs Python more than what is done with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
BATCH = 5_000


def batched(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Items as lists of a size, the last one of what is left."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
