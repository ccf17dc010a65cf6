"""What /metrics says is what happened; and asking for it, however rudely, hurts nobody."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import psutil
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from app.http import Finished
from app.main import create_app
from app.settings import Limits, Settings
from app.telemetry.counts import UNMATCHED, Requests, Routes
from app.telemetry.exposition import exported, received, text
from app.telemetry.seconds import BOUNDS, Seconds
from loaders.build import load
from loaders.request import LoadRequest
from releases.release import Release, Releases
from tests.api.conftest import running
from tests.metrics.conftest import Watched, parsed, watched
from tests.servers import oxigraph

LIST = "/api/v1/domains/heritage/occupations"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def test_requests_are_counted_under_the_template_of_their_route(service: Watched) -> None:
    answers = [service.get(LIST, accept_encoding="identity") for _ in range(3)]
    service.get("/api/v1/occupations/none")
    service.get("/api/v1/occupations/7556c748-15b4-4e44-97d9-00d885d4cd7d?nonsense=1")
    service.get("/not/here")
    httpx2.head(service.server.url + LIST)
    httpx2.request("PATCH", service.server.url + LIST)
    route = "/api/v1/domains/{id}/occupations"
    of_list = {"method": "GET", "route": route, "status": "200"}
    assert service.grown("ccsi_http_requests_total", **of_list) == 3
    assert service.grown("ccsi_http_requests_total", **{**of_list, "method": "HEAD"}) == 1
    assert service.grown("ccsi_http_requests_total", method="other", status="405") == 1
    assert service.grown("ccsi_http_requests_total", route="none", status="404") == 1
    assert service.grown("ccsi_http_requests_total", route="/api/v1/occupations/{uuid}", status="422") == 2
    assert service.grown("ccsi_http_request_duration_seconds_count", route=route, answer="kept") >= 2
    refused = httpx2.request("PATCH", service.server.url + LIST)
    sizes = sum(len(answer.content) for answer in answers) + 2 * len(refused.content)
    assert service.grown("ccsi_http_response_bytes_total", route=route) == sizes
    assert service.grown("ccsi_refusals_total", reason="not-found") == 1
    assert service.grown("ccsi_refusals_total", reason="unknown-parameter") == 1
    assert service.grown("ccsi_answer_cache_hits_total", cache="api") >= 2
    assert service.value("ccsi_answer_cache_bytes", cache="api") > len(answers[0].content)
    assert service.grown("ccsi_faults_total") == 0


def test_queries_their_waits_and_their_workers_are_told(service: Watched) -> None:
    service.server.wait(lambda: service.value("ccsi_sparql_workers") == 2)
    for _ in range(3):
        assert service.get("/sparql?query=ASK%7B%7D").json()["boolean"] is True
    assert service.get("/sparql?query=ASK%7B").status_code == 400
    begun = time.monotonic()
    assert service.get(f"/sparql?query={ENDLESS}").status_code == 504
    taken = time.monotonic() - begun
    assert service.grown("ccsi_answer_cache_hits_total", cache="sparql") == 2
    assert service.grown("ccsi_sparql_stopped_total", reason="time") == 1
    assert service.grown("ccsi_sparql_stopped_total", reason="engine") == 0
    assert service.grown("ccsi_refusals_total", reason="sparql-stopped") == 1
    assert service.grown("ccsi_refusals_total", reason="sparql-syntax") == 1
    assert service.grown("ccsi_http_requests_total", route="/sparql") == 5
    assert 1 <= service.grown("ccsi_sparql_evaluation_seconds_sum") <= taken + 1
    evaluated = service.grown("ccsi_sparql_evaluation_seconds_count")
    assert evaluated == service.grown("ccsi_sparql_wait_seconds_count") == 3  # the kept two were not
    restarts = service.grown("ccsi_sparql_worker_restarts_total")
    assert restarts == 1
    children = psutil.Process(service.server.process.pid).children()
    worker = next(child for child in children if "app.sparql.worker" in child.cmdline())
    os.kill(worker.pid, signal.SIGKILL)
    service.server.wait(lambda: service.grown("ccsi_sparql_worker_restarts_total") == 2)
    service.server.wait(lambda: service.value("ccsi_sparql_workers") == 2)


def test_the_process_and_its_children_are_told(service: Watched) -> None:
    found = psutil.Process(service.server.process.pid)
    memory = sum(p.memory_full_info().pss for p in (found, *found.children(recursive=True)))
    assert service.value("ccsi_memory_pss_bytes") == pytest.approx(memory, rel=0.1)
    assert service.value("process_open_fds") >= 10
    time.sleep(0.6)
    assert service.grown("ccsi_event_loop_lag_seconds_count") >= 2
    with socket.create_connection(("127.0.0.1", service.server.port)) as silent:
        service.server.wait(lambda: service.value("ccsi_http_connections") == 1)
        silent.send(b"GET / HT")
    service.server.wait(lambda: service.value("ccsi_http_connections") == 0)


def test_both_formats_are_sound(service: Watched) -> None:
    service.get(LIST)
    answer = httpx2.get(service.metrics_url, headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = {family.name: family for family in openmetrics(answer.text)}
    assert families["ccsi_http_requests"].type == "counter"
    assert families["ccsi_http_request_duration_seconds"].type == "histogram"
    for accept in ("application/openmetrics-text; version=what", "text/plain; version=1.x", "", "*/*"):
        plain = httpx2.get(service.metrics_url, headers={"accept": accept})
        assert plain.status_code == 200
        assert plain.headers["content-type"].startswith("text/plain; version=")
        assert parsed(plain.text)
    assert httpx2.get(service.metrics_url + "/x").status_code == 404
    assert httpx2.post(service.metrics_url).status_code == 405


def test_what_strangers_ask_for_makes_no_series(mini_dir: Path) -> None:
    with running(mini_dir, metrics_public=True) as api:
        for path in ("/x", "/api/v1/occupations/x", "/id/y", "/dumps/z", "/docs/a"):
            api.get(path)
        before = len(parsed(api.get("/metrics").text))
        for n in range(300):
            for path in (f"/x{n}", f"/api/v1/occupations/x{n}", f"/id/y{n}/{n}", f"/dumps/z{n}", f"/docs/a\n{n}"):
                api.get(path.replace("\n", "%0A"))
        assert len(parsed(api.get("/metrics").text)) <= before + 25  # that of /metrics itself came


def test_paths_are_remembered_within_bounds() -> None:
    app = create_app(Settings(), Limits())
    routes = Routes.of(app)
    for n in range(10_000):
        assert routes.name(f"/api/v1/occupations/{n}") == "/api/v1/occupations/{uuid}"
    assert routes.name("/" + "x" * 8000) == UNMATCHED
    assert routes.name("/sparql/") == "/sparql"
    assert len(routes._known) <= 4096
    assert max(map(len, routes._known)) <= 200


def test_buckets_hold_what_is_not_longer() -> None:
    seconds = Seconds()
    for value in (0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], 1000.0):
        seconds.add(value)
    assert (seconds.counts[0], seconds.counts[1], seconds.counts[-2], seconds.counts[-1]) == (2, 1, 1, 1)
    requests = Requests(Routes([]))
    for method in ("BREW", "HACK"):
        requests.finished(Finished(method, "/", "", 200, 0.1, 5, cached=False, client="", request_id=""))
    assert [key[0] for key in requests.rows] == ["other"]


def test_off_nothing_is_served_counted_or_imported(mini_dir: Path) -> None:
    with running(mini_dir) as api:
        assert api.get("/metrics").status_code == 404
        assert api.app.state.observer.metrics is None
        assert len(api.app.state.front.on_finished) == 1  # the log
    script = (
        "import sys\nfrom app.main import create_app\ncreate_app()\n"
        "print([m for m in sys.modules if m.startswith(('prometheus_client', 'opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_port_in_use_is_told_before_serving(mini_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {**os.environ, "CCSI_METRICS_PORT": str(port), "CCSI_DATA_DIR": str(mini_dir)}
        command = [sys.executable, "-m", "app.cli", "serve", "--port", "0" + str(port + 1)]
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert ended.returncode != 0
    assert "CCSI_METRICS_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_rude_readers_lose_their_place_and_the_service_goes_on(mini_dir: Path) -> None:
    with watched(mini_dir, "import app.metrics.server as s; s.SECONDS = 1.0") as service:
        rude = []
        for n in range(60):
            connection = socket.create_connection(("127.0.0.1", service.port))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(
                [b"", b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", b"GET /met", b"\xff\x00" * 500][n % 4]
            )
            rude.append(connection)
        held = psutil.Process(service.server.process.pid).net_connections()
        assert len([c for c in held if c.laddr.port == service.port and c.status == "ESTABLISHED"]) <= 17
        for _ in range(20):
            begun = time.monotonic()
            assert service.get(LIST).status_code == 200
            assert time.monotonic() - begun < 5
        service.server.wait(lambda: service.value("ccsi_ready") == 1, 10)
        for connection in rude:
            connection.close()


@pytest.mark.long
def test_a_switch_and_a_refused_release_are_told(mini_dir: Path, fixtures: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(mini_dir, data, symlinks=True)
    with watched(data) as service:
        first = Releases(data).current()
        assert first is not None
        assert service.value("ccsi_release_info", release=first.id, esco_version=first.manifest["escoVersion"]) == 1
        assert 0 <= service.value("ccsi_release_age_seconds") < 3600
        assert service.value("ccsi_release_switches_total") == 1
        service.get("/sparql?query=ASK%7B%7D")
        service.get("/sparql?query=ASK%7B%7D")
        service.get("/api/v1/domains")
        service.get("/api/v1/domains")
        hits = {cache: service.value("ccsi_answer_cache_hits_total", cache=cache) for cache in ("api", "sparql")}
        assert min(hits.values()) >= 1

        def made(version: str, publish: bool = True) -> str:
            request = LoadRequest(
                [fixtures / "csv-v1.2.0"], data, version, curation=fixtures / "no-curation.ttl", partial=True, publish=publish
            )  # fmt: skip
            return load(request).id

        second = made("1.2.1")
        service.server.wait(lambda: service.value("ccsi_release_info", release=second) == 1)
        assert service.value("ccsi_release_switches_total") == 2
        for cache, count in hits.items():  # counters do not go back with the release
            assert service.value("ccsi_answer_cache_hits_total", cache=cache) >= count
        third = Releases(data).get(made("1.2.2", publish=False))
        for file in third.store.iterdir():
            file.write_bytes(b"damaged")
        Releases(data).publish(third)
        service.server.wait(lambda: service.value("ccsi_release_refusals_total") == 1)
        assert time.time() - service.value("ccsi_release_last_refusal_timestamp_seconds") < 60
        assert service.value("ccsi_release_info", release=second) == 1


def test_a_store_elsewhere_is_told_up_and_down(starter: Release, tmp_path: Path) -> None:
    def value(name: str) -> float:
        return parsed(api.get("/metrics").text)[name, frozenset({"worker": "0"}.items())]

    with oxigraph(starter.store) as url:
        started = running(tmp_path, sparql_endpoint=f"{url}/query", metrics_public=True, switch_interval=0.2)
        api = started.__enter__()
        assert value("ccsi_ready") == value("ccsi_store_up") == 1
    end = time.monotonic() + 30
    while value("ccsi_store_up") and time.monotonic() < end:
        time.sleep(0.1)
    assert value("ccsi_ready") == value("ccsi_store_up") == 0
    started.__exit__(None, None, None)


def test_the_figures_of_several_processes_stand_side_by_side(mini_dir: Path) -> None:
    bodies = {}
    for worker, count in (("a", 2), ("b", 5)):
        with running(mini_dir, metrics_public=True) as api:
            for _ in range(count):
                api.get(LIST)
            bodies[worker] = exported(api.run(api.app.state.observer.metrics.gather()))
    merged = parsed(text({worker: received(body) for worker, body in bodies.items()})[0].decode())
    labels = {"method": "GET", "route": "/api/v1/domains/{id}/occupations", "status": "200"}
    for worker, count in (("a", 2), ("b", 5)):
        alone = parsed(text({worker: received(bodies[worker])})[0].decode())
        assert merged["ccsi_http_requests_total", frozenset({**labels, "worker": worker}.items())] == count
        assert alone == {key: value for key, value in merged.items() if ("worker", worker) in key[1]}
    assert all("worker" in dict(found) for _, found in merged)


@pytest.mark.parametrize(
    "body", [b"", b"{}x", b"[1]", b'[{"name": "x"}]', b'[{"name":"x","kind":"gauge","help":"","samples":[1]}]']
)
def test_figures_that_are_none_are_refused(body: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        received(body)
