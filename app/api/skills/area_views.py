"""Skill areas and families of skills, as answers say them: JSON with its shapes, and flat rows."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import Field

from analysis.skills.statements import family_iri
from analysis.skills.tables import FamilyKind, FunctionLevel, FunctionScheme, SkillFamily, Specialisation
from analysis.tables import MemberDegree
from app.api.lookup import FUNCTIONS
from app.api.skills import views
from app.api.skills.views import AreaRef, ClusterRef
from app.api.views import OccupationRef, SkillRef, chosen, occupation_ref, skill_part
from app.catalogue.areas import AreaFacts
from app.catalogue.concepts import Decision
from app.http.shapes import LanguageMap, Shape
from app.reports.skills import Share
from app.request import Context

AREA_COLUMNS = (
    "domain", "area", "areaLabel", "state", "charterFunctions", "size", "skillUri", "skillLabel", "skillClass", "from",
)  # fmt: skip
# An area with fewer skills than this is shown with what other domains have in it.
THIN = 4
CHARTER = ("recognition", "preservation", "engagement", "research-education", "management", "governance")
State = Literal["filled", "lent", "gap"]
LENT = 12


class LentSkills(Shape):
    """What another domain has in an area."""

    domain: str
    size: int
    skills: Annotated[list[SkillRef], Field(max_length=12)]


class AreaItem(AreaRef):
    """A skill area in a domain."""

    definition: LanguageMap
    charterFunctions: Annotated[list[str], Field(description="Heritage functions of CHARTER that the area serves.")]
    source: list[str]
    state: Annotated[
        State, Field(description="By the domain's own skills, by other domains' alone, or by no skill of ESCO.")
    ]
    size: int
    cluster: ClusterRef | None
    skills: list[SkillRef]
    lent: Annotated[
        list[LentSkills], Field(description="Skills of other domains, where the domain has fewer than four.")
    ]


class BlockItem(Shape):
    """A family of skills beside the map of a sector."""

    uri: str
    className: Literal["SkillFamily"]
    id: str
    preferredLabel: LanguageMap
    familyKind: FamilyKind
    conceptAbove: Annotated[SkillRef | None, Field(description="What a list of tools stands under.")]
    area: AreaRef | None
    familySupport: Annotated[int, Field(description="Occupations of ESCO that use half of it or more.")]
    familyAgreement: Annotated[Share, Field(description="Mean Jaccard index of the occupations of two members.")]
    size: int
    used: Annotated[int, Field(description="How many of its skills two occupations of the sector or more use.")]
    skills: list[SkillRef]


class Served(Shape):
    """How far a function is served."""

    level: Literal["main", "some", "none"]
    share: Annotated[
        Share, Field(description="Of the occupation's skills on the map, those in areas that serve the function.")
    ]


class FunctionsOfOccupation(OccupationRef):
    """An occupation with a level on every function."""

    degree: MemberDegree
    functions: dict[str, Served]
    charterFunctions: Annotated[dict[str, Served] | None, Field(description="CHARTER's six; null outside of heritage.")]


def area(ctx: Context, item: AreaFacts, unit: str) -> AreaItem:
    """An area in a domain: its skills there, what other domains have in it, or that ESCO has nothing."""
    mine, others = filled(ctx, item, unit)
    lent = others if len(mine) < THIN else {}
    clusters = ctx.catalogue.analysis.by_unit.get(unit, [])
    return {
        **views.area_of(ctx, item),
        "definition": chosen(item.definitions, ctx),
        "charterFunctions": list(item.functions),
        "source": list(item.sources),
        "state": state(mine, others),
        "size": len(mine),
        "cluster": next((views.cluster_ref(ctx, c) for c in clusters if (c.level, c.area) == ("broad", item.id)), None),
        "skills": [skill_part(ctx, r.skill) for r in mine],
        "lent": [
            {"domain": d, "size": len(rows), "skills": [skill_part(ctx, r.skill) for r in rows[:LENT]]}
            for d, rows in lent.items()
        ],
    }


def filled(ctx: Context, item: AreaFacts, unit: str) -> tuple[list[Specialisation], dict[str, list[Specialisation]]]:
    """The skills of an area in a unit, and those that other domains have in it and the unit has not; highest share first."""
    by_unit = ctx.catalogue.analysis.specialisations

    def of(domain: str) -> list[Specialisation]:
        return sorted((r for r in by_unit.get(domain, []) if r.area == item.id), key=lambda r: (-r.share, r.skill))

    mine = of(unit)
    known = {r.skill for r in mine}
    others = {d: [r for r in of(d) if r.skill not in known] for d in item.domains if d != unit}
    return mine, {d: rows for d, rows in others.items() if rows}


def state(mine: list[Specialisation], others: dict[str, list[Specialisation]]) -> State:
    """``filled`` by the unit's own skills, ``lent`` by other domains, or a ``gap`` of ESCO."""
    return "filled" if mine else "lent" if others else "gap"


def area_rows(ctx: Context, item: AreaFacts, unit: str) -> list[tuple[Any, ...]]:
    """One flat row per skill; one without a skill for a gap."""
    mine, others = filled(ctx, item, unit)
    head = (
        unit,
        item.id,
        next(iter(chosen(item.labels, ctx).values()), ""),
        state(mine, others),
        " ".join(item.functions),
        len(mine),
    )
    rows: list[tuple[Any, ...]] = [(*head, r.skill, views.label(ctx, r.skill), r.skill_class, unit) for r in mine]
    if len(mine) < THIN:
        rows += [(*head, r.skill, views.label(ctx, r.skill), "", d) for d, many in others.items() for r in many]
    return rows or [(*head, "", "", "", "")]


def block(ctx: Context, family: SkillFamily, rows: list[Specialisation]) -> BlockItem:
    """A family beside the map of a unit, told by its area, else by the concept above, else by its commonest skills."""
    known = ctx.catalogue.analysis.areas.areas.get(family.area)
    if known:
        label = chosen(known.labels, ctx)
    elif family.above:
        label = ctx.labels.of(family.above)
    else:
        label = {ctx.label_language: " · ".join(views.label(ctx, r.skill) for r in rows[:2])}
    return {
        "uri": family_iri(family.id),
        "className": "SkillFamily",
        "id": family.id,
        "preferredLabel": label,
        "familyKind": family.kind,
        "conceptAbove": skill_part(ctx, family.above) if family.above in ctx.catalogue.skills else None,
        "area": views.area_ref(ctx, family.area),
        "familySupport": family.occupations,
        "familyAgreement": family.agreement,
        "size": len(family.skills),
        "used": len(rows),
        "skills": [skill_part(ctx, r.skill) for r in rows],
    }


def levels(ctx: Context, decision: Decision, rows: list[FunctionLevel]) -> FunctionsOfOccupation:
    """An occupation with a level on every function; CHARTER's where the decision speaks of them."""
    by_function = {(f.scheme, f.function): f for f in rows}

    def served(scheme: FunctionScheme, function: str) -> Served:
        row = by_function.get((scheme, function))
        return {"level": row.level, "share": row.share} if row else {"level": "none", "share": 0.0}

    return {
        **occupation_ref(ctx, decision.occupation),
        "degree": cast(MemberDegree, decision.degree),  # exclusions are not told of
        "functions": {f: served("essnet", f) for f in FUNCTIONS},
        "charterFunctions": {f: served("charter", f) for f in CHARTER} if decision.charter_functions else None,
    }
