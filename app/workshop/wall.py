"""/workshop/wall: ESCO's transversal skills, points to spend on them, and the ranking beside ESCO's own figures."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.catalogue import Catalogue
from app.request import service_of, strict_parameters
from app.workshop.access import Seated, SentForm, require_facilitator, sent_form
from app.workshop.bodies import checked
from app.workshop.faults import NothingThere, Refused
from app.workshop.names import names_of
from app.workshop.page import SeatedPage
from workshop import preparing, wall
from workshop.people import Seat
from workshop.wall import Spending

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])


@router.get("/workshop/wall")
async def show_wall(page: SeatedPage, seat: Seated, saved: int = 0) -> Response:
    """The wall: to be hung up, to spend points on, or with what came of it."""
    found = await page.desk.read(wall_view, seat)
    names = await names_of(page.request, page.language, (s["iri"] for s in found["skills"]))
    return page.respond("wall.html", page.words("ws-wall"), names=names, saved=bool(saved), **found)


@router.post("/workshop/wall")
async def hang(page: SeatedPage, seat: Seated, form: SentForm) -> Response:
    """Hang the wall up, frozen on the release of the workshop."""
    require_facilitator(seat)
    points = form.get("number") or str(wall.POINTS)
    if not (points.isascii() and points.isdigit() and len(points) < 5):
        raise Refused("The number of points has digits alone.")
    await page.desk.write(wall.open_wall, seat, *served_skills(page.request), int(points))
    return page.go("/workshop/wall")


@router.post("/workshop/wall/points")
async def spend(page: SeatedPage, seat: Seated, form: SentForm) -> Response:
    """Keep how somebody spends their points."""
    said = checked(Spending, {"points": form.under("points:")})
    await page.desk.write(wall.spend, seat, said, form.get("nonce"))
    return page.go("/workshop/wall", saved=1)


@router.post("/workshop/wall/reveal", dependencies=[Depends(sent_form)])
async def reveal(page: SeatedPage, seat: Seated) -> Response:
    """End the spending and show what came of it."""
    await page.desk.write(wall.reveal, seat)
    return page.go("/workshop/wall")


def served_skills(request: Request) -> tuple[list[dict[str, Any]], str]:
    """The skills of the wall with ESCO's figures, and the release that they are of. Raises NothingThere."""
    service = service_of(request)
    if not service.ready:
        raise NothingThere("This service serves no release now.")
    catalogue = service.served.catalogue
    return wall_skills(catalogue), catalogue.release.id


def wall_skills(catalogue: Catalogue) -> list[dict[str, Any]]:
    """ESCO's collection of transversal skills, in the order of their names.

    `use` is the number of ESCO's occupations that ask for a skill, `sectors` how many of them are in the scope, `score` and
    `transversal` what this service measures of it.
    """
    inside = {o for o, item in catalogue.occupations.items() if any(d.degree != "excluded" for d in item.decisions)}
    found = []
    for skill in catalogue.skills.values():
        if "transversal" not in skill.collections:
            continue
        users = {*skill.essential_for, *skill.optional_for}
        measured = catalogue.analysis.transversality.get(skill.iri)
        found.append(
            {
                "iri": skill.iri, "label": catalogue.label(skill.iri, "en").get("en", skill.iri), "use": len(users),
                "sectors": len(users & inside), "score": measured.score if measured else None,
                "transversal": measured.transversal if measured else None,
            }
        )  # fmt: skip
    return sorted(found, key=lambda s: (s["label"].casefold(), s["iri"]))


def wall_view(session: Session, seat: Seat) -> dict[str, Any]:
    """What one person may see of the wall: until the reveal neither what others spent nor what ESCO's figures say."""
    hanging = wall.wall_of(session, seat.workshop)
    revealed = hanging is not None and wall.is_revealed(session, seat.workshop)
    return {
        "points": hanging.body["points"] if hanging else 0, "hangs": hanging is not None, "revealed": revealed,
        "skills": wall.shuffled(hanging, seat) if hanging else [], "own": wall.own(session, seat) if hanging else {},
        "people": wall.counted(session, seat.workshop) if seat.facilitates or revealed else None,
        "ranking": wall.ranking(session, seat.workshop) if revealed else [],
        "groups": preparing.groups(session, seat.workshop),
    }  # fmt: skip
