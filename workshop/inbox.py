"""The inbox: what guests of the public pages say is wrong, and what the facilitator of a workshop makes of it.

A guest has no seat and no name. What they wrote stands in a table of its own and is deleted after the term; the record keeps
which concept it was about and what the facilitator decided, never the guest's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from sqlalchemy import delete, func, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from workshop import baskets, journal, preparing
from workshop.baskets import Marking
from workshop.errors import Conflict, Refused, Unknown
from workshop.model import Item, Record, Report, WorkingGroup, now
from workshop.people import Seat
from workshop.preparing import KEEP_DAYS
from workshop.selection import Candidate
from workshop.texts import fit, plain

Aspect = Literal["sector", "skills", "words", "other"]
MOST_WAITING = 1000
MOST_ITEMS = 200  # of one group


class Complaint(BaseModel):
    """What a guest says is wrong with an occupation or a skill."""

    model_config = ConfigDict(extra="forbid")
    aspect: Aspect
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(fit)]


def report(session: Session, concept: str, kind: str, label: str, language: str, said: Complaint) -> None:
    """Put what a guest says into the inbox. Raises Conflict where it is full."""
    waiting = session.scalar(select(func.count()).select_from(Report).where(Report.closed_at.is_(None))) or 0
    if waiting >= MOST_WAITING:
        raise Conflict(
            f"{MOST_WAITING:,} reports wait to be read; there is no room for more.", "Try again another day."
        )
    session.add(
        Report(
            at=now(), concept=concept, kind=kind, label=label, aspect=said.aspect, text=said.text, language=language,
            keep_until=now(timedelta(days=KEEP_DAYS)),
        )
    )  # fmt: skip


def waiting(session: Session, seat: Seat) -> list[Report]:
    """What nobody has looked at yet, the oldest first. Raises NotAllowed."""
    seat.require("facilitator")
    return list(session.scalars(select(Report).where(Report.closed_at.is_(None)).order_by(Report.id)))


def report_of(session: Session, seat: Seat, number: int) -> Report:
    """A report that waits. Raises NotAllowed, Unknown, Conflict."""
    seat.require("facilitator")
    found = session.get(Report, number, with_for_update=True)
    if found is None:
        raise Unknown(f"The inbox has no report {number}.", "Go back to the inbox.")
    if found.closed_at:
        raise Conflict("This report was dealt with already.", "Look at the next.")
    return found


def dismiss(session: Session, seat: Seat, number: int, reason: str) -> None:
    """Say why nothing follows from a report. Raises NotAllowed, Unknown, Refused, Conflict."""
    found = report_of(session, seat, number)
    _close(session, seat, found, "dismissed", plain(reason, "A reason", 1000, least=1), None)


def accept(
    session: Session,
    seat: Seat,
    number: int,
    group: WorkingGroup,
    reason: str,
    candidate: Candidate | None,
    sector: str,
) -> None:
    """Bring what a report is about before a group. Raises NotAllowed, Unknown, Refused, Conflict.

    An occupation becomes an item of the group, which is judged like the others; a skill comes into the basket of a sector,
    to be talked about.
    """
    found = report_of(session, seat, number)
    if candidate is not None:
        _select(session, group, candidate)
    else:
        known = {(e.sector, e.skill): e for e in baskets.basket(session, seat, group)}.get((sector, found.concept))
        if known is None or known.mark == "none":
            said = Marking(sector=sector, skill=found.concept, mark="open", version=known.version if known else 0)
            baskets.put(session, seat, group, said, found.label, f"report-{found.id}")
    _close(session, seat, found, "accepted", plain(reason, "A reason", 1000), group)


def purge(session: Session) -> int:
    """Delete reports whose term is over; how many."""
    ended = session.execute(delete(Report).where(Report.keep_until < now()))
    return ended.rowcount if isinstance(ended, CursorResult) else 0


def rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """What this workshop decided on reports, for a table; without what guests wrote."""
    keys = {group.id: group.key for group in preparing.groups(session, name)}
    query = select(Record).where(Record.workshop == name, Record.kind == "report").order_by(Record.id)
    for row in session.scalars(query):
        yield {
            **{k: row.body[k] for k in ("report", "concept", "label", "aspect", "outcome", "reason")}, "at": row.at,
            "group": keys.get(row.body["to"] or 0, ""),
        }  # fmt: skip


def _close(session: Session, seat: Seat, found: Report, outcome: str, reason: str, group: WorkingGroup | None) -> None:
    found.closed_at = now()
    body = {
        "report": found.id, "concept": found.concept, "label": found.label, "aspect": found.aspect, "outcome": outcome,
        "reason": reason, "to": group.id if group else None,
    }  # fmt: skip
    journal.add(session, seat, "report", body, f"report:{found.id}")


def _select(session: Session, group: WorkingGroup, candidate: Candidate) -> None:
    known = session.scalars(select(Item).where(Item.group_id == group.id)).all()
    if any(item.occupation == candidate.occupation for item in known):
        raise Conflict("This occupation is in the selection of the group already.", "Dismiss the report, and say so.")
    if len(known) >= MOST_ITEMS:
        raise Refused(f"A group judges at most {MOST_ITEMS} occupations.", "Dismiss the report, and say why.")
    session.add(
        Item(
            workshop=group.workshop, group_id=group.id, position=max((i.position for i in known), default=0) + 1,
            occupation=candidate.occupation, code=candidate.code, label=candidate.label, chosen="inbox",
            skills=list(candidate.skills), evidence=list(candidate.evidence),
        )
    )  # fmt: skip
    session.flush()
