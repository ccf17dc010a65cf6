"""Who takes part: invitations, joining under a pseudonym, sessions, and forgetting who it was.

Codes and tokens are random; the database holds hashes of them. A code has 60 bits, so guessing needs no limit.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workshop.errors import Conflict, NotAllowed, Refused, SignedOut, Unknown
from workshop.model import Arrival, Invitation, Participant, Person, Record, SignIn, WorkingGroup, Workshop, now
from workshop.texts import Line, Name

Role = Literal["facilitator", "expert", "observer"]
MOST_SEATS = 1000  # of one workshop
SESSION_HOURS = 14 * 24  # a day, and the rounds by link that follow it
INVITATION_HOURS = 48
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are taken for each other
_CODE_LENGTH = 12


class Joining(BaseModel):
    """What somebody says who joins."""

    model_config = ConfigDict(extra="forbid")
    pseudonym: Name
    domain: Line = ""
    role: Line = ""
    country: Line = ""
    organisation: Line = ""
    consent: bool = Field(description="That what is said is kept, without a name, after the term for who said it.")


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody with a session."""

    participant: str
    workshop: str
    number: int
    role: Role
    group_id: int | None
    pseudonym: str
    token: str

    @property
    def facilitates(self) -> bool:
        """Whether this seat leads the workshop."""
        return self.role == "facilitator"

    @property
    def csrf(self) -> str:
        """What a form of this session has to bring along, so that no other site can send it."""
        return csrf_of(self.token)

    def require(self, *roles: Role) -> None:
        """Raises NotAllowed for another role."""
        if self.role not in roles:
            raise NotAllowed(f"This is for {' and '.join(roles)}s, and you are here as {self.role}.")

    def require_group(self, group_id: int) -> None:
        """Raises NotAllowed for what another group has; who sits in no group may see to all."""
        if self.group_id is not None and self.group_id != group_id:
            raise NotAllowed("This is for the other group.", "Go back to your list.")


