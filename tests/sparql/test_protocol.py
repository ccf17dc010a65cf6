"""The endpoint over HTTP: methods, negotiation, datasets, validators, refusals."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pyoxigraph as ox
import pytest
import zstandard
from fastapi import FastAPI

from app.http import coding_of
from app.service import Service
from app.settings import Limits, Settings
from app.sparql import mount
from tests.servers import needs_virtuoso
from tests.sparql.conftest import call, served
from tools.endpoint import Endpoint, endpoint

ITEMS = "SELECT ?s { ?s <http://example.org/kind> <http://example.org/kind/1> } ORDER BY ?s LIMIT 3"
FORM = {"content-type": "application/x-www-form-urlencoded"}
DIRECT = {"content-type": "application/sparql-query"}


@pytest.fixture(
    scope="module", params=["embedded", "oxigraph", pytest.param("virtuoso", marks=[needs_virtuoso, pytest.mark.long])]
)
def target(request: pytest.FixtureRequest, store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """On its own store, in front of an Oxigraph server, and in front of a Virtuoso server.

    Patient, because nothing here is about time, and with small bounds on the size of an answer.
    """
    limits = Limits(sparql_rows=20_000, sparql_bytes=4 * 1024 * 1024)
    with served(store, limits, request.param, tmp_path_factory.mktemp("server")) as running:
        yield running


def test_all_three_ways_answer_the_same(target: Endpoint) -> None:
    replies = [
        call(target, query=ITEMS),
        call(target, "POST", headers=FORM, body=urlencode({"query": ITEMS}).encode()),
        call(target, "POST", headers=DIRECT, body=ITEMS.encode()),
    ]
    assert [reply.status for reply in replies] == [200] * 3
    assert len({reply.body for reply in replies}) == 1
    assert len(replies[0].json["results"]["bindings"]) == 3


def test_text_arrives_as_it_was_sent(target: Endpoint) -> None:
    text = 'SELECT ("a+b%20c&d=\u00e9\u4e2d\U0001f600" AS ?x) {}'
    for reply in (
        call(target, query=text),
        call(target, "POST", headers=FORM, body=urlencode({"query": text}).encode()),
    ):
        assert reply.json["results"]["bindings"][0]["x"]["value"] == "a+b%20c&d=\u00e9\u4e2d\U0001f600"
    escaped = r'SELECT ("\\x41 \u00e9 \n\\N{DOLLAR SIGN}" AS ?x) {}'
    for body in (urlencode({"query": escaped}).encode(), b"query=" + escaped.encode()):
        reply = call(target, "POST", headers=FORM, body=body)
        assert reply.json["results"]["bindings"][0]["x"]["value"] == "\\x41 \u00e9 \n\\N{DOLLAR SIGN}"


def test_head_and_options(target: Endpoint) -> None:
    get, head = call(target, query=ITEMS), call(target, "HEAD", query=ITEMS)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["etag"] == get.headers["etag"]
    options = call(target, "OPTIONS", headers={"origin": "https://a.example", "access-control-request-method": "POST"})
    assert options.status == 204
    assert "POST" in options.headers["access-control-allow-methods"]
    assert "content-type" in options.headers["access-control-allow-headers"]


def test_other_methods(target: Endpoint) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        reply = call(target, method, query=ITEMS)
        assert reply.status == 405
        assert "GET" in reply.headers["allow"]


@pytest.mark.parametrize(
    "media_type",
    ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json", "application/trig"],
)
def test_graphs(target: Endpoint, media_type: str) -> None:
    text = "CONSTRUCT WHERE { ?s <http://example.org/kind> <http://example.org/kind/1> }"
    reply = call(target, query=text, headers={"accept": media_type})
    assert reply.headers["content-type"].split(";")[0] == media_type
    form = ox.RdfFormat.from_media_type(media_type)
    assert form is not None
    assert len(list(ox.parse(reply.body, format=form))) == 429


@pytest.mark.parametrize(
    ("media_type", "form"),
    [("application/sparql-results+json", ox.QueryResultsFormat.JSON), ("application/sparql-results+xml", ox.QueryResultsFormat.XML),
     ("text/tab-separated-values", ox.QueryResultsFormat.TSV)],
)  # fmt: skip
def test_results(target: Endpoint, media_type: str, form: ox.QueryResultsFormat) -> None:
    reply = call(target, query=ITEMS, headers={"accept": media_type})
    found = ox.parse_query_results(reply.body, format=form)
    assert isinstance(found, ox.QuerySolutions)
    assert len(list(found)) == 3


def test_not_acceptable(target: Endpoint) -> None:
    for text, accept in ((ITEMS, "text/turtle"), ("ASK {}", "text/csv"), ("DESCRIBE <a:a>", "image/png")):
        reply = call(target, query=text, headers={"accept": accept})
        assert reply.status == 406
        assert reply.json["available"]
    assert call(target, headers={"accept": "image/png"}).status == 406


def test_format_parameter_wins(target: Endpoint) -> None:
    assert call(target, query=ITEMS, headers={"accept": "text/html"}, format="csv").body.startswith(b"s\r\n")
    assert call(target, query=ITEMS, format="pdf").status == 400


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("POST", {"content-type": "text/plain"}, b"ASK {}", 415),
        ("POST", {}, b"ASK {}", 415),
        ("POST", {"content-type": "application/sparql-query; charset=utf-16"}, "ASK {}".encode("utf-16"), 415),
        ("POST", {**DIRECT, "content-encoding": "gzip"}, gzip.compress(b"ASK {}", mtime=0), 415),
        ("POST", DIRECT, b"ASK { ?s ?p '\xff' }", 400),
        ("POST", FORM, b"query=ASK%20%7B%20%3Fs%20%3Fp%20%27%FF%27%20%7D", 400),
        ("POST", FORM, b"query=ASK+%7B%zz%7D", 400),
        ("POST", FORM, b"query=ASK+%7B+%7D%2", 400),
        ("POST", FORM, b"", 400),
        ("POST", FORM, b"query=ASK{}&query=ASK{}", 400),
        ("POST", FORM, b"update=CLEAR+ALL", 403),
        ("POST", {"content-type": "application/sparql-update"}, b"CLEAR ALL", 403),
        ("POST", DIRECT, b"CLEAR ALL", 403),
        ("POST", DIRECT, b"ASK { } #" + b"x" * 70_000, 413),
        ("POST", FORM, b"a=b&" * 500, 400),
        ("POST", FORM, b"query=ASK{}&" + b"default-graph-uri=a:b&" * 101, 400),
        ("POST", FORM, b"query=ASK{}&default-graph-uri=not+an+iri", 400),
        ("POST", DIRECT, b"", 400),
    ],
)
def test_refusals(target: Endpoint, method: str, headers: dict[str, str], body: bytes, status: int) -> None:
    reply = call(target, method, headers=headers, body=body)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["access-control-allow-origin"] == "*"


def test_syntax_faults_show_the_place(target: Endpoint) -> None:
    error = call(target, query="SELECT *\nWHERE { ?s ex:p ?o }")
    assert error.status == 400
    assert (error.json["line"], error.json["offendingLine"]) == (2, "WHERE { ?s ex:p ?o }")
    assert error.json["column"] > 1


def test_datasets(target: Endpoint, request: pytest.FixtureRequest) -> None:
    def answer(text: str, **parameters: str) -> bool:
        reply = call(target, query=text, **parameters)
        assert reply.status == 200
        return bool(reply.json["boolean"])

    here, absent = "http://example.org/graph", "http://example.org/absent"
    plain, named = "ASK { ?s ?p ?o }", "ASK { GRAPH ?g { ?s ?p ?o } }"
    behind = request.node.callspec.params["target"]
    assert answer(plain)
    assert answer(named)
    assert answer(f"ASK FROM <{here}> {{ ?s ?p ?o }}")
    assert not answer(f"ASK FROM NAMED <{here}> {{ ?s ?p ?o }}")
    assert answer(f"ASK FROM NAMED <{here}> {{ GRAPH ?g {{ ?s ?p ?o }} }}")
    assert answer(plain, **{"default-graph-uri": here})
    # Virtuoso lets GRAPH range over all that it holds when a dataset names no graph for it.
    assert answer(named, **{"default-graph-uri": here}) == (behind == "virtuoso")
    assert not answer(plain, **{"named-graph-uri": here})
    assert answer(named, **{"named-graph-uri": here})
    if behind == "embedded":
        assert not answer(f"ASK FROM <{absent}> {{ ?s ?p ?o }}")
        assert not answer(plain, **{"default-graph-uri": absent})
        assert answer(f"ASK FROM <{absent}> {{ ?s ?p ?o }}", **{"default-graph-uri": here})
        return
    # A store may fetch what it does not have.
    for reply in (
        call(target, query=f"ASK FROM <{absent}> {{ ?s ?p ?o }}"),
        call(target, query=f"ASK FROM NAMED <{absent}> {{ ?s ?p ?o }}"),
        call(target, query=plain, **{"default-graph-uri": absent}),
        call(target, query=plain, **{"named-graph-uri": absent}),
    ):
        assert (reply.status, reply.json["type"].rpartition("/")[2]) == (400, "sparql-graph")


def test_validators(target: Endpoint) -> None:
    first = call(target, query=ITEMS)
    etag = first.headers["etag"]
    assert etag.startswith('"trial-')
    for tags in (etag, f'"x", W/{etag}'):
        again = call(target, query=ITEMS, headers={"if-none-match": tags})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == etag
        assert again.headers["vary"] == "Accept, Accept-Encoding"
    others = [
        call(target, query=ITEMS + " "),
        call(target, query=ITEMS, headers={"accept": "text/csv"}),
        call(target, query=ITEMS, headers={"accept-encoding": "gzip"}),
        call(target, query=ITEMS, **{"default-graph-uri": "http://example.org/graph"}),
    ]
    assert len({etag, *(reply.headers["etag"] for reply in others)}) == 5
    assert call(target, query=ITEMS).body == first.body


def test_answers_that_change_are_not_kept(target: Endpoint) -> None:
    text = "SELECT (UUID() AS ?x) {}"
    first, second = call(target, query=text), call(target, query=text)
    assert first.body != second.body
    assert "etag" not in first.headers
    assert first.headers["cache-control"] == "no-store"


def test_content_codings(target: Endpoint) -> None:
    text = "SELECT * { ?s ?p ?o } LIMIT 10000"
    plain = call(target, query=text)
    assert len(plain.body) > 1_500_000  # so that the file and not only the memory is tested
    for coding, unpack in (
        ("gzip", gzip.decompress),
        ("zstd", lambda b: zstandard.ZstdDecompressor().decompressobj().decompress(b)),
    ):
        packed = call(target, query=text, headers={"accept-encoding": coding})
        assert packed.headers["content-encoding"] == coding
        assert int(packed.headers["content-length"]) == len(packed.body) < len(plain.body) / 4
        assert unpack(packed.body) == plain.body
    assert "content-encoding" not in call(target, query=text, headers={"accept-encoding": "gzip;q=0"}).headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, zstd", "zstd"), ("gzip, zstd;q=0.5", "gzip"), ("GZIP;q=0.2", "gzip"), ("zstd;q=0.000, gzip; q=0", ""),
        ("br, identity", ""), ("gzip;q=much", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_coding_is_the_one_wanted_most(accepted: str, coding: str) -> None:
    assert coding_of(accepted) == coding


def test_an_asterisk_matches_an_answer_that_is_known(target: Endpoint) -> None:
    anything = {"if-none-match": "*"}
    text = ITEMS + " # not asked before"
    assert [call(target, query=text, headers=anything).status for _ in range(2)] == [200, 304]
    assert call(target, query="SELECT nonsense", headers=anything).status == 400


@pytest.mark.parametrize("sent", [b"", b"ASK "])
def test_a_query_that_does_not_come_to_its_end_is_not_waited_for(store: Path, sent: bytes) -> None:
    head = b"POST /sparql HTTP/1.1\r\nhost: x\r\ncontent-type: application/sparql-query\r\ncontent-length: 10\r\n\r\n"
    with (
        endpoint(store, limits=Limits(sparql_send_seconds=0.3)) as impatient,
        socket.create_connection((impatient.host, impatient.port), timeout=10) as raw,
    ):
        raw.sendall(head + sent)
        received = b"".join(iter(lambda: raw.recv(4096), b""))  # to the end: the connection is closed
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in received


@pytest.mark.parametrize(
    "accept",
    ["application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"],
)
def test_too_many_rows_are_refused_not_cut(target: Endpoint, accept: str) -> None:
    exact = "SELECT ?x { VALUES ?a { 1 2 } { SELECT ?x { ?x ?p ?o } LIMIT 10000 } }"
    assert call(target, query=exact, headers={"accept": accept}).status == 200
    reply = call(target, query=exact.replace("1 2", "1 2 3"), headers={"accept": accept})
    assert (reply.status, reply.json["limit"]) == (504, "sparql_rows")


def test_too_many_bytes_are_refused_not_cut(target: Endpoint) -> None:
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 19000"
    assert call(target, query=text, headers={"accept": "text/csv"}).status == 200
    reply = call(target, query=text)
    assert (reply.status, reply.json["limit"]) == (504, "sparql_bytes")


def test_limits_are_announced(target: Endpoint) -> None:
    announced = call(target, query="ASK {}").headers["ccsi-limits"]
    assert announced == "seconds=60, rows=20000, bytes=4194304, memory=117440512, text=65536"


def test_browser_is_sent_on(target: Endpoint) -> None:
    reply = call(target, headers={"accept": "text/html,*/*;q=0.8"})
    assert (reply.status, reply.headers["location"]) == (303, "/docs")


def test_relative_iris_start_at_the_endpoint(target: Endpoint) -> None:
    reply = call(target, query="CONSTRUCT { <a> <#b> <../c> } {}", headers={"accept": "application/n-triples"})
    root = target.url.removesuffix("sparql")
    assert reply.body.decode() == f"<{root}a> <{root}sparql#b> <{root}c> .\n"


def test_json_of_problems(target: Endpoint) -> None:
    problem = json.loads(call(target, query="ASK {").body)
    assert {"type", "title", "status", "detail", "instance", "line", "column"} <= problem.keys()


def test_mounted_before_there_is_a_release(tmp_path: Path) -> None:
    app, service = FastAPI(), Service(Settings(data_dir=tmp_path), Limits())
    gateway = mount(app, service)

    async def ask() -> httpx2.Response:
        await gateway.start()
        try:
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
                return await client.get("/sparql", params={"query": "ASK {}"})
        finally:
            await gateway.stop()

    reply = asyncio.run(ask())
    assert (reply.status_code, reply.json()["type"].rpartition("/")[2]) == (503, "not-ready")
    assert reply.headers["retry-after"] == "5"
    assert len(service.on_switch) == 1
