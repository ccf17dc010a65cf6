"""Clients whose connections had to be ended: behind some of these each new connection of theirs waits for its turn.

What a refusal costs is a connection: its coming, a parser, its going. Of a client that comes again at once, whatever it was
told, eight addresses together were seen to make all others wait for 100 ms.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from dataclasses import dataclass

_EACH = 0.1  # seconds for which a fault is remembered, one after the other
_ALLOWED = 2.0  # remembered seconds, and so 20 faults, for which nobody waits
_MOST = 12.0  # that are remembered, so that whoever mends his ways waits no longer than ten seconds
_REMEMBERED = 16_384  # clients


@dataclass(slots=True)
class _Record:
    until: float
    """When the last fault is forgotten."""
    following: float = 0.0
    """When the next connection may begin, while there are too many faults."""


class Faults:
    """What is remembered of each client; `refusals` counts the connections that are given up for it."""

    def __init__(self, refusals: Counter[str]) -> None:
        self._refusals = refusals
        self._known: OrderedDict[str, _Record] = OrderedDict()

    def count(self, client: str) -> None:
        """A connection was ended for what its client did; "" is a proxy, which stands for many."""
        if not client:
            return
        now = time.monotonic()
        record = self._known.setdefault(client, _Record(now))
        self._known.move_to_end(client)
        record.until = min(max(record.until, now) + _EACH, now + _MOST)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def wait(self, client: str) -> float:
        """Seconds until a connection of this client may begin; with 0 it does."""
        record = self._known.get(client)
        if record is None:
            return 0.0
        now = time.monotonic()
        if record.until <= now:
            del self._known[client]
        elif record.until - now > _ALLOWED:
            if record.following > now:
                return record.following - now
            record.following = now + _EACH
        return 0.0

    def give_up(self) -> None:
        """A connection was ended before it began, because too many waited like it."""
        self._refusals["faults"] += 1
