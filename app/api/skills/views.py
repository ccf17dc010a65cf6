"""The JSON shapes of what is derived about skills: plain dictionaries, and flat rows for CSV."""

from __future__ import annotations

from typing import Any

from analysis.skills.specialisation import MIN_LQ
from analysis.skills.tables import Cluster, GroupShare, Quality, Specialisation, TransversalFigure
from analysis.skills.transversal import FEW
from app.api.views import Json, chosen, group_ref, occupation_ref, skill_ref
from app.catalogue.concepts import in_one
from app.catalogue.skills import UnitFacts
from app.request import Context
from ontology import CCSID, local_name

SPECIALISATION_COLUMNS = (
    "unit", "skillUri", "preferredLabel", "skillType", "reuseLevel", "skillClass", "specialisationEvidence",
    "transversal", "locationQuotient", "support", "essentialSupport", "optionalSupport", "coreSupport", "overallSupport",
    "share", "pValue", "qValue", "effectiveUse", "coreness", "area", "family",
)  # fmt: skip
FIGURE_COLUMNS = (
    "unit", "aspect", "preferredLabel", "share", "overallShare", "ratio", "reach", "overallReach", "ratioLow", "ratioHigh", "support",
    "few",
)  # fmt: skip
CLUSTER_COLUMNS = (
    "cluster", "level", "parent", "clusterLabel", "support", "stability", "reliable", "rank", "skillUri", "skillLabel",
    "weight", "centrality", "primary", "area", "subtitle",
)  # fmt: skip


def unit(ctx: Context, item: UnitFacts) -> Json:
    """The unit of analysis that figures are about, with what they rest on."""
    found: Json = {
        "uri": f"{CCSID}unit/{item.id}", "id": item.id, "occupationCount": item.occupations, "coreOccupationCount": item.core,
        "smallUnit": item.small,
    }  # fmt: skip
    if item.small:
        found["note"] = "Fewer than 20 occupations: read single figures as hints."
    elif item.occupations * MIN_LQ > len(ctx.catalogue.occupations):
        found["note"] = (
            "This release holds little besides these occupations, so nothing can be specialised in them; clusters are of "
            "skills in use, and hints."
        )
    return found


def label(ctx: Context, iri: str) -> str:
    """One label of a concept as plain text."""
    return in_one(ctx.labels.of(iri), ctx.label_language)


