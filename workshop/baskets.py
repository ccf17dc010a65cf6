"""The basket of a sector: skills that a group found by searching all of ESCO, marked as ours or not ours.

One basket for each group and sector, filled by several people at once: who marks a skill says which version of its mark they saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import journal, people, preparing, voting
from workshop.errors import Conflict, Refused, Stale
from workshop.model import Record, WorkingGroup
from workshop.people import Seat
from workshop.texts import Term

Mark = Literal["ours", "not-ours", "open", "none"]
MOST_MARKS = 5000  # of one workshop


class Marking(BaseModel):
    """What somebody says of a skill in a sector; `version` is the one they saw, 0 of a skill that is not in the basket."""

    model_config = ConfigDict(extra="forbid")
    sector: Term
    skill: Annotated[str, StringConstraints(max_length=300)]
    mark: Mark = Field(description="ours, not-ours, open (to be talked about), or none: out of the basket.")
    version: int = Field(ge=0, le=MOST_MARKS)


@dataclass(frozen=True, slots=True)
class Entry:
    """A skill in a basket, as it stands now."""

    sector: str
    skill: str
    label: str
    mark: str
    version: int
    matter: Record
    standing: voting.Standing = voting.NONE

    def as_dict(self) -> dict[str, Any]:
        """To be told."""
        return {
            "id": self.matter.id, "sector": self.sector, "skill": self.skill, "label": self.label, "mark": self.mark,
            "version": self.version, **self.standing.as_dict(),
        }  # fmt: skip


def basket(session: Session, seat: Seat, group: WorkingGroup) -> list[Entry]:
    """The skills in the baskets of a group, by sector and name; with those taken out, marked none. Raises NotAllowed."""
    voting.require_sight(seat, group.id)
    return _entries(session, seat, group)


def mark(session: Session, seat: Seat, group: WorkingGroup, said: Marking, label: str, nonce: str) -> None:
    """Put a skill in, mark it otherwise, or take it out. Raises NotAllowed, Refused, Conflict, Stale."""
    seat.require("expert")
    seat.require_group(group.id)
    journal.once_of(seat, "basket", nonce)  # refuses a form without one
    put(session, seat, group, said, label, nonce)


def put(session: Session, seat: Seat, group: WorkingGroup, said: Marking, label: str, nonce: str) -> None:
    """The same for whoever may; what guests reported comes in by the facilitator."""
    if said.sector not in group.domains:
        raise Refused(f"'{said.sector[:40]}' is no sector of this group.", f"Choose one of {', '.join(group.domains)}.")
    matter = f"basket:{group.id}:{said.sector}:{said.skill}"
    once = voting.once_of(matter, said.version + 1)
    earlier = session.scalar(select(Record).where(Record.once == once))
    same = (seat.participant, nonce, said.mark)
    if earlier and (earlier.participant, earlier.body["nonce"], earlier.body["mark"]) == same:
        return
    now = next((e for e in _entries(session, seat, group) if (e.sector, e.skill) == (said.sector, said.skill)), None)
    version, marked = (now.version, now.mark) if now else (0, "none")
    if said.version != version:
        raise Stale(
            "Somebody marked this skill meanwhile.", "Look at it, and mark it again if you still want to.",
            {"sector": said.sector, "skill": said.skill, "mark": marked, "version": version},
        )  # fmt: skip
    if now and now.standing.result == "adopted":
        raise Conflict("This mark is adopted; it stays.", "Look at what came of it.")
    if marked == said.mark:
        return
    if len(_rows(session, group.workshop)) >= MOST_MARKS:
        raise Conflict(f"The baskets of this workshop have {MOST_MARKS:,} marks; there is no room for more.")
    body = {
        "group": group.id, "sector": said.sector, "skill": said.skill, "label": label, "mark": said.mark, "nonce": nonce,
    }  # fmt: skip
    journal.add(session, seat, "basket", body, once, round_number=version + 1)


def rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """Every mark that was made, with its votes and what came of it, for a table; seats are numbers."""
    made = _rows(session, name)
    standing = voting.standings(session, None, made)
    numbers = people.numbers(session, name)
    keys = {group.id: group.key for group in preparing.groups(session, name)}
    for row in made:
        yield {
            "group": keys[row.body["group"]], **{k: row.body[k] for k in ("sector", "skill", "label", "mark")},
            "version": row.round, "participant": numbers[row.participant or ""], **voting.cells(standing[row.id]),
        }  # fmt: skip


def _entries(session: Session, seat: Seat, group: WorkingGroup) -> list[Entry]:
    last = {
        (r.body["sector"], r.body["skill"]): r for r in _rows(session, group.workshop) if r.body["group"] == group.id
    }
    standing = voting.standings(session, seat, last.values())
    found = [
        Entry(r.body["sector"], r.body["skill"], r.body["label"], r.body["mark"], r.round, r, standing[r.id])
        for r in last.values()
    ]  # fmt: skip
    return sorted(found, key=lambda e: (e.sector, e.label.casefold(), e.skill))


def _rows(session: Session, name: str) -> list[Record]:
    query = select(Record).where(Record.workshop == name, Record.kind == "basket").order_by(Record.id)
    return list(session.scalars(query))
