"""Spans as a collector receives them from the real exporter: what they say, what they never say, and a collector that is gone."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from app.settings import Limits, Settings
from tests.api.conftest import Server, running

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
QUERY = "SELECT ?secretname { ?secretname a <http://www.w3.org/2004/02/skos/core#Concept> } LIMIT 1"
SAID = {"http.request.method", "http.route", "http.response.status_code"}


class Collector:
    """An OTLP/HTTP collector: takes what comes and decodes it with the types of the protocol's own package."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.wait = threading.Event()  # while it is not set, nothing is answered
        self.wait.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.wait.wait(20)
                if self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf":
                    zipped = self.headers.get("content-encoding") == "gzip"
                    collector.bodies.append(gzip.decompress(body) if zipped else body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[Span]:
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                said = {a.key: a.value.string_value for a in resource.resource.attributes}
                assert said["service.name"] == "ccsi-esco"
                found += [span for scope in resource.scope_spans for span in scope.spans]
        return found

    def wait_for(self, count: int) -> list[Span]:
        end = time.monotonic() + 30
        while len(self.spans()) < count and time.monotonic() < end:
            time.sleep(0.05)
        return self.spans()

    def forget(self) -> None:
        """Drop what came, when no more is on its way."""
        count = -1
        while count < len(self.bodies):
            count = len(self.bodies)
            time.sleep(1)
        self.bodies.clear()


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.wait.set()
    found.server.shutdown()
    found.server.server_close()


@contextmanager
def traced(data_dir: Path, url: str, **env: str) -> Iterator[Server]:
    server = Server(data_dir, CCSI_TRACES=url, **{"OTEL_BSP_SCHEDULE_DELAY": "200", **env})
    try:
        server.wait(lambda: httpx2.get(f"{server.url}/sparql?query=ASK%7B%7D").status_code == 200)
        yield server
    finally:
        server.stop()


def by_name(spans: list[Span]) -> dict[str, Span]:
    return {span.name: span for span in spans}


def attributes(span: Span) -> dict[str, Any]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")


def test_a_query_is_seen_with_its_wait_and_its_evaluation(mini_dir: Path, collector: Collector) -> None:
    with running(mini_dir, traces=collector.url) as api:
        collector.forget()
        given = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "secretstate=1", "baggage": "secretbag=1"}
        target = f"/sparql?query={quote(QUERY)}"
        assert api.get(target, headers={**given}).status_code == 200
        spans = by_name(collector.wait_for(3))
    whole = spans["GET /sparql"]
    assert whole.trace_id.hex() == TRACE
    assert whole.parent_span_id.hex() == PARENT
    assert whole.kind == Span.SPAN_KIND_SERVER
    assert attributes(whole) == {
        "http.request.method": "GET", "http.route": "/sparql", "http.response.status_code": 200,
    }  # fmt: skip
    parts = [spans["sparql.wait"], spans["sparql.evaluate"]]
    assert all(part.parent_span_id == whole.span_id and part.trace_id == whole.trace_id for part in parts)
    assert all(not attributes(part) and not part.events for part in parts)
    assert parts[0].end_time_unix_nano <= parts[1].start_time_unix_nano < whole.end_time_unix_nano
    for secret in (b"secret", b"127.0.0.1"):
        assert not any(secret in body for body in collector.bodies)