def specialisation(ctx: Context, s: Specialisation) -> Json:
    """How much a skill belongs to a unit."""
    spread = ctx.catalogue.analysis.transversality.get(s.skill)
    return {
        "uri": f"{CCSID}specialisation/{s.unit}/{local_name(s.skill)}",
        "className": "SkillSpecialisation",
        "skill": ctx.part("skill", s.skill, skill_ref),
        "skillClass": s.skill_class,
        "area": area_ref(ctx, s.area),
        "family": f"{CCSID}family/{s.family}" if s.family else None,
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


def specialisation_ref(s: Specialisation) -> Json:
    """The same in short, where the skill is told once for several units."""
    return {
        "uri": f"{CCSID}specialisation/{s.unit}/{local_name(s.skill)}",
        "className": "SkillSpecialisation",
        "locationQuotient": s.lq,
        "support": s.support,
        "skillClass": s.skill_class,
    }


def specialisation_row(ctx: Context, s: Specialisation) -> tuple[Any, ...]:
    """The same, flat."""
    skill = ctx.catalogue.skills[s.skill]
    return (
        s.unit, s.skill, label(ctx, s.skill), skill.type, skill.reuse, s.skill_class, s.evidence, s.transversal, s.lq,
        s.support, s.essential, s.optional, s.core_support, s.overall, s.share, s.p, s.q, s.effective_use, s.coreness,
        s.area, s.family,
    )  # fmt: skip


def figure(ctx: Context, f: TransversalFigure) -> Json:
    """One line of a transversal profile."""
    found: Json = {
        "uri": f"{CCSID}transversal-figure/{f.unit}/{f.aspect.replace(' ', '-')}", "className": "TransversalFigure",
        "aspect": f.aspect,
    }  # fmt: skip
    if group := next((g for g in ctx.catalogue.groups.values() if g.code == f.aspect and g.scheme == "skills"), None):
        found["group"] = group_ref(ctx, group)
    return found | {
        "share": f.share, "overallShare": f.overall, "ratio": f.ratio, "reach": f.reach, "overallReach": f.reach_overall,
        "ratioLow": f.ratio_low, "ratioHigh": f.ratio_high, "aspectSupport": f.support, "few": f.support <= FEW,
    }  # fmt: skip


def figure_row(ctx: Context, f: TransversalFigure) -> tuple[Any, ...]:
    """The same, flat."""
    group = next((g for g in ctx.catalogue.groups.values() if g.code == f.aspect and g.scheme == "skills"), None)
    text = label(ctx, group.iri) if group else ""
    return (
        f.unit,
        f.aspect,
        text,
        f.share,
        f.overall,
        f.ratio,
        f.reach,
        f.reach_overall,
        f.ratio_low,
        f.ratio_high,
        f.support,
        f.support <= FEW,
    )


def share(ctx: Context, g: GroupShare) -> Json:
    """The share of skill use under one ESCO group."""
    return {
        "uri": f"{CCSID}group-share/{g.unit}/{local_name(g.group)}", "className": "GroupShare",
        "group": group_ref(ctx, ctx.catalogue.groups[g.group]), "share": g.share, "overallShare": g.overall,
    }  # fmt: skip


def quality(q: Quality) -> Json:
    """The published figures of one level of a unit's clusters."""
    return {
        "skillCount": q.skills, "clusterCount": q.clusters, "modularity": q.modularity, "conductance": q.conductance,
        "coverage": q.coverage, "tinyShare": q.tiny_share, "largestShare": q.largest_share, "silhouette": q.silhouette,
        "groupAgreement": q.group_ami,
    }  # fmt: skip


def cluster_ref(ctx: Context, c: Cluster) -> Json:
    """A cluster as others refer to it."""
    return {
        "uri": f"{CCSID}cluster/{c.id}",
        "className": "SkillCluster",
        "id": c.id,
        "preferredLabel": chosen(c.labels, ctx),
        "clusterLevel": c.level,
        "href": ctx.url(f"/clusters/{c.id}"),
    }


def area_ref(ctx: Context, key: str) -> Json | None:
    """The skill area of a statement; None where it has none."""
    known = ctx.catalogue.analysis.areas.areas.get(key)
    if known is None:
        return None
    return {
        "uri": f"{CCSID}area/{key}", "className": "SkillArea", "id": key, "preferredLabel": chosen(known.labels, ctx),
    }  # fmt: skip


def subtitle(ctx: Context, c: Cluster) -> str:
    """The two telling skills of a cluster, in the language asked for."""
    return " · ".join(label(ctx, s) for s in c.telling)


def cluster_summary(ctx: Context, c: Cluster) -> Json:
    """A cluster in a list: what it is about, how large, how sure."""
    return {
        **cluster_ref(ctx, c),
        "description": chosen(c.descriptions, ctx),
        "area": area_ref(ctx, c.area),
        "subtitle": subtitle(ctx, c),
        "tellingSkill": [ctx.part("skill", s, skill_ref) for s in c.telling],
        "broaderCluster": f"{CCSID}cluster/{c.parent}" if c.parent else None,
        "size": sum(m.primary for m in c.members),
        "leaning": sum(not m.primary for m in c.members),
        "clusterSupport": c.support,
        "clusterStability": c.stability,
        "reliable": c.reliable,
        "centralSkill": [ctx.part("skill", s, skill_ref) for s in c.central],
    }


def cluster(ctx: Context, c: Cluster) -> Json:
    """Everything about a cluster."""
    analysis = ctx.catalogue.analysis
    return {
        **cluster_summary(ctx, c),
        "unit": unit(ctx, analysis.units[c.domain]),
        "members": [
            {
                "uri": f"{CCSID}membership/{c.id}/{local_name(m.skill)}", "className": "ClusterMembership",
                "skill": ctx.part("skill", m.skill, skill_ref), "rank": m.rank, "weight": m.weight, "centrality": m.centrality,
                "primary": m.primary,
            }
            for m in c.members
        ],
        "groups": [_part(c, "group", g, group_ref(ctx, ctx.catalogue.groups[g]), v) for g, v in c.groups],
        "fields": [_part(c, "group", g, group_ref(ctx, ctx.catalogue.groups[g]), v) for g, v in c.fields],
        "occupations": [_part(c, "skillOccupation", o, occupation_ref(ctx, o), v) for o, v in c.occupations],
        "neighbours": [_part(c, "neighbour", n, cluster_ref(ctx, analysis.clusters[n]), v) for n, v in c.neighbours],
        "narrower": [cluster_ref(ctx, f) for f in analysis.by_unit[c.domain] if f.parent == c.id],
        "lineage": [
            {"lineage": e.relation, "cluster": e.new or None, "formerCluster": e.old or None, "overlap": e.overlap}
            for e in analysis.lineage.get(c.id, [])
        ],
    }  # fmt: skip


def _part(c: Cluster, kind: str, target: str, shown: Json, value: float) -> Json:
    """A share of a cluster, by the kind of thing it is a share of."""
    key = local_name(target) if kind != "neighbour" else target
    return {
        "uri": f"{CCSID}cluster-share/{c.id}/{kind}/{key}", "className": "ClusterShare", kind: shown, "share": value
    }  # fmt: skip


def cluster_rows(ctx: Context, c: Cluster) -> list[tuple[Any, ...]]:
    """One flat row per member."""
    text = in_one(c.labels, ctx.label_language)
    return [
        (
            c.id, c.level, c.parent, text, c.support, c.stability, c.reliable, m.rank, m.skill, label(ctx, m.skill), m.weight,
            m.centrality, m.primary, c.area, subtitle(ctx, c),
        )
        for m in c.members
    ]  # fmt: skip
