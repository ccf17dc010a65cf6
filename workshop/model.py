"""The tables. What was said is in `record`, which triggers of the database hold to be append-only.

Times are UTC as text (2023-05-23T10:00:00Z), which sorts as time does and reads the same in every database and export.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_TIME = "%Y-%m-%dT%H:%M:%SZ"
# Frozen once written: rows of these are neither changed nor deleted (migrations/versions/0001_first.py).
FROZEN = ("record", "workshop", "working_group", "item", "deck")


def now(later: timedelta = timedelta()) -> str:
    """The time, or so much later."""
    return (datetime.now(UTC) + later).strftime(_TIME)


class Base(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, str: Text}  # noqa: RUF012 - SQLAlchemy's way


class Workshop(Base):
    """A workshop, frozen on a release, with the rule by which it decides."""

    __tablename__ = "workshop"
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    release: Mapped[str]
    content_hash: Mapped[str]
    esco_version: Mapped[str]
    rule: Mapped[dict[str, Any]]
    created_at: Mapped[str]
    keep_until: Mapped[str]
    """When who took part is deleted; what was said stays."""


class WorkingGroup(Base):
    """A group that works on sectors of its own."""

    __tablename__ = "working_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop: Mapped[str] = mapped_column(ForeignKey("workshop.id"))
    key: Mapped[str]
    title: Mapped[str]
    domains: Mapped[list[Any]]
    __table_args__ = (UniqueConstraint("workshop", "key"),)


class Item(Base):
    """An occupation to be judged by a group, as the release had it."""

    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop: Mapped[str] = mapped_column(ForeignKey("workshop.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("working_group.id"))
    position: Mapped[int]
    occupation: Mapped[str]
    code: Mapped[str]
    label: Mapped[str]
    chosen: Mapped[str]
    """Why it was selected: review-queue, sample or control."""
    skills: Mapped[list[Any]]
    """Of each skill that ESCO gives it: iri, label, relation."""
    evidence: Mapped[list[Any]]
    """What the release decided, by sector; hidden until the reveal."""
    __table_args__ = (UniqueConstraint("group_id", "occupation"),)


class Deck(Base):
    """Cards to be sorted by a group, with the headers under which they may go."""

    __tablename__ = "deck"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop: Mapped[str] = mapped_column(ForeignKey("workshop.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("working_group.id"))
    domain: Mapped[str]
    headers: Mapped[list[Any]]
    """Of each settled cluster: id, label, and some skills of its core."""
    cards: Mapped[list[Any]]
    """Of each skill: code, iri, label, and the cluster where the release has it (hidden until the reveal)."""
    __table_args__ = (UniqueConstraint("group_id", "domain"),)


class Participant(Base):
    """A seat at the table: a number and a role. Who sat there is in `person`."""

    __tablename__ = "participant"
    id: Mapped[str] = mapped_column(primary_key=True)
    workshop: Mapped[str] = mapped_column(ForeignKey("workshop.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("working_group.id"))
    number: Mapped[int]
    role: Mapped[str]
    __table_args__ = (UniqueConstraint("workshop", "number"),)


class Person(Base):
    """What could tell who a participant is. Deleted on demand and after the term; nothing refers to it."""

    __tablename__ = "person"
    participant: Mapped[str] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    pseudonym: Mapped[str]
    expertise: Mapped[dict[str, Any]]
    consented_at: Mapped[str]
    subject: Mapped[str | None]
    """Of who signed in at an issuer: a hash of who they are there, so that they come back to this seat."""


class SignIn(Base):
    """A session. The database holds a hash of its token alone."""

    __tablename__ = "sign_in"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    participant: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    expires_at: Mapped[str]


class Invitation(Base):
    """A code that lets people in, of which the database holds a hash alone."""

    __tablename__ = "invitation"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    workshop: Mapped[str] = mapped_column(ForeignKey("workshop.id"))
    role: Mapped[str]
    group_id: Mapped[int | None] = mapped_column(ForeignKey("working_group.id"))
    participant: Mapped[str | None] = mapped_column(ForeignKey("participant.id"))
    """The seat that it leads back to; none for a new one."""
    uses_left: Mapped[int]
    expires_at: Mapped[str]
    subject: Mapped[str | None]
    """As of a person, where the code is for whoever signed in at an issuer."""


class Arrival(Base):
    """Somebody who left to sign in at an issuer and is not back yet; of the state that they will bring, a hash alone."""

    __tablename__ = "arrival"
    state_hash: Mapped[str] = mapped_column(primary_key=True)
    workshop: Mapped[str]
    expires_at: Mapped[str]


class Record(Base):
    """What was said or done: the only memory of it. Rows are added, never changed, never deleted."""

    __tablename__ = "record"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop: Mapped[str] = mapped_column(ForeignKey("workshop.id"))
    at: Mapped[str]
    participant: Mapped[str | None] = mapped_column(ForeignKey("participant.id"))
    kind: Mapped[str]
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    deck_id: Mapped[int | None] = mapped_column(ForeignKey("deck.id"))
    round: Mapped[int]
    body: Mapped[dict[str, Any]]
    once: Mapped[str] = mapped_column(unique=True)
    """What must not be said twice: the same form sent again, the same reveal by two facilitators."""
    about: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    """The row that this one speaks of: what a vote is about, and what was settled."""
    __table_args__ = (
        Index("record_of_matter", "about", "kind", "id"),
        Index("record_of_item", "item_id", "round", "kind"),
        Index("record_of_workshop", "workshop", "kind", "id"),
    )


class Report(Base):
    """What a guest of the public pages says is wrong. A guest has no seat, so all of it is deleted after the term."""

    __tablename__ = "report"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str]
    concept: Mapped[str]
    kind: Mapped[str]
    """occupation or skill."""
    label: Mapped[str]
    aspect: Mapped[str]
    """What is wrong: the sector, the skills, the words, or something else."""
    text: Mapped[str]
    language: Mapped[str]
    keep_until: Mapped[str]
    closed_at: Mapped[str | None]
    """When a facilitator accepted or dismissed it; the record says who and why."""
    __table_args__ = (Index("report_by_state", "closed_at", "id"),)
