"""Queries made to bring an endpoint down: each ends in time, within its memory, and touches nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from app.settings import Settings
from bench.endpoints import Peak, ask, listener, memory
from bench.fuzz import fuzz
from bench.hostile_set import queries
from tests.sparql.conftest import SECONDS, SMALL, call
from tools.endpoint import Endpoint

NAMES = list(queries(0))
SLACK = 3.0


@pytest.fixture(scope="module")
def inside() -> Iterator[tuple[int, list[str]]]:
    with listener() as found:
        yield found


def test_the_whole_set(impatient: Endpoint, inside: tuple[int, list[str]]) -> None:
    port, heard = inside
    hostile = queries(port)
    assert len(hostile) >= 25
    before = memory(psutil.Process())  # the servers of other tests included
    at_once = 3  # as many as may run for one client
    with Peak(psutil.Process().pid) as peak, ThreadPoolExecutor(at_once) as clients:
        replies = dict(
            zip(hostile, clients.map(lambda text: ask(impatient.url, text, 30), hostile.values()), strict=True)
        )
    for name, reply in replies.items():
        assert reply.status in {200, 400, 403, 413, 504}, name
        assert reply.whole, name
        assert reply.seconds < SECONDS + 1 + SLACK, name
    assert heard == []
    base = 64 * 1024 * 1024
    assert peak.bytes < before + 4 * (SMALL["sparql_memory"] + base) + 256 * 1024 * 1024
    assert call(impatient, query="ASK { ?s ?p ?o }").json["boolean"] is True


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("20,000 brackets", "sparql-too-complex"),
        ("3,000 nested EXISTS", "sparql-too-complex"),
        ("path of 5,000 steps", "sparql-too-complex"),
        ("SERVICE SILENT", "sparql-federation"),
        ("SERVICE, glued", "sparql-federation"),
        ("LOAD", "sparql-update"),
        ("10 MB of query", "too-large"),
        ("cross product, COUNT", "sparql-stopped"),
    ],
)
def test_the_fault_is_named(impatient: Endpoint, name: str, error: str) -> None:
    assert ask(impatient.url, queries(1)[name], 30).error == error


def test_a_slow_reader_holds_no_worker(target: Endpoint) -> None:
    text = "SELECT+*+{+?s+?p+?o+}+LIMIT+15000"
    readers = []
    for _ in range(8):
        raw = socket.create_connection((target.host, target.port))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(f"GET /sparql?query={text} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        readers.append(raw)
    end = time.monotonic() + 60
    while target.gateway.stats().running or target.gateway.stats().waiting:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert call(target, query="ASK { ?s ?p ?o }").status == 200
    for raw in readers:
        raw.close()


@pytest.mark.long
def test_fuzz(impatient: Endpoint) -> None:
    me = psutil.Process()
    fuzz(impatient.url, 30, seed=1)
    files = me.num_fds()
    seen = fuzz(impatient.url, 400, seed=2)
    assert seen.statuses[200] > 40, "enough of it is evaluated"
    assert not {500, 501, 502, 503} & seen.statuses.keys()
    assert seen.longest < SECONDS + SLACK
    end = time.monotonic() + 30
    while me.num_fds() > files + 2 or len(impatient.gateway.pool.processes()) != Settings().sparql_workers:
        assert time.monotonic() < end
        time.sleep(0.05)
