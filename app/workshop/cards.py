"""/workshop/decks: the card sort, by forms that a keyboard, a finger or a mouse can use; and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import strict_parameters
from app.workshop.access import Form, Number, Seated, SentForm, sent_form
from app.workshop.bodies import checked
from app.workshop.desk import at_number
from app.workshop.faults import Refused
from app.workshop.names import names_of
from app.workshop.page import SeatedPage
from workshop import settling, sorting
from workshop.people import Seat
from workshop.sorting import NOT_OURS, OWN, UNKNOWN, Sort

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
_NEW = "new"  # what the form sends for a pile that the field beside it names

keep_sort = at_number(sorting.deck_of, sorting.sort)
"""Keep a sort of a deck of this workshop; a facilitator brings in the cards of seat `sorter`."""


@router.get("/workshop/decks/{number}")
async def deck(page: SeatedPage, seat: Seated, number: Number, saved: int = 0) -> Response:
    """The cards in an order of one's own, or what the sorts came to."""
    found = await page.desk.read(deck_view, seat, number)
    names = await names_of(page.request, page.language, (c["iri"] for c in found["deck"].cards))
    sector = page.sector(found["deck"].domain)
    texts = {c["code"]: names.get(c["iri"], c["label"]) for c in found["deck"].cards}
    return page.respond(
        "deck.html", page.words("ws-cards"), names=names, sector=sector, labels=texts, saved=bool(saved), **found
    )


@router.post("/workshop/decks/{number}/sort")
async def sort(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Keep a sort."""
    sorter = form.get("number")
    if sorter and not (sorter.isascii() and sorter.isdigit() and len(sorter) < 6):
        raise Refused("The number of a participant has digits alone.")
    said = sort_of(form, {page.words(f"ws-{pile}").casefold(): pile for pile in (NOT_OURS, UNKNOWN)})
    await page.desk.write(keep_sort, seat, number, said, form.get("nonce"), int(sorter or 0))
    return page.go(f"/workshop/decks/{number}", saved=1)


@router.post("/workshop/decks/{number}/reveal", dependencies=[Depends(sent_form)])
async def reveal(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """End the sorting and show what came of it."""
    await page.desk.write(at_number(sorting.deck_of, sorting.reveal), seat, number)
    return page.go(f"/workshop/decks/{number}")


def sort_of(form: Form, called: Mapping[str, str]) -> Sort:
    """What the form says: a choice for each card, and lines of paper cards such as `Conservation: A01 A07`.

    `called` are the words of the page for the two piles that are no group of skills.
    """
    piles: dict[str, str] = {}
    named = form.under("name:")
    for code, pile in form.under("card:").items():
        piles[code] = f"{OWN}{named.get(code, '')}" if pile == _NEW else pile
    for line in form.get("paper").splitlines()[:200]:
        name, colon, codes = line.partition(":")
        for code in codes.upper().replace(",", " ").split() if colon else ():
            piles[code] = called.get(name.strip().casefold(), f"{OWN}{name.strip()}")
    return checked(Sort, {"piles": piles})


def deck_view(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    """What one person may see of a deck."""
    found = sorting.deck_of(session, seat, number)
    revealed = sorting.is_revealed(session, found)
    closed = settling.settled(session, found)
    return {
        "deck": found, "cards": sorting.shuffled(found, seat), "own": sorting.own_sort(session, seat, found),
        "report": sorting.report_of(session, found) if revealed else None,
        "closed": closed.body if closed else None,
        "sorts": seat.role == "expert" and seat.group_id in (None, found.group_id) and not revealed,
    }  # fmt: skip
