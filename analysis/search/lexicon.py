"""The words of a section, and those that look alike: character n-grams first, edit distance where typos are counted.

A word stands for its n-grams of 2 to 4 characters, a space at either end, weighed by how rare they are (TF-IDF). An
n-gram is one number, 16 bits a character, so that a table of them is a sorted array.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from scipy import sparse  # type: ignore[import-untyped]

from analysis.search.text import typos

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Alike = tuple[Ints, Floats]

SHORTEST, LONGEST = 2, 4
LEAST_ALIKE = 0.2  # below it two words have nothing to do with each other
LEAST_BESIDE = 0.4  # and below it another word adds nothing to one that labels have themselves
MOST_ALIKE = 100  # words that one word is compared with
_CANDIDATES = 60  # words whose edit distance is looked at
_KEPT = 20_000  # words whose likes are remembered, of each section
_UNKNOWN = 0.5  # how much the n-grams that no word has weigh against a word
_NEAR = 0.5  # from here two words count as the same, when places are shown


@dataclass(slots=True)
class Lexicon:
    """Sorted words with the inverted table of their n-grams."""

    words: NDArray[np.bytes_]
    grams: NDArray[np.uint64]
    gram_weights: Floats  # inverse document frequency of each n-gram
    gram_starts: Ints
    gram_words: Ints
    gram_shares: Floats  # the part of the n-gram in the word's unit vector
    _table: sparse.csr_matrix = field(init=False, repr=False)
    _lengths: Ints = field(init=False, repr=False)  # of the words, in characters
    _alike: OrderedDict[str, Alike] = field(default_factory=OrderedDict, init=False, repr=False)
    _near: OrderedDict[str, frozenset[str]] = field(default_factory=OrderedDict, init=False, repr=False)
    _misspelt: OrderedDict[str, list[tuple[int, int]]] = field(default_factory=OrderedDict, init=False, repr=False)

    def __post_init__(self) -> None:
        shape = (len(self.grams), len(self.words))
        self._table = sparse.csr_matrix((self.gram_shares, self.gram_words, self.gram_starts), shape, copy=False)
        self._lengths = np.char.str_len(np.char.decode(self.words, "utf-8", "replace")).astype(np.int32)

    def __len__(self) -> int:
        return len(self.words)

    def word(self, number: int) -> str:
        """The word of a number."""
        return self.words[number].decode()  # type: ignore[no-any-return]

    def number(self, word: str) -> int:
        """The number of a word, or -1."""
        return place_of(word, self.words)

    def numbers(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The numbers of many words, -1 for what is none here."""
        if not len(self.words):
            return np.full(len(words), -1)
        keys = np.array([word.encode() for word in words], self.words.dtype)
        at = np.searchsorted(self.words, keys)
        at[at == len(self.words)] = 0
        return np.where(self.words[at] == keys, at, -1)

    def known(self, words: Sequence[str]) -> float:
        """Of the letters of these words the share that is of words in here."""
        lengths = np.array([len(word) for word in words])
        return float(lengths[self.numbers(words) >= 0].sum() / lengths.sum()) if len(words) else 0.0

    def beginning(self, prefix: str) -> tuple[int, int]:
        """From which number to which the words begin so."""
        key = prefix.encode()
        first, last = np.searchsorted(self.words, [key, key + b"\xff"])
        return int(first), int(last)

    def alike(self, word: str) -> Alike:
        """The words that look like this one, the likest first, and how much (cosine), 1 for the word itself."""
        return self.alike_all([word])[0]

    def alike_all(self, words: Sequence[str]) -> list[Alike]:
        """The same for many words at once."""
        known = {word: found for word in dict.fromkeys(words) if (found := self._alike.get(word))}
        if new := [word for word in dict.fromkeys(words) if word not in known]:
            found_now = dict(zip(new, self._compared(new), strict=True))
            known |= found_now
            self._alike |= found_now
            while len(self._alike) > _KEPT:
                self._alike.popitem(last=False)
        return [known[word] for word in words]

    def near(self, word: str) -> frozenset[str]:
        """The words that look so much like this one that it may stand for them."""
        if (known := self._near.get(word)) is None:
            numbers, much = self.alike(word)
            known = self._near[word] = frozenset(map(self.word, numbers[much >= _NEAR].tolist()))
            if len(self._near) > _KEPT:
                self._near.popitem(last=False)
        return known

    def _compared(self, words: Sequence[str]) -> list[Alike]:
        codes, owners = grams_of(words)
        owners, codes, counts = _once(owners, codes)
        weights = 1 + np.log(counts)
        known = np.zeros(len(codes), bool)
        at = np.searchsorted(self.grams, codes)
        if len(self.grams):
            at[at == len(self.grams)] = 0
            known = self.grams[at] == codes
        mine = np.zeros(len(codes))
        mine[known] = weights[known] * self.gram_weights[at[known]]
        foreign = np.where(known, 0, weights * self.gram_weights.max(initial=1))
        lengths = np.sqrt(np.bincount(owners, mine**2 + _UNKNOWN * foreign**2, len(words)))
        shares = (mine[known] / lengths[owners[known]]).astype(np.float32)
        starts = np.searchsorted(owners[known], np.arange(len(words) + 1))
        found = sparse.csr_matrix((shares, at[known], starts), (len(words), len(self.grams))) @ self._table
        least = np.where(self.numbers(words) >= 0, LEAST_BESIDE, LEAST_ALIKE)
        rows = np.repeat(np.arange(len(words)), np.diff(found.indptr))
        near = found.data >= least[rows]
        rows = rows[near]
        numbers, much = found.indices[near], np.minimum(found.data[near], np.float32(1))
        order = np.lexsort((numbers, -much, rows))
        numbers, much = numbers[order].astype(np.int32), much[order]
        bounds = np.searchsorted(rows[order], np.arange(len(words) + 1))
        ends = np.minimum(bounds[1:], bounds[:-1] + MOST_ALIKE)
        return [(numbers[a:b].copy(), much[a:b].copy()) for a, b in zip(bounds[:-1], ends, strict=True)]

    def misspelt(self, word: str) -> list[tuple[int, int]]:
        """The words that this one may have been meant for, with how many typos off, the nearest first."""
        if (known := self._misspelt.get(word)) is None:
            known = self._misspelt[word] = self._guessed(word)
            if len(self._misspelt) > _KEPT:
                self._misspelt.popitem(last=False)
        return known

    def _guessed(self, word: str) -> list[tuple[int, int]]:
        most = typos(word)
        if not most:
            return []
        near = self.alike(word)[0][:_CANDIDATES]
        lengths = self._lengths[near]
        found = []
        for number in near[(lengths >= len(word) - most) & (lengths <= len(word) + most)]:  # each other is too far off
            off = OSA.distance(word, self.word(number), score_cutoff=most)
            if off <= most:
                found.append((int(number), int(off)))
        return sorted(found, key=lambda pair: pair[1])

    def corrected(self, texts: Sequence[str]) -> list[str]:
        """Folded texts with the nearest word for each that is none here; "" where there is none, or nothing to correct."""
        split = [text.split() for text in texts]
        every = list(dict.fromkeys(word for words in split for word in words))
        nearest: dict[str, str] = {}  # of each word that is none here, "" where nothing is near
        for word, number in zip(every, self.numbers(every).tolist(), strict=True):
            if number < 0:
                guesses = self.misspelt(word)
                nearest[word] = self.word(guesses[0][0]) if guesses else ""
        found = []
        for words in split:
            mended = [nearest.get(word, word) for word in words]
            found.append("" if mended == words or not all(mended) else " ".join(mended))
        return found


