"""Blind review in rounds: a queue, a judgement, the reveal, discussion, the next round, a resolution.

Until an item is revealed, whatever is asked here about others' answers, or about what the release decided, is refused.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import journal
from workshop.agreement import spread
from workshop.errors import Conflict, NotRevealed, Refused, Unknown
from workshop.model import Item, Record, WorkingGroup
from workshop.people import Seat
from workshop.preparing import items as items_of
from workshop.preparing import workshop as workshop_of
from workshop.rules import Rating, Rule
from workshop.texts import Term, Text, plain

SkillRating = Literal["essential", "useful", "not-ours"]
MOST_MISSING = 5
MOST_SKILLS = 100
MOST_NOTES = 200  # of one item


class Judgement(BaseModel):
    """What an expert says of an occupation in one round."""

    model_config = ConfigDict(extra="forbid")
    round: int = Field(ge=1, le=10)
    rating: Rating = Field(description="Whether the occupation is in the sectors of the group.")
    sectors: list[Term] = Field([], max_length=20, description="Which of them; none where it is out.")
    skills: dict[Annotated[str, StringConstraints(max_length=300)], SkillRating] = Field({}, max_length=MOST_SKILLS)
    missing: list[Term] = Field([], max_length=MOST_MISSING, description="Skills that ESCO lacks for it.")
    confidence: int = Field(ge=1, le=5)
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class Reveal:
    """What a round came to: the spread of answers, one's own, and what the release had decided."""

    round: int
    n: int
    sectors: dict[str, dict[str, Any]]
    """By sector: the outcome by the rule."""
    skills: list[dict[str, Any]]
    missing: dict[str, int]
    confidence: dict[str, float]
    reasons: list[str]
    own: dict[str, Any] | None
    evidence: list[Any]


def item_of(session: Session, seat: Seat, number: int) -> Item:
    """An item of this workshop. Raises Unknown, also for another workshop's."""
    found = session.get(Item, number)
    if found is None or found.workshop != seat.workshop:
        raise Unknown(f"This workshop has no item {number}.", "Go back to the list.")
    return found


def sectors_of(session: Session, item: Item) -> list[str]:
    """The sectors that an item is judged for."""
    return list(session.get_one(WorkingGroup, item.group_id).domains)


def queue(session: Session, seat: Seat) -> list[Item]:
    """What this person should judge next, in order: what has too few readers first.

    Everybody has an order of their own, so that readers spread; in later rounds whoever judged an item before
    comes back to it first.
    """
    mine = items_of(session, seat.workshop, seat.group_id)
    rule = Rule.of(workshop_of(session, seat.workshop).rule)
    states = journal.states(session, mine)
    counted = journal.readers(session, mine, states)
    judged = {
        (item, number)
        for item, number in session.execute(
            select(Record.item_id, Record.round).where(
                Record.participant == seat.participant, Record.kind == "judgement"
            )
        )
    }

    def rank(item: Item) -> tuple[bool, bool, int, str]:
        before = (item.id, states[item.id].round - 1) in judged
        own_order = hashlib.blake2b(f"{seat.participant}{item.id}".encode(), digest_size=8).hexdigest()
        return not before, counted[item.id] >= rule.readers, counted[item.id], own_order

    waiting = [i for i in mine if states[i.id].stage == "open" and (i.id, states[i.id].round) not in judged]
    return sorted(waiting, key=rank)


def judge(session: Session, seat: Seat, item: Item, said: Judgement, nonce: str) -> None:
    """Keep a judgement; the last one of a round counts. Raises NotAllowed, Refused, Conflict."""
    seat.require("expert")
    seat.require_group(item.group_id)
    once = journal.once_of(seat, "judgement", nonce)
    if journal.said_before(session, once):
        return
    sectors, known = set(sectors_of(session, item)), {s["iri"] for s in item.skills}
    if strange := sorted(set(said.sectors) - sectors) or sorted(said.skills.keys() - known):
        raise Refused(f"'{strange[0][:100]}' is not asked about here.", "Load the page again.")
    if (said.rating == "out") == bool(said.sectors):
        raise Refused(
            "An occupation that is in, or partly, is so in a sector; one that is out is in none.", "Tick sectors."
        )
    current = journal.locked(session, item)
    if current.stage != "open" or current.round != said.round:
        raise Conflict(f"Round {said.round} of this item has ended.", "Load the page again.")
    journal.add(session, seat, "judgement", said.model_dump(exclude={"round"}), once, item.id, round_number=said.round)


def own_judgement(session: Session, seat: Seat, item: Item, round_number: int) -> dict[str, Any] | None:
    """What this person said in a round."""
    return _judgements(session, item, round_number).get(seat.participant)


def reveal(session: Session, seat: Seat, item: Item) -> None:
    """End a round and show what was said. Raises NotAllowed, Conflict."""
    seat.require("facilitator")
    current = journal.locked(session, item)
    if current.stage != "open":
        raise Conflict("This item is not open.", "Load the page again.")
    once = f"reveal:{item.id}:{current.round}"
    journal.add(session, seat, "reveal", {}, once, item.id, round_number=current.round)


