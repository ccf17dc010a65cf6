"""`ccsi profile` as a user and a script meet it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.conftest import InProcess
from tests.command import CCSI, ROOT


@pytest.fixture
def run(starter_dir: Path) -> Callable[..., tuple[int, bytes, str]]:
    """Run a command on the sample, in a process of its own; exit code, standard output and standard error."""

    def execute(*arguments: str) -> tuple[int, bytes, str]:
        command = [*CCSI, "profile", *arguments, "--data-dir", str(starter_dir)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, env={**os.environ, "COLUMNS": "200"})
        return ended.returncode, ended.stdout, ended.stderr.decode()

    return execute


@pytest.mark.long
def test_show_writes_what_the_api_answers(run, client: InProcess, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("show", "heritage-preservation", "--format", "csv")
    assert code == 0
    assert out == client.get("/api/v1/profiles/heritage-preservation.csv").content
    assert run("show", "heritage-preservation", "--format", "pdf", "-o", str(tmp_path / "a.pdf"))[0] == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    code, _, err = run("show", "heritage-nonsense")
    assert code == 3
    assert "heritage-preservation" in err
    assert run("show", "heritage-preservation", "--format", "docx")[0] == 3


@pytest.mark.long
def test_compose_with_weights(run, core: list[str]) -> None:  # type: ignore[no-untyped-def]
    one, other = (o.rpartition("/")[2] for o in core[:2])
    code, out, _ = run("compose", "--anchor", f"{one}:3", "--anchor", other, "--maximum", "12", "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert [a["weight"] for a in found["anchors"]] == [0.75, 0.25]
    assert found["skillCount"] == 12
    assert run("compose", "--anchor", "x")[0] == 3


@pytest.mark.long
def test_compare_a_curriculum_with_a_profile(run, core: list[str], catalogue, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    curriculum = tmp_path / "curriculum.txt"
    curriculum.write_text("\n".join(catalogue.occupations[core[0]].essential[:5]))
    code, out, _ = run("compare", f"@{curriculum}", f"heritage-{core[0].rpartition('/')[2]}", "--json")
    assert code == 0
    (item,) = json.loads(out)["items"]
    assert 0 < item["coverage"] < 1
    assert len(item["shared"]) == 5
    code, out, _ = run("compare", core[0], "--among", "heritage", "--limit", "3")
    assert code == 0
    assert b"similarity" in out
    assert run("compare", "@nowhere.txt", "--among", "ccsi")[0] == 3


@pytest.mark.long
def test_export_to_a_folder_and_an_archive(run, client: InProcess, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ids = {i["id"] for i in client.get("/api/v1/domains/heritage/profiles?limit=500").json()["items"]}
    assert run("export", str(tmp_path / "out"), "--format", "csv", "--format", "ttl", "--domain", "heritage")[0] == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {f"{i}.{s}" for i in ids for s in ("csv", "ttl")}
    for name in ("a.zip", "b.zip"):
        assert run("export", str(tmp_path / name), "--format", "csv")[0] == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert len(archive.namelist()) == client.get("/api/v1/profiles").json()["total"]
        rows = list(csv.DictReader(io.StringIO(archive.read("heritage-preservation.csv").decode())))
    assert rows[0]["profile"] == "heritage-preservation"
    assert run("export", str(tmp_path / "out"), "--format", "docx")[0] == 2
    assert run("export", str(tmp_path / "nowhere" / "c.zip"), "--domain", "heritage")[0] == 3
    assert {p.name for p in tmp_path.iterdir()} == {"out", "a.zip", "b.zip"}, "nothing by half"
