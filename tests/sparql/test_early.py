"""Small queries are answered before ASGI has them, and nothing about the answer tells; all else goes the gateway's own way."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import zstandard
from starlette.types import Receive, Scope, Send

from app.settings import Limits, Settings
from app.sparql import early
from app.sparql.gateway import Gateway
from app.sparql.process import Worker, _good
from tests.sparql.conftest import call
from tests.sparql.test_pool import HEAVY, LONG, hang_up, wait_for
from tools.endpoint import Endpoint, endpoint

FORM = {"content-type": "application/x-www-form-urlencoded"}
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
LABELS = f"SELECT ?s ?l {{ ?s <{LABEL}> ?l }} LIMIT 60"


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of what the gateway itself was asked."""
    seen: list[str] = []
    answer = Gateway.__call__

    async def counted(self: Gateway, scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["method"])
        await answer(self, scope, receive, send)

    monkeypatch.setattr(Gateway, "__call__", counted)
    return seen


@pytest.fixture(scope="module")
def patient(store: Path) -> Iterator[Endpoint]:
    with endpoint(store, Settings()) as running:
        wait_for(running.gateway.pool.processes)
        yield running


def get(query: str) -> bytes:
    return b"GET /sparql?query=%b HTTP/1.1\r\nhost: x\r\naccept: text/csv, text/turtle\r\n\r\n" % quote(query).encode()


def read(raw: socket.socket, number: int) -> list[tuple[int, bytes]]:
    """Status and body of so many answers."""
    found = []
    with raw.makefile("rb") as stream:
        for _ in range(number):
            status = int(stream.readline().split()[1])
            length = 0
            while line := stream.readline().strip().lower():
                name, _, value = line.partition(b": ")
                length = int(value) if name == b"content-length" else length
            found.append((status, stream.read(length)))
    return found


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("ASK {}", "application/sparql-results+json"),
        (LABELS, "application/sparql-results+json"),
        (LABELS, "application/sparql-results+xml"),
        (LABELS, "text/csv"),
        ("SELECT * { <a:none> ?p ?o }", "text/tab-separated-values"),
        ("CONSTRUCT WHERE { <http://example.org/item/7> ?p ?o }", "text/turtle"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { <a:none> ?p ?o . BIND(?o AS ?s) }", "application/n-triples"),
        ("DESCRIBE <http://example.org/item/7>", "application/ld+json"),
        ("SELECT (NOW() > '2000-01-01T00:00:00Z'^^<http://www.w3.org/2001/XMLSchema#dateTime> AS ?x) {}", "text/csv"),
    ],
)
@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_the_answer_is_that_of_the_gateway(
    patient: Endpoint, routed: list[str], query: str, accept: str, coding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "SOON", 20)  # on a machine that is busy with something else
    headers = {"accept": accept, "accept-encoding": coding}
    text = f"{query} # {coding} {accept}"  # which is in no cache
    first, again = (call(patient, query=text, headers=headers) for _ in range(2))
    assert routed == []
    other = call(patient, "POST", headers=headers | FORM, body=urlencode({"query": text}).encode())
    assert routed == ["POST"]
    assert first.status == other.status == 200
    assert first.body == again.body == other.body
    unlike = {
        "date",
        "x-request-id",
        "x-content-type-options",
    }  # of which the last two are the edge's, which is not here
    assert {k: v for k, v in first.headers.items() if k.lower() not in unlike} == {
        k: v for k, v in other.headers.items() if k.lower() not in unlike
    }
    if first.headers.get("content-encoding"):
        unpack = gzip.decompress if coding == "gzip" else zstandard.decompress
        plain = call(patient, query=text, headers={"accept": accept})
        assert unpack(first.body) == plain.body
        assert plain.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT", 400),
        ("INSERT DATA { <a:b> <a:c> <a:d> }", 403),
        ("ASK { SERVICE <http://127.0.0.1:1/> { ?a ?b ?c } }", 403),
        ("SELECT * { ?s ?p ?o } LIMIT 3000 # more than is sent in one piece", 200),
        ("ASK {} #" + "x" * 5000, 200),
        ("SELECT (SUM(?n / 0) AS ?x) { VALUES ?n { 1 } }", 200),
    ],
)
def test_what_is_no_small_query_is_the_gateway_s(patient: Endpoint, routed: list[str], query: str, status: int) -> None:
    before = sum(patient.gateway.stats().refused.values())
    asked = call(patient, query=query)
    other = call(patient, "POST", headers=FORM, body=urlencode({"query": query}).encode())
    assert (asked.status, other.status) == (status, status)
    assert asked.body == other.body
    assert routed.count("POST") == 1
    refused = sum(patient.gateway.stats().refused.values()) - before
    assert refused == (2 if status >= 400 else 0), "each is counted once"


def test_a_client_that_has_the_answer_is_told_so(patient: Endpoint, routed: list[str]) -> None:
    etag = call(patient, query=LABELS).headers["etag"]
    assert call(patient, query=LABELS, headers={"if-none-match": etag}).status == 304
    assert routed == ["GET"]


