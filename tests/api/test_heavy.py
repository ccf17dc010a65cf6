"""Answers that are made apart from the event loop: the same as ever, bounded, once, and never in the way of others."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2
import psutil
import pytest

from app.http.inprocess import exchange
from app.main import create_app
from app.settings import Limits, Settings
from loaders.build import load
from loaders.request import LoadRequest
from releases.release import Releases
from tests.api.conftest import Server

API = "/api/v1"
PICTURE = f"{API}/domains/heritage/clusters.svg"
HEAVY = [
    PICTURE, f"{API}/scope.png", f"{API}/scope", f"{API}/domains/overlap.svg", f"{API}/domains/heritage/transversal.svg?language=fr",
    f"{API}/profiles?format=csv&limit=20&offset=3", f"{API}/domains/heritage/profiles?format=turtle&limit=9",
    f"{API}/profiles/heritage-preservation.pdf", f"{API}/profiles/heritage-preservation?format=xlsx",
    f"{API}/profiles/compose?domain=gaming", f"{API}/profiles/compose?domain=gaming&format=elm&title=a%26b%20%C3%A9",
    f"{API}/domains/heritage/skills?format=turtle&limit=500", f"{API}/domains/ccsi/clusters?format=csv&limit=90",
    f"{API}/domains/compare?ids=heritage,%20books,design,gaming,music",
]  # fmt: skip
COMPARED = {"from": {"profile": "heritage-preservation"}, "to": [{"profile": "gaming-production"}] * 3}


def heavy_server(server: Server) -> psutil.Process | None:
    """The process that forks, once it answers."""
    for process in psutil.Process(server.process.pid).children():
        if "app.serve.heavy_server" in process.cmdline():
            return process
    return None


def asked(server: Server, target: str, seconds: float = 90) -> httpx2.Response:
    """An answer, waiting for the heavy server as long as the service says that it is not there."""
    until = time.monotonic() + seconds
    while True:
        answer = httpx2.get(f"{server.url}{target}", timeout=60)
        if answer.status_code != 503 or time.monotonic() > until:
            return answer
        assert answer.headers["retry-after"]
        time.sleep(0.2)


@pytest.fixture(scope="module")
def server(starter_dir: Path) -> Iterator[Server]:
    """A service on the sample whose heavy server answers."""
    started = Server(starter_dir)
    assert asked(started, f"{API}/scope").status_code == 200, started.lines()
    yield started
    started.stop()


def test_they_are_the_answers_of_the_application(server: Server, starter_dir: Path) -> None:
    """Byte for byte what one process without any other makes of the same request."""
    app = create_app(Settings(data_dir=starter_dir, log_level="error"), Limits())
    host = server.url.removeprefix("http://")

    async def inside() -> dict[str, tuple[int, bytes, str]]:
        await app.state.service.refresh()
        found = {}
        for target in HEAVY:
            path, _, query = target.partition("?")
            reply = await exchange(app, "GET", "http", path, query, [(b"host", host.encode()), (b"accept", b"*/*")])
            found[target] = (reply.status, reply.body, dict(reply.headers)[b"etag"].decode())
        return found

    for target, (status, body, etag) in asyncio.run(inside()).items():
        answer = httpx2.get(f"{server.url}{target}", headers={"accept-encoding": "identity"}, timeout=60)
        assert (answer.status_code, answer.headers["etag"]) == (status, etag), target
        assert answer.content == body
        again = httpx2.get(
            f"{server.url}{target}", headers={"accept-encoding": "identity", "if-none-match": etag}, timeout=60
        )
        assert again.status_code == 304


def test_a_body_is_passed_on(server: Server) -> None:
    answer = httpx2.post(f"{server.url}{API}/profiles/compare?limit=2", json=COMPARED, timeout=60)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["total"], len(found["items"])) == (3, 2)
    assert found["items"][0]["to"]["href"].endswith("/profiles/gaming-production")


def test_faults_keep_their_words(server: Server) -> None:
    answer = httpx2.get(f"{server.url}{API}/domains/nonsense/clusters.svg", timeout=60)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == "id"
    assert answer.headers["x-request-id"]


def test_one_answer_however_it_is_asked_for_is_made_once(server: Server) -> None:
    """Spelling the language anew costs no process: it takes a kept answer's time, by a factor that noise does not reach."""

    def seconds(target: str, **headers: str) -> tuple[float, str]:
        started = time.perf_counter()
        answer = httpx2.get(f"{server.url}{target}", headers=headers, timeout=60)
        assert answer.status_code == 200
        return time.perf_counter() - started, answer.headers["etag"]

    first, etag = seconds(f"{API}/domains/design/clusters.png?language=es")
    others = [seconds(f"{API}/domains/design/clusters.png?language=es-{n}") for n in range(40)]
    others += [seconds(f"{API}/domains/design/clusters.png", **{"accept-language": f"xx-{n}, es"}) for n in range(5)]
    assert {e for _, e in others} == {etag}
    assert sorted(t for t, _ in others)[len(others) // 2] < first / 4


def test_answers_by_accept_are_kept_apart(server: Server) -> None:
    """What Accept makes of JSON is another answer, whichever was made first."""
    kinds = [
        ("application/json", b'"@context":"http'),
        ("application/ld+json", b"v1-typed"),
        ("text/turtle", b"@prefix"),
    ]
    for accept, known in kinds + kinds[::-1]:
        answer = httpx2.get(f"{server.url}{API}/isco/2", headers={"accept": accept}, timeout=60)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, accept)
        assert known in answer.content


