"""/workshop/proposals: what ESCO lacks, with the concepts that are near, in two steps that need no script."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import strict_parameters
from app.workshop.access import Form, Seated, SentForm
from app.workshop.bodies import checked
from app.workshop.faults import Refused
from app.workshop.names import known_concept, names_of, near
from app.workshop.page import SeatedPage, WorkshopPage
from workshop import minutes, placing, preparing, proposals
from workshop.people import Seat
from workshop.proposals import Concept, Proposal
from workshop.rules import Rule

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
_TYPES: dict[str, tuple[str, ...]] = {
    "occupation": ("occupation",),
    "skill": ("skill",),
    "label": ("occupation", "skill"),
}
Tongue = Annotated[str, Query(pattern="^[a-z]{2,3}$", description="Language of the label.")]


@router.get("/workshop/proposals")
async def proposals_page(page: SeatedPage, seat: Seated) -> Response:
    """What was proposed, with its votes, and where one begins another."""
    found = await page.desk.read(proposals_view, seat)
    iris = {one["concept"] for one in found["proposals"]} | {
        n["iri"] for one in found["proposals"] for n in one["near"]
    }
    names = await names_of(page.request, page.language, iris - {""})
    return page.respond("proposals.html", page.words("ws-proposals"), names=names, tongue=page.language, **found)


@router.get("/workshop/proposals/new")
async def begin(
    page: SeatedPage,
    seat: Seated,
    kind: Literal["occupation", "skill", "label"] = "occupation",
    label: Annotated[str, Query(max_length=120)] = "",
    tongue: Tongue = "en",
) -> Response:
    """The second step: what is near already, and the rest of the proposal."""
    found = await near(page.request, label, tongue, _TYPES[kind])
    names = await names_of(page.request, page.language, [one.iri for one in found])
    groups = await page.desk.read(placing.groups_of, seat)
    return page.respond(
        "proposal.html", page.words("ws-propose"), kind=kind, label=label.strip(), tongue=tongue, near=found, names=names,
        groups=groups,
    )  # fmt: skip


@router.post("/workshop/proposals")
async def propose(page: SeatedPage, seat: Seated, form: SentForm) -> Response:
    """Keep a proposal."""
    await keep(page, seat, proposal_of(form), form.get("group"), form.get("nonce"))
    return page.go("/workshop/proposals")


@router.get("/workshop/changes")
async def changes_page(page: SeatedPage, seat: Seated) -> Response:
    """What ESCO is asked to change, as a table."""
    rows = await page.desk.read(lambda session: list(minutes.changes(session, seat.workshop)))
    return page.respond("changes.html", page.words("ws-table-change-requests"), rows=rows)


async def keep(page: WorkshopPage, seat: Seat, said: Proposal, group: str, nonce: str) -> int:
    """The same for pages and programs: without near concepts of its own it gets those that are found. Its number."""
    named = [known_concept(page.request, iri) for iri in said.near or ()]
    if said.near is None:
        named = await near(page.request, said.label, said.language, _TYPES[said.kind])
    of = known_concept(page.request, said.concept) if said.concept else None
    if group and not (group.isascii() and group.isdigit() and len(group) < 10):
        raise Refused("The number of a group has digits alone.")
    return await page.desk.write(_keep, seat, said, int(group) if group else seat.group_id, named, nonce, of)


def proposal_of(form: Form) -> Proposal:
    """What the form says. Raises Refused."""
    fields = {
        **{name: form.get(name) for name in ("kind", "label", "definition", "source", "concept")},
        "language": form.get("tongue"), "near": form.all("near") if form.get("chosen") else None,
    }  # fmt: skip
    return checked(Proposal, fields)


def proposals_view(session: Session, seat: Seat) -> dict[str, Any]:
    """What was proposed in the groups that somebody may see."""
    rule = Rule.of(preparing.workshop(session, seat.workshop).rule)
    return {"proposals": proposals.proposals(session, seat), "rule": rule, "groups": placing.groups_of(session, seat)}


def _keep(
    session: Session, seat: Seat, said: Proposal, group: int | None, near: list[Concept], nonce: str, of: Concept | None
) -> int:
    if group is None:
        raise Refused("Say which group proposes this.")
    return proposals.propose(session, seat, placing.group_of(session, seat, group), said, near, nonce, of).id
