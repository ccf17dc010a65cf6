"""`ccsi find`, `ccsi match FILE` and `ccsi match evaluate`."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from tests.command import run

CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"


@pytest.mark.long
def test_find_says_what_the_api_says(starter_dir: Path) -> None:
    ended = run("find", "museum", "cur", "--json", "--data-dir", starter_dir)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["items"][0]["uri"] == CURATOR
    shown = run("find", "museum", "cur", "--type", "occupation", "--data-dir", starter_dir)
    assert "exhibition curator" in shown.out
    assert "1 found" in shown.err


def test_a_file_of_titles_becomes_csv(starter_dir: Path, tmp_path: Path) -> None:
    titles = ["Museum curators (m/f)", "zzz", *["curator"] * 120]  # more than one request takes
    (tmp_path / "titles.txt").write_text("\ufeff" + "\n\n".join(titles) + "\n", encoding="utf-8")
    ended = run("match", tmp_path / "titles.txt", "--data-dir", starter_dir)
    assert ended.code == 0, ended.err
    rows = list(csv.DictReader(ended.out.splitlines()))
    assert [row["title"] for row in rows] == titles
    assert (rows[0]["uri"], rows[0]["cultural"], rows[0]["matchType"]) == (CURATOR, "true", "stem")
    assert "heritage:core" in rows[0]["domains"].split()
    assert (rows[1]["uri"], rows[1]["cultural"]) == ("", "false")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_is_no_text_is_refused(starter_dir: Path, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "titles.txt").write_bytes(content)
    ended = run("match", tmp_path / "titles.txt", "--data-dir", starter_dir)
    assert ended.code == 3
    assert "cannot be read as text" in ended.err


@pytest.mark.long
def test_evaluation_counts_what_is_found(starter_dir: Path, tmp_path: Path) -> None:
    """A set in MELO's form: each title is a label of one concept, so all are found first, by any way."""
    folder = tmp_path / "melo" / "xxx_q_en_c_en"
    folder.mkdir(parents=True)
    names = [
        f"{adjective} {noun}"
        for adjective in ("red", "green", "blue", "grey")
        for noun in ("baker", "weaver", "potter")
    ]
    tables = {
        "corpus_elements": [[f"C{n}", name] for n, name in enumerate(names)],
        "concept_mapping": [[f"C{n}", f"o:{n:02}"] for n in range(len(names))],
        "queries": [[f"Q{n}", name.upper()] for n, name in enumerate(names)],
        "annotations": [[f"Q{n}", "0", f"C{n}", "1"] for n in range(len(names))],
    }
    for name, rows in tables.items():
        with gzip.open(folder / f"{name}.tsv.gz", "wt") as out:
            out.writelines("\t".join(row) + "\n" for row in rows)
    asked = 0
    for half in ("report", "tune"):
        ended = run(
            "match", "evaluate", "--data", tmp_path, "--half", half, "--simpler", "--json", "--data-dir", starter_dir
        )
        assert ended.code == 0, ended.err
        lines = [line for line in json.loads(ended.out)["sets"] if line["set"].startswith("MELO")]
        assert {line["way"] for line in lines} >= {"ccsi", "rapidfuzz WRatio", "SQLite FTS5 bm25"}
        assert {line["hit@1"] for line in lines if line["way"] in ("ccsi", "SQLite FTS5 bm25")} == {1.0}
        asked += lines[0]["queries"]
    assert asked == len(names)


def test_evaluation_of_no_folder_is_refused(starter_dir: Path, tmp_path: Path) -> None:
    ended = run("match", "evaluate", "--data", tmp_path / "none", "--data-dir", starter_dir)
    assert ended.code == 3
    assert "is not a folder" in ended.err
