"""A workshop is made: groups, items and decks frozen on a release, with the rule by which it decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop.errors import Conflict, Refused, Unknown
from workshop.model import Deck, Item, WorkingGroup, Workshop, now
from workshop.rules import Rule
from workshop.selection import Group

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 60
KEEP_DAYS = 90


def create(
    session: Session,
    name: str,
    title: str,
    release: str,
    content_hash: str,
    esco_version: str,
    rule: Rule,
    groups: Sequence[Group],
    keep_days: int = KEEP_DAYS,
) -> Workshop:
    """Keep a new workshop. Raises Refused, Conflict."""
    if not NAME.fullmatch(name) or len(name) > _LONGEST:
        raise Refused(
            f"'{name[:60]}' is no name for a workshop.", "Use small letters, digits and dashes: helsingborg-2023."
        )
    if session.get(Workshop, name):
        raise Conflict(f"There is a workshop '{name}' already.", "Give another name.")
    if not groups or not all(group.items for group in groups):
        raise Refused("A group has nothing to judge.", "Give domains that the release has occupations in.")
    if not 1 <= keep_days <= 3650:
        raise Refused("Who took part is kept for 1 to 3650 days.", "Give another number of days.")
    made = Workshop(
        id=name, title=title.strip()[:200] or name, release=release, content_hash=content_hash, esco_version=esco_version,
        rule=rule.as_dict(), created_at=now(), keep_until=now(timedelta(days=keep_days)),
    )  # fmt: skip
    session.add(made)
    session.flush()
    for group in groups:
        kept = WorkingGroup(workshop=name, key=group.key, title=group.title, domains=list(group.domains))
        session.add(kept)
        session.flush()
        for position, chosen in enumerate(group.items, 1):
            it = chosen.candidate
            session.add(
                Item(
                    workshop=name, group_id=kept.id, position=position, occupation=it.occupation, code=it.code,
                    label=it.label, chosen=chosen.why, skills=list(it.skills), evidence=list(it.evidence),
                )
            )  # fmt: skip
        for deck in group.decks:
            session.add(
                Deck(
                    workshop=name,
                    group_id=kept.id,
                    domain=deck.domain,
                    headers=list(deck.headers),
                    cards=list(deck.cards),
                )
            )
    return made


def workshop(session: Session, name: str) -> Workshop:
    """A workshop by its name. Raises Unknown."""
    found = session.get(Workshop, name)
    if found is None:
        raise Unknown(f"There is no workshop '{name[:60]}'.", "See: ccsi workshop status")
    return found


def groups(session: Session, name: str) -> list[WorkingGroup]:
    """Its groups, in the order in which they were given."""
    return list(session.scalars(select(WorkingGroup).where(WorkingGroup.workshop == name).order_by(WorkingGroup.id)))


def items(session: Session, name: str, group_id: int | None = None) -> list[Item]:
    """Its items, or those of one group, in their order."""
    query = select(Item).where(Item.workshop == name).order_by(Item.group_id, Item.position)
    return list(session.scalars(query if group_id is None else query.where(Item.group_id == group_id)))


def decks(session: Session, name: str, group_id: int | None = None) -> list[Deck]:
    """Its decks, or those of one group."""
    query = select(Deck).where(Deck.workshop == name).order_by(Deck.id)
    return list(session.scalars(query if group_id is None else query.where(Deck.group_id == group_id)))
