"""How near a set of skills is to occupations, and which moves between occupations are viable.

After Nesta's Mapping Career Causeways (2020), on ESCO alone. The similarity of a move from i to j is the mean of

    essential    |E_i ∩ E_j| / max(|E_i|, |E_j|)    essential skills against essential skills
    coverage     |A_i ∩ E_j| / |E_j|                all skills of i against the essential ones of j
    activities   cosine of the shares of skills by ESCO group of the second level, all skills of i, essential ones of j

with E the essential and A all skills. Nesta matches skills by the nearness of their words too, and takes in the context of
work; neither is in ESCO, so its thresholds (0.30 viable, 0.40 highly viable) do not carry over. Its method does: viable is
the mean less one standard deviation of the mean similarity within ISCO-08 unit groups; highly viable the same of the
occupations that ESCO puts under one broader occupation.

Shapes: o occupations (rows, sorted by IRI), s skills, g groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from analysis.profiles.tables import ProfileTables
from analysis.skills.matrix import Floats, Ints, Sparse, row_sums, sparse, unit_rows

Viability = Literal["highly-viable", "viable", "none"]


@dataclass(frozen=True, slots=True)
class SkillSet:
    """What someone or something brings, or asks for: the essential skills, and all of them."""

    essential: frozenset[str]
    every: frozenset[str]


@dataclass(frozen=True, slots=True)
class Nearness:
    """A set of skills beside every occupation: arrays of shape (o,), shares in 0..1.

    ``coverage``: share of the occupation's essential skills that the set has; ``reverse``: share of the set's essential
    skills that the occupation has, either way; ``shared``: essential skills of the occupation that the set has.
    """

    similarity: Floats
    coverage: Floats
    reverse: Floats
    shared: Ints


@dataclass(frozen=True, slots=True)
class TransitionIndex:
    """The occupations of a release as matrices, with the thresholds of viability."""

    occupations: tuple[str, ...]
    row: Mapping[str, int]
    column: Mapping[str, int]
    essential: Sparse  # (o, s), 0/1
    every: Sparse  # (o, s), 0/1
    areas: Sparse  # (s, g), how a skill is shared out among groups
    essential_areas: Sparse  # (o, g), rows of length 1
    every_areas: Sparse  # (o, g), rows of length 1
    sizes: Floats  # essential skills of each occupation
    viable: float
    highly_viable: float

    def out_of(self, given: SkillSet) -> Nearness:
        """Moves from the set to every occupation."""
        every, essential = self._vector(given.every), self._vector(given.essential)
        shared = self.essential @ every
        coverage = _divided(shared, self.sizes)
        overlap = (self.essential @ essential) / np.maximum(np.maximum(self.sizes, essential.sum()), 1)
        activities = self.essential_areas @ _unit(every @ self.areas)
        reverse = (self.every @ essential) / max(1.0, essential.sum())
        return Nearness((overlap + coverage + activities) / 3, coverage, reverse, shared.astype(np.int64))

    def into(self, given: SkillSet) -> Nearness:
        """Moves from every occupation to the set; coverage and shared are of the set's essential skills."""
        every, essential = self._vector(given.every), self._vector(given.essential)
        size = max(1.0, essential.sum())
        shared = self.every @ essential
        overlap = (self.essential @ essential) / np.maximum(np.maximum(self.sizes, size), 1)
        activities = self.every_areas @ _unit(essential @ self.areas)
        reverse = _divided(self.essential @ every, self.sizes)
        return Nearness((overlap + shared / size + activities) / 3, shared / size, reverse, shared.astype(np.int64))

    def between(self, one: SkillSet, other: SkillSet) -> tuple[float, float, float]:
        """Similarity, coverage and reverse coverage of a move from one set to another."""
        size = max(1, len(other.essential))
        coverage = len(one.every & other.essential) / size
        overlap = len(one.essential & other.essential) / max(1, len(one.essential), len(other.essential))
        mine, theirs = (_unit(self._vector(s) @ self.areas) for s in (one.every, other.essential))
        reverse = len(other.every & one.essential) / max(1, len(one.essential))
        return (overlap + coverage + float(mine @ theirs)) / 3, coverage, reverse

    def viability(self, similarity: float) -> Viability:
        """highly-viable, viable or none."""
        return (
            "highly-viable" if similarity >= self.highly_viable else "viable" if similarity >= self.viable else "none"
        )

    def _vector(self, skills: Iterable[str]) -> Floats:
        vector = np.zeros(len(self.column))
        vector[[self.column[s] for s in skills if s in self.column]] = 1.0
        return vector


def transition_index(
    tables: ProfileTables, unit_groups: Mapping[str, Sequence[str]], families: Mapping[str, Sequence[str]]
) -> TransitionIndex:
    """Build the matrices; ``unit_groups`` and ``families`` name the occupations of each ISCO group and broader occupation."""
    occupations = tuple(sorted(tables.occupations))
    row = {o: n for n, o in enumerate(occupations)}
    column = {s: n for n, s in enumerate(sorted(tables.skills))}
    codes = {c: n for n, c in enumerate(sorted({a for f in tables.skills.values() for a in f.areas}))}
    needs = [(row[o], tables.occupations[o]) for o in occupations]
    shape = len(row), len(column)
    essential = sparse([(i, column[s], 1.0) for i, need in needs for s in need.essential], shape)
    optional = sparse([(i, column[s], 1.0) for i, need in needs for s in need.optional], shape)
    areas = sparse(
        [(column[s], codes[a], 1 / len(f.areas)) for s, f in tables.skills.items() for a in f.areas],
        (len(column), max(1, len(codes))),
    )
    every = (essential + optional).tocsr()
    sizes = row_sums(essential)
    made = TransitionIndex(
        occupations, row, column, essential, every, areas, unit_rows(essential @ areas), unit_rows(every @ areas), sizes, 0.0, 0.0
    )  # fmt: skip
    viable, highly = (
        _threshold(made, [[row[o] for o in members] for _, members in sorted(groups.items())])
        for groups in (unit_groups, families)
    )
    return replace(made, viable=viable, highly_viable=max(viable, highly))


def similarities(made: TransitionIndex, rows: Sequence[int]) -> Floats:
    """Symmetrised similarity within a group of rows, shape (len(rows), len(rows))."""
    essential, every, sizes = made.essential[rows], made.every[rows], made.sizes[rows]
    overlap = (essential @ essential.T).toarray() / np.maximum(np.maximum.outer(sizes, sizes), 1)
    coverage = _divided((every @ essential.T).toarray(), sizes[None, :])
    activities = (made.every_areas[rows] @ made.essential_areas[rows].T).toarray()
    mean = (overlap + coverage + activities) / 3
    both: Floats = (mean + mean.T) / 2
    return both


def _threshold(made: TransitionIndex, groups: Iterable[Sequence[int]]) -> float:
    """Mean less one standard deviation of the mean similarity of two different members, over groups with two or more."""
    means = []
    for rows in groups:
        if len(rows) > 1:
            values = similarities(made, rows)
            means.append(float(values[~np.eye(len(rows), dtype=bool)].mean()))
    return round(float(np.mean(means) - np.std(means)), 4) if means else 1.0


def _unit(vector: Any) -> Floats:
    flat = np.asarray(vector, dtype=np.float64).ravel()
    length = float(np.sqrt(flat @ flat))
    return flat / length if length else flat


def _divided(values: Floats, by: Floats) -> Floats:
    """Zero where there is nothing to divide by."""
    by = np.broadcast_to(by, values.shape)
    return np.divide(values, by, out=np.zeros_like(values, dtype=np.float64), where=by > 0)
