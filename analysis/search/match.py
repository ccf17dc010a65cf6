"""Whole titles weighed against every label and every concept, a batch at once.

A word of a title counts for all words that look like it, as much as they do (soft TF-IDF over character n-grams), so
inflections, compounds and typos need no tier of their own. A label is worth the cosine with the title; a concept its best
label and what all its words say together. Titles that are a label, by its words or by its stems, come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from analysis.search.lexicon import Floats, Ints
from analysis.search.section import Section, is_preferred, stem_key
from analysis.search.text import title as plain

EXACT, STEM = (
    4.0,
    2.0,
)  # added to the score of a concept with such a label; more than any score, so that tiers never mix
PREFERENCE = 0.1  # and for one whose preferred label it is
_BLOCK = 50  # titles at once, whose arrays stay in a processor's cache
_LAST = np.uint32(0xFFFFFFFF)
_GROUP = 32  # scores of which the best is looked at first
# A number of 64 bits whose order is that of worth, then of how early a label comes; its halves are read where they lie.
_PAIR = np.dtype([("early", "<u4"), ("worth", "<f4")])


@dataclass(frozen=True, slots=True)
class Match:
    """A concept for a title: its number, its best label, how it was found and the score it was ranked by."""

    concept: int
    label: int
    type: str  # exact, stem, fuzzy or meaning
    score: float


class Matcher:
    """A section ready to be matched with; safe to share between threads, each batch has arrays of its own."""

    def __init__(self, section: Section, language: str) -> None:
        self.section = section
        self.language = language
        self.lexicon = section.lexicon()
        width = len(section.words)
        self._labels = sparse.csr_matrix(
            (section.word_shares, section.word_labels, section.word_starts), (width, len(section.roles)), copy=False
        )
        self._context = sparse.csr_matrix(
            (section.context_weights, section.context_concepts, section.context_starts),
            (width, section.size),
            copy=False,
        )
        self._owner = section.label_concept.astype(np.intp)
        self._early = _LAST - np.arange(len(section.roles), dtype=np.uint32)
        self._rarest = float(section.word_weights.max(initial=1)), float(section.word_spread.max(initial=1))

    def match(self, titles: Sequence[str], most: int, meant: Floats | None = None) -> list[list[Match]]:
        """The best concepts of each title, the best first; equal scores by the order of their IRIs.

        `meant` is title × concept, what each is worth by what the title means, beside its words (meaning.py).
        """
        folded = [plain(title) for title in titles]
        same = self.same(folded)
        found: list[list[Match]] = []
        for start in range(0, len(folded), _BLOCK):
            block = folded[start : start + _BLOCK]
            concepts, early = self._weighed(block)
            if meant is not None:  # what was compared is the preferred label
                concepts += meant[start : start + len(block)]
                early = np.zeros_like(early)
            kind = "fuzzy" if meant is None else "meaning"
            found += [
                self._ranked(text, self._tiers(text, same[start + n]), best, concepts[n], early[n], most, kind)
                for n, (text, best) in enumerate(zip(block, _best(concepts, most), strict=True))
            ]
        return found

    def weighed(self, folded: Sequence[str]) -> tuple[Floats, Ints]:
        """Title × concept: what each is worth for each folded title, and the label that is most like it."""
        scores, early = self._weighed(folded)
        return scores, np.where(early > 0, (_LAST - early).view(np.int32), self.section.concept_labels[:-1])

    def _weighed(self, folded: Sequence[str]) -> tuple[Floats, NDArray[np.uint32]]:
        """The same, with how early the label comes: 0 where none is like the title."""
        by_label, by_concept = self._spread([text.split() for text in folded])
        labels = by_label @ self._labels
        # The greatest of numbers that begin with the worth of a label and end with how early it comes: both in one pass.
        pairs = np.empty(labels.nnz, _PAIR)
        pairs["worth"], pairs["early"] = labels.data, self._early[labels.indices]
        where = self._owner[labels.indices]
        where += np.repeat(np.arange(len(folded)) * self.section.size, np.diff(labels.indptr))
        best = np.zeros(len(folded) * self.section.size, "<u8")  # flat, for which numpy is twenty times as quick
        np.maximum.at(best, where, pairs.view("<u8"))
        table = best.view(_PAIR).reshape(len(folded), self.section.size)
        return (by_concept @ self._context).toarray() + table["worth"], table["early"]

    def resembled(self, folded: Sequence[str]) -> sparse.csr_matrix:
        """Title × label: what each label is worth."""
        return self._spread([text.split() for text in folded])[0] @ self._labels

    def _spread(self, titles: Sequence[Sequence[str]]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Title × word: how much each word of the section stands for the words of a title, beside labels and concepts."""
        said = [list(dict.fromkeys(words)) for words in titles]
        every = list(dict.fromkeys(word for words in said for word in words))
        place = {word: n for n, word in enumerate(every)}
        columns = np.array([place[word] for words in said for word in words], np.intp)
        bounds = np.cumsum([0, *map(len, said)])
        of = np.repeat(np.arange(len(said)), np.diff(bounds))
        numbers = self.lexicon.numbers(every)[columns]
        rare, spread = (
            np.where(numbers >= 0, known[numbers], rarest) if len(known) else np.ones(len(columns))
            for known, rarest in zip((self.section.word_weights, self.section.word_spread), self._rarest, strict=True)
        )
        length, whole = np.sqrt(np.bincount(of, rare**2, len(said))), np.bincount(of, spread, len(said))
        alike = self.lexicon.alike_all(every)
        found = [alike[n] for n in columns.tolist()]
        many = np.array([len(words) for words, _ in found], np.intp)
        where = np.concatenate([np.zeros(0, np.int32), *(words for words, _ in found)])
        much = np.concatenate([np.zeros(0, np.float32), *(likeness for _, likeness in found)])
        starts = np.concatenate([np.zeros(1, np.intp), np.cumsum(many)])[bounds]
        shape = len(said), len(self.lexicon)
        # A word that two words of a title resemble stands there twice, and a product counts it twice.
        by_label, by_concept = (
            sparse.csr_matrix((np.repeat(shares.astype(np.float32), many) * likeness, where, starts), shape)
            for shares, likeness in ((rare / length[of], much), (spread / whole[of], much * much))
        )
        return by_label, by_concept

    def scored(self, titles: Sequence[str], meant: Floats | None = None) -> Iterator[tuple[Floats, Floats]]:
        """Of each title the scores of all labels and of all concepts, tiers included: what `match` ranks by."""
        section = self.section
        folded = [plain(title) for title in titles]
        labels, (concepts, best) = self.resembled(folded), self.weighed(folded)
        for n, text in enumerate(folded):
            by_label = np.zeros(len(section.roles), np.float32)
            where = slice(labels.indptr[n], labels.indptr[n + 1])
            by_label[labels.indices[where]] = labels.data[where]
            by_label += (concepts[n] - by_label[best[n]])[section.label_concept]
            by_concept = concepts[n] + (0 if meant is None else meant[n])
            same = self.same([text])[0]
            for concept, label in self._tiers(text, same).items():
                by_concept[concept] += self._added(text, label)[1]
            for label in same:
                by_label[label] += self._added(text, label)[1]
            yield by_label, by_concept

    def _ranked(
        self,
        folded: str,
        tiers: dict[int, int],
        best: Ints,
        concepts: Floats,
        early: NDArray[np.uint32],
        most: int,
        kind: str,
    ) -> list[Match]:
        """`kind` is that of what is in no tier."""
        found = []
        for concept in {*best.tolist(), *tiers}:
            label = tiers.get(concept, -1)
            tier, added = self._added(folded, label) if label >= 0 else (kind, 0.0)
            found.append((-float(concepts[concept]) - added, concept, label, tier))
        return [
            Match(concept, self._label(concept, int(early[concept])) if label < 0 else label, tier, -less)
            for less, concept, label, tier in sorted(found)[:most]
            if less < 0
        ]

    def _label(self, concept: int, early: int) -> int:
        return int(_LAST) - early if early else int(self.section.concept_labels[concept])

    def _added(self, folded: str, label: int) -> tuple[str, float]:
        """The tier of a label that is the title, and what it adds."""
        preferred = PREFERENCE if is_preferred(int(self.section.roles[label])) else 0.0
        if self.section.folded_text(label).decode() == folded:
            return "exact", EXACT + preferred
        return "stem", STEM + preferred

    def same(self, folded: Sequence[str]) -> list[list[int]]:
        """For each title the labels that are it, by their stems."""
        keys = np.array([stem_key(text.split(), self.language) for text in folded], np.uint64)
        stems, labels = self.section.stems, self.section.stem_labels
        bounds = np.searchsorted(stems, keys).tolist(), np.searchsorted(stems, keys, "right").tolist()
        return [labels[a:b].tolist() if text else [] for text, a, b in zip(folded, *bounds, strict=True)]

    def _tiers(self, folded: str, same: Sequence[int]) -> dict[int, int]:
        """Concept -> the label that is the title, by its stems or, rather, word for word; preferred ones rather."""
        section = self.section
        said = folded.encode()
        ordered = sorted(
            same,
            key=lambda n: (section.folded_text(n) != said, not is_preferred(int(section.roles[n])), n),
            reverse=True,
        )
        return {int(section.label_concept[n]): n for n in ordered}  # the last, which is the best, stays


def _best(scores: Floats, most: int) -> list[Ints]:
    """Of each title the concepts with the best scores, and some more."""
    titles, concepts = scores.shape
    least = np.full(titles, np.finfo(np.float32).tiny)  # what is worth nothing is no match
    # So many groups have a best as good as the worst of these that none beside is missed.
    if most * _GROUP < concepts:
        tops = np.maximum.reduceat(scores, np.arange(0, concepts, _GROUP), axis=1)
        least = np.maximum(least, np.partition(tops, tops.shape[1] - most, axis=1)[:, -most])
    # Of a flat array numpy finds what is true ten times as fast as of a table.
    rows, able = np.divmod(np.flatnonzero(scores >= least[:, None]), concepts)
    return np.split(able.astype(np.int32), np.searchsorted(rows, np.arange(1, titles)))
