"""The shapes of /scope and /crosswalk."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from app.api.models import (
    AnyDegree,
    Assertion,
    CrosswalkEntry,
    Decision,
    LanguageMap,
    LinkedShape,
    Listing,
    NaceRef,
    OccupationRef,
    Route,
    Shape,
)


class Totals(Shape):
    """The scope in five numbers."""

    occupations: int
    in_scope: int
    core: int = Field(description="Core in some domain.")
    related_only: int
    pairs: int = Field(description="Occupation and domain.")


class DomainFigures(Shape):
    """One domain."""

    domain: str
    label: str
    core: int
    related: int
    to_review: int
    sub_domains: dict[str, int]
    functions: dict[str, int]


class MajorGroupFigures(Shape):
    """One ISCO-08 major group."""

    code: str
    label: str
    occupations: int
    core: int
    related_only: int


class RouteFigures(Shape):
    """What one evidence route names."""

    occupations: int
    in_scope: int


class RouteOverlap(Shape):
    """Two routes."""

    routes: list[Route]
    both: int
    either: int


class DomainOverlap(Shape):
    """Two domains that share occupations."""

    domains: list[str]
    both: int
    jaccard: float


class PartlyCultural(Shape):
    """An ISCO-08 unit group of which some occupations are in scope."""

    code: str
    label: str
    occupations: int
    core: int
    in_scope: int
    share: float


class ListedGroup(Shape):
    """One of Eurostat's cultural unit groups."""

    code: str
    label: str
    occupations: int
    core: int
    in_scope: int
    left_out: list[str]


class ToEurostat(Shape):
    """The difference to Eurostat's list."""

    unit_groups: list[ListedGroup]
    core_outside: list[str]
    core_outside_count: int


class ToNace(Shape):
    """The difference to the NACE route."""

    on_route: int
    on_route_in_scope: int
    on_route_left_out: list[str]
    in_scope_not_on_route: int


class CheckFigure(Shape):
    """A figure that is known from elsewhere."""

    figure: str
    expected: int
    found: int
    holds: bool


class ScopeReport(Shape):
    """The scope in figures."""

    release: str
    esco_version: str
    totals: Totals
    by_domain: list[DomainFigures]
    by_major_group: list[MajorGroupFigures]
    routes: dict[Route, RouteFigures]
    route_overlaps: list[RouteOverlap]
    domain_overlaps: list[DomainOverlap]
    partly_cultural: list[PartlyCultural]
    difference_to_eurostat: ToEurostat
    difference_to_nace: ToNace
    check_figures: list[CheckFigure]


class Queued(OccupationRef):
    """A decision to look at, and why."""

    reasons: list[str]
    decision: str = Field(description="IRI of the decision.")
    domain: str | None
    degree: AnyDegree
    confidence: float
    contradicted: bool
    sub_domain: str | None
    further_sub_domains: list[str]
    functions: list[str]
    charter_functions: list[str]
    routes: list[Route]
    evidence: list[Assertion]
    all_evidence: str


class ReviewQueue(Listing):
    """Decisions to look at, the least certain first."""

    items: list[Queued]


class Change(Shape):
    """What changed about an occupation since it was read."""

    occupation: str
    label: str
    what: Literal["label", "isco", "description", "skills", "vanished", "new"]
    before: str
    after: str


class OccupationEvidence(OccupationRef, LinkedShape):
    """All that is known about an occupation's place in the scope."""

    isco_group: str
    nace_code: list[NaceRef]
    decisions: list[Decision]
    assertions: list[Assertion]
    changes: list[Change]
    esco_version: str


class DomainShare(Shape):
    """A domain that occupations under a code belong to."""

    domain: str
    core: int
    related: int
    share: float
    core_share: float


class UnitGroupShare(Shape):
    """An ISCO-08 unit group in which some of the occupations stand."""

    code: str
    occupations: int
    among: int = Field(description="How many of the answer's occupations stand in it.")
    share: float


class CorrespondingCode(Shape):
    """A NACE class of the other revision that has activities in common with one of the answer's."""

    of: str = Field(description="The class of the answer's revision.")
    relation: Literal["exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"]
    uri: str
    code: str
    preferred_label: LanguageMap
    href: str
    revision: Literal["2", "2.1"]
    reason: str
    official: bool = Field(description="Whether Eurostat says so; false: read out of the code lists by this project.")


class MappedCode(Shape):
    """The other end of a mapping between ESCO and another classification."""

    classification: str
    code: str
    uri: str
    label: str
    relation: Literal["exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"] = Field(
        description="Of the answer's code to this one: broadMatch where this one is broader."
    )
    confidence: float | None
    sources: list[str] = Field(description="The files that say so.")


class CrosswalkAnswer(LinkedShape):
    """From a code, an occupation or a domain to codes and domains."""

    uri: str
    classification: str = Field(
        description="isco-08, nace-2.1, nace-2, esco, domain, isced-f, function, one that domains are mapped to, or one loaded."
    )
    code: str
    revision: Literal["2", "2.1"] | None = Field(description="Of a NACE code.")
    preferred_label: LanguageMap
    entries: list[CrosswalkEntry] = Field(description="What the crosswalk says of the code or domain as such.")
    total: int = Field(description="Occupations under the code.")
    domain_shares: list[DomainShare] = Field(description="Where the occupations under the code belong.")
    isco_unit_groups: list[UnitGroupShare] = Field(description="Where they stand in ISCO-08.")
    correspondence: list[CorrespondingCode] = Field(description="Of a NACE code: what it is in the other revision.")
    mappings: list[MappedCode] = Field(
        description="To and from other classifications, of the ontology or from files that were loaded."
    )


SCOPE_ANSWERS: dict[str, tuple[type[BaseModel], ...]] = {
    "/scope": (ScopeReport,),
    "/scope/occupations/{uuid}": (OccupationEvidence,),
    "/crosswalk": (CrosswalkAnswer,),
}
