"""An endpoint that misbehaves: never a good answer, always a problem that says so, and the service goes on."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.errors import Problem, UpstreamBusy, UpstreamFault, UpstreamTimeout
from app.settings import Limits, Settings
from app.sparql.process import Source
from app.store.remote import RemoteBackend, RemoteStore
from tests.api.conftest import running
from tests.sparql.conftest import call
from tools.endpoint import Endpoint, endpoint

ROWS = b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"uri","value":"http://x/a"}}]}}'
RESULTS = "application/sparql-results+json"
SECONDS = 1.0


def reply(body: bytes, media_type: str = RESULTS, status: str = "200 OK", headers: str = "", length: int = -1) -> bytes:
    size = len(body) if length < 0 else length
    # Said, because it is done: a connection that is taken for kept may be closed in the moment of the next request.
    head = f"HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\n{headers}connection: close\r\ncontent-length: {size}\r\n\r\n"
    return head.encode() + body


def unframed(body: bytes) -> bytes:
    """An answer that ends with the connection, so that HTTP cannot tell whether it is whole."""
    return f"HTTP/1.1 200 OK\r\ncontent-type: {RESULTS}\r\nconnection: close\r\n\r\n".encode() + body


def whole_request(connection: socket.socket) -> bytes:
    """Head and body, in however many pieces they come."""
    request = connection.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]) and (piece := connection.recv(65536)):
        request, body = request + piece, body + piece
    return request


@contextmanager
def listening(one: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which every connection is handed to a function, in a thread of its own."""
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


