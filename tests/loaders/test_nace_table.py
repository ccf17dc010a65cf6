"""Eurostat's table of correspondence as people have it: headings, separators, codes and IRIs."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from loaders.input import nace_table
from ontology.nace_revisions import ours
from releases.errors import SourceError

IRI = "http://data.europa.eu/ux2/nace"


@pytest.mark.parametrize(
    "text",
    [
        "NACE Rev. 2.1 code,NACE Rev. 2.1 title,NACE Rev. 2 code,NACE Rev. 2 title\n91.21,Museums,91.02,x\n90.20,y,90.01,z\n",
        "nace2;nace21\n9102;9121\n9001;9020\n",
        "Correspondence table\n\nLevel (NACE Rev. 2)\tNACE_R2\tNACE_R2_1\n1\tR\tS\n4\tR91.02\tS91.21\n4\t90.01\t90.20\n4\t90.02\t\n",
        f"rev2,rev2.1\n{IRI}2/9102,{IRI}2.1/9121\n{IRI}2/9001,{IRI}2.1/9020\n",
    ],
)
def test_a_table_is_read(tmp_path: Path, text: str) -> None:
    table, other = tmp_path / "table.csv", tmp_path / "other.csv"
    table.write_text(text, encoding="utf-8")
    other.write_text("subject_id,predicate_id,object_id\n", encoding="utf-8")
    notes: list[str] = []
    found, rest = nace_table.revisions([other, table], notes)
    assert {(c.former.code, c.current.code) for c in found.pairs} == {("91.02", "91.21"), ("90.01", "90.20")}
    assert rest == [other]
    assert notes[0].startswith("table.csv: 2 correspondences")
    assert ("2 rows of codes above the classes left out" in notes[0]) == ("Level" in text)
    assert "table.csv" in found.official


def test_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("About").write_row(0, 0, ["About this table"])
        sheet = book.add_worksheet("Table")
        sheet.write_row(0, 0, ["NACE Rev. 2", "Title", "NACE Rev. 2.1"])
        sheet.write_row(1, 0, ["91.02", "Museums", "91.21"])
    found, rest = nace_table.revisions([path], [])
    assert [(c.former.code, c.current.code) for c in found.pairs] == [("91.02", "91.21")]
    assert rest == []


def test_without_a_table_it_is_ours(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_bytes(b"\xff\xfe\x00")
    assert nace_table.revisions([other], []) == (ours(), [other])
    assert ours().official == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NACE Rev. 2,NACE Rev. 2.1\n99.99,91.21\n", "line 2: '99.99' is no code of NACE Rev. 2"),
        ("NACE Rev. 2,NACE Rev. 2.1\n1.11,01.11\n", "'1.11' is no code"),
        ("NACE Rev. 2,NACE Rev. 2.1\n91,91\n", "no pair of classes"), ("NACE Rev. 2,NACE Rev. 2.1\n", "no pair of classes"),
        ("NACE Rev. 2,NACE Rev. 2.1\n" + "91.02,91.21\n" * 20_001, "more than 20,000 rows"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=said):
        nace_table.revisions([path], [])


def test_two_tables_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in paths:
        path.write_text("NACE Rev. 2,NACE Rev. 2.1\n91.02,91.21\n", encoding="utf-8")
    with pytest.raises(SourceError, match="two tables"):
        nace_table.revisions(paths, [])
