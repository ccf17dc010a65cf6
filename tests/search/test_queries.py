"""The table of queries in docs/search: its form, and how many are answered rightly."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.command import run

FILE = Path(__file__).parents[2] / "docs" / "search" / "queries.csv"


def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_the_queries_are_of_four_languages_and_all_kinds() -> None:
    found = rows()
    assert len(found) >= 200
    assert min(Counter(row["language"] for row in found)[tag] for tag in ("en", "es", "fr", "de")) >= 45
    assert {row["kind"] for row in found} == {"plain", "plural", "gendered", "typo", "abbreviation", "code"}
    assert len({(row["query"], row["language"]) for row in found}) == len(found)
    assert all(row["expected"] for row in found)


@pytest.mark.full
def test_most_are_answered_rightly(full_dir: Path, esco_data: Path) -> None:
    labels = esco_data / "esco-1.0.8-occupation-labels"
    ended = run("match", "queries", FILE, "--labels", labels, "--json", "--data-dir", full_dir)
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    assert said["leftOut"] == 0
    right = [row["found"] in row["expected"] for row in said["queries"]]
    assert sum(right) / len(right) >= 0.85
