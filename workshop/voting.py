"""Yes or no to what somebody put forward, and what the decision rule of the workshop makes of it.

A matter is a row of the record: a placement on a board, a proposal, a skill in a basket. Votes are open, since a group works
on these together; a vote is about one row, so whatever changes a matter leaves the votes on it behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import journal
from workshop.errors import Conflict, Refused, Stale, Unknown
from workshop.model import Record
from workshop.people import Seat
from workshop.preparing import workshop as workshop_of
from workshop.rules import Rule
from workshop.texts import plain

Answer = Literal["yes", "no"]
Result = Literal["adopted", "rejected", "deferred"]
MATTERS = ("place", "proposal", "basket")  # kinds of rows that are voted on


@dataclass(frozen=True, slots=True)
class Standing:
    """How the votes on a matter stand, how oneself voted, and how it ended, once it has."""

    yes: int = 0
    no: int = 0
    own: str = ""
    settled: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """To be shown."""
        return {"yes": self.yes, "no": self.no, "own": self.own, "settled": self.settled}

    @property
    def result(self) -> str:
        """adopted, rejected or deferred; "" while it is open."""
        return str(self.settled["result"]) if self.settled else ""


NONE = Standing()


def matter_of(session: Session, seat: Seat, number: int) -> Record:
    """A matter of this workshop that this seat may see. Raises Unknown, NotAllowed."""
    found = session.get(Record, number)
    if found is None or found.workshop != seat.workshop or found.kind not in MATTERS:
        raise Unknown(f"Nothing of this workshop is voted on under the number {number}.", "Go back to the list.")
    require_sight(seat, found.body["group"])
    return found


def require_sight(seat: Seat, group_id: int) -> None:
    """Raises NotAllowed for another group's; facilitators see all groups."""
    if not seat.facilitates:
        seat.require_group(group_id)


def standings(session: Session, seat: Seat | None, matters: Iterable[Record]) -> dict[int, Standing]:
    """How the votes on matters stand, by their numbers; the last vote of each seat counts."""
    numbers = [matter.id for matter in matters]
    said: dict[int, dict[str | None, str]] = defaultdict(dict)
    settled: dict[int, dict[str, Any]] = {}
    rows = session.scalars(
        select(Record).where(Record.about.in_(numbers), Record.kind.in_(("vote", "settled"))).order_by(Record.id)
    )
    for row in rows:
        assert row.about is not None  # noqa: S101 - for the type checker: the query asked for those that have one
        if row.kind == "vote":
            said[row.about][row.participant] = row.body["answer"]
        else:
            settled[row.about] = {**row.body, "at": row.at}
    own = seat.participant if seat else ""
    return {
        number: Standing(
            sum(answer == "yes" for answer in said[number].values()),
            sum(answer == "no" for answer in said[number].values()),
            said[number].get(own, ""), settled.get(number),
        )
        for number in numbers
    }  # fmt: skip


def standing(session: Session, seat: Seat | None, matter: Record) -> Standing:
    """How the votes on one matter stand."""
    return standings(session, seat, [matter])[matter.id]


def votes(session: Session, matter: Record) -> dict[str, Record]:
    """The last vote of each participant on a matter."""
    rows = session.scalars(select(Record).where(Record.about == matter.id, Record.kind == "vote").order_by(Record.id))
    return {row.participant: row for row in rows if row.participant}


def vote(session: Session, seat: Seat, matter: Record, answer: str, nonce: str) -> None:
    """Say yes or no; the last word counts until the matter is settled. Raises NotAllowed, Refused, Conflict."""
    seat.require("expert")
    seat.require_group(matter.body["group"])
    if answer not in get_args(Answer):
        raise Refused("A vote is yes or no.", "Choose one.")
    once = journal.once_of(seat, f"vote:{matter.id}:{answer}", nonce)
    if journal.said_before(session, once):
        return
    _require_current(session, matter)
    if standing(session, seat, matter).settled:
        raise Conflict("This is settled; it takes no more votes.", "Look at what came of it.")
    body = {"answer": answer, "group": matter.body["group"]}
    journal.add(session, seat, "vote", body, once, matter.item_id, round_number=matter.round, about=matter.id)


def settle(session: Session, seat: Seat, matter: Record, rationale: str, minority: str) -> dict[str, Any]:
    """End a matter with what the rule makes of its votes. Raises NotAllowed, Refused, Conflict.

    Adopted is what as many as the rule demands say yes to, rejected what as many say no to; the rest is deferred.
    """
    seat.require("facilitator")
    rationale, minority = plain(rationale, "A rationale", 2000), plain(minority, "A minority note", 2000)
    _require_current(session, matter)
    now = standing(session, seat, matter)
    if now.settled:
        raise Conflict("This is settled already.", "Look again.")
    if not now.yes + now.no:
        raise Conflict("Nobody has voted on this.", "Ask for votes first.")
    rule = Rule.of(workshop_of(session, matter.workshop).rule)
    outcome = rule.outcome(["yes"] * now.yes + ["no"] * now.no, rule.rounds)
    result: Result = "deferred" if outcome.status != "adopted" else "adopted" if outcome.answer == "yes" else "rejected"
    body = {
        "group": matter.body["group"], "result": result, "yes": now.yes, "no": now.no, "n": outcome.n, "share": outcome.share,
        "rationale": rationale, "minority": minority,
    }  # fmt: skip
    journal.add(
        session,
        seat,
        "settled",
        body,
        f"settled:{matter.id}",
        matter.item_id,
        round_number=matter.round,
        about=matter.id,
    )
    return body


def once_of(matter: str, version: int) -> str:
    """What keeps a version of a matter from being made twice: of two who make it at once, the second is refused."""
    return f"{matter}:{version}"


def _require_current(session: Session, matter: Record) -> None:
    """Raises Stale where the matter has a later version than the one that somebody saw."""
    of, _, version = matter.once.rpartition(":")
    if not matter.round or version != str(matter.round):
        return
    later = session.scalar(select(Record).where(Record.once == once_of(of, matter.round + 1)))
    if later is not None:
        raise Stale(
            "Somebody changed this meanwhile; a vote is about what one has seen.",
            "Look how it is now.",
            {"item": later.item_id},
        )


def cells(stands: Standing) -> dict[str, Any]:
    """How the votes on a matter stand, as cells of a table."""
    settled = stands.settled or {}
    return {
        "yes": stands.yes, "no": stands.no, "result": stands.result, "agreement": settled.get("share", ""),
        "rationale": settled.get("rationale", ""), "minority": settled.get("minority", ""),
    }  # fmt: skip
