"""Everything that a workshop's database holds as one file, and back, whichever database it comes from or goes to.

A file of lines, packed: the first says what it is, each of the others is a row, the last says how many there were. It
holds who took part, so it is as confidential as the database.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from workshop.database import Database
from workshop.errors import Conflict, Refused
from workshop.model import Base, Workshop, now

FORMAT = "ccsi-workshop-backup"
VERSION = 1
_LONGEST_LINE = 4_000_000  # characters; a deck of cards has some tens of thousands
_BATCH = 500


def backup(database: Database, target: Path) -> int:
    """Write all tables as of one moment; the file is there whole or not at all. Returns the number of rows."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with _open_new(partial) as raw:
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as out, database.reading() as session:
                rows = 0
                for line in _lines(session):
                    rows += "t" in line
                    out.write((json.dumps(line, ensure_ascii=False) + "\n").encode())
                out.write((json.dumps({"rows": rows}) + "\n").encode())
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(target)
    except OSError as error:
        raise Refused(f"{target}: {error.strerror or error}.", "Name another place for the backup.") from error
    finally:
        partial.unlink(missing_ok=True)
    return rows


def restore(database: Database, source: Path) -> int:
    """Fill an empty database from a backup: all of it or nothing. Returns the number of rows. Raises Conflict, Refused."""
    tables = {table.name: table for table in Base.metadata.sorted_tables}
    with database.writing() as session:
        if session.scalar(select(func.count()).select_from(Workshop)):
            raise Conflict("This database holds workshops.", "Restore into an empty one: set CCSI_WORKSHOP_DATABASE.")
        rows = 0
        waiting: list[dict[str, Any]] = []
        current = ""
        try:
            for line in _read(source):
                if line["t"] != current or len(waiting) >= _BATCH:
                    _insert(session, tables, current, waiting)
                    current = line["t"]
                waiting.append(line["r"])
                rows += 1
            _insert(session, tables, current, waiting)
            if not database.sqlite:
                _continue_numbers(session)
        except (KeyError, TypeError, AttributeError) as error:
            raise Refused(
                f"{source}: a line is not a row of a workshop.", "Give a file of: ccsi workshop backup"
            ) from error
    return rows


def _lines(session: Session) -> Iterator[dict[str, Any]]:
    yield {"format": FORMAT, "version": VERSION, "at": now()}
    for table in Base.metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        for row in session.execute(select(table).order_by(*keys)).mappings():
            yield {"t": table.name, "r": dict(row)}


def _read(source: Path) -> Iterator[dict[str, Any]]:
    """The rows of a backup. Raises Refused for what is none, or not whole."""
    wrong = "Give a file of: ccsi workshop backup"
    try:
        with gzip.open(source, "rt", encoding="utf-8") as lines:
            head = json.loads(lines.readline(_LONGEST_LINE))
            if not isinstance(head, dict) or head.get("format") != FORMAT or head.get("version") != VERSION:
                raise Refused(f"{source}: not a backup of a workshop.", wrong)
            rows = 0
            while text_line := lines.readline(_LONGEST_LINE):
                line = json.loads(text_line)
                if "rows" in line:
                    if line["rows"] == rows:
                        return
                    break
                rows += 1
                yield line
        raise Refused(f"{source}: cut short or changed after {rows:,} rows.", "Take another copy of it.")
    except (OSError, EOFError, ValueError) as error:
        raise Refused(f"{source}: cannot be read ({error}).", wrong) from error


def _insert(session: Session, tables: dict[str, Any], name: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(tables[name]), rows)
        rows.clear()


def _continue_numbers(session: Session) -> None:
    """PostgreSQL counts on from where its own inserts were; these brought their numbers along."""
    for table in Base.metadata.sorted_tables:
        if "id" in table.columns and table.columns["id"].type.python_type is int:
            session.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 - a name of ours
                    f"GREATEST((SELECT MAX(id) FROM {table.name}), 1))"
                )
            )


def _open_new(path: Path) -> Any:
    """A file that only its owner can read: it tells who took part."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
