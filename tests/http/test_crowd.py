"""Silent and slow connections end some at a time, so that those who come again do not come together."""

from __future__ import annotations

import asyncio
import gc

from app.http.crowd import Crowd
from app.process import garbage
from app.settings import Limits


def test_many_that_fall_silent_together_end_one_after_another() -> None:
    ended: list[tuple[int, float]] = []

    async def all_at_once() -> None:
        crowd, loop = Crowd(Limits()), asyncio.get_running_loop()
        began = loop.time()
        for n in range(100):
            crowd.end_in_turn(lambda n=n: ended.append((n, loop.time() - began)))  # type: ignore[misc]
        assert ended == [], "none at once"
        await asyncio.sleep(0)
        assert len(ended) == 10
        while len(ended) < 100:
            await asyncio.sleep(0.005)
        crowd.end_in_turn(lambda: ended.append((100, 0.0)))
        await asyncio.sleep(0.005)

    asyncio.run(all_at_once())
    assert [n for n, _ in ended] == list(range(101)), "in their order, and who comes when nobody waits is next"
    assert ended[99][1] >= 0.08


def test_old_objects_are_searched_seldom_and_as_before_afterwards() -> None:
    before = gc.get_threshold()

    async def run() -> tuple[int, int, int]:
        task = asyncio.create_task(garbage.search_seldom())
        await asyncio.sleep(0)
        within = gc.get_threshold()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return within

    within = asyncio.run(run())
    assert within[:2] == before[:2]
    assert within[2] > 1_000_000
    assert gc.get_threshold() == before
