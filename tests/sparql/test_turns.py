"""Who runs next: fair among clients, whatever each of them asks."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from app.errors import Overloaded, TooManyQueries
from app.process import fair_queue as module
from app.process.fair_queue import FairQueue
from app.settings import Limits, Settings
from tests.sparql.conftest import call
from tests.sparql.test_pool import HEAVY, wait_for
from tools.endpoint import Endpoint, endpoint


def waiting(turns: FairQueue[int], *clients: str) -> list[asyncio.Task[int]]:
    return [asyncio.create_task(turns.take(client)) for client in clients]


def test_clients_take_turns() -> None:
    async def order() -> list[str]:
        turns: FairQueue[str] = FairQueue(workers=2, per_client=10, waiting=10, timeout_seconds=5)
        served: list[str] = []

        async def query(client: str) -> None:
            with turns.slot(client):
                worker = await turns.take(client)
                served.append(client)
                await asyncio.sleep(0.01)
                turns.done(worker)
                turns.add(worker)

        tasks = [asyncio.create_task(query(client)) for client in ["greedy"] * 6 + ["modest"] * 2]
        await asyncio.sleep(0.01)
        for worker in ("one", "two"):
            turns.add(worker)
        await asyncio.gather(*tasks)
        assert (turns.running, turns.waiting) == (0, 0)
        return served

    assert asyncio.run(order())[:4].count("modest") == 2


def test_long_queries_count_for_more_than_short_ones() -> None:
    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=1, per_client=10, waiting=10, timeout_seconds=5)
        turns.add(0)
        for client, seconds in (("long", 0.4), ("short", 0.01)):
            worker = await turns.take(client)
            await asyncio.sleep(seconds)
            turns.done(worker)
            if client == "long":
                turns.add(worker)
        tasks = waiting(turns, "long", "short", "short", "short")
        await asyncio.sleep(0)
        served = []
        for _ in tasks:
            turns.add(0)
            await asyncio.sleep(0.005)
            served += [number for number, task in enumerate(tasks) if task.done() and number not in served]
            turns.done(0)
        assert served == [1, 2, 3, 0], "who had least comes first, however long others wait"

    asyncio.run(scene())


def test_one_client_never_holds_every_worker() -> None:
    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=3, per_client=10, waiting=10, timeout_seconds=0.05)
        for number in range(3):
            turns.add(number)
        await turns.take("greedy")
        await turns.take("greedy")
        with pytest.raises(Overloaded):
            await turns.take("greedy")
        assert await turns.take("modest") in range(3)

    asyncio.run(scene())


def test_clients_of_long_queries_together_never_hold_every_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LITTLE", 0.05)

    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=2, per_client=10, waiting=10, timeout_seconds=0.2)
        turns.add(0)
        turns.add(1)
        await turns.take("one")
        other = await turns.take("other")
        await asyncio.sleep(0.06)
        turns.done(other)
        turns.add(other)
        with pytest.raises(Overloaded):
            await turns.take("other")
        assert await turns.take("new") == other

    asyncio.run(scene())


def test_a_long_query_gives_way_once_to_a_client_that_had_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LITTLE", 0.05)
    monkeypatch.setattr(module, "_LOOK", 0.01)

    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=2, per_client=10, waiting=10, timeout_seconds=1)
        gave_way: list[str] = []
        turns.add(0)
        for client in ("first", "last"):
            worker = await turns.take(client)

            def give_way(client: str = client, worker: int = worker) -> None:
                gave_way.append(client)
                turns.done(worker)
                turns.add(worker)

            turns.may_give_way(worker, give_way)
            await asyncio.sleep(0.01)
            if not worker:
                turns.add(1)
        assert await turns.take("new") == 1
        assert gave_way == ["last"], "the one that loses least"
        await asyncio.sleep(0.1)
        assert turns.gave_way == 1, "nobody waits"

    asyncio.run(scene())


def test_a_full_queue_makes_room_for_a_client_with_fewer() -> None:
    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=1, per_client=10, waiting=4, timeout_seconds=5)
        turns.add(0)
        await turns.take("greedy")
        tasks = waiting(turns, "greedy", "greedy", "greedy", "greedy", "greedy", "modest", "third")
        done, _ = await asyncio.wait(tasks, timeout=0.02)
        assert done == {tasks[2], tasks[3], tasks[4]}, "its newest"
        assert turns.waiting == 4
        assert turns.dropped == 2, "the fifth was refused as it came"
        with pytest.raises(Overloaded) as full:
            await tasks[3]
        assert full.value.headers["retry-after"]
        for task in (tasks[2], tasks[4]):
            assert isinstance(task.exception(), Overloaded)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert turns.waiting == 0

    asyncio.run(scene())


def test_a_victim_of_eight_gets_its_turn_within_the_round() -> None:
    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=4, per_client=16, waiting=64, timeout_seconds=5)
        attackers = [f"attacker {number}" for number in range(8)]
        tasks = waiting(turns, *(attackers * 20))
        await asyncio.sleep(0)
        victim = asyncio.create_task(turns.take("victim"))
        await asyncio.sleep(0)
        assert turns.waiting == 64
        for served in range(9):
            if victim.done():
                break
            turns.add(served)
            await asyncio.sleep(0.002)
            if not victim.done():
                turns.done(served)
        assert victim.done()
        assert not victim.exception()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scene())


def test_bounds_of_the_queue() -> None:
    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=1, per_client=2, waiting=1, timeout_seconds=0.2)
        leaving = asyncio.create_task(turns.take("c"))
        await asyncio.sleep(0)
        turns.add(1)
        leaving.cancel()  # in the moment in which it was handed the worker
        with pytest.raises(asyncio.CancelledError):
            await leaving
        with turns.slot("a"), turns.slot("a"):
            assert await turns.take("a") == 1
            with turns.slot("a"):
                with pytest.raises(TooManyQueries) as many:
                    await turns.take("a")  # after its patience
                assert many.value.headers["retry-after"]
            task = asyncio.create_task(turns.take("a"))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await turns.take("a")  # at once: the queue is full
            turns.done(1)
            turns.add(1)
            assert await task == 1
        turns.done(1)
        assert (turns.running, turns.waiting) == (0, 0)

    asyncio.run(scene())


def test_answers_under_way_are_bounded_and_more_wait_for_them() -> None:
    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=3, per_client=1, waiting=5, timeout_seconds=5)
        turns.add(0)
        turns.add(1)
        with turns.slot("a"):
            turns.done(await turns.take("a"))
            turns.add(1)  # evaluated, and its answer is being sent
            with turns.slot("a"):
                second = asyncio.create_task(turns.take("a"))
                await asyncio.sleep(0.01)
                assert not second.done()
                with turns.slot("b"):
                    assert await turns.take("b") in (0, 1)
                second.cancel()
                await asyncio.gather(second, return_exceptions=True)
        with turns.slot("a"):
            assert await turns.take("a") in (0, 1)

    asyncio.run(scene())


def test_clients_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CLIENTS", 10)

    async def scene() -> None:
        turns: FairQueue[int] = FairQueue(workers=1, per_client=1, waiting=1, timeout_seconds=1)
        for number in range(50):
            with turns.slot(f"client {number}"):
                turns.add(0)
                turns.done(await turns.take(f"client {number}"))
        assert len(turns._clients) <= 10

    asyncio.run(scene())


def test_too_many_of_one_client_are_told_when_to_come_back(store: Path) -> None:
    limits = Limits(sparql_seconds=1, sparql_per_client=3, sparql_wait=0.4)
    with endpoint(store, Settings(sparql_workers=1), limits) as target:
        wait_for(target.gateway.pool.processes)
        started = time.monotonic()
        with ThreadPoolExecutor(6) as clients:
            replies = list(clients.map(lambda _: call(target, query=HEAVY), range(6)))
        assert {429, 503, 504} == {reply.status for reply in replies}
        assert all("retry-after" in reply.headers for reply in replies if reply.status in (429, 503))
        assert time.monotonic() - started > 0.9, "a refusal is held back"
        refused = target.gateway.stats().refused
        assert set(refused) == {"sparql-too-many", "sparql-busy"}


def test_a_client_alone_may_ask_more_than_its_share_at_once(store: Path) -> None:
    with endpoint(store, Settings(), Limits(sparql_per_client=4)) as target, ThreadPoolExecutor(30) as clients:
        replies = clients.map(lambda n: call(target, query=f"ASK {{}} # {n}").status, range(60))
        assert Counter(replies) == {200: 60}


# --- under attack ------------------------------------------------------------------------------------------------------


def flood(target: Endpoint, address: str, text: Callable[[int], str], stop: threading.Event) -> None:
    """Ask again and again from an address, however it is answered."""
    number = 0
    while not stop.is_set():
        connection = http.client.HTTPConnection(target.host, target.port, timeout=30, source_address=(address, 0))
        try:
            while not stop.is_set():
                number += 1
                connection.request("GET", "/sparql?query=" + quote(text(number)))
                connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()


@pytest.mark.parametrize("attackers", [pytest.param(1, marks=pytest.mark.long), 8])
@pytest.mark.parametrize("text", [HEAVY, "SELECT * { ?s ?p ?o } LIMIT 50"], ids=["long", "short"])
def test_a_newcomer_is_answered_while_others_flood(store: Path, attackers: int, text: str) -> None:
    statuses: Counter[int] = Counter()
    with endpoint(store, Settings(), Limits(sparql_seconds=5)) as target:
        stop = threading.Event()
        with ThreadPoolExecutor(24 * attackers) as floods:
            for number in range(24 * attackers):
                address = f"127.0.0.{2 + number % attackers}"
                floods.submit(flood, target, address, lambda n, number=number: f"{text} # {number} {n}", stop)
            try:
                end = time.monotonic() + 6
                while time.monotonic() < end:
                    statuses[call(target, query=f"ASK {{ ?s ?p {len(statuses)} }} # {time.monotonic()}").status] += 1
                    time.sleep(0.05)
            finally:
                stop.set()
    assert statuses[200] >= 0.95 * statuses.total(), statuses
    assert statuses.total() >= 5, "without waiting long"
