"""What `workshop/` refuses, as problems.

Problem
├── Refused         422   what was sent cannot be used
├── NothingThere    404   no such item, deck, workshop or code
├── Conflict        409   the state has moved on
│   └── Stale       409   somebody else was first; `state` is what is there now
├── NotAllowed      403   not for this role
│   └── NotRevealed 403   others' answers are hidden until the reveal
├── SignedOut       401   no session, or it has ended
├── TooFast         429   this session sends too much; Retry-After
├── Busy            503   too many wait for the database; Retry-After
├── IssuerFault     502   the issuer of identities cannot be asked, or answers what cannot be believed
├── Full            507   the disk is full; what was sent was not kept
└── Broken          503   the database cannot be used
"""

from __future__ import annotations

from app.errors import BadParameter, NotFound, Problem
from workshop import errors


class Refused(BadParameter):
    """What was sent cannot be used."""

    slug, title = "workshop-refused", "This cannot be used"


class NothingThere(NotFound):
    """Nothing stands at this name."""

    slug, title = "workshop-not-found", "Not in this workshop"


class Conflict(Problem):
    """The state has moved on."""

    status, slug, title = 409, "workshop-conflict", "Something has changed meanwhile"


class Stale(Conflict):
    """Somebody else was first."""

    slug = "workshop-stale"


class NotAllowed(Problem):
    """Not for this role."""

    status, slug, title = 403, "workshop-not-allowed", "Not for your role"


class NotRevealed(NotAllowed):
    """Others' answers are hidden."""

    slug, title = "workshop-not-revealed", "Not revealed yet"


class SignedOut(Problem):
    """There is no session."""

    status, slug, title = 401, "workshop-signed-out", "Not signed in"


class TooFast(Problem):
    """This session sends too much."""

    status, slug, title = 429, "workshop-too-fast", "Too many forms at once"


class Busy(Problem):
    """Too many wait for the database."""

    status, slug, title = 503, "workshop-busy", "The workshop is busy"


class IssuerFault(Problem):
    """The issuer at which facilitators sign in does not do its part."""

    status, slug, title = 502, "workshop-issuer", "The sign-in service does not work"


class Full(Problem):
    """There is no room."""

    status, slug, title = 507, "workshop-full", "No room: it was not kept"


class Broken(Problem):
    """The database cannot be used."""

    status, slug, title = 503, "workshop-broken", "The workshop's database cannot be used"


_PROBLEMS: dict[type[errors.WorkshopError], type[Problem]] = {
    errors.Unknown: NothingThere,
    errors.Refused: Refused,
    errors.Conflict: Conflict,
    errors.Stale: Stale,
    errors.NotRevealed: NotRevealed,
    errors.NotAllowed: NotAllowed,
    errors.SignedOut: SignedOut,
    errors.TooFast: TooFast,
    errors.DatabaseBusy: Busy,
    errors.DatabaseFull: Full,
    errors.DatabaseFault: Broken,
}


def problem_of(error: errors.WorkshopError) -> Problem:
    """The problem that tells of a refusal."""
    headers = {"retry-after": "2"} if isinstance(error, errors.TooFast | errors.DatabaseBusy) else None
    members = {"state": error.state} if isinstance(error, errors.Stale) else {}
    return _PROBLEMS[type(error)](f"{error.message} {error.remedy}".strip(), headers, **members)