def test_routes_status_and_faults_are_seen_and_no_text(mini_dir: Path, collector: Collector) -> None:
    with running(mini_dir, Limits(sparql_seconds=1), traces=collector.url) as api:
        collector.forget()
        api.get("/api/v1/domains/secretdomain/occupations?q=secretword")
        api.get("/secretpath")
        endless = "SELECT (COUNT(*) AS ?secret) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
        assert api.get(f"/sparql?query={quote(endless)}").status_code == 504
        assert api.get(f"/sparql?query={quote('SELECT ?secret {')}").status_code == 400
        api.get("/api/v1/health/live", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
        api.get("/api/v1/health/live", headers={"traceparent": b"00-secret-\xff-zz"})
        spans = collector.wait_for(7)
    found = [(s.name, attributes(s).get("http.response.status_code"), s.status.code) for s in spans]
    assert ("GET /api/v1/domains/{id}/occupations", 404, Status.STATUS_CODE_UNSET) in found
    assert ("GET none", 404, Status.STATUS_CODE_UNSET) in found
    assert ("GET /sparql", 504, Status.STATUS_CODE_ERROR) in found
    assert ("GET /sparql", 400, Status.STATUS_CODE_UNSET) in found
    # Who says that his trace is not recorded is believed; who says nonsense gets one of our own.
    assert [name for name, _, _ in found].count("GET /api/v1/health/live") == 1
    assert {key for span in spans for key in attributes(span)} <= SAID
    assert not any(b"secret" in body for body in collector.bodies)


def test_what_an_endpoint_is_asked_is_seen(oxigraph_starter: str, tmp_path: Path, collector: Collector) -> None:
    query = f"SELECT * {{ SERVICE <{oxigraph_starter}> {{ ?secret a ?b }} }} LIMIT 1"
    endpoints = {"sparql_endpoint": oxigraph_starter, "sparql_services": oxigraph_starter}
    with running(tmp_path, traces=collector.url, **endpoints) as api:
        collector.forget()
        text = quote("SELECT * { ?secret ?p ?o } LIMIT 1")
        assert api.get(f"/sparql?query={text}").status_code == 200
        remote = collector.wait_for(4)
        collector.forget()
        api.get(f"/sparql?query={quote(query.replace('?secret a ?b', '?secret a <http://x/none>'))}")
        service = collector.wait_for(4)
        collector.forget()
        found = api.get("/api/v1/domains/heritage/occupations?limit=1").json()
        uuid = found["items"][0]["uri"].rpartition("/")[2]
        assert api.get(f"/api/v1/occupations/{uuid}").status_code == 200
        page = collector.wait_for(3)
    for spans in (remote, service):
        outgoing = [span for span in spans if span.name == "sparql.endpoint"]
        assert outgoing
        assert all(span.kind == Span.SPAN_KIND_CLIENT and not span.attributes for span in outgoing)
        assert {span.trace_id for span in spans} == {outgoing[0].trace_id}
    names = {span.name for span in page}
    assert any(name.startswith("store api/") for name in names), names
    whole = by_name(page)["GET /api/v1/occupations/{uuid}"]
    assert any(s.parent_span_id == whole.span_id for s in page if s.name.startswith("store "))


@pytest.mark.long
def test_a_collector_that_is_gone_or_hangs_costs_nobody_anything(mini_dir: Path, collector: Collector) -> None:
    collector.wait.clear()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        gone = f"http://127.0.0.1:{probe.getsockname()[1]}/v1/traces"
    for url in (gone, collector.url):
        bounds = {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "32"}
        with traced(mini_dir, url, **bounds) as server, httpx2.Client(base_url=server.url) as client:
            times = []
            for _ in range(400):
                begun = time.monotonic()
                assert client.get("/api/v1/health/live").status_code == 200
                times.append(time.monotonic() - begun)
            assert sorted(times)[200] < 0.1
            if url == collector.url:
                collector.wait.set()  # what had waited comes, and no more than the queue and one batch held
                time.sleep(2)
                assert 32 <= len(collector.spans()) <= 64 + 32
                collector.wait.clear()
                client.get("/api/v1/health/live")
                time.sleep(0.5)
            begun = time.monotonic()
            server.stop()
            assert time.monotonic() - begun < 10
            lines = [json.loads(line) for line in server.lines().splitlines() if line.startswith("{")]
            assert len(lines) > 400  # each in the form of the log
            assert "Traceback" not in server.lines()


def test_an_address_that_is_none_is_refused() -> None:
    for wrong in ("collector:4318", "file:///x", "http://a b/"):
        with pytest.raises(ValueError, match="collector"):
            Settings(traces=wrong)
