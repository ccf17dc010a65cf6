"""Mutated queries and requests against our endpoint: no fault of the server, no hang, nothing left behind.

python -m bench.fuzz [--rounds 10000] [--seed 0]
"""

from __future__ import annotations

import argparse
import http.client
import random
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil

from app.settings import Limits, Settings
from app.sparql.trial import endpoint
from bench.hostile_set import build_store

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
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        build_store(store)
        with endpoint(store, Settings(), Limits(sparql_seconds=3)) as target:
            fuzz(target.url, 50, chosen.seed + 1)
            files, workers = process.num_fds(), len(process.children(recursive=True))
            started = time.perf_counter()
            counts = fuzz(target.url, chosen.rounds, chosen.seed)
            seconds = time.perf_counter() - started
            time.sleep(1)
            print(f"{chosen.rounds} requests in {seconds:.0f} s; statuses {dict(sorted(counts.items()))}")
            now = len(process.children(recursive=True))
            print(f"open files {files} -> {process.num_fds()}, workers {workers} -> {now}")


if __name__ == "__main__":
    main()
