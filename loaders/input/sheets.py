"""Workbooks (.xlsx, .ods) as tables: read by a process of its own, which hands on their cells as CSV.

A small workbook can claim a billion cells, and the parser believes it; the process may take so much memory and time.
"""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import IO

from releases import child
from releases.errors import SourceError

ENDINGS = (".xlsx", ".ods")
MOST_BYTES = 256 << 20  # of a workbook, unpacked
MEMORY = 2 << 30
SECONDS = 120


def names(path: Path) -> list[str]:
    """The sheets of a workbook. Raises SourceError when it is none."""
    with rows(path, "") as out:
        return out.read().decode().splitlines()


@contextmanager
def rows(path: Path, sheet: str) -> Iterator[IO[bytes]]:
    """One sheet as CSV, or with "" the names of all. Raises SourceError when it cannot be read, at the end of what could."""
    _bounded(path)
    with child.start(
        "loaders.input.sheets", path.resolve(), sheet,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        out, errors = process.stdout, process.stderr
        assert out and errors  # noqa: S101, PT018  # both are pipes
        try:
            _require(path, process, out, errors)  # where nothing comes at all
            yield out
            _require(path, process, out, errors)  # and where whoever has read to the end takes it for the end
        finally:
            process.kill()


def _require(path: Path, process: subprocess.Popen[bytes], out: IO[bytes], errors: IO[bytes]) -> None:
    if out.peek(1):  # type: ignore[attr-defined]
        return
    why = errors.read(2000).decode(errors="replace").strip().splitlines()
    if process.wait() != 0:
        raise SourceError(
            f"{path}: is no workbook that can be read ({why[-1] if why else 'it takes too much memory or time'}).",
            "Save it again, or save its sheets as CSV.",
        )


def _bounded(path: Path) -> None:
    """Refuse what unpacks to too much; both formats are zip archives."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path}: is no workbook ({error}).", "Save it again as .xlsx or .ods.") from error
    if size > MOST_BYTES:
        raise SourceError(
            f"{path}: unpacks to more than {MOST_BYTES >> 20} MiB.", "Save its sheets as CSV, which has no such bound."
        )


def _text(value: object) -> str:
    """A cell as it would stand in the CSV bundle; spreadsheets keep codes as numbers."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def main(path: str, sheet: str) -> None:
    """Write the names of the sheets, or the cells of one, to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    if not sheet:
        sys.stdout.write("".join(f"{name}\n" for name in book.sheet_names))
        return
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    write = csv.writer(out).writerow
    for row in book.get_sheet_by_name(sheet).iter_rows():
        cells = [_text(cell) for cell in row]
        if any(cells):
            write(cells)
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
