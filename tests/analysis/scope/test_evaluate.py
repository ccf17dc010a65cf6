"""Scoring by figures worked out by hand, calibration bins, and what a bad reading file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.scope.evaluate import (
    Gold,
    calibration,
    calibration_table,
    evaluate,
    judged_otherwise,
    read_gold,
    route_precision,
    score,
)
from analysis.tables import Assertion, Decision, Degree

HEADER = "occupationUri,code,preferredLabel,domain,degree,agreement"
ROWS = """
o1,,,music,core,agreed
o1,,,books,related,agreed
o2,,,,none,agreed
o3,,,music,core/related,disputed
o4,,,books,none/related,disputed
o5,,,books,related,agreed
o6,,,music,core,agreed
o7,,,,none,agreed
o8,,,music,none/core,disputed
""".strip()


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gold.csv"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Gold:
    return read_gold(write(tmp_path, f"{HEADER}\n{ROWS}\n"))


def decision(pair: str, degree: Degree, confidence: float = 0.9) -> Decision:
    iri, _, domain = pair.partition(" ")
    return Decision(iri, domain, degree, confidence, (), False)


DECISIONS = [
    decision("o1 music", "core", 0.95),
    decision("o1 books", "core", 0.55),
    decision("o2 books", "related", 0.35),
    decision("o3 music", "core", 0.85),
    decision("o4 books", "related"),
    decision("o5 books", "related", 0.95),
    decision("o8 music", "core"),
    decision("o7 music", "excluded", 0.75),
    decision("unlisted music", "core"),
]


def counts(result: object) -> tuple[int, int, int]:
    assert isinstance(result, dict)
    return result["tp"], result["fp"], result["fn"]


def test_four_figures(gold: Gold) -> None:
    result = score(DECISIONS, gold)
    # core: o1 found, o6 missed; o3 and o8 are left out, since the dispute is about core.
    assert counts(result["core"]) == (1, 0, 1)
    # any: o1, o3, o5 found, o6 missed, o2 wrong; o4 and o8 are left out.
    assert counts(result["any"]) == (3, 1, 1)
    # pairs: o1 music, o1 books, o3 music, o5 books found; o2 books wrong; o6 music missed.
    assert counts(result["pairs"]) == (4, 1, 1)
    # degree: o1 music, o5 books right; o1 books wrong twice (said core, is related); o2 books wrong; o6 missed.
    assert counts(result["degree"]) == (2, 2, 2)
    assert result["any"]["precision"] == pytest.approx(0.75)
    assert result["any"]["recall"] == pytest.approx(0.75)
    assert result["core"]["f1"] == pytest.approx(2 / 3)


def test_who_is_judged_otherwise_as_a_whole(gold: Gold) -> None:
    """o2 is taken in and read as none, o6 left out and read as core; what the readers dispute is no disagreement."""
    assert judged_otherwise(DECISIONS, gold) == ["o2", "o6"]


def test_per_domain_counts_only_that_domain(gold: Gold) -> None:
    result = evaluate(DECISIONS, gold)
    domains = result["domains"]
    assert isinstance(domains, dict)
    assert sorted(domains) == ["books", "music"]
    assert counts(domains["music"]["pairs"]) == (2, 0, 1)
    assert counts(domains["books"]["degree"]) == (1, 2, 1)


def test_nothing_decided_scores_zero(gold: Gold) -> None:
    assert score([], gold)["pairs"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "tp": 0, "fp": 0, "fn": 5}


def test_an_occupation_with_an_agreed_row_is_not_left_out_for_a_disputed_one(tmp_path: Path) -> None:
    gold = read_gold(write(tmp_path, f"{HEADER}\no1,,,music,core,agreed\no1,,,books,none/core,disputed\n"))
    assert counts(score([], gold)["core"]) == (0, 0, 1)


def test_calibration_takes_agreed_rows_only(gold: Gold) -> None:
    table = calibration(DECISIONS, gold)
    filled = {b["low"]: (b["n"], b["confidence"], b["right"]) for b in table if b["n"]}
    assert filled == {
        0.3: (1, pytest.approx(0.35), 0.0),
        0.5: (1, pytest.approx(0.55), 0.0),
        0.9: (2, pytest.approx(0.95), 1.0),
    }
    assert [b["n"] for b in calibration(DECISIONS, gold, excluded=True)] == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]


def test_calibration_bins_have_their_edges() -> None:
    table = calibration_table([(0.0, True), (0.1, False), (0.19, True), (1.0, True)])
    assert [b["n"] for b in table] == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert table[1]["right"] == pytest.approx(0.5)
    assert table[2]["confidence"] is None


def test_route_precision_counts_a_pair_once(gold: Gold) -> None:
    assertions = [Assertion("o1", "music", "core", "nace", (str(i),)) for i in range(3)]
    assertions += [
        Assertion("o1", "books", "core", "nace", ("x",)),
        Assertion("o2", "music", "core", "nace", ("x",)),
        Assertion("o3", "music", "core", "nace", ("x",)),
        Assertion("o2", "", "excluded", "curated", ("x",)),
        Assertion("o6", "", "excluded", "curated", ("x",)),
    ]
    shares = route_precision(assertions, gold)
    assert shares["nace"]["core"] == {"n": 3, "in_scope": pytest.approx(2 / 3), "degree": pytest.approx(1 / 3)}
    assert shares["curated"]["excluded"] == {"n": 2, "in_scope": 0.5, "degree": 0.5}


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("occupationUri,domain,degree\no1,music,core\n", "line 1", "agreement"),
        ("", "line 1", "missing column"),
        (f"{HEADER}\n", "line 1", "no rows"),
        (f"{HEADER}\no1,,,music,main,agreed\n", "line 2", "main"),
        (f"{HEADER}\no1,,,music,core/core,disputed\n", "line 2", "core/core"),
        (f"{HEADER}\no1,,,music,core,perhaps\n", "line 2", "perhaps"),
        (f"{HEADER}\no1,,,music,core/related,agreed\n", "line 2", "does not go with"),
        (f"{HEADER}\n,,,music,core,agreed\n", "line 2", "occupationUri"),
        (f"{HEADER}\no1,,,,core,agreed\n", "line 2", "without a domain"),
        (f"{HEADER}\no1,,,music,core,agreed\no1,,,music,related,agreed\n", "line 3", "second row"),
        (f"{HEADER}\no1,,,music\n", "line 2", "fewer cells"),
        (f"{HEADER}\no1,,,music,core,agreed,extra\n", "line 2", "more cells"),
        (f'{HEADER}\no1,,"open,music,core,agreed\n', "line 2", "unexpected end"),
    ],
)
def test_a_bad_reading_names_file_and_line(tmp_path: Path, text: str, line: str, word: str) -> None:
    with pytest.raises(ValueError, match=word) as caught:
        read_gold(write(tmp_path, text))
    assert "gold.csv" in str(caught.value)
    assert line in str(caught.value)


def test_a_file_that_is_not_text_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_bytes(HEADER.encode() + b"\no1,,\xff\xfe,music,core,agreed\n")
    with pytest.raises(ValueError, match=r"gold\.csv.*UTF-8"):
        read_gold(path)