@contextmanager
def answering(scripted: bytes, hang: bool = False, endless: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives every request these bytes and closes; `hang` keeps the connection open instead."""
    heard: list[bytes] = []
    over = threading.Event()

    def one(connection: socket.socket) -> None:
        with connection:
            heard.append(whole_request(connection))
            try:
                connection.sendall(scripted)
                while endless and not over.is_set():
                    connection.sendall(b" " * 65536)
                if hang:
                    over.wait(20)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(1)
                while connection.recv(65536):
                    pass
            except OSError:
                return

    with listening(one) as port:
        try:
            yield f"http://127.0.0.1:{port}/query", heard
        finally:
            over.set()


@contextmanager
def gateway(url: str, **limits: float) -> Iterator[Endpoint]:
    bounds = Limits(**{"sparql_bytes": 100_000, **limits})
    with endpoint(
        Source(None, "trial", ("http://x/g",)), Settings(sparql_endpoint=url, sparql_workers=2), bounds
    ) as made:
        yield made


BAD = {
    "truncated JSON, length fits": (reply(ROWS[:-2]), 502, UpstreamFault),
    "truncated in a row": (reply(ROWS[:60]), 502, UpstreamFault),
    "truncated, ends with the connection": (unframed(ROWS[:-2]), 502, UpstreamFault),
    "shorter than announced": (reply(ROWS[:-2], length=len(ROWS)), 502, UpstreamFault),
    "closed at once": (b"", 502, UpstreamFault),
    "closed in the head": (b"HTTP/1.1 200 OK\r\ncontent-ty", 502, UpstreamFault),
    "no HTTP": (b"\x00\xff" * 500, 502, UpstreamFault),
    "garbage that calls itself JSON": (reply(b"\xff\xfe{{{{"), 502, UpstreamFault),
    "deep JSON": (reply(b"[" * 50_000), 502, UpstreamFault),
    "another kind of answer": (reply(b'{"head":{},"boolean":true}'), 502, UpstreamFault),
    "a web page": (reply(b"<html>", "text/html"), 502, UpstreamFault),
    "empty": (reply(b""), 502, UpstreamFault),
    "redirect": (reply(b"", status="302 Found", headers="location: http://127.0.0.1:1/\r\n"), 502, UpstreamFault),
    "internal error": (reply(b"secret trace", "text/plain", "500 Oops"), 502, UpstreamFault),
    "not found": (reply(b"", "text/plain", "404 Not Found"), 502, UpstreamFault),
    "busy": (reply(b"", "text/plain", "503 Busy", "retry-after: 7\r\n"), 503, UpstreamBusy),
    "too many": (reply(b"", "text/plain", "429 Slow", "retry-after: soon\r\n"), 503, UpstreamBusy),
    "gave up": (reply(b"", "text/plain", "504 Late"), 504, UpstreamTimeout),
    "partial, as Virtuoso says it": (reply(ROWS, headers="X-SQL-State: S1TAT\r\n"), 504, UpstreamTimeout),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_foreign_query_gets_a_problem(name: str) -> None:
    scripted, status, kind = BAD[name]
    with answering(scripted) as (url, heard), gateway(url) as target:
        found = call(target, query="SELECT ?s { ?s ?p ?o }")
        assert (found.status, found.json["type"].rpartition("/")[2]) == (status, kind.slug)
        assert b"secret" not in found.body
        if status == 503:
            assert found.headers["retry-after"] in ("7", "5")
        assert heard


@pytest.mark.parametrize("name", BAD)
def test_an_own_query_gets_a_problem(name: str) -> None:
    scripted, _, kind = BAD[name]
    with answering(scripted) as (url, _), closing(RemoteStore(url, 5)) as store, pytest.raises(kind):
        store.select("api/labels")


def test_the_same_server_is_believed_when_it_answers_well() -> None:
    with answering(unframed(ROWS)) as (url, heard), gateway(url) as target:
        found = call(target, query="SELECT ?s { ?s ?p ?o }", headers={"accept": "text/csv"})
        assert (found.status, found.body) == (200, b"s\r\nhttp://x/a\r\n")
        assert b"default-graph-uri=http%3A%2F%2Fx%2Fg&named-graph-uri=http%3A%2F%2Fx%2Fg" in heard[0]


@pytest.mark.parametrize("head", [b"", reply(b"", length=10_000_000)], ids=["before the head", "in the body"])
def test_an_endpoint_that_hangs_is_left_at_the_deadline(head: bytes) -> None:
    with answering(head, hang=True) as (url, _), gateway(url, sparql_seconds=SECONDS) as target:
        started = time.monotonic()
        found = call(target, query="SELECT ?s { ?s ?p ?o }")
        assert (found.status, found.json["limit"]) == (504, "sparql_seconds")
        assert time.monotonic() - started < SECONDS + 10  # the start of a worker included
        with closing(RemoteStore(url, 0.5)) as store, pytest.raises(UpstreamTimeout):
            store.select("api/labels")


def test_an_endless_answer_is_left_at_the_limit_of_bytes() -> None:
    with answering(reply(ROWS[:-1], length=1 << 40), endless=True) as (url, _), gateway(url) as target:
        found = call(target, query="SELECT ?s { ?s ?p ?o }")
        assert (found.status, found.json["limit"]) == (504, "sparql_bytes")


@pytest.mark.parametrize(
    ("text", "status", "slug"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 403, "sparql-federation"),
        ("LOAD <http://127.0.0.1:1/>", 403, "sparql-update"),
        ("INSERT DATA { <a:b> <a:b> <a:b> }", 403, "sparql-update"),
        ("DEFINE get:soft 'replace' SELECT * { ?s ?p ?o }", 400, "sparql-syntax"),
        ("SELECT * { ?s ?p ?o", 400, "sparql-syntax"),
        ("SELECT * { ?s ?p ?o FILTER(" + "(" * 5000 + "1" + ")" * 5000 + ") }", 400, "sparql-too-complex"),
    ],
)
def test_what_is_no_permitted_query_never_leaves(text: str, status: int, slug: str) -> None:
    with answering(unframed(ROWS)) as (url, heard), gateway(url) as target:
        found = call(target, query=text)
        assert (found.status, found.json["type"].rpartition("/")[2]) == (status, slug)
        assert heard == []


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/query"
    with gateway(url) as target:
        assert call(target, query="ASK {}").status == 502
    with closing(RemoteBackend(Settings(sparql_endpoint=url))) as backend, pytest.raises(UpstreamFault):
        backend.current()


def test_the_service_waits_for_an_endpoint_that_is_down_and_says_so(tmp_path: Path) -> None:
    with answering(reply(b"", "text/plain", "503 Busy")) as (url, _), running(tmp_path, sparql_endpoint=url) as api:
        health = api.get("health/ready")
        assert (health.status_code, health.json()["type"].rpartition("/")[2]) == (503, "upstream-busy")
        assert api.get("domains").status_code == 503
        assert api.get("health/live").status_code == 200


@pytest.mark.parametrize("record", ["{}", "[]", "nonsense", '{"manifest": {"id": "../../x"}, "graphs": []}'])
def test_a_record_that_cannot_be_used_is_refused(record: str, tmp_path: Path) -> None:
    row = {
        "dataset": {"type": "uri", "value": "http://x/d"}, "hash": {"type": "literal", "value": "0" * 64},
        "record": {"type": "literal", "value": record},
    }  # fmt: skip
    body = json.dumps({"head": {"vars": ["dataset", "hash", "record"]}, "results": {"bindings": [row]}}).encode()
    with answering(reply(body)) as (url, _), running(tmp_path, sparql_endpoint=url) as api:
        assert api.get("health/ready").status_code == 503
        assert api.get("domains").status_code == 503


def test_a_service_whose_endpoint_goes_away_says_so_and_recovers(oxigraph_starter: str, tmp_path: Path) -> None:
    target = oxigraph_starter.removeprefix("http://").removesuffix("/query").split(":")
    with relay(target[0], int(target[1])) as (port, through):
        settings = {"sparql_endpoint": f"http://127.0.0.1:{port}/query", "switch_interval": 0.1}
        with running(tmp_path, **settings) as api:
            assert api.get("health/ready").status_code == 200
            through.clear()
            wait(lambda: api.get("health/ready").status_code == 503)
            assert api.get("domains").status_code == 200  # in memory
            uuid = api.json("domains/gaming/occupations")["items"][0]["uri"].rpartition("/")[2]
            assert api.get(f"occupations/{uuid}").status_code in (502, 504)  # its words are not
            through.set()
            wait(lambda: api.get("health/ready").status_code == 200)
            assert api.get(f"occupations/{uuid}").status_code == 200


def wait(reached: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def relay(host: str, port: int) -> Iterator[tuple[int, threading.Event]]:
    """A port that passes one request per connection on, while the event is set; else it closes."""
    through = threading.Event()
    through.set()

    def one(connection: socket.socket) -> None:
        with connection:
            request = connection.recv(1 << 20)
            if not through.is_set() or not request:
                return
            head, _, body = request.partition(b"\r\n\r\n")
            length = next(int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length"))
            while len(body) < length:
                body += connection.recv(1 << 20)
            upstream = http.client.HTTPConnection(host, port, timeout=30)
            headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])
            upstream.request("POST", "/query", body, headers)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            connection.sendall(reply(content, answer.headers["content-type"], headers="connection: close\r\n"))

    with listening(one) as here:
        yield here, through


def test_problems_are_in_the_tree() -> None:
    assert {UpstreamFault.status, UpstreamBusy.status, UpstreamTimeout.status} == {502, 503, 504}
    assert all(issubclass(kind, Problem) for kind in (UpstreamFault, UpstreamBusy, UpstreamTimeout))


RDF_XML = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
NESTED = b"".join(b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"lol") for n in range(12))
COSTLY = {
    "nested entities": b"<!DOCTYPE r [" + NESTED + b"]>" + RDF_XML + b'<rdf:Description><e:p>&a11;</e:p></rdf:Description></rdf:RDF>',
    "deep elements": RDF_XML + b"<rdf:Description><e:p>" * 10_000,
    "a character that is none": RDF_XML + b"<rdf:Description><e:p>\x01</e:p></rdf:Description></rdf:RDF>",
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
def test_rdf_xml_that_costs_more_than_it_has(name: str) -> None:
    with answering(reply(COSTLY[name], "application/rdf+xml")) as (url, _), gateway(url) as target:
        started = time.monotonic()
        got = call(target, query="CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", format="ttl")
        assert (got.status, got.json["type"].rpartition("/")[2]) == (502, "upstream-fault")
        assert time.monotonic() - started < 5
        assert not target.gateway.pool.restarts
