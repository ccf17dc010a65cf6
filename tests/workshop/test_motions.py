"""Motions: put, voted on blind, revealed, asked again, closed by the rule; and what they and closed decks leave in the overlay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from analysis.skills.panel import SkillDecision
from loaders.input.panel import read_panels
from ontology import CCSI, CCSID, PROV
from tests.workshop.conftest import ART, CODE, ESCO, Table, reveal_deck, sit
from workshop import adopted, baskets, decided, motions, preparing, review, settling, sorting, suggesting, voting
from workshop.baskets import Marking
from workshop.database import Database
from workshop.errors import Conflict, NotAllowed, NotRevealed, Refused, Unknown
from workshop.model import Deck, Item
from workshop.motions import Motion, Vote
from workshop.overlay import overlay
from workshop.review import Judgement
from workshop.sorting import Sort

NAME = {"en": "Drawing", "es": "Dibujo"}


def test_votes_are_hidden_until_they_are_revealed(table: Table) -> None:
    number = table.put(proposal="rename", cluster=ART, names=[NAME])
    table.vote(number, "yes", "no")
    with table.database.reading() as session:
        motion = motions.motion_of(session, table.experts[0], number)
        for call in (motions.poll, motions.ballots):
            given = (session, table.facilitator, motion, 1) if call is motions.poll else (session, motion, 1)
            with pytest.raises(NotRevealed):
                call(*given)  # type: ignore[operator]
        assert motions.own_vote(session, table.experts[1], motion, 1) == {"answer": "no", "reason": "since no"}
        assert motions.report(session, "helsingborg")[0]["rounds"] == []
        assert list(decided.vote_rows(session, "helsingborg")) == []
        assert b"since no" not in overlay(session, "helsingborg").turtle
    table.do(number, "reveal")
    with table.database.reading() as session:
        poll = motions.poll(session, table.experts[0], motions.motion_of(session, table.experts[0], number), 1)
    assert (poll.outcome.tally, poll.reasons, poll.own) == (
        {"no": 1, "yes": 1}, ["since no", "since yes"], {"answer": "yes", "reason": "since yes"},
    )  # fmt: skip


def test_what_is_under_the_threshold_is_asked_again_and_then_deferred(database: Database) -> None:
    table = Table(database, rounds=2)
    reveal_deck(database, table.facilitator)
    number = table.put(proposal="retire", cluster=ART)
    table.vote(number, "yes", "yes", "no")
    table.do(number, "reveal")
    with pytest.raises(Conflict, match="another round"):
        table.close(number)
    table.do(number, "round")
    with pytest.raises(Conflict, match="Round 1"):
        table.vote(number, "yes")
    table.vote(number, "yes", "no", "no", round_number=2)
    table.do(number, "reveal")
    with pytest.raises(Conflict, match="up to the last round"):
        table.do(number, "round")
    assert table.close(number)["outcome"]["status"] == "deferred"
    assert table.entries() == []


def test_only_the_group_that_is_asked_votes_and_only_the_facilitator_acts(table: Table) -> None:
    number = table.put(proposal="keep", cluster=ART)
    other = sit(table.database, group="heritage")
    with table.database.writing() as session:
        motion = motions.motion_of(session, other, number)
        with pytest.raises(NotAllowed):
            motions.vote(session, other, motion, Vote(round=1, answer="yes"), "nonce-other")
        with pytest.raises(NotAllowed):
            motions.vote(session, table.facilitator, motion, Vote(round=1, answer="yes"), "nonce-other")
        for call in (
            lambda: motions.step(session, table.experts[0], motion, "reveal"),
            lambda: motions.close(session, table.experts[0], motion, "", ""),
            lambda: motions.put(
                session, table.experts[0], Motion(proposal="keep", title="x", cluster=ART), "nonce-9999"
            ),
        ):
            with pytest.raises(NotAllowed):
                call()
        with pytest.raises(Refused, match="no answer"):
            motions.vote(session, table.experts[0], motion, Vote(round=1, answer="perhaps"), "nonce-other")
        with pytest.raises(Unknown):
            motions.motion_of(session, other, 1)


def test_a_form_that_arrives_twice_counts_once(table: Table) -> None:
    made = Motion(proposal="keep", title="x", cluster=ART)
    with table.database.writing() as session:
        first = motions.put(session, table.facilitator, made, "same-nonce")
        assert motions.put(session, table.facilitator, made, "same-nonce") == first
        assert len(motions.motions(session, "helsingborg")) == 1


def test_nothing_is_put_about_cards_that_are_still_being_sorted(database: Database) -> None:
    table = Table(database)
    for fields in (
        {"proposal": "rename", "cluster": ART, "names": [NAME]},
        {"proposal": "not-ours", "domain": "gaming", "skills": [f"{ESCO}skill/c1"]},
    ):
        with pytest.raises(NotRevealed):
            table.put(**fields)
    assert table.put(proposal="transversal", skills=[f"{ESCO}skill/c1"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"proposal": "rename", "cluster": ART}, "needs 'names'"),
        ({"proposal": "rename", "cluster": ART, "names": [{"de": "Zeichnen"}]}, "in English"),
        ({"proposal": "merge", "cluster": ART, "into": ART}, "one cluster with itself"),
        ({"proposal": "merge", "cluster": ART, "into": "heritage/x"}, "two domains"),
        ({"proposal": "keep", "cluster": ART, "skills": [f"{ESCO}skill/c1"]}, "no use for 'skills'"),
        ({"proposal": "rule", "rule": "core-shared", "thresholds": {"minimumShare": 0.4}}, "what the rule says"),
        ({"proposal": "rule", "rule": "core-shared", "thresholds": {"minimumShare": 4}, "text": "x"}, "out of bounds"),
        ({"proposal": "sign-off"}, "a template or a composed role"),
        ({"proposal": "keep", "cluster": ART, "voters": "nobody"}, "no group"),
    ],
)
def test_a_motion_that_lacks_something_is_refused(table: Table, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        table.put(**fields)


def test_a_name_is_chosen_by_vote(table: Table) -> None:
    table.carried("2", "2", "2", proposal="rename", cluster=ART, names=[NAME, {"en": "Images"}, {"en": "Art"}])
    (one,) = table.entries()
    assert isinstance(one.entry, SkillDecision)
    assert (one.entry.outcome, one.entry.cluster, one.entry.labels) == ("rename", ART, (("en", "Images"),))


def test_what_is_turned_down_needs_a_rationale_and_leaves_no_entry(table: Table) -> None:
    number = table.put(proposal="retire", cluster=ART)
    table.vote(number, "no", "no", "no")
    table.do(number, "reveal")
    with pytest.raises(Refused, match="needs a rationale"):
        table.close(number, rationale="")
    assert table.close(number)["outcome"]["answer"] == "no"
    assert table.entries() == []


def test_a_later_resolution_of_the_same_group_takes_the_place_of_the_earlier_one(table: Table) -> None:
    table.carried(proposal="rename", cluster=ART, names=[{"en": "First"}])
    later = table.carried(proposal="rename", cluster=ART, names=[{"en": "Second"}])
    (one,) = table.entries()
    assert isinstance(one.entry, SkillDecision)
    assert one.entry.labels == (("en", "Second"),)
    assert one.iri == f"{CCSID}panel/helsingborg/rename/{later}"


def test_two_groups_that_differ_are_named_and_neither_counts(database: Database) -> None:
    table = Table(database)
    others = [sit(database, group="heritage") for _ in range(3)]
    skill = [f"{ESCO}skill/x1"]
    table.carried(proposal="transversal", skills=skill)
    table.experts = others
    table.carried(proposal="not-transversal", skills=skill, voters="heritage", title="the other way")
    with database.reading() as session:
        entries, conflicts = adopted.adopted(session, "helsingborg")
        assert entries == []
        assert conflicts == ["the other way: games say otherwise than heritage"]
        assert overlay(session, "helsingborg").conflicts == conflicts


def sorted_deck(database: Database) -> Table:
    """Three sort four cards: one confirmed, one moved, one thrown out, one on a pile of their own."""
    table = Table(database)
    for n, expert in enumerate(table.experts):
        piles = {"A01": ART, "A02": CODE, "A03": "not-ours", "A04": "new:Engines" if n else "new:engines"}
        with database.writing() as session:
            sorting.sort(session, expert, session.get_one(Deck, 1), Sort(piles=piles), table.nonce())
    return table


def test_a_closed_deck_places_its_cards_by_the_rule(database: Database) -> None:
    table = sorted_deck(database)
    with database.writing() as session:
        deck = session.get_one(Deck, 1)
        with pytest.raises(Conflict, match="revealed"):
            settling.settle(session, table.facilitator, deck, "", "")
    reveal_deck(database, table.facilitator)
    with database.writing() as session:
        settling.settle(session, table.facilitator, session.get_one(Deck, 1), "We sorted.", "")
    with database.writing() as session, pytest.raises(Conflict):
        settling.settle(session, table.facilitator, session.get_one(Deck, 1), "Again.", "")
    told = {one.entry.skills[0][-2:]: (one.entry.outcome, one.entry.cluster) for one in table.entries()}  # type: ignore[union-attr]
    assert told == {"c1": ("move", ART), "c2": ("move", CODE), "c3": ("not-ours", "")}
    with database.reading() as session:
        (suggested,) = suggesting.suggestions(session, "helsingborg")
    assert (suggested["proposal"], suggested["names"]) == ("split", [{"en": "Engines"}])
    assert (suggested["cluster"], suggested["skills"]) == (CODE, [f"{ESCO}skill/c4"])
    table.carried(**suggested)
    made = {one.entry.outcome: one.entry for one in table.entries() if isinstance(one.entry, SkillDecision)}
    assert made["split"].into == "gaming/engines"


def test_a_card_on_which_people_differ_is_deferred(database: Database) -> None:
    table = Table(database)
    for expert, pile in zip(table.experts, (ART, CODE, "unknown"), strict=True):
        with database.writing() as session:
            sorting.sort(session, expert, session.get_one(Deck, 1), Sort(piles={"A01": pile}), table.nonce())
    reveal_deck(database, table.facilitator)
    with database.writing() as session:
        body = settling.settle(session, table.facilitator, session.get_one(Deck, 1), "", "")
    first = body["cards"][0]
    assert (first["status"], first["n"], first["tally"]) == ("deferred", 2, {ART: 1, CODE: 1})
    assert table.entries() == []


def test_a_mark_of_a_basket_that_is_adopted_becomes_an_entry(database: Database) -> None:
    table = Table(database)
    skill = f"{ESCO}skill/00000009-0000-4000-8000-000000000000"
    with database.writing() as session:
        group = next(g for g in preparing.groups(session, "helsingborg") if g.key == "games")
        said = Marking(sector="gaming", skill=skill, mark="not-ours", version=0)
        baskets.mark(session, table.experts[0], group, said, "a skill", table.nonce())
        matter = baskets.basket(session, table.experts[0], group)[0].matter
        for expert in table.experts:
            voting.vote(session, expert, matter, "yes", table.nonce())
        assert adopted.adopted(session, "helsingborg")[0] == []
        voting.settle(session, table.facilitator, matter, "It is not.", "")
    (one,) = table.entries()
    assert isinstance(one.entry, SkillDecision)
    assert (one.entry.outcome, one.entry.domain, one.entry.skills, one.entry.agreement) == (
        "not-ours",
        "gaming",
        (skill,),
        1.0,
    )
    with database.reading() as session:
        made = overlay(session, "helsingborg")
    assert made.entries == 1
    assert made.turtle.count(b"/judgement/basket-") > 0


def test_skills_that_no_occupation_of_a_sector_needs_are_suggested(database: Database) -> None:
    table = Table(database)
    with database.writing() as session:
        item = session.get_one(Item, 1)
        skills = {s["iri"]: "not-ours" if n == 0 else "useful" for n, s in enumerate(item.skills)}
        for expert in table.experts:
            said = Judgement(round=1, rating="in", sectors=["gaming"], skills=skills, confidence=3)
            review.judge(session, expert, item, said, table.nonce())
        review.reveal(session, table.facilitator, item)
        review.resolve(session, table.facilitator, item, "", "")
        found = suggesting.suggestions(session, "helsingborg")
    assert [(f["proposal"], f["domain"], f["skills"]) for f in found] == [
        ("not-ours", "gaming", [next(iri for iri, said in skills.items() if said == "not-ours")])
    ]


def test_the_overlay_is_what_a_load_reads_with_rule_votes_and_minority(database: Database, tmp_path: Path) -> None:
    table = sorted_deck(database)
    reveal_deck(database, table.facilitator)
    with database.writing() as session:
        settling.settle(session, table.facilitator, session.get_one(Deck, 1), "We sorted.", "")
    rename = table.put(proposal="rename", cluster=ART, names=[NAME])
    table.vote(rename, "yes", "yes", "yes")
    table.do(rename, "reveal")
    table.close(rename, "It says what it is.", "One would have kept it.")
    table.carried(proposal="merge", cluster=CODE, into=ART)
    table.carried(proposal="transversal", skills=[f"{ESCO}skill/c9", f"{ESCO}skill/c8"])
    table.carried(
        "amend", "amend", "amend", proposal="rule", rule="core-shared", thresholds={"minimumShare": 0.4},
        text="Essential for two fifths.", version="profiles-2", before={"minimumShare": "0.5"},
    )  # fmt: skip
    table.carried(proposal="sign-off", composition="anchor=x", title="A role", anchors=[f"{ESCO}occupation/o1"])
    with database.reading() as session:
        made = overlay(session, "helsingborg")
        assert overlay(session, "helsingborg").turtle == made.turtle
        version = adopted.rule_set(session, "helsingborg")["version"]
    file = tmp_path / "helsingborg.ttl"
    file.write_bytes(made.turtle)
    found = read_panels([file]).entries
    assert {(d.outcome, d.cluster, d.into, d.skills, d.labels) for d in found.skills} == {
        ("move", ART, "", (f"{ESCO}skill/c1",), ()), ("move", CODE, "", (f"{ESCO}skill/c2",), ()),
        ("not-ours", "", "", (f"{ESCO}skill/c3",), ()), ("rename", ART, "", (), (("en", "Drawing"), ("es", "Dibujo"))),
        ("merge", CODE, ART, (), ()), ("transversal", "", "", (f"{ESCO}skill/c8",), ()),
        ("transversal", "", "", (f"{ESCO}skill/c9",), ()),
    }  # fmt: skip
    assert [(r.rule, r.outcome, r.thresholds, r.text) for r in found.rules] == [
        ("core-shared", "amend", (("minimumShare", "0.4"),), "Essential for two fifths.")
    ]
    assert len(found.profiles) == 1
    assert found.version == version
    assert version.startswith("profiles-2+helsingborg.")
    assert made.entries == 9
    store = ox.Store()
    store.load(made.turtle, format=ox.RdfFormat.TURTLE)
    rows = store.query(f"""
        PREFIX ccsi: <{CCSI}> PREFIX prov: <{PROV}>
        SELECT ?minority (COUNT(?vote) AS ?votes) WHERE {{
          ?entry ccsi:outcome "rename" ; ccsi:agreement ?share ; prov:wasDerivedFrom ?resolution .
          ?resolution ccsi:decisionRule/ccsi:threshold 80 ; ccsi:rationale "It says what it is." ;
            ccsi:minorityNote ?minority ; ccsi:judges 3 ; prov:wasDerivedFrom ?vote .
          ?vote ccsi:answer "yes" ; prov:wasAttributedTo/a prov:Agent .
        }} GROUP BY ?minority""")
    assert [(row[0].value, row[1].value) for row in rows] == [("One would have kept it.", "3")]
    assert b"a expert" not in made.turtle, "no pseudonym"
    assert b"since yes" not in made.turtle, "no reason"


def test_the_rule_set_has_a_version_that_tells_what_was_adopted(database: Database) -> None:
    table = Table(database)
    with database.reading() as session:
        assert adopted.rule_set(session, "helsingborg")["version"] == ""
    table.carried("approve", "approve", "approve", proposal="rule", rule="digital", version="profiles-2")
    amended = {
        "proposal": "rule", "rule": "core-shared", "thresholds": {"minimumShare": 0.4}, "text": "Two fifths.",
        "version": "profiles-2", "before": {"minimumShare": "0.5"},
    }  # fmt: skip
    table.carried("reject", "reject", "reject", **amended)
    with database.reading() as session:
        first = adopted.rule_set(session, "helsingborg")
    table.carried("amend", "amend", "amend", **amended)
    with database.reading() as session:
        second = adopted.rule_set(session, "helsingborg")
        rows = list(decided.rule_rows(session, "helsingborg"))
    assert first["version"] != second["version"]
    assert [(r["rule"], r["answer"], r["inForce"]) for r in second["rules"]] == [
        ("digital", "approve", True), ("core-shared", "reject", False), ("core-shared", "amend", True),
    ]  # fmt: skip
    assert [r["thresholds"] for r in rows] == ["", "", "minimumShare 0.4"]
    assert {r["version"] for r in rows} == {second["version"]}
