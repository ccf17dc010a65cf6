"""Who runs next: clients take turns, each with a bounded number of queries under way."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from typing import Generic, TypeVar

from app.errors import Overloaded, TooManyQueries

T = TypeVar("T")


class Turns(Generic[T]):
    """Hands out a few workers to many clients.

    One client never runs on all workers at once (where there are two or more), so that its long queries cannot make
    another client wait for their deadline; and among those who wait, clients take turns, however much each has asked.
    """

    def __init__(self, workers: int, per_client: int, waiting: int, patience: float) -> None:
        self._share = max(1, workers - 1)
        self._per_client = per_client
        self._most_waiting = waiting
        self._patience = patience
        self._free: list[T] = []
        self._queues: OrderedDict[str, deque[asyncio.Future[T]]] = OrderedDict()
        self._seated: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self.waiting = 0

    @property
    def running(self) -> int:
        """How many queries are being evaluated."""
        return self._running.total()

    def seat(self, client: str) -> _Seat:
        """Count a request of a client from its start to its last byte. Raises TooManyQueries."""
        if self._seated[client] >= self._per_client:
            raise TooManyQueries(
                f"{self._per_client} of your queries are under way; wait for one to end.", headers={"retry-after": "1"}
            )
        return _Seat(self._seated, client)

    async def take(self, client: str) -> T:
        """A worker, when it is this client's turn. Raises Overloaded; whoever gets one must call `done`."""
        if self._free and self._running[client] < self._share and client not in self._queues:
            self._running[client] += 1
            return self._free.pop()
        if self.waiting >= self._most_waiting:
            raise self._overloaded()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(client, deque()).append(future)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                try:
                    return await future
                except asyncio.CancelledError:
                    if future.done() and not future.cancelled():  # handed over in the moment of leaving
                        self.add(future.result())
                        self.done(client)
                    raise
        except TimeoutError:
            raise self._overloaded() from None
        finally:
            self._leave(client, future)

    def add(self, worker: T) -> None:
        """Offer a worker that is free."""
        self._free.append(worker)
        self._hand_over()

    def done(self, client: str) -> None:
        """A client's query has ended."""
        _less(self._running, client)
        self._hand_over()

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

    def _hand_over(self) -> None:
        while self._free:
            client = next((c for c in self._queues if self._running[c] < self._share), None)
            if client is None:
                return
            queue = self._queues[client]
            future = queue.popleft()
            self.waiting -= 1
            if queue:
                self._queues.move_to_end(client)
            else:
                del self._queues[client]
            if not future.done():
                self._running[client] += 1
                future.set_result(self._free.pop())

    def _leave(self, client: str, future: asyncio.Future[T]) -> None:
        queue = self._queues.get(client)
        if queue is not None and future in queue:
            queue.remove(future)
            self.waiting -= 1
            if not queue:
                del self._queues[client]

    def _overloaded(self) -> Overloaded:
        seconds = max(1, round(self._patience))
        return Overloaded("Too many queries are waiting; try again later.", headers={"retry-after": str(seconds)})


class _Seat:
    """A place in the count of a client, held inside a `with`."""

    __slots__ = ("_client", "_seated")

    def __init__(self, seated: Counter[str], client: str) -> None:
        self._seated = seated
        self._client = client

    def __enter__(self) -> None:
        self._seated[self._client] += 1

    def __exit__(self, *_: object) -> None:
        _less(self._seated, self._client)


def _less(counter: Counter[str], client: str) -> None:
    if counter[client] > 1:
        counter[client] -= 1
    else:
        counter.pop(client, None)
