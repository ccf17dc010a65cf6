"""Whether the service stays as it is: memory and descriptors over many different requests, and among many slow clients.

    python -m bench.soak [--data DIR] [--requests 50000] [--connections 1000] [--clients 4] [--addresses 50]

`ccsi serve` runs on a copy of the release in DIR (of the bundled sample without it). First a few clients that keep their
connections send requests of all kinds, hardly one twice; memory (PSS of service and workers) and descriptors are read at
each fifth: from the half on memory may grow by 5 %, descriptors not at all. Then so many connections are open at once, half of
them slow (heads sent a byte at a time, answers taken a little at a time), the others ask and must meet no error. Both
kinds come from so many addresses of loopback each, as the service bounds what one client may have. Who is told to come
again later (429, 503 with Retry-After) does so; requests for which that did not help count as errors.

Exit code 1 when one of these does not hold; 0 requests or connections leave their part out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from app.process.memory import tree
from bench.attacks import copied, served, survey
from bench.attacks_client import HOST, Broken, Client, get, post
from bench.attacks_generator import addresses, allow_descriptors
from bench.attacks_kinds import World
from bench.attacks_measure import LIVE, OCCUPATIONS

GROWTH = 0.05
_REST = 3.0  # seconds without requests before memory is read, so that none is read in the middle of an answer
_TRIES = 20
_STAY = 100  # requests on one connection
PARTS = 5
LATER = "came again later"
_WORDS = ("art", "museum", "design", "sound", "book", "film", "stage", "data", "craft", "game")
_TAGS = ("en", "de", "fr-BE", "el", "*", "en-x-a", "fi")
_FORMATS = ("json", "jsonld", "turtle", "csv")


class Draw:
    """Requests of all kinds, drawn at random, and the statuses that are right for each."""

    def __init__(self, world: World, seed: str) -> None:
        self._world = world
        self._chance = random.Random(seed)
        self._kinds: list[tuple[float, Callable[[], tuple[bytes, set[int]]]]] = [
            (6, self._concept), (5, self._list), (3, self._format), (2, self._document), (0.5, self._picture), (1, self._body),
            (6, self._sparql), (4, self._linked), (3, self._error), (2, self._service),
        ]  # fmt: skip

    def request(self) -> tuple[bytes, set[int]]:
        """The next request and the statuses one of which is its answer."""
        weights = [weight for weight, _ in self._kinds]
        return self._chance.choices(self._kinds, weights)[0][1]()

    def _one(self, of: Any) -> Any:
        return self._chance.choice(of)

    def _get(
        self, target: str, *headers: str, right: frozenset[int] | set[int] = frozenset({200})
    ) -> tuple[bytes, set[int]]:
        if self._chance.random() < 0.1:
            return get(target, *headers, method="HEAD"), set(right)
        return get(target, *headers), set(right)

    def _concept(self) -> tuple[bytes, set[int]]:
        occupation, skill = self._one(self._world.occupations), self._one(self._world.skills)
        path = self._one(
            (f"occupations/{occupation}", f"skills/{skill}", f"scope/occupations/{occupation}", f"occupations/{occupation}/related",
             f"profiles/{self._one(self._world.profiles)}", f"skills/{skill}/clusters", f"occupations/{occupation}/clusters")
        )  # fmt: skip
        return self._get(f"/api/v1/{path}?language={self._one(_TAGS)}")

    def _list(self) -> tuple[bytes, set[int]]:
        domain, word = self._one(self._world.domains), self._one(_WORDS)
        path = self._one((f"domains/{domain}/occupations", f"domains/{domain}/skills", "profiles"))
        where = f"limit={self._chance.randint(1, 100)}&offset={self._chance.randint(0, 50)}"
        return self._get(f"/api/v1/{path}?q={word}&{where}&language={self._one(_TAGS)}")

    def _format(self) -> tuple[bytes, set[int]]:
        domain, kind = self._one(self._world.domains), self._one(_FORMATS)
        path = self._one(
            (f"domains/{domain}/skills", f"domains/{domain}/clusters", f"domains/{domain}/transversal", "profiles")
        )
        page = "" if path.endswith("transversal") else f"&limit={self._chance.randint(1, 30)}"
        return self._get(f"/api/v1/{path}?format={kind}{page}")

    def _document(self) -> tuple[bytes, set[int]]:
        suffix = self._one(("json", "ttl", "csv", "xlsx", "html", "md", "elm", "pdf"))
        return self._get(f"/api/v1/profiles/{self._one(self._world.profiles)}.{suffix}?language={self._one(_TAGS)}")

    def _picture(self) -> tuple[bytes, set[int]]:
        domain = self._one(self._world.domains)
        path = self._one((f"domains/{domain}/clusters", f"domains/{domain}/transversal", "scope", "domains/overlap"))
        return self._get(f"/api/v1/{path}.{self._one(('svg', 'png'))}?language={self._one(_TAGS)}", right={200, 404})

    def _body(self) -> tuple[bytes, set[int]]:
        anchors = self._chance.sample(self._world.occupations, 3)
        if self._chance.random() < 0.5:
            body = {"anchors": anchors, "title": f"soak {self._chance.random()}"}
            return post("/api/v1/profiles/compose", json.dumps(body).encode()), {200}
        body = {"from": {"occupation": anchors[0]}, "to": [{"occupation": a} for a in anchors[1:]]}
        return post("/api/v1/profiles/compare", json.dumps(body).encode()), {200}

    def _sparql(self) -> tuple[bytes, set[int]]:
        skill = f"<http://data.europa.eu/esco/skill/{self._one(self._world.skills)}>"
        text = self._one(
            (f"ASK {{ {skill} ?p {self._chance.random()} }}", f"SELECT * {{ {skill} ?p ?o }} LIMIT {self._chance.randint(1, 500)}",
             f"CONSTRUCT {{ {skill} ?p ?o }} {{ {skill} ?p ?o }}", f"SELECT (COUNT(*) AS ?n) {{ ?s ?p {skill} }}")
        )  # fmt: skip
        return self._get("/sparql?query=" + quote(text))

    def _linked(self) -> tuple[bytes, set[int]]:
        accept = f"Accept: {self._one(('text/turtle', 'text/html', 'application/ld+json', 'application/n-triples', 'application/rdf+xml'))}"
        if self._chance.random() < 0.2:
            return self._get(f"/id/domain/{self._one(self._world.domains)}", accept, right={200, 303})
        iri = "http://data.europa.eu/esco/" + self._one(
            (f"skill/{self._one(self._world.skills)}", f"occupation/{self._one(self._world.occupations)}")
        )
        right = {200, 303}  # a browser is led to the page for people
        return self._get(f"/resource?uri={quote(iri, safe='')}&language={self._one(_TAGS)}", accept, right=right)

    def _error(self) -> tuple[bytes, set[int]]:
        number = self._chance.getrandbits(48)
        if self._chance.random() < 0.2:
            return post("/api/v1/profiles/compose", b'{"domain":"%d' % number), {400, 422}
        target = self._one(
            (f"/api/v1/occupations/{number:012x}", f"/api/v1/nothing/{number}", f"/api/v1/domains/{number}", f"/id/{number}",
             f"/api/v1/occupations?limit={number}", f"/api/v1/profiles?{number}=1", f"/sparql?query=SELECT%20{number}",
             f"/resource?uri=http%3A%2F%2Fexample.org%2F{number}")
        )  # fmt: skip
        return self._get(target, right={400, 404, 422})

    def _service(self) -> tuple[bytes, set[int]]:
        isco = self._one(("2621", "2166", "2651", "3435", "26", "2"))
        target = self._one(
            (LIVE, "/api/v1/limits", "/api/v1/releases", "/", "/docs", f"/api/v1/crosswalk?isco={isco}", "/ns")
        )
        return self._get(target)


async def persist(client: Client, request: bytes, right: set[int], met: Counter[str]) -> None:
    """Ask, again when told to come later; what is not right in the end is noted."""
    status: int | str = 0
    for _ in range(_TRIES):
        try:
            status = await client.ask(request, 30)
        except (OSError, Broken, TimeoutError) as error:
            status = type(error).__name__
            if client.reused:  # a server may end an idle connection at any time: HTTP has clients ask once more
                continue
            break
        if status not in (429, 503) or not client.retry_after:
            break
        met[LATER] += 1
        await asyncio.sleep(min(client.retry_after, 5))
    if status not in right:
        target = request.split(b" ", 2)[1].decode().partition("?")[0]
        met[f"{status} {'/'.join(target.split('/')[:4])}"] += 1


async def mix(
    port: int, world: World, requests: int, clients: int, sources: list[str], met: Counter[str], seed: str
) -> None:
    """So many requests, spread over the clients; each of them moves on to another address after some."""
    left = iter(range(requests))

    async def one(number: int) -> None:
        draw = Draw(world, f"{seed}-{number}")
        for source in itertools.cycle(sources[number::clients]):
            async with Client(port, source) as client:
                for _ in range(_STAY):
                    if next(left, None) is None:
                        return
                    await persist(client, *draw.request(), met)

    await asyncio.gather(*(one(number) for number in range(clients)))


def state(pid: int) -> tuple[float, int]:
    """Memory in MiB and open descriptors of a process and its children, at rest."""
    time.sleep(_REST)
    service = psutil.Process(pid)
    return tree(pid), sum(process.num_fds() for process in [service, *service.children(recursive=True)])


async def crowd(port: int, connections: int, sources: list[str], met: Counter[str], seconds: float = 15.0) -> None:
    """So many connections at once, half of them slow; what the others met is noted."""
    over = time.perf_counter() + seconds
    request = get(OCCUPATIONS, "Accept-Encoding: identity")

    async def slow(number: int) -> None:
        async with Client(port, addresses(8)[number % 8], receive_buffer=4096) as client:
            with contextlib.suppress(OSError):  # to end a slow connection is the service's right
                while time.perf_counter() < over:
                    reader, writer = await client.connect()
                    if number % 2:
                        for byte in request:
                            writer.write(bytes([byte]))
                            await asyncio.sleep(0.3)
                    writer.write(request)
                    while time.perf_counter() < over and await reader.read(512):
                        await asyncio.sleep(0.5)
                    client.close()

    async def quick(number: int) -> None:
        await asyncio.sleep(2 * random.random())
        async with Client(port, sources[number % len(sources)]) as client:
            while time.perf_counter() < over:
                await persist(client, get(OCCUPATIONS if number % 2 else LIVE), {200}, met)
                met["asked"] += 1
                await asyncio.sleep(random.uniform(1, 4))  # below the time after which an idle connection is closed

    slowly = [asyncio.create_task(slow(n)) for n in range(connections // 2)]
    await asyncio.gather(*(quick(n) for n in range(connections - connections // 2)))
    for task in slowly:
        task.cancel()
    await asyncio.gather(*slowly, return_exceptions=True)


def main() -> None:
    """Run both parts, print what was found; exit code 1 when it does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with a published release; the bundled sample without it")
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=4, help="that send the requests")
    parser.add_argument("--addresses", type=int, default=50, help="that the clients which are not slow come from")
    options = parser.parse_args()
    sources = [f"127.0.1.{n + 1}" for n in range(options.addresses)] if options.addresses > 1 else [HOST]
    allow_descriptors()
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-soak-") as folder:
        data = copied(options.data, Path(folder))
        if options.requests:
            with served(data, Path(folder)) as (port, pid):
                missed += soak(port, pid, options.requests, options.clients, sources)
        if options.connections:
            with served(data, Path(folder)) as (port, _):
                met: Counter[str] = Counter()
                asyncio.run(crowd(port, options.connections, sources, met))
                asked, later = met.pop("asked"), met.pop(LATER, 0)
                print(f"{options.connections} connections, half of them slow; {asked} requests of the others")
                print(f"{later} told to come again later; errors: {dict(met) or 'none'}")
                missed += ["errors among slow clients"] if met else []
    print(f"does not hold: {', '.join(missed)}" if missed else "holds")
    sys.exit(1 if missed else 0)


