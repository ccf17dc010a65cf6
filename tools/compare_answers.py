"""Compare what two running services answer, byte for byte: python -m tools.compare_answers BEFORE AFTER

Both serve the same data, BEFORE by an older program. What names the release (its hash, ETags) and the time of its making is
put aside. Prints each request whose answer differs; ends with 1 if there is one.
"""

from __future__ import annotations

import http.client
import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlsplit

from app.api.routing import PREFIX
from queries import FOLDER
from tools.examples import POSTED, REQUESTS

LISTS = ("occupations", "skills", "clusters", "transversal", "profiles")
SUFFIXES = ("json", "jsonld", "ttl", "csv", "md", "html", "xlsx")
RDF = ("text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples", "text/html")
RESULTS = ("application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values")
# Of a workbook, an archive of files with times of their own, only status and type are compared.
OPAQUE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TIMES = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_FIGURES = re.compile(rb'"(?:seconds|peakMemoryMiB|uptime|held|version|methodVersion)": ?"?[\w.]+"?')
_HASH = re.compile(rb"[0-9a-f]{12,64}")

Request = tuple[str, str, str, bytes]  # method, target, Accept, body


class Service:
    """A service; each request has a connection of its own, since it may wait long for the other service."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def ask(self, request: Request) -> tuple[int, str, bytes]:
        """Status, media type and body, without what differs from release to release and from place to place."""
        method, target, accept, body = request
        headers = {"accept": accept} | ({"content-type": "application/json"} if body else {})
        status, media_type, content = self._answer(method, target, body or None, headers)
        if media_type == OPAQUE:
            content = b""
        for pattern in (_TIMES, _FIGURES, _HASH):
            content = pattern.sub(b"-", content)
        return status, media_type, content.replace(self._host.encode(), b"host")

    def json(self, target: str) -> Any:
        """The answer as JSON."""
        return json.loads(self._answer("GET", target, None, {})[2])

    def _answer(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str, bytes]:
        with closing(http.client.HTTPConnection(self._host, timeout=60)) as connection:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return response.status, response.headers.get("content-type", ""), response.read()


def requests(service: Service) -> Iterator[Request]:
    """Some hundreds of requests of every kind, from what the older service holds."""
    for target in REQUESTS.values():
        yield "GET", PREFIX + target, "*/*", b""
    for target, body in POSTED.values():
        yield "POST", PREFIX + target, "*/*", json.dumps(body).encode()
    domains = [d["id"] for d in service.json(f"{PREFIX}/domains")["items"]]
    for domain in domains:
        for what in LISTS:
            yield "GET", f"{PREFIX}/domains/{domain}/{what}?limit=50", "*/*", b""
        yield "GET", f"{PREFIX}/domains/{domain}/skills?limit=20&format=csv", "*/*", b""
        yield "GET", f"{PREFIX}/domains/{domain}/occupations?language=fr", "*/*", b""
        yield "GET", f"{PREFIX}/domains/{domain}/transversal.svg", "*/*", b""
    for profile in [p["id"] for p in service.json(f"{PREFIX}/profiles?limit=6")["items"]]:
        for suffix in SUFFIXES:
            yield "GET", f"{PREFIX}/profiles/{profile}.{suffix}", "*/*", b""
    members = service.json(f"{PREFIX}/domains/heritage/occupations?limit=12")["items"]
    things = [item["uri"] for item in members] + [f"https://w3id.org/ccsi/id/domain/{d}" for d in domains[:4]]
    for iri in things:
        for accept in RDF:
            path = urlsplit(iri).path.removeprefix("/ccsi")
            target = path if "w3id.org" in iri else f"/resource?uri={quote(iri, safe='')}"
            yield "GET", target, accept, b""
    for query in sorted((FOLDER / "stories").glob("*.rq")):
        for accept in RESULTS:
            yield "GET", f"/sparql?query={quote(query.read_text(encoding='utf-8'), safe='')}", accept, b""
    for target in ("/ns", "/", "/query", "/docs", "/openapi.json", "/.well-known/void", "/context.jsonld", "/nowhere"):
        for accept in ("*/*", "text/html", "text/turtle"):
            yield "GET", target, accept, b""


def main(before: str, after: str) -> None:
    """Ask both, print what differs."""
    old, new = Service(before), Service(after)
    asked = list(requests(old))
    differing = 0
    for request in asked:
        first, second = old.ask(request), new.ask(request)
        if first != second:
            differing += 1
            at = next((n for n, (a, b) in enumerate(zip(first[2], second[2], strict=False)) if a != b), 0)
            sys.stdout.write(f"{request[0]} {request[1][:110]} {request[2]}: {first[:2]} {second[:2]}\n")
            sys.stdout.write(
                f"  before {first[2][max(0, at - 60) : at + 60]!r}\n  after  {second[2][max(0, at - 60) : at + 60]!r}\n"
            )
    sys.stdout.write(f"{len(asked)} requests, {differing} answers differ\n")
    sys.exit(differing > 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
