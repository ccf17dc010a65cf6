"""Who asks: the session's cookie, forms with their token, and how much a session may send."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Path, Request
from starlette.responses import Response

from app.errors import TooLarge
from app.request import base_url
from app.workshop.desk import Desk
from app.workshop.faults import NotAllowed, Refused, SignedOut
from workshop import people
from workshop.people import Seat

COOKIE = "ccsi-workshop"
GUEST = "ccsi-guest"
CSRF_HEADER = "x-csrf-token"
_MOST_FIELDS = 1000


def require_facilitator(seat: Seat) -> None:
    """Raises NotAllowed for anybody else."""
    if not seat.facilitates:
        raise NotAllowed("This is for the facilitator.")


def desk_of(request: Request) -> Desk:
    """The desk of the running app."""
    return request.app.state.workshop  # type: ignore[no-any-return]


async def seat_of(request: Request) -> Seat:
    """Whose session asks. Raises SignedOut."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise SignedOut("You are not signed in. Join with your code at /workshop.")
    return await desk_of(request).read(people.seat, token)


Seated = Annotated[Seat, Depends(seat_of)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of an item or a deck.")]


class Form:
    """The fields of a form, each text once; `all` gives those that may come several times."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = fields

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        return next((value for key, value in self.fields if key == name), default)

    def all(self, name: str) -> list[str]:
        """Every value of a field that is not empty."""
        return [value for key, value in self.fields if key == name and value]

    def under(self, prefix: str) -> dict[str, str]:
        """The fields whose names begin so, by the rest of their names; empty ones are left out."""
        return {key[len(prefix) :]: value for key, value in self.fields if key.startswith(prefix) and value}


async def read_body(request: Request) -> bytes:
    """What was sent, within the bound. Raises TooLarge."""
    most = desk_of(request).limits.workshop_bytes
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise TooLarge(f"The body is larger than {most} bytes.", limit=most, name="workshop_bytes")
    return bytes(body)


async def read_form(request: Request) -> Form:
    """A form as browsers send it, within the bound. Raises TooLarge, Refused."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Refused("This takes a form (application/x-www-form-urlencoded).")
    body = await read_body(request)
    try:
        return Form(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise Refused("The form cannot be read.") from error


async def sent_form(request: Request, seat: Seated) -> Form:
    """A form of this session: with its token, and within its rate. Raises NotAllowed, TooFast, TooLarge, Refused."""
    form = await read_form(request)
    check_token(seat, form.get("csrf"))
    desk_of(request).admit(seat)
    return form


SentForm = Annotated[Form, Depends(sent_form)]


async def sent_json(request: Request, seat: Seated) -> None:
    """The same of a body of JSON, whose token comes in a header. Raises NotAllowed, TooFast."""
    check_token(seat, request.headers.get(CSRF_HEADER, ""))
    desk_of(request).admit(seat)


def check_token(seat: Seat, given: str) -> None:
    """Raises NotAllowed where the token is not this session's: another site may have sent it."""
    if not hmac.compare_digest(seat.csrf.encode(), given.encode()):
        raise NotAllowed("The form lacks the token of your session. Load the page again.")


def set_cookie(response: Response, request: Request, name: str, value: str, seconds: int, path: str) -> None:
    """Let the browser keep what no script may read, and what no form of another site brings along."""
    secure = base_url(request).startswith("https:")
    response.set_cookie(name, value, seconds, path=path, secure=secure, httponly=True, samesite="lax")


def sign_in(response: Response, request: Request, seat: Seat) -> None:
    """Let the browser keep the session."""
    set_cookie(response, request, COOKIE, seat.token, people.SESSION_HOURS * 3600, "/")


def guest_token(request: Request) -> str:
    """The session of a guest who has no seat; a new one where there is none."""
    given = request.cookies.get(GUEST, "")
    return given if given.isascii() and 20 <= len(given) <= 64 else secrets.token_urlsafe(24)
