"""/domains/{id}/areas and /domains/{id}/blocks: the fields of skill of a sector by name, and what stands beside its map."""

from __future__ import annotations

from starlette.responses import Response

from app.api.apart import apart
from app.api.formats import Format, choose, respond
from app.api.routing import api_router
from app.api.skills import area_views, views
from app.api.skills.area_views import AreaItem, BlockItem, FunctionsOfOccupation
from app.api.skills.of_domain import unit_of
from app.api.skills.views import UnitOfAnalysis
from app.http.shapes import Listing
from app.request import Ctx, Paging, counted, page_links

router = api_router("clusters", "/domains")
LEVEL_COLUMNS = ("domain", "occupationUri", "preferredLabel", "scheme", "function", "level", "share")
BLOCK_COLUMNS = ("family", "familyLabel", "familyKind", "size", "used", "skillUri", "skillLabel", "support")


class AreasOfUnit(Listing):
    """The skill areas of a sector."""

    unit: UnitOfAnalysis
    items: list[AreaItem]


class BlocksOfUnit(Listing):
    """The families beside the map of a sector."""

    unit: UnitOfAnalysis
    items: list[BlockItem]


class FunctionsOfUnit(Listing):
    """The occupations of a sector by function."""

    unit: UnitOfAnalysis
    items: list[FunctionsOfOccupation]


@router.get("/{id}/areas", summary="The skill areas of a sector, filled, lent or missing")
@apart(60.0)
async def areas(ctx: Ctx, id: str, format: Format = None) -> Response:
    """Every area with name, definition and source, its skills in the sector, the largest first.

    `state` is `filled` where the sector's own skills fill it, `lent` where only other sectors have skills in it (they
    are shown, up to a dozen each), and `gap` where ESCO has none. The scheme is `ontology/skill-areas.ttl`.
    """
    chosen = choose(ctx, format)
    where = unit_of(ctx, id)
    every = ctx.catalogue.analysis.areas.of_domain(where.id)
    made = {a.id: area_views.filled(ctx, a, where.id)[0] for a in every}
    ordered = sorted(every, key=lambda a: (-len(made[a.id]), a.id))
    payload: AreasOfUnit = {
        "@context": ctx.url("/context.jsonld"), "unit": views.unit(ctx, where),
        "items": [area_views.area(ctx, a, where.id) for a in ordered], **counted(len(ordered)), "language": ctx.language,
    }  # fmt: skip
    return respond(
        ctx, chosen, payload, views.statements(ctx, [r for rows in made.values() for r in rows]),
        area_views.AREA_COLUMNS, (row for a in ordered for row in area_views.area_rows(ctx, a, where.id)),
    )  # fmt: skip


@router.get("/{id}/functions", summary="How far each occupation of a sector serves each function")
@apart(60.0)
async def functions(ctx: Ctx, paging: Paging, id: str, format: Format = None) -> Response:
    """A level (main, some, none) on each function of ESSnet-Culture, and in heritage on CHARTER's six, per occupation.

    `main` is what the scope decision says; `some` is read from the areas that the occupation's skills fall in.
    """
    chosen = choose(ctx, format)
    where = unit_of(ctx, id)
    levels = ctx.catalogue.analysis.function_levels
    decisions = ctx.catalogue.by_domain.get(where.id, [])
    members = sorted(decisions, key=lambda d: (d.degree, ctx.labels.rank(d.occupation)))
    shown = members[paging.offset : paging.offset + paging.limit]
    items = [area_views.levels(ctx, d, levels.get((where.id, d.occupation), [])) for d in shown]
    payload: FunctionsOfUnit = {
        "@context": ctx.url("/context.jsonld"), "unit": views.unit(ctx, where), "items": items,
        **counted(len(members), paging), "language": ctx.language,
    }  # fmt: skip
    served = [f for d in shown for f in levels.get((where.id, d.occupation), [])]
    rows = (
        (f.domain, f.occupation, views.label(ctx, f.occupation), f.scheme, f.function, f.level, f.share) for f in served
    )
    return respond(
        ctx, chosen, payload, views.statements(ctx, served), LEVEL_COLUMNS, rows,
        page_links(ctx, len(members), paging),
    )  # fmt: skip


@router.get("/{id}/blocks", summary="Shared sets and lists of tools that stand beside a sector's map")
@apart(30.0)
async def blocks(ctx: Ctx, id: str, format: Format = None) -> Response:
    """Skills that ESCO lists together whatever the sector, each set once, with how many of it the sector uses.

    A list of tools stands on the map as the concept above it.
    """
    chosen = choose(ctx, format)
    where = unit_of(ctx, id)
    analysis = ctx.catalogue.analysis
    families = analysis.areas.blocks(analysis.specialisations.get(where.id, []))
    items = [area_views.block(ctx, family, rows) for family, rows in families]
    payload: BlocksOfUnit = {
        "@context": ctx.url("/context.jsonld"), "unit": views.unit(ctx, where), "items": items,
        **counted(len(items)), "language": ctx.language,
    }  # fmt: skip
    rows = (
        (
            family.id, next(iter(item["preferredLabel"].values()), ""), family.kind, len(family.skills), len(mine), r.skill,
            views.label(ctx, r.skill), r.support,
        )
        for (family, mine), item in zip(families, items, strict=True)
        for r in mine
    )  # fmt: skip
    return respond(ctx, chosen, payload, views.statements(ctx, [f for f, _ in families]), BLOCK_COLUMNS, rows)
