"""/domains: the sectors, and the occupations that belong to them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api import views
from app.catalogue.concepts import Decision, Domain
from app.catalogue.keys import local_name
from app.catalogue.labels import fold
from app.errors import BadParameter, NotFound
from app.request import Context, Ctx, Paging, listing

router = APIRouter(prefix="/domains", tags=["domains"])

FUNCTIONS = ("creation", "production", "dissemination", "preservation", "education", "management")
CODE = re.compile(r"[0-9]{1,4}")


def check_function(name: str, field: str = "function") -> None:
    """Raises BadParameter for what is no function of ESSnet-Culture."""
    if name not in FUNCTIONS:
        known = list(FUNCTIONS)
        raise BadParameter(f"function: '{name[:40]}' is none of {', '.join(known)}.", field=field, known=known)


@router.get("", summary="The domains of the cultural and creative sectors")
async def domains(ctx: Ctx, paging: Paging) -> Response:
    """The eleven domains with the number of occupations in each."""
    tops = [d for d in ctx.catalogue.domains.values() if not d.broader]
    return listing(ctx, sorted(tops, key=lambda d: d.id), paging, lambda d: views.domain(ctx, d))


@router.get("/{id}", summary="One domain or sub-domain")
async def domain(ctx: Ctx, id: str) -> Response:
    """Definition, sub-domains, and what the domain corresponds to in other classifications."""
    return ctx.json(
        {
            "@context": ctx.url("/context.jsonld"),
            **views.domain(ctx, find(ctx, id), full=True),
            "language": ctx.language,
        }
    )


@router.get("/{id}/occupations", summary="The occupations of a sector, with evidence")
async def domain_occupations(
    ctx: Ctx,
    paging: Paging,
    id: str,
    degree: Annotated[
        Literal["core", "related"] | None, Query(description="core or related; both when left out.")
    ] = None,
    route: Annotated[
        Literal["isco", "nace", "curated", "skills", "label"] | None,
        Query(description="Only those that this evidence route supports."),
    ] = None,
    isco: Annotated[
        str | None, Query(description="Only under this ISCO-08 code, of any level.", examples=["262"])
    ] = None,
    nace: Annotated[
        str | None, Query(description="Only under this NACE Rev. 2.1 code, of any level, with or without dots.")
    ] = None,
    function: Annotated[
        str | None, Query(description="Only with this ESSnet-Culture function.", examples=["preservation"])
    ] = None,
    sub_domain: Annotated[
        str | None, Query(alias="sub-domain", description="Only of this sub-domain.", examples=["museums"])
    ] = None,
    q: Annotated[str | None, Query(description="Only with these words in a preferred or alternative label.")] = None,
) -> Response:
    """Core before related, then by label. Each item says its degree, confidence, function, sub-domain and evidence."""
    where = find(ctx, id)
    found = ctx.catalogue.by_domain.get(where.broader or where.id, [])
    if where.broader:
        found = [d for d in found if d.sub_domain == where.id]
    if degree:
        found = [d for d in found if d.degree == degree]
    if route:
        found = [d for d in found if any(a.route == route and a.degree != "excluded" for a in d.evidence)]
    if isco is not None:
        code = isco_digits(isco)
        found = [d for d in found if ctx.catalogue.occupations[d.occupation].isco.startswith(code)]
    if nace is not None:
        digits = nace_digits(nace)
        found = [
            d
            for d in found
            if any(local_name(n).startswith(digits) for n in ctx.catalogue.occupations[d.occupation].nace)
        ]
    if function is not None:
        check_function(function)
        found = [d for d in found if function in d.functions]
    if sub_domain is not None:
        if sub_domain not in where.narrower:
            raise BadParameter(
                f"sub-domain: {where.id} has none called '{sub_domain[:40]}'.", field="sub-domain", known=where.narrower
            )
        found = [d for d in found if d.sub_domain == sub_domain]
    if q is not None:
        found = await matching(ctx, found, q)
    rank = ctx.labels.rank
    ordered = sorted(found, key=lambda d: (d.degree, rank(d.occupation), d.occupation))
    return listing(ctx, ordered, paging, lambda d: views.domain_member(ctx, d), domain=where.id)


def find(ctx: Context, key: str) -> Domain:
    """The domain of this identifier. Raises NotFound naming those there are."""
    if found := ctx.catalogue.domains.get(key):
        return found
    known = sorted(d.id for d in ctx.catalogue.domains.values() if not d.broader)
    raise NotFound(f"There is no domain '{key[:40]}'.", field="id", known=known)


async def matching(ctx: Context, found: list[Decision], q: str) -> list[Decision]:
    """Those whose labels hold every word of the query; accents and case do not matter."""
    if len(q) > ctx.limits.query_text:
        raise BadParameter(
            f"q: longer than {ctx.limits.query_text} characters.", field="q", maximum=ctx.limits.query_text
        )
    wanted = fold(q).split()
    texts = [await ctx.catalogue.search_text(tag) for tag in dict.fromkeys((ctx.label_language, "en"))]
    return [d for d in found if any(all(w in t.get(d.occupation, "") for w in wanted) for t in texts)]


def isco_digits(code: str) -> str:
    """An ISCO-08 code of any level. Raises BadParameter."""
    if not CODE.fullmatch(code):
        raise BadParameter(f"isco: '{code[:20]}' is not an ISCO-08 code of one to four digits.", field="isco")
    return code


def nace_digits(code: str) -> str:
    """A NACE code as ESCO cuts it: no dots, no trailing zero of a class. Raises BadParameter."""
    digits = code.replace(".", "")
    if not CODE.fullmatch(digits) or len(digits) < 2:
        raise BadParameter(
            f"nace: '{code[:20]}' is not a NACE code of two to four digits.", field="nace", example="90.31"
        )
    return digits[:3] if len(digits) == 4 and digits[3] == "0" else digits
