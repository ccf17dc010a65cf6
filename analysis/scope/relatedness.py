"""Relatedness density: how near an occupation's skills are to the skills that mark a domain.

Proximity of two skills is the smaller of the two conditional probabilities that an occupation which has one has the
other (product space; Hidalgo et al. 2007, for skills Alabdulkareem et al. 2018):

    theta(s, c) = #(occupations with s and c) / max(#(with s), #(with c))

The density of occupation o in domain D is the mean of theta over the skills s of o and the marking skills c of D.
Effective use (more use than expected, RCA > 1) is the same as use here: ESCO's profiles are binary, and no profile is
long enough for a skill in it to be less used than expected.
"""

from __future__ import annotations

import numpy as np

from analysis.scope.matrix import Floats, Ints, SkillMatrix

# A domain is marked by at most this many skills, those with the largest support x log2 LQ. 30 and 100 rank pairs
# alike (area under the curve 0.909 and 0.910); fewer are quicker and easier to read.
MARKING_SKILLS = 30

# A marking skill is shared by at least so many occupations of the core, and at least twice as frequent there.
MIN_SUPPORT = 2
MIN_LOG2_QUOTIENT = 1.0

# Pseudo-occupations with average skills in each core, as in the specialisation measure.
SMOOTHING = 2.0


def marking_skills(support: Ints, use: Ints, n_core: int, n_occupations: int) -> Ints:
    """Choose the skills that mark a core of ``n_core`` occupations; indices, sorted by strength, then by index.

    ``support`` and ``use`` count, per skill, the occupations that have it in the core and in all.
    """
    # A use of 0 happens when the only occupation with a skill is left out: no support either, so it never marks.
    share = np.maximum(use, 1) / n_occupations
    quotient = np.log2((support + SMOOTHING * share) / ((n_core + SMOOTHING) * share))
    fit = np.flatnonzero((support >= MIN_SUPPORT) & (quotient >= MIN_LOG2_QUOTIENT))
    strength = support[fit] * quotient[fit]
    return fit[np.argsort(-strength, kind="stable")[:MARKING_SKILLS]]


def relatedness_density(matrix: SkillMatrix, seeds: Floats) -> Floats:
    """Return the density of every occupation in every domain, leave-one-out; both axes as in ``seeds``.

    Leaving an occupation out means: it is in none of the counts, and where it is a seed the domain's marking skills
    are chosen without it. A domain with no marking skill has density 0.
    """
    n_occupations, n_skills = matrix.shape
    use = np.bincount(matrix.skills, minlength=n_skills)
    members = _members_by_skill(matrix)
    together: dict[int, Ints] = {}

    def counts_with(skill: int) -> Ints:
        """Count, per other skill, the occupations that have both; remembered, as seeds share most of their skills."""
        if skill not in together:
            rows = members[skill]
            together[skill] = np.bincount(
                np.concatenate([matrix.skills[matrix.indptr[r] : matrix.indptr[r + 1]] for r in rows]),
                minlength=n_skills,
            )
        return together[skill]

    result = np.zeros(seeds.shape)
    for j in range(seeds.shape[1]):
        seeded = seeds[:, j] > 0
        n_core = int(seeded.sum())
        support = np.bincount(matrix.skills[seeded[matrix.rows]], minlength=n_skills)
        marks = marking_skills(support, use, n_core, n_occupations)
        if marks.size:
            counts = np.stack([counts_with(int(c)) for c in marks])
            result[:, j] = _density_of_all(matrix, use, marks, counts)
        for i in np.flatnonzero(seeded).tolist():
            own = matrix.skills[matrix.indptr[i] : matrix.indptr[i + 1]]
            without = np.zeros(n_skills, dtype=np.int64)
            without[own] = 1
            marks = marking_skills(support - without, use - without, n_core - 1, n_occupations - 1)
            result[i, j] = 0.0
            if marks.size and own.size:
                counts = np.stack([counts_with(int(c))[own] for c in marks])
                result[i, j] = _theta(counts, use[marks], use[own][None, :], without[marks][:, None]).mean()
    return result


def _members_by_skill(matrix: SkillMatrix) -> list[Ints]:
    """Return, per skill, the rows of the occupations that have it."""
    order = np.argsort(matrix.skills, kind="stable")
    ends = np.cumsum(np.bincount(matrix.skills, minlength=matrix.shape[1]))
    return np.split(matrix.rows[order], ends[:-1])


def _density_of_all(matrix: SkillMatrix, use: Ints, marks: Ints, counts: Ints) -> Floats:
    """Return the density of every occupation against one set of marking skills (for those that are not seeds).

    ``counts`` has shape (marks, skills). Each entry of the matrix is compared with each mark: 129,000 x 30 numbers for
    full ESCO, 30 MB, one domain at a time.
    """
    position = np.full(matrix.shape[1], -1, dtype=np.int64)
    position[marks] = np.arange(marks.size)
    has = np.zeros((matrix.shape[0], marks.size), dtype=np.int64)
    marked = position[matrix.skills] >= 0
    has[matrix.rows[marked], position[matrix.skills[marked]]] = 1
    theta = _theta(counts[:, matrix.skills], use[marks], use[matrix.skills][None, :], has[matrix.rows].T)
    totals = np.bincount(matrix.rows, weights=theta.mean(axis=0), minlength=matrix.shape[0])
    density: Floats = totals / np.maximum(np.diff(matrix.indptr), 1)
    return density


def _theta(both: Ints, use_of_marks: Ints, use_of_skills: Ints, has_mark: Ints) -> Floats:
    """Return proximities, shape (marks, skills), without the occupation whose skills they are.

    The occupation has each of its own skills (so one less there) and a mark only where ``has_mark`` is 1.
    """
    larger = np.maximum(use_of_marks[:, None] - has_mark, use_of_skills - 1)
    proximity: Floats = (both - has_mark) / np.maximum(larger, 1)
    return proximity
