"""The record cannot be changed, survives a full disk, and goes from one database to another; SQLite and PostgreSQL."""

from __future__ import annotations

import gzip
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.servers import free_port
from tests.workshop.conftest import ESCO, sit, toy
from workshop import backup, minutes, motions, review, wall
from workshop.database import Database
from workshop.errors import Conflict, DatabaseFault, DatabaseFull, Refused
from workshop.model import FROZEN, Base, Item, Person, Record
from workshop.motions import Motion, Vote
from workshop.overlay import overlay
from workshop.review import Judgement
from workshop.wall import Spending

_PLACES = (Path(shutil.which("pg_ctl") or "/none").resolve().parent, *sorted(Path("/usr/lib/postgresql").glob("*/bin")))
BIN = next((place for place in _PLACES if (place / "initdb").exists()), None)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, from Debian's package."""
    if BIN is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = tmp_path_factory.mktemp("postgresql")
    port = free_port()
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.parents):
            if path.name.startswith(("pytest", "popen", "postgresql")):
                path.chmod(0o755)
        shutil.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    quiet: dict[str, object] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
    subprocess.run([BIN / "initdb", "-D", data, "-U", "ccsi", "-A", "trust", "-E", "UTF8", "-N"], check=True, **quiet)
    server = subprocess.Popen(
        [BIN / "postgres", "-D", data, "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"], **quiet
    )
    try:
        ready = [BIN / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "30"]
        for _ in range(100):
            if subprocess.run(ready, check=False, **quiet).returncode == 0:
                break
            server.wait(0.2) if server.poll() is not None else subprocess.run(["sleep", "0.2"], check=True)
        yield f"postgresql://ccsi@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        opened = Database.open(f"sqlite:///{tmp_path}/workshop.sqlite")
    else:
        opened = Database.open(fresh(request.getfixturevalue("postgresql")))
    yield opened
    opened.close()


def fresh(server: str) -> str:
    """A new database on a server."""
    admin = Database(f"{server}/postgres")
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        n = connection.scalar(text("SELECT count(*) FROM pg_database"))
        connection.execute(text(f"CREATE DATABASE w{n}"))
    admin.close()
    return f"{server}/w{n}"


def said(rating: str = "in", round_number: int = 1) -> Judgement:
    return Judgement(
        round=round_number, rating=rating, sectors=[] if rating == "out" else ["gaming"], confidence=4, reason="so"
    )


def run_item(database: Database, ratings: tuple[str, ...] = ("in", "in", "in")) -> None:
    """Judge item 1, reveal and close it."""
    toy(database)
    facilitator = sit(database, "facilitator")
    for n, rating in enumerate(ratings):
        seat = sit(database)
        with database.writing() as session:
            review.judge(session, seat, session.get_one(Item, 1), said(rating), f"nonce-{n}-abc")
    with database.writing() as session:
        item = session.get_one(Item, 1)
        review.reveal(session, facilitator, item)
        review.resolve(session, facilitator, item, "It makes games.", "")


@pytest.mark.parametrize("table", FROZEN)
@pytest.mark.parametrize("deed", ["UPDATE {t} SET id = id", "DELETE FROM {t}"])
def test_what_was_said_can_neither_be_changed_nor_deleted(either: Database, table: str, deed: str) -> None:
    run_item(either)
    with either.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(deed.format(t=table)))


def test_both_databases_come_to_the_same_minutes_and_overlay(postgresql: str, database: Database) -> None:
    other = Database.open(fresh(postgresql))
    found = []
    for one in (database, other):
        run_item(one)
        with one.reading() as session:
            kept = minutes.minutes(session, "helsingborg")
            found.append((kept["groups"], kept["panel"], overlay(session, "helsingborg").entries))
    other.close()
    for groups, _, _ in found:
        for item in groups[0]["items"]:
            item["resolvedAt"] = ""
    assert found[0] == found[1]


def test_a_backup_comes_back_in_the_other_database_too(either: Database, tmp_path: Path, postgresql: str) -> None:
    run_item(either)
    rows = backup.backup(either, tmp_path / "kept.gz")
    assert (tmp_path / "kept.gz").stat().st_mode & 0o077 == 0
    target = Database.open(fresh(postgresql) if either.sqlite else f"sqlite:///{tmp_path}/other.sqlite")
    assert backup.restore(target, tmp_path / "kept.gz") == rows > 10
    with either.reading() as one, target.reading() as other:
        for table in Base.metadata.sorted_tables:
            query = select(table).order_by(*table.primary_key.columns)
            assert one.execute(query).all() == other.execute(query).all(), table.name
        assert overlay(one, "helsingborg") == overlay(other, "helsingborg")
    seat = sit(target)  # numbers go on where they were
    with target.writing() as session:
        review.judge(session, seat, session.get_one(Item, 2), said(), "nonce-after")
    with pytest.raises(Conflict):
        backup.restore(target, tmp_path / "kept.gz")
    target.close()


