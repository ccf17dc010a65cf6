"""How much each may send: a bucket that fills again with time."""

from __future__ import annotations

import time

_REMEMBERED = 5000  # whoever sent longest ago is forgotten first, and begins with a full bucket


class Buckets:
    """As many at once as `most`, which come back evenly within so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = float(most)
        self._seconds = seconds
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> bool:
        """Take one from somebody's bucket; false where it is empty."""
        now = time.monotonic()
        left, since = self._left.pop(key, (self._most, now))
        left = min(self._most, left + (now - since) * self._most / self._seconds)
        if len(self._left) >= _REMEMBERED:
            del self._left[next(iter(self._left))]
        self._left[key] = (max(left - 1, 0.0), now)
        return left >= 1
