"""Eurostat's table of what became of the codes of NACE Rev. 2 in Rev. 2.1, given to a load with `--mapping`, in place of ours.

It is known by its head, which names a column of codes of either revision; titles, levels and remarks beside them are not read.
Cells are codes as people write them (91.02, R91.02, 9102) or Eurostat's IRIs. Only pairs of classes are taken: what becomes of a
code above them follows from its classes.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from loaders.input import sheets
from loaders.input.cells import error
from loaders.input.sources import Member
from loaders.input.tables import SEPARATORS, lines_of
from ontology.nace import REVISIONS, Activity, Revision, activities
from ontology.nace_revisions import CLASS, Correspondence, Revisions, ours
from releases.errors import SourceError

MOST = 20_000  # rows
PREAMBLE = 20  # rows in which the head must come
LONGEST = 1 << 16  # characters of a line
_CODE = re.compile(r"(?:https?://data\.europa\.eu/ux2/nace2(?:\.1)?/)?(?:(?:[A-V]\.?)?(\d{2})\.?(\d{0,2})|([A-V]))")
_REMEDY = "Give Eurostat's table of correspondence, with codes as text: a spreadsheet makes 1.11 of 01.11."


def revisions(paths: Sequence[Path], notes: list[str]) -> tuple[Revisions, list[Path]]:
    """What became of the codes of Rev. 2, by the table among these files, else by ours; and the other files. Raises SourceError."""
    tables = {path: member for path in paths if (member := _table(path))}
    if len(tables) > 1:
        raise SourceError(f"{', '.join(map(str, tables))}: two tables of NACE.", "Give one of them.")
    rest = [path for path in paths if path not in tables]
    for path, member in tables.items():
        above: list[int] = []
        pairs = {(c.former.code, c.current.code): c for c in _pairs(member, above)}
        if not pairs:
            raise SourceError(f"{path}: holds no pair of classes.", _REMEDY)
        left = f"; {len(above):,} rows of codes above the classes left out" if above else ""
        notes.append(f"{path.name}: {len(pairs):,} correspondences of NACE Rev. 2 and 2.1, in place of ours{left}")
        said = f"What became of the codes of NACE Rev. 2 is as {path.name} says, which was given to the load."
        return Revisions(pairs.values(), said), rest
    return ours(), rest


def _table(path: Path) -> Member | None:
    """The file, or the sheet of a workbook, whose head names codes of both revisions."""
    book = path.suffix.lower() in sheets.ENDINGS
    for member in [Member(path, sheet=name) for name in sheets.names(path)] if book else [Member(path)]:
        if any(_named(row) for row in _first(member)):
            return member
    return None


def _first(member: Member) -> list[list[str]]:
    """The rows in which the head must come; none where the file is no table."""
    try:
        return [row for _, (_, row) in zip(range(PREAMBLE), _rows(member), strict=False)]
    except (UnicodeDecodeError, csv.Error):
        return []  # whoever reads it for what it is says what is wrong


def _rows(member: Member) -> Iterator[tuple[int, list[str]]]:
    with member.open() as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        head = [line for _, line in zip(range(PREAMBLE), iter(lambda: text.readline(LONGEST), ""), strict=False)]
        sign = max(SEPARATORS, key=lambda sign: max((len(_named(line.split(sign))) for line in head), default=0))
        reader = csv.reader(itertools.chain(head, lines_of(text, LONGEST)), delimiter=sign)
        for row in reader:
            yield reader.line_num, [cell.strip() for cell in row]


def _named(row: Sequence[str]) -> dict[Revision, list[int]]:
    """The columns of each revision, by their headings ("NACE Rev. 2.1 code", "NACE21"); empty unless both are named."""
    found: dict[Revision, list[int]] = {revision: [] for revision in REVISIONS}
    for n, heading in enumerate(row):
        if len(heading) <= 60 and re.search(r"nace|rev", heading, re.IGNORECASE):
            digits = re.findall(r"\d+", heading)
            if digits[:1] == ["21"] or digits[:2] == ["2", "1"]:
                found["2.1"].append(n)
            elif digits[:1] == ["2"]:
                found["2"].append(n)
    return found if all(found.values()) else {}


def _pairs(member: Member, above: list[int]) -> Iterator[Correspondence]:
    """The pairs of classes; the lines of other pairs are noted in `above`."""
    named: dict[Revision, list[int]] = {}
    columns: dict[Revision, int] = {}
    try:
        for count, (line, row) in enumerate(_rows(member)):
            if count > MOST:
                raise SourceError(f"{member.name}: more than {MOST:,} rows.", _REMEDY)
            if not named:
                named = _named(row)
                continue
            if not any(row):
                continue
            if not columns:
                columns = {
                    revision: next((n for n in among if n < len(row) and _CODE.fullmatch(row[n])), among[0])
                    for revision, among in named.items()
                }
            cells = {revision: row[n] if n < len(row) else "" for revision, n in columns.items()}
            if not all(cells.values()):  # a code that ended, or is new
                above.append(line)
                continue
            former, current = (_activity(member, line, revision, cells[revision]) for revision in REVISIONS)
            if len(former.code) == len(current.code) == CLASS:
                yield Correspondence(former, current, member.path.name)
            else:
                above.append(line)
    except UnicodeDecodeError as wrong:
        raise SourceError(f"{member.name}: not UTF-8 text ({wrong.reason}).", _REMEDY) from wrong
    except csv.Error as wrong:
        raise SourceError(f"{member.name}: {wrong}.", _REMEDY) from wrong


def _activity(member: Member, line: int, revision: Revision, cell: str) -> Activity:
    found = _CODE.fullmatch(cell)
    code = (found[3] or found[1] + (f".{found[2]}" if found[2] else "")) if found else ""
    if (activity := activities(revision).get(code)) is None:
        raise error(member, line, f"'{cell[:40]}' is no code of NACE Rev. {revision}.", _REMEDY)
    return activity
