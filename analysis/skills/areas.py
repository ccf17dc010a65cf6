"""Skill areas: which field of skill, known to the sector by name, each skill of its map falls in.

An area is written by hand with example skills (ontology/skill-areas.ttl). Every other skill goes where the examples are
that it is most related to: the ``NEIGHBOURS`` nearest examples vote, each with its relatedness, which is that of the
clusters (:mod:`analysis.skills.graph`) and reads no text. A skill that is related to no example more than ``MIN_TIE``
has no area.

The members of one fine cluster go together in work, so they have a common say: to the votes of a skill those of its
cluster are added, as their mean. An example always stays where it was put; one that several areas of a domain share, in
the area that serves the fewest domains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.skills.consensus import WIDE
from analysis.skills.graph import Features, Relatedness
from analysis.skills.matrix import Floats, Ints
from analysis.skills.tables import CCSI, SkillArea, SkillTables, Unit

NEIGHBOURS = 5
MIN_TIE = 0.10
CLUSTER_SAY = 0.5
NONE = -1


@dataclass(frozen=True, slots=True)
class Fit:
    """Votes of skills (rows) for the areas (columns) of a unit; ``example`` is the area that an example was put in."""

    areas: tuple[SkillArea, ...]
    votes: Floats
    example: Ints

    def place(self, groups: Ints) -> Ints:
        """The area of every skill, by position, or ``NONE``; ``groups`` are the fine clusters."""
        if not len(self.votes) or not self.areas:
            return np.full(len(self.votes), NONE, dtype=np.int64)
        score = self.votes.copy()
        for g in np.unique(groups):
            inside = groups == g
            score[inside] += CLUSTER_SAY * self.votes[inside].mean(axis=0)
        best = score.argmax(axis=1)
        placed = np.where(self.votes.sum(axis=1) > 0, best, NONE)
        return np.where(self.example >= 0, self.example, placed).astype(np.int64)


def areas_of(tables: SkillTables, unit: Unit) -> tuple[SkillArea, ...]:
    """The areas of a unit's domain, in the order in which they were written; the whole has all of them."""
    return tuple(a for a in tables.areas if (a.domains if unit.id == CCSI else unit.domain in a.domains))


def fit(areas: Sequence[SkillArea], features: Features, columns: Ints) -> Fit:
    """How the skills in ``columns`` vote among the areas; examples vote wherever they are used, in the unit or not."""
    own: dict[int, int] = {}
    for i, a in sorted(enumerate(areas), key=lambda e: (len(e[1].domains), e[0])):
        for s in a.examples & features.use.column.keys():
            own.setdefault(features.use.column[s], i)
    example = np.array([own.get(int(c), NONE) for c in columns], dtype=np.int64)
    votes = np.zeros((len(columns), len(areas)))
    if not own or not len(columns):
        return Fit(tuple(areas), votes, example)
    voters = np.array(sorted(own), dtype=np.int64)
    everyone = np.unique(np.concatenate([columns, voters]))
    similarity = Relatedness(features, everyone, WIDE.weights).without(np.array([], dtype=np.int64))
    ties = similarity[np.ix_(np.searchsorted(everyone, columns), np.searchsorted(everyone, voters))]
    order = np.argsort(-ties, axis=1, kind="stable")[:, :NEIGHBOURS]
    for i, near in enumerate(order):
        for v in near:
            if ties[i, v] >= MIN_TIE:
                votes[i, own[int(voters[v])]] += ties[i, v]
        if (total := votes[i].sum()) > 0:
            votes[i] /= total
    return Fit(tuple(areas), votes, example)
