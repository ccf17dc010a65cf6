"""Whatever happens to a load, what is served stays as it was, and the next load works."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from releases.release import Release, Releases
from tests.command import FIXTURES, QUICK, STARTER, run, start


@pytest.fixture
def data(mini_dir: Path, tmp_path: Path) -> Releases:
    """A data folder of this test's own, with one published release."""
    shutil.copytree(mini_dir, tmp_path / "data", symlinks=True)
    return Releases(tmp_path / "data")


def served(data: Releases) -> Release:
    release = data.current()
    assert release is not None
    assert data.verify(release) == []
    return release


def killed_at_many_points(data: Releases, arguments: list[object], points: int) -> None:
    before = served(data).id
    command = ["load", *arguments, "--data-dir", data.data_dir, "--no-publish"]
    started = time.monotonic()
    process = start(*command)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    duration = time.monotonic() - started
    (built,) = [r for r in data.all() if r.id != before]
    data.remove(built)
    chance = random.Random(20261123)
    interrupted = littered = 0
    for n in range(points):
        process = start(*command)
        time.sleep(duration * (n + chance.random()) / points)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
        interrupted += process.returncode == -signal.SIGKILL
        littered += data.building.exists()
        assert served(data).id == before
        for release in data.all():  # nothing half done is among the releases
            assert data.verify(release) == []
            if release.id != before:
                data.remove(release)
    assert interrupted >= points // 2
    assert littered >= 1
    ended = run("load", *arguments, "--data-dir", data.data_dir)
    assert ended.code == 0, ended.err
    assert served(data).id == built.id
    assert not data.building.exists()
    assert {p.name for p in data.data_dir.iterdir()} == {"releases", "current", "load.lock"}


def test_kill_9_at_three_points(data: Releases) -> None:
    killed_at_many_points(data, [FIXTURES / "csv-v1.2.1", *QUICK], 3)


@pytest.mark.long
@pytest.mark.full
def test_kill_9_at_ten_points_of_loading_the_starter(data: Releases) -> None:
    killed_at_many_points(data, [STARTER], 10)


def test_interrupt_leaves_nothing_behind(data: Releases) -> None:
    before = served(data).id
    process = start("load", STARTER, "--data-dir", data.data_dir)
    wait_for(data.building)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert not data.building.exists()
    assert served(data).id == before


def test_second_load_at_the_same_time(data: Releases) -> None:
    before = served(data).id
    process = start("load", STARTER, "--data-dir", data.data_dir)
    try:
        wait_for(data.building)
        ended = run("load", FIXTURES / "csv-v1.2.1", *QUICK, "--data-dir", data.data_dir)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert ended.code == 5
    assert "Another load is running" in ended.err
    assert "remedy: Wait for it to end" in ended.err
    assert served(data).id == before


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.01)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small file system is not permitted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_full_disk(small_disk: Path, mini_dir: Path) -> None:
    data = Releases(small_disk / "data")
    shutil.copytree(mini_dir, data.data_dir, symlinks=True)
    before = served(data).id
    ended = run("load", STARTER, "--data-dir", data.data_dir)
    assert ended.code == 6, ended.err
    assert f"error: The disk of {data.data_dir} is full; the load was undone." in ended.err
    assert "remedy: Free space, or give another --data-dir." in ended.err
    assert "Traceback" not in ended.err
    assert not data.building.exists()
    assert served(data).id == before
