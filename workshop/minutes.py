"""The record as rows and figures: answers, changes that ESCO is asked for, and what the minutes say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workshop import (
    adopted,
    journal,
    motions,
    people,
    preparing,
    proposals,
    review,
    settling,
    sorting,
    wall,
)
from workshop.agreement import agreement, counts
from workshop.model import Deck, Item, Participant, Record, WorkingGroup
from workshop.rules import RATINGS, Rule

ANSWERS = (
    "group", "item", "occupation", "label", "round", "participant", "rating", "sectors", "confidence", "reason",
    "essential", "useful", "not-ours", "missing",
)  # fmt: skip
CHANGES = (
    "change", "type", "occupation", "occupationLabel", "skill", "skillLabel", "label", "language", "definition", "near", "source",
    "from", "to", "agreement", "judges", "workshop", "round",
)  # fmt: skip
SORTS = ("deck", "participant", "code", "skill", "label", "pile")
_RELATIONS = {"essential": "essential", "useful": "optional", "not-ours": "none"}
# Ratings as points of a scale, for the measures that know an order.
POINTS = (2.0, 1.0, 0.0)


def answers(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """What each seat said in each round that has been revealed, one row for each judgement. Seats are numbers."""
    groups = {group.id: group.key for group in preparing.groups(session, name)}
    numbers = _numbers(session, name)
    for item, number, said in _revealed(session, name):
        for participant in sorted(said, key=numbers.__getitem__):
            body = said[participant]
            skills = {
                rating: " ".join(sorted(iri for iri, r in body["skills"].items() if r == rating))
                for rating in ("essential", "useful", "not-ours")
            }
            yield {
                "group": groups[item.group_id], "item": item.id, "occupation": item.occupation, "label": item.label,
                "round": number, "participant": numbers[participant], "rating": body["rating"],
                "sectors": " ".join(body["sectors"]), "confidence": body["confidence"], "reason": body["reason"],
                **skills, "missing": "; ".join(body["missing"]),
            }  # fmt: skip


def sorts(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """Where each seat put each card, of decks that have been revealed."""
    numbers = _numbers(session, name)
    for deck in preparing.decks(session, name):
        if not sorting.is_revealed(session, deck):
            continue
        cards = {card["code"]: card for card in deck.cards}
        for participant, piles in sorting.all_sorts(session, deck).items():
            for code, pile in piles.items():
                yield {
                    "deck": deck.domain, "participant": numbers[participant], "code": code,
                    "skill": cards[code]["iri"], "label": cards[code]["label"], "pile": pile,
                }  # fmt: skip


def changes(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """What ESCO is asked to change: relations that the panel adopted otherwise, new concepts, and further names.

    A new concept or name is an adopted proposal, or a missing skill that at least two judges named by the same words.
    """
    empty = dict.fromkeys(CHANGES, "")
    items = preparing.items(session, name)
    states = journal.states(session, items)
    for item in items:
        state = states[item.id]
        if state.resolution is None:
            continue
        about = {"occupation": item.occupation, "occupationLabel": item.label, "workshop": name, "round": state.round}
        common = {**empty, "type": "skill", **about}
        for skill in state.resolution["skills"]:
            wanted = _RELATIONS.get(skill["answer"], "")
            if skill["status"] == "adopted" and wanted != skill["relation"]:
                yield {
                    **common, "change": "relation", "skill": skill["iri"], "skillLabel": skill["label"],
                    "from": skill["relation"], "to": wanted, "agreement": skill["share"], "judges": skill["n"],
                }  # fmt: skip
        for label, n in state.resolution["missing"].items():
            if n >= 2:
                yield {**common, "change": "new-concept", "label": label, "judges": n}
    yield from proposals.changes(session, name)


def minutes(session: Session, name: str) -> dict[str, Any]:
    """All that the minutes say, in the order of ACCORD's items: panel, rule, rounds, outcome, agreement, minority."""
    kept = preparing.workshop(session, name)
    items = preparing.items(session, name)
    states = journal.states(session, items)
    seats = session.execute(
        select(Participant.role, func.count().label("n"))
        .where(Participant.workshop == name)
        .group_by(Participant.role)
        .order_by(Participant.role)
    )
    return {
        "workshop": kept.id, "title": kept.title, "release": kept.release, "escoVersion": kept.esco_version,
        "createdAt": kept.created_at, "keepUntil": kept.keep_until, "rule": kept.rule,
        "seats": {row.role: row.n for row in seats}, "panel": people.panel(session, name),
        "groups": [
            {
                "key": group.key, "title": group.title, "domains": group.domains,
                "items": [_item(session, item, states[item.id]) for item in items if item.group_id == group.id],
                "agreement": figures(session, group),
                "decks": [_deck(session, deck) for deck in preparing.decks(session, name, group.id)],
            }
            for group in preparing.groups(session, name)
        ],
        "motions": motions.report(session, name), "ruleSet": adopted.rule_set(session, name),
        "wall": wall.ranking(session, name) if wall.is_revealed(session, name) else [],
    }  # fmt: skip


