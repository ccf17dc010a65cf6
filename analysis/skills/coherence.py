"""Do members of a cluster belong together? Asked of their texts, which the clustering never sees.

The test is the intruder test of topic models (Chang et al. 2009): five members of a cluster and one skill of another
cluster of the same domain; can one tell which does not belong? ``intruder_sets`` makes such sets for people.
``intruder_accuracy`` answers them by machine: the odd one out is the skill with the least mean similarity to the other
five, where similarity is the cosine of latent semantic vectors (Deerwester et al. 1990) of label and description.

The instrument was chosen by how well it tells ESCO's own groups apart, never by how well it tells clusters apart: five
skills of a group and one of another, over all of ESCO and within each domain. Preferred labels count twice, alternative
labels and descriptions once; 200 dimensions weighted by the 1.5th power of their singular values. What all skills of the
domain share is taken off first, by moving the centre of its vectors to zero: otherwise skills that resemble everything
hide an intruder (Suzuki et al. 2013, centering similarity measures to reduce hubs).

Two figures bound what can be expected: ESCO's own groups of the same skills, made by hand by subject
(``esco_groups``), and the same clusters with their members shuffled (``shuffled``), which is chance.

Chang et al. show the words with the highest weight in a topic and an intruder with a high weight in another and a low one
in this. ``central`` asks in that way: members and intruder are among the most central skills of their clusters. Members
drawn evenly are the stricter question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]
from scipy.sparse.linalg import svds  # type: ignore[import-untyped]

from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import Floats, Ints, by_name, unit_rows
from analysis.skills.names import _stem
from analysis.skills.tables import Cluster, Level, SkillTables, at_level

MEMBERS = 5
SETS = 400
SEED = 1
DIMENSIONS = 200
POWER = 1.5
_STOP = frozenset((
    "a", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "each", "for", "from", "has", "have", "how",
    "if", "in", "into", "is", "it", "its", "may", "more", "not", "of", "on", "one", "or", "other", "out", "over", "so",
    "some", "such", "than", "that", "the", "their", "them", "they", "these", "this", "those", "through", "to", "under",
    "up", "use", "used", "using", "when", "where", "which", "while", "who", "will", "with", "within", "work", "you",
    "your",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class IntruderSet:
    """A question for a person: ``skills`` in an order that gives nothing away, and the one that does not belong."""

    domain: str
    level: Level
    cluster: str
    skills: tuple[str, ...]
    intruder: str


def tokens(text: str) -> list[str]:
    """Stems of English words without the commonest ones."""
    return [_stem(w) for w in re.findall(r"[a-z]{2,}", text.lower()) if w not in _STOP]


def text_space(tables: SkillTables, alternatives: Mapping[str, Iterable[str]]) -> tuple[Floats, dict[str, int]]:
    """Vectors of all skills with an English text, and the row of each.

    ``alternatives`` are English alternative labels by skill; each of their words counts once, however many repeat it.
    """
    skills = sorted(s for s in tables.skills if "en" in tables.skills[s].labels)
    bags = []
    for s in skills:
        skill = tables.skills[s]
        title, body = tokens(skill.labels["en"]), tokens(skill.descriptions.get("en", ""))
        synonyms = {w for text in alternatives.get(s, ()) for w in tokens(text)}
        bags.append(Counter(title + title + body + sorted(synonyms)))
    counts, _ = by_name([{w: 1 + np.log(n) for w, n in bag.items()} for bag in bags])
    present = np.asarray((counts > 0).sum(axis=0)).ravel()
    weighted = unit_rows(counts @ sp.diags(np.log((1 + len(skills)) / (1 + present)) + 1))
    k = min(DIMENSIONS, min(weighted.shape) - 1)
    if k < 1:
        return _unit(weighted.toarray()), {s: i for i, s in enumerate(skills)}
    # A fixed start vector makes the iteration, and with it the figures, the same in every run.
    u, sigma, _ = svds(weighted.astype(np.float64), k=k, v0=np.ones(min(weighted.shape)))
    return _unit(u * sigma**POWER), {s: i for i, s in enumerate(skills)}


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


def intruder_sets(
    clusters: Sequence[Cluster],
    domain: str,
    level: Level = "broad",
    count: int = SETS,
    seed: int = SEED,
    central: int | None = None,
) -> tuple[IntruderSet, ...]:
    """Random sets for one domain: a cluster with five members or more, five of them, and one from another cluster.

    Clusters are drawn evenly, members evenly among the primary ones, or among the ``central`` most central. Intruders
    come from any other cluster of the same level, and never lean on the cluster that they are put into.
    """
    mine = sorted(at_level(clusters, domain, level), key=lambda c: c.id)
    own = {c.id: [m.skill for m in c.members if m.primary][:central] for c in mine}
    return _draw(own, {c.id: {m.skill for m in c.members} for c in mine}, domain, level, count, seed)


def esco_sets(hierarchy: Hierarchy, skills: Sequence[str], domain: str) -> tuple[IntruderSet, ...]:
    """The same with ESCO's own groups in the place of clusters: each skill in the first group right above it, T left out."""
    groups: dict[str, list[str]] = {}
    for s in sorted(skills):
        above = [g for g in hierarchy.parents(s) if hierarchy.code(g) and not hierarchy.is_t(g)]
        if above:
            groups.setdefault(above[0], []).append(s)
    large = {g: members for g, members in sorted(groups.items()) if len(members) >= MEMBERS}
    return _draw(large, {g: set(members) for g, members in large.items()}, domain, "broad")