def test_csv_of_a_long_list_is_made_apart_too(server: Server) -> None:
    whole = httpx2.get(f"{server.url}{API}/occupations?limit=500", timeout=60).json()
    table = httpx2.get(f"{server.url}{API}/occupations?limit=500&format=csv&separator=tab", timeout=60)
    assert table.headers["content-type"].startswith("text/csv")
    rows = table.text.splitlines()
    assert len(rows) == 1 + len(whole["items"]) == 1 + 116
    assert rows[1].split("\t")[0] == whole["items"][0]["uri"]


def test_others_are_not_held_up(server: Server) -> None:
    """While six clients ask for what takes a long time, a static answer waits for a small part of it."""
    limits = iter(range(60, 101))
    took: list[float] = []
    end = threading.Event()

    def burden() -> None:
        while not end.is_set() and (limit := next(limits, None)):
            started = time.perf_counter()
            answer = httpx2.get(f"{server.url}{API}/profiles?format=csv&limit={limit}", timeout=60)
            assert answer.status_code in (200, 429, 503)
            if answer.status_code == 200:
                took.append(time.perf_counter() - started)

    with ThreadPoolExecutor(6) as pool, httpx2.Client(base_url=server.url) as client:
        running = [pool.submit(burden) for _ in range(6)]
        lags = []
        while len(took) < 6 and not all(f.done() for f in running):
            started = time.perf_counter()
            assert client.get(f"{API}/health/live").status_code == 200
            lags.append(time.perf_counter() - started)
            time.sleep(0.005)
        end.set()
        for future in running:
            future.result()
    lags.sort()
    assert len(lags) > 20
    assert lags[len(lags) * 95 // 100] < min(took) / 4


def children_of(pid: int) -> list[int]:
    """The processes that one has started, as the kernel lists them: psutil's look takes as long as a small answer."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_lost_server_is_replaced_and_a_lost_child_is_a_503(server: Server) -> None:
    lost = heavy_server(server)
    assert lost is not None
    answer = None
    for limit in range(140, 150):  # a child may have answered before it is killed: then another
        # The one before takes its time to end, and is not the one that is to be lost.
        while children_of(lost.pid):
            time.sleep(0.005)
        with ThreadPoolExecutor(1) as pool:
            url = f"{server.url}{API}/profiles?format=turtle&limit={limit}"
            slow = pool.submit(httpx2.get, url, timeout=60)
            while not (children := children_of(lost.pid)) and not slow.done():
                pass
            for one in children:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            answer = slow.result()
        if answer.status_code == 503:
            break
    assert answer is not None
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["type"].endswith("/heavy-busy")
    lost.kill()
    assert asked(server, f"{API}/profiles?format=turtle&limit=149").status_code == 200
    found = heavy_server(server)
    assert found is not None
    assert found.pid != lost.pid
    assert [p for p in found.children() if p.status() == psutil.STATUS_ZOMBIE] == []


@pytest.mark.long
def test_it_ends_with_the_service(serve: Callable[..., Server], starter_dir: Path, tmp_path: Path) -> None:
    server = serve(starter_dir, TMPDIR=str(tmp_path))
    assert asked(server, f"{API}/scope").status_code == 200
    found = heavy_server(server)
    assert found is not None
    server.process.send_signal(signal.SIGKILL)
    found.wait(60)

    own = tmp_path / "own"
    own.mkdir()
    server = serve(starter_dir, TMPDIR=str(own))
    assert asked(server, f"{API}/scope").status_code == 200
    found = heavy_server(server)
    assert found is not None
    (folder,) = own.glob("ccsi-heavy-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    server.stop()
    assert not found.is_running()
    assert not folder.exists()


def test_bounds_of_time_and_size(serve: Callable[..., Server], starter_dir: Path) -> None:
    server = serve(starter_dir, CCSI_LIMIT_HEAVY_SECONDS="0.05", CCSI_LIMIT_HEAVY_WAIT="60")
    answer = asked(server, f"{API}/profiles?format=csv&limit=100")
    assert (answer.status_code, answer.json()["limit"]) == (504, "time")
    assert answer.json()["type"].endswith("/heavy-stopped")
    server.stop()
    server = serve(starter_dir, CCSI_LIMIT_HEAVY_BYTES="2000")
    answer = asked(server, PICTURE)
    assert (answer.status_code, answer.json()["limit"]) == (504, "bytes")


@pytest.mark.long
def test_a_full_queue_refuses_and_equal_requests_take_one_place(
    serve: Callable[..., Server], starter_dir: Path
) -> None:
    server = serve(starter_dir, CCSI_HEAVY_PROCESSES="1", CCSI_LIMIT_HEAVY_QUEUE="0")
    assert asked(server, f"{API}/scope").status_code == 200

    def get(n: int, limit: int) -> httpx2.Response:
        return httpx2.get(f"{server.url}{API}/profiles?format=csv&limit={limit}&language=en-{n}", timeout=60)

    with ThreadPoolExecutor(6) as pool:
        equal = [f.result() for f in [pool.submit(get, n, 100) for n in range(6)]]
        different = [f.result() for f in [pool.submit(get, n, 90 + n) for n in range(6)]]
    assert {a.status_code for a in equal} == {200}
    assert len({a.headers["etag"] for a in equal}) == 1
    assert {a.status_code for a in different} == {200, 503}
    refused = next(a for a in different if a.status_code == 503)
    assert refused.headers["retry-after"]
    assert refused.json()["type"].endswith("/heavy-busy")


@pytest.mark.long
def test_without_processes_heavy_answers_are_refused_and_the_rest_is_there(
    serve: Callable[..., Server], starter_dir: Path
) -> None:
    server = serve(starter_dir, CCSI_HEAVY_PROCESSES="0")
    server.wait(lambda: httpx2.get(f"{server.url}{API}/health/ready").status_code == 200)
    answer = httpx2.get(f"{server.url}{PICTURE}")
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/heavy-unavailable")
    for bearable in ("/profiles/heritage-preservation", "/occupations?limit=500", "/skills?limit=500"):
        assert httpx2.get(f"{server.url}{API}{bearable}").status_code == 200
    assert heavy_server(server) is None


def test_cost_is_bounded_by_rows_and_format(server: Server) -> None:
    answer = httpx2.get(f"{server.url}{API}/profiles?format=csv&limit=101")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/too-costly")
    assert (answer.json()["field"], answer.json()["maximum"]) == ("limit", 100)
    assert httpx2.get(f"{server.url}{API}/profiles?limit=500").status_code == 200
    limits = {item["name"]: item["value"] for item in httpx2.get(f"{server.url}{API}/limits").json()["items"]}
    assert limits["heavy_cost"] == 1000


@pytest.mark.long
def test_a_new_release_has_a_server_of_its_own(
    serve: Callable[..., Server], mini_dir: Path, fixtures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(mini_dir, folder, symlinks=True)
    second = load(LoadRequest([fixtures / "csv-v1.2.0"], folder, esco_version="1.2.1", partial=True, publish=False))
    server = serve(folder)
    before = asked(server, f"{API}/scope")
    old = heavy_server(server)
    assert before.status_code == 200
    assert old is not None
    Releases(folder).publish(second)
    ready = f"{server.url}{API}/health/ready"
    server.wait(lambda: httpx2.get(ready).json().get("release") == second.id, seconds=60)
    after = httpx2.get(f"{server.url}{API}/scope", timeout=60)  # the first request finds the new server waiting
    assert after.status_code == 200
    assert after.headers["etag"].startswith(f'"{second.manifest["contentHash"][:12]}-')
    assert before.headers["etag"].split("-")[0] != after.headers["etag"].split("-")[0]
    server.wait(lambda: not old.is_running())
