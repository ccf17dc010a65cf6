"""/occupations and /skills: single concepts with their relations, and occupations by classification."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api import tables, views
from app.api.apart import apart
from app.api.codes import concept_iri, isco_group, nace_activity, occupations_of, skill_group
from app.api.lookup import find, missing
from app.api.tables import ROW_COSTS, InForm, listed
from app.api.ways import below
from app.catalogue.concepts import Skill
from app.catalogue.keys import occupation_iri, skill_iri
from app.errors import BadParameter, NotFound, Problem
from app.request import Context, Ctx, Paging, concept_key

router = APIRouter()
_GROUP = re.compile(r"[SKLTsklt]?[0-9.]{0,10}")
_CODE = re.compile(r"[0-9]{4}(?:\.[0-9]+)+")


@router.get("/occupations", tags=["occupations"], summary="Occupations by code, ISCO, NACE or domain")
@apart(3.0, ROW_COSTS)
async def occupations(
    ctx: Ctx,
    paging: Paging,
    form: InForm,
    isco: Annotated[
        str | None, Query(description="ISCO-08 group of any level: 2621, C2621 or its IRI.", examples=["2621"])
    ] = None,
    nace: Annotated[
        str | None,
        Query(description="NACE Rev. 2.1 code of any level: S, 91, 91.21, 9121 or its IRI.", examples=["91.21"]),
    ] = None,
    domain: Annotated[str | None, Query(description="Domain or sub-domain.", examples=["heritage"])] = None,
    degree: Annotated[
        Literal["core", "related"] | None,
        Query(description="Only of this degree, in the domain that is given or in any."),
    ] = None,
    code: Annotated[
        str | None, Query(description="The ESCO code of one occupation.", examples=["2621.3"], max_length=40)
    ] = None,
    uri: Annotated[str | None, Query(description="The IRI of one occupation.", max_length=2000)] = None,
) -> Response:
    """All occupations that fit every given filter, by label."""
    catalogue = ctx.catalogue
    found = set(catalogue.occupations)
    if uri is not None:
        iri = concept_iri(uri)
        if iri not in catalogue.occupations:
            raise missing(ctx, iri, "occupation", "uri")
        found = {iri}
    if code is not None:
        found &= {with_code(ctx, code, "code", BadParameter)}
    if isco is not None:
        found &= {*catalogue.under_isco(isco_group(ctx, isco).code)}
    if nace is not None:
        found &= occupations_of(ctx, nace_activity(ctx, nace))
    if domain is not None or degree is not None:
        members = catalogue.decisions_in(None if domain is None else find(ctx, domain))
        found &= {d.occupation for d in members if degree in (None, d.degree)}
    ordered = sorted(found, key=lambda o: (ctx.labels.rank(o), o))
    return listed(
        ctx, ordered, paging, form, whole=lambda o: views.occupation_item(ctx, o), record=lambda o: tables.occupation(ctx, o),
        columns=tables.OCCUPATION,
    )  # fmt: skip


@router.get(
    "/occupations/{uuid}", tags=["occupations"], summary="One occupation: words, place, skills, domains with evidence"
)
async def occupation(ctx: Ctx, uuid: str) -> Response:
    """Labels, description, hierarchy, ISCO, NACE, essential and optional skills, and every domain decision.

    By the UUID of its IRI, or by its ESCO code.
    """
    coded = _CODE.fullmatch(uuid)
    iri = with_code(ctx, uuid, "uuid", NotFound) if coded else occupation_iri(concept_key(uuid, "occupation"))
    if iri not in ctx.catalogue.occupations:
        raise missing(ctx, iri, "occupation")
    return ctx.json(await ctx.built(views.occupation, ctx.catalogue.occupations[iri]))


def with_code(ctx: Context, code: str, field: str, unknown: type[Problem]) -> str:
    """The IRI of the occupation with an ESCO code. Raises `unknown`, naming the parameter."""
    wanted = code.strip(" ")
    found = next((o.iri for o in ctx.catalogue.occupations.values() if wanted and o.code == wanted), None)
    if found is None:
        group = wanted.partition(".")[0]
        more = {"see": ctx.url(f"/occupations?isco={group}")} if group in ctx.catalogue.isco else {}
        raise unknown(f"{field}: no occupation of this release has the code '{code[:40]}'.", None, field=field, **more)
    return found


@router.get("/skills", tags=["skills"], summary="Skills by group, type, reuse level or collection")
@apart(12.0)
async def skill_list(
    ctx: Ctx,
    paging: Paging,
    form: InForm,
    group: Annotated[
        str | None,
        Query(description="Under this group of skills or field of knowledge.", examples=["S1.2"], max_length=40),
    ] = None,
    type: Annotated[Literal["skill", "knowledge"] | None, Query(description="skill or knowledge.")] = None,
    reuse_level: Annotated[
        Literal["transversal", "cross-sector", "sector-specific", "occupation-specific"] | None,
        Query(alias="reuse-level", description="Only of this reuse level."),
    ] = None,
    collection: Annotated[
        Literal["digital", "green", "digcomp", "research", "language", "transversal", "ict"] | None,
        Query(description="Only of this collection of ESCO."),
    ] = None,
    uri: Annotated[str | None, Query(description="The IRI of one skill.", max_length=2000)] = None,
) -> Response:
    """All skills that fit every given filter, by label."""
    found: Iterable[Skill] = ctx.catalogue.skills.values()
    if uri is not None:
        iri = concept_iri(uri)
        if iri not in ctx.catalogue.skills:
            raise missing(ctx, iri, "skill", "uri")
        found = [ctx.catalogue.skills[iri]]
    if group is not None:
        under = below(ctx.catalogue, skill_group(ctx, group, "group", BadParameter))
        found = [s for s in found if s.iri in under]
    shown = [
        s.iri
        for s in found
        if (type is None or s.type == type)
        and (reuse_level is None or s.reuse == reuse_level)
        and (collection is None or collection in s.collections)
    ]
    ordered = sorted(shown, key=lambda s: (ctx.labels.rank(s), s))
    return listed(
        ctx, ordered, paging, form, whole=lambda s: ctx.part("skill", s, views.skill_ref),
        record=lambda s: tables.skill(ctx, s), columns=tables.SKILL,
    )  # fmt: skip


@router.get("/skills/{uuid}", tags=["skills"], summary="One skill, with the occupations that need it")
async def skill(ctx: Ctx, uuid: str) -> Response:
    """Labels, description, type, reuse level, hierarchy, and for which occupations it is essential or optional."""
    if _GROUP.fullmatch(uuid):
        raise missing(ctx, skill_group(ctx, uuid, "uuid", NotFound).iri, "skill")
    iri = skill_iri(concept_key(uuid, "skill"))
    if iri not in ctx.catalogue.skills:
        raise missing(ctx, iri, "skill")
    return ctx.json(await ctx.built(views.skill, ctx.catalogue.skills[iri]))
