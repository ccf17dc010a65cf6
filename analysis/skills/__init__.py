"""Skills of the sectors: specialisation, transversal characteristics, clusters.

``derive`` is the one entry: typed tables in, typed results out, the same for the same input whatever the order of
dictionaries, the hash seed or the number of threads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from analysis.skills import clusters, specialisation, transversal
from analysis.skills.consensus import Settings
from analysis.skills.graph import features
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import use_matrix
from analysis.skills.tables import (
    Cluster,
    GroupShare,
    PreviousCluster,
    SkillsResult,
    SkillTables,
    Specialisation,
)

METHOD_VERSION = "skills-1"

__all__ = ["METHOD_VERSION", "Settings", "derive", "parameters", "released"]


def parameters(settings: Settings) -> dict[str, str]:
    """Every number that the results depend on, for their provenance."""
    return {
        "method": METHOD_VERSION,
        "clusters": json.dumps(asdict(settings), sort_keys=True),
        "degreeWeights": f"core {specialisation.CORE_WEIGHT}, related {specialisation.RELATED_WEIGHT}",
        "specialised": (
            f"lq >= {specialisation.MIN_LQ}, support >= {specialisation.MIN_SUPPORT}, core support >= 1; "
            f"established: q <= {specialisation.MAX_Q}; indicated: p <= {specialisation.MAX_P}"
        ),
        "classes": f"frequent: share >= {specialisation.FREQUENT}",
        "transversal": f"T branch and spread >= {transversal.T_SPREAD}, or spread >= {transversal.ANY_SPREAD}",
        "smallUnit": f"fewer than {specialisation.SMALL_UNIT} occupations",
    }


def released(found: Sequence[Cluster]) -> tuple[PreviousCluster, ...]:
    """What to keep of a release's clusters for ``derive(..., previous=...)`` of the next one."""
    return tuple(
        PreviousCluster(c.id, c.domain, c.level, frozenset(m.skill for m in c.members if m.primary)) for c in found
    )


def derive(
    tables: SkillTables,
    previous: Sequence[PreviousCluster] | None = None,
    settings: Settings | None = None,
) -> SkillsResult:
    """Derive everything about skills; ``previous`` are the clusters of the release before (see ``released``)."""
    settings = settings or Settings()
    before = tuple(previous or ())
    use = use_matrix(tables)
    hierarchy = Hierarchy(tables)
    units = specialisation.units(tables)
    spread = transversal.transversality(use, hierarchy, units)
    flags = transversal.flags(spread)
    effective = specialisation.effective_use(use)
    flow, groups = specialisation.flow_matrix(use, hierarchy)
    shares = (specialisation.occupation_profiles(use) @ flow).tocsr()
    skill_features = features(tables, use, hierarchy)
    taken = {p.id for p in before}
    rows: list[Specialisation] = []
    group_rows: list[GroupShare] = []
    found: list[clusters.DomainClusters] = []
    for unit in units:
        mine = specialisation.specialise(use, unit, effective, flags)
        rows.extend(mine)
        group_rows.extend(specialisation.group_shares(use, unit, shares, groups))
        if unit.kind in ("domain", "ccsi"):
            found.append(
                clusters.cluster_domain(tables, use, hierarchy, skill_features, unit, mine, settings, before, taken)
            )
    return SkillsResult(
        units=units,
        specialisations=tuple(rows),
        group_shares=tuple(group_rows),
        transversality=spread,
        profiles=transversal.profiles(tables, use, hierarchy, units),
        clusters=tuple(c for f in found for c in f.clusters),
        lineage=tuple(e for f in found for e in f.lineage),
        quality=tuple(q for f in found for q in f.quality),
        parameters=parameters(settings),
    )
