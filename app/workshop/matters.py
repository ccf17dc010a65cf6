"""/workshop/matters: votes on a placement, a proposal or a skill in a basket, and how the rule ends them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app.request import strict_parameters
from app.workshop.access import Number, Seated, SentForm
from app.workshop.page import PRIVATE, SeatedPage, WorkshopPage
from workshop import voting
from workshop.model import Record
from workshop.people import Seat

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])


@router.post("/workshop/matters/{number}/vote")
async def vote(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Say yes or no."""
    matter = await page.desk.write(keep_vote, seat, number, form.get("answer"), form.get("nonce"))
    return _back(page, matter)


@router.post("/workshop/matters/{number}/settle")
async def settle(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """End it with what the rule makes of the votes."""
    matter, _ = await page.desk.write(keep_settlement, seat, number, form.get("rationale"), form.get("minority"))
    return _back(page, matter)


def keep_vote(session: Session, seat: Seat, number: int, answer: str, nonce: str) -> Record:
    """Keep a vote on a matter of this workshop."""
    matter = voting.matter_of(session, seat, number)
    voting.vote(session, seat, matter, answer, nonce)
    return matter


def keep_settlement(
    session: Session, seat: Seat, number: int, rationale: str, minority: str
) -> tuple[Record, dict[str, Any]]:
    """Settle a matter of this workshop."""
    matter = voting.matter_of(session, seat, number)
    return matter, voting.settle(session, seat, matter, rationale, minority)


def _back(page: WorkshopPage, matter: Record) -> Response:
    """To where the matter stands."""
    where = {
        "place": ("/workshop/boards", {}, f"card-{matter.item_id}"),
        "proposal": ("/workshop/proposals", {}, f"proposal-{matter.id}"),
        "basket": ("/workshop/baskets", {"sector": matter.body.get("sector"), "group": matter.body["group"]}, "basket"),
    }
    path, query, place = where[matter.kind]
    return RedirectResponse(f"{page.link(path, **query)}#{place}", 303, PRIVATE)
