"""What composing a profile reads, and what it gives back.

IRIs of ESCO concepts are full strings; sections, rules, domains, functions and clusters are named by their identifiers.
Shares lie in 0..1 and have four decimals, as the graph holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from analysis.tables import Degree

Kind = Literal["cell", "occupation", "composed"]
Measure = Literal["essential", "share", "domain", "none"]
Relation = Literal["essential", "optional", "none"]

CCSI_UNIT = "ccsi"
ADDED = "added"  # the rule of what the author put in; it never takes a skill by itself
OPTIONAL_SECTION = "optional"
OPTIONAL_WEIGHT = 0.5  # as in analysis.skills.matrix


@dataclass(frozen=True, slots=True)
class Section:
    """A part of every profile; ``grouped_by`` is "" where it holds no skills (statement, anchors, gaps, ...)."""

    id: str
    order: int
    minimum: int = 0
    maximum: int = 0
    grouped_by: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A composition rule; see ``ccsi:CompositionRule`` in ontology/profiles.ttl for the meaning of every field."""

    id: str
    order: int
    section: str
    measure: Measure
    minimum_share: float
    minimum_anchors: int
    tops_up: bool
    requires: frozenset[str]
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Guidelines:
    """Sections and rules, each in their order, with the version that they carry."""

    version: str
    sections: tuple[Section, ...]
    rules: tuple[Rule, ...]

    def skill_sections(self) -> tuple[Section, ...]:
        """The sections that rules fill."""
        return tuple(s for s in self.sections if s.grouped_by)


@dataclass(frozen=True, slots=True)
class SkillFacts:
    """What rules ask of a skill.

    ``traits`` are those of knowledge, digital, green, language and transversal that hold; ``field`` is the IRI of the
    ISCED-F field and ``t_group`` the code of the T group that it is arranged by, "" where it has none. ``areas`` are the
    codes of the groups of the second level above it (S1.2, T2.4, 021), by which kinds of work are compared.
    """

    traits: frozenset[str]
    field: str = ""
    t_group: str = ""
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a skill in one unit: location quotient, share of its occupations, evidence, broad cluster."""

    lq: float
    share: float
    evidence: str
    cluster: str = ""

    @property
    def specialised(self) -> bool:
        """Whether the unit is specialised in the skill."""
        return self.evidence != "none"


@dataclass(frozen=True, slots=True)
class Needs:
    """The skills of an occupation; what is both counts as essential only."""

    essential: tuple[str, ...]
    optional: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an occupation in a domain."""

    degree: Degree
    functions: tuple[str, ...] = ()
    charter_functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileTables:
    """All that composing reads.

    ``figures`` maps units to skills to figures; ``scope`` occupations to domains to places, exclusions left out.
    ``horizon`` maps a unit to the digital and green skills that it is specialised in, the most widely used first.
    """

    skills: Mapping[str, SkillFacts]
    occupations: Mapping[str, Needs]
    figures: Mapping[str, Mapping[str, Figures]]
    scope: Mapping[str, Mapping[str, Place]]
    small: frozenset[str] = frozenset()
    horizon: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _known: dict[str, dict[str, tuple[float, tuple[str, ...]]]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        skills: Mapping[str, SkillFacts],
        occupations: Mapping[str, Needs],
        figures: Mapping[str, Mapping[str, Figures]],
        scope: Mapping[str, Mapping[str, Place]],
        small: Iterable[str] = (),
    ) -> ProfileTables:
        """The tables with the horizon read off them."""
        horizon = {
            unit: tuple(
                sorted(
                    (s for s, f in found.items() if f.specialised and "digital-or-green" in skills[s].traits),
                    key=lambda s, found=found: (-found[s].share, -found[s].lq, s),  # type: ignore[misc]
                )
            )
            for unit, found in figures.items()
        }
        return cls(skills, occupations, figures, scope, frozenset(small), horizon)

    def known(self, unit: str) -> Mapping[str, tuple[float, tuple[str, ...]]]:
        """Skill -> negative location quotient in the unit, and its traits, among them ``specialised``; made once."""
        found = self._known.get(unit)
        if found is None:
            figures = self.figures.get(unit, {})
            found = {
                s: (
                    -figures[s].lq if s in figures else 0.0,
                    (*sorted(facts.traits), *(("specialised",) if s in figures and figures[s].specialised else ())),
                )
                for s, facts in self.skills.items()
            }
            self._known[unit] = found
        return found

    def cell(self, domain: str, function: str = "") -> tuple[Degree, tuple[str, ...]]:
        """The occupations of a domain, or of those that serve a function; the related ones only if none is core."""
        found: dict[str, list[str]] = {"core": [], "related": []}
        for occupation, places in self.scope.items():
            place = places.get(domain)
            if place and (not function or function in place.functions):
                found[place.degree].append(occupation)
        degree: Degree = "core" if found["core"] else "related"
        return degree, tuple(sorted(found[degree]))


@dataclass(frozen=True, slots=True)
class Anchor:
    """An occupation that a profile is composed from; the weights of a recipe add to 1."""

    occupation: str
    weight: float


@dataclass(frozen=True, slots=True)
class Limit:
    """Bounds that the author sets for a section in place of the guidelines' own."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a profile is to be composed from. ``sections`` empty: all of them; ``maximum`` 0: no bound on the whole."""

    kind: Kind
    anchors: tuple[Anchor, ...]
    domain: str = ""
    function: str = ""
    sections: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    maximum: int = 0
    add: tuple[tuple[str, str], ...] = ()
    drop: frozenset[str] = frozenset()


class ProfileSkill(NamedTuple):
    """A skill in its place: the rule that put it there, later rules that agree, and how the anchors ask for it."""

    skill: str
    section: str
    rule: str
    also: tuple[str, ...]
    relation: Relation
    share: float
    essential_share: float


@dataclass(frozen=True, slots=True)
class Warning:
    """Something that the reader of a profile has to know; ``about`` names the concepts concerned."""

    code: str
    detail: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A composed profile.

    ``unit`` is the unit of analysis that specialisation and clusters are read from; ``left_out`` counts the skills that
    some anchor holds essential and no rule took.
    """

    recipe: Recipe
    domain: str
    unit: str
    skills: tuple[ProfileSkill, ...]
    functions: tuple[str, ...]
    charter_functions: tuple[str, ...]
    left_out: int
    warnings: tuple[Warning, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A profile that a release holds: its identifier, its recipe, and the skills in their places."""

    id: str
    recipe: Recipe
    degree: Degree
    profile: Profile
