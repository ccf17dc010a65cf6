"""What is derived about skills, as answers say it: JSON with its shapes, flat rows for CSV, statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field

from analysis.skills.specialisation import MIN_LQ
from analysis.skills.statements import Row, area_iri, cluster_iri, family_iri, row_quads, unit_iri
from analysis.skills.tables import Cluster, Evidence, GroupShare, Level, SkillClass, Specialisation, TransversalFigure
from analysis.skills.transversal import FEW
from app.api.tables import label as label
from app.api.views import GroupRef, SkillRef, chosen, group_ref, skill_part
from app.catalogue.areas import AreaFacts
from app.catalogue.concepts import Group
from app.catalogue.skills import UnitFacts
from app.http.shapes import LanguageMap, Shape
from app.reports.skills import Share
from app.request import Context
from ontology.derived import FIGURE, GROUP_SHARE, SPECIALISATION

UnitId = Annotated[str, Field(description="heritage, heritage/museums, function/creation or ccsi (the whole).")]
SPECIALISATION_COLUMNS = (
    "unit", "skillUri", "preferredLabel", "skillType", "reuseLevel", "skillClass", "specialisationEvidence",
    "transversal", "locationQuotient", "support", "essentialSupport", "optionalSupport", "coreSupport", "overallSupport",
    "share", "pValue", "qValue", "effectiveUse", "coreness", "area", "family",
)  # fmt: skip
FIGURE_COLUMNS = (
    "unit", "aspect", "preferredLabel", "share", "overallShare", "ratio", "reach", "overallReach", "ratioLow", "ratioHigh", "support",
    "few",
)  # fmt: skip


class AreaRef(Shape):
    """A skill area as others refer to it."""

    uri: str
    className: Literal["SkillArea"]
    id: str
    preferredLabel: LanguageMap


class UnitOfAnalysis(Shape):
    """The set of occupations that figures are about, and how many they are."""

    uri: str
    id: UnitId
    occupationCount: int
    coreOccupationCount: int
    smallUnit: Annotated[bool, Field(description="Fewer than 20 occupations: read single figures as hints.")]
    note: NotRequired[str]


class SharedFigures(Shape):
    """A shared skill in one of the domains."""

    uri: str
    className: Literal["SkillSpecialisation"]
    locationQuotient: Annotated[
        float, Field(description="Share of the unit's occupations with the skill over that of all ESCO.")
    ]
    support: Annotated[int, Field(description="Occupations of the unit that use the skill, essential and optional.")]
    skillClass: SkillClass


class SpecialisationItem(SharedFigures):
    """How much a skill belongs to a unit; docs/skills.md tells how each figure is made."""

    skill: SkillRef
    area: Annotated[AreaRef | None, Field(description="Where the skill stands on the map of the unit.")]
    family: Annotated[str | None, Field(description="IRI of the family beside the map that it belongs to.")]
    specialisationEvidence: Evidence
    transversal: bool
    transversalityScore: float | None
    logLocationQuotient: Annotated[
        float, Field(description="Its logarithm to base 2, drawn towards 0 where evidence is thin.")
    ]
    essentialSupport: int
    optionalSupport: int
    coreSupport: int
    overallSupport: Annotated[int, Field(description="Occupations of all ESCO that use the skill.")]
    essentialShare: Share
    share: Share
    pValue: Share
    qValue: Share
    effectiveUse: Share
    coreness: Share


class FigureHead(Shape):
    """One aspect of a transversal profile."""

    uri: str
    className: Literal["TransversalFigure"]
    aspect: Annotated[str, Field(description="Code of a T-group, or the name of a collection or group of skills.")]
    group: NotRequired[GroupRef]


class Figure(FigureHead):
    """The same beside the ESCO average."""

    share: Annotated[Share, Field(description="Share of skill use.")]
    overallShare: Share
    ratio: Annotated[float, Field(ge=0, description="Share over overall share.")]
    reach: Annotated[Share, Field(description="Share of occupations with at least one such skill.")]
    overallReach: Share
    ratioLow: Annotated[float, Field(ge=0, description="Lower end of the ratio's 95 % interval.")]
    ratioHigh: Annotated[float, Field(ge=0, description="Upper end of it.")]
    aspectSupport: Annotated[int, Field(description="Occupations with at least one such skill.")]
    few: Annotated[bool, Field(description="True where five occupations or fewer carry the figure.")]


class GroupShareItem(Shape):
    """The share of skill use under one ESCO group, and the same for all of ESCO."""

    uri: str
    className: Literal["GroupShare"]
    group: GroupRef
    share: Share
    overallShare: Share


class ClusterRef(Shape):
    """A cluster as others refer to it."""

    uri: str
    className: Literal["SkillCluster"]
    id: str
    preferredLabel: LanguageMap
    clusterLevel: Level
    href: str


def unit(ctx: Context, item: UnitFacts) -> UnitOfAnalysis:
    """The unit of analysis that figures are about, with what they rest on."""
    entry: UnitOfAnalysis = {
        "uri": unit_iri(item.id), "id": item.id, "occupationCount": item.occupations, "coreOccupationCount": item.core,
        "smallUnit": item.small,
    }  # fmt: skip
    if item.small:
        entry["note"] = "Fewer than 20 occupations: read single figures as hints."
    elif item.occupations * MIN_LQ > len(ctx.catalogue.occupations):
        entry["note"] = (
            "This release holds little besides these occupations, so nothing can be specialised in them; clusters are of "
            "skills in use, and hints."
        )
    return entry


def specialisation(ctx: Context, s: Specialisation) -> SpecialisationItem:
    """How much a skill belongs to a unit."""
    spread = ctx.catalogue.analysis.transversality.get(s.skill)
    return {
        "uri": SPECIALISATION.iri(s),
        "className": "SkillSpecialisation",
        "skill": skill_part(ctx, s.skill),
        "skillClass": s.skill_class,
        "area": area_ref(ctx, s.area),
        "family": family_iri(s.family) if s.family else None,
        "specialisationEvidence": s.evidence,
        "transversal": s.transversal,
        "transversalityScore": spread.score if spread else None,
        "locationQuotient": s.lq,
        "logLocationQuotient": s.log2_lq,
        "support": s.support,
        "essentialSupport": s.essential,
        "optionalSupport": s.optional,
        "coreSupport": s.core_support,
        "overallSupport": s.overall,
        "essentialShare": s.essential_share,
        "share": s.share,
        "pValue": s.p,
        "qValue": s.q,
        "effectiveUse": s.effective_use,
        "coreness": s.coreness,
    }


def specialisation_ref(s: Specialisation) -> SharedFigures:
    """The same in short, where the skill is told once for several units."""
    return {
        "uri": SPECIALISATION.iri(s),
        "className": "SkillSpecialisation",
        "locationQuotient": s.lq,
        "support": s.support,
        "skillClass": s.skill_class,
    }


def specialisation_row(ctx: Context, s: Specialisation) -> tuple[Any, ...]:
    """The same, flat."""
    skill = ctx.catalogue.skills[s.skill]
    cells = SPECIALISATION.values(s) | {
        "skillUri": s.skill, "preferredLabel": label(ctx, s.skill), "skillType": skill.type, "reuseLevel": skill.reuse,
        "support": s.support,
    }  # fmt: skip
    return tuple(cells[name] for name in SPECIALISATION_COLUMNS)


def figure(ctx: Context, f: TransversalFigure) -> Figure:
    """One line of a transversal profile."""
    head: FigureHead = {"uri": FIGURE.iri(f), "className": "TransversalFigure", "aspect": f.aspect}
    if group := _group_of(ctx, f):
        head["group"] = group_ref(ctx, group)
    return {
        **head, "share": f.share, "overallShare": f.overall, "ratio": f.ratio, "reach": f.reach, "overallReach": f.reach_overall,
        "ratioLow": f.ratio_low, "ratioHigh": f.ratio_high, "aspectSupport": f.support, "few": f.support <= FEW,
    }  # fmt: skip


def figure_row(ctx: Context, f: TransversalFigure) -> tuple[Any, ...]:
    """The same, flat."""
    group = _group_of(ctx, f)
    cells = FIGURE.values(f) | {
        "preferredLabel": label(ctx, group.iri) if group else "",
        "support": f.support,
        "few": f.support <= FEW,
    }
    return tuple(cells[name] for name in FIGURE_COLUMNS)


def _group_of(ctx: Context, f: TransversalFigure) -> Group | None:
    groups = ctx.catalogue.groups.values()
    return next((g for g in groups if g.code == f.aspect and g.scheme == "skills"), None)


def share(ctx: Context, g: GroupShare) -> GroupShareItem:
    """The share of skill use under one ESCO group."""
    return {
        "uri": GROUP_SHARE.iri(g), "className": "GroupShare",
        "group": group_ref(ctx, ctx.catalogue.groups[g.group]), "share": g.share, "overallShare": g.overall,
    }  # fmt: skip


def cluster_ref(ctx: Context, c: Cluster) -> ClusterRef:
    """A cluster as others refer to it."""
    return {
        "uri": cluster_iri(c.id),
        "className": "SkillCluster",
        "id": c.id,
        "preferredLabel": chosen(c.labels, ctx),
        "clusterLevel": c.level,
        "href": ctx.url(f"/clusters/{c.id}"),
    }


def area_ref(ctx: Context, key: str) -> AreaRef | None:
    """The skill area of a statement; None where it has none."""
    known = ctx.catalogue.analysis.areas.areas.get(key)
    return area_of(ctx, known) if known else None


def area_of(ctx: Context, item: AreaFacts) -> AreaRef:
    """A skill area as others refer to it."""
    return {
        "uri": area_iri(item.id), "className": "SkillArea", "id": item.id, "preferredLabel": chosen(item.labels, ctx),
    }  # fmt: skip


def statements(ctx: Context, rows: Iterable[Row]) -> Iterator[str]:
    """What the graph says of derived rows, as lines of N-Quads."""
    return row_quads(rows, ctx.served.release.manifest["escoVersion"])
