"""/occupations and /skills: single concepts with their relations, and occupations by classification."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from app.api import tables, views
from app.api.apart import apart
from app.api.codes import concept_iri, isco_group, nace_activity, occupations_of, skill_group
from app.api.lookup import find, missing, occupation_of, present, skill_of
from app.api.routing import api_router
from app.api.tables import ROW_COSTS, InForm, list_response
from app.api.views import Decision, GroupRef, NaceRef, OccupationRef, ScopedOccupation, SkillRef, Words
from app.catalogue.concepts import Occupation, Skill
from app.errors import BadParameter, NotFound, Problem
from app.http.shapes import LinkedShape, Listing, Shape
from app.request import Context, Ctx, Paging
from ontology import local_name

router = api_router()
_GROUP = re.compile(r"[SKLTsklt]?[0-9.]{0,10}")
CODE = re.compile(r"[0-9]{4}(?:\.[0-9]+)+")


class OccupationLinks(Shape):
    """Where to read on."""

    self: str
    evidence: str


class OccupationDetail(Words, LinkedShape):
    """One occupation."""

    uri: str
    className: Literal["Occupation"]
    code: str
    broaderIscoGroup: GroupRef | None
    iscoHierarchy: list[GroupRef]
    broaderOccupation: list[OccupationRef]
    narrowerOccupation: list[OccupationRef]
    naceCode: list[NaceRef]
    regulatedProfessionNote: Annotated[str | None, Field(description="ESCO's note, an IRI.")]
    regulatedProfession: Annotated[bool | None, Field(description="What the note says; null where ESCO has none.")]
    collections: list[str]
    domains: Annotated[list[Decision], Field(description="The domains that it is in: core before related.")]
    excluded: Annotated[
        list[Decision], Field(description="Decisions that it is not in a domain, where a route says otherwise.")
    ]
    hasEssentialSkill: list[SkillRef]
    hasOptionalSkill: list[SkillRef]
    release: str
    links: OccupationLinks


class SkillRefs(Listing):
    """Skills."""

    items: list[SkillRef]


class SkillLinks(Shape):
    """Where to read on."""

    self: str


class SkillDetail(Words, LinkedShape):
    """One skill or knowledge concept."""

    uri: str
    className: Literal["Skill"]
    skillType: str | None
    reuseLevel: str | None
    collections: list[str]
    broaderHierarchyConcept: list[GroupRef]
    paths: Annotated[list[list[GroupRef]], Field(description="Each way from the top of a hierarchy down to it.")]
    broaderSkill: list[SkillRef]
    narrowerSkill: list[SkillRef]
    isEssentialForOccupation: list[ScopedOccupation]
    isOptionalForOccupation: list[ScopedOccupation]
    release: str
    links: SkillLinks


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
    kept = set(catalogue.occupations)
    if uri is not None:
        kept = {present(ctx, concept_iri(uri), "occupation", "uri")}
    if code is not None:
        kept &= {with_code(ctx, code, "code", BadParameter)}
    if isco is not None:
        kept &= {*catalogue.under_isco(isco_group(ctx, isco).code)}
    if nace is not None:
        kept &= occupations_of(ctx, nace_activity(ctx, nace))
    if domain is not None or degree is not None:
        members = catalogue.decisions_in(None if domain is None else find(ctx, domain))
        kept &= {d.occupation for d in members if degree in (None, d.degree)}
    ordered = sorted(kept, key=lambda o: (ctx.labels.rank(o), o))
    return list_response(
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
    iri = with_code(ctx, uuid, "uuid", NotFound) if CODE.fullmatch(uuid) else occupation_of(ctx, uuid)
    return ctx.json(await ctx.built(occupation_detail, ctx.catalogue.occupations[iri]))


def with_code(ctx: Context, code: str, field: str, unknown: type[Problem]) -> str:
    """The IRI of the occupation with an ESCO code. Raises `unknown`, naming the parameter."""
    wanted = code.strip(" ")
    iri = next((o.iri for o in ctx.catalogue.occupations.values() if wanted and o.code == wanted), None)
    if iri is None:
        group = wanted.partition(".")[0]
        more = {"see": ctx.url(f"/occupations?isco={group}")} if group in ctx.catalogue.isco else {}
        raise unknown(f"{field}: no occupation of this release has the code '{code[:40]}'.", None, field=field, **more)
    return iri


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
    skills: Iterable[Skill] = ctx.catalogue.skills.values()
    if uri is not None:
        skills = [ctx.catalogue.skills[present(ctx, concept_iri(uri), "skill", "uri")]]
    if group is not None:
        under = ctx.catalogue.skills_under(skill_group(ctx, group, "group", BadParameter).iri)
        skills = [s for s in skills if s.iri in under]
    shown = [
        s.iri
        for s in skills
        if (type is None or s.type == type)
        and (reuse_level is None or s.reuse == reuse_level)
        and (collection is None or collection in s.collections)
    ]
    ordered = sorted(shown, key=lambda s: (ctx.labels.rank(s), s))
    return list_response(
        ctx, ordered, paging, form, whole=lambda s: views.skill_part(ctx, s),
        record=lambda s: tables.skill(ctx, s), columns=tables.SKILL,
    )  # fmt: skip


@router.get("/skills/{uuid}", tags=["skills"], summary="One skill, with the occupations that need it")
async def skill(ctx: Ctx, uuid: str) -> Response:
    """Labels, description, type, reuse level, hierarchy, and for which occupations it is essential or optional."""
    if _GROUP.fullmatch(uuid):
        raise missing(ctx, skill_group(ctx, uuid, "uuid", NotFound).iri, "skill")
    iri = skill_of(ctx, uuid)
    return ctx.json(await ctx.built(skill_detail, ctx.catalogue.skills[iri]))


def occupation_detail(ctx: Context, item: Occupation) -> OccupationDetail:
    """Everything about one occupation."""
    catalogue = ctx.catalogue
    unit = catalogue.isco.get(item.isco)
    return {
        "@context": ctx.url("/context.jsonld"),
        "uri": item.iri,
        "className": "Occupation",
        "code": item.code,
        **views.words(ctx, item.iri),
        "broaderIscoGroup": views.group_ref(ctx, unit) if unit else None,
        "iscoHierarchy": [views.group_ref(ctx, g) for g in catalogue.isco_path(item.isco)],
        "broaderOccupation": views.occupation_refs(ctx, item.broader),
        "narrowerOccupation": views.occupation_refs(ctx, item.narrower),
        "naceCode": [views.nace_ref(ctx, n) for n in item.nace],
        "regulatedProfessionNote": item.regulated_note or None,
        "regulatedProfession": item.regulated,
        "collections": item.collections,
        "domains": [views.decision(d) for d in item.decisions if d.degree != "excluded"],
        "excluded": [views.decision(d) for d in item.decisions if d.degree == "excluded"],
        "hasEssentialSkill": views.skills(ctx, item.essential),
        "hasOptionalSkill": views.skills(ctx, item.optional),
        "language": ctx.language,
        "release": ctx.served.release.id,
        "links": {
            "self": ctx.url(f"/occupations/{local_name(item.iri)}"),
            "evidence": ctx.url(f"/scope/occupations/{local_name(item.iri)}"),
        },
    }


def skill_detail(ctx: Context, item: Skill) -> SkillDetail:
    """Everything about one skill."""
    catalogue = ctx.catalogue

    def needed_by(iris: list[str]) -> list[views.ScopedOccupation]:
        return [ctx.part("needing", o, views.scoped_occupation) for o in sorted(iris, key=ctx.labels.rank)]

    return {
        "@context": ctx.url("/context.jsonld"),
        "uri": item.iri,
        "className": "Skill",
        **views.words(ctx, item.iri),
        "skillType": item.type or None,
        "reuseLevel": item.reuse or None,
        "collections": item.collections,
        "broaderHierarchyConcept": views.group_refs(ctx, item.broader),
        "paths": views.paths(ctx, item.iri),
        "broaderSkill": views.skills(ctx, [b for b in item.broader if b in catalogue.skills]),
        "narrowerSkill": views.skills(ctx, [n for n in item.narrower if n in catalogue.skills]),
        "isEssentialForOccupation": needed_by(item.essential_for),
        "isOptionalForOccupation": needed_by(item.optional_for),
        "language": ctx.language,
        "release": ctx.served.release.id,
        "links": {"self": ctx.url(f"/skills/{local_name(item.iri)}")},
    }
