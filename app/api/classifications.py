"""/isco, /nace and /crosswalk: other classifications, and the domains that their codes lead to."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api import views
from app.api.apart import apart
from app.api.domains import nace_digits
from app.errors import NotFound
from app.request import Ctx

router = APIRouter(tags=["classifications"])


@router.get("/isco/{code}", summary="An ISCO-08 group: its occupations and how many are cultural")
@apart(lambda given: 0.08 * len(given["ctx"].catalogue.under_isco(given["code"])))
async def isco(ctx: Ctx, code: str) -> Response:
    """Place, labels, crosswalk entries, occupations with their domains, and the share of them in scope."""
    group = ctx.catalogue.isco.get(code)
    if group is None:
        raise NotFound(f"There is no ISCO-08 group '{code[:20]}'.", field="code")
    return ctx.json(await ctx.built(views.isco_group, group))


@router.get("/nace/{code}", summary="A NACE Rev. 2.1 code: its occupations and how many are cultural")
async def nace(ctx: Ctx, code: str) -> Response:
    """Crosswalk entries, the occupations that ESCO links to the code or below it, and the share of them in scope."""
    digits = nace_digits(code)
    found = sorted({o for c, members in ctx.catalogue.by_nace.items() if c.startswith(digits) for o in members})
    if not found and not views.crosswalk_entries(ctx, "nace-2.1", digits):
        raise NotFound(
            f"No ESCO occupation and no crosswalk entry has the NACE Rev. 2.1 code {views.dotted(digits)}.",
            field="code",
        )
    return ctx.json(views.nace_code(ctx, digits, found))
