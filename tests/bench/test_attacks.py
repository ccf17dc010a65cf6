"""The commands that measure what others feel of an attack: every attack reaches the service, and the verdicts are right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from bench.attacks import Row, assault, copied, served, survey
from bench.attacks_client import Broken, Client, Tally, get
from bench.attacks_generator import addresses
from bench.attacks_kinds import ATTACKS, World
from bench.attacks_measure import Felt
from bench.soak import Draw, crowd, mix

# Attacks whose step does not end before the server's patience or the client's does.
ENDLESS = {
    "unread-lists",
    "unread-dumps",
    "drops",
    "spool",
    "slow-heads",
    "slow-bodies",
    "idle",
    "pipelines",
    "trailers",
    "trickles",
}


@pytest.fixture(scope="module")
def data(starter_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(starter_dir, tmp_path_factory.mktemp("attacked"))


@pytest.fixture(scope="module")
def service(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    with served(data, tmp_path_factory.mktemp("log")) as found:
        yield found


@pytest.fixture(scope="module")
def world(service: tuple[int, int]) -> World:
    return survey(service[0])


def _step(name: str, port: int, world: World, number: int, source: str) -> Tally:
    async def run() -> Tally:
        async with Client(port, source, receive_buffer=ATTACKS[name].receive_buffer) as client:
            step = ATTACKS[name].step(client, world, number)
            await (asyncio.wait_for(step, 0.3) if name in ENDLESS else step)
            return client.tally

    return asyncio.run(run())


@pytest.mark.long
def test_every_attack_reaches_the_service(service: tuple[int, int], world: World) -> None:
    slow = {"pictures", "documents", "formats", "sparql-long", "hostile"}  # what they ask for is tested elsewhere
    for name in ATTACKS.keys() - slow - ENDLESS - {"malformed"}:
        tally = _step(name, service[0], world, 1, "127.0.0.3")
        assert tally.requests == 1, name
        assert tally.outcomes.keys() <= {"200", "303", "400", "413", "422", "429", "500", "503"}, (name, tally.outcomes)
    for name in ENDLESS:
        with pytest.raises((TimeoutError, OSError, Broken)):  # held for as long as it lasts, or cut off
            _step(name, service[0], world, 1, "127.0.0.4")


@pytest.mark.long
def test_a_list_that_is_refused_is_asked_for_in_smaller_pages(service: tuple[int, int], world: World) -> None:
    world = replace(world, limits={"turtle": 600})
    _step("formats", service[0], world, 0, "127.0.0.5")
    assert world.limits["turtle"] == 300


def test_clients_come_from_the_address_that_they_name() -> None:
    async def run() -> str:
        came: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            came.set_result(writer.get_extra_info("peername")[0])
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
            async with Client(server.sockets[0].getsockname()[1], addresses(8)[-1]) as client:
                assert await client.ask(get("/"), keep=True) == 200
                assert client.body == b"abc"
            return await came

    assert asyncio.run(run()) == "127.0.0.9"


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    async def run() -> None:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            writer.close()

        async with (
            await asyncio.start_server(greet, "127.0.0.1", 0) as server,
            Client(server.sockets[0].getsockname()[1]) as client,
        ):
            await client.ask(get("/"))

    with pytest.raises(Broken):
        asyncio.run(run())


def test_the_verdict_names_what_did_not_hold() -> None:
    def felt(p99: float, most: float, asked: int = 100, answered: int = 100) -> Felt:
        return Felt(1.0, p99, most, asked, answered)

    quiet = {"occupations": felt(2, 3), "live": felt(1, 1), "sparql": felt(1, 1)}
    good = {"occupations": felt(6, 900), "live": felt(50, 99), "sparql": felt(1, 1, 100, 95)}
    assert Row("a", 1, quiet, good, 1430.0, 1.0, {}).missed == []
    bad = {"occupations": felt(6.1, 900), "live": felt(5, 100), "sparql": felt(1, 1, 100, 94)}
    assert Row("a", 1, quiet, bad, 1431.0, 1.0, {}).missed == ["ratio", "live", "memory", "sparql"]


@pytest.mark.long
def test_an_attack_is_run_and_measured(
    service: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.attacks.served", lambda *_: nullcontext(service))
    row = next(assault("surrogates", tmp_path, tmp_path, [2], 1.0))
    assert row.pace > 0
    for felt in (row.quiet, row.loud):
        assert all(felt[name].asked for name in ("occupations", "live", "sparql"))
        assert felt["occupations"].answered == felt["occupations"].asked
    assert row.memory > 50


@pytest.mark.long
def test_requests_of_the_soak_are_right_and_differ(service: tuple[int, int], world: World) -> None:
    draw = Draw(world, "test")
    assert len({draw.request()[0] for _ in range(200)}) > 150
    met: Counter[str] = Counter()
    asyncio.run(mix(service[0], world, 60, 3, ["127.0.1.1", "127.0.1.2", "127.0.1.3"], met, "test"))
    assert not met


@pytest.mark.long
def test_others_are_answered_in_a_crowd(service: tuple[int, int]) -> None:
    met: Counter[str] = Counter()
    asyncio.run(crowd(service[0], 40, ["127.0.1.1", "127.0.1.2"], met, 2.5))
    assert met.pop("asked") >= 20
    assert not met
