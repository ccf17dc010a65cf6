"""The skills route: how related an occupation's skills are to the core of a domain.

Two measures that complement each other, both leave-one-out (an occupation is compared with the other occupations of
the domain and of ESCO, never with itself):

* **specialisation**, in bits: mean over the occupation's skills of the log2 occupation-share location quotient
  LQ'(s, D) = P(s | core of D) / P(s | all), shrunk towards 1 where the core is small;
* **relatedness density**, 0 to 1: mean product-space proximity of the occupation's skills to the skills that are
  specialised in the domain (module :mod:`analysis.scope.relatedness`).

The route's score is the mean of both in standard units, so that 0 is an average pair of occupation and domain.
It needs no label, no code and no language, and so works for an occupation that nobody has looked at yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.scope.matrix import Floats, SkillMatrix, build_matrix
from analysis.scope.relatedness import relatedness_density
from analysis.tables import Assertion, Degree, Occupation

# Pseudo-occupations with average skills that are added to each domain's core (add-alpha smoothing). Values from 0.5
# to 5 gave the same ranking of pairs (area under the curve 0.880 to 0.883); 2 keeps a core of five from shouting.
SMOOTHING = 2.0

# Proximities near zero differ by orders of magnitude; this offset keeps their logarithm finite.
_LOG_OFFSET = 1e-3

# How many of the skills that speak most for a domain are named in the reason of an assertion.
_NAMED_SKILLS = 5


@dataclass(frozen=True, slots=True)
class SkillScores:
    """Scores of every (occupation, domain): arrays of shape (occupations, domains), rows and columns as named.

    ``score`` is not-a-number for a domain without seeds and for an occupation without skills.
    """

    occupations: tuple[str, ...]
    domains: tuple[str, ...]
    score: Floats
    specialisation: Floats
    relatedness: Floats

    def by_occupation(self) -> dict[str, dict[str, float]]:
        """The score of each occupation in each domain."""
        rows = zip(self.occupations, self.score.tolist(), strict=True)
        return {iri: dict(zip(self.domains, row, strict=True)) for iri, row in rows}


def seed_matrix(matrix: SkillMatrix, seeds: Mapping[str, Collection[str]], domains: Sequence[str]) -> Floats:
    """Return 1.0 where an occupation (row) is a seed of a domain (column), 0.0 elsewhere."""
    row = {iri: i for i, iri in enumerate(matrix.occupations)}
    result = np.zeros((len(matrix.occupations), len(domains)))
    for j, domain in enumerate(domains):
        result[[row[iri] for iri in sorted(seeds.get(domain, ())) if iri in row], j] = 1.0
    return result


def specialisation(matrix: SkillMatrix, seeds: Floats) -> Floats:
    """Mean log2 location quotient of each occupation's skills in each domain's core, in bits, leave-one-out.

    ``seeds`` has shape (occupations, domains). With x the weights, K(s) their column sums, k(s, D) those over the
    seeds and n(D) the number of seeds, all without the occupation itself, the quotient of a skill is
    (k + alpha p) / ((n + alpha) p) with p = K(s) / (N - 1): the occupation-share LQ, add-alpha smoothed. Skills are
    averaged with weight x * idf: the effective use of binary profiles, so that what everyone can do counts little.
    A skill that no other occupation has tells nothing and is left out.
    """
    n_occupations, n_skills = matrix.shape
    x, s, rows = matrix.weights, matrix.skills, matrix.rows
    total = np.bincount(s, weights=x, minlength=n_skills)
    in_core = np.stack(
        [np.bincount(s, weights=x * seeds[rows, j], minlength=n_skills) for j in range(seeds.shape[1])], axis=1
    )
    idf = np.log(n_occupations / np.bincount(s, minlength=n_skills))

    p = (total[s] - x) / max(n_occupations - 1, 1)
    informative = p > 0
    p = np.where(informative, p, 1.0)
    own = seeds[rows]
    k = in_core[s] - x[:, None] * own
    n = seeds.sum(axis=0) - own
    bits = np.log2((k + SMOOTHING * p[:, None]) / ((n + SMOOTHING) * p[:, None]))

    weight = np.where(informative, x * idf[s], 0.0)
    result = np.zeros(seeds.shape)
    norm = np.bincount(rows, weights=weight, minlength=n_occupations)
    for j in range(seeds.shape[1]):
        result[:, j] = np.bincount(rows, weights=weight * bits[:, j], minlength=n_occupations)
    with np.errstate(invalid="ignore", divide="ignore"):
        result /= norm[:, None]
    return result


def skill_scores(
    occupations: Mapping[str, Occupation], seeds: Mapping[str, Collection[str]], domains: Sequence[str]
) -> SkillScores:
    """Score every (occupation, domain) by its skills; ``seeds`` are the core occupations per domain."""
    matrix = build_matrix(occupations)
    seeded = seed_matrix(matrix, seeds, domains)
    special = specialisation(matrix, seeded)
    related = relatedness_density(matrix, seeded)
    # Leave-one-out empties the core of a domain with a single seed for that very seed: it cannot be judged.
    left = seeded.sum(axis=0) - seeded
    special[left == 0] = np.nan
    related[left == 0] = np.nan
    score = (_standard(special) + _standard(np.log(related + _LOG_OFFSET))) / 2
    return SkillScores(matrix.occupations, tuple(domains), score, special, related)


def _standard(values: Floats) -> Floats:
    """Return values in standard units over all pairs (mean 0, standard deviation 1); not-a-number stays."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return values
    standard: Floats = (values - finite.mean()) / (float(finite.std()) or 1.0)
    return standard


def skills_assertions(
    scores: SkillScores,
    occupations: Mapping[str, Occupation],
    seeds: Mapping[str, Collection[str]],
    thresholds: Mapping[str, float],
) -> list[Assertion]:
    """Assert core or related where the score reaches that degree's threshold; sorted by occupation and domain.

    The sources of an assertion are the skills that speak most for the domain: those of the occupation that the
    largest share of its other core occupations has, relative to their use in all of ESCO.
    """
    result: list[Assertion] = []
    use = Counter(s for occupation in occupations.values() for s in occupation.skills)
    cores = {domain: occupations.keys() & seeds.get(domain, ()) for domain in scores.domains}
    core_use = {domain: Counter(s for o in core for s in occupations[o].skills) for domain, core in cores.items()}
    with np.errstate(invalid="ignore"):
        rows, columns = np.nonzero(scores.score >= min(thresholds["related"], thresholds["core"]))
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        iri, domain = scores.occupations[i], scores.domains[j]
        value = float(scores.score[i, j])
        degree: Degree = "core" if value >= thresholds["core"] else "related"
        own = int(iri in seeds.get(domain, ()))
        others = {s: core_use[domain][s] - own for s in occupations[iri].skills}
        best = sorted((s for s in others if others[s] > 0), key=lambda s: (-(others[s] ** 2) / use[s], s))
        result.append(
            Assertion(
                occupation=iri,
                domain=domain,
                degree=degree,
                route="skills",
                sources=tuple(best[:_NAMED_SKILLS]) or (iri,),
                score=round(value, 4),
                reason=f"skills {scores.specialisation[i, j]:+.2f} bits specialised in the domain's core, "
                f"relatedness {scores.relatedness[i, j]:.3f}",
            )
        )
    return sorted(result, key=lambda a: (a.occupation, a.domain))
