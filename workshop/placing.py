"""Group boards: the occupations of a group placed in sub-domains and functions, by several people at once.

A card is an item of the group; where it stands is the last `place` row of the record about it, and its version is the number of
that row. Who moves a card says which version they saw: of two who move it at once the second is told what the first did.
Boards are open within their group and tell nothing of what the release has decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workshop import journal, people, voting
from workshop.errors import Conflict, Refused, Stale, Unknown
from workshop.model import Item, Record, WorkingGroup
from workshop.people import Seat
from workshop.preparing import groups as all_groups
from workshop.preparing import items as items_of

Level = Literal["none", "some", "main"]
MOST_MOVES = 1000  # of one card
MOST_COLUMNS = 80
GRADES = 8  # levels of the European Qualifications Framework, by which CHARTER tells how far somebody takes a function
SEVERAL_MAIN = "charter"  # CHARTER's functions may be main several at a time; of every other axis one place is


_Place = Annotated[str, StringConstraints(max_length=60)]


class Move(BaseModel):
    """What somebody changes of a card: of each place named, its new level or grade; `version` is the one they saw."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=0, le=MOST_MOVES)
    places: dict[_Place, Level] = Field(
        {}, max_length=MOST_COLUMNS, description="By place (`domain/museums`, `function/creation`): its level."
    )
    grades: dict[_Place, Annotated[int, Field(ge=0, le=GRADES)]] = Field(
        {},
        max_length=MOST_COLUMNS,
        description="By function of CHARTER on which the card is: its level of the European Qualifications Framework; 0 for none.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Move:
        if not self.places and not self.grades:
            raise ValueError("a move names a place")
        return self


@dataclass(frozen=True, slots=True)
class Column:
    """A place of a board: a sub-domain of a sector, a function, or one of CHARTER's functions."""

    id: str
    """As in an IRI of ours: `domain/museums`, `function/creation`, `charter/recognition`."""
    axis: str
    """Of which one place may be main: the sector of a sub-domain, `function`, or `charter`."""
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """An occupation on a board, as it stands now."""

    item: Item
    version: int = 0
    places: Mapping[str, str] | None = None
    grades: Mapping[str, int] | None = None
    """Of CHARTER's functions, the level that the group says, where it says one."""
    matter: Record | None = None
    """The row of this version; none before the first move."""
    by: int = 0
    """The number of the seat that moved it last."""
    standing: voting.Standing = voting.NONE

    @property
    def closed(self) -> bool:
        """Whether this placement was adopted, which ends the moving."""
        return self.standing.result == "adopted"

    def as_dict(self) -> dict[str, Any]:
        """To be told."""
        return {
            "item": self.item.id, "occupation": self.item.occupation, "code": self.item.code, "label": self.item.label,
            "version": self.version, "matter": self.matter.id if self.matter else None, "places": dict(self.places or {}),
            "grades": dict(self.grades or {}),
            "by": self.by or None, "closed": self.closed,
            **self.standing.as_dict(),
        }  # fmt: skip


def groups_of(session: Session, seat: Seat) -> list[WorkingGroup]:
    """The groups whose boards somebody may see: their own, or all for facilitators and whoever sits in none."""
    every = all_groups(session, seat.workshop)
    return [g for g in every if seat.facilitates or seat.group_id in (None, g.id)]


def group_of(session: Session, seat: Seat, number: int) -> WorkingGroup:
    """A group of this workshop whose board somebody may see. Raises Unknown, NotAllowed."""
    found = session.get(WorkingGroup, number)
    if found is None or found.workshop != seat.workshop:
        raise Unknown(f"This workshop has no group {number}.", "Go back to the list.")
    voting.require_sight(seat, found.id)
    return found


def open_board(session: Session, seat: Seat, group: WorkingGroup, columns: Sequence[Column]) -> None:
    """Begin the board of a group, with its places as the release has them now. Raises NotAllowed, Refused, Conflict."""
    seat.require("facilitator")
    if not 0 < len(columns) <= MOST_COLUMNS:
        raise Refused(f"A board has 1 to {MOST_COLUMNS} places.", "Take another selection of sectors.")
    kept = [{"id": c.id, "axis": c.axis, "labels": c.labels} for c in columns]
    journal.add(session, seat, "board", {"group": group.id, "columns": kept}, f"board:{group.id}")


def columns_of(session: Session, group: WorkingGroup) -> list[Column]:
    """The places of a board; none while it is not open."""
    row = session.scalar(select(Record).where(Record.once == f"board:{group.id}"))
    return [Column(**column) for column in row.body["columns"]] if row else []


def cards(session: Session, seat: Seat, group: WorkingGroup) -> list[Card]:
    """The cards of a board in the order of the group's list, as they stand now."""
    return _cards(session, seat, items_of(session, seat.workshop, group.id))


def card(session: Session, seat: Seat, item: Item) -> Card:
    """One card. Raises NotAllowed."""
    voting.require_sight(seat, item.group_id)
    return _cards(session, seat, [item])[0]


def last_places(session: Session, items: Sequence[Item]) -> dict[int, Record]:
    """The row of the present version of each card that has been moved, by item."""
    last = (
        select(func.max(Record.id))
        .where(Record.kind == "place", Record.item_id.in_([item.id for item in items]))
        .group_by(Record.item_id)
    )
    return {row.item_id: row for row in session.scalars(select(Record).where(Record.id.in_(last))) if row.item_id}


def _cards(session: Session, seat: Seat, items: Sequence[Item]) -> list[Card]:
    rows = last_places(session, items)
    standing = voting.standings(session, seat, rows.values())
    numbers = people.numbers(session, seat.workshop)
    return [
        Card(
            item,
            row.round,
            row.body["places"],
            row.body.get("grades"),
            row,
            numbers[row.participant or ""],
            standing[row.id],
        )
        if (row := rows.get(item.id))
        else Card(item)
        for item in items
    ]


def move(session: Session, seat: Seat, item: Item, said: Move, nonce: str) -> Card:
    """Move a card; the card as it stands then. Raises NotAllowed, Refused, Conflict, Stale.

    The same form sent again changes nothing. Whoever saw an earlier version is told the present one and changes nothing.
    """
    seat.require("expert")
    seat.require_group(item.group_id)
    journal.once_of(seat, "place", nonce)  # refuses a form without one
    columns = columns_of(session, session.get_one(WorkingGroup, item.group_id))
    if not columns:
        raise Conflict("The board of this group is not open.", "Wait for the facilitator.")
    once = voting.once_of(f"place:{item.id}", said.version + 1)
    session.get(Item, item.id, with_for_update=True)
    earlier = session.scalar(select(Record).where(Record.once == once))
    now = card(session, seat, item)
    changes = said.model_dump(include={"places", "grades"}, exclude_defaults=True)
    if (
        earlier
        and (earlier.participant, earlier.body["nonce"]) == (seat.participant, nonce)
        and _said(earlier) == changes
    ):
        return now
    if now.closed:
        raise Conflict("This placement is adopted; the card stays where it is.", "Look at what came of it.")
    if said.version != now.version:
        raise Stale(
            f"Somebody moved this card meanwhile: it is at version {now.version}, and you saw {said.version}.",
            "Look where it is now, and move it again if you still want to.", now.as_dict(),
        )  # fmt: skip
    if now.version >= MOST_MOVES:
        raise Conflict(f"This card was moved {MOST_MOVES:,} times.", "Settle it.")
    places = moved(now.places or {}, said.places, columns)
    grades = graded(now.grades or {}, said.grades, places, columns)
    if (places, grades) == (now.places or {}, now.grades or {}):
        return now
    body = {"group": item.group_id, "places": places, "grades": grades, "said": changes, "nonce": nonce}
    journal.add(session, seat, "place", body, once, item.id, round_number=now.version + 1)
    return card(session, seat, item)


def moved(now: Mapping[str, str], changes: Mapping[str, str], columns: Sequence[Column]) -> dict[str, str]:
    """The places after some were changed: a new main place of an axis lowers the one before to some. Raises Refused."""
    axes = {column.id: column.axis for column in columns}
    after = dict(now)
    for place, level in changes.items():
        if place not in axes:
            raise Refused(f"'{place}' is no place of this board.", "Choose one of its columns.")
        if level == "none":
            after.pop(place, None)
            continue
        if level == "main" and axes[place] != SEVERAL_MAIN:
            for other, had in after.items():
                if had == "main" and axes.get(other) == axes[place]:
                    after[other] = "some"
        after[place] = level
    return dict(sorted(after.items()))


def graded(
    now: Mapping[str, int], changes: Mapping[str, int], places: Mapping[str, str], columns: Sequence[Column]
) -> dict[str, int]:
    """The grades after some were changed; a place that the card has left takes its grade along. Raises Refused."""
    gradable = {column.id for column in columns if column.axis == SEVERAL_MAIN} & places.keys()
    for place in changes:
        if place not in gradable:
            raise Refused(f"'{place}' is no function of CHARTER on which the card is.", "Place the card there first.")
    return {place: grade for place, grade in sorted({**now, **changes}.items()) if grade and place in gradable}


def _said(row: Record) -> dict[str, Any]:
    """What a move changed; before there were grades, places alone were kept, under another name."""
    return row.body["said"] if "said" in row.body else {"places": row.body["changes"]}


def rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """Every move of every card, with its votes and what came of it, for a table; seats are numbers."""
    groups = {group.id: group.key for group in all_groups(session, name)}
    items = {item.id: item for item in items_of(session, name)}
    made = list(
        session.scalars(select(Record).where(Record.workshop == name, Record.kind == "place").order_by(Record.id))
    )
    standing = voting.standings(session, None, made)
    numbers = people.numbers(session, name)
    for row in made:
        item = items[row.item_id or 0]
        yield {
            "group": groups[item.group_id], "item": item.id, "occupation": item.occupation, "label": item.label,
            "version": row.round, "participant": numbers[row.participant or ""],
            "places": " ".join(f"{place}={level}" for place, level in row.body["places"].items()),
            "grades": " ".join(f"{place}={grade}" for place, grade in row.body.get("grades", {}).items()),
            **voting.cells(standing[row.id]),
        }  # fmt: skip
