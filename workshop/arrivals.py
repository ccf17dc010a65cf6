"""Facilitators who sign in at an issuer of identities: who is on the way there, and which seat they come back to.

The browser keeps one secret; what the issuer is told (state, nonce, the challenge of the code) is made from it. The database
knows a hash of the state, from the moment somebody leaves for the issuer until they come back with it, which works once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workshop import people
from workshop.errors import SignedOut
from workshop.model import Arrival, now
from workshop.people import Seat

MINUTES = 10  # that somebody may take at the issuer
MOST = 1000  # on the way at once; beyond it whoever left first has to begin again


def derived(secret: str, what: Literal["state", "nonce", "verifier"]) -> str:
    """What the issuer is told of a browser's secret, from which neither it nor the others can be found."""
    made = hmac.new(secret.encode(), what.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def depart(session: Session, workshop: str, secret: str) -> None:
    """Remember that somebody leaves for the issuer, to lead a workshop; whether there is one shows when they are back."""
    session.execute(delete(Arrival).where(Arrival.expires_at < now()))
    if (session.scalar(select(func.count()).select_from(Arrival)) or 0) >= MOST:
        oldest = select(Arrival.state_hash).order_by(Arrival.expires_at, Arrival.state_hash).limit(1)
        session.execute(delete(Arrival).where(Arrival.state_hash.in_(oldest)))
    session.add(Arrival(state_hash=_hash(secret), workshop=workshop, expires_at=now(timedelta(minutes=MINUTES))))


def arrive(session: Session, secret: str) -> str:
    """The workshop that somebody left for who is back now. Raises SignedOut the second time, and when it took too long."""
    found = session.get(Arrival, _hash(secret), with_for_update=True)
    if found is not None:
        session.delete(found)
    if found is None or found.expires_at < now():
        raise SignedOut("This sign-in has ended, or was used already.", "Begin again at /workshop/sign-in.")
    return found.workshop


def seat_or_code(session: Session, workshop: str, subject: str) -> Seat | str:
    """A session at the seat that this facilitator had before, or a code to take one with, once. Raises Unknown."""
    known = people.known_as(session, workshop, subject)
    if known is not None:
        return people.begin_session(session, known)
    return people.invite(session, workshop, "facilitator", hours=1, subject=subject)


def _hash(secret: str) -> str:
    return hashlib.sha256(derived(secret, "state").encode()).hexdigest()
