"""The labels of one kind of concept in one language, as arrays that can be written to a file and mapped into memory.

Labels stand in the order of their concepts, so that the best label of each is a reduction over slices. Two sparse tables
weigh a title: label × word (the cosine of TF-IDF) and concept × word (BM25 of all labels of the concept together, and of its
description), which tells apart concepts that the best label alone does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from analysis.search import lexicon
from analysis.search.lexicon import Floats, Ints, Lexicon, place_of
from analysis.search.text import fold, forms, stem

PREFERRED, ALTERNATIVE, HIDDEN = 0, 1, 2
ROLES = ("preferred", "alternative", "hidden")
FEMALE, MALE, NEUTRAL = 4, 8, 16  # added to the role of a label that ESCO marks so
FORM = 32  # and to that of a form of the preferred label, where that holds several: "actor/actress"

_SATURATION = 1.2  # of BM25: how soon one more mention of a word counts little
_LABELS_EVEN, _TEXTS_EVEN = (
    0.5,
    0.75,
)  # of BM25: how much the length of a concept's labels and description is evened out
POOLED, DESCRIBED = 0.3, 0.3  # the weight of both beside the best label, chosen on the tuning halves (docs/search.md)


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a concept."""

    concept: str
    text: str
    role: int


@dataclass(frozen=True, slots=True)
class Section:
    """See the module; texts are UTF-8 in one array, cut at ``…_starts``."""

    iris: NDArray[np.uint8]
    iri_starts: Ints
    texts: NDArray[np.uint8]
    text_starts: Ints
    folded: NDArray[np.uint8]
    folded_starts: Ints
    roles: NDArray[np.uint8]
    concept_labels: Ints  # where the labels of each concept begin
    label_concept: Ints
    order: Ints  # labels by their folded text
    rank: Ints  # the place of each label in that order
    stems: NDArray[np.uint64]  # sorted
    stem_labels: Ints
    words: NDArray[np.bytes_]
    grams: NDArray[np.uint64]
    gram_weights: Floats
    gram_starts: Ints
    gram_words: Ints
    gram_shares: Floats
    word_weights: Floats  # rarity among labels
    word_spread: Floats  # rarity among concepts
    word_starts: Ints  # word -> labels, with the part of the word in the label's unit vector
    word_labels: Ints
    word_shares: Floats
    context_starts: Ints  # word -> concepts, with its weight in what they say together
    context_concepts: Ints
    context_weights: Floats
    described: NDArray[np.bytes_]  # words of descriptions, sorted
    described_starts: Ints
    described_concepts: Ints

    @property
    def size(self) -> int:
        """How many concepts."""
        return len(self.concept_labels) - 1

    def lexicon(self) -> Lexicon:
        """Its words."""
        return Lexicon(
            self.words, self.grams, self.gram_weights, self.gram_starts, self.gram_words, self.gram_shares
        )  # fmt: skip

    def iri(self, concept: int) -> str:
        """The IRI of a concept."""
        return _piece(self.iris, self.iri_starts, concept).decode()

    def text(self, label: int) -> str:
        """A label as it is written."""
        return _piece(self.texts, self.text_starts, label).decode()

    def folded_text(self, label: int) -> bytes:
        """A label by its words."""
        return _piece(self.folded, self.folded_starts, label)

    def labels(self, concept: int) -> range:
        """The labels of a concept."""
        return range(int(self.concept_labels[concept]), int(self.concept_labels[concept + 1]))

    def describing(self, word: str) -> Ints:
        """The concepts whose descriptions have a word."""
        if (at := place_of(word, self.described)) < 0:
            return self.described_concepts[:0]
        return self.described_concepts[self.described_starts[at] : self.described_starts[at + 1]]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything by name, to be written."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def is_preferred(role: int) -> bool:
    """Whether a label is the preferred one, or a form of it."""
    return role & 3 == PREFERRED or bool(role & FORM)


