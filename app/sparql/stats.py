"""What the endpoint tells of itself, for monitoring: one typed snapshot, cheap to take."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds


@dataclass(frozen=True, slots=True)
class Distribution:
    """How long something took, so far: how often up to each of BOUNDS (not cumulated, the last: longer), and in all."""

    counts: tuple[int, ...]
    seconds: float

    @property
    def count(self) -> int:
        """How often it was measured."""
        return sum(self.counts)


class Histogram:
    """Counts durations."""

    __slots__ = ("_counts", "_seconds")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def read(self) -> Distribution:
        """What was counted so far."""
        return Distribution(tuple(self._counts), self._seconds)


@dataclass(frozen=True, slots=True)
class Stats:
    """The endpoint at one moment; what only grows is counted from the start of the process."""

    running: int
    """Queries that are evaluated."""
    waiting: int
    """Queries that wait for their turn."""
    held_refusals: int
    """Refusals that are held back for a moment."""
    workers: int
    """Worker processes that live."""
    ready: bool
    """Whether one of them is confined and has the served release open."""
    restarts: int
    """Workers that were replaced."""
    gave_way: int
    """Long queries that were begun again later, for a client that had little."""
    dropped: int
    """Waiting queries that were refused for a client with fewer."""
    stopped: Mapping[str, int]
    """Queries that a limit ended: time, memory, rows, bytes, engine."""
    refused: Mapping[str, int]
    """Other problems by the last part of their type: sparql-syntax, sparql-too-complex, sparql-federation,
    sparql-update, sparql-too-many, sparql-busy, sparql-no-room and so on."""
    cache_hits: int
    cache_misses: int
    cache_bytes: int
    spool_files: int
    """Files of answers that are held."""
    spool_bytes: int
    waited: Distribution
    """Seconds from a query's arrival in the queue to its worker."""
    evaluated: Distribution
    """Seconds that workers were taken by queries."""
