"""A revealed deck is closed: of each card, what the rule makes of where people put it. A sort is its one round."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import journal, preparing, sorting
from workshop.errors import Conflict
from workshop.model import Deck, Record
from workshop.people import Seat
from workshop.rules import Rule
from workshop.texts import plain


def settle(session: Session, seat: Seat, deck: Deck, rationale: str, minority: str) -> dict[str, Any]:
    """Close a deck by the rule. Raises NotAllowed, Conflict, Refused."""
    seat.require("facilitator")
    rationale, minority = plain(rationale, "A rationale", 2000), plain(minority, "A minority note", 2000)
    session.get(Deck, deck.id, with_for_update=True)
    if not sorting.is_revealed(session, deck):
        raise Conflict("Only what is revealed can be closed.", "Reveal it first.")
    body = {"cards": outcomes(session, deck), "rationale": rationale, "minority": minority}
    journal.add(session, seat, "deck-resolution", body, f"deck-resolution:{deck.id}", deck=deck.id)
    return body


def settled(session: Session, deck: Deck) -> Record | None:
    """The resolution of a deck that is closed."""
    return session.scalar(select(Record).where(Record.once == f"deck-resolution:{deck.id}"))


def outcomes(session: Session, deck: Deck) -> list[dict[str, Any]]:
    """Of each card the outcome by the rule; who does not know does not count. Deck must be revealed."""
    rule = Rule.of(preparing.workshop(session, deck.workshop).rule)
    sorts = sorting.all_sorts(session, deck).values()
    return [
        {
            "code": card["code"],
            "iri": card["iri"],
            "label": card["label"],
            "cluster": card["cluster"],
            **found.as_dict(),
        }
        for card in deck.cards
        for piles in [[sort[card["code"]].casefold() for sort in sorts if card["code"] in sort]]
        for found in [rule.outcome((p for p in piles if p != sorting.UNKNOWN), rule.rounds)]
    ]


def piles_of(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The piles that people made themselves and the rule adopts, with their cards: what a motion may make a cluster of."""
    made: dict[str, list[dict[str, Any]]] = {}
    for card in found:
        if card["status"] == "adopted" and card["answer"].startswith(sorting.OWN):
            made.setdefault(card["answer"][len(sorting.OWN) :], []).append(card)
    return made
