"""/clusters/{id} and /areas/{id}: groups of skills that go together, and fields of skill that sectors know by name."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api import views
from app.api.apart import apart
from app.api.skills import area_views, cluster_views
from app.errors import NotFound
from app.request import strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage
from ontology import CCSID

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
DRAWING = 30  # occupations that the page of a cluster names
STEADY = 0.75  # from this stability on a cluster comes out much the same whatever sample of occupations it is made from


@router.get("/clusters/{id:path}")
async def cluster(ctx: PageCtx, page_language: PageLanguage, id: str) -> Response:
    """The skills of a cluster, who draws on it, what is beside and below it."""
    frame = Frame(ctx, page_language)
    t, analysis = frame.words, ctx.catalogue.analysis
    found = analysis.clusters.get(id)
    if found is None:
        ended = [frame.link(f"/clusters/{e.new}") for e in analysis.lineage.get(id, []) if e.new and e.old == id]
        raise NotFound("This release has no such cluster of skills.", field="id", see=ended)
    shown = cluster_views.cluster(ctx, found)
    name = next(iter(shown["preferredLabel"].values()), id)
    parent = analysis.clusters.get(found.parent)
    crumbs = [(t("home"), frame.link("/")), frame.sector(found.domain)]
    if parent:
        crumbs.append((frame.said(views.chosen(parent.labels, ctx)), frame.link(f"/clusters/{parent.id}")))
    return frame.respond(
        "cluster.html", name, next(iter(shown["description"].values()), name), crumbs,
        [
            ("JSON", shown["href"], "application/json"), ("CSV", f"{shown['href']}?format=csv", "text/csv"),
            (t("graph"), f"{shown['href']}?format=turtle", "text/turtle"),
        ],
        {"@type": "DefinedTerm", "@id": f"{CCSID}cluster/{id}", "name": name, "url": frame.link(f"/clusters/{id}")},
        shown=shown, steady=found.stability >= STEADY, sector=frame.sector(found.domain), drawing=shown["occupations"][:DRAWING],
        area=analysis.areas.areas.get(found.area), chosen=views.chosen, panel=analysis.panel.of_cluster(id),
    )  # fmt: skip


@router.get("/areas/{id}")
@apart(40.0)
async def area(ctx: PageCtx, page_language: PageLanguage, id: str) -> Response:
    """A field of skill: what it means, and what each sector has in it."""
    frame = Frame(ctx, page_language)
    t, analysis = frame.words, ctx.catalogue.analysis
    found = analysis.areas.areas.get(id)
    if found is None:
        raise NotFound("This release has no such skill area.", field="id", known=sorted(analysis.areas.areas)[:200])
    label, definition = views.chosen(found.labels, ctx), views.chosen(found.definitions, ctx)
    name = next(iter(label.values()), id)
    filled = [(d, area_views.filled(ctx, found, d)[0]) for d in found.domains if d in ctx.catalogue.domains]
    filled.sort(key=lambda e: (-len(e[1]), e[0]))
    crumbs = [(t("home"), frame.link("/")), *([frame.sector(found.domains[0])] if len(found.domains) == 1 else [])]
    return frame.respond(
        "area.html", name, next(iter(definition.values()), name), crumbs,
        [(f"JSON: {frame.sector_name(d)}", ctx.url(f"/domains/{d}/areas"), "application/json") for d, _ in filled],
        {"@type": "DefinedTerm", "@id": f"{CCSID}area/{id}", "name": name, "url": frame.link(f"/areas/{id}")},
        label=label, definition=definition, sources=found.sources,
        filled=[(frame.sector(d), [(r.skill, ctx.labels.of(r.skill)) for r in rows]) for d, rows in filled],
        examples=[(s, ctx.labels.of(s)) for s in found.examples if s in ctx.catalogue.skills],
        clusters=[
            (frame.link(f"/clusters/{c.id}"), views.chosen(c.labels, ctx), frame.sector(c.domain))
            for d, _ in filled for c in analysis.by_unit.get(d, []) if c.area == id and c.level == "broad"
        ],
    )  # fmt: skip
