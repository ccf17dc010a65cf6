"""Blind rounds: who judges what, what is hidden until when, and how an item ends."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.workshop.conftest import SKILLS, sit, toy
from workshop import journal, minutes, review
from workshop.database import Database
from workshop.errors import Conflict, NotAllowed, NotRevealed, Refused
from workshop.model import Item, Record
from workshop.people import Seat
from workshop.review import Judgement
from workshop.rules import Rule


def judge(
    database: Database, seat: Seat, rating: str = "in", item: int = 1, number: int = 1, nonce: str = "", **more: object
) -> None:
    sectors = [] if rating == "out" else ["gaming"]
    said = Judgement.model_validate({"round": number, "rating": rating, "sectors": sectors, "confidence": 4, **more})
    with database.writing() as session:
        review.judge(session, seat, session.get_one(Item, item), said, nonce or f"nonce-{seat.number}-{item}-{number}")


def act(database: Database, deed: object, seat: Seat, item: int = 1, *given: str) -> object:
    with database.writing() as session:
        return deed(session, seat, session.get_one(Item, item), *given)  # type: ignore[operator]


@pytest.fixture
def panel(database: Database) -> tuple[Seat, list[Seat]]:
    toy(database)
    return sit(database, "facilitator"), [sit(database) for _ in range(4)]


def test_the_queue_brings_readers_to_what_has_too_few(database: Database) -> None:
    toy(database, items=4)
    seats = [sit(database) for _ in range(6)]
    for seat in seats:
        for _ in range(2):  # everybody has time for half of them
            with database.reading() as session:
                first = review.queue(session, seat)[0]
            judge(database, seat, item=first.id)
    with database.reading() as session:
        items = session.scalars(select(Item).where(Item.group_id == 1)).all()
        readers = journal.readers(session, list(items), journal.states(session, list(items)))
        assert sorted(readers[i.id] for i in items) == [3, 3, 3, 3]
        assert {i.group_id for i in review.queue(session, seats[0])} == {1}


def test_until_the_reveal_nothing_is_told(database: Database, panel: tuple[Seat, list[Seat]]) -> None:
    facilitator, experts = panel
    for n, seat in enumerate(experts[:3]):
        judge(database, seat, "in" if n else "out", reason=f"secret {n}", missing=["secret skill"])
    with database.reading() as session:
        item = session.get_one(Item, 1)
        for seat in (facilitator, *experts):
            for number in (0, 1, 2):
                with pytest.raises(NotRevealed):
                    review.reveal_of(session, seat, item, number)
        with pytest.raises(NotRevealed):
            review.votes(session, item, 1)
        told = str([
            minutes.minutes(session, "helsingborg"), minutes.progress(session, "helsingborg")["seats"],
            list(minutes.answers(session, "helsingborg")), journal.events(session, 0),
        ])  # fmt: skip
        assert "secret" not in told
        assert "0.87" not in told  # what the release says
        assert "review-queue" not in told
        assert review.own_judgement(session, experts[0], item, 1)["reason"] == "secret 0"
        assert review.own_judgement(session, experts[3], item, 1) is None


def test_the_reveal_shows_spread_own_answer_and_evidence(database: Database, panel: tuple[Seat, list[Seat]]) -> None:
    facilitator, experts = panel
    essential = SKILLS[0]["iri"]
    for n, seat in enumerate(experts):
        judge(
            database,
            seat,
            "in" if n else "partly",
            skills={essential: "not-ours"},
            missing=["Lore", "lore"],
            reason=f"r{n}",
        )
    act(database, review.reveal, facilitator)
    with database.reading() as session:
        found = review.reveal_of(session, experts[0], session.get_one(Item, 1), 1)
    assert found.sectors["gaming"] | {"share": 0} == {
        "answer": "in", "status": "open", "n": 4, "most": 3, "tally": {"in": 3, "partly": 1}, "share": 0,
    }  # fmt: skip
    assert found.sectors["design"]["answer"] == "out"  # a sector that nobody ticks
    assert found.sectors["design"]["status"] == "adopted"
    assert found.skills[0]["status"] == "adopted"
    assert found.missing == {"lore": 4}  # said twice by one person, counted once
    assert found.confidence["median"] == 4.0
    assert found.reasons == ["r0", "r1", "r2", "r3"]
    assert found.own is not None
    assert found.own["rating"] == "partly"
    assert found.evidence[0]["degree"] == "core"


def test_rounds_go_on_until_the_rule_decides(database: Database, panel: tuple[Seat, list[Seat]]) -> None:
    facilitator, experts = panel
    for number in (1, 2, 3):
        for n, seat in enumerate(experts):
            judge(database, seat, "in" if n % 2 else "out", number=number)
        act(database, review.reveal, facilitator)
        if number < 3:
            with pytest.raises(Conflict, match="another round"):
                act(database, review.resolve, facilitator, 1, "", "")
            act(database, review.next_round, facilitator)
    with pytest.raises(Conflict, match="the last"):
        act(database, review.next_round, facilitator)
    closed = act(database, review.resolve, facilitator, 1, "No agreement.", "Half hold that it is in.")
    assert closed["sectors"]["gaming"]["status"] == "deferred"
    with pytest.raises(Conflict):
        judge(database, experts[0], number=3, nonce="a-late-nonce")
    with pytest.raises(Conflict):
        act(database, review.resolve, facilitator, 1, "", "")


def test_a_judgement_of_an_ended_round_is_refused(database: Database, panel: tuple[Seat, list[Seat]]) -> None:
    facilitator, experts = panel
    judge(database, experts[0])
    act(database, review.reveal, facilitator)
    with pytest.raises(Conflict):
        judge(database, experts[1])
    act(database, review.next_round, facilitator)
    with pytest.raises(Conflict):
        judge(database, experts[1], number=1)
    judge(database, experts[1], number=2)


def test_a_form_sent_twice_counts_once_and_a_second_thought_replaces_the_first(database: Database, panel) -> None:
    facilitator, experts = panel
    judge(database, experts[0], "in")
    judge(database, experts[0], "in")
    with database.writing() as session:
        item = session.get_one(Item, 1)
        review.judge(session, experts[0], item, Judgement(round=1, rating="out", confidence=2), "another-nonce")
        assert len(session.scalars(select(Record).where(Record.kind == "judgement")).all()) == 2
    act(database, review.reveal, facilitator)
    with database.reading() as session:
        found = review.reveal_of(session, experts[0], session.get_one(Item, 1), 1)
    assert found.sectors["gaming"]["tally"] == {"out": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating": "in", "sectors": []},
        {"rating": "out", "sectors": ["gaming"]},
        {"rating": "in", "sectors": ["heritage"]},
        {"rating": "in", "sectors": ["gaming"], "skills": {"http://example.org/strange": "useful"}},
    ],
)
def test_what_is_not_asked_is_refused(
    database: Database, panel: tuple[Seat, list[Seat]], wrong: dict[str, object]
) -> None:
    _, experts = panel
    said = Judgement.model_validate({"round": 1, "confidence": 3, **wrong})
    with database.writing() as session, pytest.raises(Refused):
        review.judge(session, experts[0], session.get_one(Item, 1), said, "some-nonce")


def test_roles_and_groups_are_kept_apart(database: Database, panel: tuple[Seat, list[Seat]]) -> None:
    facilitator, experts = panel
    for seat in (facilitator, sit(database, "observer"), sit(database, "expert", "heritage")):
        with pytest.raises(NotAllowed):
            judge(database, seat)
    for deed in (review.reveal, review.next_round):
        with pytest.raises(NotAllowed):
            act(database, deed, experts[0])


def test_two_facilitators_reveal_once(database: Database, panel: tuple[Seat, list[Seat]]) -> None:
    facilitator, _ = panel
    act(database, review.reveal, facilitator)
    with pytest.raises(Conflict):
        act(database, review.reveal, sit(database, "facilitator"))


def test_discussion_begins_with_the_reveal(database: Database, panel: tuple[Seat, list[Seat]]) -> None:
    facilitator, experts = panel
    with pytest.raises(NotRevealed):
        act(database, review.note, experts[0], 1, "too early", "note-nonce")
    act(database, review.reveal, facilitator)
    for _ in range(2):
        act(database, review.note, experts[0], 1, "  It makes\r\ngames. ", "note-nonce")
    with database.reading() as session:
        assert review.notes(session, session.get_one(Item, 1)) == ["It makes\ngames."]
    with pytest.raises(Refused):
        act(database, review.note, experts[0], 1, "a\x00b", "other-nonce")


def test_the_agreement_of_a_group_is_that_of_its_revealed_rounds(database: Database) -> None:
    toy(database, rule=Rule(quorum=3, readers=3))
    facilitator, experts = sit(database, "facilitator"), [sit(database) for _ in range(3)]
    for item, ratings in ((1, ("in", "in", "in")), (2, ("in", "out", "partly"))):
        for seat, rating in zip(experts, ratings, strict=True):
            judge(database, seat, rating, item=item)
        act(database, review.reveal, facilitator, item)
    with database.reading() as session:
        (row,) = minutes.minutes(session, "helsingborg")["groups"][0]["agreement"]
    # Four units: gaming 3 in; 1 in, 1 out, 1 partly; design twice 3 out.
    assert row["round"] == 1
    assert (row["units"], row["ratings"]) == (4, 12)
    assert row["percent"] == pytest.approx(0.75)
