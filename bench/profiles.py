"""How long composing and comparing take, beside the plain occupation endpoint of the same service in the same run.

    python -m bench.profiles [--data-dir D] [--rounds N]

Without --data-dir full ESCO is loaded from CCSI_ESCO_DATA into a temporary folder first. One `ccsi serve` runs with the
cache of ready answers off, so that every request is worked out. Requests of the four kinds take turns, so that what else
the machine does falls on all alike; each is asked from one connection:

    occupation   GET /occupations/{uuid}, drawn from all occupations
    compose      POST /profiles/compose with one to three core occupations, any weights
    compare      POST /profiles/compare of one template with all occupations of the sectors, in one answer (limit=500)
    related      GET /occupations/{uuid}/related, 50 moves

The targets: p95 of compose under 3 times that of occupation, p95 of compare within 10 times. Exit code 1 when missed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox

import queries
from bench.serve import BIN, free_port, published, running

TARGETS = {"compose": 3.0, "compare": 10.0}
Ask = tuple[str, str, str]  # method, target, body


def main() -> None:
    """Measure, print, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="folder with a published release of full ESCO")
    parser.add_argument("--rounds", type=int, default=600, help="requests of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data_dir, release = published(options.data_dir, work := Path(folder))
        kinds = requests(release.store)
        port = free_port()
        command = [BIN / "ccsi", "serve", "--data-dir", data_dir, "--no-starter", "--port", str(port)]
        env = {"CCSI_LOG_FORMAT": "json", "CCSI_LIMIT_CACHE_BYTES": "0"}
        with running(command, env, port, work / "log"):
            found = measure(port, kinds, options.rounds)
    base = quantile(found["occupation"], 0.95)
    missed = False
    print(f"{'':12}{'median ms':>10}{'p95 ms':>10}{'p95 ratio':>11}  target")
    for kind, seconds in found.items():
        p95 = quantile(seconds, 0.95)
        target = TARGETS.get(kind)
        missed |= target is not None and p95 / base > target
        said = f"under {target:g}" if target else ""
        print(f"{kind:12}{quantile(seconds, 0.5) * 1e3:10.2f}{p95 * 1e3:10.2f}{p95 / base:11.2f}  {said}")
    sys.exit(1 if missed else 0)


def requests(store: Path) -> dict[str, Callable[[random.Random], Ask]]:
    """Kind -> how to draw a request of it."""
    graph = ox.Store.read_only(str(store))

    def column(name: str, n: int) -> list[str]:
        return sorted({str(row[n].value) for row in queries.select(graph, name) if row[n] is not None})  # type: ignore[union-attr]

    return draws(column("api/occupations", 0), column("api/profile_templates", 5), column("api/profile_templates", 0))


def draws(occupations: list[str], inside: list[str], profiles: list[str]) -> dict[str, Callable[[random.Random], Ask]]:
    """The same from IRIs: of occupations, of those of the sectors, of profiles."""

    def compose(draw: random.Random) -> Ask:
        anchors = [{"uri": o, "weight": draw.randint(1, 5)} for o in draw.sample(inside, draw.randint(1, 3))]
        return "POST", "/api/v1/profiles/compose", json.dumps({"anchors": anchors})

    def compare(draw: random.Random) -> Ask:
        origin = {"profile": draw.choice(profiles).rpartition("/")[2]}
        return "POST", "/api/v1/profiles/compare?limit=500", json.dumps({"from": origin, "among": "ccsi"})

    def tail(draw: random.Random) -> str:
        return draw.choice(occupations).rpartition("/")[2]

    return {
        "occupation": lambda draw: ("GET", f"/api/v1/occupations/{tail(draw)}", ""),
        "compose": compose,
        "compare": compare,
        "related": lambda draw: ("GET", f"/api/v1/occupations/{tail(draw)}/related", ""),
    }


def measure(port: int, kinds: dict[str, Callable[[random.Random], Ask]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every request, by kind; the first tenth of the rounds is not counted."""
    draw = random.Random(11)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    for n in range(rounds + rounds // 10):
        for kind, make in kinds.items():
            method, target, body = make(draw)
            headers = {"content-type": "application/json"} if body else {}
            started = time.perf_counter()
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            answer.read()
            taken = time.perf_counter() - started
            if answer.status != 200:
                sys.exit(f"{method} {target} answered {answer.status}")
            if n >= rounds // 10:
                found[kind].append(taken)
    return found


def quantile(values: list[float], share: float) -> float:
    """The value below which this share of all lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
