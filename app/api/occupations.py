"""/occupations and /skills: single concepts with their relations, and occupations by classification."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api import views
from app.api.domains import find, isco_digits, nace_digits
from app.catalogue.keys import local_name, occupation_iri, skill_iri
from app.request import Context, Ctx, Paging, concept_key, listing, missing

router = APIRouter()


@router.get("/occupations", tags=["occupations"], summary="Occupations by ISCO, NACE or domain")
async def occupations(
    ctx: Ctx,
    paging: Paging,
    isco: Annotated[str | None, Query(description="ISCO-08 code of any level.", examples=["2621"])] = None,
    nace: Annotated[
        str | None, Query(description="NACE Rev. 2.1 code of any level, with or without dots.", examples=["91.21"])
    ] = None,
    domain: Annotated[str | None, Query(description="Domain or sub-domain.", examples=["heritage"])] = None,
    uri: Annotated[str | None, Query(description="The IRI of one occupation.")] = None,
) -> Response:
    """All occupations that fit every given filter, by label; with the IRI of one, that one."""
    catalogue = ctx.catalogue
    if uri is not None:
        if uri not in catalogue.occupations:
            raise missing(ctx, uri, "occupation")
        return ctx.json(await ctx.built(views.occupation, catalogue.occupations[uri]))
    found = set(catalogue.occupations)
    if isco is not None:
        found &= {*catalogue.under_isco(isco_digits(isco))}
    if nace is not None:
        digits = nace_digits(nace)
        found &= {o for code, members in catalogue.by_nace.items() if code.startswith(digits) for o in members}
    if domain is not None:
        where = find(ctx, domain)
        members = catalogue.by_domain.get(where.broader or where.id, [])
        found &= {d.occupation for d in members if not where.broader or d.sub_domain == where.id}
    ordered = sorted(found, key=lambda o: (ctx.labels.rank(o), o))
    return listing(ctx, ordered, paging, lambda o: summary(ctx, o))


@router.get(
    "/occupations/{uuid}", tags=["occupations"], summary="One occupation: words, place, skills, domains with evidence"
)
async def occupation(ctx: Ctx, uuid: str) -> Response:
    """Labels, description, hierarchy, ISCO, NACE, essential and optional skills, and every domain decision."""
    iri = occupation_iri(concept_key(uuid, "occupation"))
    if iri not in ctx.catalogue.occupations:
        raise missing(ctx, iri, "occupation")
    return ctx.json(await ctx.built(views.occupation, ctx.catalogue.occupations[iri]))


@router.get("/skills/{uuid}", tags=["skills"], summary="One skill, with the occupations that need it")
async def skill(ctx: Ctx, uuid: str) -> Response:
    """Labels, description, type, reuse level, hierarchy, and for which occupations it is essential or optional."""
    iri = skill_iri(concept_key(uuid, "skill"))
    if iri not in ctx.catalogue.skills:
        raise missing(ctx, iri, "skill")
    return ctx.json(await ctx.built(views.skill, ctx.catalogue.skills[iri]))


def summary(ctx: Context, iri: str) -> views.Json:
    """An occupation in a list: reference, ISCO, NACE and the domains it is in."""
    item = ctx.catalogue.occupations[iri]
    return {
        **views.occupation_ref(ctx, iri),
        "iscoGroup": item.isco,
        "naceCode": [views.dotted(local_name(n)) for n in item.nace],
        "domains": [
            {"uri": d.iri, "domain": d.domain, "degree": d.degree, "confidence": d.confidence}
            for d in item.decisions
            if d.degree != "excluded"
        ],
    }
