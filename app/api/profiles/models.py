"""The shapes of /profiles: composed and ready profiles."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from app.api.models import Degree, GroupRef, LanguageMap, LinkedShape, Listing, NaceRef, OccupationRef, Shape, SkillRef
from app.api.skills.models import ClusterRef

Kind = Literal["cell", "occupation", "composed"]


class DomainRef(Shape):
    """A domain as others refer to it."""

    uri: str
    id: str
    preferred_label: LanguageMap
    href: str


class FunctionRef(Shape):
    """A function as others refer to it."""

    uri: str
    id: str
    preferred_label: LanguageMap


class ProfileHead(Shape):
    """What a profile is."""

    uri: str
    class_name: Literal["ProfileTemplate", "Profile"]
    id: str | None = Field(description="Identifier of a template; none for a composed profile.")
    kind: Kind
    title: LanguageMap
    domain: DomainRef | None
    other_domains: list[DomainRef] = Field(description="Further domains that the role was composed for.")
    function: FunctionRef | None = Field(description="The function of a cell.")
    charter_function: FunctionRef | None = Field(description="The function of CHARTER of a cell.")
    sub_domain: DomainRef | None = Field(description="The sub-domain of a cell.")
    degree: Degree | None = Field(description="The degree of the anchors of a template in its domain.")
    skill_count: int


class ProfileItem(ProfileHead):
    """A template in a list."""

    skills_by_section: dict[str, int]
    anchor_count: int
    occupation: OccupationRef | None
    href: str


class ProfileList(Listing):
    """Profile templates."""

    items: list[ProfileItem]


class AnchorOccupation(OccupationRef):
    """An anchoring occupation."""

    broader_isco_group: GroupRef | None
    nace_code: list[NaceRef]
    regulated_profession: bool | None = Field(description="As ESCO notes it; null where it says nothing.")
    evidence: str


class ProfileAnchor(Shape):
    """An occupation that the profile is composed from."""

    occupation: AnchorOccupation
    weight: float = Field(gt=0, le=1)
    parts: list[str] = Field(description="The clusters or groups of skills taken of it; all of it when empty.")
    degree: Degree | None
    confidence: float | None = Field(description="How sure the scope is of the degree.")
    routes: list[str] = Field(description="Routes of evidence for the degree.")


class SkillFigures(Shape):
    """How much the domain is specialised in a skill."""

    uri: str
    unit: str
    location_quotient: float
    share: float
    specialisation_evidence: Literal["established", "indicated", "expert", "none"]
    cluster: str | None


class AskedBy(Shape):
    """The anchors that ask for a skill."""

    essential: list[str] = Field(default_factory=list)
    optional: list[str] = Field(default_factory=list)


class ProfileEntry(Shape):
    """A skill in its place."""

    skill: SkillRef
    specialisation: SkillFigures | None
    rule: str = Field(description="The rule that placed it; provenance.rules says what it means.")
    also_by: list[str] = Field(description="Later rules that agree.")
    relation: Literal["essential", "optional", "none"]
    share: float = Field(ge=0, le=1, description="Weight of the anchors that ask for it, optional uses counting half.")
    essential_share: float = Field(ge=0, le=1)
    repeat_of: str | None = Field(description="The section that a repeated skill has its place in.")
    asked_by: AskedBy | None = Field(None, description="Which anchors ask for it, where there are several.")


class ProfileGroup(Shape):
    """Skills of a section that stand together."""

    group: GroupRef | ClusterRef | OccupationRef | None
    skills: list[ProfileEntry]


class ProfileSection(Shape):
    """A section of a profile."""

    uri: str
    id: str
    preferred_label: LanguageMap
    grouped_by: Literal["none", "cluster", "field", "t-group"]
    skill_count: int
    repeat_count: int = Field(description="How many of them have their place in another section.")
    groups: list[ProfileGroup]


class Heading(Shape):
    """A section that holds no skills, by its name."""

    id: str
    preferred_label: LanguageMap


class GapSource(Shape):
    """Where a gap is shown."""

    uri: str
    title: str


class ProfileGap(Shape):
    """What the sectors name and ESCO lacks."""

    uri: str
    preferred_label: LanguageMap
    definition: LanguageMap
    sources: list[GapSource]


class ProfileWarning(Shape):
    """Something that the reader of a profile has to know."""

    code: str
    detail: str
    about: list[str]


class RuleWords(Shape):
    """A composition rule."""

    uri: str
    id: str
    section: str | None
    definition: LanguageMap
    minimum_share: float | None


class ProfileProvenance(Shape):
    """What is needed to make the same profile again."""

    esco_version: str
    release: str
    guidelines: str
    units: list[str]
    rules: list[RuleWords]
    attribution: str


class ProfileLinks(Shape):
    """The same profile, and its formats."""

    self: str
    formats: dict[str, str]


class DescribedOccupation(OccupationRef):
    """An anchor in ESCO's words."""

    description: LanguageMap
    scope_note: LanguageMap
    alternative_label: dict[str, list[str]]
    regulated_profession: bool | None
    broader_occupation: list[OccupationRef]
    narrower_occupation: list[OccupationRef]


