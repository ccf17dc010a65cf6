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
from analysis.skills.matrix import Bools, Floats, Ints, Sparse, Use, column_sums, one_hot, row_sums, unit_rows
from analysis.skills.tables import SkillTables


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


def features(tables: SkillTables, use: Use, hierarchy: Hierarchy) -> Features:
    """Build the features of every skill."""
    above = [sorted(a for a in hierarchy.ancestors(s) if not hierarchy.is_t(a)) for s in use.skills]
    names = sorted({a for row in above for a in row})
    position = {a: i for i, a in enumerate(names)}
    rows = [i for i, row in enumerate(above) for _ in row]
    columns = [position[a] for row in above for a in row]
    places = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(use.skills), len(names)))
    n = len(use.skills)
    places = unit_rows(places @ sp.diags(np.log(n / np.maximum(column_sums(places), 1.0)))) if names else places
    pairs = {
        (use.column[s], use.column[r])
        for s in use.skills
        for r in tables.skills[s].related | tables.skills[s].broader
        if r in use.column and r != s
    }
    both = sorted(pairs | {(b, a) for a, b in pairs})
    links = sp.csr_matrix((np.ones(len(both)), ([a for a, _ in both], [b for _, b in both])), shape=(n, n))
    length = row_sums(use.binary)
    weighted = (sp.diags(np.log(max(n, 2) / np.maximum(length, 1.0))) @ use.x).tocsr()
    return Features(use, places, links, one_hot(use.iscos)[0], weighted)


def relatedness(features: Features, skills: Ints, weights: Weights, keep: Bools | None = None) -> Floats:
    """Dense symmetric relatedness (0..1, zero diagonal) of the given skills, seen through the occupations kept."""
    n = len(skills)
    total = weights.use + weights.kind + weights.place + weights.link
    result = np.zeros((n, n))
    weighted, x, kinds = features.weighted, features.use.x, features.kinds
    if keep is not None:
        weighted, x, kinds = weighted[keep], x[keep], kinds[keep]
    if weights.use:
        v = unit_rows(weighted[:, skills].T.tocsr())
        result += weights.use * (v @ v.T).toarray()
    if weights.kind:
        v = (x[:, skills].T @ kinds).tocsr()
        v.data = np.sqrt(v.data)
        variety = column_sums((kinds.T @ x > 0).T)
        v = unit_rows(v @ sp.diags(np.log(max(x.shape[1], 2) / np.maximum(variety, 1.0))))
        result += weights.kind * (v @ v.T).toarray()
    if weights.place:
        v = features.places[skills]
        result += weights.place * (v @ v.T).toarray()
    if weights.link:
        result += weights.link * features.links[skills][:, skills].toarray()
    np.fill_diagonal(result, 0.0)
    # Rounded, so that sums taken in another order by another BLAS do not change who is whose neighbour.
    rounded: Floats = np.round(result / total, 9)
    return rounded


def knn(similarity: Floats, k: int) -> Sparse:
    """Each node tied to its k most similar others; a tie holds if either side has it. Ties in rank: lower index."""
    n = len(similarity)
    if n < 2:
        return sp.csr_matrix((n, n))
    k = min(k, n - 1)
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    mask = np.zeros((n, n), dtype=np.bool_)
    np.put_along_axis(mask, order, True, axis=1)
    mask &= similarity > 0
    return sp.csr_matrix(np.where(mask | mask.T, similarity, 0.0))


def leiden(graph: Sparse, resolution: float, seed: int) -> Ints:
    """Community number of every node by Leiden with modularity (Traag, Waltman, van Eck 2019); isolated nodes alone."""
    n = graph.shape[0]
    labels = np.full(n, -1, dtype=np.int64)
    if graph.nnz:
        graph.sort_indices()
        _, found = graspologic_native.leiden_csr(
            graph.indptr.astype(np.int64),
            graph.indices.astype(np.int32),
            graph.data.astype(np.float64),
            n,
            resolution=resolution,
            iterations=3,
            seed=seed,
        )
        for node, community in found.items():
            labels[node] = community
    alone = labels < 0
    labels[alone] = labels.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return labels
