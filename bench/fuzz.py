"""Mutated queries and requests against our endpoint: no fault of the server, no hang, nothing left behind.

python -m bench.fuzz [--rounds 10000] [--seed 0]
"""

from __future__ import annotations

import argparse
import http.client
import random
import re
import socket
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil

from app.settings import Limits, Settings
from bench.hostile_set import build_store
from tools.endpoint import endpoint

_SEEDS = [
    "SELECT * { ?s ?p ?o } LIMIT 10",
    'PREFIX ex: <http://example.org/> SELECT ?s (COUNT(*) AS ?n) { ?s ex:next/ex:kind ?k FILTER(?k != "a\\"b") } GROUP BY ?s LIMIT 3',
    "CONSTRUCT { ?s <a:b> [] } { GRAPH ?g { ?s ?p ?o } FILTER NOT EXISTS { ?o ?p ?s } } LIMIT 5",
    "DESCRIBE <http://example.org/item/1>",
    "SELECT ?s ?kind { ?s <http://example.org/next>+ <http://example.org/item/3> ; <http://example.org/kind> ?kind } ORDER BY ?s LIMIT 5",
    "ASK FROM <http://example.org/graph> { VALUES (?a ?b) { (1 UNDEF) ('x'@en 2.5e3) } OPTIONAL { ?s ?p ?a } }",
]
_PIECES = [
    "{", "}", "(", ")", "[", "]", "<", ">", "<<", ">>", '"', "'", '"""', "'''", "\\", "\\u0041", "\\U0001F600", "#", "\n", "?", "$x",
    "!", "||", "&&", "/", "|", "^", "*", "+", "@en", "^^", ":", "_:b", "UNION", "SERVICE", "FROM", "VALUES", "EXISTS", "BASE", "PREFIX",
    "\x00", "é", "\U0010ffff", "SELECT", "ASK", ";", ".", ",", "1e400", "999999999999999999999", "LIMIT", "BIND", "AS", "LATERAL",
]  # fmt: skip
# Whole parts of a group pattern.
_WHOLE = [
    "?s ?p ?o . ", "OPTIONAL { ?s ?q ?r } ", "FILTER(?o = 1 || STRLEN(STR(?s)) > 3)", "MINUS { ?s <a:b> ?o }",
    "{ ?s ?p ?o } UNION { ?o ?p ?s }",
    "VALUES ?o { 1 'a'@en UNDEF <a:b> }", "BIND(IRI(CONCAT('http://x/', STR(?o))) AS ?n)", "GRAPH ?g { ?s ?p ?o }",
    "?s (<a:b>|!<a:b>)* ?o . ",
    "FILTER REGEX(STR(?o), '(a+)+$')", "{ SELECT ?s (COUNT(*) AS ?c) { ?s ?p ?o } GROUP BY ?s ORDER BY ?c LIMIT 3 }",
    "SERVICE <http://127.0.0.1:9/> { ?s ?p ?o }", "# comment\n", "?a ?b ?c . ?d ?e ?f . ", "FILTER EXISTS { ?o ?p ?s }",
]  # fmt: skip
_ACCEPTS = [
    "",
    *(["*/*"] * 6),
    "application/sparql-results+json, text/turtle;q=0.8",
    "application/*;q=0.4, text/*",
    "text/csv",
    "text/turtle",
    "application/sparql-results+xml;q=0.5",
    "image/png",
    "q=;,;/",
    "text/html",
    "a/b;q=x",
]


_REQUESTS = (
    "get",
    "get",
    "get",
    "direct",
    "direct",
    "direct",
    "direct",
    "form",
    "form",
    "form",
    "method",
    "type",
    "bytes",
    "half",
    "garbage",
    "gone",
)


@dataclass
class Seen:
    """What came of the requests: how often each status (0: the connection was closed), and the longest wait."""

    statuses: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0


def mutate(text: str, chance: random.Random) -> str:
    """A query with a few pieces put in, taken out, doubled or swapped; now and then as it was."""
    for _ in range(chance.choice([0, 1, 1, 1, 2, 4])):
        at, length = chance.randrange(len(text) + 1), chance.choice([0, 0, 1, 1, 5, 20])
        piece = chance.choice(
            [
                *_PIECES, *(4 * _WHOLE), "", "", " ", text[at : at + length] * 2,
                chance.choice(_PIECES) * chance.choice([2, 50, 3000]),
            ]
        )  # fmt: skip
        groups = [match.end() for match in re.finditer(r"\{ ", text)]
        if piece in _WHOLE and groups:  # at the beginning of a group, so that many a query still has a meaning
            at, length = chance.choice(groups), 0
        text = text[:at] + piece + text[at + length :]
    return text


