"""How often the right concept comes first, on data that nobody here wrote.

Ranks are pessimistic: whatever scores as much as the right answer comes before it. Queries are split by their hash: what
was tuned was tuned on one half, and figures are of the other.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from analysis.search.match import Matcher
from analysis.search.meaning import Meaning
from analysis.search.section import ALTERNATIVE, Label
from analysis.search.text import fold

_BATCH = 200
Asked = tuple[str, AbstractSet[str]]  # a query, and the concepts that are right
AskedLabel = tuple[str, AbstractSet[tuple[str, str]]]  # the same with labels: concept and folded text


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of queries whose answer is among the first 1, 5 and 10, and the mean reciprocal rank."""

    asked: int
    at_1: float
    at_5: float
    at_10: float
    reciprocal: float

    @classmethod
    def of(cls, ranks: Sequence[int]) -> Rates:
        """From the rank of each query, counted from 1."""
        found = np.array(ranks or [10**6])
        at_1, at_5, at_10 = (float((found <= k).mean()) for k in (1, 5, 10))
        return cls(len(ranks), at_1, at_5, at_10, float((1 / found).mean()))


def tuning(query: str) -> bool:
    """Whether a query is of the half that is tuned on."""
    return _hash(query) % 2 == 0


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def held_out(labels: Sequence[Label]) -> tuple[list[Label], list[Asked], int]:
    """Hide one alternative label of every concept that has one: the others, the hidden, how many stand elsewhere too.

    What stands at the concept a second time, but for case and accents, is hidden with it.
    """
    of: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        of[label.concept].append(label)
    kept: list[Label] = []
    hidden: list[Asked] = []
    for concept, own in sorted(of.items()):
        others = [x for x in own if x.role & 3 != ALTERNATIVE]
        named = {fold(x.text) for x in others}
        choice = sorted(
            (x for x in own if x.role & 3 == ALTERNATIVE and fold(x.text) not in named),
            key=lambda x: _hash(f"{concept} {x.text}"),  # not of the label alone: many occupations share the same few
        )
        if not choice:
            kept += own
            continue
        kept += [x for x in own if fold(x.text) != fold(choice[0].text)]
        hidden.append((choice[0].text, {concept}))
    remaining = {fold(label.text) for label in kept}
    return kept, hidden, sum(fold(text) in remaining for text, _ in hidden)


def concept_ranks(matcher: Matcher, asked: Sequence[Asked], meaning: Meaning | None = None) -> list[int]:
    """The rank of the best right concept of each query, by its words or by its meaning as well."""
    number = {matcher.section.iri(n): n for n in range(matcher.section.size)}
    found = []
    for (_, right), (_, scores) in zip(asked, _scored(matcher, [text for text, _ in asked], meaning), strict=True):
        found.append(rank(scores, [number[iri] for iri in right if iri in number]))
    return found


def label_ranks(matcher: Matcher, asked: Sequence[AskedLabel]) -> list[int]:
    """The rank of the best right label of each query, among all labels."""
    section = matcher.section
    number: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n in range(len(section.roles)):
        number[section.iri(section.label_concept[n]), section.folded_text(n).decode()].append(n)
    found = []
    for (_, right), (scores, _) in zip(asked, _scored(matcher, [text for text, _ in asked]), strict=True):
        found.append(rank(scores, [n for label in right for n in number.get(label, ())]))
    return found


def rank(scores: np.ndarray, right: Sequence[int]) -> int:
    """The rank of the best of the right ones: after all wrong ones that score as much."""
    best = scores[right].max(initial=0)
    if best <= 0:
        return len(scores) + 1
    wrong = np.ones(len(scores), bool)
    wrong[right] = False
    return 1 + int((scores[wrong] >= best - 1e-6).sum())


def _scored(
    matcher: Matcher, texts: Sequence[str], meaning: Meaning | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        yield from matcher.scored(batch, meaning.worth(batch) if meaning else None)
