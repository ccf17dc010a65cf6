"""Requests begin one at a time, clients in turn, and who is ready to be answered is answered in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.http import EdgeMiddleware, Front
from app.http.pace import Pace
from app.settings import Limits, Settings


def test_clients_take_turns_however_many_requests_each_has() -> None:
    begun: list[str] = []

    async def request(pace: Pace, client: str) -> None:
        await pace.turn(client)
        begun.append(client)

    async def all_at_once() -> None:
        pace = Pace()
        crowd = [request(pace, "crowd") for _ in range(20)]
        await asyncio.gather(*crowd, *(request(pace, f"newcomer {n}") for n in range(3)))

    asyncio.run(all_at_once())
    assert begun[:5] == ["crowd", "crowd", "newcomer 0", "newcomer 1", "newcomer 2"]
    assert begun[5:] == ["crowd"] * 18


@contextmanager
def rounds_counted() -> Iterator[Callable[[], int]]:
    """How often the event loop has gone round so far."""
    loop, turns, running = asyncio.get_running_loop(), 0, True

    def count() -> None:
        nonlocal turns
        turns += 1
        if running:
            loop.call_soon(count)

    loop.call_soon(count)
    yield lambda: turns
    running = False


def test_the_loop_goes_round_between_two_requests() -> None:
    rounds: list[int] = []

    async def all_at_once() -> None:
        pace = Pace()
        with rounds_counted() as turns:

            async def request() -> None:
                await pace.turn("one")
                rounds.append(turns())

            await asyncio.gather(*(request() for _ in range(10)))

    asyncio.run(all_at_once())
    assert len(rounds) == len(set(rounds)) == 10


def test_some_of_what_is_quick_begin_together() -> None:
    begun: list[tuple[str, int]] = []

    async def all_at_once() -> None:
        pace = Pace(3)
        with rounds_counted() as turns:

            async def request(client: str) -> None:
                await pace.turn(client)
                begun.append((client, turns()))

            await asyncio.gather(*(request("crowd") for _ in range(20)), request("newcomer"))

    asyncio.run(all_at_once())
    rounds = [turn for _, turn in begun]
    assert max(rounds.count(turn) for turn in rounds) == 3
    assert len(set(rounds)) == 7
    assert [client for client, _ in begun].index("newcomer") <= 6, "in its turn"


@pytest.mark.parametrize("parts", [1, 5], ids=["in one", "in parts"])
def test_the_loop_goes_round_between_two_pieces_of_long_answers(parts: int) -> None:
    body, sent, rounds = b"x" * 300_000, bytearray(), []
    size = len(body) // parts

    async def all_at_once() -> None:
        together = asyncio.Event()

        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            await together.wait()  # as those who wait for one answer that is being made
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for start in range(0, len(body), size):
                more = start + size < len(body)
                await send({"type": "http.response.body", "body": body[start : start + size], "more_body": more})

        edge = EdgeMiddleware(app, Front(Settings(), Limits()))
        with rounds_counted() as turns:

            async def send(message: Message) -> None:
                if piece := message.get("body"):
                    rounds.append(turns())
                    sent.extend(piece)

            async def receive() -> Message:
                return {"type": "http.request"}

            scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
            answers = [asyncio.ensure_future(edge(dict(scope), receive, send)) for _ in range(20)]
            await asyncio.sleep(0.05)
            together.set()
            await asyncio.gather(*answers)

    asyncio.run(all_at_once())
    assert sent == body * 20
    assert len(rounds) == len(set(rounds)) == 20 * 5


def test_who_leaves_gives_the_turn_on() -> None:
    begun: list[int] = []

    async def leaving() -> None:
        pace = Pace()

        async def request(n: int) -> None:
            await pace.turn(str(n % 2))
            begun.append(n)

        tasks = [asyncio.create_task(request(n)) for n in range(6)]
        await asyncio.sleep(0)
        for n in (1, 2, 3):
            tasks[n].cancel()
        await asyncio.wait(tasks)
        await pace.turn("late")
        begun.append(99)

    asyncio.run(asyncio.wait_for(leaving(), 5))
    assert begun == [0, 4, 5, 99]
