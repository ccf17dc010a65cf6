"""What a crowd gets from the SPARQL endpoint, and what a newcomer gets beside it: python -m bench.fairness [--seconds 8]

First, answers a second at 60 and at 200 connections that ask small queries and ask again at once when they are refused:
all of one address, and each of its own. Then a newcomer with one small query after another, while one, five and eight
addresses flood with 24 connections each, with long and with short queries. No cache answers. Everything runs on
loopback and shares the processors; the generators are processes of their own, niced.
Exit code 1 when the goodput at 200 is below half of that at 60, or less than 95 % of a newcomer's queries are answered.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench.endpoints import own_process
from bench.hostile_set import build_store

LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SHORT = "SELECT * { ?s ?p ?o } LIMIT 50"
SMALL = "SELECT ?p ?o { <http://example.org/item/1> ?p ?o }"
NEWCOMER = "127.0.0.250"
CONNECTIONS = 24


async def _ask(
    host: str, port: int, address: str, text: str, until: float, seen: Counter[int], once: bool = False
) -> None:
    """Ask on one connection, again and again; a new one when it is closed. Each query is another text."""
    number = 0
    while time.monotonic() < until and not (once and number):
        try:
            reader, writer = await asyncio.open_connection(host, port, local_addr=(address, 0))
        except OSError:
            await asyncio.sleep(0.05)
            continue
        try:
            while time.monotonic() < until:
                number += 1
                query = quote(f"{text} # {id(reader)} {number}")
                writer.write(f"GET /sparql?query={query} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")
                )
                await reader.readexactly(length)
                seen[int(head[9:12])] += 1
                if once:
                    return
        except (OSError, asyncio.IncompleteReadError):
            continue
        finally:
            writer.close()


async def _crowd(host: str, port: int, addresses: list[str], text: str, seconds: float) -> Counter[int]:
    seen: Counter[int] = Counter()
    until = time.monotonic() + seconds
    tasks = [asyncio.create_task(_ask(host, port, address, text, until, seen)) for address in addresses]
    _, late = await asyncio.wait(tasks, timeout=seconds + 2)
    for task in late:
        task.cancel()
    return seen


def _generator(
    url: str, addresses: list[str], text: str, seconds: float, begun: Event, queue: multiprocessing.Queue[Counter[int]]
) -> None:
    os.nice(10)
    target = urlsplit(url)
    begun.set()
    queue.put(asyncio.run(_crowd(target.hostname or "", target.port or 80, addresses, text, seconds)))


class Crowd:
    """Clients of some addresses, in a process of their own."""

    def __init__(self, url: str, addresses: list[str], text: str, seconds: float) -> None:
        self._queue: multiprocessing.Queue[Counter[int]] = multiprocessing.Queue()
        begun = multiprocessing.Event()
        self._process = multiprocessing.Process(
            target=_generator, args=(url, addresses, text, seconds, begun, self._queue)
        )
        self._process.start()
        begun.wait()

    def seen(self) -> Counter[int]:
        """How often each status, when it has ended."""
        found = self._queue.get(timeout=120)
        self._process.join()
        return found


async def _newcomer(url: str, seconds: float) -> tuple[Counter[int], list[float]]:
    """One query after another, a tenth of a second apart: statuses and times."""
    target = urlsplit(url)
    statuses: Counter[int] = Counter()
    times = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        seen: Counter[int] = Counter()
        started = time.monotonic()
        asking = _ask(target.hostname or "", target.port or 80, NEWCOMER, SMALL, started + 30, seen, once=True)
        try:
            await asyncio.wait_for(asking, 30)
        except TimeoutError:
            seen[0] += 1
        times.append(time.monotonic() - started)
        statuses += seen
        await asyncio.sleep(0.1)
    return statuses, times


def goodput(url: str, clients: int, one_address: bool, seconds: float) -> float:
    """Answers a second."""
    addresses = [f"127.0.{1 + n // 200}.{1 + n % 200}" if not one_address else "127.0.0.1" for n in range(clients)]
    seen = Crowd(url, addresses, SMALL, seconds).seen()
    found = seen[200] / seconds
    refused = (seen.total() - seen[200]) / seconds
    whose = "one address" if one_address else "own addresses"
    print(f"{clients:4} connections, {whose:14} {found:8.0f} answers/s {refused:8.0f} refusals/s")
    return found


def newcomer(url: str, attackers: int, text: str, seconds: float) -> float:
    """The part of a newcomer's queries that is answered."""
    addresses = [f"127.0.0.{2 + number % attackers}" for number in range(CONNECTIONS * attackers)]
    crowd = Crowd(url, addresses, text, seconds)
    statuses, times = asyncio.run(_newcomer(url, seconds - 1))
    crowd.seen()
    part = statuses[200] / max(1, statuses.total())
    middle, most = statistics.median(times) * 1000, max(times) * 1000
    what = "long" if text == LONG else "short"
    print(
        f"{attackers:4} addresses flood, {what:6} {part:8.1%} of {statuses.total():3} answered, "
        f"median {middle:5.0f} ms, longest {most:6.0f} ms"
    )
    return part


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        build_store(store, 3000)
        kept = True
        for one_address in (True, False):
            with own_process(store, 10) as (url, _):
                few, many = (goodput(url, clients, one_address, chosen.seconds) for clients in (60, 200))
                kept = kept and many >= few / 2
        for text in (LONG, SHORT):
            for attackers in (1, 5, 8):
                with own_process(store, 10) as (url, _):
                    kept = newcomer(url, attackers, text, chosen.seconds) >= 0.95 and kept
    sys.exit(not kept)


if __name__ == "__main__":
    main()
