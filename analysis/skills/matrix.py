"""Who uses what, as a matrix: the common ground of all figures about skills.

Rows and columns are sorted by IRI, so that every figure is independent of the order in which tables were filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]
from numpy.typing import NDArray

from analysis.skills.tables import SkillTables

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# scipy's sparse matrices; named so that signatures say what is meant.
Sparse = Any

ESSENTIAL = 1.0
# Half of an essential use: ESCO's optional skills depend on employer, country or speciality. The value is a choice
# (ccsi-facts 4.3 gives it as an example); both counts are published beside every figure that uses it.
OPTIONAL = 0.5


@dataclass(frozen=True, slots=True)
class Use:
    """Occupations by skills; ``x`` holds 1 for essential, 0.5 for optional, and nothing for no use."""

    occupations: tuple[str, ...]
    skills: tuple[str, ...]
    iscos: tuple[str, ...]
    x: Sparse
    essential: Sparse
    row: dict[str, int] = field(repr=False)
    column: dict[str, int] = field(repr=False)

    @property
    def binary(self) -> Sparse:
        """1 where a skill is used either way."""
        return self.x.sign()

    def rows(self, occupations: Iterable[str]) -> Ints:
        """Sorted row numbers of the given occupations."""
        return np.array(sorted(self.row[o] for o in occupations), dtype=np.int64)


def use_matrix(tables: SkillTables) -> Use:
    """Build the matrix from the tables. Links to skills that are not in ``tables.skills`` are left out."""
    occupations = tuple(sorted(tables.occupations))
    skills = tuple(sorted(tables.skills))
    column = {s: i for i, s in enumerate(skills)}
    held = [tables.occupations[iri] for iri in occupations]
    entries = [
        (i, column[s], value)
        for i, o in enumerate(held)
        # ESCO 1.2.0 has 17 pairs that are both: essential wins, as the ESCO model says for inherited links.
        for links, value in ((o.essential, ESSENTIAL), (o.optional - o.essential, OPTIONAL))
        for s in sorted(links)
        if s in column
    ]
    shape = len(occupations), len(skills)
    return Use(
        occupations,
        skills,
        tuple(o.isco for o in held),
        sparse(entries, shape),
        sparse([entry for entry in entries if entry[2] == ESSENTIAL], shape),
        {o: i for i, o in enumerate(occupations)},
        column,
    )


def sparse(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> Sparse:
    """A matrix from its entries: row, column and value."""
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return sp.csr_matrix((np.array(values), (np.array(rows, dtype=int), np.array(columns, dtype=int))), shape=shape)


def column_sums(m: Sparse) -> Floats:
    """Sums over rows, as a flat array."""
    return np.asarray(m.sum(axis=0), dtype=np.float64).ravel()


def row_sums(m: Sparse) -> Floats:
    """Sums over columns, as a flat array."""
    return np.asarray(m.sum(axis=1), dtype=np.float64).ravel()


def unit_rows(m: Sparse) -> Sparse:
    """The matrix with every row scaled to Euclidean length 1; empty rows stay empty."""
    # On the arrays themselves: products with diagonal matrices took most of the time of what is small.
    rows = np.repeat(np.arange(m.shape[0]), np.diff(m.indptr))
    length = np.sqrt(np.bincount(rows, m.data * m.data, m.shape[0]))
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    return sp.csr_matrix((m.data * scale[rows], m.indices, m.indptr), m.shape)


def one_hot(labels: Iterable[str]) -> tuple[Sparse, tuple[str, ...]]:
    """A 0/1 matrix of rows by distinct labels, and the labels in order."""
    return by_name([{label: 1.0} for label in labels])


def by_name(rows: Sequence[Mapping[str, float]]) -> tuple[Sparse, tuple[str, ...]]:
    """A matrix of rows by all names that a row has a value for, and these names in order."""
    names = tuple(sorted({name for row in rows for name in row}))
    position = {name: i for i, name in enumerate(names)}
    places = [i for i, row in enumerate(rows) for _ in row], [position[name] for row in rows for name in row]
    values = np.array([value for row in rows for value in row.values()], dtype=np.float64)
    return sp.csr_matrix((values, places), shape=(len(rows), len(names))), names
