"""All of ESCO is loaded beside a service that has nothing but the sample, and only there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.serve import beside
from app.settings import Settings
from releases.release import FACTS, SAMPLE, Releases


class Started:
    """Stands in for a process that would take minutes."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.command = command
        commands.append(command)
        assert options["start_new_session"]

    def wait(self) -> int:
        return 0


commands: list[list[str]] = []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    commands.clear()
    monkeypatch.setattr(subprocess, "Popen", Started)
    return commands


def test_it_begins_where_the_sample_is_published(starter_dir: Path, started: list[list[str]]) -> None:
    beside.start(Settings(data_dir=starter_dir, all_of_esco=True))
    (command,) = started
    assert command[2:5] == ["-m", "app.serve.beside", str(starter_dir)]


@pytest.mark.parametrize("changed", [{"all_of_esco": False}, {"sparql_endpoint": "http://127.0.0.1:7878/query"}])
def test_it_does_not_where_it_is_not_wanted(
    changed: dict[str, Any], starter_dir: Path, started: list[list[str]]
) -> None:
    beside.start(Settings(data_dir=starter_dir, **{"all_of_esco": True, **changed}))
    assert started == []


def test_it_does_not_beside_a_release_of_the_users(mini_dir: Path, tmp_path: Path, started: list[list[str]]) -> None:
    beside.start(Settings(data_dir=mini_dir, all_of_esco=True))
    beside.start(Settings(data_dir=tmp_path, all_of_esco=True))
    assert started == []


def test_what_is_bundled_is_known_by_its_input(starter_dir: Path, mini_dir: Path) -> None:
    sample, users = Releases(starter_dir).current(), Releases(mini_dir).current()
    assert sample is not None
    assert users is not None
    assert (sample.sample, sample.bundled, users.sample, users.bundled) == (True, True, False, False)
    assert {SAMPLE, FACTS} == {"esco-starter-v1.2.0.ttl.gz", "esco-facts-v1.2.0.zip"}
