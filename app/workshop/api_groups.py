"""/api/v1/workshop for programs: boards, votes, proposals, baskets, and the inbox."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.api.routing import api_router
from app.workshop import gathering, inbox, matters, placing, proposing
from app.workshop.access import Number, Seated, desk_of
from app.workshop.bodies import ResolutionBody, answer, read, sends
from app.workshop.desk import at_number
from app.workshop.page import WorkshopPage
from workshop import baskets as room_baskets
from workshop import inbox as room_inbox
from workshop import placing as room_placing
from workshop.baskets import Marking
from workshop.people import Seat
from workshop.placing import Move
from workshop.proposals import Proposal
from workshop.voting import Answer

router = api_router("workshop", "/workshop")
Nonce = Annotated[str, Field(max_length=64)]


class MoveBody(Move):
    """A move, with what makes it count once."""

    nonce: Nonce


class NoBody(BaseModel):
    """Nothing has to be said."""

    model_config = ConfigDict(extra="forbid")


class VoteBody(BaseModel):
    """A vote."""

    model_config = ConfigDict(extra="forbid")
    answer: Answer
    nonce: Nonce


class ProposalBody(Proposal):
    """A proposal, with the group that makes it where the session has none."""

    group: int | None = Field(None, ge=1, le=2**31 - 1)
    nonce: Nonce


class MarkingBody(Marking):
    """A mark in a basket, with what makes it count once."""

    nonce: Nonce


class TriageBody(BaseModel):
    """What becomes of a report."""

    model_config = ConfigDict(extra="forbid")
    group: int | None = Field(None, ge=1, le=2**31 - 1, description="Before which group it is brought.")
    sector: str = Field("", max_length=40, description="Into whose basket a skill comes.")
    reason: str = ""


@router.get("/boards", summary="The boards that this session may see")
async def workshop_boards(request: Request, seat: Seated) -> Response:
    """Columns and cards of each board; `event` is the newest event that this state knows of, for /workshop/events."""
    return answer(await desk_of(request).read(_boards, seat))


@router.post("/boards/{number}/open", summary="Open the board of a group", **sends(NoBody, required=False))
async def open_workshop_board(request: Request, seat: Seated, number: Number) -> Response:
    """Begin the board of a group."""
    await placing.begin(WorkshopPage(request, seat), seat, number)
    return answer({"opened": number}, 201)


@router.get("/boards/cards/{number}", summary="A card of a board")
async def workshop_card(request: Request, seat: Seated, number: Number) -> Response:
    """Where a card stands."""
    return answer((await desk_of(request).read(placing.card_view, seat, number))["card"].as_dict())


@router.post("/boards/cards/{number}", summary="Move a card", **sends(MoveBody))
async def move_card(request: Request, seat: Seated, number: Number) -> Response:
    """Change levels of a card whose version one has seen; 409 with `state` where somebody was first."""
    body = await read(request, MoveBody)
    said = Move(**body.model_dump(exclude={"nonce"}))
    moved = await desk_of(request).write(placing.keep_move, seat, number, said, body.nonce)
    return answer(moved.as_dict(), 201)


@router.post("/matters/{number}/vote", summary="Vote on a placement, proposal or mark", **sends(VoteBody))
async def vote_on_matter(request: Request, seat: Seated, number: Number) -> Response:
    """Say yes or no to a version of a matter."""
    body = await read(request, VoteBody)
    await desk_of(request).write(matters.keep_vote, seat, number, body.answer, body.nonce)
    return answer({"kept": True}, 201)


@router.post("/matters/{number}/settlement", summary="Settle a matter by the rule", **sends(ResolutionBody))
async def settle_matter(request: Request, seat: Seated, number: Number) -> Response:
    """End a matter with what the rule makes of its votes."""
    body = await read(request, ResolutionBody)
    _, made = await desk_of(request).write(matters.keep_settlement, seat, number, body.rationale, body.minority)
    return answer(made, 201)


@router.get("/proposals", summary="What was proposed for ESCO")
async def workshop_proposals(request: Request, seat: Seated) -> Response:
    """The proposals of the groups that this session may see, the newest first."""
    found = await desk_of(request).read(proposing.proposals_view, seat)
    return answer({"proposals": found["proposals"]})


@router.post("/proposals", summary="Propose an occupation, a skill or a name", **sends(ProposalBody))
async def propose_for_esco(request: Request, seat: Seated) -> Response:
    """Propose what ESCO lacks; near concepts are found where none are named."""
    body = await read(request, ProposalBody)
    said = Proposal(**body.model_dump(exclude={"nonce", "group"}))
    page = WorkshopPage(request, seat)
    number = await proposing.keep(page, seat, said, str(body.group) if body.group else "", body.nonce)
    return answer({"proposal": number}, 201)


@router.get("/baskets/{number}", summary="The baskets of a group")
async def workshop_baskets(request: Request, seat: Seated, number: Number) -> Response:
    """The skills that a group marked, by sector."""
    entries = await desk_of(request).read(at_number(room_placing.group_of, room_baskets.basket), seat, number)
    return answer({"entries": [entry.as_dict() for entry in entries]})


@router.post("/baskets/{number}", summary="Mark a skill for a sector", **sends(MarkingBody))
async def mark_skill(request: Request, seat: Seated, number: Number) -> Response:
    """Put a skill into a basket of a group, mark it otherwise, or take it out."""
    body = await read(request, MarkingBody)
    said = Marking(**body.model_dump(exclude={"nonce"}))
    await gathering.keep(WorkshopPage(request, seat), seat, number, said, body.nonce)
    return answer({"kept": True}, 201)


@router.get("/inbox", summary="What guests report")
async def workshop_inbox(request: Request, seat: Seated) -> Response:
    """What waits to be read; for facilitators."""
    return answer({"reports": await desk_of(request).read(_reports, seat)})


@router.post("/inbox/{number}/{outcome}", summary="Accept or dismiss a report", **sends(TriageBody))
async def triage_report(
    request: Request,
    seat: Seated,
    number: Number,
    outcome: Annotated[str, Path(pattern="^(accept|dismiss)$", description="What becomes of it.")],
) -> Response:
    """Bring a report before a group (`accept`), or say why nothing follows (`dismiss`)."""
    body = await read(request, TriageBody)
    if outcome == "accept":
        await inbox.bring(WorkshopPage(request, seat), seat, number, body.group or 0, body.sector, body.reason)
    else:
        await desk_of(request).write(room_inbox.dismiss, seat, number, body.reason)
    return answer({"done": outcome}, 201)


def _boards(session: Session, seat: Seat) -> dict[str, Any]:
    found = placing.boards_view(session, seat)
    return {
        "event": found["event"],
        "boards": [
            {
                "group": group.id, "key": group.key, "title": group.title, "sectors": group.domains,
                "columns": [{"id": c.id, "axis": c.axis, "labels": c.labels} for c in columns],
                "cards": [card.as_dict() for card in cards],
            }
            for group, columns, cards in found["boards"]
        ],
    }  # fmt: skip


def _reports(session: Session, seat: Seat) -> list[dict[str, Any]]:
    fields = ("id", "at", "concept", "kind", "label", "aspect", "text", "language")
    return [{field: getattr(row, field) for field in fields} for row in room_inbox.waiting(session, seat)]
