"""/domains/{id}/skills, /transversal and /domains/compare: which skills matter to a sector, and which it shares."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response
from typing_extensions import TypedDict

from analysis.skills.tables import Specialisation
from app.api.apart import apart
from app.api.codes import skill_group
from app.api.formats import Format, choose, respond
from app.api.lookup import check_function, find, query_words
from app.api.routing import api_router
from app.api.skills import views
from app.api.skills.views import Figure, GroupShareItem, SharedFigures, SpecialisationItem, UnitOfAnalysis
from app.api.views import SkillRef, skill_part
from app.catalogue.concepts import in_one
from app.catalogue.labels import fold
from app.catalogue.skills import CCSI_UNIT, UnitFacts
from app.errors import BadParameter, NotFound
from app.http.shapes import LinkedShape, Listing, Shape
from app.pictures.canvas import PICTURE_TYPES
from app.pictures.overlap import overlap_picture
from app.pictures.transversal import transversal_picture
from app.pictures.words import translator
from app.reports.skills import PairOverlap, comparison, overlaps
from app.request import Context, Ctx, Paging, counted, page_links

router = api_router("skills", "/domains")

MOST_COMPARED = 11
ORDER = {
    "lq": lambda s: (-s.lq, -s.support, s.skill),
    "support": lambda s: (-s.support, -s.lq, s.skill),
    "coreness": lambda s: (-s.coreness, -s.support, s.skill),
}


class SkillsOfUnit(Listing):
    """The skills of a sector, with figures."""

    unit: UnitOfAnalysis
    items: list[SpecialisationItem]


class TransversalProfile(Listing):
    """What a sector shares with the rest of work."""

    unit: UnitOfAnalysis
    items: list[Figure]
    groupShares: list[GroupShareItem]


_InUnits = TypedDict("_InUnits", {"in": dict[str, SharedFigures]})


class SharedSkill(_InUnits, Shape):
    """A skill that all of the domains are specialised in."""

    skill: SkillRef


class DomainComparison(LinkedShape):
    """Domains side by side."""

    units: list[UnitOfAnalysis]
    overlap: list[PairOverlap]
    shared: list[SharedSkill]
    distinctive: dict[str, list[SpecialisationItem]]


@router.get("/compare", summary="Domains side by side: shared and distinctive skills")
async def compare(
    ctx: Ctx,
    ids: Annotated[str, Query(description="Two domains or more, with commas.", examples=["heritage,audiovisual"])],
    format: Format = None,
) -> Response:
    """What all of the domains are specialised in, what only one of them is, and how much each pair overlaps.

    Overlap is told by the Jaccard index of specialised skills, by the overlap coefficient (shared over the smaller of the
    two), and by the cosine of the shares of use of all skills. Turtle gives the statements about the skills shown.
    """
    keys = list(dict.fromkeys(k.strip() for k in ids.split(",") if k.strip()))
    if not 2 <= len(keys) <= MOST_COMPARED:
        raise BadParameter(f"ids: name 2 to {MOST_COMPARED} different domains.", field="ids")
    return await _compared(ctx=ctx, units=[unit_of(ctx, k, field="ids").id for k in keys], format=format)


@apart(lambda given: 5.0 * len(given["units"]), {"turtle": 10.0})
async def _compared(ctx: Context, units: list[str], format: str | None) -> Response:
    chosen = choose(ctx, format)
    compared = comparison(ctx.catalogue.analysis, units)
    parts = [("shared", s) for rows in compared.shared for s in rows]
    parts += [("distinctive", s) for rows in compared.distinctive.values() for s in rows]
    shown = [s for _, s in parts]
    payload: DomainComparison = {
        "@context": ctx.url("/context.jsonld"),
        "units": [views.unit(ctx, ctx.catalogue.analysis.units[u]) for u in units],
        "overlap": compared.pairs,
        "shared": [
            {
                "skill": skill_part(ctx, rows[0].skill),
                "in": {s.unit: views.specialisation_ref(s) for s in rows},
            }
            for rows in compared.shared
        ],
        "distinctive": {u: [views.specialisation(ctx, s) for s in rows] for u, rows in compared.distinctive.items()},
        "language": ctx.language,
    }  # fmt: skip
    # In JSON-LD a list is told of, and figures by domain are not.
    told = {**payload, "items": [views.specialisation(ctx, s) for s in shown]} if chosen == "jsonld" else payload
    rows = ((part, *views.specialisation_row(ctx, s)) for part, s in parts)
    return respond(ctx, chosen, told, views.statements(ctx, shown), ("part", *views.SPECIALISATION_COLUMNS), rows)


@router.get("/overlap.{kind}", summary="How much the domains overlap, as a picture")
@apart(500.0)
async def overlap(ctx: Ctx, kind: Literal["svg", "png"]) -> Response:
    """A matrix of all domains: shared specialised skills as a share of those of either."""
    language = ctx.label_language
    matrix = overlaps(ctx.catalogue, language)
    if not matrix.labels:
        raise NotFound("This release has no figures about the skills of domains.")
    image = await asyncio.to_thread(overlap_picture, matrix, kind, language)
    return ctx.bytes(image, PICTURE_TYPES[kind])


@router.get("/{id}/skills", summary="The skills of a sector, with figures")
@apart(
    lambda given: 6.0 if given["id"] == "ccsi" else 1.0, {"json": 0.012, "jsonld": 0.035, "turtle": 0.07, "csv": 0.06}
)
async def skills(
    ctx: Ctx,
    paging: Paging,
    id: str,
    skill_class: Annotated[
        Literal["core", "specialism", "common", "single", "marginal"] | None,
        Query(alias="class", description="Only of this class."),
    ] = None,
    evidence: Annotated[
        Literal["established", "indicated", "expert", "none"] | None,
        Query(description="Only with this evidence of specialisation."),
    ] = None,
    type: Annotated[Literal["skill", "knowledge"] | None, Query(description="Only of this ESCO type.")] = None,
    reuse_level: Annotated[
        Literal["transversal", "cross-sector", "sector-specific", "occupation-specific"] | None,
        Query(alias="reuse-level", description="Only of this ESCO reuse level."),
    ] = None,
    transversal: Annotated[
        bool | None, Query(description="Only transversal skills, or only others, by the T branch and by spread.")
    ] = None,
    group: Annotated[
        str | None, Query(description="Only under this ESCO group, by its code.", examples=["S1.2"])
    ] = None,
    collection: Annotated[
        Literal["digital", "green", "digcomp", "language", "research", "transversal"] | None,
        Query(description="Only in this ESCO collection."),
    ] = None,
    relation: Annotated[
        Literal["essential", "optional"] | None, Query(description="Only what some occupation of the domain uses so.")
    ] = None,
    min_support: Annotated[
        int | None,
        Query(
            alias="min-support",
            ge=1,
            le=10000,
            description="Used by so many of its occupations or more; 2 when left out, 1 with class=single.",
        ),
    ] = None,
    area: Annotated[
        str | None, Query(description="Only in this skill area.", examples=["conservation-restoration"])
    ] = None,
    max_q: Annotated[
        float | None, Query(alias="max-q", ge=0, le=1, description="With a q-value of at most this.")
    ] = None,
    q: Annotated[str | None, Query(description="Only with these words in the preferred label.")] = None,
    sort: Annotated[Literal["lq", "support", "coreness"], Query(description="Highest first by this.")] = "lq",
    function: Annotated[
        str | None,
        Query(description="With the whole (ccsi): of the occupations with this function.", examples=["creation"]),
    ] = None,
    format: Format = None,
) -> Response:
    """Location quotient, support, significance, coreness and area of each skill that occupations of the sector use.

    `ccsi` stands for the sectors as a whole. How the figures are made: docs/skills.md.
    """
    chosen = choose(ctx, format)
    where = unit_of(ctx, id, function)
    catalogue = ctx.catalogue
    rows = catalogue.analysis.specialisations.get(where.id, [])
    if group is not None:
        under = catalogue.skills_under(skill_group(ctx, group, "group", BadParameter).iri)
        rows = [s for s in rows if s.skill in under]
    if area is not None and area not in catalogue.analysis.areas.areas:
        raise BadParameter(
            f"area: no skill area '{area[:60]}'.",
            field="area",
            known=[a.id for a in catalogue.analysis.areas.of_domain(where.id)],
        )
    words = query_words(ctx, q) if q is not None else []
    least = min_support or (1 if skill_class == "single" else 2)

    def fits(s: Specialisation) -> bool:
        skill = catalogue.skills[s.skill]
        return (
            s.support >= least
            and (area is None or s.area == area)
            and (skill_class is None or s.skill_class == skill_class)
            and (evidence is None or s.evidence == evidence)
            and (type is None or (skill.type == "knowledge") == (type == "knowledge"))
            and (reuse_level is None or skill.reuse == reuse_level)
            and (transversal is None or s.transversal == transversal)
            and (collection is None or collection in skill.collections)
            and (relation is None or (s.essential if relation == "essential" else s.optional) > 0)
            and (max_q is None or s.q <= max_q)
            and all(w in fold(" ".join(ctx.labels.of(s.skill).values())) for w in words)
        )

    ordered = sorted((s for s in rows if fits(s)), key=ORDER[sort])
    shown = ordered[paging.offset : paging.offset + paging.limit]
    payload: SkillsOfUnit = {
        "@context": ctx.url("/context.jsonld"), "unit": views.unit(ctx, where),
        "items": [views.specialisation(ctx, s) for s in shown], **counted(len(ordered), paging), "language": ctx.language,
    }  # fmt: skip
    return respond(
        ctx, chosen, payload, views.statements(ctx, shown), views.SPECIALISATION_COLUMNS,
        (views.specialisation_row(ctx, s) for s in shown), page_links(ctx, len(ordered), paging),
    )  # fmt: skip


@router.get("/{id}/transversal", summary="What a sector shares with the rest of work, against the ESCO average")
async def transversal(ctx: Ctx, id: str, format: Format = None) -> Response:
    """Share and reach of every T-group, of digital, green, DigComp, language, entrepreneurial and cultural skills.

    Beside it, the shares of skill use by ESCO group (those of one per cent and more), which add to 1 at the top.
    """
    chosen = choose(ctx, format)
    where = unit_of(ctx, id)
    analysis = ctx.catalogue.analysis
    figures = sorted(analysis.profiles.get(where.id, []), key=lambda f: f.aspect)
    shares = analysis.group_shares.get(where.id, [])
    payload: TransversalProfile = {
        "@context": ctx.url("/context.jsonld"), "unit": views.unit(ctx, where),
        "items": [views.figure(ctx, f) for f in figures], **counted(len(figures)),
        "groupShares": [
            views.share(ctx, g)
            for g in sorted(shares, key=lambda g: (-g.share, g.group))
            if g.group in ctx.catalogue.groups
        ],
        "language": ctx.language,
    }  # fmt: skip
    return respond(
        ctx, chosen, payload, views.statements(ctx, [*figures, *shares]),
        views.FIGURE_COLUMNS, (views.figure_row(ctx, f) for f in figures),
    )  # fmt: skip


@router.get("/{id}/transversal.{kind}", summary="The transversal profile as a picture")
@apart(400.0)
async def transversal_image(ctx: Ctx, id: str, kind: Literal["svg", "png"]) -> Response:
    """T-groups and collections of the domain beside the ESCO average."""
    where = unit_of(ctx, id)
    names = {g.code: views.label(ctx, g.iri) for g in ctx.catalogue.groups.values() if g.scheme == "skills"}
    figures = ctx.catalogue.analysis.profiles.get(where.id, [])
    image = await asyncio.to_thread(transversal_picture, title_of(ctx, where), figures, names, kind, ctx.label_language)
    return ctx.bytes(image, PICTURE_TYPES[kind])


def unit_of(ctx: Context, key: str, function: str | None = None, field: str = "id") -> UnitFacts:
    """The unit of analysis of a domain, sub-domain or the whole. Raises NotFound where there is nothing derived."""
    if function:
        check_function(function)
    if key == CCSI_UNIT:
        wanted = f"function/{function}" if function else CCSI_UNIT
    else:
        domain = find(ctx, key, field)
        if function:
            raise BadParameter("function: only with the whole, ccsi.", field="function")
        wanted = f"{domain.broader}/{domain.id}" if domain.broader else domain.id
    units = ctx.catalogue.analysis.units
    if wanted not in units:
        raise NotFound(
            f"This release has no figures about the skills of '{wanted[:60]}'.", field=field, known=sorted(units)
        )
    return units[wanted]


def title_of(ctx: Context, where: UnitFacts) -> str:
    """The name of a unit for the head of a picture."""
    domain = ctx.catalogue.domains.get(where.id.rpartition("/")[2])
    if domain is None:
        return translator(ctx.label_language)("Cultural and creative sectors") if where.id == CCSI_UNIT else where.id
    return in_one(domain.labels, ctx.label_language) or where.id
