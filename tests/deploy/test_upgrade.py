"""Another version of the program on one data folder, forth and back, and a release taken back, by the documented commands."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.api.conftest import Server
from tests.command import FIXTURES, QUICK, ROOT

# The program as it was before requests had limits by client and answers were sent past the framework.
OLDER = "733fc6e"
READY = "/api/v1/health/ready"
SAME = (
    "/api/v1/domains",
    "/api/v1/occupations",
    "/sparql?query=ASK%7B%7D",
)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = subprocess.run(
        ["git", "archive", OLDER, *("app", "loaders", "analysis", "ontology", "queries")],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"the history has no {OLDER}: a shallow clone?")
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def ccsi(program: Path, data: Path, *words: object) -> str:
    """The command of one of the two versions."""
    ended = subprocess.run(
        [sys.executable, "-c", "from app.cli.main import main; main()", *map(str, words), "--data-dir", str(data)],
        cwd=program, env={**os.environ, "PYTHONPATH": str(program), "COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def answers(server: Server) -> list[tuple[int, bytes]]:
    replies = [httpx2.get(server.url + path, headers={"Host": "ccsi.example"}) for path in SAME]
    return [(reply.status_code, reply.content) for reply in replies]


def release(server: Server) -> str:
    found: str = httpx2.get(server.url + READY).json()["release"]
    return found


@pytest.fixture
def serve() -> Iterator[Callable[[Path, Path], Server]]:
    """Start one of the two versions on a data folder; it ends with the test."""
    started: list[Server] = []

    def start(program: Path, data: Path) -> Server:
        prelude = f"import sys; sys.path.insert(0, {str(program)!r})"
        started.append(Server(data, prelude, PYTHONPATH=str(program)))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def ready(server: Server) -> str:
    """The release that it serves, once it does."""
    server.wait(lambda: httpx2.get(server.url + READY).status_code == 200)
    return release(server)


@pytest.mark.long
def test_the_program_is_upgraded_and_taken_back_on_one_folder(
    older: Path, tmp_path: Path, serve: Callable[[Path, Path], Server]
) -> None:
    data = tmp_path / "data"
    ccsi(older, data, "load", FIXTURES / "csv-v1.2.0", *QUICK)
    before = serve(older, data)
    first, said = ready(before), answers(before)
    assert {status for status, _ in said} == {200}

    # Upgrade: the new version beside the old one, on another port, until it is ready; then the old one ends.
    after = serve(ROOT, data)
    assert ready(after) == first
    assert [status for status, _ in answers(after)] == [200] * len(SAME)
    before.stop()
    ccsi(ROOT, data, "load", FIXTURES / "csv-v1.2.1", *QUICK)
    after.wait(lambda: release(after) != first)

    # Rollback of the program: the old version reads what the new one has loaded, or the release is taken back first.
    ccsi(ROOT, data, "releases", "publish", first)
    after.wait(lambda: release(after) == first)
    again = serve(older, data)
    assert ready(again) == first
    assert answers(again) == said


@pytest.mark.long
def test_a_release_is_taken_back_without_a_failed_request(
    tmp_path: Path, serve: Callable[[Path, Path], Server]
) -> None:
    data = tmp_path / "data"
    ccsi(ROOT, data, "load", FIXTURES / "csv-v1.2.0", *QUICK)
    server = serve(ROOT, data)
    first, said = ready(server), answers(server)
    ccsi(ROOT, data, "load", FIXTURES / "csv-v1.2.1", *QUICK)
    seen: set[int] = set()

    def shows(wanted: Callable[[str], bool]) -> bool:
        seen.update(status for status, _ in answers(server))
        return wanted(release(server))

    server.wait(lambda: shows(lambda now: now != first))
    assert "1.2.1" in ccsi(ROOT, data, "releases", "list")
    ccsi(ROOT, data, "releases", "publish", first)
    server.wait(lambda: shows(lambda now: now == first))
    assert answers(server) == said
    assert seen == {200}
