"""SERVICE and endpoints that misbehave: what is sent to them, what is taken from them, and how long they are waited for."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.settings import Limits, Settings
from bench.endpoints import listener
from tests.servers import Reply
from tests.sparql.conftest import SECONDS, call
from tests.sparql.test_federation import silent
from tests.store.test_bad_upstream import BAD, ROWS, answering, reply
from tools.endpoint import Endpoint, endpoint

SLACK = 3.0


@contextmanager
def naming(store: Path, url: str, **limits: Any) -> Iterator[Endpoint]:
    with endpoint(store, Settings(sparql_services=url, sparql_workers=2), Limits(**limits)) as made:
        yield made


def query(url: str) -> str:
    return f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}"


def slug(found: Reply) -> str:
    kind: str = found.json["type"].rpartition("/")[2]
    return kind


@contextmanager
def recording() -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """A server that answers well, wants its cookie back, and keeps the whole of each request."""
    heard: list[tuple[str, dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            heard.append((self.requestline, {name.lower(): value for name, value in self.headers.items()}, body))
            self.wfile.write(reply(ROWS, headers="set-cookie: a=b\r\n"))

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/query", heard
        server.shutdown()
        thread.join()


def test_what_is_sent(store: Path) -> None:
    with recording() as (url, heard), naming(store, url) as target:
        group = "{ ?s a a:c FILTER(?s != '&update=%0d%0a\\r\\nHost: x') # &query=\r\n }"
        text = f"PREFIX a: <b/>\nSELECT ?s {{ SERVICE <{url}> {group} VALUES ?o {{ 1 }} }}"
        for _ in range(2):
            found = call(target, query=text, headers={"cookie": "c=d", "authorization": "e", "x-f": "g"})
            assert found.json["results"]["bindings"] == [{"s": {"type": "uri", "value": "http://x/a"}}]
    assert len(heard) == 2
    for line, headers, body in heard:
        assert line == "POST /query HTTP/1.1"
        assert headers.keys() == {
            "host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type",
        }  # fmt: skip
        form = parse_qs(body)
        assert list(form) == ["query"]
        here = f"http://{target.host}:{target.port}"
        written = f'{{ ?s a <{here}/b/c> FILTER ( ?s != "&update=%0d%0a\\r\\nHost: x" ) }}'
        assert form["query"] == [f"BASE <{here}/sparql> SELECT * {written}"]


@pytest.mark.parametrize("name", BAD)
def test_an_endpoint_that_misbehaves(store: Path, name: str) -> None:
    scripted, status, kind = BAD[name]
    with answering(scripted) as (url, heard), naming(store, url) as target:
        found = call(target, query=query(url))
        assert (found.status, slug(found)) == (status, kind.slug.replace("upstream", "service"))
        assert f"<{url}>" in found.json["detail"]
        assert b"secret" not in found.body
        assert len(heard) == 1
        assert call(target, query=silent(query(url))).json["results"]["bindings"] == [{}]


def test_a_redirect_is_not_followed(store: Path) -> None:
    with listener() as (port, heard):
        to = f"location: http://127.0.0.1:{port}/query\r\n"
        for status in ("301 M", "302 F", "303 S", "307 T", "308 P"):
            with answering(reply(b"", status=status, headers=to)) as (url, _), naming(store, url) as target:
                assert call(target, query=query(url)).status == 502
        assert heard == []


@pytest.mark.parametrize("head", [b"", reply(b"", length=10_000_000)], ids=["before the head", "in the body"])
def test_an_endpoint_that_hangs(store: Path, head: bytes) -> None:
    with answering(head, hang=True) as (url, _), naming(store, url, sparql_seconds=SECONDS) as target:
        started = time.monotonic()
        found = call(target, query=query(url))
        assert (found.status, found.json["limit"]) == (504, "sparql_seconds")
        assert call(target, query=silent(query(url))).status == 200
        assert time.monotonic() - started < 2 * SECONDS + SLACK
        assert target.gateway.stats().restarts == 0, "no worker waits for it"


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_one_that_hangs_holds_no_worker(store: Path) -> None:
    with answering(b"", hang=True) as (url, heard), naming(store, url) as target:
        waiting = [http.client.HTTPConnection(target.host, target.port) for _ in range(4)]
        for connection in waiting:
            connection.request("POST", "/sparql", query(url), {"content-type": "application/sparql-query"})
        wait_for(lambda: heard)
        started = time.monotonic()
        assert call(target, query="ASK { ?s ?p ?o }").status == 200
        assert time.monotonic() - started < SLACK
        assert len(heard) == 1, "one client does not take all places"
        for connection in waiting:
            connection.close()
        wait_for(
            lambda: all(client.idle for client in target.gateway.pool.turns._clients.values())
        )  # who hangs up waits for nobody


def test_an_endless_answer(store: Path) -> None:
    body = reply(ROWS[:-1], length=1 << 40)
    with answering(body, endless=True) as (url, _), naming(store, url, sparql_bytes=100_000) as target:
        found = call(target, query=query(url))
        assert (found.status, found.json["limit"], found.json["value"]) == (504, "sparql_bytes", 100_000)
        assert call(target, query=silent(query(url))).status == 200


def results(*terms: str, variable: str = "s") -> bytes:
    found = ",".join('{"%s":%s}' % (variable, term) for term in terms)  # noqa: UP031 (braces)
    return reply(('{"head":{"vars":["%s"]},"results":{"bindings":[%s]}}' % (variable, found)).encode())  # noqa: UP031


@pytest.mark.parametrize(
    ("term", "status"),
    [
        ('{"type":"bnode","value":"b"}', 502),
        ('{"type":"uri","value":"http://x/> } #"}', 502),
        ('{"type":"literal","value":"x","xml:lang":"en } #"}', 502),
        ('{"type":"literal","value":"x","datatype":"http://x/> }"}', 502),
        ('{"type":"literal","value":"\' \\") } \\n\\r\\t\\\\ # \\u0000"}', 200),
        ('{"type":"literal","value":"VALUES () { () }"}', 200),
        ('{"type":"uri","value":"http://x/it\'s#a"}', 200),
    ],
)
def test_terms(store: Path, term: str, status: int) -> None:
    with answering(results(term)) as (url, _), naming(store, url) as target:
        found = call(target, query=query(url))
        assert found.status == status
        if status == 200:
            assert term.replace('"type":', "").encode()[1:-1] in found.body.replace(b'"type":', b"")
        elif "bnode" in term:
            assert "blank node" in found.json["detail"]


@pytest.mark.parametrize("variable", ["s} #", "", "?s", "s t"])
def test_variables(store: Path, variable: str) -> None:
    with answering(results(variable=variable)) as (url, _), naming(store, url) as target:
        assert call(target, query=query(url)).status == 502


def test_terms_are_bounded_over_all_clauses(store: Path) -> None:
    row = '{"type":"uri","value":"http://x/a"}'
    with answering(results(*[row] * 40)) as (url, _), naming(store, url, sparql_values=79) as target:
        once = query(url)
        assert len(call(target, query=once).json["results"]["bindings"]) == 40
        twice = call(target, query="SELECT * {" + f"SERVICE <{url}> {{ ?s ?p ?o }}" * 2 + "}")
        assert (twice.status, twice.json["limit"], twice.json["value"]) == (504, "sparql_values", 79)
