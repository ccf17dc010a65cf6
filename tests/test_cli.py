"""The command line as a user and a script meet it."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import pytest

from releases.release import Releases
from tests.command import CCSI, FIXTURES, QUICK, ROOT, Command, in_process, run


@pytest.fixture
def ccsi(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    return in_process(monkeypatch, capfd)


@pytest.fixture
def data(mini_dir: Path, tmp_path: Path) -> Releases:
    shutil.copytree(mini_dir, tmp_path / "data", symlinks=True)
    return Releases(tmp_path / "data")


# --- help and version ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ([], ["load", "serve", "releases", "ESCO classification of the European Commission"]),
        (["load"], ["ESCO as downloaded", "--esco-version", "--nace", "--partial", "--data-dir", "Exit codes"]),
        (["serve"], ["--host", "--port", "--data-dir", "CCSI_PORT"]),
        (["releases"], ["list", "verify", "publish", "remove"]),
        (["releases", "list"], ["--json"]),
        (["releases", "verify"], ["checksums", "Exit code 4"]),
        (["releases", "publish"], ["Release id"]),
        (["releases", "remove"], ["not served"]),
    ],
)
def test_help(command: list[str], parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from app.cli.main import cli

    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(cli, [*command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    for part in parts:
        assert part in result.output, result.output


def test_the_bundled_sample_is_loaded_only_where_nothing_is_published(ccsi: Command, data: Releases) -> None:
    served = data.current()
    assert served is not None
    ended = ccsi("load", "--starter", "--data-dir", data.data_dir)
    assert (ended.code, f"{served.id} is published already" in ended.err) == (0, True)
    assert data.current() == served
    for arguments in ([], ["--starter", "esco.ttl"]):
        ended = ccsi("load", *arguments, "--data-dir", data.data_dir)
        assert (ended.code, "name ESCO files, or --starter" in ended.err) == (2, True)


def test_version() -> None:
    ended = run("--version")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.split()[:2] == ["ccsi", version("ccsi-esco")]


@pytest.mark.parametrize(
    "arguments", [["lode"], ["load"], ["load", "x", "--no-such-option"], ["serve", "--port", "http"]]
)
def test_wrong_usage(arguments: list[str], ccsi: Command) -> None:
    ended = ccsi(*arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert "Usage" in ended.err


# --- load ------------------------------------------------------------------------------------------------------------


def test_load_prints_stages_and_a_summary(tmp_path: Path) -> None:
    ended = run("load", FIXTURES / "csv-v1.2.0", *QUICK, "--data-dir", tmp_path / "data")
    assert ended.code == 0
    stages = ended.err.splitlines()
    assert [line.split("  ")[0] for line in stages] == [
        "Looking at the input", "Writing the ESCO graph", "Deciding the scope",
        "Deriving skills and clusters", "Checking the release", "Sealing the release",
    ]  # fmt: skip
    assert all(line.endswith(" s") for line in stages)
    for told in (
        "5 occupations, 29 skills, 11 ISCO groups, 54 skill groups", "15 essential, 10 optional", "en (100), fr (70)",
        "broaderTransitive completed: 278", "29 preferred labels in fr", "MiB at most", "published",
    ):  # fmt: skip
        assert told in ended.out


def test_load_as_json(tmp_path: Path, ccsi: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCSI_DATA_DIR", str(tmp_path / "data"))
    ended = ccsi("load", FIXTURES / "csv-v1.2.0", *QUICK, "--json", "--no-publish", "--esco-version", "1.2.0")
    assert (ended.code, ended.err) == (0, "")
    manifest = json.loads(ended.out)
    assert manifest["served"] is False
    assert manifest["counts"]["occupations"] == 5
    (release,) = Releases(tmp_path / "data").all()
    assert release.id == manifest["id"]
    assert Releases(tmp_path / "data").current() is None


def test_load_on_a_terminal_shows_live_progress(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*CCSI, "load", FIXTURES / "csv-v1.2.0", *QUICK, "--data-dir", tmp_path / "data"],
        stdin=terminal, stdout=terminal, stderr=terminal, cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while True:
        if not select.select([controller], [], [], 60)[0]:
            process.kill()
            break
        try:
            block = os.read(controller, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        shown += block
    os.close(controller)
    assert process.wait(timeout=60) == 0, shown.decode()
    text = shown.decode("utf-8")
    assert "\x1b[" in text  # drawn in place
    assert "✓" in text
    assert "Writing the ESCO graph" in text
    assert "statements, " in text
    assert "/s" in text
    assert "Traceback" not in text
    assert Releases(tmp_path / "data").current() is not None


def test_markup_in_a_file_name_is_shown_as_it_is(tmp_path: Path, ccsi: Command) -> None:
    file = tmp_path / "[bold]esco[/bold].ttl"
    ended = ccsi("load", file, "--data-dir", tmp_path / "data")
    assert ended.code == 3
    assert str(file) in ended.err


# --- releases --------------------------------------------------------------------------------------------------------


def test_releases(data: Releases, ccsi: Command) -> None:
    first = data.current()
    assert first is not None
    assert first.id in ccsi("releases", "list", "--data-dir", data.data_dir).out
    (listed,) = json.loads(ccsi("releases", "list", "--json", "--data-dir", data.data_dir).out)
    assert (listed["id"], listed["served"]) == (first.id, True)

    sound = ccsi("releases", "verify", "--data-dir", data.data_dir)
    assert sound.code == 0
    assert f"{first.id} is sound" in sound.out

    assert ccsi("releases", "remove", first.id, "--data-dir", data.data_dir).code == 4
    other = shutil.copytree(first.path, data.folder / "1.2.0-other")
    assert ccsi("releases", "publish", "1.2.0", "--data-dir", data.data_dir).code == 4  # of two
    assert ccsi("releases", "publish", "1.2.0-o", "--data-dir", data.data_dir).code == 0
    assert data.pointer.resolve() == other.resolve()
    assert ccsi("releases", "remove", first.id, "--data-dir", data.data_dir).code == 0
    assert [r.id for r in data.all()] == ["1.2.0-other"]

    next(other.glob("store/*.sst")).unlink()
    damaged = ccsi("releases", "verify", "--json", "--data-dir", data.data_dir)
    assert damaged.code == 4
    told = json.loads(damaged.out)
    assert told["sound"] is False
    assert told["faults"][0].endswith(".sst is missing")
    refused = ccsi("releases", "publish", "1.2.0-other", "--data-dir", data.data_dir)
    assert refused.code == 4
    assert "is damaged" in refused.err
    assert "remedy: " in refused.err


def test_no_releases(tmp_path: Path, ccsi: Command) -> None:
    assert json.loads(ccsi("releases", "list", "--json", "--data-dir", tmp_path).out) == []
    none = ccsi("releases", "verify", "--data-dir", tmp_path)
    assert none.code == 4
    assert "No release is published" in none.err
    unknown = ccsi("releases", "remove", "1.2.0", "--data-dir", tmp_path)
    assert unknown.code == 4
    assert "does not exist" in unknown.err


# --- serve -----------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_serving_and_stopping_leaves_the_release_sound(data: Releases) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*CCSI, "serve", "--port", str(port), "--data-dir", data.data_dir],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        answer = patient(f"http://127.0.0.1:{port}/api/v1/releases", process)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    release = data.current()
    assert release is not None
    assert release.id in answer
    assert f"Serving on http://127.0.0.1:{port}" in err
    assert "Traceback" not in err
    assert data.verify(release) == []


def patient(url: str, process: subprocess.Popen[str]) -> str:
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)


def test_port_in_use(tmp_path: Path, ccsi: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = ccsi("serve", "--port", port, "--data-dir", tmp_path / "data")
    assert ended.code == 1
    assert f"error: Cannot serve on 127.0.0.1:{port}: Address already in use." in ended.err
    assert "remedy: Use another --port" in ended.err
    assert not (tmp_path / "data").exists()  # nothing was loaded first


@pytest.mark.parametrize(
    ("arguments", "part"),
    [(["--port", "70000"], "--port"), (["--port", "0"], "--port"), (["--host", "no.host.invalid"], "no.host.invalid")],
)
def test_address_that_cannot_be(arguments: list[str], part: str, tmp_path: Path, ccsi: Command) -> None:
    ended = ccsi("serve", *arguments, "--data-dir", tmp_path / "data", "--no-starter")
    assert ended.code in (1, 2)
    assert part in ended.err
    assert "Traceback" not in ended.err


def test_setting_that_cannot_be(tmp_path: Path, ccsi: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCSI_PORT", "many")
    ended = ccsi("serve", "--no-starter", "--data-dir", tmp_path)
    assert ended.code == 2
    assert "CCSI_PORT" in ended.err
    assert "Traceback" not in ended.err


# --- profiles, tables, ports -----------------------------------------------------------------------------------------


@pytest.mark.long
def test_profiles_are_listed(starter_dir: Path, ccsi: Command) -> None:
    found = json.loads(ccsi("profile", "list", "--domain", "heritage", "--json", "--data-dir", starter_dir).out)
    assert "heritage-preservation" in {item["id"] for item in found}
    ended = ccsi("profile", "list", "--domain", "heritage", "--data-dir", starter_dir)
    assert ended.code == 0
    assert sum(item["id"] in ended.out for item in found) == len(found)
    assert "cultural heritage: preservation" in ended.out


def test_a_table_that_a_program_reads_is_not_cut(
    data: Releases, ccsi: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(ccsi("releases", "dumps", "--json", "--data-dir", data.data_dir).out)
    monkeypatch.setenv("COLUMNS", "40")
    rows = run("releases", "dumps", "--data-dir", data.data_dir).out.splitlines()
    for dump in made:
        assert any(dump["sha256"] in row and (dump["graph"] or "all") in row for row in rows)


def test_a_port_in_use_is_named_with_another(data: Releases, ccsi: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = ccsi("serve", "--port", port, "--data-dir", data.data_dir)
    assert ended.code == 1
    assert f"127.0.0.1:{port}" in ended.err
    assert f"make serve PORT={port + 1}" in ended.err
