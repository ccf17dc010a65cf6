"""/workshop/boards: the group boards. Every cell is a button of a form, so they work without scripts, by keyboard and by touch."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app.api.lookup import FUNCTIONS
from app.api.skills.area_views import CHARTER
from app.catalogue.catalogue import Catalogue
from app.request import service_of, strict_parameters
from app.site.words import INTERFACES
from app.workshop.access import Form, Number, Seated, SentForm, require_facilitator, sent_form
from app.workshop.bodies import checked
from app.workshop.desk import at_number
from app.workshop.faults import Conflict, Refused, Stale
from app.workshop.names import names_of
from app.workshop.page import PRIVATE, SeatedPage, WorkshopPage
from ontology import CCSID
from workshop import journal, placing, preparing, review
from workshop.model import WorkingGroup
from workshop.people import Seat
from workshop.placing import Card, Column, Move
from workshop.rules import Rule

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])

keep_move = at_number(review.item_of, placing.move)
"""Move a card of this workshop."""


@router.get("/workshop/boards")
async def boards(page: SeatedPage, seat: Seated) -> Response:
    """The boards of the groups that this person may see, side by side."""
    found = await page.desk.read(boards_view, seat)
    shown = [card for _, _, cards in found["boards"] for card in cards]
    return page.respond("boards.html", page.words("ws-boards"), names=await _names(page, shown), **found)


@router.post("/workshop/boards/{number}/open", dependencies=[Depends(sent_form)])
async def open_board(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """Begin the board of a group, with the places that its sectors have in the release."""
    require_facilitator(seat)
    await begin(page, seat, number)
    return page.go("/workshop/boards")


async def begin(page: WorkshopPage, seat: Seat, number: int) -> None:
    """The same for pages and programs. Raises NotReady, and Conflict where another release is served."""
    served = service_of(page.request).served
    kept, group = await page.desk.read(
        lambda session: (preparing.workshop(session, seat.workshop), placing.group_of(session, seat, number))
    )
    if kept.content_hash != served.release.manifest["contentHash"]:
        raise Conflict(f"This workshop works on {kept.release}, and the service serves another release.")
    await page.desk.write(
        at_number(placing.group_of, placing.open_board), seat, number, columns(served.catalogue, group.domains)
    )


@router.get("/workshop/boards/cards/{number}")
async def card(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """One card by itself."""
    return await _card_page(page, seat, number)


@router.post("/workshop/boards/cards/{number}")
async def move(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Move a card. Who was second sees where it is now, and can send the same again."""
    said = move_of(form)
    try:
        await page.desk.write(keep_move, seat, number, said, form.get("nonce"))
    except Stale as stale:
        return await _card_page(page, seat, number, 409, wanted=said.places, stale=stale.detail)
    return RedirectResponse(f"{page.link('/workshop/boards')}#card-{number}", 303, PRIVATE)


def move_of(form: Form) -> Move:
    """What the form says: the version that was seen, a cell such as `domain/museums=some`, grades. Raises Refused."""
    cells = [cell.partition("=") for cell in form.all("cell")]
    said = {
        "version": form.get("version"), "places": {p: level for p, _, level in cells}, "grades": form.under("grade:"),
    }  # fmt: skip
    return checked(Move, said)


def columns(catalogue: Catalogue, domains: list[Any]) -> list[Column]:
    """The places of a board: the sub-domains of its sectors, the functions, and CHARTER's where heritage is among them."""
    words = catalogue.profiles.words
    found = [
        Column(f"domain/{part}", sector, dict(catalogue.domains[part].labels))
        for sector in domains
        if sector in catalogue.domains
        for part in catalogue.domains[sector].narrower
    ]
    schemes = [("function", FUNCTIONS), *([("charter", CHARTER)] if "heritage" in domains else [])]
    for scheme, names in schemes:
        for name in names:
            labels = words.get(f"{CCSID}{scheme}/{name}", {}).get("label", {})
            found.append(Column(f"{scheme}/{name}", scheme, {tag: labels[tag] for tag in INTERFACES if tag in labels}))
    return found


def boards_view(session: Session, seat: Seat) -> dict[str, Any]:
    """The boards of the groups that somebody may see; `event` is the newest that this state knows of."""
    kept = preparing.workshop(session, seat.workshop)
    return {
        "workshop": kept, "rule": Rule.of(kept.rule), "event": journal.last_event(session),
        "boards": [
            (group, placing.columns_of(session, group), placing.cards(session, seat, group))
            for group in placing.groups_of(session, seat)
        ],
    }  # fmt: skip


def card_view(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    """One card with the columns of its board."""
    item = review.item_of(session, seat, number)
    found = placing.card(session, seat, item)
    group = session.get_one(WorkingGroup, item.group_id)
    rule = Rule.of(preparing.workshop(session, seat.workshop).rule)
    return {"card": found, "group": group, "columns": placing.columns_of(session, group), "rule": rule}


async def _card_page(page: WorkshopPage, seat: Seat, number: int, status: int = 200, **more: Any) -> Response:
    found = await page.desk.read(card_view, seat, number)
    if not found["columns"]:
        raise Refused("The board of this group is not open.")
    names = await _names(page, [found["card"]])
    return page.respond(
        "card.html", found["card"].item.label, status, names=names, **{"wanted": {}, "stale": ""} | more, **found
    )


async def _names(page: WorkshopPage, cards: list[Card]) -> dict[str, str]:
    return await names_of(page.request, page.language, [card.item.occupation for card in cards])
