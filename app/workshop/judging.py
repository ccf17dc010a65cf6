"""/workshop/items: the next item of a person, its form, what was revealed, and notes."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import service_of, strict_parameters
from app.workshop.access import Form, Number, Seated, SentForm
from app.workshop.bodies import checked
from app.workshop.desk import at_number
from app.workshop.names import names_of
from app.workshop.page import SeatedPage, WorkshopPage
from workshop import journal, preparing, review
from workshop.model import Item, WorkingGroup
from workshop.people import Seat
from workshop.review import Judgement
from workshop.rules import Rule

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])

keep_judgement = at_number(review.item_of, review.judge)
"""Keep a judgement of an item of this workshop."""


@router.get("/workshop/next")
async def next_item(page: SeatedPage, seat: Seated) -> Response:
    """The item that this person should judge next, or home where none waits."""
    waiting = await page.desk.read(review.queue, seat)
    return page.go(f"/workshop/items/{waiting[0].id}" if waiting else "/workshop/home")


@router.get("/workshop/items/{number}")
async def item(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """An item: a form while it is open, then what was said."""
    found = await page.desk.read(item_view, seat, number)
    names, text = await _words(page, found["item"])
    return page.respond(
        "item.html", names.get(found["item"].occupation, found["item"].label), names=names, text=text, **found
    )


@router.post("/workshop/items/{number}/judgement")
async def judge(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Keep a judgement, and go on to the next item."""
    await page.desk.write(keep_judgement, seat, number, judgement_of(form), form.get("nonce"))
    return page.go("/workshop/next")


@router.post("/workshop/items/{number}/note")
async def note(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Keep a note of the discussion."""
    await page.desk.write(at_number(review.item_of, review.note), seat, number, form.get("text"), form.get("nonce"))
    return page.go(f"/workshop/items/{number}")


def judgement_of(form: Form) -> Judgement:
    """What the form says. Raises Refused."""
    fields = {
        **{name: form.get(name) for name in ("round", "rating", "confidence", "reason")},
        "sectors": form.all("sector"), "skills": form.under("skill:"), "missing": form.all("missing"),
    }  # fmt: skip
    return checked(Judgement, fields)


def item_view(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    """What one person may see of an item: while a round is open, nothing of what others or the release say of it."""
    found = review.item_of(session, seat, number)
    current = journal.state(session, found)
    shown = current.round if current.stage != "open" else current.round - 1
    mine = seat.role == "expert" and seat.group_id in (None, found.group_id)
    return {
        "item": found, "state": current, "group": session.get_one(WorkingGroup, found.group_id),
        "rule": Rule.of(preparing.workshop(session, seat.workshop).rule),
        "own": review.own_judgement(session, seat, found, current.round),
        "reveal": review.reveal_of(session, seat, found, shown) if shown else None,
        "notes": review.notes(session, found) if shown else [], "judges": mine and current.stage == "open",
    }  # fmt: skip


async def _words(page: WorkshopPage, item: Item) -> tuple[dict[str, str], str]:
    """Names in the reader's language, and what ESCO says of the occupation, where the served release has them."""
    service = service_of(page.request)
    if not service.ready:
        return {}, ""
    catalogue = service.served.catalogue
    language = page.language if page.language in catalogue.languages else "en"
    said = await asyncio.to_thread(catalogue.words, item.occupation, dict.fromkeys((language, "en")))
    texts = said.get("description", {})
    text = next((texts[tag][0] for tag in (language, "en") if texts.get(tag)), "")
    iris = (item.occupation, *(skill["iri"] for skill in item.skills))
    return await names_of(page.request, language, iris), text
