"""The shapes of what is derived about skills: /domains/{id}/skills, /transversal, /clusters, /domains/compare, /clusters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.api.models import GroupRef, LanguageMap, LinkedShape, Listing, OccupationRef, Shape, SkillRef

Share = Annotated[float, Field(ge=0, le=1)]
ClusterLevel = Literal["broad", "fine"]
SkillClass = Literal["core", "specialism", "common", "single", "marginal"]
UnitId = Annotated[str, Field(description="heritage, heritage/museums, function/creation or ccsi (the whole).")]


class AreaRef(Shape):
    """A skill area as others refer to it."""

    uri: str
    class_name: Literal["SkillArea"]
    id: str
    preferred_label: LanguageMap


class UnitOfAnalysis(Shape):
    """The set of occupations that figures are about, and how many they are."""

    uri: str
    id: UnitId
    occupation_count: int
    core_occupation_count: int
    small_unit: bool = Field(description="Fewer than 20 occupations: read single figures as hints.")
    note: str = ""


class SpecialisationItem(Shape):
    """How much a skill belongs to a unit; docs/skills.md tells how each figure is made."""

    uri: str
    class_name: Literal["SkillSpecialisation"]
    skill: SkillRef
    skill_class: SkillClass
    area: AreaRef | None = Field(description="Where the skill stands on the map of the unit.")
    family: str | None = Field(description="IRI of the family beside the map that it belongs to.")
    specialisation_evidence: Literal["established", "indicated", "expert", "none"]
    transversal: bool
    transversality_score: float | None
    location_quotient: float = Field(
        description="Share of the unit's occupations with the skill over that of all ESCO."
    )
    log_location_quotient: float = Field(description="Its logarithm to base 2, drawn towards 0 where evidence is thin.")
    support: int = Field(description="Occupations of the unit that use the skill, essential and optional.")
    essential_support: int
    optional_support: int
    core_support: int
    overall_support: int = Field(description="Occupations of all ESCO that use the skill.")
    essential_share: Share
    share: Share
    p_value: Share
    q_value: Share
    effective_use: Share
    coreness: Share


class SkillsOfUnit(Listing):
    """The skills of a sector, with figures."""

    unit: UnitOfAnalysis
    items: list[SpecialisationItem]


class Figure(Shape):
    """One aspect of a transversal profile beside the ESCO average."""

    uri: str
    class_name: Literal["TransversalFigure"]
    aspect: str = Field(description="Code of a T-group, or the name of a collection or group of skills.")
    group: GroupRef | None = None
    share: Share = Field(description="Share of skill use.")
    overall_share: Share
    ratio: float = Field(ge=0, description="Share over overall share.")
    reach: Share = Field(description="Share of occupations with at least one such skill.")
    overall_reach: Share
    ratio_low: float = Field(ge=0, description="Lower end of the ratio's 95 % interval.")
    ratio_high: float = Field(ge=0, description="Upper end of it.")
    aspect_support: int = Field(description="Occupations with at least one such skill.")
    few: bool = Field(description="True where five occupations or fewer carry the figure.")


class TransversalSkill(SkillRef):
    """A transversal skill, used in a sector or not."""

    collection: bool = Field(description="In ESCO's own collection of transversal skills.")
    transversal: bool = Field(description="By the T branch and by evenness, and not special to the sector.")
    t_groups: list[str]
    support: int = Field(description="Occupations of the sector that use it; 0 is a finding too.")
    occupation_count: int
    overall_support: int
    ratio: float | None = Field(description="Null where no occupation of ESCO uses it.")
    ratio_low: float | None
    ratio_high: float | None
    few: bool


class TransversalSkills(Listing):
    """Every transversal skill, with its use in a sector."""

    unit: UnitOfAnalysis
    items: list[TransversalSkill]


class AspectOfUnits(Shape):
    """One aspect in several domains."""

    aspect: str
    in_: dict[str, Figure] = Field(alias="in")


class TransversalSideBySide(Listing):
    """Transversal profiles side by side."""

    units: list[UnitOfAnalysis]
    items: list[AspectOfUnits]


class GroupShareItem(Shape):
    """The share of skill use under one ESCO group, and the same for all of ESCO."""

    uri: str
    class_name: Literal["GroupShare"]
    group: GroupRef
    share: Share
    overall_share: Share


class TransversalProfile(Listing):
    """What a sector shares with the rest of work."""

    unit: UnitOfAnalysis
    items: list[Figure]
    group_shares: list[GroupShareItem]


class PairOverlap(Shape):
    """How much two domains overlap in the skills that they are specialised in."""

    domains: list[str] = Field(min_length=2, max_length=2)
    shared: int
    jaccard: Share
    coefficient: Share = Field(description="Shared skills over those of the smaller of the two.")
    cosine: Share = Field(description="Cosine of the shares of use of all skills.")


class SharedFigures(Shape):
    """A shared skill in one of the domains."""

    uri: str
    class_name: Literal["SkillSpecialisation"]
    location_quotient: float
    support: int
    skill_class: SkillClass


class SharedSkill(Shape):
    """A skill that all of the domains are specialised in."""

    skill: SkillRef
    in_: dict[str, SharedFigures] = Field(alias="in")


class DomainComparison(LinkedShape):
    """Domains side by side."""

    units: list[UnitOfAnalysis]
    overlap: list[PairOverlap]
    shared: list[SharedSkill]
    distinctive: dict[str, list[SpecialisationItem]]


class ClusteringQuality(Shape):
    """How good the clusters of one level are; docs/clusters.md tells what the figures mean."""

    skill_count: int
    cluster_count: int
    modularity: float
    conductance: Share
    coverage: Share
    tiny_share: Share
    largest_share: Share
    silhouette: float
    group_agreement: float


class ClusterRef(Shape):
    """A cluster as others refer to it."""

    uri: str
    class_name: Literal["SkillCluster"]
    id: str
    preferred_label: LanguageMap
    cluster_level: ClusterLevel
    href: str


class ClusterItem(ClusterRef):
    """A cluster in a list: what it is about, how large, how sure."""

    description: LanguageMap
    area: AreaRef | None = Field(
        description="The area that names it; null where it has a working name and waits for one."
    )
    subtitle: str = Field(description="The skills that tell most about it.")
    telling_skill: list[SkillRef]
    broader_cluster: str | None = Field(description="IRI of the broad cluster that a fine one lies in.")
    size: int = Field(description="Skills that belong here.")
    leaning: int = Field(description="Skills of other clusters that lean on this one.")
    cluster_support: int = Field(description="Occupations that draw on it.")
    cluster_stability: Share = Field(description="How often its skills were together in the runs behind it.")
    reliable: bool = Field(description="False where small support makes it no more than a hint.")
    central_skill: list[SkillRef]


class ClustersOfUnit(Listing):
    """The skill clusters of a sector."""

    unit: UnitOfAnalysis
    quality: dict[ClusterLevel, ClusteringQuality]
    items: list[ClusterItem]


class Membership(Shape):
    """A skill in a cluster."""

    uri: str
    class_name: Literal["ClusterMembership"]
    skill: SkillRef
    rank: int = Field(ge=1)
    weight: Share = Field(description="Share of the skill's ties that go into the cluster.")
    centrality: Share = Field(description="Strength of its ties inside, 1 for the strongest member.")
    primary: bool = Field(description="False where the skill belongs elsewhere and only leans on this cluster.")


class ClusterShare(Shape):
    """A share of a cluster."""

    uri: str
    class_name: Literal["ClusterShare"]
    share: Share


class ClusterGroup(ClusterShare):
    """An ESCO group or ISCED-F field, and the share of the cluster's skills under it."""

    group: GroupRef


class ClusterOccupation(ClusterShare):
    """An occupation that draws on the cluster, and the share of its clustered skills that lies in it."""

    skill_occupation: OccupationRef


class ClusterNeighbour(ClusterShare):
    """Another cluster, and the share of the outgoing ties that lead there."""

    neighbour: ClusterRef


class LineageItem(Shape):
    """How the cluster came from those of the release before."""

    lineage: Literal["same", "split", "merge", "new", "retired"]
    cluster: str | None
    former_cluster: str | None
    overlap: Share = Field(description="Jaccard index of the members.")


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


SKILL_ANSWERS: dict[str, tuple[type[BaseModel], ...]] = {
    "/domains/compare": (DomainComparison,),
    "/domains/{id}/skills": (SkillsOfUnit,),
    "/domains/{id}/transversal": (TransversalProfile,),
    "/domains/{id}/transversal/skills": (TransversalSkills,),
    "/domains/transversal": (TransversalSideBySide,),
    "/domains/{id}/clusters": (ClustersOfUnit,),
    "/clusters/{id}": (ClusterDetail,),
    "/skills/{uuid}/clusters": (ClustersOfSkill,),
    "/occupations/{uuid}/clusters": (ClustersOfOccupation,),
}
