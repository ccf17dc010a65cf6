"""/workshop/report: a guest says what is wrong with an occupation or a skill. /workshop/inbox: what becomes of it.

The public pages only link here, so they stay the same for everybody and may be kept by anybody. A guest's session is a cookie
for this form alone; the token of the form is made from it, so no other site can send one.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.request import service_of, strict_parameters
from app.workshop.access import GUEST, Number, Seated, SentForm, guest_token, read_form, require_facilitator, set_cookie
from app.workshop.bodies import checked
from app.workshop.candidates import candidate
from app.workshop.faults import Conflict, NotAllowed, Refused, TooFast
from app.workshop.names import known_concept
from app.workshop.page import Page, SeatedPage, WorkshopPage
from ontology import local_name
from workshop import inbox, placing, preparing
from workshop.inbox import Complaint
from workshop.model import Report, WorkingGroup, Workshop
from workshop.people import Seat, csrf_of
from workshop.preparing import KEEP_DAYS
from workshop.selection import Candidate

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
_Concept = Annotated[str, Query(max_length=300, description="IRI of the occupation or skill.")]


@router.get("/workshop/report")
async def report_form(page: Page, concept: _Concept, sent: int = 0) -> Response:
    """The form, or thanks."""
    named, token = known_concept(page.request, concept), guest_token(page.request)
    answer = page.respond(
        "report.html", page.words("ws-wrong"), concept=named, csrf=csrf_of(token), sent=bool(sent), days=KEEP_DAYS,
        address=f"/{named.type}s/{local_name(named.iri)}",
    )  # fmt: skip
    set_cookie(answer, page.request, GUEST, token, 3600, "/workshop/report")  # for this form alone
    return answer


@router.post("/workshop/report")
async def report(page: Page) -> Response:
    """Put it into the inbox."""
    form = await read_form(page.request)
    token = page.request.cookies.get(GUEST, "")
    if not token or not hmac.compare_digest(csrf_of(token).encode(), form.get("csrf").encode()):
        raise NotAllowed("The form lacks the token of its page. Load the page again.")
    said = checked(Complaint, {name: form.get(name) for name in ("aspect", "text")})
    concept = known_concept(page.request, form.get("concept"))
    client = page.request.app.state.front.clients.of(page.request.scope).name
    if not page.desk.admit_guest(token, client):
        raise TooFast("So many reports in an hour are more than can be read.", {"retry-after": "600"})
    await page.desk.write(inbox.report, concept.iri, concept.type, concept.label, page.language, said)
    return page.go("/workshop/report", concept=concept.iri, sent=1)


@router.get("/workshop/inbox")
async def inbox_page(page: SeatedPage, seat: Seated) -> Response:
    """What waits to be read."""
    require_facilitator(seat)
    return page.respond("inbox.html", page.words("ws-inbox"), **await page.desk.read(inbox_view, seat))


@router.post("/workshop/inbox/{number}/dismiss")
async def dismiss(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Nothing follows from it."""
    await page.desk.write(inbox.dismiss, seat, number, form.get("reason"))
    return page.go("/workshop/inbox")


@router.post("/workshop/inbox/{number}/accept")
async def accept(page: SeatedPage, seat: Seated, form: SentForm, number: Number) -> Response:
    """Bring it before a group."""
    group, _, sector = form.get("to").partition("/")
    if not (group.isascii() and group.isdigit() and len(group) < 10):
        raise Refused("Choose a group.", field="to")
    await bring(page, seat, number, int(group), sector, form.get("reason"))
    return page.go("/workshop/inbox")


async def bring(page: WorkshopPage, seat: Seat, number: int, group: int, sector: str, reason: str) -> None:
    """The same for pages and programs. An item is of the release that the workshop is frozen on, so that has to be served."""
    kept, found, where = await page.desk.read(_about, seat, number, group)
    chosen: Candidate | None = None
    if found.kind == "occupation":
        served = service_of(page.request).served
        if kept.content_hash != served.release.manifest["contentHash"]:
            raise Conflict(f"This workshop works on {kept.release}, and the service serves another release.")
        item = served.catalogue.occupations.get(found.concept)
        if item is None:
            raise Conflict("The release that is served has no such occupation.")
        chosen = candidate(served.catalogue, item, where.domains)
    await page.desk.write(
        lambda session: inbox.accept(
            session, seat, number, placing.group_of(session, seat, group), reason, chosen, sector
        )
    )


def inbox_view(session: Session, seat: Seat) -> dict[str, Any]:
    """What waits, and the groups that it can be brought before."""
    return {"waiting": inbox.waiting(session, seat), "groups": placing.groups_of(session, seat)}


def _about(session: Session, seat: Seat, number: int, group: int) -> tuple[Workshop, Report, WorkingGroup]:
    return (
        preparing.workshop(session, seat.workshop), inbox.report_of(session, seat, number), placing.group_of(session, seat, group)
    )  # fmt: skip