def soak(port: int, pid: int, requests: int, clients: int, sources: list[str]) -> list[str]:
    """The first part: prints memory and descriptors at each fifth; returns what did not hold."""
    world = survey(port)
    met: Counter[str] = Counter()
    asyncio.run(mix(port, world, min(200, requests), clients, sources, Counter(), "warm"))
    found = [state(pid)]
    print(
        f"{'requests':>9} {'PSS MiB':>8} {'descriptors':>12} {'seconds':>8}\n{0:9} {found[0][0]:8.0f} {found[0][1]:12}",
        flush=True,
    )
    for part in range(1, PARTS + 1):
        started = time.perf_counter()
        asyncio.run(mix(port, world, requests // PARTS, clients, sources, met, str(part)))
        took = time.perf_counter() - started
        found.append(state(pid))
        memory, files = found[-1]
        print(f"{requests // PARTS * part:9} {memory:8.0f} {files:12} {took:8.0f}", flush=True)
    later = met.pop(LATER, 0)
    half = (found[PARTS // 2][0] + found[PARTS // 2 + 1][0]) / 2  # an odd number of parts has no half
    growth = found[-1][0] / half - 1
    print(f"{later} told to come again later; errors: {dict(met.most_common(20)) or 'none'}")
    print(f"memory from the half to the end: {growth:+.1%}, descriptors: {found[1][1]} to {found[-1][1]}")
    held = {
        "memory grows": growth <= GROWTH, "descriptors grow": found[-1][1] <= found[1][1], "errors": not met,
    }  # fmt: skip
    return [name for name, holds in held.items() if not holds]


if __name__ == "__main__":
    main()