def figures(session: Session, group: WorkingGroup) -> list[dict[str, Any]]:
    """How far a group agreed, by round: each item in each sector is a unit, in, partly and out its categories."""
    by_round: dict[int, list[list[str]]] = {}
    for _, number, said in _revealed(session, group.workshop, group.id):
        for sector in group.domains:
            by_round.setdefault(number, []).append([review.vote(body, sector) for body in said.values()])
    found = []
    for number, units in sorted(by_round.items()):
        table = counts(units, RATINGS)
        nominal, ordinal = agreement(table), agreement(table, "ordinal", POINTS)
        found.append(
            {
                "round": number,
                **{k: _figure(v) for k, v in asdict(nominal).items()},
                "ordinalAlpha": _figure(ordinal.alpha),
            }
        )
    return found


def _figure(value: float) -> float | None:
    """Rounded; none where there is nothing to tell."""
    return None if value != value else round(value, 4)


def _item(session: Session, item: Item, state: journal.State) -> dict[str, Any]:
    rule = Rule.of(preparing.workshop(session, item.workshop).rule)
    revealed = range(1, state.round + (state.stage != "open"))
    return {
        "id": item.id, "occupation": item.occupation, "code": item.code, "label": item.label,
        "chosen": item.chosen if revealed else "",  # that nobody doubts it is what the release says of it
        "stage": state.stage, "round": state.round, "resolution": state.resolution, "resolvedAt": state.resolved_at,
        "rounds": [
            {
                "round": number, "n": len(said),
                "sectors": {
                    sector: rule.outcome((review.vote(b, sector) for b in said.values()), number).as_dict()
                    for sector in review.sectors_of(session, item)
                },
            }
            for number in revealed
            for said in [review.votes(session, item, number)]
        ],
        "notes": review.notes(session, item),
    }  # fmt: skip


def _deck(session: Session, deck: Deck) -> dict[str, Any]:
    revealed = sorting.is_revealed(session, deck)
    return {
        "id": deck.id, "domain": deck.domain, "revealed": revealed,
        "report": asdict(sorting.report_of(session, deck)) if revealed else None,
        "resolution": closed.body if (closed := settling.settled(session, deck)) else None,
    }  # fmt: skip


def _revealed(
    session: Session, name: str, group: int | None = None
) -> Iterator[tuple[Item, int, dict[str, dict[str, Any]]]]:
    """Every item with each of its revealed rounds and what was said in it."""
    items = preparing.items(session, name, group)
    states = journal.states(session, items)
    for item in items:
        state = states[item.id]
        for number in range(1, state.round + (state.stage != "open")):
            yield item, number, review.votes(session, item, number)


def _numbers(session: Session, name: str) -> dict[str, int]:
    rows = session.execute(select(Participant.id, Participant.number).where(Participant.workshop == name))
    return {row.id: row.number for row in rows}


def progress(session: Session, name: str) -> dict[str, Any]:
    """What the facilitator sees of a running workshop: where items stand and how many answered, never what."""
    items = preparing.items(session, name)
    states = journal.states(session, items)
    readers = journal.readers(session, items, states)
    seats = session.execute(
        select(Participant.role, Participant.group_id, func.count())
        .where(Participant.workshop == name)
        .group_by(Participant.role, Participant.group_id)
    )
    records = session.scalar(select(func.count()).where(Record.workshop == name)) or 0
    return {
        "records": records,
        "seats": [{"role": role, "group": group, "n": n} for role, group, n in seats],
        "items": [
            {"item": item, "state": states[item.id], "readers": readers[item.id]} for item in items
        ],
        "decks": [
            {"deck": deck, "sorts": sorting.counted(session, deck), "revealed": sorting.is_revealed(session, deck)}
            for deck in preparing.decks(session, name)
        ],
    }  # fmt: skip