def test_a_query_that_takes_its_time_is_begun_once(patient: Endpoint, routed: list[str]) -> None:
    before = patient.gateway.pool.turns.evaluated.copy()
    reply = call(patient, query=LONG)
    assert (reply.status, len(reply.json["results"]["bindings"])) == (200, 1)
    assert routed == ["GET"]
    after = patient.gateway.pool.turns.evaluated
    assert sum(after.counts) - sum(before.counts) == 1
    assert patient.gateway.stats().restarts == 0


def test_answers_come_in_the_order_of_the_requests(patient: Endpoint, routed: list[str]) -> None:
    long, short = get(LONG + " # in order"), get("SELECT (1 AS ?n) {}")
    for pieces in ([long + short + short], [long, short, short], [long, short[:30], short[30:] + short]):
        with socket.create_connection((patient.host, patient.port), timeout=60) as raw:
            for piece in pieces:
                raw.sendall(piece)
                time.sleep(0.01)  # in a piece of its own, while the first is under way
            bodies = [body for _, body in read(raw, 3)]
        assert bodies[0] != bodies[1] == bodies[2] == b"n\r\n1\r\n"
    assert "GET" in routed


def test_what_comes_meanwhile_is_bounded(patient: Endpoint) -> None:
    """Of a client that goes on sending while its first request is under way."""
    with socket.create_connection((patient.host, patient.port), timeout=60) as raw:
        raw.sendall(get(LONG + " # meanwhile"))
        time.sleep(0.01)
        raw.sendall(get("SELECT (1 AS ?n) {} # " + "x" * 6000) * 20)  # more than a head may have
        assert [status for status, _ in read(raw, 21)] == [200] * 21


def test_a_client_that_leaves_ends_its_query(store: Path) -> None:
    with endpoint(store, Settings(sparql_workers=1)) as target:
        for seconds in (0.0, 0.01, 0.3):  # before anybody looks, and after
            wait_for(target.gateway.pool.processes)
            before = target.gateway.pool.processes()
            hang_up(target, HEAVY, seconds)
            wait_for(lambda before=before: target.gateway.pool.processes() not in ([], before))  # type: ignore[misc]
            assert call(target, query="ASK { ?s ?p ?o }").json["boolean"] is True
        assert target.gateway.stats().running == 0


def test_a_worker_that_dies_at_once_is_told_of_and_replaced(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Worker.send

    def dying(self: Worker, request: dict[str, object]) -> None:
        if request["query"] == "ASK { <a:b> <a:c> 7 }":
            os.kill(self.process.pid, signal.SIGABRT)
        send(self, request)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "send", dying)
    with endpoint(store, Settings(sparql_workers=1)) as target:
        wait_for(target.gateway.pool.processes)
        reply = call(target, query="ASK { <a:b> <a:c> 7 }")
        assert (reply.status, reply.json["limit"]) == (504, "engine")
        assert call(target, query="ASK {}").status == 200


def test_a_client_has_no_more_under_way_than_its_share(store: Path) -> None:
    limits = Limits(sparql_seconds=1, sparql_per_client=1, sparql_wait=0.2)
    with endpoint(store, Settings(sparql_workers=3), limits) as target, ThreadPoolExecutor(3) as clients:
        wait_for(lambda: len(target.gateway.pool.processes()) == 3)
        replies = [*clients.map(lambda n: call(target, query=f"{HEAVY} # {n}"), range(3))]
        assert sorted(reply.status for reply in replies) == [429, 429, 504]
        assert call(target, query="ASK {}").status == 200
        wait_for(lambda: all(client.idle for client in target.gateway.pool.turns._clients.values()))


def test_a_query_that_nobody_takes_over_holds_no_worker(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong between the connection and the gateway."""

    async def broken(*_: object) -> None:
        raise RuntimeError

    with endpoint(store, Settings(sparql_workers=1), Limits(sparql_seconds=2)) as target:
        wait_for(target.gateway.pool.processes)
        with monkeypatch.context() as patched:
            patched.setattr(Gateway, "__call__", broken)
            assert call(target, query=HEAVY).status == 500
        assert call(target, query="ASK {}").status == 200
        assert target.gateway.stats().restarts == 1


def test_the_last_answer_says_that_the_connection_ends(store: Path) -> None:
    with endpoint(store, Settings()) as target:
        wait_for(target.gateway.pool.processes)
        raw = socket.create_connection((target.host, target.port), timeout=20)
        raw.sendall(get("ASK {} # first").replace(b"text/csv, text/turtle", b"*/*"))
        assert read(raw, 1)[0][0] == 200
    with raw:
        assert raw.recv(100) == b"", "an idle connection ends with the service"


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"7", b"{", b'{"kind":"query"}', b'{"kind":[]}', b'{"kind":"graph","error":"rows"}', b"\xff"]
)
def test_an_end_that_says_nothing_good_is_none(said: bytes) -> None:
    assert _good(said) is None
    assert _good(b'{"kind":"graph","format":"nt"}') == "graph"
