"""A histogram of durations: plain numbers, because it is counted in while requests run."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Seconds:
    """A histogram of durations."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def __iadd__(self, other: Seconds) -> Seconds:
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.seconds += other.seconds
        return self

    def copy(self) -> Seconds:
        """As it is now."""
        now = Seconds()
        now.counts, now.seconds = [*self.counts], self.seconds
        return now
