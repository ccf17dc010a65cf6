"""What other clients feel while the service is attacked, from one address and from eight.

    python -m bench.attacks [--data DIR] [--only NAME,…] [--addresses 1,8] [--seconds 8] [--json]

Each attack runs against a `ccsi serve` of its own on a copy of the release in DIR (of the bundled sample without it), all
on loopback: attackers from 127.0.0.2 to 127.0.0.9 in a process of the lowest priority, everybody else from 127.0.0.1. It
is set beside a run in which as many connections ask for a static route, as many times a second. An attack holds when

- the 99th percentile of /domains/heritage/occupations at eight other clients is at most 3 times that of the other run,
- /health/live, asked on a new connection each time, never took 100 ms,
- service and workers together (PSS) stayed under 1.5 GB,
- of another client's small SPARQL queries, none twice, 95 % were answered.

Exit code 1 when one does not hold. Limits of the service are taken from the environment, as `ccsi serve` takes them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from app.process.memory import PeakMemory
from bench.attacks_kinds import ATTACKS, World
from bench.attacks_measure import Felt
from bench.serve import BIN, HERE, free_port, running
from loaders.starter import load_starter
from releases.release import Releases

RATIO = 3.0
LIVE_MS = 100.0
MEMORY_MIB = 1.5e9 / 2**20
SHARE = 0.95
COLUMNS = (
    "attack", "addresses", "requests/s", "p50 ms", "p99 ms", "p99 static", "ratio", "live p99", "live max", "PSS MiB", "SPARQL",
    "holds",
)  # fmt: skip
_HEAD_START = 1.0  # seconds from the start of an attack to the start of the measuring
_CALM = 30.0  # seconds that the service may take to calm down behind an attack


@dataclass(frozen=True)
class Row:
    """One attack from so many addresses, and what the others felt."""

    attack: str
    addresses: int
    quiet: dict[str, Felt]
    loud: dict[str, Felt]
    memory: float  # MiB, the peak
    pace: float  # requests a second of all attackers
    outcomes: dict[str, int]

    @property
    def ratio(self) -> float:
        """Of the 99th percentiles."""
        return self.loud["occupations"].p99 / self.quiet["occupations"].p99

    @property
    def missed(self) -> list[str]:
        """The bounds that did not hold."""
        held = {
            "ratio": self.ratio <= RATIO,
            "live": self.loud["live"].most < LIVE_MS,
            "memory": self.memory < MEMORY_MIB,
            "sparql": self.loud["sparql"].share >= SHARE,
        }
        return [name for name, holds in held.items() if not holds]


def main() -> None:
    """Run the attacks, print the table; exit code 1 when one does not hold."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the service ends with this
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-attacks-") as folder:
        data = copied(options.data, Path(folder), dumps=bool({"unread-dumps", "drops"} & set(options.only)))
        for name in options.only:
            for row in assault(name, data, Path(folder), options.addresses, options.seconds):
                rows.append(row)
                print(f"{name}, {row.addresses}: {', '.join(row.missed) or 'holds'}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps([{**asdict(row), "ratio": row.ratio, "missed": row.missed} for row in rows]))
    else:
        _print(rows)
    sys.exit(1 if any(row.missed for row in rows) else 0)


def _options() -> Any:
    def names(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(ATTACKS):
            raise argparse.ArgumentTypeError(f"no attack {', '.join(unknown)}; there are {', '.join(ATTACKS)}")
        return chosen

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with a published release; the bundled sample without it")
    parser.add_argument("--only", type=names, default=list(ATTACKS), help="attacks, with commas between")
    parser.add_argument("--addresses", type=lambda text: [int(n) for n in text.split(",")], default=[1, 8])
    parser.add_argument("--seconds", type=float, default=8, help="duration of each measurement")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def copied(data: Path | None, work: Path, dumps: bool = False) -> Path:
    """A data folder of our own with the published release of another, or with the bundled sample."""
    target = work / "data"
    if data is None:
        load_starter(target)
    elif (release := Releases(data).current()) is None:
        sys.exit(f"{data} holds no published release")
    else:
        shutil.copytree(release.path, target / "releases" / release.id)
        Releases(target).publish(release)
        if release.dumps.is_dir():
            shutil.copytree(release.dumps, target / "dumps" / release.id)
    if dumps:
        subprocess.run([BIN / "ccsi", "releases", "dumps", "--data-dir", target], check=True, stdout=subprocess.DEVNULL)
    return target


@contextmanager
def served(data: Path, work: Path) -> Iterator[tuple[int, int]]:
    """`ccsi serve` on a data folder: its port and process id."""
    port = free_port()
    command = [BIN / "ccsi", "serve", "--no-starter", "--data-dir", data, "--port", str(port)]
    with running(command, {"CCSI_LOG_FORMAT": "json"}, port, work / "serve.log") as pid:
        yield port, pid


def assault(name: str, data: Path, work: Path, addresses: list[int], seconds: float) -> Iterator[Row]:
    """One attack from each number of addresses, against a server of its own, so that no attack pays for another.

    What it is held against is measured on a fresh one: what attackers leave behind may last for minutes.
    """
    world = work / "world.json"
    found = []
    with served(data, work) as (port, pid):
        world.write_text(json.dumps(asdict(survey(port))))
        _measured(port, 1.0)  # what is read but once is read
        for count in addresses:
            with PeakMemory(pid) as memory:
                loud, told, took = _beside([name, str(port), str(count), str(world)], port, seconds)
            found.append((count, loud, (memory.mib or 0.0), told["requests"] / took, told["outcomes"]))
            _calm(pid)
    with served(data, work) as (port, _):
        _measured(port, 1.0)
        for count, loud, mib, pace, outcomes in found:
            static = ["static", str(port), str(count), str(world), str(ATTACKS[name].connections), str(max(pace, 0.1))]
            quiet, _, _ = _beside(static, port, seconds)
            yield Row(name, count, quiet, loud, mib, pace, outcomes)


def survey(port: int) -> World:
    """What the service holds, as attackers would find out."""

    def items(path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1{path}", timeout=60) as answer:
            return json.load(answer)["items"]

    domains = [d["id"] for d in items("/domains?limit=100")]
    occupations = {o["uri"].rpartition("/")[2] for d in domains for o in items(f"/domains/{d}/occupations?limit=500")}
    skills = {s["skill"]["uri"].rpartition("/")[2] for d in domains for s in items(f"/domains/{d}/skills?limit=500")}
    profiles = [p["id"] for p in items("/profiles?limit=500")]
    # The service has all its parts when a heavy answer was made: what others feel in its first seconds is not asked here.
    with urllib.request.urlopen(
        f"http://127.0.0.1:{port}/api/v1/domains/{domains[0]}/clusters.svg", timeout=90
    ) as answer:
        answer.read()
    return World(domains, profiles, sorted(occupations), sorted(skills), ["all.nq.gz", "SHA256SUMS", "all.nq.gz"])


def _beside(attack: list[str], port: int, seconds: float) -> tuple[dict[str, Felt], dict[str, Any], float]:
    """What others feel beside an attack, what the attackers told, and how long they were at it."""
    command = [sys.executable, "-m", "bench.attacks_generator", *attack]
    started = time.monotonic()
    generator = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE.parent)
    try:
        time.sleep(_HEAD_START)
        felt = _measured(port, seconds)
        took = time.monotonic() - started
        told, _ = generator.communicate(timeout=60)  # its input ends, and with it the attack
    finally:
        generator.kill()
        generator.wait()
    if generator.returncode:
        sys.exit(f"the generator failed: {' '.join(command)}")
    return felt, json.loads(told), took


def _measured(port: int, seconds: float) -> dict[str, Felt]:
    command = [sys.executable, "-m", "bench.attacks_measure", str(port), str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE.parent, timeout=seconds + 60)
    return {name: Felt(**felt) for name, felt in json.loads(done.stdout).items()}


def _calm(pid: int) -> None:
    """Wait until the service has done what the attackers left behind."""
    until = time.monotonic() + _CALM
    while time.monotonic() < until:
        before = _seconds(pid)
        time.sleep(0.5)
        if _seconds(pid) - before < 0.05:
            return


def _seconds(pid: int) -> float:
    """Of processor time that a process and its children have used."""
    total = 0.0
    service = psutil.Process(pid)
    for process in [service, *service.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def _print(rows: list[Row]) -> None:
    table = Table(title=f"Under attack ({os.cpu_count()} processors)", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("attack", "holds") else "right")
    for row in rows:
        occupations, live = row.loud["occupations"], row.loud["live"]
        table.add_row(
            row.attack, str(row.addresses), f"{row.pace:,.1f}", f"{occupations.p50:,.1f}", f"{occupations.p99:,.1f}",
            f"{row.quiet['occupations'].p99:,.1f}", f"{row.ratio:,.1f}", f"{live.p99:,.0f}", f"{live.most:,.0f}",
            f"{row.memory:,.0f}", f"{row.loud['sparql'].share:.1%}", "no: " + ", ".join(row.missed) if row.missed else "yes",
        )  # fmt: skip
    Console(width=150).print(table)
    held = sum(not row.missed for row in rows)
    print(f"{held} of {len(rows)} hold")


if __name__ == "__main__":
    main()
