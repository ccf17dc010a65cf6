"""What was said, in order: adding to it, and what may be told of it to whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workshop.errors import Conflict, Refused
from workshop.model import Item, Record, now
from workshop.people import Seat

Stage = Literal["open", "revealed", "closed"]
# What changes the stage of an item, and what it changes it to.
_STAGES: dict[str, Stage] = {"reveal": "revealed", "round": "open", "resolution": "closed"}
# What everybody may learn of the moment it happens; judgements and sorts are none of it.
PUBLIC = (
    "reveal", "round", "resolution", "note", "deck-reveal", "board", "place", "vote", "settled", "proposal", "basket", "report",
    "motion", "motion-reveal", "motion-round", "motion-resolution", "deck-resolution", "wall", "wall-reveal",
)  # fmt: skip
MOST_EVENTS = 200  # told at once
_NONCE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class State:
    """Where an item stands."""

    round: int
    stage: Stage
    resolution: dict[str, Any] | None = None
    resolved_at: str = ""


def states(session: Session, items: list[Item]) -> dict[int, State]:
    """Where items stand, by their number."""
    found = {item.id: State(1, "open") for item in items}
    rows = session.scalars(
        select(Record).where(Record.kind.in_(list(_STAGES)), Record.item_id.in_(list(found))).order_by(Record.id)
    )
    for row in rows:
        assert row.item_id is not None  # noqa: S101 - for the type checker: the query asked for those that have one
        resolved = row.body if row.kind == "resolution" else None
        found[row.item_id] = State(row.round, _STAGES[row.kind], resolved, row.at if resolved else "")
    return found


def state(session: Session, item: Item) -> State:
    """Where one item stands."""
    return states(session, [item])[item.id]


def locked(session: Session, item: Item) -> State:
    """The same, and nobody changes it before this transaction ends (SQLite holds its one write lock anyway)."""
    session.get(Item, item.id, with_for_update=True)
    return state(session, item)


def add(
    session: Session,
    seat: Seat,
    kind: str,
    body: dict[str, Any],
    once: str,
    item: int | None = None,
    deck: int | None = None,
    round_number: int = 0,
    about: int | None = None,
) -> Record:
    """Add what somebody said or did. Raises Conflict where it has been said."""
    row = Record(
        workshop=seat.workshop, at=now(), participant=seat.participant, kind=kind, item_id=item, deck_id=deck,
        round=round_number, body=body, once=once, about=about,
    )  # fmt: skip
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("This was done already.", "Look again.") from error
    return row


def said_before(session: Session, once: str) -> bool:
    """Whether this very form arrived before: a browser that lost the answer sends it again."""
    return session.scalar(select(Record.id).where(Record.once == once)) is not None


def once_of(seat: Seat, kind: str, nonce: str) -> str:
    """What keeps a form from counting twice. Raises Refused for one that brings no nonce."""
    if not 8 <= len(nonce) <= _NONCE_LENGTH or not nonce.isascii():
        raise Refused("The form lacks its nonce of 8 to 64 characters.", "Load the page again.")
    return f"{kind}:{seat.participant}:{nonce}"


def last_event(session: Session) -> int:
    """The number of the newest row of all."""
    return session.scalar(select(func.max(Record.id))) or 0


def events(session: Session, after: int) -> list[dict[str, Any]]:
    """What may be told to everybody since then, in the order in which it happened, the same for all."""
    rows = session.scalars(
        select(Record).where(Record.id > after, Record.kind.in_(PUBLIC)).order_by(Record.id).limit(MOST_EVENTS)
    )
    return [
        {
            "id": r.id, "workshop": r.workshop, "kind": r.kind, "item": r.item_id, "deck": r.deck_id, "round": r.round,
            "about": r.about, "group": r.body.get("group"),
            # Where a card is now goes to its group at once, so that two hundred pages need not all ask for it.
            **({"places": r.body["places"], "grades": r.body.get("grades", {})} if r.kind == "place" else {}),
        }
        for r in rows
    ]  # fmt: skip


def readers(session: Session, items: list[Item], states: dict[int, State]) -> Counter[int]:
    """How many have judged each item in the round where it stands."""
    rows = session.execute(
        select(Record.item_id, Record.round, func.count(func.distinct(Record.participant)))
        .where(Record.kind == "judgement", Record.item_id.in_([i.id for i in items]))
        .group_by(Record.item_id, Record.round)
    )
    return Counter({item: n for item, number, n in rows if item is not None and states[item].round == number})
