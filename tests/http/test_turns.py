"""What a crowd sends is read in turns: addresses one after another, and each reader's bytes in their order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from app.http import turns as module
from app.http.turns import ROUND_SECONDS, Turns


class Slow:
    """A reader that takes as long as a round has."""

    def __init__(self, address: str, name: str, read: list[tuple[str, bytes]], fails: bool = False) -> None:
        self.address, self.name, self._read, self._fails = address, name, read, fails
        self.held: list[bool] = []

    def hold(self, held: bool) -> None:
        self.held.append(held)

    def read(self, data: bytes) -> None:
        self._read.append((self.name, data))
        time.sleep(ROUND_SECONDS)
        if self._fails:
            raise ValueError(self.name)


def in_loop(sends: Callable[[Turns, list[tuple[str, bytes]]], None]) -> tuple[list[tuple[str, bytes]], list[int]]:
    """What was read after `sends`, and how much of it each time the loop went round."""
    read: list[tuple[str, bytes]] = []
    rounds: list[int] = []

    async def run() -> None:
        turns = Turns()
        sends(turns, read)
        while True:
            rounds.append(len(read))
            if not len(turns):
                return
            await asyncio.sleep(0)

    asyncio.run(run())
    return read, rounds


def test_a_newcomer_is_read_after_one_of_the_crowd() -> None:
    def sends(turns: Turns, read: list[tuple[str, bytes]]) -> None:
        crowd = [Slow("2", f"crowd {n}", read) for n in range(6)]
        for reader in crowd:
            turns.received(reader, b"a")
        turns.received(Slow("1", "newcomer", read), b"b")

    read, rounds = in_loop(sends)
    assert [name for name, _ in read] == ["crowd 0", "crowd 1", "newcomer", *(f"crowd {n}" for n in range(2, 6))]
    assert rounds[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(rounds))


def test_the_bytes_of_a_reader_keep_their_order() -> None:
    held: list[bool] = []

    def sends(turns: Turns, read: list[tuple[str, bytes]]) -> None:
        turns.received(Slow("2", "first", read), b"x")
        reader = Slow("2", "reader", read)
        reader.held = held
        turns.received(reader, b"GET / ")
        turns.received(reader, b"HTTP/1.1")

    read, _ = in_loop(sends)
    assert read == [("first", b"x"), ("reader", b"GET / HTTP/1.1")]
    assert held == [True, True, False]


def test_a_reader_that_ended_is_read_at_once_and_one_that_left_never() -> None:
    def sends(turns: Turns, read: list[tuple[str, bytes]]) -> None:
        ended, left = Slow("2", "ended", read), Slow("2", "left", read)
        for reader in (Slow("2", "first", read), left, ended):
            turns.received(reader, b"x")
        turns.finish(ended)
        turns.leave(left)
        turns.leave(left)
        assert [name for name, _ in read] == ["first", "ended"]

    read, _ = in_loop(sends)
    assert [name for name, _ in read] == ["first", "ended"]


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_BYTES", 10)

    def sends(turns: Turns, read: list[tuple[str, bytes]]) -> None:
        turns.received(Slow("2", "first", read), b"x")
        turns.received(Slow("2", "second", read), b"12345678")
        turns.received(Slow("2", "third", read), b"123")
        assert [name for name, _ in read] == ["first", "third"]

    read, _ = in_loop(sends)
    assert [name for name, _ in read] == ["first", "third", "second"]


def test_a_fault_of_one_is_none_of_the_others() -> None:
    def sends(turns: Turns, read: list[tuple[str, bytes]]) -> None:
        turns.received(Slow("2", "first", read), b"x")
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        turns.received(Slow("2", "faulty", read, fails=True), b"x")
        turns.received(Slow("2", "last", read), b"x")

    read, _ = in_loop(sends)
    assert [name for name, _ in read] == ["first", "faulty", "last"]
