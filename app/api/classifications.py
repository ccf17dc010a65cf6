"""/isco, /nace and /skill-groups: classifications, and the domains that their codes lead to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from app.api import views
from app.api.apart import apart
from app.api.codes import concept_iri, isco_group, nace_activity, occupations_of, skill_group
from app.api.crosswalk_schemes import CrosswalkEntry, crosswalk_entries
from app.api.routing import api_router
from app.api.views import GroupRef, ScopedOccupation, SkillRef, Words
from app.catalogue.concepts import Group
from app.errors import NotFound
from app.http.shapes import LinkedShape, Listing, Shape
from app.request import Context, Ctx, Paging, listing
from ontology.nace import Activity, Revision, activities, cut, path

router = api_router("classifications")

Level = Annotated[int | None, Query(ge=1, le=4, description="Only of this level, 1 for the highest.")]


class GroupList(Listing):
    """Groups of a classification."""

    items: list[GroupRef]


class Members(Shape):
    """Occupations, and how many of them are in scope."""

    occupations: list[ScopedOccupation]
    total: int
    inScope: int
    share: float | None


class IscoGroup(Words, Members, LinkedShape):
    """An ISCO-08 group."""

    uri: str
    className: Literal["Concept"]
    code: str
    href: str
    hierarchy: list[GroupRef]
    narrower: list[GroupRef]
    crosswalk: list[CrosswalkEntry]


class SkillGroup(Words, LinkedShape):
    """A group of skills or field of knowledge."""

    uri: str
    className: Literal["Concept"]
    code: str
    href: str
    paths: Annotated[list[list[GroupRef]], Field(description="Each way from the top of the hierarchy down to it.")]
    narrower: list[GroupRef]
    skills: Annotated[list[SkillRef], Field(description="Right below it.")]


class NaceList(Listing):
    """NACE codes in the order of the classification."""

    items: list[views.Activity]


class NaceCode(views.Activity, Members, LinkedShape):
    """A NACE Rev. 2.1 code."""

    hierarchy: list[views.Activity]
    narrower: list[views.Activity]
    crosswalk: list[CrosswalkEntry]


@router.get("/isco", summary="The ISCO-08 groups, or one by any usual form of its code")
async def isco_groups(
    ctx: Ctx,
    paging: Paging,
    code: Annotated[str | None, Query(description="One group: 2651, C2651 or its IRI.", examples=["C2651"])] = None,
    level: Level = None,
) -> Response:
    """By code: major groups have one digit, unit groups four."""
    groups = [*ctx.catalogue.isco.values()] if code is None else [isco_group(ctx, code, "code")]
    shown = sorted((g for g in groups if level is None or len(g.code) == level), key=lambda g: g.code)
    return listing(ctx, shown, paging, lambda group: views.group_ref(ctx, group))


@router.get("/isco/{code}", summary="An ISCO-08 group: its occupations and how many are cultural")
async def isco(ctx: Ctx, code: str) -> Response:
    """Place, labels, crosswalk entries, occupations with their domains, and the share of them in scope."""
    return await _isco(ctx=ctx, group=isco_group(ctx, code, "code", NotFound).code)


@apart(lambda given: 0.08 * len(given["ctx"].catalogue.under_isco(given["group"])))
async def _isco(ctx: Context, group: str) -> Response:
    return ctx.json(await ctx.built(_isco_group, ctx.catalogue.isco[group]))


@router.get("/nace", summary="The NACE codes, or one by any usual form")
async def nace_codes(
    ctx: Ctx,
    paging: Paging,
    code: Annotated[
        str | None, Query(description="One code: S, 91, 91.21, 9121 or its IRI.", examples=["9121"])
    ] = None,
    revision: Annotated[Revision, Query(description="2.1, which ESCO uses, or 2.")] = "2.1",
    level: Level = None,
) -> Response:
    """In the order of the classification: sections, divisions, groups, classes. Names are Eurostat's, in English."""
    codes = [nace_activity(ctx, code, "code", revision)] if code is not None else [*activities(revision).values()]
    levels = {1: 1, 2: 2, 3: 4, 4: 5}  # level: characters of a code
    shown = [item for item in codes if level is None or len(item.code) == levels[level]]
    return listing(ctx, shown, paging, lambda item: views.activity(ctx, item))


