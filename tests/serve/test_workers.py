"""Several serving processes: one release in memory, a part of the connections each, and the answers of one process."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from app.serve.template import shares
from app.settings import Limits, Settings
from releases.release import Release, Releases
from tests.api.conftest import Server
from tests.serve.conftest import WORKERS, Workers


def answered_by(service: Workers) -> Counter[int]:
    """Serving process -> requests."""
    return Counter(line["worker"] for line in service.events("request"))


@pytest.fixture
def one(starter_dir: Path) -> Iterator[Server]:
    """A service of one process."""
    started = Server(starter_dir)
    yield started
    started.stop()


def test_answers_are_those_of_one_process(one: Server, starter_dir: Path, workers: Callable[..., Workers]) -> None:
    two = workers(starter_dir)
    two.settled()
    query = {"query": "SELECT (COUNT(*) AS ?n) { ?s a <http://data.europa.eu/esco/model#Occupation> }"}
    for target in ("/api/v1/domains/heritage/occupations?language=de", "/api/v1/profiles/heritage-preservation.csv"):
        answers = [httpx2.get(f"{server.url}{target}", headers={"host": "ccsi.example"}) for server in (one, two, two)]
        assert {answer.status_code for answer in answers} == {200}
        assert len({(answer.headers["etag"], answer.content) for answer in answers}) == 1
    answers = [httpx2.get(f"{server.url}/sparql", params=query).json() for server in (one, two)]
    assert answers[0] == answers[1]


def test_memory_is_shared_and_the_template_has_one_thread(service: Workers) -> None:
    service.settled()
    (template,) = service.templates()
    assert template.num_threads() == 1
    for process in service.serving():
        memory = process.memory_full_info()
        assert memory.uss < memory.rss / 2, "most of it is the template's"


def test_connections_that_stay_are_divided(service: Workers) -> None:
    service.settled()
    kept = [http.client.HTTPConnection("127.0.0.1", service.port, timeout=20) for _ in range(16)]
    for connection in kept:
        connection.connect()
        time.sleep(0.02)  # a process that gets no processor meanwhile is not waited for
    before = answered_by(service)
    for connection in kept:
        connection.request("GET", "/api/v1/health/ready")
        assert connection.getresponse().read()
    service.wait(lambda: sum((answered_by(service) - before).values()) == len(kept))
    after = answered_by(service) - before
    for connection in kept:
        connection.close()
    assert min(after[n] for n in range(WORKERS)) >= len(kept) // WORKERS - 4


@pytest.mark.long
def test_damaged_release_is_refused(two: tuple[Releases, Release, Release], workers: Callable[..., Workers]) -> None:
    releases, first, second = two
    service = workers(releases.data_dir)
    before = service.settled()
    table = max(second.store.glob("*.sst"), key=lambda path: path.stat().st_size)
    table.chmod(0o644)
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 0xFF
    table.write_bytes(content)
    releases.publish(second)
    refusal = "release cannot be served"
    service.wait(lambda: bool(service.events(refusal)))
    service.wait(lambda: bool(service.events(f"{refusal}; the one before stays")))
    assert service.settled() == before
    assert len(service.events(refusal)) == 1, "said once, not at every look"
    assert "has changed" in service.events(refusal)[0]["error"]
    assert httpx2.get(f"{service.url}/api/v1/health/ready").json()["release"] == first.id
    releases.publish(first)
    service.wait(lambda: len(service.templates()) == 1)
    assert service.settled() == before


def test_release_published_later_is_picked_up(mini_dir: Path, tmp_path: Path, workers: Callable[..., Workers]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    service = workers(folder)
    assert httpx2.get(f"{service.url}/api/v1/health/ready").status_code == 503
    shutil.copytree(mini_dir / "releases", folder / "releases")
    Releases(folder).publish(Releases(folder).all()[0])
    service.wait(lambda: httpx2.get(f"{service.url}/api/v1/health/ready").status_code == 200)
    assert httpx2.get(f"{service.url}/api/v1/domains").status_code == 200


@pytest.mark.long
def test_release_at_an_endpoint(oxigraph_starter: str, tmp_path: Path, workers: Callable[..., Workers]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    service = workers(folder, CCSI_SPARQL_ENDPOINT=oxigraph_starter)
    service.settled()
    answer = httpx2.get(f"{service.url}/api/v1/occupations/7556c748-15b4-4e44-97d9-00d885d4cd7d", timeout=20)
    assert answer.json()["preferredLabel"] == {"en": "conservator"}
    assert httpx2.get(f"{service.url}/sparql", params={"query": "ASK { ?s ?p ?o }"}, timeout=20).json()["boolean"]


def test_shares() -> None:
    settings, limits = shares(Settings(sparql_workers=4, sparql_cache_bytes=30), Limits(cache_bytes=99), 3)
    assert (settings.sparql_workers, settings.sparql_cache_bytes, limits.cache_bytes) == (2, 10, 33)
    assert shares(Settings(sparql_workers=1), Limits(), 8)[0].sparql_workers == 1


FORKS = """
import os, sys
from app.serve.aside import aside, threads
import pyoxigraph
def opened():
    store = pyoxigraph.Store(sys.argv[1])
    return threads(), {"quads": len(store)}
there, found = aside(opened)
assert there > 1 and threads() == 1 and found == {"quads": 0}, (there, threads(), found)
try:
    aside(lambda: 1 / 0)
except RuntimeError as fault:
    assert "end" in str(fault)
else:
    raise AssertionError
try:
    aside(lambda: os.kill(os.getpid(), 9))
except RuntimeError:
    os.write(1, b"well")
"""


def test_threads_of_the_engine_stay_aside(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, str(tmp_path / "store")], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.endswith("well"), done.stderr