def place_of(word: str, words: NDArray[np.bytes_]) -> int:
    """Where a word stands among sorted words, or -1."""
    key = word.encode()
    at = int(np.searchsorted(words, key))
    return at if at < len(words) and words[at] == key else -1


def build(words: Sequence[str]) -> Lexicon:
    """The lexicon of words that are sorted by their bytes, each once."""
    found, said = grams_of(words)
    codes, owners, counts = _once(found, said)
    grams, spread = np.unique(codes, return_counts=True)
    weights = (np.log((1 + len(words)) / (1 + spread)) + 1).astype(np.float32)
    shares = ((1 + np.log(counts)) * np.repeat(weights, spread)).astype(np.float32)
    lengths = np.sqrt(np.bincount(owners, shares * shares, len(words)))
    return Lexicon(
        np.array([w.encode() for w in words], dtype="S40"), grams, weights,
        np.cumsum([0, *spread]).astype(np.int32), owners.astype(np.int32), (shares / lengths[owners]).astype(np.float32),
    )  # fmt: skip


def _once(
    first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Pairs in their order, each once, with how often it was there."""
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    new = np.ones(len(first), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    at = np.flatnonzero(new)
    return first[at], second[at], np.diff(np.append(at, len(first)))


def grams_of(words: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The n-grams of all words as numbers, and the number of the word that each is of."""
    text = "\0".join(f" {word} " for word in words)
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16).astype(np.uint64)
    owner = np.cumsum(units == 0)
    found, owners = [], []
    for length in range(SHORTEST, LONGEST + 1):
        if len(units) < length:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(units, length)
        inside = (windows != 0).all(axis=1)
        code = np.zeros(int(inside.sum()), np.uint64)
        for column in range(length):
            code = (code << np.uint64(16)) | windows[inside, column]
        found.append(code)
        owners.append(owner[: len(windows)][inside])
    if not found:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    return np.concatenate(found), np.concatenate(owners)