class UnitTasks(Shape):
    """The tasks that ISCO-08 tells of a unit group: those of all its occupations, not of one."""

    group: GroupRef
    tasks: dict[str, list[str]]


class FieldOfEducation(Shape):
    """An ISCED-F field, and how many knowledge skills of the profile ESCO has under it."""

    field: GroupRef
    skills: int


class NearOccupation(Shape):
    """An occupation of the sectors that a move out of the role leads to."""

    occupation: OccupationRef
    similarity: float = Field(ge=0, le=1)
    viability: Literal["highly-viable", "viable", "none"]


class StatusRef(Shape):
    """A status of validation."""

    uri: str
    id: str
    preferred_label: LanguageMap


class Validation(Shape):
    """How far experts have gone through the profile."""

    status: StatusRef
    definition: LanguageMap


class Profile(ProfileHead, LinkedShape):
    """A profile."""

    statement: LanguageMap
    occupations: list[DescribedOccupation] = Field(description="The anchors in ESCO's words, where they are few.")
    tasks: list[UnitTasks]
    regulated_professions: list[OccupationRef]
    fields_of_education: list[FieldOfEducation]
    eqf_level: int | None = Field(
        ge=1, le=8, description="Null until experts say it: ESCO does not, and none is derived."
    )
    near: list[NearOccupation]
    validation: Validation
    items: list[str] = Field(description="What the author asks for and ESCO lacks, in the author's words.")
    anchors: list[ProfileAnchor]
    sections: list[ProfileSection]
    headings: list[Heading] = Field(description="What the other sections are called.")
    functions: list[FunctionRef] = Field(default_factory=list)
    charter_functions: list[FunctionRef] = Field(default_factory=list)
    gaps: list[ProfileGap] = Field(default_factory=list)
    left_out: int = Field(description="Skills essential for some anchor that no rule took.")
    warnings: list[ProfileWarning]
    provenance: ProfileProvenance
    release: str
    links: ProfileLinks


class Thresholds(Shape):
    """From which similarity on a move is viable."""

    viable: float
    highly_viable: float


class BridgingSkill(Shape):
    """A skill in short."""

    uri: str
    preferred_label: LanguageMap
    skill_type: str | None


class DomainDegree(Shape):
    """A domain that an occupation is in."""

    domain: str
    degree: Degree


class MovingOccupation(OccupationRef):
    """An occupation at the end of a move."""

    domains: list[DomainDegree]


class Nearness(Shape):
    """How near two sets of skills are."""

    similarity: float = Field(ge=0, le=1)
    viability: Literal["highly-viable", "viable", "none"]
    coverage: float = Field(
        ge=0, le=1, description="Share of the essential skills at the end that are there at the start."
    )
    reverse_coverage: float = Field(ge=0, le=1)


class Move(Nearness):
    """A move to or from an occupation."""

    occupation: MovingOccupation
    shared: int
    missing: int
    bridging_skills: list[BridgingSkill] = Field(
        description="The first missing essential skills, by use in the domain."
    )


class Moves(Listing):
    """Moves, the nearest first."""

    thresholds: Thresholds
    items: list[Move]


class RelatedOccupations(Moves):
    """Occupations near another one."""

    occupation: OccupationRef
    direction: Literal["out", "into"]
    among: str


class SkillList(Shape):
    """A list of skills as a side of a comparison."""

    class_name: Literal["SkillList"]
    title: str | None
    skill_count: int


class ComparedProfile(ProfileHead):
    """A profile as a side of a comparison."""

    href: str


class ComparedSkill(Shape):
    """A skill with its relation on either side."""

    skill: BridgingSkill
    from_: Literal["essential", "optional"] | None = Field(alias="from")
    to: Literal["essential", "optional"] | None


Compared = OccupationRef | ComparedProfile | SkillList


class Comparison(Nearness):
    """One side compared with another."""

    to: Compared
    shared: list[ComparedSkill]
    missing: list[ComparedSkill]
    surplus: list[ComparedSkill]
    warnings: list[ProfileWarning]


class ComparedMoves(Moves):
    """A side compared with a set of occupations."""

    from_: Compared = Field(alias="from")
    warnings: list[ProfileWarning] = Field(default_factory=list)


class Comparisons(Listing):
    """A side compared with others."""

    from_: Compared = Field(alias="from")
    thresholds: Thresholds
    items: list[Comparison]


PROFILE_ANSWERS: dict[str, tuple[type[BaseModel], ...]] = {
    "/profiles": (ProfileList,),
    "/domains/{id}/profiles": (ProfileList,),
    "/profiles/{id}": (Profile,),
    "/profiles/compose": (Profile,),
    "/profiles/compare": (Comparisons, ComparedMoves),
    "/occupations/{uuid}/related": (RelatedOccupations,),
}