def csrf_of(token: str) -> str:
    """What a form has to bring along that only a page of this session could tell."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def invite(
    session: Session,
    workshop: str,
    role: Role,
    group: str = "",
    uses: int = 1,
    hours: int = INVITATION_HOURS,
    number: int | None = None,
    subject: str | None = None,
) -> str:
    """A new code. With a number it leads that participant back to the same seat, once. Raises Unknown, Refused.

    A `subject` is who somebody is at an issuer, whose seat they come back to by signing in there.
    """
    if session.get(Workshop, workshop) is None:
        raise Unknown(f"There is no workshop '{workshop}'.", "See: ccsi workshop status")
    if not 1 <= uses <= MOST_SEATS or not 1 <= hours <= 24 * 90:
        raise Refused(f"A code is for 1 to {MOST_SEATS} uses within 90 days.", "Give other numbers.")
    seat = None
    if number is not None:
        seat = _seat_of(session, workshop, number)
        role, uses = seat.role, 1  # type: ignore[assignment]
    if role == "facilitator":
        uses = 1
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    session.add(
        Invitation(
            code_hash=_hash(code), workshop=workshop, role=role, uses_left=uses,
            group_id=_group(session, workshop, group), participant=seat.id if seat else None,
            expires_at=now(timedelta(hours=hours)), subject=subject,
        )
    )  # fmt: skip
    return "-".join(code[i : i + 4] for i in range(0, _CODE_LENGTH, 4))


def invitation(session: Session, code: str, lock: bool = False) -> Invitation:
    """The invitation of a code, locked for whoever uses it up. Raises Unknown for one that is wrong, used up or too late."""
    clean = "".join(c for c in code.upper()[:40] if c in _LETTERS)
    found = session.get(Invitation, _hash(clean), with_for_update=lock or None)
    if found is None or found.uses_left < 1 or found.expires_at < now():
        raise Unknown(
            "This code lets nobody in: it is mistyped, used up, or has ended.", "Ask the facilitator for another."
        )
    return found


def join(session: Session, code: str, joining: Joining) -> Seat:
    """Take a seat, or come back to the one that the code is for; a session begins. Raises Unknown, Refused, Conflict."""
    found = invitation(session, code, lock=True)
    if not joining.consent:
        raise Refused(
            "Without consent nothing can be kept, so nobody can join.", "Tick the consent, or watch from the plenary."
        )
    found.uses_left -= 1
    returns = found.participant or known_as(session, found.workshop, found.subject)
    if returns:
        seat = session.get_one(Participant, returns)
    else:
        session.get(Workshop, found.workshop, with_for_update=True)  # so that no two get one number
        seated = session.scalar(select(func.count()).where(Participant.workshop == found.workshop)) or 0
        if seated >= MOST_SEATS:
            raise Conflict(f"All {MOST_SEATS} seats of this workshop are taken.")
        last = session.scalar(select(func.max(Participant.number)).where(Participant.workshop == found.workshop)) or 0
        seat = Participant(
            id=secrets.token_hex(8), workshop=found.workshop, group_id=found.group_id, number=last + 1, role=found.role
        )
        session.add(seat)
        session.flush()
        about = {"workshop": seat.workshop, "participant": seat.id, "round": 0}
        session.add(Record(**about, at=now(), kind="joined", body={"role": seat.role}, once=f"joined:{seat.id}"))
    known = session.get(Person, seat.id)
    if known is None:
        expertise = joining.model_dump(include={"domain", "role", "country", "organisation"})
        known = Person(
            participant=seat.id,
            pseudonym=joining.pseudonym,
            expertise=expertise,
            consented_at=now(),
            subject=found.subject,
        )
        session.add(known)
        session.flush()
    return begin_session(session, seat.id)


def begin_session(session: Session, participant: str) -> Seat:
    """A new session at a seat that somebody has."""
    seat, known = session.get_one(Participant, participant), session.get_one(Person, participant)
    token = secrets.token_urlsafe(32)
    expires = now(timedelta(hours=SESSION_HOURS))
    session.add(SignIn(token_hash=_hash(token), participant=seat.id, expires_at=expires))
    return _seated(seat, known.pseudonym, token)


def known_as(session: Session, workshop: str, subject: str | None) -> str | None:
    """The seat of whoever is this subject at the issuer."""
    if not subject:
        return None
    return session.scalar(
        select(Person.participant)
        .join(Participant, Participant.id == Person.participant)
        .where(Participant.workshop == workshop, Person.subject == subject)
        .order_by(Participant.number)
        .limit(1)
    )


def seat(session: Session, token: str) -> Seat:
    """Whose session it is. Raises SignedOut."""
    row = session.execute(
        select(SignIn, Participant, Person)
        .join(Participant, SignIn.participant == Participant.id)
        .outerjoin(Person, Person.participant == Participant.id)
        .where(SignIn.token_hash == _hash(token[:200]))
    ).one_or_none()
    if row is None or row[0].expires_at < now():
        raise SignedOut("You are not signed in, or your session has ended.", "Join again with your code.")
    return _seated(row[1], row[2].pseudonym if row[2] else "", token)


def seat_at(session: Session, workshop: str, number: int) -> Seat:
    """The seat with a number, without a session. Raises Unknown."""
    return _seated(_seat_of(session, workshop, number), "", "")


def sign_out(session: Session, token: str) -> None:
    """End a session."""
    session.execute(delete(SignIn).where(SignIn.token_hash == _hash(token)))


def forget(session: Session, workshop: str, number: int) -> None:
    """Delete who a participant is; what was said stays under the number alone. Raises Unknown."""
    _forget(session, [_seat_of(session, workshop, number).id])


def purge(session: Session) -> int:
    """Delete who took part in workshops whose term is over, and sessions and codes that have ended; how many people."""
    over = select(Workshop.id).where(Workshop.keep_until < now())
    people = list(
        session.scalars(
            select(Person.participant)
            .join(Participant, Participant.id == Person.participant)
            .where(Participant.workshop.in_(over))
        )
    )
    _forget(session, people)
    session.execute(delete(SignIn).where(SignIn.expires_at < now()))
    session.execute(delete(Invitation).where(Invitation.expires_at < now()))
    session.execute(delete(Arrival).where(Arrival.expires_at < now()))
    return len(people)


def panel(session: Session, workshop: str) -> dict[str, dict[str, int]]:
    """What the experts say of themselves, counted; no row of it is about one person."""
    rows = session.scalars(
        select(Person.expertise)
        .join(Participant, Participant.id == Person.participant)
        .where(Participant.workshop == workshop, Participant.role == "expert")
    ).all()
    counted: dict[str, dict[str, int]] = {}
    for field in ("domain", "role", "country", "organisation"):
        values = sorted(row.get(field) or "–" for row in rows)
        counted[field] = {value: values.count(value) for value in dict.fromkeys(values)}
    return counted


def numbers(session: Session, workshop: str) -> dict[str, int]:
    """The number of each seat, by which alone exports know it."""
    rows = session.execute(select(Participant.id, Participant.number).where(Participant.workshop == workshop))
    return {row.id: row.number for row in rows}


def _forget(session: Session, participants: list[str]) -> None:
    session.execute(delete(SignIn).where(SignIn.participant.in_(participants)))
    session.execute(delete(Invitation).where(Invitation.participant.in_(participants)))
    subjects = select(Person.subject).where(Person.participant.in_(participants), Person.subject.is_not(None))
    session.execute(delete(Invitation).where(Invitation.subject.in_(subjects)))
    session.execute(delete(Person).where(Person.participant.in_(participants)))


def _seat_of(session: Session, workshop: str, number: int) -> Participant:
    found = session.scalar(select(Participant).where(Participant.workshop == workshop, Participant.number == number))
    if found is None:
        raise Unknown(f"The workshop '{workshop}' has no participant {number}.", "See: ccsi workshop status")
    return found


def _seated(seat: Participant, pseudonym: str, token: str) -> Seat:
    role: Role = seat.role  # type: ignore[assignment]  # of the invitation
    return Seat(seat.id, seat.workshop, seat.number, role, seat.group_id, pseudonym, token)


def _group(session: Session, workshop: str, key: str) -> int | None:
    if not key:
        return None
    found = session.scalar(select(WorkingGroup.id).where(WorkingGroup.workshop == workshop, WorkingGroup.key == key))
    if found is None:
        raise Unknown(f"The workshop '{workshop}' has no group '{key}'.", "See: ccsi workshop status")
    return found


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
