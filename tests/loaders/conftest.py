"""A data folder with something served, on which input that cannot be used is tried."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from releases.release import Releases
from tests.command import Command, in_process


@pytest.fixture(scope="module")
def data(mini_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """A data folder with one published release, for this module alone."""
    folder = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(mini_dir, folder, symlinks=True)
    return Releases(folder)


@pytest.fixture
def ccsi(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    return in_process(monkeypatch, capfd)


@pytest.fixture
def untouched(data: Releases) -> Iterator[None]:
    """What is served is the same after the test, and nothing is left lying about."""
    before = data.current()
    yield
    after = data.current()
    assert before is not None
    assert after is not None
    assert after.id == before.id
    assert [r.id for r in data.all()] == [before.id]
    assert data.verify(after) == []
    assert not data.building.exists()
