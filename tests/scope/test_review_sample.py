"""`ccsi scope review-sample`, and `evaluate` of the sheet once it is filled."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from analysis.scope import evaluate
from app.catalogue.catalogue import Catalogue
from tests.command import Command, in_process


@pytest.fixture
def ccsi(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    return in_process(monkeypatch, capfd)


def test_the_sheet_hides_what_is_decided(ccsi: Command, starter_dir: Path) -> None:
    ended = ccsi("scope", "review-sample", "--count", "24", "--seed", "7", "--data-dir", starter_dir)
    assert (ended.code, ended.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert set(evaluate.COLUMNS) < set(rows[0])
    assert len({row["occupationUri"] for row in rows}) == 24
    assert all(row["preferredLabel"] and row["isco"] for row in rows)
    assert {(row["domain"], row["degree"]) for row in rows} == {("", "")}
    assert ccsi("scope", "review-sample", "--count", "24", "--seed", "7", "--data-dir", starter_dir).out == ended.out


def test_a_filled_sheet_is_compared(ccsi: Command, starter_dir: Path, catalogue: Catalogue, tmp_path: Path) -> None:
    """Filled with what the service says, but for one occupation judged the other way each."""
    sheet = tmp_path / "sheet.csv"
    assert ccsi("scope", "review-sample", "--count", "40", "--out", sheet, "--data-dir", starter_dir).code == 0
    with sheet.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    said = {row["occupationUri"]: catalogue.occupations[row["occupationUri"]].decisions for row in rows}
    inside = [iri for iri, found in said.items() if any(d.degree != "excluded" for d in found)]
    outside = sorted(said.keys() - set(inside))
    other = {inside[0], outside[0]}
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(evaluate.COLUMNS)
        for iri in said:
            taken_in = (iri in inside) != (iri in other)
            writer.writerow((iri, "music", "core", "agreed") if taken_in else (iri, "", "none", "agreed"))
    ended = ccsi("scope", "evaluate", sheet, "--json", "--data-dir", starter_dir)
    assert json.loads(ended.out)["judgedOtherwise"] == sorted(other)
    ended = ccsi("scope", "evaluate", sheet, "--data-dir", starter_dir)
    assert "In or out alike: 38 of 40 (95.0%)." in ended.out
