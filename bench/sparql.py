"""What the gateway costs: simple queries against a bare `oxigraph serve-read-only` and rdflib-endpoint, in one run;
and the gateway in front of that same Oxigraph server (remote), in rows of its own.

    python -m bench.sparql [--store FOLDER] [--rounds 300]

Every request is different (no cache answers it) except in the last column. Medians in milliseconds; ratios to oxigraph.
Exit code 1 when the median of the ratios of the embedded rows is above 2; remote ones have no target: each such query
is parsed here, evaluated there and written anew here.
rdflib-endpoint is measured where it can be imported; its graph is the same data in rdflib's own memory.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

from bench.endpoints import Peer, own_process
from bench.hostile_set import build_store

# Each takes a number that makes it a new query with the same work.
QUERIES: dict[str, Callable[[int], str]] = {
    "ASK {}": lambda n: f"ASK {{}} # {n}",
    "one item": lambda n: f"SELECT ?p ?o {{ <http://example.org/item/{n % 3000}> ?p ?o }} # {n}",
    "describe an item": lambda n: f"CONSTRUCT WHERE {{ <http://example.org/item/{n % 3000}> ?p ?o }} # {n}",
    "neighbours": lambda n: (
        f"SELECT ?l {{ <http://example.org/item/{n % 3000}> <http://example.org/next>/<http://example.org/next> ?x . "
        f"?x <http://www.w3.org/2000/01/rdf-schema#label> ?l }} # {n}"
    ),
    "100 labels": lambda n: f"SELECT ?s ?l {{ ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l }} LIMIT 100 # {n}",
    "1,000 labels": lambda n: f"SELECT ?s ?l {{ ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l }} LIMIT 1000 # {n}",
    "count of a kind": lambda n: (
        f"SELECT (COUNT(*) AS ?n) {{ ?s <http://example.org/kind> <http://example.org/kind/{n % 7}> }} # {n}"
    ),
}

BLOCK = 25
TARGET = 2.0


class Client:
    """One kept-alive connection."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._path = target.path
        self._connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=120)

    def ask(self, text: str) -> int:
        """The size of the answer; raises for anything but 200."""
        self._connection.request(
            "GET",
            f"{self._path}?{urlencode({'query': text})}",
            headers={"accept": "application/sparql-results+json, text/turtle"},
        )
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {body[:200]!r}")
        return len(body)


def medians(clients: list[Client | None], query: Callable[[int], str], rounds: int) -> list[float]:
    """Milliseconds of each client, asked in blocks by turns so that what disturbs one disturbs all."""
    seconds: list[list[float]] = [[] for _ in clients]
    for block in range(0, rounds, BLOCK):
        for client, found in zip(clients, seconds, strict=True):
            for number in range(block, block + BLOCK):
                if client is None:
                    continue
                started = time.perf_counter()
                client.ask(query(number))
                found.append(time.perf_counter() - started)
    return [statistics.median(found) * 1000 if found else float("nan") for found in seconds]


def rdflib_endpoint(store: Path, stack: ExitStack) -> str | None:
    """Start rdflib-endpoint on a dump of the store; None where it is not installed."""
    if importlib.util.find_spec("rdflib_endpoint") is None:
        return None
    dump = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data.nt"
    triples = (quad.triple for quad in ox.Store.read_only(str(store)))
    ox.serialize(triples, str(dump), format=ox.RdfFormat.N_TRIPLES)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = (
        "import sys, uvicorn; from rdflib import Dataset; from rdflib_endpoint import SparqlEndpoint\n"
        "graph = Dataset(default_union=True); graph.parse(sys.argv[1], format='nt')\n"
        "uvicorn.run(SparqlEndpoint(graph=graph), port=int(sys.argv[2]), log_level='error')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(dump), str(port)])
    stack.callback(process.wait)
    stack.callback(process.kill)
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"http://127.0.0.1:{port}/"
        time.sleep(0.05)
    return None


def remote(gateway: Client, peer: Client | None, rounds: int) -> None:
    """The rows of the gateway in front of the server."""
    print("{:20} {:>8} {:>9} {:>6}".format("remote", "ours", "oxigraph", "ratio"))
    ratios = []
    for name, query in QUERIES.items():
        try:
            gateway.ask(query(-1))
            ours, bare = medians([gateway, peer], query, rounds)
        except RuntimeError as error:  # the bare server has been seen to answer 500 when its address space was used up
            print(f"{name:20} not measured: {error}")
            continue
        ratios.append(ours / bare)
        print(f"{name:20} {ours:8.2f} {bare:9.2f} {ours / bare:6.2f}")
    if ratios:
        print(f"median ratio of the {len(ratios)} remote queries: {statistics.median(ratios):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--rounds", type=int, default=300)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        store = chosen.store
        if store is None:
            store = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "store"
            build_store(store, 3000)
        url, _ = stack.enter_context(own_process(store, 10))
        peer = Peer(store, 30)
        stack.callback(peer.stop)
        third = rdflib_endpoint(store, stack)
        if third is None:
            print("rdflib-endpoint is not installed: not measured (pip install rdflib-endpoint)")
        clients = [Client(url), Client(peer.url), Client(third) if third else None]
        fresh = Peer(store, 5)  # it keeps a thread for each query as long as one may take, and these are more
        stack.callback(fresh.stop)
        behind, _ = stack.enter_context(own_process(store, 10, fresh.url))
        heads = ("query", "ours", "oxigraph", "ratio", "rdflib-endpoint", "ratio", "ours, repeated", "ratio")
        print("{:20} {:>8} {:>9} {:>6} {:>16} {:>7} {:>15} {:>6}".format(*heads))
        ratios = []
        for name, query in QUERIES.items():
            for client in clients:
                if client is not None:
                    client.ask(query(-1))
            ours, bare, python = medians(clients, query, chosen.rounds)
            repeated = medians(clients[:1], lambda _, query=query: query(-2), chosen.rounds)[0]
            ratios.append(ours / bare)
            figures = (ours, bare, ours / bare, python, python / bare, repeated, repeated / bare)
            print("{:20} {:8.2f} {:9.2f} {:6.2f} {:16.2f} {:7.1f} {:15.2f} {:6.2f}".format(name, *figures))
        middle = statistics.median(ratios)
        print(f"median ratio of the {len(ratios)} queries: {middle:.2f} (target: {TARGET:g})\n")
        remote(Client(behind), Client(fresh.url), chosen.rounds)
    sys.exit(middle > TARGET)


if __name__ == "__main__":
    main()
