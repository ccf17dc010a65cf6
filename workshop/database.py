"""Where the workshop's data are: SQLite with a write-ahead log, or PostgreSQL by its URL.

A transaction that writes holds SQLite's one write lock from its beginning, so that what it has read still holds when it
commits. Whoever is told that something was kept is told after the commit has reached the disk.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from workshop.errors import Conflict, DatabaseBusy, DatabaseFault, DatabaseFull

MIGRATIONS = Path(__file__).parent / "migrations"
FILE = "workshop.sqlite"
WRITES = "workshop_writes"
_WAIT_SECONDS = 5.0
_CONNECTIONS = 8
_LOCK = 5_701_023  # of PostgreSQL's advisory locks, the one that a migration holds
_WRITER = _LOCK + 1  # the one that a transaction holds which writes
_FULL = ("database or disk is full", "disk i/o error", "53100", "no space left")
_BUSY = ("database is locked", "55p03", "40001", "40p01", "53300", "57014")


class Database:
    """The engine, opened; `reading` and `writing` give a session within one transaction."""

    def __init__(self, url: str) -> None:
        self.url = _url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url, self.sqlite)
        self._writer = self.engine.execution_options(**{WRITES: True})
        # SQLite's readers see one state anyway; PostgreSQL's by default another with each statement.
        self._reader = self.engine if self.sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")

    @classmethod
    def open(cls, url: str) -> Database:
        """Open it with the tables of this program's version, which are made or brought up to date."""
        database = cls(url)
        database.migrate()
        return database

    def close(self) -> None:
        """Give its connections back."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state from its beginning to its end."""
        with _faults(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at its end, or leaves no trace."""
        with _faults(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            if (
                not self.sqlite
            ):  # as SQLite: who writes, writes alone, so rows are numbered in the order of their commits
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER})
            yield session

    def migrate(self) -> None:
        """Bring the tables up to date; of several processes that start together, one does it."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with _faults(), self._alone(), self.engine.connect() as connection:
            config.attributes["connection"] = connection
            if not self.sqlite:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
                connection.commit()
            try:
                command.upgrade(config, "head")
                connection.commit()
            finally:
                connection.rollback()
                if not self.sqlite:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
                    connection.commit()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self.sqlite or not self.url.database:
            yield
            return
        with Path(self.url.database + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def default_url(data_dir: Path) -> str:
    """The SQLite file beside the releases, where no other database is named."""
    return f"sqlite:///{(data_dir / FILE).resolve()}"


def _url(written: str) -> URL:
    try:
        url = make_url(written)
    except ArgumentError as error:
        raise DatabaseFault(
            "The address of the workshop's database is no URL.", "Set CCSI_WORKSHOP_DATABASE."
        ) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise DatabaseFault(
            f"The workshop's database may be SQLite or PostgreSQL, not {url.get_backend_name()}.",
            "Set CCSI_WORKSHOP_DATABASE to sqlite:///PATH or postgresql://USER@HOST/NAME.",
        )
    return url.set(drivername="postgresql+pg8000") if url.get_backend_name() == "postgresql" else url


def _engine(url: URL, sqlite: bool) -> Engine:
    try:
        if not sqlite:
            return create_engine(url, pool_size=_CONNECTIONS, pool_timeout=_WAIT_SECONDS, pool_pre_ping=True)
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url, pool_size=_CONNECTIONS, pool_timeout=_WAIT_SECONDS, connect_args={"timeout": _WAIT_SECONDS}
        )
    except (ImportError, NoSuchModuleError) as error:
        raise DatabaseFault(
            "PostgreSQL needs a driver.", "Install it with: pip install 'ccsi-esco[postgresql]'"
        ) from error
    except OSError as error:
        raise DatabaseFault(f"{url.database}: {error.strerror}.", "Name a folder that may be written to.") from error
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")


@contextmanager
def _faults() -> Iterator[None]:
    """What the database raises, as a refusal that says what can be done."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict("This is there already.", "Look again, and repeat it only if it is missing.") from error
    except PoolTimeout as error:
        raise DatabaseBusy("Too many ask the workshop's database at once.", "Try again in a moment.") from error
    except DBAPIError as error:
        said = str(error.orig).lower()
        if any(sign in said for sign in _FULL):
            raise DatabaseFull(
                "The disk is full; what was sent was not kept.", "Free space, then send it again."
            ) from error
        if any(sign in said for sign in _BUSY):
            raise DatabaseBusy("The workshop's database is busy.", "Try again in a moment.") from error
        raise DatabaseFault("The workshop's database cannot be used.", "See the service's log.") from error
    except OSError as error:
        raise DatabaseFault(f"The workshop's database cannot be used: {error}.", "Check its folder.") from error
