"""What the workshop refuses, and why.

WorkshopError        every refusal of this package; `remedy` says what can be done
├── Unknown          nothing stands at this name
├── Refused          what was sent cannot be used
├── Conflict         the state has moved on: a round that ended, an item that is closed, a name that is taken
│   └── Stale        somebody else was first; `state` is what is there now
├── NotAllowed       not for this role
├── NotRevealed      others' answers are hidden until the facilitator reveals them
├── SignedOut        no session, or one that has ended
├── TooFast          this session asks for more than its share
├── DatabaseBusy     others are writing; try again
├── DatabaseFull     there is no room for what was said; it was not kept
└── DatabaseFault    the database cannot be used
"""

from __future__ import annotations

from typing import Any


class WorkshopError(Exception):
    """A refusal with a message for a person, and what can be done."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Unknown(WorkshopError):
    """Nothing stands at this name."""


class Refused(WorkshopError):
    """What was sent cannot be used."""


class Conflict(WorkshopError):
    """The state has moved on since the sender looked."""


class Stale(Conflict):
    """Somebody else was first, and has changed what the sender had before them."""

    def __init__(self, message: str, remedy: str, state: dict[str, Any]) -> None:
        super().__init__(message, remedy)
        self.state = state


class NotAllowed(WorkshopError):
    """Not for this role."""


class NotRevealed(NotAllowed):
    """Answers of others are hidden until they are revealed."""


class SignedOut(WorkshopError):
    """There is no session, or it has ended."""


class TooFast(WorkshopError):
    """A session asks for more than its share."""


class DatabaseBusy(WorkshopError):
    """Others are writing, or too many wait."""


class DatabaseFull(WorkshopError):
    """There is no room; what was sent was not kept."""


class DatabaseFault(WorkshopError):
    """The database cannot be used."""
