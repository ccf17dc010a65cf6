"""/clusters: groups of skills that go together in a sector, and where a skill or an occupation stands in them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from analysis.skills import tables
from analysis.skills.statements import Row
from analysis.skills.tables import at_level
from app.api.apart import apart
from app.api.formats import Format, choose, respond
from app.api.lookup import occupation_of, skill_of
from app.api.routing import api_router
from app.api.skills import cluster_views, views
from app.api.skills.cluster_views import ClusteringQuality, ClusterItem
from app.api.skills.of_domain import title_of, unit_of
from app.api.skills.views import ClusterRef, UnitId, UnitOfAnalysis
from app.api.views import OccupationRef, SkillRef, occupation_ref, skill_part
from app.catalogue.concepts import in_one
from app.errors import NotFound
from app.http.shapes import Listing
from app.pictures.canvas import PICTURE_TYPES
from app.pictures.clusters import Box, clusters_picture
from app.reports.skills import Share
from app.request import Ctx, Paging, counted, page_links

router = api_router("clusters")
LEVELS: tuple[tables.Level, ...] = ("broad", "fine")

Level = Annotated[
    Literal["broad", "fine"] | None,
    Query(
        description="broad, or fine (each lies in a broad one; a broad one that none divides is told as well); both when left out."
    ),
]


class ClustersOfUnit(Listing):
    """The skill clusters of a sector."""

    unit: UnitOfAnalysis
    quality: dict[tables.Level, ClusteringQuality]
    items: list[ClusterItem]


class ClusterOfSkill(ClusterRef):
    """A cluster that a skill is in."""

    domain: UnitId
    rank: int
    weight: Share
    centrality: Share
    primary: bool


class ClustersOfSkill(Listing):
    """Where a skill belongs, and what it leans on."""

    skill: SkillRef
    items: list[ClusterOfSkill]


class ClusterOfOccupation(ClusterRef):
    """A cluster that an occupation draws on."""

    domain: UnitId
    share: Share


class ClustersOfOccupation(Listing):
    """How an occupation spreads over clusters."""

    occupation: OccupationRef
    items: list[ClusterOfOccupation]


@router.get("/domains/{id}/clusters", summary="The skill clusters of a sector")
@apart(per_row={"json": 0.02, "jsonld": 0.08, "turtle": 1.2, "csv": 0.5})
async def clusters(ctx: Ctx, paging: Paging, id: str, level: Level = None, format: Format = None) -> Response:
    """Clusters with label, description, size, stability and central skills, the largest first; figures on their quality."""
    chosen = choose(ctx, format)
    where = unit_of(ctx, id)
    analysis = ctx.catalogue.analysis
    every = analysis.by_unit.get(where.id, [])
    chosen_level = every if level is None else at_level(every, where.id, level)
    ordered = sorted(chosen_level, key=lambda c: (c.level, -sum(m.primary for m in c.members), c.id))
    shown = ordered[paging.offset : paging.offset + paging.limit]
    payload: ClustersOfUnit = {
        "@context": ctx.url("/context.jsonld"), "unit": views.unit(ctx, where),
        "quality": {lv: cluster_views.quality(analysis.quality[where.id, lv]) for lv in LEVELS if (where.id, lv) in analysis.quality},
        "items": [cluster_views.cluster_summary(ctx, c) for c in shown], **counted(len(ordered), paging), "language": ctx.language,
    }  # fmt: skip
    return respond(
        ctx, chosen, payload, views.statements(ctx, shown), cluster_views.CLUSTER_COLUMNS,
        (row for c in shown for row in cluster_views.cluster_rows(ctx, c)), page_links(ctx, len(ordered), paging),
    )  # fmt: skip


@router.get("/domains/{id}/clusters.{kind}", summary="The cluster map of a sector")
@apart(600.0)
async def clusters_image(ctx: Ctx, id: str, kind: Literal["svg", "png"]) -> Response:
    """The broad clusters as areas by number of skills, each with its label and central skills."""
    where = unit_of(ctx, id)
    broad = [c for c in ctx.catalogue.analysis.by_unit.get(where.id, []) if c.level == "broad"]
    boxes = [
        Box(
            in_one(c.labels, ctx.label_language) or c.id,
            [views.label(ctx, s) for s in c.central],
            sum(m.primary for m in c.members),
            c.support,
            c.reliable,
        )
        for c in broad
    ]
    image = await asyncio.to_thread(clusters_picture, title_of(ctx, where), boxes, kind, ctx.label_language)
    return ctx.bytes(image, PICTURE_TYPES[kind])


@router.get("/clusters/{id:path}", summary="One skill cluster")
async def cluster(ctx: Ctx, id: str, format: Format = None) -> Response:
    """Members with weight and rank, occupations that draw on it, groups, fields, neighbours, and where it came from.

    The identifier lasts from release to release; one that ended answers 404 and names what continues it.
    """
    chosen = choose(ctx, format)
    analysis = ctx.catalogue.analysis
    one = analysis.clusters.get(id)
    if one is None:
        successors = [ctx.url(f"/clusters/{e.new}") for e in analysis.lineage.get(id, []) if e.new and e.old == id]
        raise NotFound(f"This release has no cluster '{id[:120]}'.", None, field="id", see=successors)
    payload = cluster_views.cluster(ctx, one)
    rows: list[Row] = [one, *analysis.lineage.get(id, [])]
    return respond(
        ctx, chosen, payload, views.statements(ctx, rows), cluster_views.CLUSTER_COLUMNS,
        cluster_views.cluster_rows(ctx, one),
    )  # fmt: skip


@router.get("/skills/{uuid}/clusters", summary="The clusters that a skill is in")
async def of_skill(ctx: Ctx, uuid: str, level: Level = None, format: Format = None) -> Response:
    """In every domain and level, where the skill belongs and what it leans on."""
    chosen = choose(ctx, format)
    iri = skill_of(ctx, uuid)
    memberships = [(c, m) for c, m in ctx.catalogue.analysis.by_skill.get(iri, []) if level is None or c.level == level]
    memberships.sort(key=lambda e: (e[0].domain, e[0].level, not e[1].primary, -e[1].weight, e[0].id))
    items: list[ClusterOfSkill] = [
        {
            **views.cluster_ref(ctx, c), "domain": c.domain, "rank": m.rank, "weight": m.weight, "centrality": m.centrality,
            "primary": m.primary,
        }
        for c, m in memberships
    ]  # fmt: skip
    payload: ClustersOfSkill = {
        "@context": ctx.url("/context.jsonld"), "skill": skill_part(ctx, iri), "items": items,
        **counted(len(items)), "language": ctx.language,
    }  # fmt: skip
    return respond(
        ctx, chosen, payload, views.statements(ctx, [c for c, _ in memberships]),
        cluster_views.CLUSTER_COLUMNS, [row for c, _ in memberships for row in cluster_views.cluster_rows(ctx, c) if row[8] == iri],
    )  # fmt: skip


@router.get("/occupations/{uuid}/clusters", summary="How an occupation spreads over clusters")
@apart(per_row={"turtle": 11.0})
async def of_occupation(ctx: Ctx, uuid: str, level: Level = None, format: Format = None) -> Response:
    """The share of its specialised skills in each cluster that it draws on, per domain that it is in, and for the whole.

    Left out are shares below a tenth and clusters of which it uses one skill alone, so that they may add to less than 1.
    """
    chosen = choose(ctx, format)
    iri = occupation_of(ctx, uuid)
    shares = [(c, v) for c, v in ctx.catalogue.analysis.by_occupation.get(iri, []) if level is None or c.level == level]
    shares.sort(key=lambda e: (e[0].domain, e[0].level, -e[1], e[0].id))
    items: list[ClusterOfOccupation] = [
        {**views.cluster_ref(ctx, c), "domain": c.domain, "share": v} for c, v in shares
    ]
    payload: ClustersOfOccupation = {
        "@context": ctx.url("/context.jsonld"), "occupation": occupation_ref(ctx, iri), "items": items,
        **counted(len(items)), "language": ctx.language,
    }  # fmt: skip
    rows = [
        (iri, c.domain, c.level, c.id, in_one(c.labels, ctx.label_language), v) for c, v in shares
    ]  # fmt: skip
    return respond(
        ctx, chosen, payload, views.statements(ctx, [c for c, _ in shares]),
        ("occupation", "domain", "level", "cluster", "clusterLabel", "share"), rows,
    )  # fmt: skip
