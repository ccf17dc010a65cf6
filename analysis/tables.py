"""The typed tables that every derivation reads, and the statements it gives back.

IRIs of ESCO concepts are full strings; identifiers of CCSI concepts (``heritage``, ``core``, ``isco``, ``creation``)
are the last segment of their IRI, so that a table can be read and tested without RDF.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

MemberDegree = Literal["core", "related"]
Degree = Literal["core", "related", "excluded"]
Route = Literal["isco", "nace", "curated", "skills", "label", "expert"]
Served = Literal["main", "some"]  # how far a function is; none is not stated

# Those that every load derives; `expert` comes in by a file alone, and is laid over what these decide.
ROUTES: tuple[Route, ...] = ("isco", "nace", "curated", "skills", "label")


@dataclass(frozen=True, slots=True)
class Occupation:
    """One released ESCO occupation.

    ``labels`` holds, per language tag, the preferred label followed by the alternative ones; ``isco`` is the
    ISCO-08 unit group (four digits); ``code`` is ESCO's notation ("2654.1.7") or "" where the release has none.
    """

    iri: str
    code: str
    isco: str
    labels: dict[str, tuple[str, ...]]
    essential: frozenset[str]
    optional: frozenset[str]

    @property
    def skills(self) -> frozenset[str]:
        """What it asks for, either way."""
        return self.essential | self.optional


@dataclass(frozen=True, slots=True)
class Assertion:
    """One route's statement that an occupation belongs (or, ``excluded``, does not belong) to a domain.

    ``domain`` is "" only for a curated exclusion from every domain. ``sources`` are the IRIs it was derived from.
    ``score`` is the route's own measure where it has one (skills: relatedness; label: precision of the term).
    """

    occupation: str
    domain: str
    degree: Degree
    route: Route
    sources: tuple[str, ...]
    sub_domain: str = ""
    function: str = ""
    charter_function: str = ""
    further_sub_domains: tuple[str, ...] = ()
    score: float | None = None
    reason: str = ""


# So sorted, assertions lead to the same result in whatever order they came.
ASSERTION_ORDER = attrgetter("occupation", "domain", "route", "degree", "sources")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a panel placed an occupation within a domain; it says nothing of the degree.

    Functions are named with their scheme (``function/creation``, ``charter/recognition``); ``in_part`` are those that it
    serves to some extent. What a placement leaves out of a kind of which it names something is none.
    """

    occupation: str
    domain: str
    sources: tuple[str, ...]
    sub_domain: str = ""
    further_sub_domains: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    charter_functions: tuple[str, ...] = ()
    in_part: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[object, ...]:
        """What two panels have to agree on."""
        return self.sub_domain, self.further_sub_domains, self.functions, self.charter_functions, self.in_part

    @property
    def levels(self) -> tuple[tuple[str, Served], ...]:
        """Every function that it names with its level."""
        found: list[tuple[str, Served]] = [(f, "main") for f in (*self.functions, *self.charter_functions)]
        found += [(f, "some") for f in self.in_part]
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Decision:
    """What is concluded for one (occupation, domain) pair from all its assertions.

    ``confidence`` estimates the probability that the pair with this degree is what a careful reader would say;
    ``contradicted`` is true when a route says something else than the degree decided. ``sub_domain`` is the one that fits
    best; the occupation is at home in the ``further_sub_domains`` too.
    """

    occupation: str
    domain: str
    degree: Degree
    confidence: float
    based_on: tuple[Assertion, ...]
    contradicted: bool
    sub_domain: str = ""
    functions: tuple[str, ...] = ()
    charter_functions: tuple[str, ...] = ()
    further_sub_domains: tuple[str, ...] = ()
    placement: Placement | None = None


@dataclass(frozen=True, slots=True)
class ScopeTables:
    """All that the scope derivation reads: occupations by IRI, and the assertions of the table-driven routes."""

    occupations: dict[str, Occupation]
    assertions: tuple[Assertion, ...] = field(default=())