@router.get("/nace/{code}", summary="A NACE Rev. 2.1 code: its occupations and how many are cultural")
async def nace(ctx: Ctx, code: str) -> Response:
    """Name and place, crosswalk entries, the occupations that ESCO links to the code or below it, and the share in scope."""
    return await _nace(ctx=ctx, code=nace_activity(ctx, code, "code", unknown=NotFound).code)


@apart(lambda given: 0.08 * len(occupations_of(given["ctx"], activities("2.1")[given["code"]])))
async def _nace(ctx: Context, code: str) -> Response:
    return ctx.json(_nace_code(ctx, activities("2.1")[code]))


@router.get("/skill-groups", summary="The groups of the skills hierarchy and fields of knowledge")
async def skill_groups(
    ctx: Ctx,
    paging: Paging,
    uri: Annotated[str | None, Query(description="The IRI of one group.", max_length=2000)] = None,
    scheme: Annotated[
        Literal["skills", "isced-f"] | None, Query(description="Only groups of skills, or only fields of knowledge.")
    ] = None,
) -> Response:
    """By code: S, K, L and T are the heads of the skills hierarchy, figures are fields of ISCED-F."""
    groups = sorted((g for g in ctx.catalogue.groups.values() if g.scheme != "isco"), key=lambda g: (g.code, g.iri))
    if uri is not None:
        iri = concept_iri(uri)
        groups = [g for g in groups if g.iri == iri]
        if not groups:
            raise NotFound(f"This release has no group of skills {iri[:200]}.", field="uri", uri=iri[:200])
    shown = [g for g in groups if scheme is None or g.scheme == scheme]
    return listing(ctx, shown, paging, lambda group: views.group_ref(ctx, group))


@router.get("/skill-groups/{code}", summary="A group of skills or field of knowledge, with what is right below it")
async def one_skill_group(ctx: Ctx, code: str) -> Response:
    """Words and place, the groups and the skills right below. By code (S1.2.3) or by the UUID of its IRI."""
    return ctx.json(await ctx.built(_skill_group, skill_group(ctx, code, "code", NotFound)))


def _isco_group(ctx: Context, group: Group) -> IscoGroup:
    """An ISCO-08 group with its place, its crosswalk entries and the occupations under it."""
    catalogue = ctx.catalogue
    return {
        "@context": ctx.url("/context.jsonld"),
        **views.group_ref(ctx, group),
        **views.words(ctx, group.iri),
        "hierarchy": [views.group_ref(ctx, g) for g in catalogue.isco_path(group.code) if g is not group],
        "narrower": views.group_refs(ctx, sorted(group.narrower)),
        "crosswalk": crosswalk_entries(ctx, "isco-08", group.code),
        **_members(ctx, catalogue.under_isco(group.code)),
        "language": ctx.language,
    }


def _skill_group(ctx: Context, group: Group) -> SkillGroup:
    """A group of skills or field of knowledge with its place and what is right below it."""
    return {
        "@context": ctx.url("/context.jsonld"),
        **views.group_ref(ctx, group),
        **views.words(ctx, group.iri),
        "paths": views.paths(ctx, group.iri),
        "narrower": views.group_refs(ctx, sorted(group.narrower)),
        "skills": views.skills(ctx, [n for n in group.narrower if n in ctx.catalogue.skills]),
        "language": ctx.language,
    }


def _nace_code(ctx: Context, item: Activity) -> NaceCode:
    """A NACE Rev. 2.1 code with its place, its crosswalk entries and the occupations that ESCO links to it or below it."""
    return {
        "@context": ctx.url("/context.jsonld"),
        **views.activity(ctx, item),
        "hierarchy": [views.activity(ctx, a) for a in path(item)[:-1]],
        "narrower": [views.activity(ctx, a) for a in activities(item.revision).values() if a.above == item.code],
        "crosswalk": crosswalk_entries(ctx, "nace-2.1", cut(item.code), item.covers),
        **_members(ctx, occupations_of(ctx, item)),
        "language": ctx.language,
    }


def _members(ctx: Context, iris: Iterable[str]) -> Members:
    """Occupations with their domains, and how many of them are in scope."""
    members = [views.scoped_occupation(ctx, iri) for iri in sorted(iris, key=lambda o: (ctx.labels.rank(o), o))]
    in_scope = sum(bool(o["domains"]) for o in members)
    return {
        "occupations": members,
        "total": len(members),
        "inScope": in_scope,
        "share": round(in_scope / len(members), 4) if members else None,
    }
