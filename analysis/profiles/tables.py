"""What composing a profile reads, and what it gives back.

IRIs of ESCO concepts are full strings; sections, rules, domains, functions and clusters are named by their identifiers.
Shares lie in 0..1 and have four decimals, as the graph holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from analysis.skills.tables import Evidence
from analysis.tables import Degree

Kind = Literal["cell", "occupation", "composed"]
Measure = Literal["essential", "share", "anchor", "neighbours", "none"]
Relation = Literal["essential", "optional", "none"]

CCSI_UNIT = "ccsi"
ADDED = "added"  # the rule of what the author put in; it never takes a skill by itself
OPTIONAL_SECTION = "optional"
CORE_SECTION = "core"
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
    codes of the groups of the second level above it (S1.2, T2.4, 021), by which kinds of work are compared. ``under``
    are the skills above it: a language of programming stands under programming. A member of a list of tools has no traits:
    the concept above it speaks for it, and it is told among what is optional.
    """

    traits: frozenset[str]
    field: str = ""
    t_group: str = ""
    areas: tuple[str, ...] = ()
    under: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a skill in one unit: location quotient, share of its occupations, evidence, broad cluster."""

    lq: float
    share: float
    evidence: Evidence
    cluster: str = ""

    @property
    def specialised(self) -> bool:
        """Whether the unit is specialised in the skill and has it on its map: what stands beside it is not the unit's own."""
        return self.evidence != "none" and bool(self.cluster)


@dataclass(frozen=True, slots=True)
class Needs:
    """The skills of an occupation; what is both counts as essential only."""

    essential: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def every(self) -> tuple[str, ...]:
        """Both, the essential ones first."""
        return self.essential + self.optional


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an occupation in a domain."""

    degree: Degree
    functions: tuple[str, ...] = ()
    charter_functions: tuple[str, ...] = ()
    sub_domains: tuple[str, ...] = ()

    def serves(self, cell: Cell) -> bool:
        """Whether an occupation of this place belongs to a cell of its domain."""
        return (
            (not cell.function or cell.function in self.functions)
            and (not cell.charter or cell.charter in self.charter_functions)
            and (not cell.sub_domain or cell.sub_domain in self.sub_domains)
        )


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What of a domain a profile is about: a general function, a function of CHARTER, a sub-domain, or (empty) all of it."""

    function: str = ""
    charter: str = ""
    sub_domain: str = ""

    @property
    def key(self) -> str:
        """What follows the domain in the identifier of a template; functions of both schemes have names in common."""
        if self.charter:
            return f"charter-{self.charter}"
        return f"sub-{self.sub_domain}" if self.sub_domain else self.function


NO_CELL = Cell()


@dataclass(frozen=True, slots=True)
class ProfileTables:
    """All that composing reads.

    ``figures`` maps units to skills to figures; ``scope`` occupations to domains to places, exclusions left out.
    """

    skills: Mapping[str, SkillFacts]
    occupations: Mapping[str, Needs]
    figures: Mapping[str, Mapping[str, Figures]]
    scope: Mapping[str, Mapping[str, Place]]
    small: frozenset[str] = frozenset()
    _known: dict[str, dict[str, tuple[float, tuple[str, ...]]]] = field(default_factory=dict, init=False, repr=False)
    kept: list[Any] = field(
        default_factory=list, init=False, repr=False, compare=False
    )  # what is worked out of the tables once

    @classmethod
    def of(
        cls,
        skills: Mapping[str, SkillFacts],
        occupations: Mapping[str, Needs],
        figures: Mapping[str, Mapping[str, Figures]],
        scope: Mapping[str, Mapping[str, Place]],
        small: Iterable[str] = (),
    ) -> ProfileTables:
        """The tables from any mappings."""
        return cls(skills, occupations, figures, scope, frozenset(small))

    def needs(self, anchor: Anchor) -> Needs:
        """The skills of an anchor: those of its occupation, or of the parts of it that were chosen."""
        whole = self.occupations[anchor.occupation]
        if anchor.only is None:
            return whole
        only = anchor.only
        return Needs(tuple(s for s in whole.essential if s in only), tuple(s for s in whole.optional if s in only))

    def best(self, units: Sequence[str], skill: str) -> tuple[str, Figures | None]:
        """Of several units the one that is most specialised in a skill, the first among equals, with its figures."""
        top: tuple[str, Figures | None] = (units[0], None)
        for unit in units:
            known = self.figures.get(unit, {}).get(skill)
            if known and (top[1] is None or (known.specialised, known.lq) > (top[1].specialised, top[1].lq)):
                top = (unit, known)
        return top

    def known(self, unit: str) -> Mapping[str, tuple[float, tuple[str, ...]]]:
        """Skill -> negative location quotient in the unit, and its traits, among them ``specialised``; made once."""
        if (shares := self._known.get(unit)) is None:
            figures = self.figures.get(unit, {})
            shares = self._known[unit] = {
                s: (
                    -figures[s].lq if s in figures else 0.0,
                    (*sorted(facts.traits), *(("specialised",) if s in figures and figures[s].specialised else ())),
                )
                for s, facts in self.skills.items()
            }
        return shares

    def cell(self, domain: str, cell: Cell = NO_CELL) -> tuple[Degree, tuple[str, ...]]:
        """The occupations of a domain, or of a cell of it; the related ones only if none is core."""
        members: dict[str, list[str]] = {"core": [], "related": []}
        for occupation, places in self.scope.items():
            place = places.get(domain)
            if place and place.serves(cell):
                members[place.degree].append(occupation)
        degree: Degree = "core" if members["core"] else "related"
        return degree, tuple(sorted(members[degree]))


@dataclass(frozen=True, slots=True)
class Anchor:
    """An occupation that a profile is composed from; the weights of a recipe add to 1.

    ``parts`` names the clusters or groups of skills that the role takes of the occupation, ``only`` their skills; all of it
    where none is named.
    """

    occupation: str
    weight: float
    parts: tuple[str, ...] = ()
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """Bounds that the author sets for a section in place of the guidelines' own."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a profile is to be composed from. ``sections`` empty: all of them; ``maximum`` 0: no bound on the whole.

    ``beside`` are further domains of the role; ``items`` what its author asks for and ESCO lacks, in plain words.
    """

    kind: Kind
    anchors: tuple[Anchor, ...]
    domain: str = ""
    cell: Cell = NO_CELL
    sections: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    maximum: int = 0
    add: tuple[tuple[str, str], ...] = ()
    drop: frozenset[str] = frozenset()
    beside: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    def drops(self, skill: str, facts: SkillFacts) -> bool:
        """Whether the author leaves out a skill, or one that it stands under."""
        return skill in self.drop or not self.drop.isdisjoint(facts.under)


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

    ``units`` are the units of analysis that specialisation and clusters are read from; ``left_out`` counts the skills that
    some anchor holds essential and no rule took.
    """

    recipe: Recipe
    domain: str
    units: tuple[str, ...]
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
