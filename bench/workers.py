"""What further serving processes give and take: the rate of two beside one, and the memory of each.

    python -m bench.workers [--data-dir D] [--workers 2] [--seconds S] [--clients 8]

Without --data-dir full ESCO is loaded from CCSI_ESCO_DATA into a temporary folder first. `ccsi serve` with one process
and with several, the cache of ready answers off, are asked in turn for lists that are as long as a serving process makes them
itself, some 5 ms each: longer ones are made by the heavy server, which has all cores with one serving process too.
The load generator gets what the servers leave (nice 19); what it took all the same is printed, for it is missing in the
rate of the several: the ratio per core leaves that out. Then a service of so many processes and one of one more answer
5,000 mixed requests each, with their caches, which are divided among the processes. Their memory is printed as PSS, which
divides what is shared among those that share it: what the larger service takes more is what a further process takes.

Exit code 1 when a target is missed: 1.7 times the rate with two processes, or the same for each core that the servers
got; 200 MB for a further process, its SPARQL workers not counted.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyoxigraph as ox
from rich.console import Console
from rich.table import Table

import queries
from bench.serve import BIN, free_port, measure, published, running, warm
from releases.release import Release

LISTS = ("/api/v1/occupations?limit=140", "/api/v1/domains/heritage/skills?limit=300", "/api/v1/profiles?limit=350")
LEAST_RATIO = 1.7  # with two processes
MOST_MEMORY = 200e6
MIXED = 5000
_COUNTED = ("supervisor", "template", "serving")


@dataclass(frozen=True)
class Run:
    """One measurement: answers a second, and the cores that the servers and the generator had meanwhile."""

    rate: float
    p50: float
    servers: float
    generator: float


def main() -> None:
    """Measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-workers-")))
        data_dir, release = published(options.data_dir, work)
        several = options.workers

        def serve(workers: int, **env: str) -> int:
            port = free_port()
            given = ["--no-starter", "--data-dir", data_dir, "--workers", workers, "--port", port]
            log = work / f"{port}.log"
            stack.enter_context(running([BIN / "ccsi", "serve", *given], {"CCSI_LOG_FORMAT": "json", **env}, port, log))
            return port

        ports = {workers: serve(workers, CCSI_LIMIT_CACHE_BYTES="0") for workers in (1, several)}
        kept = {workers: serve(workers) for workers in (several, several + 1)}
        os.nice(19)  # from here on; the servers run already
        paths = work / "paths"
        paths.write_text("\n".join(LISTS))
        for port in (*ports.values(), *kept.values()):
            warm(port, paths)
        runs = {n: _run(port, paths, options.clients, options.seconds) for n, port in ports.items()}
        memory = {}
        for workers, port in kept.items():
            _mix(port, release)
            memory[workers] = _memory(port)
    met = _print_rates(console, runs, several) & _print_memory(console, memory)
    sys.exit(0 if met else 1)


def _run(port: int, paths: Path, clients: int, seconds: float) -> Run:
    server = _listener(port)
    before, generator = _cpu(server), _children()
    found = measure(port, paths, clients, seconds)
    took = found["seconds"]
    return Run(found["rate"], found["p50"], (_cpu(server) - before) / took, (_children() - generator) / took)


def _listener(port: int) -> psutil.Process:
    """The first process of a service: it was started by this one and has the port in its command or environment."""
    for child in psutil.Process().children():
        if f"{port}" in child.cmdline() or child.environ().get("CCSI_PORT") == str(port):
            return child
    sys.exit(f"no process serves on {port}")


def _family(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _cpu(server: psutil.Process) -> float:
    """Seconds of processor time of a service, all its processes together."""
    times = [process.cpu_times() for process in _family(server)]
    return sum(time.user + time.system for time in times)


def _children() -> float:
    """Seconds of processor time of what has ended: the load generators."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _mix(port: int, release: Release) -> None:
    """Ask for occupations, skills, lists and SPARQL, in three languages, on eight connections."""
    store = ox.Store.read_only(str(release.store))
    draw = random.Random(7)
    targets = [f"/api/v1/domains/{d}/occupations" for d in ("heritage", "gaming", "design")]
    for query, kind in (("api/occupations", "occupations"), ("api/skills", "skills")):
        found = [row[0].value.rpartition("/")[2] for row in queries.select(store, query) if row[0] is not None]
        targets += [f"/api/v1/{kind}/{key}" for key in draw.sample(found, 600)]
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(8)]
    for n in range(MIXED):
        connection = connections[n % len(connections)]
        if n % 20:
            language = draw.choice(["", "", "?language=de", "?language=fr"])
            connection.request("GET", draw.choice(targets) + language)
        else:
            query = f"SELECT * {{ ?s a ?o }} LIMIT {n % 500}"
            connection.request("POST", "/sparql", query, {"content-type": "application/sparql-query"})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 429):
            sys.exit(f"{answer.status} in the mix")
    for connection in connections:
        connection.close()
    time.sleep(1)


def _memory(port: int) -> dict[str, list[float]]:
    """PSS by what a process is: supervisor, template, serving, and the SPARQL workers of a serving one."""
    found: dict[str, list[float]] = {kind: [] for kind in (*_COUNTED, "of which its own", "its SPARQL workers")}
    supervisor = _listener(port)
    found["supervisor"].append(_pss(supervisor))
    for template in supervisor.children():
        found["template"].append(_pss(template))
        for serving in template.children():
            found["serving"].append(_pss(serving))
            found["of which its own"].append(float(serving.memory_full_info().uss))
            found["its SPARQL workers"].append(sum(map(_pss, serving.children(recursive=True))))
    return found


def _pss(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss)


def _print_rates(console: Console, runs: dict[int, Run], workers: int) -> bool:
    table = Table("processes", "answers/s", "p50 ms", "cores of the servers", "of the generator")
    for n, run in runs.items():
        table.add_row(str(n), f"{run.rate:.1f}", f"{run.p50:.1f}", f"{run.servers:.2f}", f"{run.generator:.2f}")
    console.print(table)
    one, several = runs[1], runs[workers]
    ratio = several.rate / one.rate
    each = ratio * one.servers / several.servers  # 1: a core of the several makes as many as the core of the one
    console.print(
        f"{workers} processes: {ratio:.2f} times one; {each:.2f} times as many answers for each core that they got, "
        f"so {each * workers:.2f} times one where {workers} cores are theirs"
    )
    return workers != 2 or max(ratio, each * workers) >= LEAST_RATIO


def _print_memory(console: Console, memory: dict[int, dict[str, list[float]]]) -> bool:
    table = Table("PSS in MB after the mix", *(f"{workers} processes" for workers in memory))
    for kind in next(iter(memory.values())):
        table.add_row(kind, *(", ".join(f"{size / 1e6:.0f}" for size in found[kind]) for found in memory.values()))
    console.print(table)
    without, with_one_more = (sum(map(sum, (found[kind] for kind in _COUNTED))) for found in memory.values())
    console.print(f"a further process takes {(with_one_more - without) / 1e6:.0f} MB")
    return with_one_more - without < MOST_MEMORY


if __name__ == "__main__":
    main()