def test_motions_and_points_are_kept_in_either_and_come_back_in_the_other(
    either: Database, tmp_path: Path, postgresql: str
) -> None:
    toy(either)
    facilitator, experts = sit(either, "facilitator"), [sit(either) for _ in range(3)]
    skill = f"{ESCO}skill/t1"
    with either.writing() as session:
        proposed = Motion(proposal="transversal", title="it is", skills=[skill])
        number = motions.put(session, facilitator, proposed, "a-nonce-0")
        wall.open_wall(session, facilitator, [{"iri": skill, "label": "t1"}], "1.2.0-abc", 10)
    for n, seat in enumerate(experts):
        with either.writing() as session:
            motion = motions.motion_of(session, seat, number)
            motions.vote(session, seat, motion, Vote(round=1, answer="yes"), f"b-nonce-{n}")
            wall.spend(session, seat, Spending(points={skill: n + 1}), f"c-nonce-{n}")
    with either.writing() as session:
        motion = motions.motion_of(session, facilitator, number)
        motions.step(session, facilitator, motion, "reveal")
        motions.close(session, facilitator, motion, "So it is.", "")
        wall.reveal(session, facilitator)
    rows = backup.backup(either, tmp_path / "kept.gz")
    target = Database.open(fresh(postgresql) if either.sqlite else f"sqlite:///{tmp_path}/other.sqlite")
    assert backup.restore(target, tmp_path / "kept.gz") == rows
    with either.reading() as one, target.reading() as other:
        assert motions.report(one, "helsingborg")[0]["resolution"]["outcome"]["tally"] == {"yes": 3}
        assert motions.report(one, "helsingborg") == motions.report(other, "helsingborg")
        assert wall.ranking(one, "helsingborg")[0]["points"] == 6
        assert wall.ranking(one, "helsingborg") == wall.ranking(other, "helsingborg")
        assert overlay(one, "helsingborg") == overlay(other, "helsingborg")
        assert overlay(one, "helsingborg").entries == 1
    target.close()


@pytest.mark.parametrize("spoil", ["cut", "line", "other", "plain"])
def test_a_backup_that_is_not_whole_leaves_the_database_empty(database: Database, tmp_path: Path, spoil: str) -> None:
    run_item(database)
    file = tmp_path / "kept.gz"
    backup.backup(database, file)
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    made = {
        "cut": lines[:-3],
        "line": [*lines[:5], b'{"t": "record"}\n', *lines[5:]],
        "other": [b'{"format": "x"}\n'],
        "plain": [b"no"],
    }
    file.write_bytes(b"no gzip" if spoil == "plain" else gzip.compress(b"".join(made[spoil])))
    target = Database.open(f"sqlite:///{tmp_path}/other.sqlite")
    with pytest.raises(Refused):
        backup.restore(target, file)
    with target.reading() as session:
        assert session.scalars(select(Record)).all() == []
        assert session.scalars(select(Person)).all() == []
    target.close()


def test_a_full_disk_is_told_and_the_record_stays_whole(database: Database) -> None:
    toy(database)
    seat = sit(database)
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    long = Judgement(round=1, rating="in", sectors=["gaming"], confidence=4, reason="x" * 900)

    def judge(n: int) -> None:
        with database.writing() as session:
            session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
            review.judge(session, seat, session.get_one(Item, 1), long, f"nonce-{n:06}")

    kept, refusal = 0, ""
    while kept < 500 and not refusal:
        try:
            judge(kept)
            kept += 1
        except DatabaseFull as error:
            refusal = error.message
    assert "not kept" in refusal
    assert kept > 3
    with database.reading() as session:
        assert len(session.scalars(select(Record).where(Record.kind == "judgement")).all()) == kept
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_opening_again_changes_nothing(database: Database) -> None:
    run_item(database)
    database.migrate()
    with database.reading() as session:
        assert overlay(session, "helsingborg").entries == 2


def test_the_migrations_make_the_tables_of_the_model(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.parametrize("url", ["mysql://x/y", "not a url", "sqlite:////proc/nowhere/x.sqlite"])
def test_an_address_that_cannot_be_used_is_told(url: str) -> None:
    with pytest.raises(DatabaseFault):
        Database.open(url)
