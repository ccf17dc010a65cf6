"""Group boards: two who move one card, levels, votes, the rule, and what becomes of it in the overlay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyoxigraph as ox
import pytest
from sqlalchemy import select

from ontology import CCSI, CCSID, PROV
from tests.workshop.conftest import ESCO, sit, toy
from tests.workshop.test_database import either, postgresql  # noqa: F401 - fixtures
from workshop import journal, placing, tables, voting
from workshop.database import Database
from workshop.errors import Conflict, NotAllowed, Refused, Stale
from workshop.model import Item, Record, WorkingGroup
from workshop.overlay import overlay
from workshop.people import Seat
from workshop.placing import Card, Column, Move
from workshop.rules import Rule

COLUMNS = [
    *[Column(f"domain/{part}", "gaming", {"en": part}) for part in ("game-art", "game-design")],
    Column("domain/product", "design", {"en": "product"}),
    *[Column(f"function/{name}", "function", {"en": name}) for name in ("creation", "production")],
    *[Column(f"charter/{name}", "charter", {"en": name}) for name in ("recognition", "governance")],
]


def prepare(database: Database, rule: Rule | None = None) -> tuple[Seat, list[Seat]]:
    """A workshop whose first group has an open board; its facilitator and four experts."""
    toy(database, rule=rule)
    facilitator = sit(database, "facilitator")
    with database.writing() as session:
        placing.open_board(session, facilitator, session.get_one(WorkingGroup, 1), COLUMNS)
    return facilitator, [sit(database) for _ in range(4)]


def move(database: Database, seat: Seat, version: int, nonce: str = "nonce-1234", item: int = 1, **levels: str) -> Card:
    places = {key.replace("__", "/").replace("_", "-"): level for key, level in levels.items()}
    with database.writing() as session:
        said = Move.model_validate({"version": version, "places": places})
        return placing.move(session, seat, session.get_one(Item, item), said, nonce)


def vote(database: Database, seat: Seat, answer: str = "yes", item: int = 1, nonce: str = "nonce-vote") -> None:
    with database.writing() as session:
        matter = placing.card(session, seat, session.get_one(Item, item)).matter
        assert matter is not None
        voting.vote(session, seat, matter, answer, nonce)


def settle(database: Database, seat: Seat, item: int = 1, minority: str = "") -> dict[str, object]:
    with database.writing() as session:
        matter = placing.card(session, seat, session.get_one(Item, item)).matter
        assert matter is not None
        return voting.settle(session, seat, matter, "So the group holds.", minority)


def test_of_two_who_move_one_card_the_second_is_told_where_it_is(either: Database) -> None:  # noqa: F811
    _, (first, second, *_) = prepare(either)
    assert move(either, first, 0, domain__game_art="some").version == 1
    with pytest.raises(Stale) as told:
        move(either, second, 0, domain__game_design="main")
    state = told.value.state
    assert (state["version"], state["places"], state["by"]) == (1, {"domain/game-art": "some"}, first.number)
    moved = move(either, second, 1, domain__game_design="main")
    assert dict(moved.places or {}) == {"domain/game-art": "some", "domain/game-design": "main"}, "nothing is lost"
    with either.reading() as session:
        kept = session.scalars(select(Record).where(Record.kind == "place").order_by(Record.id)).all()
    assert [(r.round, r.participant) for r in kept] == [(1, first.participant), (2, second.participant)]


def test_many_who_move_one_card_at_once_make_one_line_of_versions(either: Database) -> None:  # noqa: F811
    _, seats = prepare(either)

    def work(entry: tuple[int, Seat]) -> None:
        number, seat = entry
        for n in range(5):
            while True:
                with either.reading() as session:
                    seen = placing.card(session, seat, session.get_one(Item, 1)).version
                try:
                    move(
                        either, seat, seen, f"nonce-{number}-{n}-x", domain__product=("some", "main", "none")[seen % 3]
                    )
                    break
                except Conflict:
                    continue

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, enumerate(seats)))
    with either.reading() as session:
        kept = session.scalars(select(Record).where(Record.kind == "place").order_by(Record.id)).all()
    assert [r.round for r in kept] == list(range(1, 21)), "twenty moves, none lost, none twice, numbered as they came"


def test_a_move_sent_twice_counts_once_even_after_others_moved_on(database: Database) -> None:
    _, (first, second, *_) = prepare(database)
    for _ in range(2):
        assert move(database, first, 0, domain__game_art="some").version == 1
    with pytest.raises(Stale):  # another cell pressed before the page has heard of the first: not the same form
        move(database, first, 0, domain__product="some")
    move(database, second, 1, "nonce-5678", domain__game_art="none")
    assert move(database, first, 0, domain__game_art="some").version == 2, "its answer is the card as it is now"
    assert move(database, first, 2, "nonce-9999", domain__game_art="none").version == 2, "no change, no version"


def test_one_place_of_an_axis_is_main_but_several_of_charter() -> None:
    now = placing.moved({}, {"domain/game-art": "main", "domain/product": "main", "function/creation": "main"}, COLUMNS)
    now = placing.moved(now, {"domain/game-design": "main", "function/production": "some"}, COLUMNS)
    assert now == {
        "domain/game-art": "some", "domain/game-design": "main", "domain/product": "main", "function/creation": "main",
        "function/production": "some",
    }  # fmt: skip
    both = placing.moved({}, {"charter/recognition": "main", "charter/governance": "main"}, COLUMNS)
    assert set(both.values()) == {"main"}
    assert placing.moved(now, dict.fromkeys(now, "none"), COLUMNS) == {}
    with pytest.raises(Refused, match="no place"):
        placing.moved({}, {"domain/museums": "some"}, COLUMNS)


def test_votes_are_about_what_was_seen_and_end_with_the_rule(database: Database) -> None:
    facilitator, seats = prepare(database, Rule(quorum=3, readers=3, threshold=75))
    move(database, seats[0], 0, function__creation="main")
    with database.reading() as session:
        seen = placing.card(session, seats[0], session.get_one(Item, 1)).matter
    for seat in seats[:3]:
        vote(database, seat)
    move(database, seats[3], 1, function__production="some")
    with database.writing() as session, pytest.raises(Stale):
        voting.vote(session, seats[0], seen, "yes", "nonce-late")  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="Nobody"):
        settle(database, facilitator)
    for seat, answer in zip(seats, ("yes", "yes", "yes", "no"), strict=True):
        vote(database, seat, answer)
    vote(database, seats[0], "no", nonce="second-thought")
    vote(database, seats[0], "yes", nonce="third-thought")
    ended = settle(database, facilitator, minority="One would leave production out.")
    assert {k: ended[k] for k in ("result", "yes", "no", "share")} == {
        "result": "adopted",
        "yes": 3,
        "no": 1,
        "share": 0.75,
    }
    with pytest.raises(Conflict, match="adopted"):
        move(database, seats[0], 2, function__creation="none")
    with pytest.raises(Conflict):
        vote(database, seats[0], nonce="too-late-now")
    with pytest.raises(Conflict):
        settle(database, facilitator)


def test_what_is_not_adopted_can_be_moved_and_voted_on_again(database: Database) -> None:
    facilitator, seats = prepare(database)
    move(database, seats[0], 0, function__creation="main")
    vote(database, seats[0])
    assert settle(database, facilitator)["result"] == "deferred", "one vote is no quorum"
    moved = move(database, seats[0], 1, function__creation="some")
    assert (moved.version, moved.standing.settled, moved.closed) == (2, None, False)
    for seat in seats:
        vote(database, seat, "no")
    assert settle(database, facilitator)["result"] == "rejected"
    with database.reading() as session:
        assert overlay(session, "helsingborg").entries == 0


def test_boards_are_for_their_group_and_facilitators_see_all(database: Database) -> None:
    facilitator, (expert, *_) = prepare(database)
    other, observer = sit(database, "expert", "heritage"), sit(database, "observer")
    move(database, expert, 0, domain__game_art="some")
    for seat in (facilitator, observer, other):
        with pytest.raises(NotAllowed):
            move(database, seat, 1, domain__game_art="main")
    with database.reading() as session:
        item, group = session.get_one(Item, 1), session.get_one(WorkingGroup, 1)
        for seat in (facilitator, observer):
            assert placing.card(session, seat, item).version == 1
        for ask in (lambda: placing.card(session, other, item), lambda: placing.group_of(session, other, 1)):
            with pytest.raises(NotAllowed):
                ask()
        assert [g.key for g in placing.groups_of(session, facilitator)] == ["games", "heritage"]
        assert [g.key for g in placing.groups_of(session, other)] == ["heritage"]
        assert "0.87" not in str([c.as_dict() for c in placing.cards(session, expert, group)]), "what the release says"
    with database.writing() as session, pytest.raises(NotAllowed):
        placing.open_board(session, expert, session.get_one(WorkingGroup, 2), COLUMNS)
    with pytest.raises(Conflict, match="not open"):
        move(database, other, 0, item=3, domain__game_art="some")


def test_events_tell_the_group_where_a_card_is_and_not_who_said_what(database: Database) -> None:
    _, (expert, *_) = prepare(database)
    move(database, expert, 0, domain__game_art="some")
    vote(database, expert)
    with database.reading() as session:
        told = journal.events(session, 0)
    assert [(e["kind"], e["item"], e["round"], e["group"]) for e in told] == [
        ("board", None, 0, 1), ("place", 1, 1, 1), ("vote", 1, 1, 1),
    ]  # fmt: skip
    assert [e.get("places") for e in told] == [None, {"domain/game-art": "some"}, None]
    assert expert.participant not in str(told)


def adopt(database: Database) -> None:
    """The first card: two sub-domains of gaming, one of design, two functions, adopted by four of four."""
    facilitator, seats = prepare(database)
    move(
        database,
        seats[0],
        0,
        domain__game_art="some",
        domain__game_design="main",
        domain__product="some",
        function__creation="main",
    )
    move(database, seats[1], 1, function__production="some")
    for seat in seats:
        vote(database, seat)
    settle(database, facilitator, minority="None.")


def test_an_adopted_placement_is_an_entry_for_each_sector_with_its_provenance(database: Database) -> None:
    adopt(database)
    with database.reading() as session:
        made = overlay(session, "helsingborg")
        assert overlay(session, "helsingborg").turtle == made.turtle
    assert (made.entries, made.resolutions, made.conflicts) == (2, 1, [])
    store = ox.Store()
    store.load(made.turtle, format=ox.RdfFormat.TURTLE)
    rows = store.query(f"""
        PREFIX ccsi: <{CCSI}> PREFIX prov: <{PROV}>
        SELECT ?occupation ?domain ?place (COUNT(DISTINCT ?agent) AS ?agents) WHERE {{
          ?entry a ccsi:PlacementEntry ; ccsi:occupation ?occupation ; ccsi:domain ?domain ; ccsi:agreement 1.0 ;
            ccsi:subDomain|ccsi:furtherSubDomain|ccsi:function|ccsi:functionInPart ?place ; prov:wasDerivedFrom ?resolution ;
            prov:wasAttributedTo <{CCSID}workshop/helsingborg> .
          ?resolution ccsi:status "adopted" ; ccsi:version 2 ; ccsi:decisionRule ?rule ; ccsi:rationale "So the group holds." ;
            ccsi:minorityNote "None." ; prov:wasDerivedFrom ?vote .
          ?vote a ccsi:Vote ; ccsi:answer "yes" ; prov:wasAttributedTo ?agent .
        }} GROUP BY ?occupation ?domain ?place""")  # fmt: skip
    found = {
        (r[0].value, r[1].value.removeprefix(CCSID), r[2].value.removeprefix(CCSID), int(r[3].value)) for r in rows
    }
    occupation = f"{ESCO}occupation/00000000-0000-4000-8000-000000000000"
    assert found == {
        (occupation, f"domain/{sector}", place, 4)
        for sector, places in (
            ("gaming", ("domain/game-art", "domain/game-design", "function/creation", "function/production")),
            ("design", ("domain/product", "function/creation", "function/production")),
        )
        for place in places
    }


def test_the_tables_tell_every_move_and_vote_by_number(database: Database) -> None:
    adopt(database)
    with database.reading() as session:
        made = {name: list(rows(session, "helsingborg")) for name, (_, rows) in tables.TABLES.items()}
    assert [(r["version"], r["participant"], r["result"]) for r in made["placements"]] == [
        (1, 2, ""),
        (2, 3, "adopted"),
    ]
    assert made["placements"][1]["places"] == (
        "domain/game-art=some domain/game-design=main domain/product=some function/creation=main function/production=some"
    )
    assert {(v["participant"], v["answer"], v["counts"]) for v in made["votes"]} == {
        (n, "yes", "yes") for n in (2, 3, 4, 5)
    }
    for name, (columns, _) in tables.TABLES.items():
        assert all(set(columns) == set(row) for row in made[name]), name
    assert "an expert" not in str(made)


def test_a_group_says_charters_eight_levels_and_nobody_else_does(database: Database) -> None:
    _, seats = prepare(database, Rule(quorum=3, readers=3))
    with pytest.raises(Refused):
        grade(database, seats[0], 0, charter__recognition=5)  # the card is not there
    placed = move(
        database, seats[0], 0, charter__recognition="main", charter__governance="some", function__creation="main"
    )
    assert placed.grades == {}, "nothing is invented"
    for wrong in ({"charter__recognition": 9}, {"charter__recognition": -1}):
        with pytest.raises(ValueError, match="grades"):
            grade(database, seats[0], 1, **wrong)
    with pytest.raises(Refused):
        grade(database, seats[0], 1, function__creation=3)
    assert grade(database, seats[0], 1, charter__recognition=6, charter__governance=2).grades == {
        "charter/governance": 2, "charter/recognition": 6,
    }  # fmt: skip
    assert grade(database, seats[0], 1, charter__recognition=6, charter__governance=2).version == 2, (
        "sent again, counted once"
    )
    with pytest.raises(Stale):
        grade(database, seats[1], 1, charter__recognition=4)
    left = move(database, seats[0], 2, "nonce-leaves", charter__governance="none")
    assert left.grades == {"charter/recognition": 6}, "who leaves a place takes its level along"
    with database.reading() as session:
        (event,) = [e for e in journal.events(session, 0) if e["kind"] == "place" and e["round"] == 3]
        assert event["grades"] == {"charter/recognition": 6}
        last = list(tables.TABLES["placements"][1](session, "helsingborg"))[-1]
        assert last["grades"] == "charter/recognition=6"


def grade(
    database: Database, seat: Seat, version: int, nonce: str = "nonce-grade", item: int = 1, **grades: int
) -> Card:
    named = {key.replace("__", "/"): value for key, value in grades.items()}
    with database.writing() as session:
        said = Move.model_validate({"version": version, "grades": named})
        return placing.move(session, seat, session.get_one(Item, item), said, nonce)


def test_an_adopted_level_is_in_the_overlay_with_its_function(database: Database) -> None:
    toy(database, rule=Rule(quorum=3, readers=3))
    facilitator = sit(database, "facilitator")
    columns = [Column("domain/museums", "heritage", {"en": "museums"}), COLUMNS[-1]]
    with database.writing() as session:
        placing.open_board(session, facilitator, session.get_one(WorkingGroup, 2), columns)
    seats = [sit(database, group="heritage") for _ in range(3)]
    move(database, seats[0], 0, item=3, charter__governance="main")
    grade(database, seats[0], 1, item=3, charter__governance=7)
    for n, seat in enumerate(seats):
        vote(database, seat, item=3, nonce=f"nonce-vote-{n}")
    settle(database, facilitator, item=3)
    with database.reading() as session:
        store = ox.Store()
        store.load(overlay(session, "helsingborg").turtle, ox.RdfFormat.TURTLE)
    rows = store.query(
        f"""PREFIX ccsi: <{CCSI}> SELECT ?occupation ?function ?level WHERE {{
            ?entry a ccsi:PlacementEntry ; ccsi:occupation ?occupation ; ccsi:graded ?graded .
            ?graded a ccsi:GradedFunction ; ccsi:gradedFunction ?function ; ccsi:eqfLevel ?level }}"""
    )
    found = [[term.value for term in row] for row in rows]  # type: ignore[union-attr]
    assert found == [[f"{ESCO}occupation/00000000-0000-4000-8000-000000000000", f"{CCSID}charter/governance", "7"]]
