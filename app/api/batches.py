"""Batches of titles, matched in threads beside the event loop: a few at once, clients in turn, the rest refused.

numpy and scipy let go of the interpreter while they work, so the loop goes on meanwhile. A thread cannot be stopped: the
bound of a batch is what bounds its time, and its place is free again when it is done, whether anybody still waits or not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fastapi import Request

from app import http
from app.errors import HeavyBusy, Overloaded, TooManyHeavy, TooManyQueries
from app.http.clients import client_of
from app.process.fair_queue import FairQueue
from app.settings import Limits

T = TypeVar("T")

THREADS = 2


class Batches:
    """Runs one computation of a client after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns: FairQueue[int] = FairQueue(THREADS, limits.heavy_per_client, limits.heavy_queue, limits.heavy_wait)
        self._threads: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Get ready; to be called in the event loop."""
        self._threads = ThreadPoolExecutor(THREADS, "match")
        for slot in range(THREADS):
            self._turns.add(slot)

    def stop(self) -> None:
        """Take no more; what runs ends by itself."""
        self._turns.withdraw()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, request: Request, work: Callable[[], T]) -> T:
        """What `work` returns. Raises HeavyBusy or TooManyHeavy."""
        if self._threads is None:  # a command asks, and nobody waits beside it
            return work()
        client = client_of(request.scope)

        def timed() -> tuple[T, float]:
            began = time.perf_counter()
            return work(), time.perf_counter() - began

        try:
            with self._turns.slot(client):
                slot = await self._turns.take(client)
                running = asyncio.get_running_loop().run_in_executor(self._threads, timed)
                running.add_done_callback(lambda _: self._free(slot))
                result, seconds = await asyncio.shield(running)
        except TooManyQueries as error:
            detail = f"{self._limits.heavy_per_client} batches of yours are under way; wait for one."
            raise TooManyHeavy(detail, headers=error.headers) from None
        except Overloaded as error:
            raise HeavyBusy("Too many batches are waited for.", headers=error.headers) from None
        http.count_seconds(request.scope, seconds)
        return result

    def _free(self, slot: int) -> None:
        self._turns.done(slot)
        self._turns.add(slot)