def build(labels: Iterable[Label], descriptions: Mapping[str, str], language: str) -> Section:
    """The section of these labels; equal labels give the same section, in whatever order they come."""
    ordered = sorted((iri, role & 3, text, folded, role) for (iri, folded, text), role in _unique(labels).items())
    concepts = sorted({entry[0] for entry in ordered})
    number = {iri: n for n, iri in enumerate(concepts)}
    label_concept = np.array([number[entry[0]] for entry in ordered], np.int32)
    texts, folded = [e[2] for e in ordered], [e[3] for e in ordered]
    split = [text.split() for text in folded]
    vocabulary = sorted({word for found in split for word in found}, key=str.encode)
    word_number = {word: n for n, word in enumerate(vocabulary)}
    table = _table([[word_number[w] for w in found] for found in split], len(vocabulary))
    words, starts, where, described = _inverted(
        [fold(descriptions.get(iri, "")).split() for iri in concepts], word_number
    )
    weights, spread, shares, context = _weights(table, label_concept, len(concepts), described)
    made = lexicon.build(vocabulary)
    order = np.array([n for _, n in sorted(zip(map(str.encode, folded), range(len(folded)), strict=True))], np.int32)
    stem_of = {word: stem(word, language) for word in vocabulary}
    stems = np.array([_key(stem_of[word] for word in found) for found in split], np.uint64)
    by_stem = np.argsort(stems, kind="stable")
    return Section(
        *_packed(concepts), *_packed(texts), *_packed(folded),
        roles=np.array([e[4] for e in ordered], np.uint8),
        concept_labels=np.searchsorted(label_concept, np.arange(len(concepts) + 1)).astype(np.int32),
        label_concept=label_concept,
        order=order,
        rank=np.argsort(order).astype(np.int32),
        stems=stems[by_stem],
        stem_labels=by_stem.astype(np.int32),
        words=made.words, grams=made.grams, gram_weights=made.gram_weights, gram_starts=made.gram_starts, gram_words=made.gram_words,
        gram_shares=made.gram_shares,
        word_weights=weights, word_spread=spread,
        word_starts=shares.indptr.astype(np.int32), word_labels=shares.indices.astype(np.int32),
        word_shares=shares.data.astype(np.float32),
        context_starts=context.indptr.astype(np.int32), context_concepts=context.indices.astype(np.int32),
        context_weights=context.data.astype(np.float32),
        described=words, described_starts=starts, described_concepts=where,
    )  # fmt: skip


def _unique(labels: Iterable[Label]) -> dict[tuple[str, str, str], int]:
    """(concept, folded, text) -> role; of equal ones of a concept the preferred is kept, and each form of a label is one too."""
    unique: dict[tuple[str, str, str], int] = {}
    halves: list[Label] = []
    for label in labels:
        if not (folded := fold(label.text)):
            continue
        key = (label.concept, folded, label.text)
        known = unique.get(key)
        unique[key] = label.role if known is None else min(label.role, known, key=lambda role: (role & 3, role))
        if "/" in label.text:
            halves += [Label(label.concept, form, label.role & 3) for form in forms(label.text)]
    of: dict[tuple[str, str], int] = {}  # concept and folded form -> role of the label that holds it
    for half in sorted(halves, key=lambda half: half.role):
        of.setdefault((half.concept, fold(half.text)), half.role)
    lacking = of.keys() - {(concept, folded) for concept, folded, _ in unique}
    for half in sorted(halves, key=lambda half: half.text):
        concept, folded = half.concept, fold(half.text)
        if (concept, folded) in lacking:
            lacking.discard((concept, folded))
            unique[concept, folded, half.text] = max(ALTERNATIVE, of[concept, folded])
    for key in unique:
        if of.get(key[:2]) == PREFERRED and unique[key] & 3 != PREFERRED:
            unique[key] |= FORM
    return unique


def stem_key(words: Sequence[str], language: str) -> int:
    """One number for the stems of these words in their order."""
    return _key(stem(word, language) for word in words)


def _key(parts: Iterable[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(parts).encode(), digest_size=8).digest(), "little")


