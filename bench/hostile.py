"""Queries that bring endpoints down, sent to ours and to a bare `oxigraph serve-read-only --timeout-s`, side by side.

    python -m bench.hostile [--store FOLDER] [--seconds 3] [--api URL]    the table, and the latency of an API path meanwhile
    python -m bench.hostile --fuzz 10000                                  mutated queries and requests against ours

Without --store a small graph is made. --api names any URL of a running service whose /sparql gets the queries instead
of an endpoint started here; the latency of that URL is measured before and during them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
import pyoxigraph as ox

from app.settings import Limits, Settings
from app.sparql.trial import endpoint

RDFS_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
NEXT = ox.NamedNode("http://example.org/next")
KIND = ox.NamedNode("http://example.org/kind")
GRAPH = ox.NamedNode("http://example.org/graph")


def build_store(path: Path, items: int = 4000) -> None:
    """A graph with labels, a ring of links and a few kinds: small, and enough to explode."""

    def quads() -> Iterator[ox.Quad]:
        for number in range(items):
            item = ox.NamedNode(f"http://example.org/item/{number}")
            yield ox.Quad(item, RDFS_LABEL, ox.Literal(f"item {number} " + "a" * 40, language="en"), GRAPH)
            yield ox.Quad(item, KIND, ox.NamedNode(f"http://example.org/kind/{number % 7}"), GRAPH)
            for step in (1, 7, 31):
                yield ox.Quad(item, NEXT, ox.NamedNode(f"http://example.org/item/{(number + step) % items}"), GRAPH)

    store = ox.Store(str(path))
    store.bulk_extend(quads())
    store.flush()
    store.optimize()


def queries(port: int) -> dict[str, str]:
    """The hostile set; `port` is that of a loopback listener which must never hear anything."""
    inside = f"http://127.0.0.1:{port}/"
    numbers = " ".join(map(str, range(1000)))
    triples = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i ."
    doubled = "?x0) " + "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(40)).lstrip()
    return {
        "cross product, COUNT": f"SELECT (COUNT(*) AS ?n) {{ {triples} }}",
        "cross product, ORDER BY": f"SELECT * {{ {triples} }} ORDER BY ?c ?f ?i LIMIT 5",
        "cross product, GROUP BY": f"SELECT ?a ?d ?g (COUNT(*) AS ?n) {{ {triples} }} GROUP BY ?a ?d ?g",
        "cross product, DISTINCT": f"SELECT DISTINCT ?c ?f ?i {{ {triples} }}",
        "cross product, COUNT DISTINCT CONCAT": f"SELECT (COUNT(DISTINCT CONCAT(STR(?c), STR(?f), STR(?i))) AS ?n) {{ {triples} }}",
        "cross product, GROUP_CONCAT": f"SELECT (GROUP_CONCAT(STR(?c)) AS ?t) {{ {triples} }}",
        "cross product, MINUS": f"SELECT * {{ {triples} MINUS {{ ?j ?k ?l . ?m ?n ?o }} }} OFFSET 999999999999",
        "cross product, no row passes": f"SELECT * {{ {triples} FILTER(CONCAT(STR(?a), STR(?d)) = STR(?g)) }}",
        "all pairs by path, ORDER BY": "SELECT ?a ?b { ?a (<http://example.org/next>|!<http://example.org/next>)* ?b } ORDER BY ?b ?a",
        "path bomb": "SELECT (COUNT(*) AS ?n) { ?a (<http://example.org/next>|!<http://example.org/next>)* ?b . ?b (<a:a>|!<a:a>)* ?c }",
        "path bomb, nested": "SELECT (COUNT(*) AS ?n) { ?a ((((<a:a>|!<a:a>)*)*)*/((<b:b>|!<b:b>)+)*)* ?b }",
        "path of 160 choices": "SELECT * { ?a " + "/".join(["(<a:a>|!<a:a>)"] * 160) + " ?b }",
        "path of 5,000 steps": "SELECT * { ?a " + "/".join(["<a:a>"] * 5000) + " ?b }",
        "REGEX backtracking": f'SELECT (COUNT(*) AS ?n) {{ {triples} FILTER REGEX(STR(?c), "^(a+)+(a+)+(a|aa)+$") }}',
        "REGEX of growing size": 'SELECT * { ?a ?b ?c FILTER REGEX(STR(?c), "((a{1,100}){1,100}){1,100}") }',
        "VALUES product": "SELECT (COUNT(*) AS ?n) {" + "".join(f" VALUES ?v{n} {{ {numbers} }}" for n in range(4)) + " }",
        "VALUES product, ORDER BY": "SELECT * {" + "".join(f" VALUES ?v{n} {{ {numbers} }}" for n in range(3)) + " } ORDER BY ?v2 ?v1",
        "VALUES of 20,000 terms": f"SELECT * {{ VALUES ?x {{ {'1 ' * 20_000} }} }}",
        "20,000 brackets": "SELECT * { FILTER(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }",
        "20,000 groups": "SELECT * " + "{" * 20_000 + "}" * 20_000,
        "50,000 negations": "ASK { FILTER(" + "!" * 50_000 + "true) }",
        "3,000 nested EXISTS": "ASK " + "{ FILTER EXISTS " * 3000 + "{ ?s ?p ?o }" + " }" * 3000,
        "5,000 OR": "ASK { ?s ?p ?o FILTER(" + "?o = 1 || " * 5000 + "false) }",
        "3,300 UNION": "SELECT * { " + "{ ?s ?p ?o } UNION " * 3300 + "{ } }",
        "10,000 nested lists": "ASK { ?s ?p " + "(" * 10_000 + ")" * 10_000 + " }",
        "nesting hidden in a comment": 'ASK { ?a ?b ?c FILTER(?a<?b#>"""\n || ' + "(" * 10_000 + "1" + ")" * 10_000 + '\n #"""\n) }',
        "OPTIONAL chain": "SELECT * { ?a ?b ?c " + "".join(f"OPTIONAL {{ ?x{n} ?y{n} ?z{n} }} " for n in range(60)) + "}",
        "subqueries, ORDER BY": f"SELECT * {{ {{ SELECT * {{ {triples} }} ORDER BY ?a }} {{ SELECT * {{ ?j ?k ?l }} ORDER BY ?l }} }}",
        "string doubling": f'SELECT (STRLEN(?x40) AS ?n) {{ BIND("aaaaaaaaaaaaaaaa" AS {doubled} }}',
        "REPLACE growth": 'SELECT (REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(?t,".",?t),".",?t),".",?t),".",?t),".",?t) AS ?r)'
        ' { BIND("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz" AS ?t) }',
        "CONSTRUCT of everything": f"CONSTRUCT {{ ?a ?e ?i . ?d ?h ?c . ?g ?b ?f }} {{ {triples} }}",
        "SERVICE to loopback": f"SELECT * {{ SERVICE <{inside}> {{ ?s ?p ?o }} }}",
        "SERVICE SILENT": f"SELECT * {{ SERVICE SILENT <{inside}> {{ ?s ?p ?o }} }}",
        "SERVICE, variable": f"SELECT * {{ VALUES ?e {{ <{inside}> }} SERVICE ?e {{ ?s ?p ?o }} }}",
        "SERVICE, glued": f"PREFIX : <{inside}> SELECT * {{ ?s ?p 1SERVICE<{inside}>{{?a ?b ?c}} }}",
        "SERVICE, as a name": f"PREFIX : <{inside}> SELECT*{{SERVICE:x{{?s ?p ?o}}}}",
        "FROM a remote file": f"SELECT * FROM <{inside}data.ttl> {{ ?s ?p ?o }}",
        "FROM NAMED a remote file": f"SELECT * FROM NAMED <{inside}data.ttl> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        "LOAD": f"LOAD <{inside}data.ttl>",
        "10 MB of query": "SELECT * { ?s ?p ?o } #" + "x" * 10_000_000,
    }  # fmt: skip


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port on loopback and the list of those who contacted it."""
    heard: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, peer = server.accept()
            except OSError:
                return
            heard.append(f"{peer}")
            connection.close()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], heard
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


@contextmanager
def own_process(store: Path, seconds: float) -> Iterator[tuple[str, int]]:
    """Our endpoint in a process of its own, so that it shares no interpreter with its clients: its URL and process id."""
    command = [sys.executable, "-m", "app.sparql.trial", str(store), str(seconds)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@dataclass
class Reply:
    """What came back."""

    status: int
    seconds: float
    fault: str = ""
    limit: str = ""
    body: bytes = field(default=b"", repr=False)

    @property
    def whole(self) -> bool:
        """Whether an answer that claims success is a complete JSON document."""
        if self.status != 200:
            return True
        try:
            json.loads(self.body)
        except ValueError:
            return False
        return True


def ask(url: str, text: str, timeout: float) -> Reply:
    """Send one query as a form; never raises for what a server does."""
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=timeout)
    started = time.perf_counter()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/sparql-results+json, text/turtle;q=0.5",
    }
    try:
        with suppress(
            BrokenPipeError, ConnectionResetError
        ):  # refused before the end of the body: the answer can be read
            connection.request("POST", target.path, urlencode({"query": text}), headers)
        response = connection.getresponse()
        body = b""
        while piece := response.read(1 << 20):
            body += piece
            if time.perf_counter() - started > timeout:
                return Reply(response.status, time.perf_counter() - started, "never ends", body=body[:100])
    except (OSError, http.client.HTTPException) as fault:
        return Reply(0, time.perf_counter() - started, type(fault).__name__)
    finally:
        connection.close()
    reply = Reply(response.status, time.perf_counter() - started, body=body)
    if response.headers.get_content_type() == "application/problem+json":
        problem = json.loads(body)
        reply.fault, reply.limit = problem["type"].rpartition("/")[2], str(problem.get("limit", ""))
    return reply


class Peak:
    """The largest memory of a process and its children while this runs."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.bytes = 0

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            total = 0
            try:
                for process in [self._process, *self._process.children(recursive=True)]:
                    total += process.memory_info().rss
            except psutil.Error:
                continue
            self.bytes = max(self.bytes, total)


