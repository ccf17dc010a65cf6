"""What other clients of the service feel, measured from a process of its own.

    python -m bench.attacks_measure PORT SECONDS      prints one JSON object

Eight clients ask for the occupations of a domain on connections that they keep, one probe asks whether the service
lives on a new connection each time, and one honest client sends small SPARQL queries one after another, none twice, and
never asks again. All come from 127.0.0.1. A request that fails counts as one that took as long as anybody waits.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import quote

from bench.attacks_client import PATIENCE, Broken, Client, get

OCCUPATIONS = "/api/v1/domains/heritage/occupations"
LIVE = "/api/v1/health/live"
CLIENTS = 8
PAUSE = 0.02  # seconds between the requests of one client


@dataclass
class Felt:
    """The requests of one kind of client."""

    p50: float = 0.0  # ms
    p99: float = 0.0
    most: float = 0.0
    asked: int = 0
    answered: int = 0
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Part of the requests that were answered."""
        return self.answered / self.asked if self.asked else 0.0


class Watch:
    """Collects the times of one kind of client."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._faults: dict[str, int] = {}

    async def ask(self, client: Client, request: bytes) -> None:
        """One request; whatever comes of it is noted."""
        started = time.perf_counter()
        try:
            status = await client.ask(request)
            error = "" if status == 200 else str(status)
        except (OSError, Broken, TimeoutError) as broken:
            error = type(broken).__name__
        if error:
            self._faults[error] = self._faults.get(error, 0) + 1
        self._times.append(PATIENCE if error else time.perf_counter() - started)

    def felt(self) -> Felt:
        """The figures."""
        times = sorted(1000 * t for t in self._times)
        if not times:
            return Felt()
        failed = sum(self._faults.values())
        return Felt(
            _at(times, 0.5),
            _at(times, 0.99),
            times[-1],
            len(times),
            len(times) - failed,
            dict(sorted(self._faults.items())),
        )


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]


def queries() -> Iterator[str]:
    """Small SPARQL queries, each different in every run, so that none is answered from memory."""
    for n in itertools.count():
        yield f"ASK {{ <http://example.org/{os.getpid()}/{n}> ?p ?o }}"


async def measure(port: int, seconds: float) -> dict[str, Felt]:
    """All clients for some seconds: occupations, live, sparql."""
    over = time.perf_counter() + seconds
    texts = queries()
    found = {"occupations": Watch(), "live": Watch(), "sparql": Watch()}

    async def run(name: str, request: Callable[[], bytes], afresh: bool = False) -> None:
        async with Client(port) as client:
            while time.perf_counter() < over:
                await found[name].ask(client, request())
                if afresh:
                    client.close()
                await asyncio.sleep(PAUSE)

    await asyncio.gather(
        *(run("occupations", lambda: get(OCCUPATIONS)) for _ in range(CLIENTS)),
        run("live", lambda: get(LIVE), afresh=True),
        run("sparql", lambda: get("/sparql?query=" + quote(next(texts)))),
    )
    return {name: watch.felt() for name, watch in found.items()}


if __name__ == "__main__":
    result = asyncio.run(measure(int(sys.argv[1]), float(sys.argv[2])))
    print(json.dumps({name: asdict(felt) for name, felt in result.items()}))
