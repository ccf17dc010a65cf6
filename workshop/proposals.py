"""What ESCO lacks: occupations, skills and names that a group proposes, and supports by vote.

Adopted ones are changes that ESCO is asked for. Near concepts come with a proposal, so that whoever reads it in ESCO sees at
once what is there already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import journal, people, preparing, voting
from workshop.errors import Conflict, Refused
from workshop.model import Record, WorkingGroup
from workshop.people import Seat
from workshop.texts import Term, Text

Kind = Literal["occupation", "skill", "label"]
MOST_PROPOSALS = 500  # of one workshop
MOST_NEAR = 10
Iri = Annotated[str, StringConstraints(max_length=300)]


class Proposal(BaseModel):
    """What somebody misses in ESCO: a new occupation or skill, or a further name of one that is there."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    label: Term
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] = Field(description="Of the label.")
    definition: Text = Field("", description="Needed for what is new.")
    source: Text = Field(min_length=1, description="Where it is used or written of, or why it is needed.")
    concept: Iri = Field("", description="The occupation or skill that a further name is of.")
    near: list[Iri] | None = Field(
        None, max_length=MOST_NEAR, description="Near concepts; left out, they are searched for."
    )


class Concept(BaseModel):
    """A concept of the release, as a proposal names it."""

    iri: str
    label: str
    type: Literal["occupation", "skill"]


def propose(
    session: Session,
    seat: Seat,
    group: WorkingGroup,
    said: Proposal,
    near: Sequence[Concept],
    nonce: str,
    concept: Concept | None = None,
) -> Record:
    """Keep a proposal of a group. Raises NotAllowed, Refused, Conflict where it has been made."""  # fmt: skip
    seat.require("expert")
    seat.require_group(group.id)
    once = journal.once_of(seat, "proposal", nonce)
    if earlier := session.scalar(select(Record).where(Record.once == once)):
        return earlier
    if said.kind == "label" and concept is None:
        raise Refused("A further name needs the occupation or skill that it is of.", "Choose one of those found.")
    if said.kind != "label" and not said.definition:
        raise Refused("A new occupation or skill needs a definition.", "Say in a sentence or two what it is.")
    about = concept.iri if concept and said.kind == "label" else ""
    known = _rows(session, seat.workshop)
    if len(known) >= MOST_PROPOSALS:
        raise Conflict(f"This workshop has {MOST_PROPOSALS} proposals; there is no room for more.")
    key = (group.id, said.kind, said.label.casefold(), said.language, about)
    for row in known:
        body = row.body
        if (body["group"], body["kind"], body["label"].casefold(), body["language"], body["concept"]) == key:
            raise Conflict(f"This is proposed already, as number {row.id}.", "Vote for it.")
    body = {
        **said.model_dump(include={"kind", "label", "language", "definition", "source"}), "group": group.id, "concept": about,
        "conceptLabel": concept.label if about and concept else "", "conceptType": concept.type if about and concept else "",
        "near": [one.model_dump() for one in near[:MOST_NEAR]],
    }  # fmt: skip
    return journal.add(session, seat, "proposal", body, once)


def proposals(session: Session, seat: Seat) -> list[dict[str, Any]]:
    """The proposals that somebody may see, the newest first, each with its votes."""
    rows = [r for r in _rows(session, seat.workshop) if seat.facilitates or seat.group_id in (None, r.body["group"])]
    standing = voting.standings(session, seat, rows)
    return [{"id": row.id, **row.body, **standing[row.id].as_dict()} for row in reversed(rows)]


def changes(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """What adopted proposals ask of ESCO: new concepts, and further names of those that there are."""
    rows = _rows(session, name)
    standing = voting.standings(session, None, rows)
    for row in rows:
        stands, body = standing[row.id], row.body
        if stands.result != "adopted" or not stands.settled:
            continue
        of = body["conceptType"]
        yield {
            "change": "label" if body["kind"] == "label" else "new-concept", "type": of or body["kind"],
            "occupation": body["concept"] if of == "occupation" else "",
            "occupationLabel": body["conceptLabel"] if of == "occupation" else "",
            "skill": body["concept"] if of == "skill" else "", "skillLabel": body["conceptLabel"] if of == "skill" else "",
            "label": body["label"], "language": body["language"], "definition": body["definition"],
            "near": " ".join(one["iri"] for one in body["near"]), "source": body["source"], "from": "", "to": "",
            "agreement": stands.settled["share"], "judges": stands.settled["n"], "workshop": name, "round": "",
        }  # fmt: skip


def rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """Every proposal with its votes and what came of it, for a table; seats are numbers."""
    made = _rows(session, name)
    standing = voting.standings(session, None, made)
    numbers = people.numbers(session, name)
    keys = {group.id: group.key for group in preparing.groups(session, name)}
    for row in made:
        stands, body = standing[row.id], row.body
        yield {
            "proposal": row.id, "participant": numbers[row.participant or ""],
            **{k: body[k] for k in ("kind", "label", "language", "definition", "source", "concept")},
            "near": " ".join(one["iri"] for one in body["near"]), "group": keys[body["group"]], **voting.cells(stands),
        }  # fmt: skip


def _rows(session: Session, name: str) -> list[Record]:
    query = select(Record).where(Record.workshop == name, Record.kind == "proposal").order_by(Record.id)
    return list(session.scalars(query))
