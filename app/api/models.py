"""The shapes of the API's answers, for its description: /api/v1/openapi.json, and the tests that hold answers to them.

Routes send ready bytes (orjson, three times as fast as a response model), so nothing here runs while serving. Fields are
named as ESCO names them; unknown ones are forbidden, so that an answer cannot grow a field that nobody describes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

LanguageMap = Annotated[
    dict[str, str], Field(description="Language tag to text; English stands in where a language has none.")
]
Degree = Literal["core", "related"]
AnyDegree = Literal["core", "related", "excluded"]
Route = Literal["isco", "nace", "curated", "skills", "label", "expert"]


class Shape(BaseModel):
    """What all shapes share."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class LinkedShape(Shape):
    """An answer of its own: JSON that is JSON-LD too."""

    context: str = Field(alias="@context", description="The JSON-LD context.")
    language: str = Field(description="The language of the answer; `*` for all.")


class Listing(LinkedShape):
    """One page of a list; the Link header leads to the others."""

    total: int = Field(description="Items of the whole list.")
    limit: int
    offset: int


class GroupRef(Shape):
    """An ISCO-08 group, ISCED-F field or group of skills."""

    uri: str
    class_name: Literal["Concept"]
    code: str
    preferred_label: LanguageMap
    href: str


class OccupationRef(Shape):
    """An occupation as others refer to it."""

    uri: str
    class_name: Literal["Occupation"]
    code: str = Field(description="ESCO code; empty where this version of ESCO gives none.")
    preferred_label: LanguageMap
    href: str


class SkillRef(Shape):
    """A skill as others refer to it."""

    uri: str
    class_name: Literal["Skill"]
    preferred_label: LanguageMap
    skill_type: str | None = Field(description="skill or knowledge, as ESCO says.")
    reuse_level: str | None
    broader_hierarchy_concept: list[GroupRef]
    href: str


class NaceRef(Shape):
    """A NACE Rev. 2.1 code."""

    uri: str
    code: str
    href: str


class Assertion(Shape):
    """What one evidence route says about an occupation."""

    uri: str
    route: Route
    domain: str | None
    degree: AnyDegree
    sub_domain: str | None
    function: str | None
    charter_function: str | None
    score: float | None
    reason: str | None
    derived_from: list[str] = Field(description="IRIs of what the statement rests on.")


class DecisionRef(Shape):
    """A scope decision in short."""

    uri: str
    domain: str
    degree: Degree
    confidence: float


class Decision(Shape):
    """Degree and confidence of an occupation in a domain, with the evidence."""

    uri: str
    domain: str | None
    degree: AnyDegree
    confidence: float = Field(ge=0, le=1)
    contradicted: bool = Field(description="Whether some route says otherwise.")
    sub_domain: str | None
    further_sub_domains: list[str] = Field(description="Others in which the occupation is at home as well.")
    functions: list[str]
    charter_functions: list[str]
    routes: list[Route]
    evidence: list[Assertion]


class DomainSize(Shape):
    """Occupations of a domain by degree."""

    core: int
    related: int


class Mapping(Shape):
    """What a domain corresponds to elsewhere."""

    relation: Literal["exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"]
    uri: str
    label: str
    scheme: str


class DomainItem(Shape):
    """A domain or sub-domain."""

    uri: str
    id: str
    preferred_label: LanguageMap
    occupations: DomainSize
    href: str
    broader: str = Field("", description="The domain of a sub-domain.")


class DomainList(Listing):
    """The domains."""

    items: list[DomainItem]


class DomainDetail(DomainItem, LinkedShape):
    """One domain."""

    definition: LanguageMap
    narrower: list[DomainItem]
    mappings: list[Mapping]
    members: str


class DomainMember(OccupationRef):
    """An occupation of a domain, and why it is there."""

    isco_group: str
    nace_code: list[NaceRef]
    decision: str = Field(description="IRI of the scope decision that the following fields tell.")
    domain: str
    degree: Degree
    confidence: float = Field(ge=0, le=1)
    contradicted: bool
    sub_domain: str | None
    further_sub_domains: list[str] = Field(description="Others in which the occupation is at home as well.")
    functions: list[str]
    charter_functions: list[str]
    routes: list[Route]
    evidence: list[Assertion]
    all_evidence: str


class DomainMembers(Listing):
    """The occupations of a domain."""

    domain: str
    items: list[DomainMember]


class OccupationItem(OccupationRef):
    """An occupation in a list."""

    isco_group: str
    nace_code: list[NaceRef]
    domains: list[DecisionRef]


class OccupationList(Listing):
    """Occupations."""

    items: list[OccupationItem]


