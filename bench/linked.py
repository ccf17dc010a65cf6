"""How long the descriptions of linked data take, each made anew: pages, Turtle and JSON-LD, of random things and of hubs.

    python -m bench.linked [--data-dir D] [--things N]

Without --data-dir full ESCO is loaded from CCSI_ESCO_DATA into a temporary folder first. One client asks a `ccsi serve`
whose cache of ready answers is off (CCSI_LIMIT_CACHE_BYTES=0), so every answer is read, named and written. Exit code 1
when the 95th percentile of the random things is above 50 ms.
"""

from __future__ import annotations

import argparse
import http.client
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
from rich.console import Console
from rich.table import Table

from bench.serve import BIN, free_port, published, running

TARGET_MS = 50.0
KINDS = {"page": "text/html", "Turtle": "text/turtle", "JSON-LD": "application/ld+json"}
SCHEME = "http://data.europa.eu/esco/concept-scheme/"
IN_SCHEME = quote("http://www.w3.org/2004/02/skos/core#inScheme", safe="")


def main() -> None:
    """Ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--things", type=int, default=300)
    options = parser.parse_args()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-linked-")))
        data_dir, release = published(options.data_dir, work)
        port = free_port()
        command = [BIN / "ccsi", "serve", "--no-starter", "--data-dir", data_dir, "--port", str(port)]
        env = {"CCSI_LOG_LEVEL": "warning", "CCSI_LIMIT_CACHE_BYTES": "0"}
        stack.enter_context(running(command, env, port, work / "serve.log"))
        targets = {
            f"{options.things} random things": [_resource(iri) for iri in things(release.store, options.things)],
            "largest concept scheme": [_resource(SCHEME + "member-skills")] * 20,
            "page 50 of a scheme": [f"{_resource(SCHEME + 'skills')}&property={IN_SCHEME}&inverse=true&offset=12500"]
            * 20,
            "ontology": ["/ns"] * 20,
            "VoID and DCAT": ["/.well-known/void"] * 20,
        }
        table = Table("median / 95th percentile / largest, ms", *KINDS)
        missed = False
        for name, paths in targets.items():
            cells = []
            for accept in KINDS.values():
                times = ask(port, paths, accept)
                high = statistics.quantiles(times, n=20)[-1]
                missed = missed or ("random" in name and high > TARGET_MS)
                cells.append(f"{statistics.median(times):.1f} / {high:.1f} / {max(times):.1f}")
            table.add_row(name, *cells)
        Console().print(table)
    sys.exit(1 if missed else 0)


def things(store: Path, count: int) -> list[str]:
    """IRIs drawn from all that is the subject of a class statement."""
    found = {q.subject.value for q in ox.Store.read_only(str(store)) if q.predicate.value.endswith("#type")}
    return random.Random(1).sample(sorted(found), count)


def ask(port: int, paths: list[str], accept: str) -> list[float]:
    """Milliseconds of each request, one after the other on one connection, the first two not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    for path in [*paths[:2], *paths]:
        started = time.perf_counter()
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (path, answer.status)
        times.append((time.perf_counter() - started) * 1000)
    connection.close()
    return times[2:]


def _resource(iri: str) -> str:
    return f"/resource?uri={quote(iri, safe='')}"


if __name__ == "__main__":
    main()
