"""Do members of a cluster belong together? Asked of their texts, which the clustering never sees.

The test is the intruder test of topic models (Chang et al. 2009): five members of a cluster and one skill of another
cluster of the same domain; can one tell which does not belong? ``intruder_sets`` makes such sets for people.
``intruder_accuracy`` answers them by machine: the odd one out is the skill with the least mean similarity to the other
five, where similarity is the cosine of latent semantic vectors (Deerwester et al. 1990) of label and description.

The instrument has 200 dimensions weighted by the 1.5th power of their singular values: of the variants tried, one of
those that best tell ESCO's own groups apart (five skills of a group and one of another). ESCO's groups, made by hand by
subject, reach about 0.73 over the whole of ESCO, so figures are to be read against that and not against 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]
from scipy.sparse.linalg import svds  # type: ignore[import-untyped]

from analysis.skills.matrix import Floats, unit_rows
from analysis.skills.names import _stem
from analysis.skills.tables import Cluster, Level, SkillTables

MEMBERS = 5
SETS = 400
DIMENSIONS = 200
POWER = 1.5
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "can",
        "each",
        "for",
        "from",
        "has",
        "have",
        "how",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "may",
        "more",
        "not",
        "of",
        "on",
        "one",
        "or",
        "other",
        "out",
        "over",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "they",
        "these",
        "this",
        "those",
        "through",
        "to",
        "under",
        "up",
        "use",
        "used",
        "using",
        "when",
        "where",
        "which",
        "while",
        "who",
        "will",
        "with",
        "within",
        "work",
        "you",
        "your",
    ]
)


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


def text_space(tables: SkillTables, dimensions: int = DIMENSIONS) -> tuple[Floats, dict[str, int]]:
    """Unit vectors of all skills with an English text, and the row of each; labels count twice."""
    skills = sorted(s for s in tables.skills if "en" in tables.skills[s].labels)
    bags = []
    for s in skills:
        skill = tables.skills[s]
        title, body = tokens(skill.labels["en"]), tokens(skill.descriptions.get("en", ""))
        bags.append(Counter(title + title + body))
    vocabulary = {w: i for i, w in enumerate(sorted({w for bag in bags for w in bag}))}
    rows = [i for i, bag in enumerate(bags) for _ in bag]
    columns = [vocabulary[w] for bag in bags for w in bag]
    values = [1 + np.log(n) for bag in bags for n in bag.values()]
    counts = sp.csr_matrix((values, (rows, columns)), shape=(len(skills), len(vocabulary)))
    present = np.asarray((counts > 0).sum(axis=0)).ravel()
    weighted = unit_rows(counts @ sp.diags(np.log((1 + len(skills)) / (1 + present)) + 1))
    k = min(dimensions, min(weighted.shape) - 1)
    if k < 1:
        vectors: Floats = weighted.toarray()
    else:
        # A fixed start vector makes the iteration, and with it the figures, the same in every run.
        u, sigma, _ = svds(weighted.astype(np.float64), k=k, v0=np.ones(min(weighted.shape)))
        vectors = u * sigma**POWER
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors, {s: i for i, s in enumerate(skills)}


def intruder_sets(
    clusters: Sequence[Cluster],
    domain: str,
    level: Level = "broad",
    count: int = SETS,
    seed: int = 1,
    central: int | None = None,
    bridging: bool = True,
) -> tuple[IntruderSet, ...]:
    """Random sets for one domain: a cluster with five members or more, five of them, and one from another cluster.

    Clusters are drawn evenly, members evenly among the primary ones, or among the ``central`` most central. Intruders
    come from any other cluster of the same level, and never lean on the cluster that they are put into.

    With ``bridging=False``, skills that are members of two clusters of the level at once are drawn on neither side: the
    data already say that they sit between. That asks an easier question, so both figures are published.
    """
    mine = sorted((c for c in clusters if c.domain == domain and c.level == level), key=lambda c: c.id)
    between = {m.skill for c in mine for m in c.members if not m.primary and not bridging}
    own = {c.id: [m.skill for m in c.members if m.primary and m.skill not in between][:central] for c in mine}
    everything = {c.id: {m.skill for m in c.members} for c in mine}
    able = [c.id for c in mine if len(own[c.id]) >= MEMBERS]
    if not able or len(mine) < 2:
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


def intruder_accuracy(sets: Sequence[IntruderSet], vectors: Floats, row: dict[str, int]) -> float:
    """Share of sets in which the intruder is the one with the least mean similarity; chance is 1/6."""
    hits = answered = 0
    for question in sets:
        if any(s not in row for s in question.skills):
            continue
        v = vectors[[row[s] for s in question.skills]]
        similarity = v @ v.T
        np.fill_diagonal(similarity, 0.0)
        answered += 1
        hits += question.skills[int(similarity.sum(axis=1).argmin())] == question.intruder
    return hits / answered if answered else 0.0
