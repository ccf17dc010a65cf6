"""How much each skill belongs to a domain, sub-domain, function or the CCSI as a whole.

Which occupations count: those decided ``core`` with weight 1 and those decided ``related`` with weight 0.5. A related
occupation is only partly about the domain, so half of what it does is a fair prior; leaving it out would make small
domains (gaming) unreadable, and counting it fully would let printers and shop managers define books and fashion. A
skill that no core occupation uses is never called specialised, whatever its ratio. Counts, p and q are unweighted.

Notation: x(o, s) is 1 (essential), 0.5 (optional) or 0; D the occupations of the unit with weights w; O all of ESCO.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]

from analysis.skills import coreness
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import Bools, Floats, Sparse, Use, by_name, column_sums, row_sums
from analysis.skills.tables import (
    CCSI,
    Evidence,
    GroupShare,
    SkillClass,
    SkillTables,
    Specialisation,
    Unit,
    UnitKind,
)

CORE_WEIGHT = 1.0
RELATED_WEIGHT = 0.5
# A unit below this is marked small: one occupation then moves a share by 5 points or more.
SMALL_UNIT = 20

# A skill is specialised when it is used at least twice as often as in all of ESCO, and not much less than the unit's
# other specialised skills, by two occupations or more, one of them core, and chance alone would rarely do that.
MIN_LQ = 2.0
MIN_SUPPORT = 2
MAX_P = 0.05
MAX_Q = 0.05
# "Frequent": a tenth of the (weighted) occupations. Domains are diverse: hardly any specialised skill of a whole
# domain reaches the 25 or 50 % that fit a profile of one kind of job; those can be read from essential_share.
FREQUENT = 0.10
# A skill far below the median quotient of the unit's specialised skills only leans towards the unit: academic writing
# (4.2) beside a median of 30 in heritage. In a small unit every quotient is high and coarse, so the bound is half there.
RELATIVE = 0.25
RELATIVE_SMALL = 0.125
# What is used five times as often in the unit as elsewhere is special to it, however evenly the rest spreads.
SPECIAL_LQ = 5.0
# Pseudo-occupations at the base rate that pull the logarithm of a ratio on thin evidence towards 0.
ALPHA = 0.5


def units(tables: SkillTables) -> tuple[Unit, ...]:
    """Every unit that the scope makes, in a fixed order: ccsi, domains, sub-domains, functions."""
    weights: dict[tuple[UnitKind, str, str], dict[str, float]] = {}
    for (occupation, domain), scope in sorted(tables.scope.items()):
        if scope.degree == "excluded" or occupation not in tables.occupations:
            continue
        weight = CORE_WEIGHT if scope.degree == "core" else RELATED_WEIGHT
        keys: list[tuple[UnitKind, str, str]] = [("ccsi", CCSI, ""), ("domain", domain, domain)]
        sub_domains = dict.fromkeys(s for s in (scope.sub_domain, *scope.further_sub_domains) if s)
        keys.extend(("sub-domain", f"{domain}/{s}", domain) for s in sub_domains)
        keys.extend(("function", f"function/{f}", "") for f in scope.functions)
        for key in keys:
            # An occupation of two domains counts once in the whole, with its higher degree.
            held = weights.setdefault(key, {})
            held[occupation] = max(weight, held.get(occupation, 0.0))
    order: dict[UnitKind, int] = {"ccsi": 0, "domain": 1, "sub-domain": 2, "function": 3}
    return tuple(
        Unit(
            id=identifier,
            kind=kind,
            domain=domain,
            weights=members,
            core=sum(1 for w in members.values() if w == CORE_WEIGHT),
            small=len(members) < SMALL_UNIT,
        )
        for (kind, identifier, domain), members in sorted(weights.items(), key=lambda e: (order[e[0][0]], e[0][1]))
    )


def location_quotient(share: Floats, overall: Floats) -> Floats:
    """Occupation-share location quotient LQ'(s, D) = P(s | o in D) / P(s | o in O); 0 where ESCO never uses s.

    Balassa's (1965) revealed comparative advantage compares shares of all skill uses; dividing by occupations instead
    keeps occupations with long skill lists from counting more than others.
    """
    return np.divide(share, overall, out=np.zeros_like(share), where=overall > 0)


def hypergeometric_p(k: Floats, overall: Floats, n: int, total: int) -> Floats:
    """P(K >= k) when n of ``total`` occupations are drawn and ``overall`` of all have the skill; 1 where k is 0."""
    # Half a second and 30 MiB, which the service and the processes that only read these tables are spared.
    from scipy.stats import hypergeom  # type: ignore[import-untyped]

    p = np.ones_like(k)
    some = k > 0
    p[some] = hypergeom.sf(k[some] - 1, total, overall[some], n)
    return p


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p-values (Benjamini and Hochberg 1995): q(i) = min over j >= i of p(j) m / j, at most 1."""
    m = len(p)
    order = np.argsort(p, kind="stable")
    steps = p[order] * m / np.arange(1, m + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return q


def effective_use(use: Use) -> Sparse:
    """e(o, s) = 1 where rca(o, s) > 1 (Alabdulkareem et al. 2018), as a 0/1 matrix.

    rca(o, s) = [x / sum_s x] / [sum_o x / sum_os x]. ESCO's x is nearly binary, where rca says little more than "used",
    so x is first weighted by ln(N / n_s): rare skills then make up more of an occupation than common ones do.
    """
    n_s = column_sums(use.binary)
    idf = np.log(len(use.occupations) / np.maximum(n_s, 1.0))
    x = use.x @ sp.diags(idf)
    by_row, by_column, total = row_sums(x), column_sums(x), float(x.sum())
    coo = x.tocoo()
    expected = by_row[coo.row] * by_column[coo.col]
    effective = coo.data * total > expected
    return sp.csr_matrix((np.ones(int(effective.sum())), (coo.row[effective], coo.col[effective])), shape=use.x.shape)


def _evidence(lq: float, support: float, core: float, p: float, q: float, least: float = MIN_LQ) -> Evidence:
    if lq < least or support < MIN_SUPPORT or core < 1:
        return "none"
    return "established" if q <= MAX_Q else "indicated" if p <= MAX_P else "none"


def skill_class(evidence: Evidence, share: float, support: int) -> SkillClass:
    """Core: specialised and frequent. Specialism: specialised, in few occupations. Common: frequent, but as much at home
    elsewhere. Single: one occupation of the unit alone uses it. Marginal: in few occupations, and not specialised.
    """
    if support < MIN_SUPPORT:
        return "single"
    if evidence != "none":
        return "core" if share >= FREQUENT else "specialism"
    return "common" if share >= FREQUENT else "marginal"


def least_quotient(lq: Floats, specialised: Bools, small: bool) -> float:
    """The location quotient from which a skill is specialised in a unit: 2, or a part of the median of what is."""
    if not specialised.any():
        return MIN_LQ
    return max(MIN_LQ, float(np.median(lq[specialised])) * (RELATIVE_SMALL if small else RELATIVE))


def specialise(
    use: Use, unit: Unit, effective: Sparse, transversal: Bools, families: Mapping[str, str] | None = None
) -> tuple[Specialisation, ...]:
    """One row per skill that any occupation of the unit uses, in the order of skill IRIs.

    ``families`` names the family of each skill that stands beside the unit's map; these do not count in the bound.

    The q-values control the false discovery rate over all skills that two or more occupations of ESCO use: a skill
    with one user cannot reach a small p, so counting it as a test would only cost power (Tarone 1990).
    """
    rows = use.rows(unit.weights)
    weights = np.array([unit.weights[use.occupations[i]] for i in rows])
    total = len(use.occupations)
    binary = use.binary
    mine, all_counts = binary[rows], column_sums(binary)
    support = column_sums(mine)
    essential = column_sums(use.essential[rows])
    core_support = column_sums(mine[weights == CORE_WEIGHT]) if unit.core else np.zeros_like(support)
    share = np.asarray(weights @ use.x[rows]).ravel() / weights.sum()
    overall = column_sums(use.x) / total
    lq = location_quotient(share, overall)
    smooth = (share * weights.sum() + ALPHA * overall) / (weights.sum() + ALPHA)
    p = hypergeometric_p(support, all_counts, len(rows), total)
    q = np.ones_like(p)
    testable = all_counts >= MIN_SUPPORT
    q[testable] = benjamini_hochberg(p[testable])
    effective_share = np.asarray(weights @ effective[rows]).ravel() / weights.sum()
    central = coreness.coreness(mine, support)
    families = families or {}
    clear = (lq >= MIN_LQ) & (support >= MIN_SUPPORT) & (core_support >= 1) & ((p <= MAX_P) | (q <= MAX_Q))
    own = np.array([s not in families for s in use.skills])
    least = least_quotient(lq, clear & own, unit.small)
    result = []
    for j in np.flatnonzero(support > 0):
        evidence = _evidence(lq[j], support[j], core_support[j], p[j], q[j], least)
        result.append(
            Specialisation(
                unit=unit.id,
                skill=use.skills[j],
                essential=int(essential[j]),
                optional=int(support[j] - essential[j]),
                core_support=int(core_support[j]),
                overall=int(all_counts[j]),
                essential_share=float(essential[j] / len(rows)),
                share=float(share[j]),
                lq=float(lq[j]),
                log2_lq=float(np.log2(smooth[j] / overall[j])),
                p=float(p[j]),
                q=float(q[j]),
                effective_use=float(effective_share[j]),
                coreness=float(central[j]),
                evidence=evidence,
                transversal=bool(transversal[j] and lq[j] < SPECIAL_LQ),
                skill_class=skill_class(evidence, float(share[j]), int(support[j])),
                family=families.get(use.skills[j], ""),
            )
        )
    return tuple(result)


def flow_matrix(use: Use, hierarchy: Hierarchy) -> tuple[Sparse, tuple[str, ...]]:
    """Skills by groups: the share of one use of the skill that flows through the group."""
    return by_name([hierarchy.flow(s) for s in use.skills])


def occupation_profiles(use: Use) -> Sparse:
    """Occupations by skills, each occupation's use scaled so that it sums to 1."""
    sums = row_sums(use.x)
    return (sp.diags(np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)) @ use.x).tocsr()


def group_shares(use: Use, unit: Unit, shares: Sparse, groups: tuple[str, ...]) -> tuple[GroupShare, ...]:
    """Mean over the unit's occupations (weighted by degree) of the share of skill use under each ESCO group.

    ``shares`` is ``occupation_profiles(use) @ flow_matrix(...)``: for one occupation the shares of the top branches
    add to 1, and so do they for the unit.
    """
    rows = use.rows(unit.weights)
    weights = np.array([unit.weights[use.occupations[i]] for i in rows])
    mine = np.asarray(weights @ shares[rows]).ravel() / weights.sum()
    overall = column_sums(shares) / shares.shape[0]
    return tuple(GroupShare(unit.id, g, float(mine[i]), float(overall[i])) for i, g in enumerate(groups) if mine[i] > 0)
