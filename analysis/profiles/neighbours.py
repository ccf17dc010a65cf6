"""Which occupations of the sectors are nearest to a role, and what several of them ask for that the role does not.

Near is who has the most skills in common: the Jaccard index of all skills, by the weights of the anchors. This is what
"emerging" compares with, because a whole domain is too wide: footwear says nothing to a goldsmith.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from analysis.profiles.tables import Anchor, ProfileTables
from analysis.skills.matrix import sparse

NEAREST = 5  # occupations that a role is compared with
AGREEING = 2  # of these, that have to ask for a skill


class Neighbourhood:
    """The occupations in scope as a matrix of 0 and 1: rows by IRI, a column for each skill that one of them asks for."""

    def __init__(self, tables: ProfileTables) -> None:
        self._tables = tables
        self._occupations = tuple(sorted(o for o, places in tables.scope.items() if places and o in tables.occupations))
        held = [tables.occupations[o].every for o in self._occupations]
        self._column = {s: n for n, s in enumerate(sorted({s for skills in held for s in skills}))}
        entries = [(n, self._column[s], 1.0) for n, skills in enumerate(held) for s in skills]
        self._matrix = sparse(entries, (len(held), max(1, len(self._column))))
        self._sizes = np.array([len(skills) for skills in held], dtype=float)

    def nearest(self, anchors: Iterable[Anchor]) -> tuple[str, ...]:
        """The nearest occupations beside the anchors, the nearest first; fewer where few have anything in common."""
        near = np.zeros(len(self._occupations))
        own = set()
        for anchor in anchors:
            own.add(anchor.occupation)
            skills = self._tables.needs(anchor).every
            mine = np.zeros(self._matrix.shape[1])
            mine[[self._column[s] for s in skills if s in self._column]] = 1
            shared = self._matrix @ mine
            near += anchor.weight * shared / np.maximum(self._sizes + len(skills) - shared, 1)
        ordered = np.argsort(-np.round(near, 9), kind="stable")  # rows are in the order of IRIs, so ties are too
        others = (self._occupations[n] for n in ordered if near[n] > 0 and self._occupations[n] not in own)
        return tuple(o for o, _ in zip(others, range(NEAREST), strict=False))

    def asked(self, anchors: Iterable[Anchor]) -> Counter[str]:
        """How many of the nearest occupations ask for each skill, where enough of them agree."""
        counts = Counter(s for o in self.nearest(anchors) for s in self._tables.occupations[o].every)
        return Counter({s: n for s, n in counts.items() if n >= AGREEING})


def neighbourhood(tables: ProfileTables) -> Neighbourhood:
    """The neighbourhood of these tables, made once."""
    if not tables.kept:
        tables.kept.append(Neighbourhood(tables))
    kept: Neighbourhood = tables.kept[0]
    return kept
