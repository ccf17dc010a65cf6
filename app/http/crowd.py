"""All connections of a process: how many there may be, and which take too little of their answers to be waited for."""

from __future__ import annotations

import asyncio
import resource
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from app.settings import Limits

_RESERVE = 256  # descriptors for files, workers and whom the service asks itself
_LOOKS = 10  # looks at slow clients in the time that they get
_ENDS = 10  # silent or slow connections that are ended at once,
_ENDS_PAUSE = 0.01  # and seconds to the next


class Member(Protocol):
    """A connection as it is seen here."""

    address: str
    """Whom it counts for; "" for a trusted proxy, which stands for many."""

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""

    def waiting(self) -> int:
        """Bytes that the client has not taken yet."""

    def emptied(self) -> bool:
        """Whether all that waited was taken at some time since the last look."""

    def cut(self, reason: str) -> None:
        """End it at once."""


class Crowd:
    """The connections of one process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._room = min(limits.connections, _descriptors(limits.connections + _RESERVE) - _RESERVE)
        self._by_client: dict[str, dict[Member, None]] = {}  # each in the order of coming
        self._slow: dict[Member, tuple[int, int]] = {}  # bytes that waited at the first look, and looks since
        self._timer: asyncio.TimerHandle | None = None
        self._count = 0
        self._ending: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        return self._count

    def enter(self, member: Member) -> str:
        """Take a connection in; why not, if it must not come in."""
        own = self._by_client.get(member.address, {})
        if member.address and len(own) >= self._limits.client_connections:
            return "client_connections"
        if self._count >= self._room and not self._make_room(len(own)):
            return "connections"
        self._by_client.setdefault(member.address, {})[member] = None
        self._count += 1
        if self._timer is None:
            self._look_later()
        return ""

    def leave(self, member: Member) -> None:
        """It is closed."""
        own = self._by_client.get(member.address, {})
        if member in own:
            del own[member]
            self._count -= 1
            if not own:
                del self._by_client[member.address]
        self._slow.pop(member, None)

    def end_in_turn(self, end: Callable[[], None]) -> None:
        """Have a connection ended whose time is over, some at a time.

        Two thousand that came together fall silent together; ended at once, they also come again at once, and whoever is
        behind them was seen to wait for 130 ms. The longest delay is that of all connections there may be: four seconds.
        """
        self._ending.append(end)
        if len(self._ending) == 1:
            asyncio.get_running_loop().call_soon(self._end_some)

    def _end_some(self) -> None:
        for _ in range(min(_ENDS, len(self._ending))):
            self._ending.popleft()()
        if self._ending:
            asyncio.get_running_loop().call_later(_ENDS_PAUSE, self._end_some)

    def _make_room(self, own: int) -> bool:
        """End a connection of the client that has most, if it has more than the newcomer would: an idle one, else the oldest."""
        clients = ((len(members), address) for address, members in self._by_client.items() if address)
        most, address = max(clients, default=(0, ""))
        if most <= own + 1:
            return False
        members = self._by_client[address]
        victim = next((m for m in members if not m.busy), next(iter(members)))
        self.leave(victim)
        victim.cut("connections")
        return True

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._limits.send_seconds / _LOOKS, self._look)

    def _look(self) -> None:
        """Cut off who has taken less in its time than the least rate."""
        least = self._limits.send_rate * self._limits.send_seconds
        for member in [m for members in self._by_client.values() for m in members]:
            waiting = member.waiting()
            emptied = member.emptied()  # asked each time: it counts from the last look
            if waiting == 0 or emptied:
                self._slow.pop(member, None)
                continue
            first, looks = self._slow.get(member, (waiting, 0))
            if first - waiting >= least:
                first, looks = waiting, 0
            if looks >= _LOOKS:
                del self._slow[member]
                self.end_in_turn(partial(self._cut_slow, member))
            else:
                self._slow[member] = max(first, waiting), looks + 1
        self._timer = None
        if self._by_client:
            self._look_later()

    def _cut_slow(self, member: Member) -> None:
        if member in self._by_client.get(member.address, {}):  # else it ended by itself meanwhile
            member.cut("slow")


def _descriptors(wanted: int) -> int:
    """How many files this process may have open, after asking for as many as are wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted and soft != resource.RLIM_INFINITY:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(soft, _RESERVE + 16) if soft != resource.RLIM_INFINITY else wanted
