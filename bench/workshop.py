"""A full room: 200 people send judgements, and hear of a reveal; beside an empty route asked at the same pace.

    python -m bench.workshop [PEOPLE]

Each person sends a form every two seconds or so. Prints the 95th percentile of both, their ratio, and after how long the last
listener was told of a reveal.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from loaders.starter import load_starter
from tests.servers import free_port, wait_for_port

SECONDS = 20
PAUSE = 2.0  # between two forms of one person, on average


def main() -> None:
    """Start the servers, measure, print."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        load_starter(data)
        for command in (
            ["create", "bench", "--items", "20"],
            ["invite", "bench", "--role", "expert", "--uses", str(people)],
        ):
            said = subprocess.run(
                [sys.executable, "-m", "app.cli", "workshop", *command, "--data-dir", folder],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        code = said.splitlines()[0]
        leader = subprocess.run(
            [sys.executable, "-m", "app.cli", "workshop", "invite", "bench", "--data-dir", folder],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()[0]
        port, empty = free_port(), free_port()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        env = {
            **os.environ,
            "CCSI_WORKSHOP": "1",
            "CCSI_DATA_DIR": folder,
            "CCSI_ALL_OF_ESCO": "false",
            "CCSI_LIMIT_WORKSHOP_LISTENERS": "1000",
        }
        servers = [
            subprocess.Popen([sys.executable, "-m", "app.cli", "serve", "--port", str(port)], env=env, **quiet),
            subprocess.Popen([sys.executable, "-m", "bench.empty_route", str(empty)], **quiet),
        ]
        try:
            wait_for_port(port, servers[0])
            wait_for_port(empty, servers[1])
            asyncio.run(_measure(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{empty}", people, code, leader))
        finally:
            for server in servers:
                server.terminate()
                server.wait(20)


async def _measure(url: str, empty: str, people: int, code: str, leader: str) -> None:
    seated = [await _join(url, code) for _ in range(people)]
    answers = await _paced([lambda n, p=p: _judge(p, n) for p in seated])
    async with httpx2.AsyncClient(base_url=empty, limits=httpx2.Limits(max_connections=people)) as http:
        floor = await _paced([lambda _: http.get("/empty")] * people)
    p95 = [statistics.quantiles(found, n=20)[-1] for found in (answers, floor)]
    figures = f"p95 {p95[0] * 1000:.1f} ms; empty route {p95[1] * 1000:.1f} ms; ratio {p95[0] / p95[1]:.1f}"
    print(f"{people} people, {len(answers)} judgements: {figures}")
    told = [asyncio.create_task(_hear(p)) for p in seated]
    await asyncio.sleep(2)
    facilitator = await _join(url, leader)
    began = time.perf_counter()
    answer = await facilitator[0].post("/api/v1/workshop/items/1/reveal")
    assert answer.status_code == 201, answer.text
    heard = await asyncio.gather(*told)
    print(f"a reveal reached {len(heard)} listeners, the last after {(max(heard) - began) * 1000:.0f} ms")
    for http, _ in (*seated, facilitator):
        await http.aclose()


async def _join(url: str, code: str) -> tuple[httpx2.AsyncClient, list[int]]:
    http = httpx2.AsyncClient(base_url=url, timeout=30)
    answer = await http.post("/api/v1/workshop/join", json={"code": code, "pseudonym": "x", "consent": True})
    assert answer.status_code == 200, answer.text
    http.headers["x-csrf-token"] = answer.json()["csrf"]
    items = (await http.get("/api/v1/workshop/queue")).json()["items"]
    return http, [item["id"] for item in items]


async def _judge(person: tuple[httpx2.AsyncClient, list[int]], n: int) -> None:
    http, items = person
    body = {"round": 1, "rating": "out", "confidence": 3, "nonce": f"nonce-{n:06}"}
    answer = await http.post(f"/api/v1/workshop/items/{items[n % len(items)]}/judgement", json=body)
    assert answer.status_code == 201, answer.text


async def _hear(person: tuple[httpx2.AsyncClient, list[int]]) -> float:
    async with person[0].stream("GET", "/workshop/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: reveal"):
                return time.perf_counter()
    raise RuntimeError("the stream ended without the event")


async def _paced(deeds: list) -> list[float]:
    """Every deed again and again at its own pace; how long each took."""
    found: list[float] = []
    until = time.perf_counter() + SECONDS

    async def one(deed: object, chance: random.Random) -> None:
        n = 0
        await asyncio.sleep(chance.uniform(0, PAUSE))
        while time.perf_counter() < until:
            started = time.perf_counter()
            await deed(n)  # type: ignore[operator]
            found.append(time.perf_counter() - started)
            n += 1
            await asyncio.sleep(chance.uniform(0.5 * PAUSE, 1.5 * PAUSE))

    await asyncio.gather(*(one(deed, random.Random(n)) for n, deed in enumerate(deeds)))
    return found


if __name__ == "__main__":
    main()
