"""Who runs next: of the clients that wait, the one that had least; each with a bounded number of queries under way."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.errors import Overloaded, Problem, TooManyQueries
from app.telemetry.seconds import Seconds

T = TypeVar("T")

_LITTLE = 0.5  # seconds of evaluation: a client that had less of late had little, a query that took more is long
_QUERY = 0.05  # seconds for which a query under way counts: of those who had nothing yet, who asks least comes first
_FADE = 30.0  # seconds after which a third of what a client had still counts
_GAVE_WAY = 5.0  # seconds that are counted on top for a query that gave way: its client is not one that has little
_LOOK = 0.1  # seconds between looks whether a long query has to give way
_CLIENTS = 4096  # that had something of late and are remembered
_HOLD_SECONDS, _MOST_HELD = 1.0, 1024  # of refusals


@dataclass(slots=True, eq=False)
class _Client(Generic[T]):
    """What one client has under way, and how much evaluation it had of late."""

    name: str
    seated: int = 0  # requests from their start to the last byte of their answer
    running: int = 0
    started: float = 0.0  # the sum of the times at which what runs began
    waiting: deque[asyncio.Future[T]] = field(default_factory=deque)
    _had: float = 0.0
    _faded: float = 0.0

    @property
    def idle(self) -> bool:
        return not (self.seated or self.running or self.waiting)

    def had(self, now: float) -> float:
        """Seconds of evaluation, older ones counting less."""
        running = self.running * now - self.started
        return self._had * math.exp((self._faded - now) / _FADE) + running if self._had else running

    def begin(self, now: float) -> None:
        self.running += 1
        self.started += now

    def end(self, started: float, now: float) -> None:
        self.running -= 1
        self.started = self.started - started if self.running else 0.0
        self.charge(now - started, now)

    def charge(self, seconds: float, now: float) -> None:
        self._had = self._had * math.exp((self._faded - now) / _FADE) + seconds
        self._faded = now


@dataclass(slots=True)
class _Run(Generic[T]):
    """A worker that is taken."""

    client: _Client[T]
    started: float
    give_way: Callable[[], None] | None = None


class FairQueue(Generic[T]):
    """Hands out a few workers to many clients.

    - A free worker goes to the client that had least evaluation of late, and has least under way.
    - Neither one client nor all that had much hold every worker (where there are two or more). Whose first query turns
      out long holds the last one no longer than others that had little can wait: it gives way and begins again later.
    - When the queue is full, the newest query of the client with most makes room for a client with fewer.
    - A client that has its share of answers under way waits like others, and is refused when there is no room.
    """

    def __init__(self, workers: int, per_client: int, waiting: int, timeout_seconds: float) -> None:
        self._workers = workers
        self._share = max(1, workers - 1)
        self._per_client = per_client
        self._most_waiting = waiting
        self._timeout_seconds = timeout_seconds
        self._free: list[T] = []
        self._clients: dict[str, _Client[T]] = {}  # the longest idle first
        self._queues: dict[str, _Client[T]] = {}  # those with something waiting
        self._runs: dict[T, _Run[T]] = {}
        self._look: asyncio.TimerHandle | None = None
        self.waiting = 0
        self.held = 0
        self.dropped = 0
        self.gave_way = 0
        self.waited = Seconds()
        self.evaluated = Seconds()

    @property
    def running(self) -> int:
        """How many queries are being evaluated."""
        return len(self._runs)

    @contextmanager
    def slot(self, client: str) -> Iterator[None]:
        """Count a request of a client from its start to its last byte, inside a `with`."""
        who = self._known(client)
        who.seated += 1
        try:
            yield
        finally:
            self._leave(who)

    def take_free(self, client: str) -> T | None:
        """A worker that this client may have at once, and a slot, which `leave` gives back; None where it would have to wait."""
        who = self._known(client)
        if (worker := self._at_once(who, 0)) is not None:
            who.seated += 1
        return worker

    def leave(self, client: str) -> None:
        """The slot of `take_free` is not needed any more."""
        self._leave(self._known(client))

    def _leave(self, who: _Client[T]) -> None:
        who.seated -= 1
        self._rest(who)
        if who.waiting and self._free:  # one that waits for this end may run
            self._hand_over()

    def _at_once(self, who: _Client[T], itself: int) -> T | None:
        now = time.monotonic()
        if not self._free or who.waiting or not self._may_run(who, now, itself):
            return None
        self.waited.add(0.0)
        return self._begin(who, now)

    async def take(self, client: str) -> T:
        """A worker, when it is this client's turn. Raises TooManyQueries or Overloaded; who gets one calls `done`."""
        who, now = self._known(client), time.monotonic()
        if (free := self._at_once(who, 1)) is not None:
            return free
        if self.waiting >= self._most_waiting:
            self._make_room(who, now)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        who.waiting.append(future)
        self._queues[client] = who
        self.waiting += 1
        if self._look is None and self._workers > 1:
            self._look = loop.call_later(_LOOK, self._make_way)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                try:
                    worker = await future
                    self.waited.add(time.monotonic() - now)
                    return worker
                except asyncio.CancelledError:
                    if future.done() and not future.cancelled() and not future.exception():
                        self.done(future.result())  # handed over in the moment of leaving
                        self.add(future.result())
                    raise
        except TimeoutError:
            raise self._refusal(who) from None
        finally:
            if future in who.waiting:
                who.waiting.remove(future)
                self._left(who)

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """The same inside a `with`, for what needs no worker but only its turn."""
        worker = await self.take(client)
        try:
            yield
        finally:
            self.done(worker)
            self.add(worker)

    def add(self, worker: T) -> None:
        """Offer a worker that is free."""
        self._free.append(worker)
        self._hand_over()

    def done(self, worker: T) -> None:
        """The query that took this worker has ended; `add` it if it can take another."""
        run, now = self._runs.pop(worker), time.monotonic()
        run.client.end(run.started, now)
        self.evaluated.add(now - run.started)
        self._rest(run.client)
        if self._free:
            self._hand_over()

    def may_give_way(self, worker: T, how: Callable[[], None]) -> None:
        """Say how the query that took this worker is made to begin again later."""
        self._runs[worker].give_way = how

    async def hold_back(self, since: float) -> None:
        """Wait with a refusal to a request of that time: who asks again at once must not keep the service busy with it."""
        rest = since + _HOLD_SECONDS - time.monotonic()
        if rest > 0 and self.held < _MOST_HELD:
            self.held += 1
            try:
                await asyncio.sleep(rest)
            finally:
                self.held -= 1

    def discard(self, worker: T) -> bool:
        """Take back one worker if it is free."""
        if worker not in self._free:
            return False
        self._free.remove(worker)
        return True

    def withdraw(self) -> list[T]:
        """Take back every free worker."""
        free, self._free = self._free, []
        return free

    def _known(self, name: str) -> _Client[T]:
        if (client := self._clients.get(name)) is None:
            client = self._clients[name] = _Client(name)
        return client

    def _rest(self, client: _Client[T]) -> None:
        """Remember an idle client as the last to be forgotten."""
        if client.idle:
            self._clients.pop(client.name, None)
            self._clients[client.name] = client
            if len(self._clients) > _CLIENTS and (oldest := next((c for c in self._clients.values() if c.idle), None)):
                del self._clients[oldest.name]

    def _may_run(self, client: _Client[T], now: float, itself: int = 0) -> bool:
        """Whether a client may have a free worker; `itself` is 1 for a request that does not wait yet."""
        under_way = client.seated - len(client.waiting) - itself
        if client.running >= self._share or under_way >= self._per_client:
            return False
        return client.had(now) < _LITTLE or sum(r.client.had(now) >= _LITTLE for r in self._runs.values()) < self._share

    def _begin(self, client: _Client[T], now: float) -> T:
        worker = self._free.pop()
        client.begin(now)
        self._runs[worker] = _Run(client, now)
        return worker

    def _hand_over(self) -> None:
        now = time.monotonic()
        while self._free and self._queues:
            able = [client for client in self._queues.values() if self._may_run(client, now)]
            if not able:
                return
            client = min(able, key=lambda c: c.had(now) + _QUERY * (c.running + len(c.waiting)))
            future = client.waiting.popleft()
            if not future.done():
                future.set_result(self._begin(client, now))
            self._left(client)

    def _left(self, client: _Client[T]) -> None:
        """A query of a client does not wait any longer."""
        self.waiting -= 1
        if client.waiting:
            self._queues[client.name] = self._queues.pop(client.name)  # of equals, the next client's turn
        else:
            del self._queues[client.name]
            self._rest(client)

    def _make_room(self, newcomer: _Client[T], now: float) -> None:
        """Refuse the newest query of the client that has most, counting the newcomer's; raises if it is that one."""

        def most(client: _Client[T]) -> tuple[int, float]:
            return client.running + len(client.waiting) + (client is newcomer), client.had(now)

        loser = max(self._queues.values(), key=most, default=newcomer)
        if most(loser) <= most(newcomer):
            raise self._refusal(newcomer)
        future = loser.waiting.pop()
        self._left(loser)
        self.dropped += 1
        if not future.done():
            future.set_exception(self._refusal(loser))

    def _make_way(self) -> None:
        """Where every worker is taken by a long query and a client waits that had little, the last to begin gives way."""
        self._look, now = None, time.monotonic()
        if not self._queues:
            return
        self._look = asyncio.get_running_loop().call_later(_LOOK, self._make_way)
        if len(self._runs) < self._workers or any(now - run.started < _LITTLE for run in self._runs.values()):
            return
        if any(client.had(now) < _LITTLE and self._may_run(client, now) for client in self._queues.values()):
            able = [run for run in self._runs.values() if run.give_way]
            if able:
                run = max(able, key=lambda r: r.started)
                assert run.give_way is not None  # noqa: S101 (chosen for it)
                run.give_way()
                run.give_way = None
                run.client.charge(_GAVE_WAY, now)
                self.gave_way += 1

    def _refusal(self, client: _Client[T]) -> Problem:
        headers = {"retry-after": str(max(1, round(self._timeout_seconds)))}
        if client.seated > self._per_client:
            return TooManyQueries(
                f"More than {self._per_client} of your queries are under way, and others wait; wait for one to end.",
                headers=headers,
            )
        return Overloaded("Too many queries are waiting; try again later.", headers=headers)
