"""The skill graph of a domain: relatedness, its sparse neighbour graph, and one run of Leiden on it.

Relatedness is a mean of four similarities, none of which reads a text:

- use: cosine of the skills' occupation vectors over all of ESCO. An occupation with a short list weighs more
  (ln(S / length)): that two of ten skills go together says more than that two of eighty do.
- kind: cosine of their vectors over ISCO-08 unit groups (square roots, inverse frequency). Two skills used by
  neighbouring occupations are related even if no occupation lists both; this makes the graph robust to a missing
  occupation.
- place: cosine of their vectors over ESCO's groups above them (inverse frequency, T branch left out, since it says how
  transversal a skill is and not what it is about).
- link: 1 where ESCO itself relates the two skills or places one under the other.

Nesta's Mapping Career Causeways (2020) averages use and work-activity similarities in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import graspologic_native  # type: ignore[import-not-found, import-untyped, unused-ignore]
import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]

from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import Floats, Ints, Sparse, Use, by_name, column_sums, one_hot, row_sums, sparse, unit_rows
from analysis.skills.tables import SkillTables

_BLOCK = 256  # rows of the neighbour search at a time


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each similarity counts in the mean."""

    use: float = 1.0
    kind: float = 1.0
    place: float = 0.5
    link: float = 0.5


@dataclass(slots=True)
class Features:
    """What the similarities are made of, for all skills of ESCO; built once and shared by the domains."""

    use: Use
    places: Sparse
    links: Sparse
    kinds: Sparse
    weighted: Sparse = field(repr=False)
    # ISCO unit groups by skills: how many of the group's occupations use the skill; and how many skills that are.
    users: Sparse = field(repr=False)
    variety: Floats = field(repr=False)


def features(tables: SkillTables, use: Use, hierarchy: Hierarchy) -> Features:
    """Build the features of every skill."""
    places, names = by_name([{a: 1.0 for a in hierarchy.ancestors(s) if not hierarchy.is_t(a)} for s in use.skills])
    n = len(use.skills)
    places = unit_rows(places @ sp.diags(np.log(n / np.maximum(column_sums(places), 1.0)))) if names else places
    pairs = {
        (use.column[s], use.column[r])
        for s in use.skills
        for r in tables.skills[s].related | tables.skills[s].broader
        if r in use.column and r != s
    }
    both = sorted(pairs | {(b, a) for a, b in pairs})
    links = sparse([(a, b, 1.0) for a, b in both], (n, n))
    length = row_sums(use.binary)
    weighted = (sp.diags(np.log(max(n, 2) / np.maximum(length, 1.0))) @ use.x).tocsr()
    kinds = one_hot(use.iscos)[0]
    users = (kinds.T @ use.binary).tocsr()
    return Features(use, places, links, kinds, weighted, users, np.diff(users.indptr).astype(np.float64))


class Relatedness:
    """Relatedness among some skills, asked again and again with other occupations left out.

    What does not depend on occupations (place and link) and the columns of the skills are taken out once.
    """

    def __init__(self, features: Features, skills: Ints, weights: Weights) -> None:
        self._weights = weights
        self._features = features
        self._weighted = features.weighted[:, skills]
        self._x = features.use.x[:, skills]
        n = len(skills)
        self._fixed: Floats = np.zeros((n, n))
        if weights.place:
            v = features.places[skills]
            self._fixed += weights.place * (v @ v.T).toarray()
        if weights.link:
            self._fixed += weights.link * features.links[skills][:, skills].toarray()

    def without(self, left_out: Ints) -> Floats:
        """Dense symmetric relatedness (0..1, zero diagonal), as seen without the occupations in these rows."""
        weights = self._weights
        keep = np.ones(self._x.shape[0], dtype=np.bool_)
        keep[left_out] = False
        result = self._fixed.copy()
        if weights.use:
            v = unit_rows(self._weighted[keep].T.tocsr())
            result += weights.use * (v @ v.T).toarray()
        if weights.kind:
            v = (self._x[keep].T @ self._features.kinds[keep]).tocsr()
            idf = np.log(max(len(self._features.use.skills), 2) / np.maximum(self._variety(left_out), 1.0))
            v.data = np.sqrt(v.data) * idf[v.indices]
            v = unit_rows(v)
            result += weights.kind * (v @ v.T).toarray()
        np.fill_diagonal(result, 0.0)
        result /= weights.use + weights.kind + weights.place + weights.link
        # Rounded, so that sums taken in another order by another BLAS do not change who is whose neighbour.
        return np.round(result, 9, out=result)

    def _variety(self, left_out: Ints) -> Floats:
        """How many of all skills each ISCO unit group uses; only groups of occupations left out are counted again."""
        f = self._features
        variety = f.variety.copy()
        touched = np.unique(f.kinds[left_out].indices)
        if len(touched):
            users = f.users[touched] - f.kinds[left_out][:, touched].T @ f.use.x[left_out].sign()
            users.eliminate_zeros()
            variety[touched] = np.diff(users.tocsr().indptr)
        return variety


def knn(similarity: Floats | Sparse, k: int) -> Sparse:
    """Each node tied to its k most similar others; a tie holds if either side has it. Ties in rank: lower index.

    ``similarity`` is symmetric with a zero diagonal, dense or sparse; rows are taken in blocks to save memory.
    """
    n = similarity.shape[0]
    if n < 2:
        return sp.csr_matrix((n, n))
    k = min(k, n - 1)
    blocks = []
    for start in range(0, n, _BLOCK):
        part = similarity[start : start + _BLOCK]
        rows: Floats = part if isinstance(part, np.ndarray) else part.toarray()
        least = np.partition(rows, n - k, axis=1)[:, n - k, None]  # the k-th largest
        chosen = rows > least
        equal = rows == least
        room = k - chosen.sum(axis=1, keepdims=True)
        chosen |= equal & (np.cumsum(equal, axis=1, dtype=np.int32) <= room)
        chosen &= rows > 0
        blocks.append(sp.csr_matrix(np.where(chosen, rows, 0.0)))
    ties = sp.vstack(blocks, format="csr")
    return ties.maximum(ties.T).tocsr()


def leiden(graph: Sparse, resolution: float, seed: int) -> Ints:
    """Community number of every node by Leiden with modularity (Traag, Waltman, van Eck 2019); isolated nodes alone."""
    n = graph.shape[0]
    labels = np.full(n, -1, dtype=np.int64)
    if graph.nnz:
        graph.sort_indices()
        _, membership = graspologic_native.leiden_csr(
            graph.indptr.astype(np.int64),
            graph.indices.astype(np.int32),
            graph.data.astype(np.float64),
            n,
            resolution=resolution,
            iterations=3,
            seed=seed,
        )
        labels[list(membership)] = list(membership.values())
    alone = labels < 0
    labels[alone] = labels.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return labels