def next_round(session: Session, seat: Seat, item: Item) -> None:
    """Ask again. Raises NotAllowed, Conflict, also where the rule allows no further round."""
    seat.require("facilitator")
    current = journal.locked(session, item)
    rule = Rule.of(workshop_of(session, seat.workshop).rule)
    if current.stage != "revealed":
        raise Conflict("Only what is revealed can be asked again.", "Load the page again.")
    if current.round >= rule.rounds:
        raise Conflict(f"The rule has {rule.rounds} rounds, and this was the last.", "Close the item.")
    number = current.round + 1
    journal.add(session, seat, "round", {}, f"round:{item.id}:{number}", item.id, round_number=number)


def note(session: Session, seat: Seat, item: Item, text: str, nonce: str) -> None:
    """Keep a note of the discussion, which begins with the reveal. Raises Refused, NotRevealed, Conflict."""
    once = journal.once_of(seat, "note", nonce)
    if journal.said_before(session, once):
        return
    written = plain(text, "A note", 1000, least=1)
    current = journal.state(session, item)
    if current.stage == "open" and current.round == 1:
        raise NotRevealed("Discussion begins when the answers are revealed.", "Judge it first.")
    if len(notes(session, item)) >= MOST_NOTES:
        raise Conflict(f"This item has {MOST_NOTES} notes; there is no room for more.")
    journal.add(session, seat, "note", {"text": written}, once, item.id, round_number=current.round)


def notes(session: Session, item: Item) -> list[str]:
    """The notes on an item, in order."""
    rows = session.scalars(select(Record).where(Record.item_id == item.id, Record.kind == "note").order_by(Record.id))
    return [row.body["text"] for row in rows]


def resolve(session: Session, seat: Seat, item: Item, rationale: str, minority: str) -> dict[str, Any]:
    """Close an item with what the rule makes of its last round. Raises NotAllowed, Conflict, Refused.

    What is not adopted is deferred, and only after the last round that the rule allows: until then it is asked again.
    """
    seat.require("facilitator")
    rationale, minority = plain(rationale, "A rationale", 2000), plain(minority, "A minority note", 2000)
    current = journal.locked(session, item)
    if current.stage != "revealed":
        raise Conflict("Only what is revealed can be closed.", "Reveal it first.")
    found = reveal_of(session, seat, item, current.round)
    if not found.n:
        raise Conflict("Nobody judged this item.", "Ask again.")
    if any(outcome["status"] == "open" for outcome in found.sectors.values()):
        raise Conflict("An answer is under the threshold, and the rule has another round.", "Ask again.")
    body = {
        "sectors": found.sectors, "skills": found.skills, "missing": found.missing,
        "rationale": rationale, "minority": minority,
    }  # fmt: skip
    journal.add(session, seat, "resolution", body, f"resolution:{item.id}", item.id, round_number=current.round)
    return body


def reveal_of(session: Session, seat: Seat, item: Item, round_number: int) -> Reveal:
    """What a round came to. Raises NotRevealed while it is open or still to come."""
    current = journal.state(session, item)
    if round_number < 1 or round_number > current.round or (round_number == current.round and current.stage == "open"):
        raise NotRevealed("The answers of this round are not revealed.", "Wait for the facilitator.")
    rule = Rule.of(workshop_of(session, item.workshop).rule)
    said = _judgements(session, item, round_number)
    bodies = [said[p] for p in sorted(said)]
    confidence = spread(b["confidence"] for b in bodies)
    return Reveal(
        round_number, len(bodies),
        {
            sector: rule.outcome((vote(b, sector) for b in bodies), round_number).as_dict()
            for sector in sectors_of(session, item)
        },
        [
            {**skill, **rule.outcome((b["skills"][skill["iri"]] for b in bodies if skill["iri"] in b["skills"]), round_number).as_dict()}
            for skill in item.skills
        ],
        dict(sorted(Counter(m for b in bodies for m in {m.casefold() for m in b["missing"]}).items())),
        {k: v for k, v in asdict(confidence).items() if bodies},
        sorted(b["reason"] for b in bodies if b["reason"]),  # in no order that would tell who wrote them
        said.get(seat.participant), list(item.evidence),
    )  # fmt: skip


def vote(said: dict[str, Any], sector: str) -> str:
    """What a judgement says of one sector: of those that it does not name, out."""
    return str(said["rating"]) if sector in said["sectors"] else "out"


def votes(session: Session, item: Item, round_number: int) -> dict[str, dict[str, Any]]:
    """The judgements of a round that has been revealed, by participant. Raises NotRevealed."""
    current = journal.state(session, item)
    if round_number >= current.round and current.stage == "open":
        raise NotRevealed("The answers of this round are not revealed.")
    return _judgements(session, item, round_number)


def _judgements(session: Session, item: Item, round_number: int) -> dict[str, dict[str, Any]]:
    """The last judgement of each participant in a round."""
    rows = session.scalars(
        select(Record)
        .where(Record.item_id == item.id, Record.round == round_number, Record.kind == "judgement")
        .order_by(Record.id)
    )
    return {row.participant: row.body for row in rows if row.participant}
