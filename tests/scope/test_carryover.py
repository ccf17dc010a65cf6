"""Curated statements follow the IRI; what changed under it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loaders.build import load
from loaders.derive.carryover import SKILLS_SHARE, Fingerprint, compare, read_baseline, write_baseline
from loaders.request import LoadRequest
from releases.release import Release

A, B, C = (f"http://data.europa.eu/esco/occupation/{n}" for n in "abc")


def skills(*numbers: int) -> frozenset[bytes]:
    return frozenset(n.to_bytes(2, "big") for n in numbers)


BEFORE = {
    A: Fingerprint(A, "2621", "archivist", "d1", skills(*range(10))),
    B: Fingerprint(B, "2651", "sculptor", "d2", skills(20, 21)),
}


def test_same_is_same_whatever_the_white_space() -> None:
    now = {**BEFORE, A: replace(BEFORE[A], label=" Archivist ")}
    found = compare(BEFORE, now, {A})
    assert found.unchanged == {A, B}
    assert found.changes == ()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"label": "records manager"}, "label"),
        ({"isco": "2622"}, "isco"),
        ({"description": "d9"}, "description"),
        ({"skills": skills(*range(7), 90, 91, 92)}, "skills"),
    ],
)
def test_a_difference_is_named_and_ends_the_silence(change: dict[str, object], what: str) -> None:
    found = compare(BEFORE, {**BEFORE, A: replace(BEFORE[A], **change)}, {A})  # type: ignore[arg-type]
    assert [(c.occupation, c.what) for c in found.changes] == [(A, what)]
    assert A not in found.unchanged


def test_few_exchanged_skills_are_no_change() -> None:
    now = {**BEFORE, A: replace(BEFORE[A], skills=skills(*range(9), 90))}  # 9 of 11 stay: 18 % exchanged
    assert SKILLS_SHARE > 2 / 11
    assert compare(BEFORE, now, {A}).changes == ()


def test_a_release_without_skills_or_descriptions_is_not_a_change() -> None:
    now = {A: replace(BEFORE[A], description="", skills=skills()), B: BEFORE[B]}
    assert compare(BEFORE, now, {A}).unchanged == {A, B}


def test_vanished_is_told_of_curated_occupations_and_new_of_all() -> None:
    now = {C: Fingerprint(C, "2651", "digital sculptor", "", skills())}
    found = compare(BEFORE, now, {A})
    assert [(c.occupation, c.what) for c in found.changes] == [(A, "vanished"), (C, "new")]


def test_the_baseline_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "baseline.csv.gz"
    write_baseline(BEFORE, path)
    assert read_baseline(path) == BEFORE
    first = path.read_bytes()
    write_baseline(BEFORE, path)
    assert path.read_bytes() == first


@pytest.mark.full
def test_version_1_2_0_is_what_was_read(full: Release) -> None:
    assert full.manifest["carryOver"] == {"unchanged": 3039}


@pytest.mark.long
@pytest.mark.full
def test_the_partial_version_1_2_1_reports_its_changes(esco_data: Path, tmp_path: Path) -> None:
    release = load(LoadRequest([esco_data / "esco-1.2.1-csv-partial"], tmp_path, partial=True))
    assert release.manifest["escoVersion"] == "1.2.1"
    changes = release.carry_over()["changes"]
    kinds = sorted(c["what"] for c in changes)
    assert kinds == ["description"] * 10 + ["isco"]
    assert release.manifest["carryOver"]["unchanged"] == 3039 - len({c["occupation"] for c in changes})
    # Curation alone still speaks, although this bundle has no skills.
    assert release.manifest["counts"]["inScope"] > 400
