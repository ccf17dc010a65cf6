"""A running server: another release without a failed request, a damaged one refused, a graceful end."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from releases.release import Release, Releases
from tests.api.conftest import Server

CLIENTS = 8
TARGETS = [
    "/api/v1/domains", "/api/v1/occupations?limit=100", "/api/v1/domains/heritage/occupations", "/api/v1/isco/2",
    "/api/v1/releases", "/",
]  # fmt: skip


class Load:
    """Clients that ask in a loop and note every answer."""

    def __init__(self, url: str) -> None:
        self.answers: list[tuple[float, str, str]] = []  # begun at, target, ETag
        self.faults: list[str] = []
        self._url = url
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _ask(self, n: int) -> None:
        with httpx2.Client(base_url=self._url, timeout=30) as client:
            while not self._end.is_set():
                n += 1
                begun, target = time.monotonic(), TARGETS[n % len(TARGETS)]
                try:
                    answer = client.get(target)
                except httpx2.HTTPError as error:
                    self.faults.append(f"{target}: {error!r}")
                    continue
                if answer.status_code != 200:
                    self.faults.append(f"{target}: {answer.status_code} {answer.text[:200]}")
                self.answers.append((begun, target, answer.headers.get("etag", "")))

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(30)


def served(server: Server) -> str:
    found: str = httpx2.get(f"{server.url}/api/v1/health/ready").json()["release"]
    return found


@pytest.mark.long
def test_switch_under_load(two: tuple[Releases, Release, Release], serve: Callable[..., Server]) -> None:
    releases, first, second = two
    server = serve(releases.data_dir)
    assert served(server) == first.id
    asked = Load(server.url)
    try:
        for release in (second, first):
            time.sleep(0.4)
            releases.publish(release)
            server.wait(lambda release=release: served(server) == release.id)  # type: ignore[misc]
            switched = time.monotonic()
            time.sleep(0.4)
    finally:
        asked.stop()
    assert asked.faults == []
    assert len(asked.answers) > 100
    tags = {release.id: release.manifest["contentHash"][:12] for release in (first, second)}
    seen = {etag[1:13] for _, _, etag in asked.answers if etag}
    assert seen == set(tags.values()), "both were served, and the validator says which"
    late = {etag[1:13] for begun, _, etag in asked.answers if etag and begun > switched}
    assert late == {tags[first.id]}, "the old release's answers end with it"


def test_damaged_release_is_refused(two: tuple[Releases, Release, Release], serve: Callable[..., Server]) -> None:
    releases, first, second = two
    server = serve(releases.data_dir)
    before = httpx2.get(f"{server.url}/api/v1/occupations").content
    table = max(second.store.glob("*.sst"), key=lambda path: path.stat().st_size)
    table.chmod(0o644)
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 0xFF
    table.write_bytes(content)
    releases.publish(second)  # past the command line, which would have refused
    server.wait(lambda: "cannot be served" in server.lines())
    time.sleep(0.6)
    assert served(server) == first.id
    assert httpx2.get(f"{server.url}/api/v1/occupations").content == before
    refusals = [line for line in server.lines().splitlines() if "cannot be served" in line]
    assert len(refusals) == 1, "said once, not at every look"
    assert "has changed" in json.loads(refusals[0])["error"]
    releases.publish(first)
    time.sleep(0.5)
    assert served(server) == first.id


def test_release_published_later_is_picked_up(mini_dir: Path, tmp_path: Path, serve: Callable[..., Server]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    server = serve(folder)
    assert httpx2.get(f"{server.url}/api/v1/health/ready").status_code == 503
    shutil.copytree(mini_dir / "releases", folder / "releases")
    release = Releases(folder).all()[0]
    Releases(folder).publish(release)
    server.wait(lambda: httpx2.get(f"{server.url}/api/v1/health/ready").status_code == 200)
    assert httpx2.get(f"{server.url}/api/v1/domains").status_code == 200


SLOW_DISK = """
import time
from releases.release import Releases
quick = Releases.all
Releases.all = lambda self: (time.sleep(1.5), quick(self))[1]
"""


@pytest.mark.long
def test_graceful_end(mini_dir: Path, serve: Callable[..., Server]) -> None:
    """Requests that run when the signal comes are answered; then the process ends, and takes no new ones."""
    server = serve(mini_dir, prelude=SLOW_DISK)
    answers: list[int] = []
    took: list[float] = []

    def ask() -> None:
        begun = time.monotonic()
        answers.append(httpx2.get(f"{server.url}/api/v1/releases", timeout=20).status_code)
        took.append(time.monotonic() - begun)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.7)
    assert answers == []
    server.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(20)
    assert answers == [200] * 4
    assert min(took) > 1.4
    assert server.process.wait(20) in (0, -signal.SIGTERM)  # uvicorn hands the signal on once it has cleaned up
    assert "Application shutdown complete" in server.lines()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{server.url}/api/v1/health/live")
