"""/api/v1/workshop/motions, guidelines, wall: for programs what the pages do."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.api.routing import api_router
from app.workshop import guidelines, rule_preview, wall
from app.workshop import motions as pages
from app.workshop.access import Number, Seated, desk_of, require_facilitator, sent_json
from app.workshop.bodies import ResolutionBody, answer, read, sends
from workshop import adopted, motions
from workshop import wall as walls
from workshop.motions import Motion, Vote
from workshop.people import Seat
from workshop.wall import Spending

router = api_router("workshop", "/workshop")
Step = Annotated[str, Field(max_length=20)]


class MotionBody(Motion):
    """A motion, with what makes it count once."""

    nonce: str = Field(max_length=64)


class VoteBody(Vote):
    """A vote, with what makes it count once."""

    nonce: str = Field(max_length=64)


class SpendingBody(Spending):
    """How points are spent, with what makes it count once."""

    nonce: str = Field(max_length=64)


class WallBody(BaseModel):
    """How many points everybody has."""

    model_config = ConfigDict(extra="forbid")
    points: int = Field(walls.POINTS, ge=1, le=walls.MOST_POINTS)


@router.get("/motions", summary="What is put to the vote")
async def workshop_motions(request: Request, seat: Seated) -> Response:
    """Every motion with its revealed rounds and its resolution."""
    return answer({"motions": await desk_of(request).read(motions.report, seat.workshop)})


@router.post("/motions", summary="Put a motion to the vote", **sends(MotionBody))
async def put_motion(request: Request, seat: Seated) -> Response:
    """Put a motion to the vote; of a rule or a role it is checked against the served release first."""
    body = await read(request, MotionBody)
    require_facilitator(seat)
    motion = Motion(**body.model_dump(exclude={"nonce"}))
    if motion.proposal == "rule":
        known = rule_preview.rule_of(guidelines.served_profiles(request).guidelines, motion.rule)
        version = guidelines.served_profiles(request).guidelines.version
        motion = motion.model_copy(update={"before": rule_preview.thresholds_of(known), "version": version})
    if motion.proposal == "sign-off":
        role = motion.profile or f"?{motion.composition}"
        motion = await guidelines.role_motion(request, "en", role, motion.title, motion.voters)
    return answer({"id": await desk_of(request).write(motions.put, seat, motion, body.nonce)}, 201)


@router.get("/motions/{number}", summary="A motion, and what is revealed of it")
async def workshop_motion(request: Request, seat: Seated, number: Number) -> Response:
    """A motion, the answers to it, one's own, and what is revealed."""
    return answer(await desk_of(request).read(_motion, seat, number))


@router.post("/motions/{number}/vote", summary="Vote", **sends(VoteBody))
async def vote_motion(request: Request, seat: Seated, number: Number) -> Response:
    """Keep a vote."""
    body = await read(request, VoteBody)
    said = Vote(**body.model_dump(exclude={"nonce"}))
    await desk_of(request).write(pages.keep_vote, seat, number, said, body.nonce)
    return answer({"kept": True}, 201)


@router.post(
    "/motions/{number}/{step}",
    summary="Reveal a motion, ask again, or close it",
    **sends(ResolutionBody, required=False),
)
async def step_motion(request: Request, seat: Seated, number: Number, step: Step) -> Response:
    """Reveal a motion, ask again (`round`), or close it (`resolution`)."""
    if step == "resolution":
        body = await read(request, ResolutionBody)
        return answer(await desk_of(request).write(pages.close, seat, number, body.rationale, body.minority), 201)
    await desk_of(request).write(pages.step, seat, number, step)
    return answer({"done": step}, 201)


@router.post("/decks/{number}/resolution", summary="Close a deck by the rule", **sends(ResolutionBody, required=False))
async def settle_deck(request: Request, seat: Seated, number: Number) -> Response:
    """Close a revealed deck: of each card what the rule makes of it."""
    body = await read(request, ResolutionBody)
    return answer(await desk_of(request).write(pages.settle_deck, seat, number, body.rationale, body.minority), 201)


@router.get("/guidelines", summary="The rule set as the workshop left it")
async def workshop_guidelines(request: Request, seat: Seated) -> Response:
    """Every rule that was put to the vote, what was adopted, and what the rule set is called now."""
    return answer(await desk_of(request).read(adopted.rule_set, seat.workshop))


@router.get("/guidelines/{rule}/preview", summary="What a change to a rule does to two profiles")
async def preview_rule(request: Request, seat: Seated, rule: str, tried: guidelines.Tried) -> Response:
    """Two profiles, composed with the rule as it is and as it would be."""
    del seat  # whoever sits here may try
    profiles = guidelines.served_profiles(request)
    known = rule_preview.rule_of(profiles.guidelines, rule)
    shown = await asyncio.to_thread(
        rule_preview.preview, profiles, rule, tried.thresholds, tried.rejected, tried.profiles
    )
    return answer({"rule": rule, "before": rule_preview.thresholds_of(known), "profiles": shown})


@router.get("/wall", summary="The wall of transversal skills")
async def workshop_wall(request: Request, seat: Seated) -> Response:
    """The skills, one's own points, and after the reveal the ranking."""
    found = await desk_of(request).read(wall.wall_view, seat)
    return answer({k: v for k, v in found.items() if k != "groups"})


@router.post("/wall", summary="Hang the wall up", **sends(WallBody, required=False))
async def hang_wall(request: Request, seat: Seated) -> Response:
    """Hang the wall up, frozen on the release of the workshop."""
    body = await read(request, WallBody)
    require_facilitator(seat)
    await desk_of(request).write(walls.open_wall, seat, *wall.served_skills(request), body.points)
    return answer({"hangs": True}, 201)


@router.post("/wall/points", summary="Spend points", **sends(SpendingBody))
async def spend_points(request: Request, seat: Seated) -> Response:
    """Keep how points are spent."""
    body = await read(request, SpendingBody)
    await desk_of(request).write(walls.spend, seat, Spending(points=body.points), body.nonce)
    return answer({"kept": True}, 201)


@router.post("/wall/reveal", dependencies=[Depends(sent_json)], summary="Show what was spent")
async def reveal_wall(request: Request, seat: Seated) -> Response:
    """End the spending."""
    await desk_of(request).write(walls.reveal, seat)
    return answer({"done": "reveal"}, 201)


def _motion(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    found = pages.motion_view(session, seat, number)
    state = found["state"]
    return {
        "id": found["motion"].id, **found["motion"].body, "options": list(found["options"]), "round": state.round,
        "stage": state.stage, "own": found["own"], "poll": found["poll"], "votes": found["votes"],
        "resolution": state.resolution,
    }  # fmt: skip
