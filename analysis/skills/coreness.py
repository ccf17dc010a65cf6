"""Coreness: how much a skill holds a unit's skill network together.

Coreness = ((b + e) / 2) (1 - c), scaled to a maximum of 1, with betweenness b and eigenvector centrality e scaled to
a maximum of 1 and c the local clustering coefficient (Nesta, Mapping Career Causeways, 2020). High: a skill that
bridges many kinds of work; low: a skill that lives inside one tight bundle.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]

from analysis.skills.graph import knn
from analysis.skills.matrix import Floats, Sparse, row_sums

NEIGHBOURS = 10
MIN_SUPPORT = 2
PIVOTS = 200
_ITERATIONS = 200


def coreness(mine: Sparse, support: Floats) -> Floats:
    """Coreness of every skill from a unit's rows of the 0/1 use matrix; 0 for skills with fewer than two users."""
    result = np.zeros(len(support))
    nodes = np.flatnonzero(support >= MIN_SUPPORT)
    if len(nodes) < 3:
        return result
    columns = mine[:, nodes]
    together = (columns.T @ columns).tocoo()
    # theta(s, s') = co-use / max(use): minimum conditional probability (Hidalgo et al. 2007).
    pairs = (together.data >= MIN_SUPPORT) & (together.row != together.col)
    row, column, common = together.row[pairs], together.col[pairs], together.data[pairs]
    count = support[nodes]
    theta = sp.csr_matrix((common / np.maximum(count[row], count[column]), (row, column)), shape=together.shape)
    graph = knn(theta, NEIGHBOURS)
    if graph.nnz == 0:
        return result
    values = (_scaled(_betweenness(graph)) + _scaled(_eigenvector(graph))) / 2 * (1 - _clustering(graph))
    result[nodes] = _scaled(values)
    return result


def _scaled(v: Floats) -> Floats:
    top = float(v.max(initial=0.0))
    return v / top if top > 0 else v


def _betweenness(graph: Sparse) -> Floats:
    """Betweenness by Brandes (2001), unweighted, all sources of a batch at once.

    For graphs with more than 200 nodes, from 200 evenly spaced pivots (Brandes and Pich 2007), which is
    deterministic since nodes are in the order of their IRIs.
    """
    n = graph.shape[0]
    a = graph.sign()
    sources = np.arange(n) if n <= PIVOTS else np.linspace(0, n - 1, PIVOTS).astype(np.int64)
    m = len(sources)
    distance = np.full((n, m), -1, dtype=np.int64)
    distance[sources, np.arange(m)] = 0
    paths = np.zeros((n, m))
    paths[sources, np.arange(m)] = 1.0
    frontier = paths.copy()
    depth = 0
    while frontier.any():
        reached = a @ frontier
        depth += 1
        fresh = (reached > 0) & (distance < 0)
        distance[fresh] = depth
        frontier = np.where(fresh, reached, 0.0)
        paths += frontier
    dependency = np.zeros((n, m))
    safe = np.where(paths > 0, paths, 1.0)
    for level in range(depth, 0, -1):
        ratio = np.where(distance == level, (1.0 + dependency) / safe, 0.0)
        dependency += np.where(distance == level - 1, (a @ ratio) * paths, 0.0)
    dependency[sources, np.arange(m)] = 0.0
    result: Floats = dependency.sum(axis=1)
    return result


def _eigenvector(graph: Sparse) -> Floats:
    """Leading eigenvector by power iteration on A + I, which converges on bipartite graphs too."""
    n = graph.shape[0]
    shifted = graph + sp.identity(n)
    v: Floats = np.full(n, 1.0 / n)
    for _ in range(_ITERATIONS):
        step = shifted @ v
        before, v = v, step / np.linalg.norm(step)
        if np.abs(v - before).max() < 1e-9:
            break
    return v


def _clustering(graph: Sparse) -> Floats:
    """Local clustering coefficient: closed triples over all triples around a node; 0 for fewer than two neighbours."""
    a = graph.sign()
    closed = row_sums((a @ a).multiply(a))
    degree = row_sums(a)
    triples = degree * (degree - 1)
    return np.divide(closed, triples, out=np.zeros_like(closed), where=triples > 0)
