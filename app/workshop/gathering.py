"""/workshop/baskets: search all skills of ESCO for a sector, and mark them as ours or not."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import strict_parameters
from app.workshop.access import Number, Seated, SentForm
from app.workshop.bodies import checked
from app.workshop.desk import at_number
from app.workshop.faults import Refused
from app.workshop.names import known_concept, names_of, near
from app.workshop.page import SeatedPage, WorkshopPage
from workshop import baskets, placing, preparing
from workshop.baskets import Marking
from workshop.people import Seat
from workshop.rules import Rule

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
ROWS = 20
_Group = Annotated[int, Query(ge=0, le=2**31 - 1, description="Number of a group; its first where it is left out.")]


@router.get("/workshop/baskets")
async def basket(
    page: SeatedPage,
    seat: Seated,
    sector: Annotated[str, Query(max_length=40)] = "",
    group: _Group = 0,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The basket of a sector, and the skills that were searched for."""
    found = await page.desk.read(basket_view, seat, group, sector)
    hits = await near(page.request, q, page.language, ("skill",), ROWS)
    iris = {one.iri for one in hits} | {entry.skill for entry in found["entries"]}
    names = await names_of(page.request, page.language, iris)
    return page.respond("basket.html", page.words("ws-basket"), q=q.strip(), hits=hits, names=names, **found)


@router.post("/workshop/baskets/{number}")
async def mark(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Put a skill into the basket, mark it otherwise, or take it out."""
    said = checked(Marking, {name: form.get(name) for name in ("sector", "skill", "mark", "version")})
    await keep(page, seat, number, said, form.get("nonce"))
    return page.go("/workshop/baskets", sector=said.sector, group=number, q=form.get("q")[:200])


async def keep(page: WorkshopPage, seat: Seat, number: int, said: Marking, nonce: str) -> None:
    """The same for pages and programs. Raises Refused for what is no skill of the release."""
    skill = known_concept(page.request, said.skill)
    if skill.type != "skill":
        raise Refused("A basket holds skills.", field="skill")
    await page.desk.write(at_number(placing.group_of, baskets.mark), seat, number, said, skill.label, nonce)


def basket_view(session: Session, seat: Seat, number: int, sector: str) -> dict[str, Any]:
    """The basket of one sector of a group; the first of each where none is named. Raises Unknown, NotAllowed, Refused."""
    groups = placing.groups_of(session, seat)
    group = placing.group_of(session, seat, number or groups[0].id)
    chosen = sector or group.domains[0]
    if chosen not in group.domains:
        raise Refused(f"'{sector}' is no sector of this group.")
    entries = [entry for entry in baskets.basket(session, seat, group) if entry.sector == chosen]
    return {
        "groups": groups, "group": group, "sector": chosen, "entries": [e for e in entries if e.mark != "none"],
        "marked": {e.skill: e for e in entries},
        "rule": Rule.of(preparing.workshop(session, seat.workshop).rule),
        "fills": seat.role == "expert" and seat.group_id in (None, group.id),
    }  # fmt: skip
