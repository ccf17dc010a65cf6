"""The rows of a table: comma, semicolon or tab between its cells, or a sheet of a workbook; columns as the CSV bundle names them."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator

from loaders.input.names import COLUMNS, columns_of
from loaders.input.sources import Member
from releases.errors import SourceError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_ROW = 1 << 22  # characters; the longest of ESCO, the top concepts of a scheme, has a sixth of that


def lines_of(text: io.TextIOWrapper, most: int) -> Iterator[str]:
    """The lines of a text. Raises csv.Error at one of more characters than `most`."""
    while line := text.readline(most):
        if len(line) >= most:
            raise csv.Error(f"a line of more than {most:,} characters")
        yield line


def read_csv(member: Member, required: set[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of one table with their line numbers; cells may span lines. Columns have the names of the CSV bundle.

    Raises SourceError when a required column is missing, the file is empty, or a row is cut short.
    """
    csv.field_size_limit(MAX_ROW)
    with member.open() as raw:
        # Line ends inside cells are made one kind too: a copy that was checked out on Windows has the same content.
        text = io.TextIOWrapper(raw, encoding="utf-8", newline=None)
        held = 0  # characters of the row that is being read

        def lines() -> Iterator[str]:
            nonlocal held
            while line := text.readline(MAX_ROW):
                if (held := held + len(line)) >= MAX_ROW:
                    raise csv.Error(f"a row of more than {MAX_ROW:,} characters")
                yield line

        try:
            first = next(given := lines(), "")
            reader = csv.reader(itertools.chain([first], given), strict=True, delimiter=separator_of(first))
            header = columns_of(next(reader, []))
            if not any(header):
                raise SourceError(f"{member.name}: the file is empty.", "Download the bundle again.")
            if missing := required - set(header):
                raise SourceError(
                    f"{member.name}, line 1: column {', '.join(sorted(missing))} is missing (found: {', '.join(header)[:200]}).",
                    "Use the official ESCO CSV file; a spreadsheet may have changed it.",
                )
            if twice := sorted({name for name in header if name in COLUMNS and header.count(name) > 1}):
                raise SourceError(
                    f"{member.name}, line 1: column {', '.join(twice)} is there twice.", "Take one of them out."
                )
            line = reader.line_num
            for row in reader:
                line, at, held = reader.line_num, line + 1, 0
                if len(row) != len(header):
                    if not any(row):
                        continue
                    raise SourceError(
                        f"{member.name}, line {at}: {len(row)} cells where the header has {len(header)}.",
                        "The file was cut short or edited; download it again.",
                    )
                yield at, dict(zip(header, row, strict=True))
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{member.name}: not UTF-8 text ({error.reason}).", "Use the file as downloaded."
            ) from error
        except csv.Error as error:
            raise SourceError(
                f"{member.name}, line {reader.line_num + 1 if held >= MAX_ROW else reader.line_num}: {error}.",
                "Use the file as downloaded.",
            ) from error


def separator_of(header: str) -> str:
    """What separates the cells of a table, by its first line: what makes most headings known."""
    return max(SEPARATORS, key=lambda sign: sum(name in COLUMNS for name in columns_of(header.split(sign))))


def separator_name(member: Member) -> str:
    """What separates the cells of a table when it is something else than commas, "" when it is commas."""
    if member.sheet:
        return ""
    with member.open() as raw:
        sign = separator_of(raw.readline(MAX_ROW).decode("utf-8", "replace"))
    return "" if sign == "," else SEPARATORS[sign]
