"""The JSON shapes of skill areas and of families of skills."""

from __future__ import annotations

from typing import Any

from analysis.skills.tables import Cluster, FunctionLevel, FunctionScheme, SkillFamily, Specialisation
from app.api.skills import views
from app.api.views import Json, chosen, occupation_ref, skill_ref
from app.catalogue.areas import AreaFacts
from app.catalogue.concepts import Decision
from app.request import Context
from ontology import CCSID

AREA_COLUMNS = (
    "domain",
    "area",
    "areaLabel",
    "state",
    "charterFunctions",
    "size",
    "skillUri",
    "skillLabel",
    "skillClass",
    "from",
)
# An area with fewer skills than this is shown with what other domains have in it.
THIN = 4
ESSNET = ("creation", "production", "dissemination", "preservation", "education", "management")
CHARTER = ("recognition", "preservation", "engagement", "research-education", "management", "governance")
NONE = {"level": "none", "share": 0.0}
LENT = 12


def area(ctx: Context, item: AreaFacts, unit: str) -> Json:
    """An area in a domain: its skills there, what other domains have in it, or that ESCO has nothing."""
    mine, others = filled(ctx, item, unit)
    lent = others if len(mine) < THIN else {}
    return {
        **(views.area_ref(ctx, item.id) or {}),
        "definition": chosen(item.definitions, ctx),
        "charterFunctions": list(item.functions),
        "source": list(item.sources),
        "state": state(mine, others),
        "size": len(mine),
        "cluster": next((views.cluster_ref(ctx, c) for c in _clusters(ctx, unit) if c.area == item.id), None),
        "skills": [ctx.part("skill", r.skill, skill_ref) for r in mine],
        "lent": [
            {"domain": d, "size": len(rows), "skills": [ctx.part("skill", r.skill, skill_ref) for r in rows[:LENT]]}
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


def state(mine: list[Specialisation], others: dict[str, list[Specialisation]]) -> str:
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


def block(ctx: Context, family: SkillFamily, rows: list[Specialisation]) -> Json:
    """A family beside the map of a unit, told by its area, else by the concept above, else by its commonest skills."""
    known = ctx.catalogue.analysis.areas.areas.get(family.area)
    if known:
        label = chosen(known.labels, ctx)
    elif family.above:
        label = ctx.labels.of(family.above)
    else:
        label = {ctx.label_language: " · ".join(views.label(ctx, r.skill) for r in rows[:2])}
    return {
        "uri": f"{CCSID}family/{family.id}",
        "className": "SkillFamily",
        "id": family.id,
        "preferredLabel": label,
        "familyKind": family.kind,
        "conceptAbove": ctx.part("skill", family.above, skill_ref) if family.above in ctx.catalogue.skills else None,
        "area": views.area_ref(ctx, family.area),
        "familySupport": family.occupations,
        "familyAgreement": family.agreement,
        "size": len(family.skills),
        "used": len(rows),
        "skills": [ctx.part("skill", r.skill, skill_ref) for r in rows],
    }


def levels(ctx: Context, decision: Decision, found: list[FunctionLevel]) -> Json:
    """An occupation with a level on every function; CHARTER's where the decision speaks of them."""
    said = {(f.scheme, f.function): f for f in found}

    def of(scheme: FunctionScheme, names: tuple[str, ...]) -> Json:
        return {
            n: {"level": said[scheme, n].level, "share": said[scheme, n].share} if (scheme, n) in said else NONE
            for n in names
        }

    return {
        **occupation_ref(ctx, decision.occupation),
        "degree": decision.degree,
        "functions": of("essnet", ESSNET),
        "charterFunctions": of("charter", CHARTER) if decision.charter_functions else None,
    }


def _clusters(ctx: Context, unit: str) -> list[Cluster]:
    return [c for c in ctx.catalogue.analysis.by_unit.get(unit, []) if c.level == "broad"]
