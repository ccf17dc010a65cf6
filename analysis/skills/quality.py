"""Figures that say how good a partition is, and how alike two partitions are."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln  # type: ignore[import-untyped]

from analysis.skills.matrix import Floats, Ints, Sparse, one_hot, row_sums


def modularity(graph: Sparse, labels: Ints) -> float:
    """Q = sum over clusters of [inside / 2m - (degree / 2m)^2] (Newman and Girvan 2004), weighted, resolution 1."""
    total = float(graph.sum())
    if total == 0:
        return 0.0
    p, _ = one_hot(str(v) for v in labels)
    inside = (p.T @ graph @ p).diagonal()
    degree = np.asarray(p.T @ row_sums(graph)).ravel()
    return float(inside.sum() / total - ((degree / total) ** 2).sum())


def conductance(graph: Sparse, labels: Ints) -> float:
    """Mean over clusters of the ties that leave, over the smaller of the cluster's and the rest's ties; 0 is best."""
    total = float(graph.sum())
    degree = row_sums(graph)
    values = []
    for c in np.unique(labels):
        inside = labels == c
        volume = float(degree[inside].sum())
        leaving = volume - float(graph[inside][:, inside].sum())
        smaller = min(volume, total - volume)
        values.append(leaving / smaller if smaller > 0 else 0.0)
    return float(np.mean(values)) if values else 0.0


def coverage(labels: Ints, min_size: int) -> float:
    """Share of nodes in a cluster of ``min_size`` or more."""
    if not len(labels):
        return 0.0
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return float((counts[inverse] >= min_size).mean())


def largest_share(labels: Ints) -> float:
    """Share of nodes in the largest cluster."""
    return float(np.unique(labels, return_counts=True)[1].max() / len(labels)) if len(labels) else 0.0


def silhouette(similarity: Floats, labels: Ints) -> float:
    """Mean silhouette (Rousseeuw 1987) with distance 1 - similarity; nodes of single-member clusters count 0."""
    distance = 1.0 - similarity
    np.fill_diagonal(distance, 0.0)
    numbers, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(numbers) < 2:
        return 0.0
    membership = np.eye(len(numbers))[inverse]
    sums = distance @ membership
    own = counts[inverse]
    rows = np.arange(len(labels))
    a = sums[rows, inverse] / np.maximum(own - 1, 1)
    means = sums / counts
    means[rows, inverse] = np.inf
    b = means.min(axis=1)
    s = np.where(own > 1, (b - a) / np.maximum(np.maximum(a, b), 1e-12), 0.0)
    return float(s.mean())


def ami(a: Ints, b: Ints) -> float:
    """Adjusted mutual information of two partitions (Vinh, Epps, Bailey 2010), normalised by the mean entropy.

    (MI - E[MI]) / ((H(a) + H(b)) / 2 - E[MI]): 1 for equal partitions, 0 on average for unrelated ones.
    """
    n = len(a)
    if n == 0:
        return 1.0
    _, ia, ca = np.unique(a, return_inverse=True, return_counts=True)
    _, ib, cb = np.unique(b, return_inverse=True, return_counts=True)
    if len(ca) == len(cb) == 1 or (len(ca) == len(cb) == n):
        return 1.0
    table = np.zeros((len(ca), len(cb)))
    np.add.at(table, (ia, ib), 1.0)
    i, j = np.nonzero(table)
    nij = table[i, j]
    mi = float((nij / n * np.log(nij * n / (ca[i] * cb[j]))).sum())
    expected = _expected_mi(ca, cb, n)
    mean = (_entropy(ca, n) + _entropy(cb, n)) / 2
    return float((mi - expected) / (mean - expected)) if abs(mean - expected) > 1e-12 else 1.0


def _entropy(counts: Ints, n: int) -> float:
    p = counts / n
    return float(-(p * np.log(p)).sum())


def _expected_mi(ca: Ints, cb: Ints, n: int) -> float:
    """E[MI] of random partitions with the same sizes: the hypergeometric mean over each pair of clusters."""
    total = 0.0
    log_n = gammaln(n + 1)
    for x in ca:
        for y in cb:
            k = np.arange(max(1, x + y - n), min(x, y) + 1, dtype=np.float64)
            log_p = (
                gammaln(x + 1)
                + gammaln(y + 1)
                + gammaln(n - x + 1)
                + gammaln(n - y + 1)
                - log_n
                - gammaln(k + 1)
                - gammaln(x - k + 1)
                - gammaln(y - k + 1)
                - gammaln(n - x - y + k + 1)
            )
            total += float((k / n * np.log(n * k / (x * y)) * np.exp(log_p)).sum())
    return total
