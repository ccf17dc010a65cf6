"""A start on a data folder whose published release cannot be served: the newest sound one stands in, and it is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from loaders.build import load
from loaders.request import LoadRequest
from releases.release import Release, Releases
from tests.api.conftest import Server


@pytest.fixture
def two(two: tuple[Releases, Release, Release]) -> tuple[Releases, Release, Release]:
    """A data folder with two releases, the newer published."""
    releases, first, second = two
    releases.publish(second)
    return releases, first, second


def damage(release: Release) -> None:
    table = max(release.store.glob("*.sst"), key=lambda path: path.stat().st_size)
    table.chmod(0o644)
    table.write_bytes(table.read_bytes()[:-1] + b"\xff\xff")


def no_manifest(release: Release) -> None:
    (release.path / "manifest.json").write_text("{", encoding="utf-8")


def gone(release: Release) -> None:
    shutil.rmtree(release.path)


def ready(server: Server) -> dict[str, str]:
    found: dict[str, str] = httpx2.get(f"{server.url}/api/v1/health/ready").json()
    return found


@pytest.mark.parametrize(
    "error", [damage, pytest.param(no_manifest, marks=pytest.mark.long), pytest.param(gone, marks=pytest.mark.long)]
)
def test_the_newest_sound_release_stands_in(
    error: Callable[[Release], None], two: tuple[Releases, Release, Release], serve: Callable[..., Server]
) -> None:
    releases, first, second = two
    error(second)
    target = releases.pointer.readlink()
    server = serve(releases.data_dir)
    server.wait(lambda: "release" in ready(server))
    told = ready(server)
    assert told["release"] == first.id
    assert told["fallback"].startswith("The published release cannot be served: ")
    assert httpx2.get(f"{server.url}/api/v1/occupations").status_code == 200
    events = [json.loads(line) for line in server.lines().splitlines() if line.startswith("{")]
    errors = [e["event"] for e in events if e.get("level") == "error"]
    assert errors == ["release cannot be served", "another release is served than the published one"]
    assert releases.pointer.readlink() == target, "the pointer is the operator's"
    # A publication of a sound release ends it: of the one that is served, or of another.
    releases.publish(first)
    server.wait(lambda: ready(server)["fallback"] is None)
    third = load(
        LoadRequest([Path("tests/fixtures/csv-v1.2.0")], releases.data_dir, esco_version="1.2.2", partial=True)
    )
    server.wait(lambda: ready(server)["release"] == third.id)
    assert ready(server)["fallback"] is None


def test_nothing_sound_is_left(two: tuple[Releases, Release, Release], serve: Callable[..., Server]) -> None:
    releases, first, second = two
    damage(first)
    damage(second)
    server = serve(releases.data_dir)
    answer = httpx2.get(f"{server.url}/api/v1/health/ready")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "not-ready")
    server.wait(lambda: server.lines().count("cannot be served") == 1)


def test_what_was_never_published_is_not_served(mini_dir: Path, tmp_path: Path, serve: Callable[..., Server]) -> None:
    shutil.copytree(mini_dir / "releases", tmp_path / "data" / "releases")
    server = serve(tmp_path / "data")
    assert httpx2.get(f"{server.url}/api/v1/health/ready").status_code == 503
