"""What a domain's occupations share with each other and with the rest of ESCO.

ESCO's reuse level does not tell: it calls 458 skills transversal, of which occupations use 19, while 2,992 skills lie
under the T branch, most of them also under S or K. So transversality is measured from two facts: whether a skill is
in the T branch, and how evenly its use spreads.

Spread is the entropy of the skill's use over places, divided by the logarithm of the number of places, so 1 means
evenly everywhere (Pielou's evenness over all places, which keeps rare skills low). Places are ISCO-08 sub-major groups
(two digits: 4-digit groups are too many for skills with 20 users) and, apart, the CCSI domains.

A skill is transversal when it is in the T branch, its ISCO spread is at least 0.40 (over some 40 groups, what even use
in 4 or 5 of them gives), and less than half of the occupations that use it are in the sectors: what these use most is
theirs, such as the history of art. In a unit nothing is transversal that is special to it (``SPECIAL_LQ``).
"""

from __future__ import annotations

import math

import numpy as np

from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import Bools, Floats, Sparse, Use, column_sums, one_hot
from analysis.skills.specialisation import occupation_profiles
from analysis.skills.tables import SkillTables, TransversalFigure, Transversality, Unit

T_SPREAD = 0.40
ISCO_DIGITS = 2
Z = 1.96  # of a 95 % interval
FEW = 5  # occupations that carry a figure, up to which it is marked
SECTORAL = 0.5

# Aspects that the workshop asks about by name, each a group of the T branch.
NAMED_GROUPS = {
    "creative thinking": "T2.4",
    "cultural": "T6.4",
    "entrepreneurial and financial": "T6.5",
}
COLLECTIONS = ("digital", "green", "digcomp", "language", "research")


def evenness(counts: Floats) -> Floats:
    """Entropy of every row of counts over ln(number of columns); 0 for rows that are empty or in one place only."""
    if counts.shape[1] < 2:
        return np.zeros(counts.shape[0])
    total = counts.sum(axis=1, keepdims=True)
    p = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    result: Floats = np.abs((p * logs).sum(axis=1)) / np.log(counts.shape[1])
    return result


def transversality(use: Use, hierarchy: Hierarchy, units: tuple[Unit, ...]) -> tuple[Transversality, ...]:
    """One row per skill of ESCO, in the order of skill IRIs."""
    places, _ = one_hot(isco[:ISCO_DIGITS] for isco in use.iscos)
    isco = evenness(np.asarray((use.x.T @ places).toarray()))
    domains = [u for u in units if u.kind == "domain"]
    by_domain = np.zeros((len(use.skills), len(domains)))
    for d, unit in enumerate(domains):
        rows = use.rows(unit.weights)
        weights = np.array([unit.weights[use.occupations[i]] for i in rows])
        # Per occupation, so that a domain with many occupations does not look like a favourite of every skill.
        by_domain[:, d] = np.asarray(weights @ use.x[rows]).ravel() / weights.sum()
    spread = evenness(by_domain)
    users = column_sums(use.binary)
    sectoral = _sectoral(use, units, users)
    result = []
    for j, skill in enumerate(use.skills):
        groups = hierarchy.t_groups(skill)
        score = min(float(isco[j]), 1.0) if groups else 0.0
        result.append(
            Transversality(
                skill,
                groups,
                float(isco[j]),
                float(spread[j]),
                int(users[j]),
                score,
                score >= T_SPREAD and not sectoral[j],
                "transversal" in hierarchy.tables.skills[skill].collections,
            )
        )
    return tuple(result)


def _sectoral(use: Use, units: tuple[Unit, ...], users: Floats) -> Bools:
    """Whether half of the occupations that use a skill are in the sectors. Tells nothing of data that hold little else."""
    inside = next((u.weights for u in units if u.kind == "ccsi"), {})
    if len(inside) >= SECTORAL * len(use.occupations):
        return np.zeros(len(use.skills), dtype=np.bool_)
    mine = column_sums(use.binary[use.rows(inside)])
    result: Bools = (users > 0) & (mine >= SECTORAL * users)
    return result


def interval_of_share(count: int, of: int) -> tuple[float, float]:
    """Wilson's (1927) 95 % interval of a share, which holds for few cases and for none."""
    if of == 0:
        return 0.0, 1.0
    p, z2 = count / of, Z * Z
    middle = p + z2 / (2 * of)
    half = Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of))
    low, high = (middle - half) / (1 + z2 / of), (middle + half) / (1 + z2 / of)
    return (low if count else 0.0), (high if count < of else 1.0)


def flags(rows: tuple[Transversality, ...]) -> Bools:
    """The transversal flag of every skill, in the order of the use matrix."""
    return np.array([r.transversal for r in rows], dtype=np.bool_)


def aspects(tables: SkillTables, use: Use, hierarchy: Hierarchy) -> tuple[tuple[str, ...], Sparse]:
    """Names of the aspects and a 0/1 matrix of skills by aspects: T and its groups, named groups, collections."""
    codes = sorted(g.code for g in tables.groups.values() if g.code.startswith("T"))
    above = [{hierarchy.code(a) for a in hierarchy.ancestors(s)} for s in use.skills]
    named = [*((code, code) for code in codes), *NAMED_GROUPS.items()]
    columns = [(name, [code in a for a in above]) for name, code in named]
    columns += [(name, [name in tables.skills[s].collections for s in use.skills]) for name in COLLECTIONS]
    return tuple(name for name, _ in columns), np.stack([c for _, c in columns], axis=1).astype(np.float64)


def profiles(
    tables: SkillTables, use: Use, hierarchy: Hierarchy, units: tuple[Unit, ...]
) -> tuple[TransversalFigure, ...]:
    """Every unit against the ESCO average, per T group (T, T1, T1.1, ...), named group and collection.

    ``share``: mean share of an occupation's skill use (essential 1, optional 0.5); ``reach``: share of occupations with
    at least one such skill, either way. A skill under two T groups counts in both: these are not parts of a whole.
    """
    names, matrix = aspects(tables, use, hierarchy)
    share = np.asarray(occupation_profiles(use) @ matrix)
    reach = np.asarray(use.binary @ matrix) > 0
    overall, reach_overall = share.mean(axis=0), reach.mean(axis=0)
    result = []
    for unit in units:
        rows = use.rows(unit.weights)
        weights = np.array([unit.weights[use.occupations[i]] for i in rows])
        mine = weights @ share[rows] / weights.sum()
        # The standard error of a weighted mean, from how much the unit's occupations differ.
        error = np.sqrt((weights**2) @ (share[rows] - mine) ** 2) / weights.sum()
        carry = (reach[rows] > 0).sum(axis=0)
        mine_reach = weights @ reach[rows] / weights.sum()
        for a, name in enumerate(names):
            result.append(
                TransversalFigure(
                    unit=unit.id,
                    aspect=name,
                    share=float(mine[a]),
                    overall=float(overall[a]),
                    ratio=float(mine[a] / overall[a]) if overall[a] > 0 else 0.0,
                    ratio_low=float(max(mine[a] - Z * error[a], 0.0) / overall[a]) if overall[a] > 0 else 0.0,
                    ratio_high=float((mine[a] + Z * error[a]) / overall[a]) if overall[a] > 0 else 0.0,
                    support=int(carry[a]),
                    reach=float(mine_reach[a]),
                    reach_overall=float(reach_overall[a]),
                )
            )
    return tuple(result)
