"""Bytes of answers that clients have not taken yet: in all bounded; who has taken nothing for longest makes room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable


class Held:
    """Counts what is held for whom, in the order of who took something last."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._holders: OrderedDict[Hashable, tuple[int, Callable[[], None]]] = OrderedDict()
        self.bytes = 0
        self.cut = 0

    def hold(self, who: Hashable, size: int, cut: Callable[[], None]) -> None:
        """So many bytes wait for this client now; `cut` ends its connection."""
        before = self._holders.get(who)
        if before is not None:
            self.bytes -= before[0]
        self._holders[who] = size, cut
        self.bytes += size
        if before is not None and size < before[0]:
            self._holders.move_to_end(who)
        while self.bytes > self._room:
            _, (size, cut) = self._holders.popitem(last=False)
            self.bytes -= size
            self.cut += 1
            cut()

    def release(self, who: Hashable) -> None:
        """Nothing waits for this client any more."""
        if (held := self._holders.pop(who, None)) is not None:
            self.bytes -= held[0]
