"""Every command on a folder that cannot be used: a message, a remedy, an exit code, and never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from releases.release import Releases
from tests.command import FIXTURES, QUICK, Command, in_process, run

COMMANDS = {
    "load": ["load", FIXTURES / "csv-v1.2.0", *QUICK],
    "list": ["releases", "list"],
    "verify": ["releases", "verify"],
    "dumps": ["releases", "dumps"],
    "publish": ["releases", "publish", "1.2"],
    "remove": ["releases", "remove", "1.2"],
    "export": ["export", "out.nq"],
    "push": ["push", "http://127.0.0.1:9/"],
    "report": ["scope", "report"],
    "carry-over": ["scope", "carry-over"],
    "clusters": ["clusters", "evaluate"],
    "profile": ["profile", "show", "heritage"],
}
WRITE = ("load", "dumps", "publish", "remove")
ONLY_READ = ("list", "verify", "report", "carry-over")


@pytest.fixture
def ccsi(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    return in_process(monkeypatch, capfd)


def told(err: str) -> None:
    """An error with a remedy, and no traceback."""
    assert "Traceback" not in err, err
    lines = [line.partition(":") for line in err.splitlines() if line.startswith(("error:", "remedy:"))]
    assert [name for name, _, _ in lines] == ["error", "remedy"], err
    assert all(len(text) > 12 for _, _, text in lines)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("place", ["missing", "a file", "inside a file", "empty"])
def test_folders_that_hold_no_release(name: str, place: str, ccsi: Command, tmp_path: Path) -> None:
    folder = {"a file": tmp_path / "file", "inside a file": tmp_path / "file" / "data"}.get(place, tmp_path / "data")
    (tmp_path / "file").write_text("x")
    if place == "empty":
        folder.mkdir()
    ended = ccsi(*COMMANDS[name], "--data-dir", folder)
    if place in ("missing", "empty") and name in ("load", "list"):
        assert ended.code == 0, ended.err
        return
    if name == "list" and place == "inside a file":  # nothing is there
        assert ended.code == 0
        return
    assert ended.code in (1, 4)
    told(ended.err)
    assert (tmp_path / "file").read_text() == "x"


@pytest.fixture
def read_only(mini_dir: Path, tmp_path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A data folder that nobody can write to, and what to put before a command for that to hold."""
    folder = tmp_path / "data"
    shutil.copytree(mini_dir, folder, symlinks=True)
    if os.geteuid():
        for path in [folder, *folder.rglob("*")]:
            path.chmod(path.lstat().st_mode & ~0o222, follow_symlinks=path.is_symlink() or True)
        yield folder, ()
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)
        return
    script = f'mount --bind "{folder}" "{folder}" && mount -o remount,ro,bind "{folder}" && exec "$@"'
    prefix = ("unshare", "-m", "sh", "-c", script, "sh")
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no folder can be mounted read-only here")
    yield folder, prefix


@pytest.mark.parametrize("name", [*WRITE, *ONLY_READ])
def test_a_read_only_folder(name: str, read_only: tuple[Path, tuple[str, ...]]) -> None:
    folder, prefix = read_only
    served = Releases(folder).current()
    assert served is not None
    command = ["releases", "remove", "1.2"] if name == "remove" else COMMANDS[name]
    ended = run(*command, "--data-dir", folder, prefix=prefix)
    if name in ONLY_READ:
        assert (ended.code, "Traceback" in ended.err) == (0, False), ended.err
        return
    assert ended.code in (1, 4), ended.err
    told(ended.err)
    assert Releases(folder).current() == served


def test_a_removal_that_is_refused_by_the_system(read_only: tuple[Path, tuple[str, ...]]) -> None:
    folder, prefix = read_only
    served = Releases(folder).current()
    assert served is not None
    ended = run("releases", "publish", served.id, "--data-dir", folder, prefix=prefix)
    assert ended.code == 1
    told(ended.err)
    assert str(folder) in ended.err
