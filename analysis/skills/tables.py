"""What the skill derivations read, and what they give back.

IRIs of ESCO concepts are full strings. Units of analysis are named by identifiers: ``heritage`` (a domain),
``heritage/museums`` (a sub-domain), ``function/creation`` (a function over all domains) and ``ccsi`` (everything).
Shares lie in 0..1. Every figure that rests on few occupations travels with the counts it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from analysis.tables import Degree, Occupation, Served

SkillType = Literal["skill", "knowledge"]
UnitKind = Literal["domain", "sub-domain", "function", "ccsi"]
SkillClass = Literal["core", "specialism", "common", "single", "marginal"]
Evidence = Literal["established", "indicated", "expert", "none"]
Level = Literal["broad", "fine"]
FunctionScheme = Literal["essnet", "charter"]
FamilyKind = Literal["tools", "shared", "placed"]
Lineage = Literal["same", "split", "merge", "new", "retired"]

CCSI = "ccsi"


@dataclass(frozen=True, slots=True)
class Skill:
    """One released ESCO skill or knowledge concept.

    ``broader`` holds its direct parents, which are groups or other skills (ESCO's hierarchy is a poly-hierarchy);
    ``related`` the skills that ESCO links to it, whichever way the link points; ``collections`` the identifiers of
    ESCO's collections it is in (``digital``, ``green``, ``digcomp``, ``language``, ``research``, ``transversal``).
    ``labels`` and ``descriptions`` hold one text per language tag; a language that ESCO lacks is absent.
    """

    iri: str
    type: SkillType
    reuse_level: str
    broader: frozenset[str]
    labels: dict[str, str]
    descriptions: dict[str, str] = field(default_factory=dict)
    related: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Group:
    """One group of ESCO's skill hierarchy: a T, S, L or K (ISCED-F) node, by its code (``T2.4``, ``S1.2``, ``0213``).

    ``scheme`` is the last segment of its concept scheme (``skills-hierarchy``, ``isced-f``).
    """

    iri: str
    code: str
    labels: dict[str, str]
    broader: frozenset[str]
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What was decided for one (occupation, domain) pair."""

    degree: Degree
    sub_domain: str = ""
    functions: tuple[str, ...] = ()
    further_sub_domains: tuple[str, ...] = ()
    charter_functions: tuple[str, ...] = ()
    levels: tuple[tuple[str, Served], ...] = ()
    """What a panel said of functions, each with its scheme (`function/creation`) and level."""


@dataclass(frozen=True, slots=True)
class SkillArea:
    """A field of skill that a sector knows by name, written by hand.

    ``domains`` are those it serves; ``functions`` what it does there, as (``essnet`` or ``charter``, identifier);
    ``examples`` the skills it was written with, none for what ESCO has nothing for. In the domains ``beside`` whose maps it
    stands, its examples are no part of the map.
    """

    id: str
    domains: frozenset[str]
    labels: dict[str, str]
    examples: frozenset[str]
    functions: tuple[tuple[FunctionScheme, str], ...] = ()
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SkillTables:
    """All that the skill derivations read.

    ``scope`` maps (occupation IRI, domain id) to its decision; ``areas`` are in the order of the ontology's file.
    """

    skills: dict[str, Skill]
    occupations: dict[str, Occupation]
    groups: dict[str, Group]
    scope: dict[tuple[str, str], Scope]
    areas: tuple[SkillArea, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A set of occupations that is analysed as one: a domain, a sub-domain, a function or the CCSI.

    ``weights`` maps each occupation to the weight of its degree; ``core`` counts those with degree core.
    ``small`` is true where the unit has so few occupations that single figures must be read as hints.
    """

    id: str
    kind: UnitKind
    domain: str
    weights: dict[str, float]
    core: int
    small: bool


@dataclass(frozen=True, slots=True)
class Specialisation:
    """How much a skill belongs to a unit; formulas in :mod:`analysis.skills.specialisation`.

    ``essential`` and ``optional`` count the unit's occupations using the skill that way (a pair that ESCO holds both
    ways counts as essential); ``overall`` counts those of all ESCO. ``essential_share`` is unweighted, 0..1.
    ``evidence`` is ``established`` where the false discovery rate is held, ``indicated`` where only the single test
    speaks (all that a unit of a dozen occupations may allow), ``expert`` where a panel says so and the figures do not
    (:mod:`analysis.skills.panel`), else ``none``. ``area`` is where the skill stands on the
    unit's map; ``family`` the family beside the map that it belongs to.
    """

    unit: str
    skill: str
    essential: int
    optional: int
    core_support: int
    overall: int
    essential_share: float
    share: float
    lq: float
    log2_lq: float
    p: float
    q: float
    effective_use: float
    coreness: float
    evidence: Evidence
    transversal: bool
    skill_class: SkillClass
    area: str = ""
    family: str = ""

    @property
    def support(self) -> int:
        """Occupations of the unit that use the skill, either way."""
        return self.essential + self.optional

    @property
    def specialised(self) -> bool:
        """Whether the skill is used clearly more in the unit than elsewhere."""
        return self.evidence != "none"


@dataclass(frozen=True, slots=True)
class GroupShare:
    """The share of a unit's skill use that falls under one ESCO group, and the same for all of ESCO."""

    unit: str
    group: str
    share: float
    overall: float


@dataclass(frozen=True, slots=True)
class Transversality:
    """Why a skill counts as transversal or not.

    ``spread_isco`` and ``spread_domains`` are normalised entropies (0: one place only, 1: evenly everywhere);
    ``t_groups`` are the codes of its groups in the T branch, deepest ones only; ``collection`` is true where ESCO's own
    collection of transversal skills holds it, used by an occupation or not. What is special to a unit is not
    transversal there (:class:`Specialisation`), whatever this row says.
    """

    skill: str
    t_groups: tuple[str, ...]
    spread_isco: float
    spread_domains: float
    occupations: int
    score: float
    transversal: bool
    collection: bool = False


@dataclass(frozen=True, slots=True)
class TransversalFigure:
    """One line of a unit's transversal profile: a T-group or a collection against the ESCO average.

    ``share`` and ``overall`` are shares of skill use; ``reach`` and ``reach_overall`` shares of occupations with at
    least one such skill, ``support`` how many that are; ``ratio`` is share / overall (1 = as in ESCO), with the 95 %
    interval that the differences between the unit's occupations give.
    """

    unit: str
    aspect: str
    share: float
    overall: float
    ratio: float
    reach: float
    reach_overall: float
    ratio_low: float = 0.0
    ratio_high: float = 0.0
    support: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A skill in a cluster. ``weight``: share of its ties that stay in the cluster; ``centrality``: its strength of
    ties inside, 1 for the strongest member; ``rank`` starts at 1; ``primary`` is false where the skill mainly belongs
    to another cluster and only leans on this one.
    """

    skill: str
    weight: float
    centrality: float
    rank: int
    primary: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of specialised skills of one domain (or of the CCSI).

    ``area`` is the skill area that it is named by, "" where it has a working name and waits for one; ``telling`` are the
    skills that say most about it. A broad cluster that no finer ones divide is the fine one as well.
    ``id`` is stable between releases. ``groups`` and ``fields`` give (group IRI, share) of ESCO's S, T and L groups
    and of ISCED-F fields; ``occupations`` gives (occupation IRI, share of its specialised skills in the cluster);
    ``neighbours`` gives (cluster id, share of the cluster's outgoing ties). ``reliable`` is false where the support
    of the domain is too small for the cluster to be more than a hint.
    """

    id: str
    domain: str
    level: Level
    parent: str
    labels: dict[str, str]
    descriptions: dict[str, str]
    members: tuple[Member, ...]
    central: tuple[str, ...]
    groups: tuple[tuple[str, float], ...]
    fields: tuple[tuple[str, float], ...]
    occupations: tuple[tuple[str, float], ...]
    neighbours: tuple[tuple[str, float], ...]
    support: int
    stability: float
    reliable: bool
    area: str = ""
    telling: tuple[str, ...] = ()


def at_level(clusters: Iterable[Cluster], domain: str, level: Level) -> list[Cluster]:
    """The clusters of a level, which together hold every skill: among the fine ones, the broad ones not divided."""
    mine = [c for c in clusters if c.domain == domain]
    divided = {c.parent for c in mine}
    return [c for c in mine if c.level == level or (level == "fine" and c.id not in divided)]


@dataclass(frozen=True, slots=True)
class LineageEntry:
    """How a cluster came from one of the release before; ``overlap`` is the Jaccard index of their members."""

    domain: str
    level: Level
    new: str
    old: str
    relation: Lineage
    overlap: float


@dataclass(frozen=True, slots=True)
class PreviousCluster:
    """What has to be kept of a released cluster so that the next release can be matched to it."""

    id: str
    domain: str
    level: Level
    skills: frozenset[str]


@dataclass(frozen=True, slots=True)
class SkillFamily:
    """Skills that ESCO lists together whatever the sector; how they are found: :mod:`analysis.skills.families`.

    ``kind`` is ``tools`` (told by the concept ``above``), ``shared``, or ``placed``, by hand; ``area`` names it, or is "";
    ``occupations`` counts those that use half of it or more.
    """

    id: str
    kind: FamilyKind
    skills: tuple[str, ...]
    occupations: int
    agreement: float
    above: str
    area: str


@dataclass(frozen=True, slots=True)
class FunctionLevel:
    """How far an occupation serves a function in a domain; ``share`` is that of its skills on the domain's map."""

    occupation: str
    domain: str
    scheme: FunctionScheme
    function: str
    level: Served
    share: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Internal figures of one partition of one domain; definitions in :mod:`analysis.skills.quality`."""

    domain: str
    level: Level
    occupations: int
    skills: int
    clusters: int
    modularity: float
    conductance: float
    coverage: float
    tiny_share: float
    largest_share: float
    silhouette: float
    group_ami: float
    occupation_support: float


@dataclass(frozen=True, slots=True)
class SkillsResult:
    """Everything derived about skills, in a fixed order."""

    units: tuple[Unit, ...]
    specialisations: tuple[Specialisation, ...]
    group_shares: tuple[GroupShare, ...]
    transversality: tuple[Transversality, ...]
    profiles: tuple[TransversalFigure, ...]
    clusters: tuple[Cluster, ...]
    lineage: tuple[LineageEntry, ...]
    quality: tuple[Quality, ...]
    families: tuple[SkillFamily, ...]
    function_levels: tuple[FunctionLevel, ...]
    parameters: dict[str, str]
