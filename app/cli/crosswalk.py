"""`ccsi crosswalk`: a column of codes in, domains out; and the mappings of a release as SSSOM."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.api.bodies import IRI_LENGTH
from app.cli.options import DataDir, published
from app.cli.profile import answers
from app.documents.cells import cell
from app.reports.sssom import write_sssom
from app.settings import get_limits
from loaders.batches import batched
from releases.errors import SourceError

EXTRA = ("status", "type", "classification", "uri", "label", "core", "related", "domainShares", "detail", "didYouMean")
MOST_ROWS = 1_000_000
MOST_LINE = 1 << 20  # characters


def crosswalk(
    file: Annotated[Path, typer.Argument(help="CSV with a head; - for standard input.", allow_dash=True)],
    column: Annotated[str, typer.Option(help="Heading of the column of codes; without it the first one.")] = "",
    classification: Annotated[
        Literal["", "esco", "isco-08", "nace-2.1", "nace-2"],
        typer.Option(help="Of all codes; without it each is read by its form, bare digits as ISCO-08."),
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Add to each row of a table what its code stands for and which domains it leads to; CSV."""
    try:
        with sys.stdin if str(file) == "-" else file.open(encoding="utf-8-sig", newline="") as source:
            _write(_rows(source, file), column, classification, data_dir)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file}: cannot be read as CSV ({error}).", "Give a UTF-8 file with a head.") from error


def sssom(
    national: Annotated[
        str, typer.Option("--scheme", help="Only of this: nace, domains, or a classification that was loaded.")
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Write the mappings that a release holds as SSSOM (TSV): of the domains, NACE Rev. 2 to 2.1, those of loaded files."""
    write_sssom(published(data_dir), sys.stdout, national)


def _rows(source: Any, file: Path) -> Iterator[list[str]]:
    def lines() -> Iterator[str]:
        while line := source.readline(MOST_LINE):
            if len(line) >= MOST_LINE:
                raise csv.Error(f"a line of more than {MOST_LINE:,} characters")
            yield line

    given = lines()
    first = next(given, "")
    separator = max(",;\t", key=first.count)

    for count, row in enumerate(csv.reader(chain([first], given), delimiter=separator)):
        if count > MOST_ROWS:
            raise SourceError(f"{file}: more than {MOST_ROWS:,} rows.", "Divide the file.")
        if any(row):
            yield row


def _write(rows: Iterator[list[str]], column: str, classification: str, data_dir: Path | None) -> None:
    head = next(rows, [])
    if column and column not in head:
        raise SourceError(f"There is no column '{column}' (found: {', '.join(head)[:200]}).", "Name one of the head.")
    at = head.index(column) if column else 0
    out = csv.writer(sys.stdout)
    out.writerow([*head, *EXTRA])
    most = get_limits().lookup_codes
    batch: list[list[str]] = []

    def asked() -> Iterator[tuple[str, str, bytes]]:
        """A request for each batch; its rows wait for the answer."""
        padded = ([*row, *[""] * (len(head) - len(row))] for row in rows)
        for rows_asked in batched(padded, most):
            batch[:] = rows_asked
            body: dict[str, Any] = {"codes": [row[at][:IRI_LENGTH] for row in batch]}
            if classification:
                body["classification"] = classification
            yield "POST", "/lookup", json.dumps(body).encode()

    for answer in answers(data_dir, asked()):
        for row, item in zip(batch, json.loads(answer)["items"], strict=True):
            out.writerow([*row, *(cell(_text(item[name])) for name in EXTRA)])


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(v if isinstance(v, str) else f"{v['domain']}:{v['share']}" for v in value)
    return value or ""