def fuzz(url: str, rounds: int, seed: int = 0) -> Seen:
    """Send mutated requests. Raises AssertionError for a 5xx that is no published limit."""
    chance = random.Random(seed)
    target = urlsplit(url)
    host, port = target.hostname or "", target.port or 80
    seen = Seen()
    connection = http.client.HTTPConnection(host, port, timeout=60)
    for number in range(rounds):
        text = mutate(chance.choice(_SEEDS), chance)
        kind = chance.choice(_REQUESTS)
        started = time.perf_counter()
        if kind in ("half", "garbage", "gone"):
            status = _raw(host, port, kind, text, chance)
        else:
            try:
                connection.request(*_request(kind, target.path, text, chance))
                response = connection.getresponse()
                response.read()
                status = response.status
            except (ConnectionError, http.client.HTTPException):  # closed after a refusal: a new connection
                connection.close()
                status = 0
        seen.statuses[status] += 1
        seen.longest = max(seen.longest, time.perf_counter() - started)
        assert status < 500 or status == 504, f"round {number}: {status} for {text[:200]!r}"
    connection.close()
    return seen


def _request(kind: str, path: str, text: str, chance: random.Random) -> tuple[str, str, bytes, dict[str, str]]:
    """Method, path, body and headers of a request that a client's library can send."""
    encoded = text.encode("utf-8", "surrogatepass")
    accept = {
        "accept": chance.choice(_ACCEPTS),
        "accept-encoding": chance.choice(["", "gzip", "zstd;q=0.3, gzip;q=x", "*"]),
    }
    in_path = f"{path}?{urlencode({'query': text})}"
    match kind:
        case "get":
            return "GET", in_path, b"", accept
        case "method":
            return chance.choice(["PUT", "HEAD", "HEAD", "OPTIONS", "DELETE"]), in_path, b"", accept
        case "form":
            other = chance.choice(["query", "default-graph-uri", "named-graph-uri", "format", "x"])
            body = urlencode({"query": text, **({other: text[:50]} if chance.random() < 0.3 else {})}).encode()
            noise = chance.choice([b"", b"", b"&", b"&%ff=%", b"&x=%zz"])
            return "POST", path, body + noise, {**accept, "content-type": "application/x-www-form-urlencoded"}
        case "type":
            named = chance.choice(["", "text/plain", "application/sparql-update", ";;"])
            return "POST", path, encoded, {**accept, "content-type": named}
        case "bytes":
            noise = bytes(chance.randrange(256) for _ in range(chance.choice([1, 50])))
            return "POST", path, noise + encoded, {**accept, "content-type": "application/sparql-query"}
        case _:
            named = chance.choice(["application/sparql-query", "Application/SPARQL-query; charset=utf-8"])
            return "POST", path, encoded, {**accept, "content-type": named}


def _raw(host: str, port: int, kind: str, text: str, chance: random.Random) -> int:
    """A request that breaks off (half), is none (garbage), or whose client does not stay for the answer (gone)."""
    body = text.encode("utf-8", "surrogatepass")
    head = f"POST /sparql HTTP/1.1\r\nhost: x\r\ncontent-type: application/sparql-query\r\ncontent-length: {len(body)}\r\n\r\n"
    sent = head.encode() + body
    with suppress(OSError), socket.create_connection((host, port), timeout=60) as raw:
        if kind == "half":
            raw.sendall(sent[: chance.randrange(len(sent))])
        elif kind == "gone":
            raw.sendall(sent)
            time.sleep(chance.choice([0, 0, 0.001, 0.06]))
        else:
            at = chance.randrange(len(head))
            broken = sent[:at] + bytes(chance.randrange(256) for _ in range(chance.choice([1, 3, 30]))) + sent[at:]
            raw.sendall(broken + b"\r\n\r\n")
            raw.shutdown(socket.SHUT_WR)
            found = re.match(rb"HTTP/1\.1 (\d{3})", raw.recv(65536))
            return int(found[1]) if found else 0
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        build_store(store)
        with endpoint(store, Settings(), Limits(sparql_seconds=1)) as target:
            fuzz(target.url, 50, chosen.seed + 1)
            files, workers = process.num_fds(), len(process.children(recursive=True))
            started = time.perf_counter()
            seen = fuzz(target.url, chosen.rounds, chosen.seed)
            seconds = time.perf_counter() - started
            time.sleep(1)
            print(f"{chosen.rounds} requests in {seconds:.0f} s, the longest {seen.longest:.1f} s")
            print(f"statuses {dict(sorted(seen.statuses.items()))} (0: the connection was closed, by either side)")
            now = len(process.children(recursive=True))
            print(f"open files {files} -> {process.num_fds()}, workers {workers} -> {now}")


if __name__ == "__main__":
    main()
