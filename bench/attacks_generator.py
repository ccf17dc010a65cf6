"""Runs one attack from a process of its own, at the lowest priority, until its input ends.

    python -m bench.attacks_generator NAME PORT ADDRESSES WORLD [CONNECTIONS PACE]

WORLD is a JSON file (``bench.attacks_kinds.World``). The attack of the name ``static`` asks for a static route on so
many connections an address, PACE requests a second in all. Time and requests are bounded, whatever becomes of the parent.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import resource
import sys
import time
from pathlib import Path

from bench.attacks_client import Broken, Client, Tally
from bench.attacks_kinds import ATTACKS, Attack, World, static

MOST_SECONDS = 40.0
MOST_REQUESTS = 200_000
_NICE = 19
_PAUSE = 0.1  # seconds after a connection that failed


def addresses(count: int) -> list[str]:
    """Where attackers come from: 127.0.0.2 and the next."""
    return [f"127.0.0.{2 + n}" for n in range(count)]


def allow_descriptors() -> None:
    """As many open connections as the system lets this process have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def run(attack: Attack, world: World, port: int, sources: list[str], pace: float = 0.0) -> Tally:
    """All connections of an attack until the input ends; with a pace, so many requests a second of all together."""
    tally = Tally()
    numbers = itertools.count(random.randrange(1 << 30))
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, over.set)
    loop.call_later(MOST_SECONDS, over.set)
    every = attack.connections * len(sources) / pace if pace else 0.0

    async def connection(source: str) -> None:
        due = time.perf_counter() + random.random() * every
        async with Client(port, source, tally, attack.receive_buffer) as client:
            while tally.requests < MOST_REQUESTS:
                if every:
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    due = max(
                        due + every, time.perf_counter() - every
                    )  # what cannot be kept up with is not made up for
                try:
                    await attack.step(client, world, next(numbers))
                except (OSError, Broken, TimeoutError) as error:
                    tally.outcomes[type(error).__name__] += 1
                    client.close()
                    await asyncio.sleep(_PAUSE)

    tasks = [asyncio.create_task(connection(source)) for source in sources for _ in range(attack.connections)]
    await over.wait()
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    if faults := [e for e in ended if isinstance(e, Exception)]:
        raise faults[0]  # a fault of the attack itself, which then was none
    return tally


def main() -> None:
    name, port, count, path, *rest = sys.argv[1:]
    os.nice(_NICE)
    allow_descriptors()
    world = World(**json.loads(Path(path).read_text()))
    attack = ATTACKS[name] if not rest else Attack(static, int(rest[0]), "")
    tally = asyncio.run(run(attack, world, int(port), addresses(int(count)), float(rest[1]) if rest else 0.0))
    print(json.dumps({"requests": tally.requests, "outcomes": dict(tally.outcomes.most_common())}))


if __name__ == "__main__":
    main()
