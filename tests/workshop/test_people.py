"""Joining, sessions, and forgetting: what was said outlives who said it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text, update

from tests.workshop.conftest import sit, toy
from tests.workshop.test_database import run_item
from workshop import minutes, people
from workshop.database import Database
from workshop.errors import NotAllowed, Refused, SignedOut, Unknown
from workshop.model import Invitation, Person, SignIn
from workshop.overlay import overlay
from workshop.people import Joining

WHO = Joining(pseudonym="Selma", domain="museums", country="SE", consent=True)


def test_a_code_lets_in_as_many_as_it_is_for(database: Database) -> None:
    toy(database)
    with database.writing() as session:
        code = people.invite(session, "helsingborg", "expert", "games", uses=2)
    seats = []
    for written in (code, code.lower().replace("-", " ")):
        with database.writing() as session:
            seats.append(people.join(session, written, WHO))
    assert [s.number for s in seats] == [1, 2]
    assert seats[0].token != seats[1].token
    with database.writing() as session, pytest.raises(Unknown):
        people.join(session, code, WHO)


def test_a_facilitators_link_works_once(database: Database) -> None:
    toy(database)
    with database.writing() as session:
        code = people.invite(session, "helsingborg", "facilitator", uses=20)
    with database.writing() as session:
        assert people.join(session, code, WHO).facilitates
    with database.writing() as session, pytest.raises(Unknown):
        people.join(session, code, WHO)


def test_a_code_that_has_ended_lets_nobody_in(database: Database) -> None:
    toy(database)
    with database.writing() as session:
        code = people.invite(session, "helsingborg", "expert")
        session.execute(update(Invitation).values(expires_at="2020-01-01T00:00:00Z"))
    with database.writing() as session, pytest.raises(Unknown):
        people.join(session, code, WHO)


def test_nobody_joins_without_consent_and_the_code_stays_good(database: Database) -> None:
    toy(database)
    with database.writing() as session:
        code = people.invite(session, "helsingborg", "expert")
    with pytest.raises(Refused), database.writing() as session:
        people.join(session, code, WHO.model_copy(update={"consent": False}))
    with database.writing() as session:
        assert people.join(session, code, WHO).number == 1


def test_somebody_comes_back_to_the_same_seat(database: Database) -> None:
    toy(database)
    first = sit(database)
    with database.writing() as session:
        code = people.invite(session, "helsingborg", "facilitator", number=first.number)
    with database.writing() as session:
        again = people.join(session, code, WHO)
    assert (again.participant, again.role, again.pseudonym) == (first.participant, "expert", first.pseudonym)


def test_a_session_ends(database: Database) -> None:
    toy(database)
    seat = sit(database)
    with database.reading() as session:
        assert people.seat(session, seat.token) == seat
        with pytest.raises(SignedOut):
            people.seat(session, seat.token[:-1])
    with database.writing() as session:
        session.execute(update(SignIn).values(expires_at="2020-01-01T00:00:00Z"))
    with database.reading() as session, pytest.raises(SignedOut):
        people.seat(session, seat.token)


def test_the_database_holds_no_secret(database: Database) -> None:
    toy(database)
    with database.writing() as session:
        code = people.invite(session, "helsingborg", "expert", uses=2)
    with database.writing() as session:
        seat = people.join(session, code, WHO)
    with database.engine.connect() as connection:
        kept = "\n".join(
            str(row)
            for table in ("sign_in", "invitation")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        )
    assert seat.token not in kept
    assert code.replace("-", "") not in kept


def test_forgetting_somebody_changes_no_figure(database: Database) -> None:
    run_item(database, ("in", "in", "in", "in", "out"))
    with database.reading() as session:
        before = minutes.minutes(session, "helsingborg")["groups"], list(minutes.answers(session, "helsingborg"))
        written = overlay(session, "helsingborg").turtle
    with database.writing() as session:
        people.forget(session, "helsingborg", 3)
        with pytest.raises(Unknown):
            people.forget(session, "helsingborg", 99)
    with database.reading() as session:
        assert (
            minutes.minutes(session, "helsingborg")["groups"],
            list(minutes.answers(session, "helsingborg")),
        ) == before
        assert overlay(session, "helsingborg").turtle == written
        assert len(session.scalars(select(Person)).all()) == 5


def test_who_took_part_is_deleted_when_the_term_is_over(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run_item(database)
    with database.writing() as session:
        assert people.purge(session) == 0
    monkeypatch.setattr(people, "now", lambda *_: "2099-01-01T00:00:00Z")
    with database.writing() as session:
        assert people.purge(session) == 4
    with database.reading() as session:
        for table in (Person, SignIn, Invitation):
            assert session.scalars(select(table)).all() == []
        assert len(list(minutes.answers(session, "helsingborg"))) == 3


def test_no_export_tells_a_pseudonym(database: Database) -> None:
    run_item(database)
    with database.reading() as session:
        kept = session.scalars(select(Person)).all()
        exported = str([
            list(minutes.answers(session, "helsingborg")), list(minutes.sorts(session, "helsingborg")),
            list(minutes.changes(session, "helsingborg")), minutes.minutes(session, "helsingborg"),
            overlay(session, "helsingborg").turtle.decode(),
        ])  # fmt: skip
    for person in kept:
        assert person.pseudonym not in exported
        assert person.participant not in exported


def test_roles_are_kept_apart(database: Database) -> None:
    toy(database)
    with pytest.raises(NotAllowed):
        sit(database, "observer").require("expert")
