"""/domains/{id}/transversal/skills and /domains/transversal: transversal skills one by one, and sectors side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from analysis.skills.transversal import FEW, interval_of_share
from app.api.apart import apart
from app.api.formats import Format, choose, respond
from app.api.routing import api_router
from app.api.skills import views
from app.api.skills.of_domain import MOST_COMPARED, unit_of
from app.api.skills.views import Figure, UnitOfAnalysis
from app.api.views import SkillRef, skill_ref
from app.catalogue.skills import CCSI_UNIT, UnitFacts
from app.errors import BadParameter
from app.http.shapes import Listing, Shape
from app.request import Context, Ctx, counted

router = api_router("skills", "/domains")
COLUMNS = (
    "unit", "skillUri", "preferredLabel", "tGroups", "collection", "transversal", "support", "occupationCount", "overallSupport",
    "ratio", "ratioLow", "ratioHigh", "few",
)  # fmt: skip
COMPARED = ("aspect", "unit", "share", "overallShare", "ratio", "ratioLow", "ratioHigh", "support", "few")


class TransversalSkill(SkillRef):
    """A transversal skill, used in a sector or not."""

    collection: Annotated[bool, Field(description="In ESCO's own collection of transversal skills.")]
    transversal: Annotated[bool, Field(description="By the T branch and by evenness, and not special to the sector.")]
    tGroups: list[str]
    support: Annotated[int, Field(description="Occupations of the sector that use it; 0 is a finding too.")]
    occupationCount: int
    overallSupport: int
    ratio: Annotated[float | None, Field(description="Null where no occupation of ESCO uses it.")]
    ratioLow: float | None
    ratioHigh: float | None
    few: bool


class TransversalSkills(Listing):
    """Every transversal skill, with its use in a sector."""

    unit: UnitOfAnalysis
    items: list[TransversalSkill]


_InUnits = TypedDict("_InUnits", {"in": dict[str, Figure]})


class AspectOfUnits(_InUnits, Shape):
    """One aspect in several domains."""

    aspect: str


class TransversalSideBySide(Listing):
    """Transversal profiles side by side."""

    units: list[UnitOfAnalysis]
    items: list[AspectOfUnits]


@router.get("/transversal", summary="Transversal profiles of several sectors side by side")
@apart(60.0)
async def side_by_side(
    ctx: Ctx,
    ids: Annotated[
        str | None, Query(description="Domains, with commas; all eleven when left out.", examples=["heritage,gaming"])
    ] = None,
    format: Format = None,
) -> Response:
    """For every T-group, collection and named group, the figures of each domain in one row."""
    chosen = choose(ctx, format)
    analysis = ctx.catalogue.analysis
    keys = [k.strip() for k in ids.split(",") if k.strip()] if ids else sorted(
        u for u in analysis.units if u != CCSI_UNIT and "/" not in u
    )  # fmt: skip
    if not 1 <= len(keys) <= MOST_COMPARED:
        raise BadParameter(f"ids: name 1 to {MOST_COMPARED} domains.", field="ids")
    units = [unit_of(ctx, k) for k in dict.fromkeys(keys)]
    by_unit = {u.id: {f.aspect: f for f in analysis.profiles.get(u.id, [])} for u in units}
    items: list[AspectOfUnits] = [
        {"aspect": a, "in": {u.id: views.figure(ctx, by_unit[u.id][a]) for u in units if a in by_unit[u.id]}}
        for a in sorted({a for by in by_unit.values() for a in by})
    ]
    payload: TransversalSideBySide = {
        "@context": ctx.url("/context.jsonld"), "units": [views.unit(ctx, u) for u in units], "items": items,
        **counted(len(items)), "language": ctx.language,
    }  # fmt: skip
    figures = [f for by in by_unit.values() for f in by.values()]
    rows = (
        (f.aspect, f.unit, f.share, f.overall, f.ratio, f.ratio_low, f.ratio_high, f.support, f.support <= FEW)
        for f in sorted(figures, key=lambda f: (f.aspect, f.unit))
    )
    return respond(ctx, chosen, payload, views.statements(ctx, figures), COMPARED, rows)


@router.get("/{id}/transversal/skills", summary="Every transversal skill, with how many occupations of a sector use it")
@apart(60.0)
async def of_unit(ctx: Ctx, id: str, format: Format = None) -> Response:
    """All skills of ESCO's transversal collection, those that no occupation uses too, and all that count as transversal here.

    `ratio` is the share of the sector's occupations that use the skill over that of all ESCO, with a 95 % interval (Wilson,
    of the sector's share); `few` marks one that five occupations or fewer carry.
    """
    chosen = choose(ctx, format)
    where = unit_of(ctx, id)
    inside = _members(ctx, where)
    here = {r.skill: r for r in ctx.catalogue.analysis.specialisations.get(where.id, [])}
    known = ctx.catalogue.analysis.transversality
    wanted = {s for s, t in known.items() if "transversal" in ctx.catalogue.skills[s].collections}
    wanted |= {s for s, r in here.items() if r.transversal}
    items = [_item(ctx, s, inside, bool(here[s].transversal) if s in here else known[s].transversal) for s in wanted]
    items.sort(key=lambda i: (-i["support"], not i["collection"], i["uri"]))
    payload: TransversalSkills = {
        "@context": ctx.url("/context.jsonld"), "unit": views.unit(ctx, where), "items": items,
        **counted(len(items)), "language": ctx.language,
    }  # fmt: skip
    rows = (
        (
            where.id, i["uri"], views.label(ctx, i["uri"]), " ".join(i["tGroups"]), i["collection"], i["transversal"], i["support"],
            i["occupationCount"], i["overallSupport"], i["ratio"], i["ratioLow"], i["ratioHigh"], i["few"],
        )
        for i in items
    )  # fmt: skip
    told = [known[s] for s in sorted(wanted) if s in known]
    return respond(ctx, chosen, payload, views.statements(ctx, told), COLUMNS, rows)


def _item(ctx: Context, skill: str, inside: frozenset[str], transversal: bool) -> TransversalSkill:
    concept = ctx.catalogue.skills[skill]
    users = {*concept.essential_for, *concept.optional_for}
    support, total = len(users & inside), len(ctx.catalogue.occupations)
    overall = len(users) / total if total else 0.0
    low, high = interval_of_share(support, len(inside))
    spread = ctx.catalogue.analysis.transversality.get(skill)

    def ratio(share: float) -> float | None:
        return round(share / overall, 4) if overall else None

    return {
        **skill_ref(ctx, skill),
        "collection": "transversal" in concept.collections,
        "transversal": transversal,
        "tGroups": list(spread.t_groups) if spread else [],
        "support": support,
        "occupationCount": len(inside),
        "overallSupport": len(users),
        "ratio": ratio(support / len(inside) if inside else 0.0),
        "ratioLow": ratio(low),
        "ratioHigh": ratio(high),
        "few": support <= FEW,
    }


def _members(ctx: Context, where: UnitFacts) -> frozenset[str]:
    """The occupations of a unit."""
    kind, _, rest = where.id.partition("/")
    return frozenset(
        iri
        for iri, item in ctx.catalogue.occupations.items()
        for d in item.decisions
        if d.degree != "excluded"
        and (
            where.id == CCSI_UNIT
            or (kind == "function" and rest in d.functions)
            or (kind == d.domain and (not rest or d.is_of(rest)))
        )
    )
