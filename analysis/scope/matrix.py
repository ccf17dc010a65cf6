"""Which occupation has which skill, as a matrix that the routes by skills compute with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.tables import Occupation

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# An optional skill counts half of an essential one.
OPTIONAL_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class SkillMatrix:
    """The occupation x skill matrix in compressed rows: row i holds ``skills[indptr[i]:indptr[i + 1]]``.

    ``weights`` are 1 (essential) or ``OPTIONAL_WEIGHT``; ``rows`` repeats the row number for each entry.
    """

    occupations: tuple[str, ...]
    skill_iris: tuple[str, ...]
    indptr: Ints
    rows: Ints
    skills: Ints
    weights: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Return (number of occupations, number of skills that any occupation uses)."""
        return len(self.occupations), len(self.skill_iris)


def build_matrix(occupations: Mapping[str, Occupation]) -> SkillMatrix:
    """Build the matrix, rows and columns in order of IRI; a skill both essential and optional is essential."""
    order = tuple(sorted(occupations))
    held = [(occupations[o].essential, sorted(occupations[o].skills)) for o in order]
    used = sorted({s for _, skills in held for s in skills})
    column = {iri: i for i, iri in enumerate(used)}
    columns = [column[s] for _, skills in held for s in skills]
    weights = [1.0 if s in essential else OPTIONAL_WEIGHT for essential, skills in held for s in skills]
    ends = np.cumsum([0, *(len(skills) for _, skills in held)], dtype=np.int64)
    rows = np.repeat(np.arange(len(order), dtype=np.int64), np.diff(ends))
    return SkillMatrix(
        order, tuple(used), ends, rows, np.asarray(columns, dtype=np.int64), np.asarray(weights, dtype=np.float64)
    )