class Peer:
    """A bare `oxigraph serve-read-only`, started again whenever a query ends it."""

    def __init__(self, store: Path, seconds: float) -> None:
        self._store, self._seconds = store, seconds
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/query"

    def _start(self) -> subprocess.Popen[bytes]:
        command = [
            str(Path(sys.executable).parent / "oxigraph"), "serve-read-only", "--location", str(self._store),
            "--bind", f"127.0.0.1:{self.port}", "--union-default-graph", "--timeout-s", str(round(self._seconds)),
        ]  # fmt: skip

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # for the sake of this machine
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit)
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.02)
        return process

    def revive(self) -> str:
        """Start it again if it died or is still busy; says which."""
        state = ""
        time.sleep(0.3)  # an abort takes a moment to become visible
        if self.process.poll() is None:
            child = psutil.Process(self.process.pid)
            child.cpu_percent()
            time.sleep(0.3)
            if child.cpu_percent() < 50:
                return ""
            state = "still running"
        else:
            state = "server died"
        self.stop()
        self.process = self._start()
        return state

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Probe:
    """Latencies of one URL, asked again and again by some clients."""

    def __init__(self, url: str, clients: int = 8) -> None:
        self._target = urlsplit(url)
        self._clients = clients

    def measure(self, until: threading.Event) -> list[float]:
        """Seconds of each request until the event."""
        found: list[float] = []

        def client() -> None:
            connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=30)
            path = self._target.path + (f"?{self._target.query}" if self._target.query else "")
            while not until.is_set():
                started = time.perf_counter()
                connection.request("GET", path)
                connection.getresponse().read()
                found.append(time.perf_counter() - started)
                time.sleep(0.02)
            connection.close()

        threads = [threading.Thread(target=client) for _ in range(self._clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def compare(store: Path, seconds: float, api: str) -> None:
    """Print the table."""
    with ExitStack() as stack:
        port, heard = stack.enter_context(listener())
        if api:
            parts = urlsplit(api)
            ours, path, pid = f"{parts.scheme}://{parts.netloc}/sparql", api, 0
        else:
            ours, pid = stack.enter_context(own_process(store, seconds))
            path = ours.removesuffix("/sparql") + "/openapi.json"
        peer = Peer(store, seconds)
        stack.callback(peer.stop)
        probe = Probe(path)
        idle = threading.Event()
        threading.Timer(5, idle.set).start()
        quiet = _percentiles(probe.measure(idle))
        over, latencies = threading.Event(), []
        watcher = threading.Thread(target=lambda: latencies.extend(probe.measure(over)))
        watcher.start()
        mine: dict[str, tuple[Reply, int, int]] = {}
        hostile = queries(port)
        for name, text in hostile.items():
            before = len(heard)
            with Peak(pid or psutil.Process().pid) as peak:
                reply = ask(ours, text, seconds + 30)
            mine[name] = (reply, peak.bytes, len(heard) - before)
        over.set()
        watcher.join()
        loud = _percentiles(latencies)
        print(f"{'query':40} {'ours':>34} {'s':>6} {'MB':>6}   {'oxigraph serve':>28} {'s':>6} {'MB':>6}")
        for name, text in hostile.items():
            before = len(heard)
            with Peak(peer.process.pid) as peak:
                reply = ask(peer.url, text, 3 * seconds + 3)
            state = peer.revive()
            contacts = len(heard) - before
            first, memory, mine_heard = mine[name]
            verdict = f"{first.status} {first.limit or first.fault or 'answered'}" + (" CONTACT" if mine_heard else "")
            theirs = (
                f"{reply.status or reply.fault}" + ("" if reply.whole else " broken") + (f" {state}" if state else "")
            )
            theirs += " CONTACT" if contacts else ""
            print(
                f"{name:40} {verdict:>34} {first.seconds:6.1f} {memory >> 20:6}   {theirs:>28} {reply.seconds:6.1f} {peak.bytes >> 20:6}"
            )
        print(f"\n{path} at 8 clients: idle p50 {quiet[0]:.1f} ms, p99 {quiet[1]:.1f} ms; during the hostile set p50 {loud[0]:.1f} ms, "
              f"p99 {loud[1]:.1f} ms ({loud[1] / quiet[1]:.1f}x)")  # fmt: skip


# --- fuzz ------------------------------------------------------------------------------------------------------------

_SEEDS = [
    "SELECT * { ?s ?p ?o } LIMIT 10",
    'PREFIX ex: <http://example.org/> SELECT ?s (COUNT(*) AS ?n) { ?s ex:next/ex:kind ?k FILTER(?k != "a\\"b") } GROUP BY ?s LIMIT 3',
    "CONSTRUCT { ?s <a:b> [] } { GRAPH ?g { ?s ?p ?o } FILTER NOT EXISTS { ?o ?p ?s } } LIMIT 5",
    "DESCRIBE <http://example.org/item/1>",
    "ASK FROM <http://example.org/graph> { VALUES (?a ?b) { (1 UNDEF) ('x'@en 2.5e3) } OPTIONAL { ?s ?p ?a } }",
]
_PIECES = [
    "{", "}", "(", ")", "[", "]", "<", ">", "<<", ">>", '"', "'", '"""', "'''", "\\", "\\u0041", "\\U0001F600", "#", "\n", "?", "$x",
    "!", "||", "&&", "/", "|", "^", "*", "+", "@en", "^^", ":", "_:b", "UNION", "SERVICE", "FROM", "VALUES", "EXISTS", "BASE", "PREFIX",
    "\x00", "é", "\U0010ffff", "SELECT", "ASK", ";", ".", ",", "1e400", "999999999999999999999", "LIMIT", "BIND", "AS", "LATERAL",
]  # fmt: skip
_ACCEPTS = [
    "",
    "*/*",
    "text/csv",
    "text/turtle",
    "application/sparql-results+xml;q=0.5",
    "image/png",
    "q=;,;/",
    "text/html",
    "a/b;q=x",
]


def mutate(text: str, chance: random.Random) -> str:
    """A query with a few pieces put in, taken out, doubled or swapped."""
    for _ in range(chance.randint(0, 4)):
        at, length = chance.randrange(len(text) + 1), chance.choice([0, 1, 1, 5, 20])
        piece = chance.choice(
            [*_PIECES, text[at : at + length] * 2, chance.choice(_PIECES) * chance.choice([2, 50, 3000])]
        )
        text = text[:at] + piece + text[at + length :]
    return text


def fuzz(url: str, rounds: int, seed: int = 0) -> dict[int, int]:
    """Send mutated requests; the count of each status. Raises AssertionError for a 5xx that is no published limit."""
    chance = random.Random(seed)
    target = urlsplit(url)
    counts: dict[int, int] = {}
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
    for number in range(rounds):
        text = mutate(chance.choice(_SEEDS), chance)
        encoded = text.encode("utf-8", "surrogatepass")
        headers, path, body, method = {"accept": chance.choice(_ACCEPTS)}, target.path, b"", "POST"
        match chance.randrange(6):
            case 0:
                method, path = "GET", f"{path}?{urlencode({'query': text})}"
            case 1:
                headers["content-type"], body = (
                    "application/sparql-query",
                    bytes(chance.randrange(256) for _ in range(50)) + encoded,
                )
            case 2:
                headers["content-type"], body = (
                    chance.choice(["", "text/plain", "application/sparql-update", ";;"]),
                    encoded,
                )
            case 3:
                headers["content-type"] = "application/x-www-form-urlencoded"
                body = (
                    urlencode({"query": text, chance.choice(["query", "default-graph-uri", "x"]): text[:50]}).encode()
                    + b"&%ff=%"
                )
            case 4:
                method, path = (
                    chance.choice(["PUT", "HEAD", "OPTIONS", "DELETE"]),
                    f"{path}?{urlencode({'query': text})}",
                )
            case _:
                headers["content-type"], body = "application/sparql-query; charset=utf-8", encoded
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
            status = response.status
        except (ConnectionError, http.client.HTTPException):  # closed after a refusal: a new connection
            connection.close()
            status = 0
        counts[status] = counts.get(status, 0) + 1
        assert status < 500 or status == 504, f"round {number}: {status} for {text[:200]!r}"
    connection.close()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--api", default="")
    parser.add_argument("--fuzz", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = chosen.store
        if store is None:
            store = Path(folder) / "store"
            build_store(store)
        if not chosen.fuzz:
            compare(store, chosen.seconds, chosen.api)
            return
        process = psutil.Process()
        with endpoint(store, Settings(), Limits(sparql_seconds=chosen.seconds)) as target:
            fuzz(target.url, 50, chosen.seed + 1)
            files, workers = process.num_fds(), len(process.children(recursive=True))
            started = time.perf_counter()
            counts = fuzz(target.url, chosen.fuzz, chosen.seed)
            time.sleep(1)
            print(
                f"{chosen.fuzz} requests in {time.perf_counter() - started:.0f} s; statuses {dict(sorted(counts.items()))}"
            )
            print(
                f"open files {files} -> {process.num_fds()}, workers {workers} -> {len(process.children(recursive=True))}"
            )


if __name__ == "__main__":
    main()
