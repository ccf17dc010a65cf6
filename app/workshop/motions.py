"""/workshop/motions: what is put to the vote, the vote, and what came of it; and a deck that is closed by the rule."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import service_of, strict_parameters
from app.workshop.access import Form, Number, Seated, SentForm, require_facilitator, sent_form
from app.workshop.bodies import checked
from app.workshop.desk import at_number
from app.workshop.faults import Refused
from app.workshop.page import SeatedPage
from workshop import adopted, motions, preparing, settling, sorting, suggesting
from workshop.motions import Motion, Vote
from workshop.people import Seat
from workshop.rules import Rule

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
_LANGUAGES = ("en", "es", "fr", "de")
_NAMES = 3  # that the form has room for

keep_vote = at_number(motions.motion_of, motions.vote)
"""Keep a vote on a motion of this workshop."""
step = at_number(motions.motion_of, motions.step)
"""Reveal a motion of this workshop, or ask again."""
close = at_number(motions.motion_of, motions.close)
"""Close a motion of this workshop."""
settle_deck = at_number(sorting.deck_of, settling.settle)
"""Close a deck of this workshop."""


@router.get("/workshop/motions")
async def show_motions(page: SeatedPage, seat: Seated) -> Response:
    """Every motion and where it stands; for the facilitator also what the results suggest."""
    return page.respond("motions.html", page.words("ws-motions"), **await page.desk.read(list_view, seat))


@router.get("/workshop/motions/{number}")
async def show_motion(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """A motion: a ballot while it is open, then what was said."""
    found = await page.desk.read(motion_view, seat, number)
    return page.respond("motion.html", found["motion"].body["title"], **found)


@router.get("/workshop/decks/{number}/motion")
async def motion_form(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """The form for a motion on the clusters and cards of a deck that is revealed."""
    require_facilitator(seat)
    found = await page.desk.read(_deck, seat, number)
    sector = page.sector(found["deck"].domain)
    return page.respond(
        "new_motion.html", page.words("ws-new-motion"), sector=sector, names=range(1, _NAMES + 1), **found
    )


@router.post("/workshop/motions")
async def put(page: SeatedPage, seat: Seated, form: SentForm) -> Response:
    """Put a motion to the vote."""
    motion = motion_of(form)
    if form.get("everywhere") == "yes":
        motion = motion.model_copy(update={"also": elsewhere(page.request, motion.cluster)})
    made = await page.desk.write(motions.put, seat, motion, form.get("nonce"))
    return page.go(f"/workshop/motions/{made}")


@router.post("/workshop/motions/{number}/vote")
async def vote(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Keep a vote."""
    said = checked(Vote, {name: form.get(name) for name in ("round", "answer", "reason")})
    await page.desk.write(keep_vote, seat, number, said, form.get("nonce"))
    return page.go("/workshop/motions")


@router.post("/workshop/motions/{number}/reveal", dependencies=[Depends(sent_form)])
async def reveal(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """End a round and show what was said."""
    await page.desk.write(step, seat, number, "reveal")
    return page.go(f"/workshop/motions/{number}")


@router.post("/workshop/motions/{number}/round", dependencies=[Depends(sent_form)])
async def next_round(page: SeatedPage, seat: Seated, number: Number) -> Response:
    """Ask again."""
    await page.desk.write(step, seat, number, "round")
    return page.go(f"/workshop/motions/{number}")


@router.post("/workshop/motions/{number}/resolution")
async def resolve(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Close a motion with what the rule makes of it."""
    await page.desk.write(close, seat, number, form.get("rationale"), form.get("minority"))
    return page.go(f"/workshop/motions/{number}")


@router.post("/workshop/decks/{number}/resolution")
async def settle(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Close a deck: what the rule adopts of each card becomes an entry."""
    await page.desk.write(settle_deck, seat, number, form.get("rationale"), form.get("minority"))
    return page.go("/workshop/motions")


def elsewhere(request: Request, cluster: str) -> list[str]:
    """The clusters of the same area in other sectors of the served release. Raises Refused where there is none."""
    clusters = service_of(request).served.catalogue.analysis.clusters
    own = clusters.get(cluster)
    found = sorted(
        c.id for c in clusters.values()
        if own and own.area and c.area == own.area and c.level == "broad" and c.id != own.id and c.id.partition("/")[0] != "ccsi"
    )  # fmt: skip
    if not found:
        raise Refused("No other sector has this area.", field="everywhere")
    return found


def motion_of(form: Form) -> Motion:
    """What the form proposes. Raises Refused."""
    names = [
        {tag: text for tag in _LANGUAGES if (text := form.get(f"name{n}:{tag}").strip())} for n in range(1, _NAMES + 1)
    ]
    proposal = form.get("proposal")
    fields: dict[str, Any] = {
        "proposal": proposal, "voters": form.get("voters"), "cluster": form.get("cluster"), "skills": form.all("skill"),
        "names": [n for n in names if n] if proposal in ("rename", "split") else [],
        "into": form.get("into") if proposal == "merge" else "", "text": form.get("text"),
        "domain": form.get("domain") if proposal in ("move", "ours", "not-ours") else "",
        "title": form.get("title").strip() or f"{proposal} {form.get('cluster') or form.get('domain')}".strip(),
    }  # fmt: skip
    if proposal in ("ours", "not-ours", "transversal", "not-transversal"):
        fields["cluster"] = ""
    if proposal in ("keep", "rename", "merge", "retire"):
        fields["skills"] = []
    return checked(Motion, fields)


def list_view(session: Session, seat: Seat) -> dict[str, Any]:
    """Every motion with its state, and whether one has voted; suggestions for the facilitator alone."""
    found = motions.motions(session, seat.workshop)
    known = motions.states(session, found)
    decks = [deck for deck in preparing.decks(session, seat.workshop) if sorting.is_revealed(session, deck)]
    return {
        "motions": [
            {
                "motion": motion, "state": known[motion.id], "mine": motions.votes_by(session, seat, motion),
                "own": motions.own_vote(session, seat, motion, known[motion.id].round),
                "voted": motions.voted(session, motion, known[motion.id].round) if seat.facilitates else 0,
            }
            for motion in found
        ],
        "decks": [(deck, settling.settled(session, deck)) for deck in decks],
        "suggestions": suggesting.suggestions(session, seat.workshop) if seat.facilitates else [],
        "groups": preparing.groups(session, seat.workshop),
        "conflicts": adopted.adopted(session, seat.workshop)[1] if seat.facilitates else [],
    }  # fmt: skip


def motion_view(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    """What one person may see of a motion: while a round is open, nothing of what others answer."""
    motion = motions.motion_of(session, seat, number)
    state = motions.states(session, [motion])[motion.id]
    shown = state.round if state.stage != "open" else state.round - 1
    poll = motions.poll(session, seat, motion, shown) if shown else None
    return {
        "motion": motion, "state": state, "options": motions.options(motion.body),
        "own": motions.own_vote(session, seat, motion, state.round),
        "poll": {**asdict(poll), "outcome": poll.outcome.as_dict()} if poll else None,
        "votes": state.stage == "open" and motions.votes_by(session, seat, motion),
        "rule": Rule.of(preparing.workshop(session, seat.workshop).rule),
    }  # fmt: skip


def _deck(session: Session, seat: Seat, number: int) -> dict[str, Any]:
    deck = sorting.deck_of(session, seat, number)
    sorting.report_of(session, deck)  # refused while it is hidden
    return {"deck": deck, "cards": settling.outcomes(session, deck), "groups": preparing.groups(session, seat.workshop)}
