"""/api/v1/workshop: the workshop for programs, with the session of a browser or of its own.

Whoever sends something names the session's token in X-CSRF-Token; GET /api/v1/workshop tells it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.api.routing import api_router
from app.workshop import board, cards, judging
from app.workshop.access import Number, Seated, desk_of, sign_in
from app.workshop.bodies import ResolutionBody, answer, read, sends, takes
from workshop import journal, minutes, people, preparing, review
from workshop.model import Item
from workshop.people import Joining, Seat
from workshop.review import Judgement
from workshop.sorting import Sort

router = api_router("workshop", "/workshop")


class JoinBody(Joining):
    """Joining, with the code."""

    code: str = Field(max_length=40)


class JudgementBody(Judgement):
    """A judgement, with what makes it count once."""

    nonce: str = Field(max_length=64)


class SortBody(Sort):
    """A sort, with what makes it count once."""

    nonce: str = Field(max_length=64)
    number: int = Field(0, ge=0, le=99_999, description="Seat whose cards of paper a facilitator brings in; else 0.")


@router.get("", summary="Whose session this is")
async def workshop_session(request: Request, seat: Seated) -> Response:
    """Whose session this is, in which workshop, under which rule."""
    return answer(await desk_of(request).read(_me, seat))


@router.post("/join", summary="Join a workshop by its code", openapi_extra=takes(JoinBody))
async def join_workshop(request: Request) -> Response:
    """Take a seat; the answer sets the session's cookie."""
    body = await read(request, JoinBody)
    joining = Joining(**body.model_dump(exclude={"code"}))
    await desk_of(request).read(people.invitation, body.code)  # whoever guesses does not hold up those who write
    seat = await desk_of(request).write(people.join, body.code, joining)
    seated = answer(await desk_of(request).read(_me, seat))
    sign_in(seated, request, seat)
    return seated


@router.get("/queue", summary="What to judge next")
async def workshop_queue(request: Request, seat: Seated) -> Response:
    """What this person should judge, in order."""
    return answer(await desk_of(request).read(_queue, seat))


@router.get("/items/{number}", summary="An item, and what is revealed of it")
async def workshop_item(request: Request, seat: Seated, number: Number) -> Response:
    """An item, and what has been revealed of it."""
    return answer(await desk_of(request).read(_item, seat, number))


@router.post("/items/{number}/judgement", summary="Judge an item", **sends(JudgementBody))
async def judge_item(request: Request, seat: Seated, number: Number) -> Response:
    """Keep a judgement."""
    body = await read(request, JudgementBody)
    said = Judgement(**body.model_dump(exclude={"nonce"}))
    await desk_of(request).write(judging.keep_judgement, seat, number, said, body.nonce)
    return answer({"kept": True}, 201)


@router.post(
    "/items/{number}/{step}", summary="Reveal an item, ask again, or close it", **sends(ResolutionBody, required=False)
)
async def step_item(
    request: Request, seat: Seated, number: Number, step: Annotated[str, Field(max_length=20)]
) -> Response:
    """Reveal an item, ask again (`round`), or close it (`resolution`)."""
    if step == "resolution":
        body = await read(request, ResolutionBody)
        return answer(await desk_of(request).write(board.close_item, seat, number, body.rationale, body.minority), 201)
    await desk_of(request).write(board.step, seat, number, step)
    return answer({"done": step}, 201)


@router.get("/decks/{number}", summary="The cards of a deck")
async def workshop_deck(request: Request, seat: Seated, number: Number) -> Response:
    """The cards of a deck, or what the sorts came to."""
    return answer(await desk_of(request).read(_deck, seat, number))


@router.post("/decks/{number}/sort", summary="Sort the cards", **sends(SortBody))
async def sort_deck(request: Request, seat: Seated, number: Number) -> Response:
    """Keep a sort."""
    body = await read(request, SortBody)
    await desk_of(request).write(cards.keep_sort, seat, number, Sort(piles=body.piles), body.nonce, body.number)
    return answer({"kept": True}, 201)


@router.get("/minutes", summary="The record, of what is revealed")
async def workshop_minutes(request: Request, seat: Seated) -> Response:
    """The record, of what is revealed."""
    return answer(await desk_of(request).read(minutes.minutes, seat.workshop))


def _me(session: Session, seat: Seat) -> dict[str, Any]:
    kept = preparing.workshop(session, seat.workshop)
    return {
        "workshop": kept.id, "title": kept.title, "release": kept.release, "rule": kept.rule, "number": seat.number,
        "role": seat.role, "group": seat.group_id, "pseudonym": seat.pseudonym, "csrf": seat.csrf,
    }  # fmt: skip


def _short(item: Item, state: journal.State) -> dict[str, Any]:
    return {
        "id": item.id, "occupation": item.occupation, "code": item.code, "label": item.label, "round": state.round,
        "stage": state.stage,
    }  # fmt: skip


def _queue(session: Session, seat: Seat) -> dict[str, Any]:
    waiting = review.queue(session, seat)
    states = journal.states(session, waiting)
    return {"items": [_short(item, states[item.id]) for item in waiting]}


def _item(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    found = judging.item_view(session, seat, number)
    return {
        **_short(found["item"], found["state"]), "skills": found["item"].skills, "sectors": found["group"].domains,
        "own": found["own"], "reveal": asdict(found["reveal"]) if found["reveal"] else None, "notes": found["notes"],
        "resolution": found["state"].resolution,
    }  # fmt: skip


def _deck(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    found = cards.deck_view(session, seat, number)
    return {
        "id": found["deck"].id, "domain": found["deck"].domain, "headers": found["deck"].headers, "cards": found["cards"],
        "own": found["own"], "report": asdict(found["report"]) if found["report"] else None,
        "resolution": found["closed"],
    }  # fmt: skip
