"""How fast the API answers, beside the same SPARQL on an Oxigraph server and beside an empty FastAPI route.

    python -m bench.serve [--data-dir D] [--seconds S] [--clients 1,8,32]

Without --data-dir full ESCO is loaded from CCSI_ESCO_DATA into a temporary folder first. Five servers run, each asked in
turn, in the same run on the same machine, several times over; the figures are the medians of these rounds:

    uncached   ccsi serve, the cache of ready answers off (CCSI_LIMIT_CACHE_BYTES=0)
    cached     ccsi serve as it comes
    oxigraph   `oxigraph serve-read-only` on a copy of the release's store; bench/domain.rq and bench/occupation.rq,
               one query each that gives less than our answer holds (no evidence, no hierarchy, no skill groups)
    bare       the two bytes of an ASGI function, without any framework, under the same uvicorn settings
    empty      a FastAPI route that returns them

Lists are those of /domains/heritage/occupations, as they are (88 KB for full ESCO) and as a client gets them that accepts
gzip (9 KB); occupations are drawn from all that the release has. What is held: worked out anew faster than Oxigraph; ready, two times
the empty route's rate; with one client, who waits for each answer so that both processes sleep most of the time, 0.7 times
that of the bare function, whose answer is two bytes. Load comes from wrk where it is installed, else from a
client of our own, which needs more of the machine: compare ratios, not figures. The bound of requests of one client is off
where answers are worked out anew, because all load comes from one address.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import itertools
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from rich.console import Console
from rich.table import Table

import queries
from releases.release import Release, Releases

Results = dict[tuple[str, str, int], list[dict[str, float]]]  # of each round, by path, server and clients
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
ACCEPT = "application/json, application/sparql-results+json;q=0.9"
SERVERS = ("uncached", "cached", "oxigraph", "bare", "empty")
ROUNDS = 4
TARGET = 2.0  # of the rate of the empty route, for ready answers
ALONE = 0.7  # of the bare function's, for those of one client
PACKED = "domain, gzip"


def main() -> None:
    """Start the servers, ask each, print the table; exit code 1 when a target is missed."""
    options = _options()
    if options.client:
        print(json.dumps(asyncio.run(_ask(*options.client))))
        return
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-serve-")))
        data_dir, release = published(options.data_dir, work)
        shutil.copytree(release.store, work / "store")
        ports = {name: free_port() for name in SERVERS}
        for name, command, env in _commands(ports, data_dir, work / "store"):
            stack.enter_context(running(command, env, ports[name], work / f"{name}.log"))
        paths = _paths(work, release.store, options.domain)
        results: Results = {}
        for what in ("domain", PACKED, "occupation"):
            coding = "gzip" if what == PACKED else "identity"
            for server in SERVERS:
                warm(ports[server], paths[server, what], coding)
            for clients, _, server in itertools.product(options.clients, range(ROUNDS), SERVERS):
                found = measure(ports[server], paths[server, what], clients, options.seconds / ROUNDS, coding)
                results.setdefault((what, server, clients), []).append(found)
    sys.exit(_report(results, options.clients, options.domain))


def _options() -> Any:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="folder with a published release of full ESCO")
    parser.add_argument("--seconds", type=float, default=8, help="that each server is asked in all")
    parser.add_argument("--clients", type=lambda text: [int(n) for n in text.split(",")], default=[1, 8, 32])
    parser.add_argument("--domain", default="heritage")
    parser.add_argument("--client", nargs=5, help=argparse.SUPPRESS)
    return parser.parse_args()


def published(data_dir: Path | None, work: Path) -> tuple[Path, Release]:
    """A data folder and its published release; without one, full ESCO is loaded below `work`."""
    data_dir = data_dir or _load_full(work)
    release = Releases(data_dir).current()
    if release is None:
        sys.exit(f"{data_dir} holds no published release")
    return data_dir, release


def _load_full(work: Path) -> Path:
    data = Path(os.environ.get("CCSI_ESCO_DATA") or sys.exit("set CCSI_ESCO_DATA, or pass --data-dir"))
    nace = data / "esco-1.2.1-csv-partial" / "occupationNaceCodes_v1.2.1.csv"
    command = [BIN / "ccsi", "load", data / "esco-1.2.0-csv", "--nace", nace, "--data-dir", work / "data"]
    subprocess.run(command, check=True)
    return work / "data"


def _commands(ports: dict[str, int], data_dir: Path, store: Path) -> Iterator[tuple[str, list[Any], dict[str, str]]]:
    ours = [BIN / "ccsi", "serve", "--data-dir", data_dir, "--no-starter", "--port"]
    env = {"CCSI_LOG_FORMAT": "json"}
    yield (
        "uncached",
        [*ours, str(ports["uncached"])],
        {**env, "CCSI_LIMIT_CACHE_BYTES": "0", "CCSI_LIMIT_CLIENT_REQUESTS": "0"},
    )
    yield "cached", [*ours, str(ports["cached"])], env
    bind = f"127.0.0.1:{ports['oxigraph']}"
    yield "oxigraph", [BIN / "oxigraph", "serve-read-only", "--location", store, "--bind", bind], {}
    for name in ("bare", "empty"):
        yield name, [sys.executable, HERE / "empty_route.py", str(ports[name]), name], {}


@contextmanager
def running(command: list[Any], env: dict[str, str], port: int, log: Path) -> Iterator[int]:
    """A server that answers on its port, its process id; it ends with the context."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command], env={**os.environ, **env}, stdout=out, stderr=out, cwd=HERE.parent
        )
        try:
            _wait(process, port, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:  # what a benchmark left behind may keep it busy for longer
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 240  # much, for a machine that others use
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health/ready", timeout=5)
            return
        except urllib.error.HTTPError as error:
            if error.code != 503:  # a server that does not know the path is up as well
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(f"a server did not start:\n{log.read_text(errors='replace')}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _paths(work: Path, store: Path, domain: str) -> dict[tuple[str, str], Path]:
    """(server, what) -> a file with one request target a line."""
    rows = queries.select(ox.Store.read_only(str(store)), "api/occupations")
    occupations = [row[0].value for row in rows if row[0] is not None]
    random.Random(7).shuffle(occupations)
    by_domain, by_occupation = own_query("domain"), own_query("occupation")
    iri = f"https://w3id.org/ccsi/id/domain/{domain}"
    sparql = {
        "domain": [by_domain.bind({"domain": [ox.NamedNode(iri)]})],
        "occupation": [by_occupation.bind({"occupation": [ox.NamedNode(o)]}) for o in occupations],
    }
    ours = {
        "domain": [f"/api/v1/domains/{domain}/occupations"],
        "occupation": [f"/api/v1/occupations/{o.rpartition('/')[2]}" for o in occupations],
    }
    found = {}
    for what in ("domain", "occupation"):
        targets = {
            "uncached": ours[what],
            "cached": ours[what],
            "oxigraph": [f"/query?query={urllib.parse.quote(text)}" for text in sparql[what]],
            "bare": ["/empty"],
            "empty": ["/empty"],
        }
        for server, lines in targets.items():
            found[server, what] = work / f"{server}-{what}.txt"
            found[server, what].write_text("\n".join(lines) + "\n")
            if what == "domain":
                found[server, PACKED] = found[server, what]
    return found


def own_query(name: str) -> queries.Query:
    """A query of a file beside this one."""
    return queries.Query(name, (HERE / f"{name}.rq").read_text(encoding="utf-8"), "", {name: ""}, ())


def measure(port: int, paths: Path, clients: int, seconds: float, coding: str = "identity") -> dict[str, float]:
    if wrk := shutil.which("wrk"):
        url = f"http://127.0.0.1:{port}"
        command = [
            wrk,
            "-t1",
            f"-c{clients}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            "30s",
            "-s",
            str(HERE / "wrk.lua"),
            url,
            "--",
            str(paths),
            coding,
        ]
    else:
        given = [str(port), str(paths), str(clients), str(seconds), coding]
        command = [sys.executable, "-m", "bench.serve", "--client", *given]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    if found["bad"]:
        sys.exit(f"{found['bad']} requests failed: {' '.join(command)}")
    return {**found, "rate": found["requests"] / found["seconds"]}


def warm(port: int, paths: Path, coding: str = "identity") -> float:
    """Every request once, so that each server has read what it reads but once; bytes of an answer in the mean."""
    sizes = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for target in paths.read_text().split():
        connection.putrequest("GET", target, skip_accept_encoding=True)
        connection.putheader("Accept", ACCEPT)
        connection.putheader("Accept-Encoding", coding)
        connection.endheaders()
        answer = connection.getresponse()
        sizes.append(len(answer.read()))
        if answer.status != 200:
            sys.exit(f"{answer.status} for {target}")
    return sum(sizes) / len(sizes)


async def _ask(port: str, paths: str, clients: str, seconds: str, coding: str = "identity") -> dict[str, float]:
    """Our own load generator, where wrk is missing."""
    targets = Path(paths).read_text().split()
    until = time.perf_counter() + float(seconds)
    took: list[float] = []
    bad = 0

    async def client(seed: int) -> None:
        nonlocal bad
        choice = random.Random(seed).choice
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port), limit=1 << 22)
        while time.perf_counter() < until:
            started = time.perf_counter()
            start = f"GET {choice(targets)} HTTP/1.1\r\nHost: 127.0.0.1:{port}"
            writer.write(f"{start}\r\nAccept: {ACCEPT}\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"transfer-encoding: chunked" in head:
                while size := int(await reader.readline(), 16):
                    await reader.readexactly(size + 2)
                await reader.readline()
            else:
                await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
            took.append((time.perf_counter() - started) * 1000)
            bad += not head.startswith(b"http/1.1 200")
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(client(n) for n in range(int(clients))))
    cuts = statistics.quantiles(took, n=100)
    elapsed = time.perf_counter() - started
    return {"requests": len(took), "seconds": elapsed, "bad": bad, "p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def _report(results: Results, clients: list[int], domain: str) -> int:
    listing = f"/domains/{domain}/occupations"
    titles = {"domain": listing, PACKED: f"{listing}, gzip", "occupation": "/occupations/{uuid}"}
    table = Table(title="Serving full ESCO", title_justify="left")
    for column in ("path", "clients", "server", "p50 ms", "p95 ms", "p99 ms", "requests/s", "x oxigraph", "x empty"):
        table.add_column(column, justify="left" if column in ("path", "server") else "right")
    missed = []
    for (what, title), n in itertools.product(titles.items(), clients):
        rounds = {server: results[what, server, n] for server in SERVERS}
        for server in SERVERS:
            row = {name: statistics.median(one[name] for one in rounds[server]) for name in rounds[server][0]}
            table.add_row(
                title, str(n), server, f"{row['p50']:.2f}", f"{row['p95']:.2f}", f"{row['p99']:.2f}", f"{row['rate']:,.0f}",
                f"{_times(rounds, server, 'oxigraph'):.2f}", f"{_times(rounds, server, 'empty'):.2f}",
            )  # fmt: skip
        table.add_section()
        ahead = _times(rounds, "uncached", "oxigraph")
        if ahead <= 1:
            missed.append(f"{title}, {n} clients: uncached is {ahead:.2f} of oxigraph")
        floor, target = ("bare", ALONE) if n == 1 else ("empty", TARGET)
        if (ratio := _times(rounds, "cached", floor)) < target:
            missed.append(f"{title}, {n} clients: cached is {ratio:.2f} of {floor}")
    Console(width=140).print(table)
    print(
        "\n".join(missed)
        or f"uncached ahead of oxigraph everywhere; cached at least {TARGET} times empty, with one client {ALONE} times bare"
    )
    return 1 if missed else 0


def _times(rounds: dict[str, list[dict[str, float]]], server: str, other: str) -> float:
    """How many times the rate of another a server has: of what was measured one after the other, the median."""
    return statistics.median(a["rate"] / b["rate"] for a, b in zip(rounds[server], rounds[other], strict=True))


if __name__ == "__main__":
    main()
