"""/workshop/board: what the facilitator does: invite, reveal, ask again, close."""

from __future__ import annotations

from typing import Any

import segno
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import strict_parameters
from app.workshop.access import Number, Seated, SentForm, require_facilitator, sent_form
from app.workshop.desk import at_number
from app.workshop.faults import Refused
from app.workshop.page import SeatedPage
from workshop import minutes, people, preparing, review
from workshop.errors import Unknown
from workshop.people import Role, Seat
from workshop.rules import Rule

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])

_ROLES: dict[str, Role] = {"expert": "expert", "observer": "observer"}
_GUESTS = 60  # that one code lets in

close_item = at_number(review.item_of, review.resolve)
"""Close an item of this workshop."""


@router.get("/workshop/board")
async def board(page: SeatedPage, seat: Seated) -> Response:
    """Where every item stands and how many have judged it, never what they said."""
    require_facilitator(seat)
    return page.respond("board.html", page.words("ws-board"), invited=None, **await page.desk.read(board_view, seat))


@router.post("/workshop/board/invite")
async def invite(page: SeatedPage, seat: Seated, form: SentForm) -> Response:
    """A new code, shown once: as text, as a link and as a picture for telephones."""
    require_facilitator(seat)
    number = form.get("number")
    role = _ROLES.get(form.get("role"))
    if number and not (number.isascii() and number.isdigit() and len(number) < 6):
        raise Refused("The number of a participant has digits alone.")
    if role is None and not number:
        raise Refused("A code is for experts or observers; facilitators are invited by: ccsi workshop invite.")
    code = await page.desk.write(
        people.invite, seat.workshop, role or "expert", form.get("group"), _GUESTS, people.INVITATION_HOURS,
        int(number) if number else None,
    )  # fmt: skip
    link = page.link("/workshop/join", code=code)
    invited = {"code": code, "link": link, "qr": segno.make(link, micro=False).svg_data_uri(scale=5, border=4)}
    shown = await page.desk.read(board_view, seat)
    return page.respond("board.html", page.words("ws-board"), invited=invited, **shown)


@router.post("/workshop/items/{number}/reveal", dependencies=[Depends(sent_form)])
async def reveal(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """End a round and show what was said."""
    await page.desk.write(step, seat, number, "reveal")
    return page.go(f"/workshop/items/{number}")


@router.post("/workshop/items/{number}/round", dependencies=[Depends(sent_form)])
async def next_round(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """Ask again."""
    await page.desk.write(step, seat, number, "round")
    return page.go("/workshop/board")


@router.post("/workshop/items/{number}/resolution")
async def resolve(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Close an item with what the rule makes of it."""
    await page.desk.write(close_item, seat, number, form.get("rationale"), form.get("minority"))
    return page.go(f"/workshop/items/{number}")


def board_view(session: Session, seat: Seat) -> dict[str, Any]:
    """What the facilitator sees."""
    kept = preparing.workshop(session, seat.workshop)
    return {
        "workshop": kept, "rule": Rule.of(kept.rule), "groups": preparing.groups(session, kept.id),
        **minutes.progress(session, kept.id),
    }  # fmt: skip


def step(session: Session, seat: Seat, number: int, name: str) -> None:
    """Reveal an item of this workshop, or ask again. Raises Unknown for another step."""
    steps = {"reveal": review.reveal, "round": review.next_round}
    if name not in steps:
        raise Unknown(f"There is no step '{name[:20]}'; there are reveal, round and resolution.")
    steps[name](session, seat, review.item_of(session, seat, number))