def _table(rows: Sequence[Sequence[int]], width: int) -> sparse.csr_matrix:
    """Row × number: 1 where the row has it."""
    starts = np.cumsum([0, *map(len, rows)])
    made = sparse.csr_matrix(
        (np.ones(starts[-1], np.float32), np.fromiter((n for r in rows for n in r), np.int32, starts[-1]), starts),
        (len(rows), width),
    )
    made.sum_duplicates()
    made.data[:] = 1
    return made


def _weights(
    table: sparse.csr_matrix, label_concept: Ints, concepts: int, described: sparse.csr_matrix
) -> tuple[Floats, Floats, sparse.csc_matrix, sparse.csc_matrix]:
    """Rarity of words among labels and among concepts, unit vectors of labels, and weights of the words of concepts.

    Both tables by word, which is how they are read.
    """
    labels, width = table.shape
    weights = (np.log((1 + labels) / (1 + np.bincount(table.indices, minlength=width))) + 1).astype(np.float32)
    shares = table.copy()
    shares.data = weights[table.indices]
    lengths = np.sqrt(np.asarray(shares.multiply(shares).sum(axis=1)).ravel())
    shares.data /= np.repeat(lengths, np.diff(shares.indptr)).astype(np.float32)
    members = sparse.csr_matrix((np.ones(labels, np.float32), (label_concept, np.arange(labels))), (concepts, labels))
    pooled = (members @ table).tocsr()
    found = np.bincount(pooled.indices, minlength=width)
    spread = np.log(1 + (concepts - found + 0.5) / (found + 0.5)).astype(np.float32)
    context = POOLED * _bm25(pooled, _LABELS_EVEN) + DESCRIBED * _bm25(described, _TEXTS_EVEN)
    return weights, spread, shares.tocsc(), context.tocsc()


def _bm25(counts: sparse.csr_matrix, even: float) -> sparse.csr_matrix:
    """How much each row is about each word, from 0 to 1."""
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    mean = lengths.mean() if lengths.any() else 1.0
    norm = np.repeat(1 - even + even * lengths / mean, np.diff(counts.indptr))
    made = counts.copy().astype(np.float32)
    made.data = (made.data / (made.data + _SATURATION * norm)).astype(np.float32)
    return made


def _inverted(
    told: Sequence[Sequence[str]], word_number: Mapping[str, int]
) -> tuple[NDArray[np.bytes_], Ints, Ints, sparse.csr_matrix]:
    """Words of descriptions, and the concepts of each; and concept × word of labels, how often its description has it."""
    seen: dict[str, int] = {}
    found = np.array([seen.setdefault(word, len(seen)) for text in told for word in text], np.int64)
    of = np.repeat(np.arange(len(told)), list(map(len, told)))
    words = sorted(seen, key=str.encode)
    place = np.empty(len(seen), np.int64)  # of each word in their order
    place[[seen[word] for word in words]] = np.arange(len(seen))
    pairs, counts = np.unique(place[found] * len(told) + of, return_counts=True)
    by_word, where = pairs // max(1, len(told)), pairs % max(1, len(told))
    starts = np.searchsorted(by_word, np.arange(len(words) + 1))
    number = np.array([word_number.get(word, -1) for word in words], np.int64)[by_word]
    known = number >= 0
    counted = sparse.csr_matrix(
        (counts[known].astype(np.float32), (where[known], number[known])), (len(told), len(word_number))
    )  # fmt: skip
    names = np.array([word.encode() for word in words], "S40")
    return names, starts.astype(np.int32), where.astype(np.int32), counted


def _packed(texts: Sequence[str]) -> tuple[NDArray[np.uint8], Ints]:
    pieces = [text.encode() for text in texts]
    starts = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    return np.frombuffer(b"".join(pieces), np.uint8), starts


def _piece(packed: NDArray[np.uint8], starts: Ints, number: int) -> bytes:
    return packed[starts[number] : starts[number + 1]].tobytes()