class Words(Shape):
    """All that ESCO says about a concept in words."""

    preferred_label: LanguageMap
    alternative_label: dict[str, list[str]]
    description: LanguageMap = Field(default_factory=dict)
    scope_note: LanguageMap = Field(default_factory=dict)
    definition: LanguageMap = Field(default_factory=dict)


class OccupationLinks(Shape):
    """Where to read on."""

    self: str
    evidence: str


class OccupationDetail(Words, LinkedShape):
    """One occupation."""

    uri: str
    class_name: Literal["Occupation"]
    code: str
    broader_isco_group: GroupRef | None
    isco_hierarchy: list[GroupRef]
    broader_occupation: list[OccupationRef]
    narrower_occupation: list[OccupationRef]
    nace_code: list[NaceRef]
    regulated_profession_note: str | None = Field(description="ESCO's note, an IRI.")
    regulated_profession: bool | None = Field(description="What the note says; null where ESCO has none.")
    collections: list[str]
    domains: list[Decision] = Field(description="The domains that it is in: core before related.")
    excluded: list[Decision] = Field(description="Decisions that it is not in a domain, where a route says otherwise.")
    has_essential_skill: list[SkillRef]
    has_optional_skill: list[SkillRef]
    release: str
    links: OccupationLinks


class NeedingOccupation(OccupationRef):
    """An occupation that needs a skill."""

    domains: list[DecisionRef]


class SkillLinks(Shape):
    """Where to read on."""

    self: str


class SkillDetail(Words, LinkedShape):
    """One skill or knowledge concept."""

    uri: str
    class_name: Literal["Skill"]
    skill_type: str | None
    reuse_level: str | None
    collections: list[str]
    broader_hierarchy_concept: list[GroupRef]
    paths: list[list[GroupRef]] = Field(description="Each way from the top of a hierarchy down to it.")
    broader_skill: list[SkillRef]
    narrower_skill: list[SkillRef]
    is_essential_for_occupation: list[NeedingOccupation]
    is_optional_for_occupation: list[NeedingOccupation]
    release: str
    links: SkillLinks


class SkillRefs(Listing):
    """Skills."""

    items: list[SkillRef]


class CrosswalkEntry(Shape):
    """A code of another classification, placed in a domain."""

    uri: str
    class_name: Literal["CrosswalkEntry"]
    classification: Literal["isco-08", "nace-2.1"]
    code: str
    former_code: list[str] = Field(description="What the code was in NACE Rev. 2.")
    domain: str
    sub_domain: str | None
    function: str | None
    degree: Degree
    code_confidence: str | None


class ScopedOccupation(OccupationRef):
    """An occupation with the domains it is in."""

    domains: list[DecisionRef]


class Members(Shape):
    """Occupations, and how many of them are in scope."""

    occupations: list[ScopedOccupation]
    total: int
    in_scope: int
    share: float | None


class IscoGroup(Words, Members, LinkedShape):
    """An ISCO-08 group."""

    uri: str
    class_name: Literal["Concept"]
    code: str
    href: str
    hierarchy: list[GroupRef]
    narrower: list[GroupRef]
    crosswalk: list[CrosswalkEntry]


class GroupList(Listing):
    """Groups of a classification."""

    items: list[GroupRef]


class SkillGroup(Words, LinkedShape):
    """A group of skills or field of knowledge."""

    uri: str
    class_name: Literal["Concept"]
    code: str
    href: str
    paths: list[list[GroupRef]] = Field(description="Each way from the top of the hierarchy down to it.")
    narrower: list[GroupRef]
    skills: list[SkillRef] = Field(description="Right below it.")


class Activity(NaceRef):
    """A NACE code with its name."""

    class_name: Literal["Concept"]
    preferred_label: LanguageMap


class NaceList(Listing):
    """NACE codes in the order of the classification."""

    items: list[Activity]


class NaceCode(Activity, Members, LinkedShape):
    """A NACE Rev. 2.1 code."""

    hierarchy: list[Activity]
    narrower: list[Activity]
    crosswalk: list[CrosswalkEntry]


class Problem(BaseModel):
    """A fault, as RFC 9457 shapes it. Some have more members: the known values, the successor of a concept, a limit."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    field: str = Field("", description="The parameter at fault.")


# Path below /api/v1 -> what its answer is; with several, one of them.
ANSWERS: dict[str, tuple[type[BaseModel], ...]] = {
    "/domains": (DomainList,),
    "/domains/{id}": (DomainDetail,),
    "/occupations/{uuid}": (OccupationDetail,),
    "/skills/{uuid}": (SkillDetail,),
    "/skill-groups": (GroupList,),
    "/skill-groups/{code}": (SkillGroup,),
    "/isco": (GroupList,),
    "/isco/{code}": (IscoGroup,),
    "/nace": (NaceList,),
    "/nace/{code}": (NaceCode,),
}
