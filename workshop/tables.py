"""What was said on boards, of proposals, baskets and reports, as tables: their columns, and who makes the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from workshop import baskets, inbox, placing, preparing, proposals
from workshop.model import Participant, Record

_VOTED = ("yes", "no", "result", "agreement", "rationale", "minority")
Rows = Callable[[Session, str], Iterator[dict[str, Any]]]


def votes(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """Every vote, the last of each seat on each matter marked as the one that counts; seats are numbers."""
    matter = aliased(Record)
    keys = {group.id: group.key for group in preparing.groups(session, name)}
    said = session.execute(
        select(Record, matter.kind, Participant.number)
        .join(matter, Record.about == matter.id)
        .join(Participant, Record.participant == Participant.id)
        .where(Record.workshop == name, Record.kind == "vote")
        .order_by(Record.id)
    ).all()
    last = {(row.about, number): row.id for row, _, number in said}
    for row, kind, number in said:
        yield {
            "matter": row.about, "kind": kind, "group": keys[row.body["group"]], "participant": number,
            "answer": row.body["answer"], "counts": "yes" if last[row.about, number] == row.id else "no",
        }  # fmt: skip


TABLES: dict[str, tuple[tuple[str, ...], Rows]] = {
    "placements": (
        ("group", "item", "occupation", "label", "version", "participant", "places", "grades", *_VOTED),
        placing.rows,
    ),
    "votes": (("matter", "kind", "group", "participant", "answer", "counts"), votes),
    "proposals": (
        (
            "proposal",
            "group",
            "participant",
            "kind",
            "label",
            "language",
            "definition",
            "source",
            "concept",
            "near",
            *_VOTED,
        ),
        proposals.rows,
    ),
    "baskets": (("group", "sector", "skill", "label", "mark", "version", "participant", *_VOTED), baskets.rows),
    "reports": (("report", "at", "concept", "label", "aspect", "outcome", "reason", "group"), inbox.rows),
}
