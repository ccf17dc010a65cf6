"""Two checkouts of this program side by side: whether a change made anything slower.

    python -m bench.checkouts BEFORE AFTER [--source FOLDER …] [--rounds N]

BEFORE and AFTER are checkouts in which `make setup` was run. Both load the same source (the bundled sample, or what --source
names), serve it, and answer the requests of bench.serve, bench.sparql and bench.profiles in short turns, one after the
other, so that what else the machine does falls on both alike. Printed are the figures of quiet turns and their
ratio, above 1 where AFTER is slower; where AFTER says more, how much more (bytes of the answers, statements of the load), and the
ratio for as much. Exit code 1 when one of these is above 1.05.

Two processes of the same program differ by a tenth, and two loads of the same input by a fifth in some queries, as the
engine happened to lay out its files: so each is loaded and started several times.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pyoxigraph as ox

from bench.profiles import Ask, draws
from bench.serve import free_port, measure, own_query, running, warm
from bench.sparql import Client

WORST = 1.05
_COMMAND = "try:\n from app.cli.main import main\nexcept ImportError:\n from app.cli import main\nmain()"
STARTS = 3  # of both, each on a load of its own and with turns of its own
_SINGLE = 15  # turns of what is asked by one client, one request each, for two of what eight ask
LIST = "/domains/heritage/occupations"
DOMAIN = "https://w3id.org/ccsi/id/domain/heritage"
Pair = tuple[float, float]
Turn = tuple[float, float]
"""What one took, and how much it said: milliseconds and bytes, or seconds and statements."""


class Checkout:
    """One of the two."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.python = str(self.root / ".venv" / "bin" / "python")
        self.env = {"PYTHONPATH": str(self.root), "CCSI_LOG_FORMAT": "json"}

    def command(self, *given: object) -> list[str]:
        """A command of `ccsi`."""
        return [self.python, "-P", "-c", _COMMAND, *map(str, given)]

    def load(self, source: list[str], data_dir: Path) -> Turn:
        """Seconds of processor time of a load, its children included, and statements of the release."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = self.command("load", *(source or ["--starter"]), "--data-dir", data_dir)
        subprocess.run(command, check=True, env={**os.environ, **self.env}, stdout=subprocess.DEVNULL, cwd=self.root)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        manifest = json.loads((data_dir / "current" / "manifest.json").read_text(encoding="utf-8"))
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, manifest["quads"]


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--source", nargs="+", default=[], help="what to load, and options of `ccsi load`")
    parser.add_argument("--rounds", type=int, default=6, help="turns of each")
    options = parser.parse_args()
    both = (Checkout(options.before), Checkout(options.after))
    turns: dict[str, list[list[Turn]]] = defaultdict(list)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-checkouts-")))
        turns["load, processor seconds"] = [
            [one.load(options.source, work / f"{n}-{turn}") for n, one in enumerate(both)] for turn in range(STARTS)
        ]
        for start in range(STARTS):
            for cached in (True, False):
                with ExitStack() as served:
                    folders = [work / f"{n}-{start}" for n in range(2)]
                    for name, took in _serve(served, both, folders, options.rounds, cached, start).items():
                        turns[name] += took
    print(f"{'':44}{'before':>10}{'after':>10}{'ratio':>8}{'more':>8}{'for as much':>13}")
    worst = 0.0
    for name, took in turns.items():
        before, after = _least(took)
        said = [statistics.mean(turn[n][1] for turn in took) for n in range(2)]
        more = max(1.0, said[1] / said[0])
        worst = max(worst, alike := after / before / more)
        print(f"{name:44}{before:10.3f}{after:10.3f}{after / before:8.3f}{more:8.3f}{alike:13.3f}")
    print(f"worst ratio for as much: {worst:.3f} (bound {WORST})")
    sys.exit(worst > WORST)


def _least(turns: list[list[Turn]]) -> Pair:
    """What each took in the turn than which a tenth are quieter."""
    before, after = (sorted(took for took, _ in column)[len(column) // 10] for column in zip(*turns, strict=True))
    return before, after


def _turns(count: int, asks: Sequence[Callable[[int], Turn]]) -> list[list[Turn]]:
    """So many turns of each, whoever is first in one is second in the next."""
    turns = []
    for turn in range(count):
        order = list(enumerate(asks))[:: -1 if turn % 2 else 1]
        took = {n: ask(turn) for n, ask in order}
        turns.append([took[n] for n in range(len(asks))])
    return turns


def _query(client: Client, query: Callable[[int], str], turn: int) -> Turn:
    started = time.perf_counter()
    size = client.ask(query(turn))
    return (time.perf_counter() - started) * 1000, size


def _serve(
    stack: ExitStack, both: tuple[Checkout, Checkout], folders: Sequence[Path], rounds: int, cached: bool, start: int
) -> dict[str, list[list[Turn]]]:
    """Milliseconds and bytes of an answer of lists and occupations; of profiles too where answers are worked out anew."""
    env = {"CCSI_LIMIT_CLIENT_REQUESTS": "0", **({} if cached else {"CCSI_LIMIT_CACHE_BYTES": "0"})}
    work, ports = folders[0].parent, [free_port(), free_port()]
    for n in (0, 1) if start % 2 else (1, 0):
        one, port = both[n], ports[n]
        command = one.command("serve", "--no-starter", "--data-dir", folders[n], "--port", port)
        stack.enter_context(running(command, {**one.env, **env}, port, work / f"{port}.log"))
    occupations, profiles = (_shared(ports, target) for target in (LIST, "/profiles?limit=100"))
    found = {}
    for what, targets in (("list", [LIST]), ("occupation", [f"/occupations/{_key(o)}" for o in occupations])):
        file = work / f"{what}.txt"
        file.write_text("".join(f"/api/v1{target}\n" for target in targets))
        asks = [partial(_answer, port, file, warm(port, file)) for port in ports]
        found[f"{what}, {'ready' if cached else 'anew'}, ms at 8 clients"] = _turns(2 * rounds, asks)
    if cached:
        return found
    clients = [Client(f"http://127.0.0.1:{port}/sparql") for port in ports]
    texts = {
        "a list": [own_query("domain").bind({"domain": [ox.NamedNode(DOMAIN)]})],
        "an occupation": [own_query("occupation").bind({"occupation": [ox.NamedNode(o)]}) for o in occupations],
    }
    for name, asked in texts.items():
        asks = [partial(_query, client, lambda n, a=asked: f"{a[n % len(a)]} # {n}") for client in clients]  # type: ignore[misc]
        found[f"sparql, {name}, ms"] = _turns(_SINGLE * rounds, asks)
    for kind, draw in draws(occupations, occupations, profiles).items():
        asks = [partial(_profile, HTTPConnection("127.0.0.1", port), random.Random(11), draw) for port in ports]
        found[f"profiles, {kind}, ms"] = _turns(_SINGLE * rounds, asks)
    return found


def _answer(port: int, targets: Path, size: float, _: int) -> Turn:
    return 1000 / measure(port, targets, 8, 1)["rate"], size


def _profile(connection: HTTPConnection, chance: random.Random, draw: Callable[[random.Random], Ask], _: int) -> Turn:
    method, target, body = draw(chance)
    started = time.perf_counter()
    connection.request(method, target, body or None, {"content-type": "application/json"} if body else {})
    answer = connection.getresponse()
    size = len(answer.read())
    if answer.status != 200:
        sys.exit(f"{method} {target} answered {answer.status}")
    return (time.perf_counter() - started) * 1000, size


def _shared(ports: Sequence[int], target: str) -> list[str]:
    """What a list of both has."""
    found = []
    for port in ports:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1{target}", timeout=60) as answer:
            found.append({item.get("uri") or item["occupation"]["uri"] for item in json.load(answer)["items"]})
    return sorted(set.intersection(*found))


def _key(uri: str) -> str:
    return uri.rpartition("/")[2]


if __name__ == "__main__":
    main()
