"""/sectors/{id}: a sector or a part of one, to be looked at and walked through."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Depends
from starlette.responses import Response

from analysis.skills.tables import Specialisation
from app.api import views
from app.api.apart import apart
from app.api.domains import domain_detail
from app.api.lookup import FUNCTIONS, find
from app.api.profiles import views as profile_views
from app.api.profiles.naming import title
from app.api.profiles.provenance import gap
from app.api.profiles.routes import templates_of
from app.api.skills import area_views
from app.api.skills.of_domain import ORDER
from app.catalogue.concepts import Decision, Domain
from app.request import Context, strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage
from app.site.sector_views import matrix, overlaps

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
MOST_SPECIAL = 30  # skills that the page names; the file has all
EXAMPLES = 6  # skills that stand for an area
TOP_GROUPS = ("T1", "T2", "T3", "T4", "T5", "T6")


@router.get("/sectors/{id}")
@apart(90.0)
async def sector(ctx: PageCtx, page_language: PageLanguage, id: str) -> Response:
    """Definition, figures, occupations, fields of skill, and what is lacking."""
    frame = Frame(ctx, page_language)
    t, item = frame.words, find(ctx, id, "id")
    shown = domain_detail(ctx, item)
    name, here = frame.sector_name(item.id), frame.sector(item.id)[1]
    rank = ctx.labels.rank
    members = sorted(ctx.catalogue.decisions_in(item), key=lambda d: (d.degree, rank(d.occupation), d.occupation))
    unit = ctx.catalogue.analysis.unit_of(item.id, item.broader)
    rows = ctx.catalogue.analysis.specialisations.get(unit, [])
    special = sorted((r for r in rows if ctx.catalogue.analysis.is_special(r)), key=ORDER["coreness"])
    served = Counter(f for d in members for f in d.functions)
    definition = next(iter(shown["definition"].values()), "")
    return frame.respond(
        "sector.html", name, definition,
        [(t("home"), frame.link("/")), *([frame.sector(item.broader)] if item.broader else [])],
        [
            ("JSON", shown["href"], "application/json"), (f"JSON: {t('sector-occupations')}", shown["members"], "application/json"),
            (f"CSV: {t('sector-occupations')}", f"{shown['members']}?format=csv&limit={ctx.limits.rows}", "text/csv"),
            *_files(frame, item.id, unit),
            (t("graph"), f"{ctx.base}/id/domain/{item.id}.ttl", "text/turtle"),
        ],
        {
            "@type": "DefinedTerm", "@id": item.iri, "name": name, "description": definition, "url": here, "termCode": item.id,
            "inDefinedTermSet": f"{ctx.base}/id/scheme/domains",
        },
        shown=shown, members=[(d, *_place(frame, d)) for d in members], areas=_areas(frame, unit),
        functions=[(profile_views.function(ctx, f)["preferredLabel"], served[f]) for f in FUNCTIONS if served[f]],
        unit=ctx.catalogue.analysis.units.get(unit), special=[(r, ctx.labels.of(r.skill)) for r in special[:MOST_SPECIAL]],
        special_total=len(special), transversal=_transversal(ctx, unit), widest=_widest(ctx, unit),
        matrix=matrix(frame, item, members), overlaps=overlaps(frame, item), profiles=_profiles(frame, item),
        top=item.broader or item.id,
        gaps=[gap(ctx, g) for g in ctx.catalogue.profiles.gaps if g.concerns(item.broader or item.id, ())],
        picture=f"{shown['href']}/clusters.svg?language={ctx.label_language}" if ctx.catalogue.analysis.by_unit.get(unit) else "",
    )  # fmt: skip


def _place(frame: Frame, decision: Decision) -> tuple[str, dict[str, str], str]:
    """Code, label and sub-domain of an occupation."""
    ctx = frame.ctx
    part = frame.sector(decision.sub_domain)[0] if decision.sub_domain else ""
    return ctx.catalogue.occupations[decision.occupation].code, ctx.labels.of(decision.occupation), part


def _files(frame: Frame, id: str, unit: str) -> list[tuple[str, str, str]]:
    parts = {"skills": "skills-title", "areas": "skill-map"} if unit in frame.ctx.catalogue.analysis.units else {}
    address = frame.ctx.url(f"/domains/{id}")
    return [(f"CSV: {frame.words(n)}", f"{address}/{part}?format=csv", "text/csv") for part, n in parts.items()]


def _areas(frame: Frame, unit: str) -> list[dict[str, object]]:
    """The areas of a unit, the largest first, each with its commonest skills; those without any last, as gaps."""
    ctx = frame.ctx
    found = []
    for area in ctx.catalogue.analysis.areas.of_domain(unit.partition("/")[0]):
        mine, others = area_views.filled(ctx, area, unit)
        found.append(
            {
                "href": frame.link(f"/areas/{area.id}"),
                "label": views.chosen(area.labels, ctx), "definition": views.chosen(area.definitions, ctx), "size": len(mine),
                "state": area_views.state(mine, others), "skills": [(r.skill, ctx.labels.of(r.skill)) for r in mine[:EXAMPLES]],
                "more": [(r.skill, ctx.labels.of(r.skill)) for r in mine[EXAMPLES:]],
            }
        )  # fmt: skip
    if "/" in unit:  # the parts of a sector have no gaps of their own
        found = [a for a in found if a["size"]]
    return sorted(found, key=lambda a: -int(str(a["size"])))


def _transversal(ctx: Context, unit: str) -> list[tuple[dict[str, str], float, float]]:
    """Label of a transversal group, its share here and on average."""
    groups = {g.code: g.iri for g in ctx.catalogue.groups.values() if g.scheme == "skills"}
    figures = {f.aspect: f for f in ctx.catalogue.analysis.profiles.get(unit, [])}
    return [
        (ctx.labels.of(groups[a]), figures[a].share, figures[a].overall) for a in TOP_GROUPS if a in figures and a in groups
    ]  # fmt: skip


def _widest(ctx: Context, unit: str) -> float:
    """What the longest bar of the transversal profile stands for."""
    figures = [f for f in ctx.catalogue.analysis.profiles.get(unit, []) if f.aspect in TOP_GROUPS]
    return max((max(f.share, f.overall) for f in figures), default=0.0) or 1.0


def _profiles(frame: Frame, item: Domain) -> list[tuple[str, dict[str, str]]]:
    """The profiles of the cells of a sector, or those about a part of it."""
    found = templates_of(frame.ctx, item.id, "cell")
    return [(frame.link(f"/profiles/{e.id}"), title(frame.ctx, "", e.recipe)) for e in found]


def special_in(ctx: Context, skill: str) -> list[Specialisation]:
    """The sectors in which a skill is established as specialised, the most marked by it first."""
    analysis = ctx.catalogue.analysis
    rows = (r for d in ctx.catalogue.top_domains for r in analysis.specialisations.get(d, []) if r.skill == skill)
    return sorted(filter(analysis.is_special, rows), key=lambda r: (-r.lq, r.unit))
