"""/workshop/sign-in: a facilitator signs in at the issuer that the operator trusts, and takes a seat or comes back to it."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.request import strict_parameters
from app.workshop.access import set_cookie, sign_in
from app.workshop.faults import NotAllowed, SignedOut, TooFast
from app.workshop.oidc import Issuer
from app.workshop.page import Page, WorkshopPage
from workshop import arrivals
from workshop.arrivals import derived

router = APIRouter(include_in_schema=False)
_COOKIE = "ccsi-arrival"
_BACK = "/workshop/signed-in"
_MOST_CODE = 4000


@router.get("/workshop/sign-in", dependencies=[Depends(strict_parameters)])
async def leave_for_issuer(
    page: Page, workshop: Annotated[str, Query(max_length=60, description="Name of the workshop.")] = ""
) -> Response:
    """Ask for the workshop; then a link to the issuer, with what only this browser can come back with."""
    issuer = _issuer(page)
    if not workshop:
        return page.respond("sign_in.html", page.words("ws-sign-in"), host=issuer.host, address="")
    if not page.desk.admit_arrival(page.request.app.state.front.clients.of(page.request.scope).name):
        raise TooFast("Too many sign-ins begin from here. Wait a moment.", {"retry-after": "10"})
    secret = secrets.token_urlsafe(32)
    address = await issuer.address(secret)
    await page.desk.write(arrivals.depart, workshop, secret)
    answer = page.respond("sign_in.html", page.words("ws-sign-in"), host=issuer.host, address=address)
    set_cookie(answer, page.request, _COOKIE, secret, arrivals.MINUTES * 60, _BACK)
    return answer


@router.get(_BACK)
async def come_back(page: Page) -> Response:
    """Where the issuer sends people; it may add parameters of its own, which are not read.

    Where the way goes on is decided here alone: to the form of somebody who joins, or to the list of somebody known.
    """
    issuer, secret = _issuer(page), page.request.cookies.get(_COOKIE, "")
    given = {name: page.request.query_params.getlist(name) for name in ("state", "code", "iss", "error")}
    one = {name: values[0] for name, values in given.items() if len(values) == 1}
    if not secret or not hmac.compare_digest(derived(secret, "state").encode(), one.get("state", "").encode()):
        raise SignedOut("This sign-in was not begun in this browser. Begin again at /workshop/sign-in.")
    workshop = await page.desk.write(arrivals.arrive, secret)
    if "code" not in one or len(one["code"]) > _MOST_CODE or given["error"] or len(given["iss"]) > 1:
        raise NotAllowed("The issuer did not sign you in. Begin again at /workshop/sign-in.")
    subject = await issuer.subject(secret, one["code"], one.get("iss"))
    found = await page.desk.write(arrivals.seat_or_code, workshop, subject)
    if isinstance(found, str):
        answer = page.go("/workshop/join", code=found)
    else:
        answer = page.go("/workshop/home")
        sign_in(answer, page.request, found)
    answer.delete_cookie(_COOKIE, path=_BACK)
    return answer


def _issuer(page: WorkshopPage) -> Issuer:
    issuer = page.desk.issuer
    assert issuer is not None  # noqa: S101 - for the type checker: these routes are there only with an issuer
    return issuer
