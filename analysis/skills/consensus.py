"""From many runs of Leiden to one partition in two levels that does not depend on luck.

An ensemble of runs differs in four ways: the seed, the resolution, which fifth of the domain's occupations is left out
before the neighbour graph is drawn, and through which lens that is looked at. Most views see what is used together; every
fourth one looks closer, at fewer neighbours and more at ESCO's own groups, which tells apart what lies side by side in
one job and yet is about different things. How often two skills end up together is their co-association (Fred and
Jain 2005; ensemble clustering of graphs, Poulin and Theberge 2018). Average linkage on it, cut at a fixed height,
gives the partition. Leaving occupations out inside the method is what makes the outcome hold when a later release
drops or adds some.

Which occupations a run leaves out is read from a hash of their IRI and the number of the run, not from a random
stream: an occupation that disappears then changes only the runs that would have kept it, and two runs of the whole
method share all but the seeds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage  # type: ignore[import-untyped]
from scipy.spatial.distance import squareform  # type: ignore[import-untyped]

from analysis.skills.graph import Features, Relatedness, Weights, knn, leiden
from analysis.skills.matrix import Floats, Ints, Sparse


@dataclass(frozen=True, slots=True)
class Lens:
    """How a view is drawn: the weights of the similarities, and how many neighbours each skill is tied to."""

    weights: Weights
    neighbours: int


WIDE = Lens(Weights(), 6)
CLOSE = Lens(Weights(kind=0.3, place=1.0), 4)


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of the clustering; the defaults are the published method.

    ``views`` counts the graphs drawn with a ``1 / part`` of the domain's occupations left out, through one of ``lenses``
    after the other; the view of everything takes the first. ``runs`` counts the Leiden runs per view and resolution; more
    than ``large`` skills are as stable with one. ``cut`` and ``fine_cut`` are heights
    (1 - co-association) at which the trees are cut.
    """

    lenses: tuple[Lens, ...] = (WIDE, WIDE, CLOSE, WIDE)
    resolutions: tuple[float, ...] = (1.0, 1.5, 2.0)
    fine_resolutions: tuple[float, ...] = (4.0, 8.0)
    views: int = 30
    part: int = 5
    runs: int = 4
    large: int = 300
    cut: float = 0.6
    fine_cut: float = 0.5
    min_size: int = 4
    max_share: float = 0.25
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Partition:
    """The outcome for one set of skills: labels per level (nested), the graph, and the co-associations."""

    broad: Ints
    fine: Ints
    graph: Sparse
    similarity: Floats
    together: Floats
    together_fine: Floats


