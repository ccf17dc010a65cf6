"""What a release holds, as typed rows: concepts of ESCO, domains, and what was decided about them.

Concepts refer to each other by IRI. Filled once when a release is read (app.catalogue.catalogue), never changed afterwards.
"""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field
from typing import Literal

from typing_extensions import TypedDict  # pydantic asks for this one on Python 3.11

from analysis.tables import Degree, MemberDegree, Route
from ontology import MappingRelation


class Mapping(TypedDict):
    """What a domain corresponds to elsewhere."""

    relation: MappingRelation
    uri: str
    label: str
    scheme: str


@dataclass(slots=True)
class Occupation:
    """One occupation; other concepts are referred to by IRI."""

    iri: str
    code: str
    isco: str = ""
    regulated_note: str = ""
    broader: list[str] = field(default_factory=list)
    narrower: list[str] = field(default_factory=list)
    nace: list[str] = field(default_factory=list)
    essential: list[str] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    assertions: list[Assertion] = field(default_factory=list)

    @property
    def regulated(self) -> bool | None:
        """Whether ESCO notes a regulated profession; None where it says nothing."""
        return self.regulated_note.endswith("/regulated") if self.regulated_note else None


@dataclass(slots=True)
class Skill:
    """One skill or knowledge concept."""

    iri: str
    type: str
    reuse: str
    broader: list[str] = field(default_factory=list)
    narrower: list[str] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    essential_for: list[str] = field(default_factory=list)
    optional_for: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """An ISCO group, ISCED-F field or skill group."""

    iri: str
    code: str
    scheme: str
    broader: list[str] = field(default_factory=list)
    narrower: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Assertion:
    """What one route says of an occupation, with what it was derived from."""

    iri: str
    occupation: str
    domain: str
    degree: Degree
    route: Route
    sub_domain: str
    function: str
    charter_function: str
    score: float | None
    reason: str
    sources: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Decision:
    """The scope decision for one (occupation, domain)."""

    iri: str
    occupation: str
    domain: str
    degree: Degree
    confidence: float
    contradicted: bool
    sub_domain: str
    functions: list[str] = field(default_factory=list)
    charter_functions: list[str] = field(default_factory=list)
    further_sub_domains: list[str] = field(default_factory=list)
    evidence: list[Assertion] = field(default_factory=list)
    placements: list[str] = field(default_factory=list)
    """Entries of panels that gave it its sub-domains and functions."""

    def is_of(self, sub_domain: str) -> bool:
        """Whether the occupation is at home in the sub-domain, as the one that fits best or as a further one."""
        return sub_domain == self.sub_domain or sub_domain in self.further_sub_domains


@dataclass(slots=True)
class Domain:
    """A domain or sub-domain."""

    iri: str
    id: str
    broader: str
    labels: dict[str, str] = field(default_factory=dict)
    definition: dict[str, str] = field(default_factory=dict)
    narrower: list[str] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CrosswalkEntry:
    """One code of a classification placed in a domain."""

    iri: str
    classification: Literal["isco-08", "nace-2.1"]
    code: str
    prefix: str
    domain: str
    sub_domain: str
    function: str
    degree: MemberDegree
    code_confidence: str
    former: str


def in_one(texts: abc.Mapping[str, str], language: str) -> str:
    """The text in the language, else in English, else none."""
    return texts.get(language) or texts.get("en", "")
