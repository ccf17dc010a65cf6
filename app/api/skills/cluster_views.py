"""Clusters of skills, as answers say them: JSON with its shapes, and flat rows for CSV."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from analysis.skills.statements import ShareKind, cluster_iri, cluster_share_iri, membership_iri
from analysis.skills.tables import Cluster, Lineage, Quality
from app.api.skills.views import AreaRef, ClusterRef, UnitOfAnalysis, area_ref, cluster_ref, label, unit
from app.api.views import GroupRef, OccupationRef, SkillRef, chosen, group_ref, occupation_ref, skill_part
from app.catalogue.concepts import in_one
from app.http.shapes import LanguageMap, LinkedShape, Shape
from app.reports.skills import Share
from app.request import Context

CLUSTER_COLUMNS = (
    "cluster", "level", "parent", "clusterLabel", "support", "stability", "reliable", "rank", "skillUri", "skillLabel",
    "weight", "centrality", "primary", "area", "subtitle",
)  # fmt: skip


class ClusteringQuality(Shape):
    """How good the clusters of one level are; docs/clusters.md tells what the figures mean."""

    skillCount: int
    clusterCount: int
    modularity: float
    conductance: Share
    coverage: Share
    tinyShare: Share
    largestShare: Share
    silhouette: float
    groupAgreement: float


class ClusterItem(ClusterRef):
    """A cluster in a list: what it is about, how large, how sure."""

    description: LanguageMap
    area: Annotated[
        AreaRef | None, Field(description="The area that names it; null where it has a working name and waits for one.")
    ]
    subtitle: Annotated[str, Field(description="The skills that tell most about it.")]
    tellingSkill: list[SkillRef]
    broaderCluster: Annotated[str | None, Field(description="IRI of the broad cluster that a fine one lies in.")]
    size: Annotated[int, Field(description="Skills that belong here.")]
    leaning: Annotated[int, Field(description="Skills of other clusters that lean on this one.")]
    clusterSupport: Annotated[int, Field(description="Occupations that draw on it.")]
    clusterStability: Annotated[Share, Field(description="How often its skills were together in the runs behind it.")]
    reliable: Annotated[bool, Field(description="False where small support makes it no more than a hint.")]
    centralSkill: list[SkillRef]


class Membership(Shape):
    """A skill in a cluster."""

    uri: str
    className: Literal["ClusterMembership"]
    skill: SkillRef
    rank: Annotated[int, Field(ge=1)]
    weight: Annotated[Share, Field(description="Share of the skill's ties that go into the cluster.")]
    centrality: Annotated[Share, Field(description="Strength of its ties inside, 1 for the strongest member.")]
    primary: Annotated[
        bool, Field(description="False where the skill belongs elsewhere and only leans on this cluster.")
    ]


class ShareHead(Shape):
    """What a share of a cluster is called."""

    uri: str
    className: Literal["ClusterShare"]


class ClusterShare(ShareHead):
    """A share of a cluster."""

    share: Share


class ClusterGroup(ClusterShare):
    """An ESCO group or ISCED-F field, and the share of the cluster's skills under it."""

    group: GroupRef


class ClusterOccupation(ClusterShare):
    """An occupation that draws on the cluster, and the share of its clustered skills that lies in it."""

    skillOccupation: OccupationRef


class ClusterNeighbour(ClusterShare):
    """Another cluster, and the share of the outgoing ties that lead there."""

    neighbour: ClusterRef


class LineageItem(Shape):
    """How the cluster came from those of the release before."""

    lineage: Lineage
    cluster: str | None
    formerCluster: str | None
    overlap: Annotated[Share, Field(description="Jaccard index of the members.")]


class ClusterDetail(ClusterItem, LinkedShape):
    """Everything about one cluster."""

    unit: UnitOfAnalysis
    members: list[Membership]
    groups: list[ClusterGroup]
    fields: list[ClusterGroup]
    occupations: list[ClusterOccupation]
    neighbours: list[ClusterNeighbour]
    narrower: list[ClusterRef]
    lineage: list[LineageItem]


def quality(q: Quality) -> ClusteringQuality:
    """The published figures of one level of a unit's clusters."""
    return {
        "skillCount": q.skills, "clusterCount": q.clusters, "modularity": q.modularity, "conductance": q.conductance,
        "coverage": q.coverage, "tinyShare": q.tiny_share, "largestShare": q.largest_share, "silhouette": q.silhouette,
        "groupAgreement": q.group_ami,
    }  # fmt: skip


def subtitle(ctx: Context, c: Cluster) -> str:
    """The two telling skills of a cluster, in the language asked for."""
    return " · ".join(label(ctx, s) for s in c.telling)


def cluster_summary(ctx: Context, c: Cluster) -> ClusterItem:
    """A cluster in a list: what it is about, how large, how sure."""
    return {
        **cluster_ref(ctx, c),
        "description": chosen(c.descriptions, ctx),
        "area": area_ref(ctx, c.area),
        "subtitle": subtitle(ctx, c),
        "tellingSkill": [skill_part(ctx, s) for s in c.telling],
        "broaderCluster": cluster_iri(c.parent) if c.parent else None,
        "size": sum(m.primary for m in c.members),
        "leaning": sum(not m.primary for m in c.members),
        "clusterSupport": c.support,
        "clusterStability": c.stability,
        "reliable": c.reliable,
        "centralSkill": [skill_part(ctx, s) for s in c.central],
    }


def cluster(ctx: Context, c: Cluster) -> ClusterDetail:
    """Everything about a cluster."""
    analysis, groups = ctx.catalogue.analysis, ctx.catalogue.groups
    return {
        "@context": ctx.url("/context.jsonld"),
        **cluster_summary(ctx, c),
        "unit": unit(ctx, analysis.units[c.domain]),
        "members": [
            {
                "uri": membership_iri(c, m), "className": "ClusterMembership", "skill": skill_part(ctx, m.skill), "rank": m.rank,
                "weight": m.weight, "centrality": m.centrality, "primary": m.primary,
            }
            for m in c.members
        ],
        "groups": [{**_share(c, "group", g), "group": group_ref(ctx, groups[g]), "share": v} for g, v in c.groups],
        "fields": [{**_share(c, "group", g), "group": group_ref(ctx, groups[g]), "share": v} for g, v in c.fields],
        "occupations": [
            {**_share(c, "skillOccupation", o), "skillOccupation": occupation_ref(ctx, o), "share": v} for o, v in c.occupations
        ],
        "neighbours": [
            {**_share(c, "neighbour", n), "neighbour": cluster_ref(ctx, analysis.clusters[n]), "share": v} for n, v in c.neighbours
        ],
        "narrower": [cluster_ref(ctx, f) for f in analysis.by_unit[c.domain] if f.parent == c.id],
        "lineage": [
            {"lineage": e.relation, "cluster": e.new or None, "formerCluster": e.old or None, "overlap": e.overlap}
            for e in analysis.lineage.get(c.id, [])
        ],
        "language": ctx.language,
    }  # fmt: skip


def _share(c: Cluster, kind: ShareKind, target: str) -> ShareHead:
    return {"uri": cluster_share_iri(c.id, kind, target), "className": "ClusterShare"}


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
