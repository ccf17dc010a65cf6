"""/profiles/compare and /occupations/{uuid}/related: what is shared, missing and surplus, and which moves are near."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from fastapi import Query, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict
from starlette.exceptions import HTTPException
from starlette.responses import Response
from typing_extensions import TypedDict

from analysis.profiles.similarity import SkillSet
from analysis.profiles.tables import Warning
from app.api.apart import apart
from app.api.bodies import FIRST_ERROR, Body, BoundedBody, Iri, Name, few, most_of
from app.api.lookup import at_most, occupation_of
from app.api.profiles import views as profile_views
from app.api.profiles.concepts import occupation, skill
from app.api.profiles.moves import (
    BridgingSkill,
    Moves,
    Nearness,
    Thresholds,
    bridge,
    move,
    nearest,
    needs_of,
    needs_of_profile,
    occupations_among,
    thresholds,
    to_learn,
)
from app.api.profiles.provenance import ProfileWarning, warning
from app.api.profiles.request import ComposeIn, check_request, from_body, with_language
from app.api.profiles.views import ProfileHead
from app.api.routing import api_router
from app.api.views import Json, OccupationRef, occupation_ref
from app.catalogue.keys import occupation_iri
from app.errors import BadParameter
from app.http.shapes import Listing, Shape
from app.request import Context, Ctx, Paging, counted, listing

router = api_router("profiles", route_class=BoundedBody)

Relation = Literal["essential", "optional"]


class RelatedOccupations(Moves):
    """Occupations near another one."""

    occupation: OccupationRef
    direction: Literal["out", "into"]
    among: str


class SkillList(Shape):
    """A list of skills as a side of a comparison."""

    className: Literal["SkillList"]
    title: str | None
    skillCount: int


class ComparedProfile(ProfileHead):
    """A profile as a side of a comparison."""

    href: str


Compared = OccupationRef | ComparedProfile | SkillList
_From = TypedDict("_From", {"from": Compared})
_FromRelation = TypedDict("_FromRelation", {"from": Relation | None})


class ComparedSkill(_FromRelation, Shape):
    """A skill with its relation on either side."""

    skill: BridgingSkill
    to: Relation | None


class Comparison(Nearness):
    """One side compared with another."""

    to: Compared
    shared: list[ComparedSkill]
    missing: list[ComparedSkill]
    surplus: list[ComparedSkill]
    warnings: list[ProfileWarning]


class ComparedMoves(_From, Moves):
    """A side compared with a set of occupations."""

    warnings: NotRequired[list[ProfileWarning]]


class Comparisons(_From, Listing):
    """A side compared with others."""

    thresholds: Thresholds
    items: list[Comparison]


class SideIn(Body):
    """One side of a comparison: exactly one of occupation, profile, skills and compose."""

    occupation: Iri = Field("", description="IRI or UUID of an ESCO occupation.")
    profile: Name = Field("", description="Identifier of a profile template.")
    skills: Annotated[list[Iri], FIRST_ERROR, few(most_of("compare_skills"))] = Field(
        default_factory=list, description="ESCO skills: those of a person, or a training programme."
    )
    compose: ComposeIn | None = Field(None, description="A profile to compose.")
    title: str = Field("", max_length=200, description="What to call a list of skills.")


# A curriculum of two skills against a template, answered by the bundled sample.
COMPARE_EXAMPLE: JsonDict = {
    "from": {
        "skills": [
            "http://data.europa.eu/esco/skill/c1b4aa1e-bc42-49e4-952a-0cbd45f1d57b",
            "http://data.europa.eu/esco/skill/397c14d5-42e0-4c85-8376-4c70b5a90bcf",
        ],
        "title": "Curriculum",
    },
    "to": [{"profile": "heritage-preservation"}],
}


class CompareIn(Body):
    """What to compare with what."""

    model_config = ConfigDict(json_schema_extra={"examples": [COMPARE_EXAMPLE]})
    bound = "compare_bytes"

    origin: SideIn = Field(alias="from", description="Who or what is compared.")
    to: Annotated[list[SideIn], FIRST_ERROR, few(most_of("compare_targets"))] = Field(
        default_factory=list, description="With what; or leave it to `among`."
    )
    among: Name = Field("", description="With all occupations of: ccsi, a domain, outside (the sectors), or all.")
    language: Name | None = Field(None, description="As the parameter language.")


class Side(NamedTuple):
    """A side of a comparison, checked: its skills and how it is referred to."""

    skills: SkillSet
    ref: Compared
    warnings: tuple[Warning, ...] = ()
    occupation: str = ""  # where it is one


def _sides(given: Mapping[str, Any]) -> int:
    """With how many sides the one is compared."""
    body: CompareIn = given["body"]
    return len(occupations_among(given["ctx"], body.among)) if body.among else len(body.to)


@router.post("/profiles/compare", summary="Compare occupations, profiles and lists of skills")
@apart(lambda given: 12.0 * len(given["body"].to), {"json": 0.04}, there=_sides)
async def compare_profiles(request: Request, ctx: Ctx, paging: Paging, body: CompareIn) -> Response:
    """Shared, missing and surplus skills, coverage both ways, and whether the move is viable.

    With `to`, one item for each of its sides, in their order, with the skills; with `among`, the occupations of a set, the
    most similar first, with the skills that bridge the way to them. The list is paged like any other.
    """
    ctx = await with_language(request, ctx, body.language)
    if bool(body.to) == bool(body.among):
        raise BadParameter("to: give either the sides to compare with, or a set of occupations in among.", field="to")
    most = ctx.limits.compare_targets
    if len(body.to) > most:
        raise BadParameter(f"to: at most {most} sides, not {len(body.to)}.", field="to", maximum=most)
    origin = _side(ctx, body.origin, "from")
    more = {"from": origin.ref, "thresholds": thresholds(ctx)}
    if body.among:
        nearness = ctx.catalogue.profiles.transition_index.out_of(origin.skills)
        rows = nearest(ctx, nearness, occupations_among(ctx, body.among) - {origin.occupation})
        shown = rows[paging.offset : paging.offset + paging.limit].tolist()
        payload: Json = {
            "@context": ctx.url("/context.jsonld"), **more,
            "items": [move(ctx, nearness, n, lambda o: to_learn(ctx, o, origin.skills)) for n in shown],
            **counted(len(rows), paging), "language": ctx.language,
        }  # fmt: skip
        if origin.warnings:
            payload["warnings"] = [warning(w) for w in origin.warnings]
        return ctx.json(payload)
    sides = [_side(ctx, side, f"to.{n}") for n, side in enumerate(body.to)]
    return listing(ctx, sides, paging, lambda side: _pair(ctx, origin, side), **more)


@router.get("/profiles/compare", include_in_schema=False)
async def compare_profiles_by_get() -> Response:
    """A comparison is posted; without this its path would be read as the name of a profile."""
    raise HTTPException(405)


@router.get("/occupations/{uuid}/related", summary="Near occupations, and the skills that bridge the way")
@apart(2.0, {"json": 0.03, "jsonld": 0.06})
async def related(
    ctx: Ctx,
    paging: Paging,
    uuid: str,
    direction: Annotated[
        Literal["out", "into"], Query(description="Moves out of this occupation, or from others into it.")
    ] = "out",
    among: Annotated[
        str, Query(description="Only with occupations of: ccsi, a domain, outside (the sectors), or all.")
    ] = "ccsi",
    viability: Annotated[
        Literal["viable", "highly-viable"] | None, Query(description="Only moves that are at least this.")
    ] = None,
) -> Response:
    """The most similar first, each with coverage both ways, viability, and the essential skills that are missing.

    Viability follows the method of Nesta's Mapping Career Causeways; docs/profile-guidelines.md says how.
    """
    iri = occupation_of(ctx, uuid)
    transition_index, mine = ctx.catalogue.profiles.transition_index, needs_of(ctx, iri)
    keep = occupations_among(ctx, among) - {iri}
    nearness = transition_index.out_of(mine) if direction == "out" else transition_index.into(mine)
    if viability:
        least = transition_index.viable if viability == "viable" else transition_index.highly_viable
        keep = {o for o in keep if nearness.similarity[transition_index.row[o]] >= least}

    def lacking(other: str) -> list[str]:
        return to_learn(ctx, other, mine) if direction == "out" else to_learn(ctx, iri, needs_of(ctx, other))

    more = {
        "occupation": occupation_ref(ctx, iri),
        "direction": direction,
        "among": among,
        "thresholds": thresholds(ctx),
    }
    rows = nearest(ctx, nearness, keep).tolist()
    return listing(ctx, rows, paging, lambda n: move(ctx, nearness, n, lacking), **more)


def _pair(ctx: Context, one: Side, other: Side) -> Comparison:
    """Two sides with their skills."""
    transition_index = ctx.catalogue.profiles.transition_index
    alike, coverage, reverse = transition_index.between(one.skills, other.skills)
    mine, theirs = one.skills, other.skills

    def listed(skills: frozenset[str]) -> list[ComparedSkill]:
        return [
            {
                "skill": ctx.part("bridge", s, bridge),
                "from": _relation(mine, s), "to": _relation(theirs, s),
            }
            for s in sorted(skills, key=lambda s: (_relation(theirs, s) != "essential", ctx.labels.rank(s), s))
        ]  # fmt: skip

    return {
        "to": other.ref,
        "similarity": round(alike, 4),
        "viability": transition_index.viability(alike),
        "coverage": round(coverage, 4),
        "reverseCoverage": round(reverse, 4),
        "shared": listed(mine.every & theirs.every),
        "missing": listed(theirs.every - mine.every),
        "surplus": listed(mine.every - theirs.every),
        "warnings": [warning(w) for w in (*one.warnings, *other.warnings)],
    }


def _relation(skills: SkillSet, skill: str) -> Relation | None:
    return "essential" if skill in skills.essential else "optional" if skill in skills.every else None


def _side(ctx: Context, side: SideIn, where: str) -> Side:
    """Check one side. Raises BadParameter, NotFound or Gone naming the field."""
    given = [name for name in ("occupation", "profile", "skills", "compose") if getattr(side, name)]
    if len(given) != 1:
        raise BadParameter(f"{where}: give exactly one of occupation, profile, skills and compose.", field=where)
    if side.occupation:
        iri = occupation(ctx, side.occupation, f"{where}.occupation")
        return Side(needs_of(ctx, iri), occupation_ref(ctx, iri), occupation=iri)
    if side.skills:
        return _list(ctx, side, where)
    if side.profile:
        entry = ctx.catalogue.profiles.templates.get(side.profile.lower())
        if entry is None:
            known = side.profile.lower().partition("-")[2]
            if occupation_iri(known) in ctx.catalogue.withdrawn:
                occupation(ctx, known, f"{where}.profile")
            raise BadParameter(
                f"{where}.profile: this release has no profile '{side.profile[:80]}'.", field=f"{where}.profile"
            )
        shown = profile_views.template(ctx, entry)
    else:
        assert side.compose is not None  # noqa: S101  # one of the four is given
        asked = from_body(side.compose)
        asked.base = f"{where}.compose."
        if side.compose.language is not None:
            field = asked.path("language")
            raise BadParameter(f"{field}: a comparison is in one language; name it beside from and to.", field=field)
        shown = profile_views.composed(ctx, check_request(ctx, asked))
    ref: ComparedProfile = {**profile_views.head(ctx, shown), "href": profile_views.links(ctx, shown)["self"]}
    return Side(needs_of_profile(shown.profile), ref, shown.warnings)


def _list(ctx: Context, side: SideIn, where: str) -> Side:
    at_most(f"{where}.skills", side.skills, ctx.limits.compare_skills)
    checked = [skill(ctx, text, f"{where}.skills.{n}") for n, text in enumerate(side.skills)]
    known = frozenset(iri for iri, warning in checked if not warning)
    ref: SkillList = {"className": "SkillList", "title": side.title or None, "skillCount": len(known)}
    return Side(SkillSet(known, known), ref, tuple(w for _, w in checked if w))
