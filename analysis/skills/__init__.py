"""Skills of the sectors: specialisation, transversal characteristics, clusters.

``derive`` is the one entry: typed tables in, typed results out, the same for the same input whatever the order of
dictionaries, the hash seed or the number of threads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from analysis.skills import areas, clusters, families, functions, specialisation, transversal
from analysis.skills.consensus import Settings
from analysis.skills.graph import Features, features
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import Bools, Sparse, Use, use_matrix
from analysis.skills.tables import (
    PreviousCluster,
    SkillFamily,
    SkillsResult,
    SkillTables,
    Specialisation,
    Transversality,
    Unit,
)

METHOD_VERSION = "skills-3"

__all__ = [
    "METHOD_VERSION",
    "Features",
    "Settings",
    "Stage",
    "UnitResult",
    "assemble",
    "derive",
    "derive_unit",
    "features",
    "is_clustered",
    "parameters",
    "prepare",
    "rescoped",
]


def parameters(settings: Settings) -> dict[str, str]:
    """Every number that the results depend on, for their provenance."""
    return {
        "method": METHOD_VERSION,
        "clusters": json.dumps(asdict(settings), sort_keys=True),
        "degreeWeights": f"core {specialisation.CORE_WEIGHT}, related {specialisation.RELATED_WEIGHT}",
        "specialised": (
            f"lq >= {specialisation.MIN_LQ} and {specialisation.RELATIVE} of the unit's median "
            f"({specialisation.RELATIVE_SMALL} in a small one), support >= {specialisation.MIN_SUPPORT}, core support >= 1; "
            f"established: q <= {specialisation.MAX_Q}; indicated: p <= {specialisation.MAX_P}"
        ),
        "classes": f"frequent: share >= {specialisation.FREQUENT}",
        "transversal": (
            f"T branch and spread >= {transversal.T_SPREAD}, less than {transversal.SECTORAL} of its users in the sectors, "
            f"lq in the unit < {specialisation.SPECIAL_LQ}"
        ),
        "families": (
            f"Jaccard >= {families.MIN_JACCARD}, {families.MIN_SET} skills or {families.MIN_TOOLS} tools, "
            f"{families.MIN_USERS} users; beside the map where the unit has less than {families.OWN_SHARE} of its users; "
            "and areas placed beside it"
        ),
        "smallUnit": f"fewer than {specialisation.SMALL_UNIT} occupations",
    }


@dataclass(frozen=True, slots=True)
class Stage:
    """What all units share, made once from the tables; cheap enough to be made again in every process."""

    tables: SkillTables
    use: Use
    hierarchy: Hierarchy
    units: tuple[Unit, ...]
    transversality: tuple[Transversality, ...]
    flags: Bools
    effective: Sparse
    families: tuple[families.Family, ...]

    def specialisations(self, unit: Unit) -> tuple[Specialisation, ...]:
        """The specialisation of every skill that the unit uses."""
        own = frozenset().union(*(a.examples for a in areas.areas_of(self.tables, unit)))
        beside = {skill: family.id for skill, family in families.beside(self.families, unit, own).items()}
        return specialisation.specialise(self.use, unit, self.effective, self.flags, beside)

    def told_families(self) -> tuple[SkillFamily, ...]:
        """The families as the release tells them."""
        named = families.told_by_areas(self.families, self.tables.areas)
        return tuple(
            SkillFamily(
                f.id,
                f.kind,
                f.skills,
                len(f.occupations),
                f.agreement,
                f.above,
                named[f.id].id if f.id in named else "",
            )
            for f in self.families
        )


def prepare(tables: SkillTables, hierarchy: Hierarchy | None = None) -> Stage:
    """The common ground of all units; the hierarchy may be one that was made of the same skills."""
    use = use_matrix(tables)
    hierarchy = hierarchy or Hierarchy(tables)
    units = specialisation.units(tables)
    spread = transversal.transversality(use, hierarchy, units)
    flags, effective = transversal.flags(spread), specialisation.effective_use(use)
    return Stage(tables, use, hierarchy, units, spread, flags, effective, families.families(tables, use))


def rescoped(stage: Stage, tables: SkillTables) -> Stage:
    """The common ground for another scope of the same occupations and skills: units, and what depends on them."""
    units = specialisation.units(tables)
    spread = transversal.transversality(stage.use, stage.hierarchy, units)
    return replace(stage, tables=tables, units=units, transversality=spread, flags=transversal.flags(spread))


def is_clustered(unit: Unit) -> bool:
    """Domains and the CCSI as a whole have clusters; sub-domains and functions are too small for their own."""
    return unit.kind in ("domain", "ccsi")


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What is derived for one unit; ``clusters`` is None where it has none of its own."""

    rows: tuple[Specialisation, ...]
    clusters: clusters.DomainClusters | None


def derive_unit(
    stage: Stage, skill_features: Features, unit: Unit, settings: Settings, previous: Sequence[PreviousCluster]
) -> UnitResult:
    """Derive one unit. Units do not touch each other: every identifier begins with the unit's own."""
    rows = stage.specialisations(unit)
    if not is_clustered(unit):
        return UnitResult(rows, None)
    clustered = clusters.cluster_domain(
        stage.tables, stage.use, stage.hierarchy, skill_features, unit, rows, settings, previous
    )
    return UnitResult(tuple(replace(r, area=clustered.placed.get(r.skill, "")) for r in rows), clustered)


def assemble(stage: Stage, results: Sequence[UnitResult], settings: Settings) -> SkillsResult:
    """The whole result from its parts; ``results`` in the order of the units."""
    flow, groups = specialisation.flow_matrix(stage.use, stage.hierarchy)
    shares = (specialisation.occupation_profiles(stage.use) @ flow).tocsr()
    clustered = [f.clusters for f in results if f.clusters]
    return SkillsResult(
        units=stage.units,
        specialisations=tuple(row for f in results for row in f.rows),
        group_shares=tuple(
            g for unit in stage.units for g in specialisation.group_shares(stage.use, unit, shares, groups)
        ),
        transversality=stage.transversality,
        profiles=transversal.profiles(stage.tables, stage.use, stage.hierarchy, stage.units),
        clusters=tuple(c for f in clustered for c in clusters.with_names(stage.tables, f)),
        lineage=tuple(e for f in clustered for e in f.lineage),
        quality=tuple(q for f in clustered for q in f.quality),
        families=stage.told_families(),
        function_levels=functions.function_levels(stage.tables, [row for f in results for row in f.rows]),
        parameters=parameters(settings),
    )


def derive(
    tables: SkillTables, previous: Sequence[PreviousCluster] = (), settings: Settings | None = None
) -> SkillsResult:
    """Derive everything about skills; ``previous`` are the clusters of the release before."""
    settings = settings or Settings()
    stage = prepare(tables)
    skill_features = features(tables, stage.use, stage.hierarchy)
    results = [derive_unit(stage, skill_features, unit, settings, previous) for unit in stage.units]
    return assemble(stage, results, settings)