def partition_sets(skills: Sequence[str], labels: Ints, domain: str, level: Level = "broad") -> tuple[IntruderSet, ...]:
    """The same from a bare partition, of which nobody knows what leans on what."""
    own: dict[str, list[str]] = {}
    for skill, c in zip(skills, labels, strict=True):
        own.setdefault(str(c), []).append(skill)
    return _draw(own, {c: set(members) for c, members in own.items()}, domain, level)


def shuffled_sets(clusters: Sequence[Cluster], domain: str, level: Level = "broad") -> tuple[IntruderSet, ...]:
    """The same with members dealt at random to clusters of the sizes found."""
    mine = sorted(at_level(clusters, domain, level), key=lambda c: c.id)
    pairs = [(m.skill, i) for i, c in enumerate(mine) for m in c.members if m.primary]
    labels = np.random.default_rng(SEED).permutation(np.array([i for _, i in pairs], dtype=np.int64))
    return partition_sets([s for s, _ in pairs], labels, domain, level)


def _draw(
    own: Mapping[str, Sequence[str]],
    everything: Mapping[str, set[str]],
    domain: str,
    level: Level,
    count: int = SETS,
    seed: int = SEED,
) -> tuple[IntruderSet, ...]:
    able = [c for c, skills in own.items() if len(skills) >= MEMBERS]
    if not able or len(own) < 2:
        return ()
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(count):
        chosen = able[int(rng.integers(len(able)))]
        others = sorted({s for c, skills in own.items() if c != chosen for s in skills} - everything[chosen])
        if not others:
            continue
        members = [own[chosen][i] for i in rng.choice(len(own[chosen]), MEMBERS, replace=False)]
        intruder = others[int(rng.integers(len(others)))]
        mixed = [*members, intruder]
        order = rng.permutation(len(mixed))
        result.append(IntruderSet(domain, level, chosen, tuple(mixed[i] for i in order), intruder))
    return tuple(result)


def intruder_accuracy(
    sets: Sequence[IntruderSet], vectors: Floats, row: Mapping[str, int], domain: Iterable[str]
) -> float | None:
    """Share of sets in which the intruder is the one with the least mean similarity; chance is 1/6.

    ``domain`` are the skills whose common share of the vectors is taken off. None where no set has texts for all six.
    """
    known = [row[s] for s in sorted(domain) if s in row]
    centre = vectors[known].mean(axis=0) if known else 0.0
    hits = answered = 0
    for question in sets:
        if any(s not in row for s in question.skills):
            continue
        v = _unit(vectors[[row[s] for s in question.skills]] - centre)
        similarity = v @ v.T
        np.fill_diagonal(similarity, 0.0)
        answered += 1
        hits += question.skills[int(similarity.sum(axis=1).argmin())] == question.intruder
    return hits / answered if answered else None