def left_out(occupation: str, view: int, part: int) -> bool:
    """Whether a view (1, 2, ...) leaves an occupation out; about one in ``part`` is."""
    digest = hashlib.sha256(f"{view} {occupation}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % part == 0


def ensemble(
    features: Features, skills: Ints, domain_rows: Ints, settings: Settings
) -> tuple[Sparse, Floats, Floats, Floats]:
    """The whole graph, its similarities, and the co-associations at the broad and the fine resolutions."""
    n = len(skills)
    sums = [np.zeros((n, n), dtype=np.int16) for _ in range(2)]
    counts = [0, 0]
    whole, similarity = None, np.zeros((n, n))
    occupations = features.use.occupations
    related = {lens: Relatedness(features, skills, lens.weights) for lens in settings.lenses}
    for view in range(settings.views + 1):
        gone = [r for r in domain_rows if view and left_out(occupations[r], view, settings.part)]
        lens = settings.lenses[view % len(settings.lenses)]
        seen = related[lens].without(np.array(gone, dtype=np.int64))
        graph = knn(seen, lens.neighbours)
        if view == 0:
            whole, similarity = graph, seen
        # The view of everything counts four times: it is the one that is true.
        runs = (settings.runs if n <= settings.large else 1) * (1 if view else 4)
        for level, resolutions in enumerate((settings.resolutions, settings.fine_resolutions)):
            for r, resolution in enumerate(resolutions):
                for run in range(runs):
                    seed = settings.seed * 1_000_003 + view * 1009 + r * 101 + run
                    labels = leiden(graph, resolution, seed).astype(np.int16)
                    sums[level] += labels[:, None] == labels[None, :]
                    counts[level] += 1
    together = [np.round(s / max(c, 1), 9) for s, c in zip(sums, counts, strict=True)]
    return whole, similarity, together[0], together[1]


def cut_tree(together: Floats, height: float) -> Ints:
    """Average linkage on 1 - co-association, cut at a height; labels 0, 1, ..."""
    n = len(together)
    if n < 2:
        return np.zeros(n, dtype=np.int64)
    distance = 1.0 - together
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    return relabel(np.asarray(fcluster(tree, height, "distance"), dtype=np.int64))


def relabel(labels: Ints) -> Ints:
    """The same partition with labels 0, 1, ... in order of first appearance."""
    seen: dict[int, int] = {}
    return np.array([seen.setdefault(int(v), len(seen)) for v in labels], dtype=np.int64)


def absorb_small(labels: Ints, together: Floats, similarity: Floats, min_size: int) -> Ints:
    """Join each cluster under ``min_size`` to the one its skills are most often with, the smallest first.

    Co-association decides, similarity breaks ties; a cluster tied to nothing at all joins none.
    """
    labels = relabel(labels)
    closeness = together + similarity * 1e-3
    stuck: set[int] = set()
    while True:
        numbers, sizes = np.unique(labels, return_counts=True)
        small = [(int(s), int(c)) for c, s in zip(numbers, sizes, strict=True) if s < min_size and int(c) not in stuck]
        if not small or len(numbers) < 2:
            return relabel(labels)
        _, c = min(small)
        inside = labels == c
        to = {int(d): float(closeness[np.ix_(inside, labels == d)].mean()) for d in numbers if d != c}
        best = max(to, key=lambda d: (to[d], -d))
        if to[best] <= 0:
            stuck.add(c)
        else:
            labels[inside] = best


def split_large(labels: Ints, together: Floats, similarity: Floats, settings: Settings) -> Ints:
    """Divide any cluster with more than ``max_share`` of the skills, by its own tree cut lower and lower."""
    labels = relabel(labels)
    limit = settings.max_share * len(labels)
    for height in np.arange(settings.cut - 0.05, 0.0, -0.05):
        sizes = np.bincount(labels)
        for c in np.flatnonzero(sizes > limit):
            inside = np.flatnonzero(labels == c)
            sub = np.ix_(inside, inside)
            parts = absorb_small(
                cut_tree(together[sub], float(height)), together[sub], similarity[sub], settings.min_size
            )
            if parts.max(initial=0) > 0:
                labels[inside] = np.where(parts == 0, c, labels.max() + parts)
    return relabel(labels)


def partition(features: Features, skills: Ints, domain_rows: Ints, settings: Settings) -> Partition:
    """Cluster the skills of one domain in two nested levels."""
    graph, similarity, together, fine_together = ensemble(features, skills, domain_rows, settings)
    broad = absorb_small(cut_tree(together, settings.cut), together, similarity, settings.min_size)
    # The finer resolutions see divisions inside a large cluster that the broad ones cannot.
    broad = split_large(broad, (together + fine_together) / 2, similarity, settings)

    def parts(inside: Ints) -> Ints:
        sub = np.ix_(inside, inside)
        cut = cut_tree(fine_together[sub], settings.fine_cut)
        return absorb_small(cut, fine_together[sub], similarity[sub], settings.min_size)

    return Partition(broad, divided(broad, parts), graph, similarity, together, fine_together)


def divided(broad: Ints, parts: Callable[[Ints], Ints]) -> Ints:
    """The fine labels inside broad ones, numbered through; ``parts`` labels the members of one, given by position."""
    fine = np.zeros_like(broad)
    offset = 0
    for c in range(int(broad.max(initial=-1)) + 1):
        inside = np.flatnonzero(broad == c)
        labels = parts(inside)
        fine[inside] = labels + offset
        offset += int(labels.max(initial=0)) + 1
    return fine
