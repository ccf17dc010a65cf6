"""Worker processes: confined, killed, replaced, switched, shared fairly, and never left behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import psutil
import pyoxigraph as ox
import pytest

from app.process import confine
from app.settings import Limits, Settings
from app.sparql.process import Source, start_worker
from releases.child import ROOT
from tests.sparql.conftest import SECONDS, call
from tools.endpoint import Endpoint, endpoint

HEAVY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
# Some seconds of work with a small answer.
LONG = "SELECT (COUNT(*) AS ?n) { ?a <http://example.org/kind> ?b . ?c <http://example.org/kind> ?d }"
SLACK = 3.0  # seconds, for a machine that is busy with something else


def wait_for(condition: object, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def hang_up(target: Endpoint, text: str, after: float) -> None:
    with socket.create_connection((target.host, target.port)) as raw:
        raw.sendall(f"GET /sparql?query={quote(text)} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        time.sleep(after)


def test_a_query_ends_at_its_deadline_and_the_next_one_runs(impatient: Endpoint) -> None:
    started = time.monotonic()
    reply = call(impatient, query=HEAVY)
    assert (reply.status, reply.json["limit"]) == (504, "sparql_seconds")
    assert time.monotonic() - started < SECONDS + SLACK
    assert call(impatient, query="ASK { ?s ?p ?o }").json["boolean"] is True


def test_memory_is_bounded(target: Endpoint) -> None:
    text = 'SELECT (STRLEN(?d) AS ?n) { BIND("' + "a" * 60_000 + '" AS ?a) ' + "".join(
        f"BIND(CONCAT(?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}, ?{x}) AS ?{y}) "
        for x, y in ("ab", "bc", "cd")
    ) + "}"  # fmt: skip
    reply = call(target, query=text)
    assert (reply.status, reply.json["limit"]) == (504, "sparql_memory")
    assert call(target, query="ASK { ?s ?p ?o }").json["boolean"] is True


def test_a_client_that_hangs_up_ends_its_query(store: Path) -> None:
    with endpoint(store, Settings(sparql_workers=1)) as target:
        wait_for(target.gateway.pool.processes)
        before = target.gateway.pool.processes()
        hang_up(target, HEAVY, 0.5)
        wait_for(lambda: gone(before[0]))
        assert call(target, query="ASK { ?s ?p ?o }").json["boolean"] is True
        assert target.gateway.stats().running == 0


def test_a_client_that_hangs_up_leaves_the_queue(store: Path) -> None:
    with endpoint(store, Settings(sparql_workers=1), Limits(sparql_seconds=2, sparql_wait=60)) as target:
        with ThreadPoolExecutor(1) as others:
            first = others.submit(call, target, query=HEAVY)
            wait_for(lambda: target.gateway.stats().running == 1)
            hang_up(target, HEAVY, 0.3)
            wait_for(lambda: target.gateway.stats().waiting == 0)
            assert first.result().status == 504
        assert call(target, query="ASK {}").status == 200


def test_a_worker_that_dies_idle_is_replaced(store: Path) -> None:
    with endpoint(store, Settings(sparql_workers=2)) as target:
        wait_for(lambda: len(target.gateway.pool.processes()) == 2)
        victims = target.gateway.pool.processes()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(set(target.gateway.pool.processes()) - set(victims)) == 2)
        assert call(target, query="ASK {}").status == 200


def test_a_crash_of_the_engine_is_an_answer(store: Path) -> None:
    with endpoint(store, Settings(sparql_workers=1)) as target:
        wait_for(target.gateway.pool.processes)
        with ThreadPoolExecutor(1) as others:
            reply = others.submit(call, target, query=HEAVY)
            wait_for(lambda: target.gateway.stats().running == 1)
            os.kill(target.gateway.pool.processes()[0], signal.SIGABRT)
            assert (reply.result().status, reply.result().json["limit"]) == (504, "engine")
        assert call(target, query="ASK {}").status == 200


def test_nothing_is_left_behind(store: Path) -> None:
    me = psutil.Process()
    with endpoint(store):  # what is opened once stays: it is not counted
        pass
    files, children = me.num_fds(), len(me.children(recursive=True))
    with endpoint(store, Settings(sparql_workers=3), Limits(sparql_seconds=0.3)) as target:
        for text in ("ASK {}", HEAVY, "ASK {", "SELECT * { ?s ?p ?o } LIMIT 9000"):
            call(target, query=text)
        hang_up(target, HEAVY, 0.1)
        pids = target.gateway.pool.processes()
    assert all(map(gone, pids))
    assert len(me.children(recursive=True)) == children
    wait_for(lambda: me.num_fds() <= files)


def test_workers_end_when_the_service_is_killed(store: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tools.endpoint import endpoint\n"
        "from app.settings import Settings\n"
        "with endpoint(Path(sys.argv[1])) as e:\n"
        "  while len(e.gateway.pool.processes()) < Settings().sparql_workers: time.sleep(0.05)\n"
        "  print(e.port, *e.gateway.pool.processes(), flush=True); time.sleep(60)\n"
    )
    service = subprocess.Popen(
        [sys.executable, "-c", script, str(store)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert service.stdout is not None
    with service.stdout:
        port, *pids = map(int, service.stdout.readline().split())
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", f"/sparql?query={quote(HEAVY)}")  # one of them is busy
        time.sleep(0.3)
        service.kill()
        service.wait()
        connection.close()
    wait_for(lambda: all(map(gone, pids)))


def test_the_network_is_denied_by_the_kernel(store: Path) -> None:
    """Past the guard, straight to a worker: SERVICE finds no socket."""

    async def outcome() -> tuple[bool, dict[str, object], bool]:
        worker = await start_worker(Source(store, "x"), 1 << 28)
        heard = socket.create_server(("127.0.0.1", 0))
        heard.setblocking(False)
        try:
            text = f"SELECT * {{ SERVICE <http://127.0.0.1:{heard.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
            request = {
                "query": text, "base": None, "dataset": False, "default": None, "named": [], "bindings": "json", "boolean": "json",
                "graph": "nt", "rows": 10, "bytes": 10_000, "seconds": 5,
            }  # fmt: skip
            worker.send(request)
            end = (await worker.messages())[-1]
            try:
                heard.accept()[0].close()
                contacted = True
            except BlockingIOError:
                contacted = False
            return worker.confined, json.loads(end[1]), contacted
        finally:
            heard.close()
            await worker.close()

    if not confine.network_can_be_denied():
        pytest.skip("the kernel filter is for Linux on x86-64")
    confined, end, contacted = asyncio.run(outcome())
    assert confined
    assert end["error"] == "network"
    assert not contacted


def test_without_the_filter_sparql_is_not_offered(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "network_can_be_denied", lambda: False)
    with endpoint(store) as target:
        reply = call(target, query="ASK {}")
        assert (reply.status, reply.json["type"].rpartition("/")[2]) == (503, "sparql-unavailable")
    with endpoint(store, Settings(sparql_unconfined=True)) as target:
        assert call(target, query="ASK {}").status == 200


# --- releases --------------------------------------------------------------------------------------------------------


def test_a_release_switch_under_load_drops_nothing(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    new = ox.Store(str(other))
    new.add(ox.Quad(ox.NamedNode("a:new"), ox.NamedNode("a:b"), ox.Literal("c"), ox.NamedNode("a:graph")))
    new.flush()
    del new
    text = "ASK { <a:new> ?p ?o }"
    # Three workers, of which one client may hold two: one for the long query and one for the rest.
    with endpoint(store, Settings(sparql_workers=3, sparql_cache_bytes=0)) as target:
        stop = threading.Event()
        seen: list[tuple[int, bool, str]] = []

        def client() -> None:
            while not stop.is_set():
                reply = call(target, query=text)
                seen.append((reply.status, reply.json.get("boolean"), reply.headers.get("etag", "")[1:6]))

        with ThreadPoolExecutor(5) as clients:
            try:
                running = clients.submit(call, target, query=LONG)
                for _ in range(4):
                    clients.submit(client)
                wait_for(lambda: len(seen) > 20)
                before = target.gateway.pool.processes()
                for number in range(4):
                    target.serve(store if number % 2 else other, f"{number:05}")
                    count = len(seen)
                    wait_for(lambda count=count: len(seen) > count + 20)
            finally:
                stop.set()
            # It began on the first release and ended on it, however many came since.
            assert (running.result().status, running.result().headers["etag"][1:6]) == (200, "trial")
        assert {status for status, _, _ in seen} == {200}
        # What an answer says of its release is true of it.
        assert {(found, tag) for _, found, tag in seen} >= {(True, "00000"), (True, "00002"), (False, "00003")}
        assert all(found == (tag in ("00000", "00002")) for _, found, tag in seen)
        wait_for(lambda: all(map(gone, before)))
        wait_for(lambda: len(target.gateway.pool.processes()) == 3)
