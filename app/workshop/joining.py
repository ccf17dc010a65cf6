"""/workshop: joining by a code, leaving, and what there is to do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import strict_parameters
from app.workshop.access import COOKIE, Seated, SentForm, read_form, sign_in
from app.workshop.bodies import checked
from app.workshop.faults import SignedOut
from app.workshop.page import Page, SeatedPage
from workshop import journal, people, preparing, review, sorting
from workshop.people import Joining, Seat

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])


@router.get("/workshop")
async def door(page: Page) -> Response:
    """Where a code is typed in; whoever has a session goes on."""
    try:
        await page.desk.read(people.seat, page.request.cookies.get(COOKIE, ""))
    except SignedOut:
        return page.respond("door.html", page.words("ws-title"))
    return page.go("/workshop/home")


@router.get("/workshop/join")
async def join_form(page: Page, code: str) -> Response:
    """Pseudonym, expertise and consent; the code is looked at first."""
    found = await page.desk.read(_invited, code)
    return page.respond("join.html", page.words("ws-join"), code=code[:40], **found)


@router.post("/workshop/join")
async def join(page: Page) -> Response:
    """Take the seat; the browser keeps the session."""
    form = await read_form(page.request)
    told = {name: form.get(name) for name in ("pseudonym", "domain", "role", "country", "organisation")}
    joining = checked(Joining, {**told, "consent": form.get("consent") == "yes"})
    await page.desk.read(people.invitation, form.get("code"))  # whoever guesses does not hold up those who write
    seat = await page.desk.write(people.join, form.get("code"), joining)
    answer = page.go("/workshop/home")
    sign_in(answer, page.request, seat)
    return answer


@router.get("/workshop/home")
async def home(page: SeatedPage, seat: Seated) -> Response:
    """What there is to do, and what has been decided."""
    return page.respond("home.html", page.words("ws-title"), **await page.desk.read(_overview, seat))


@router.post("/workshop/leave")
async def leave(page: SeatedPage, seat: Seated, form: SentForm) -> Response:
    """End the session; `forget` also deletes who it was."""
    if form.get("forget") == "yes":
        await page.desk.write(people.forget, seat.workshop, seat.number)
    else:
        await page.desk.write(people.sign_out, seat.token)
    answer = page.go("/workshop")
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _invited(session: Session, code: str) -> dict[str, Any]:
    found = people.invitation(session, code)
    kept = preparing.workshop(session, found.workshop)
    group = next((g for g in preparing.groups(session, kept.id) if g.id == found.group_id), None)
    return {
        "workshop": kept.title, "role": found.role, "group": group.title if group else "", "back": bool(found.participant),
        "keep_until": kept.keep_until[:10],
    }  # fmt: skip


def _overview(session: Session, seat: Seat) -> dict[str, Any]:
    kept = preparing.workshop(session, seat.workshop)
    items = preparing.items(session, seat.workshop, seat.group_id)
    waiting = review.queue(session, seat) if seat.role == "expert" else []
    return {
        "workshop": kept, "groups": preparing.groups(session, kept.id), "items": items,
        "states": journal.states(session, items), "waiting": waiting,
        "decks": [
            (deck, sorting.is_revealed(session, deck), bool(sorting.own_sort(session, seat, deck)))
            for deck in preparing.decks(session, kept.id, seat.group_id)
        ],
    }  # fmt: skip
