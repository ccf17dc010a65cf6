"""The words of a section, and those that look alike: character n-grams first, edit distance where typos are counted.

A word stands for its n-grams of 2 to 4 characters, a space at either end, weighed by how rare they are (TF-IDF). An
n-gram is one number, 16 bits a character, so that a table of them is a sorted array.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from analysis.search.text import typos

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Alike = tuple[Ints, Floats]

SHORTEST, LONGEST = 2, 4
LEAST_ALIKE = 0.2  # below it two words have nothing to do with each other
MOST_ALIKE = 100  # words that one word is compared with
_CANDIDATES = 60  # words whose edit distance is looked at
_KEPT = 20_000  # words whose likes are remembered, of each section
_UNKNOWN = 0.5  # how much the n-grams that no word has weigh against a word


@dataclass(slots=True)
class Lexicon:
    """Sorted words with the inverted table of their n-grams."""

    words: NDArray[np.bytes_]
    grams: NDArray[np.uint64]
    gram_weights: Floats  # inverse document frequency of each n-gram
    gram_starts: Ints
    gram_words: Ints
    gram_shares: Floats  # the part of the n-gram in the word's unit vector
    _alike: OrderedDict[str, Alike] = field(default_factory=OrderedDict, repr=False)

    def __len__(self) -> int:
        return len(self.words)

    def word(self, number: int) -> str:
        """The word of a number."""
        return self.words[number].decode()  # type: ignore[no-any-return]

    def number(self, word: str) -> int:
        """The number of a word, or -1."""
        key = word.encode()
        at = int(np.searchsorted(self.words, key))
        return at if at < len(self.words) and self.words[at] == key else -1

    def beginning(self, prefix: str) -> tuple[int, int]:
        """From which number to which the words begin so."""
        key = prefix.encode()
        first, last = np.searchsorted(self.words, [key, key + b"\xff"])
        return int(first), int(last)

    def alike(self, word: str) -> Alike:
        """The words that look like this one, and how much (cosine), 1 for the word itself."""
        if (known := self._alike.get(word)) is not None:
            return known
        found = self._compared(word)
        self._alike[word] = found
        if len(self._alike) > _KEPT:
            self._alike.popitem(last=False)
        return found

    def _compared(self, word: str) -> Alike:
        codes, counts = np.unique(grams_of([word])[0], return_counts=True)
        weights = 1 + np.log(counts)
        at = np.searchsorted(self.grams, codes)
        at[at == len(self.grams)] = 0
        known = self.grams[at] == codes if len(self.grams) else np.zeros(len(codes), bool)
        at, mine = at[known], weights[known] * self.gram_weights[at[known]]
        foreign = weights[~known] * (self.gram_weights.max() if len(self.grams) else 1)
        length = float(np.sqrt(mine @ mine + _UNKNOWN * (foreign @ foreign))) or 1.0
        spans = [slice(self.gram_starts[number], self.gram_starts[number + 1]) for number in at]
        owners = np.concatenate([np.zeros(0, np.int32), *(self.gram_words[span] for span in spans)])
        parts = [self.gram_shares[span] * share for span, share in zip(spans, mine / length, strict=True)]
        weights_of = np.concatenate([np.zeros(0, np.float32), *parts])
        scores = np.bincount(owners, weights_of, len(self.words)).astype(np.float32)
        best = np.flatnonzero(scores >= LEAST_ALIKE)
        if len(best) > MOST_ALIKE:
            best = best[np.argpartition(-scores[best], MOST_ALIKE)[:MOST_ALIKE]]
        order = best[np.lexsort((best, -scores[best]))]
        return order.astype(np.int32), np.minimum(scores[order], np.float32(1))

    def misspelt(self, word: str) -> list[tuple[int, int]]:
        """The words that this one may have been meant for, with how many typos off, the nearest first."""
        most = typos(word)
        if not most:
            return []
        found = []
        for number in self.alike(word)[0][:_CANDIDATES]:
            off = OSA.distance(word, self.word(number), score_cutoff=most)
            if off <= most:
                found.append((int(number), int(off)))
        return sorted(found, key=lambda pair: pair[1])


def build(words: Sequence[str]) -> Lexicon:
    """The lexicon of words that are sorted by their bytes, each once."""
    codes, owners = grams_of(words)
    pairs = np.stack([codes, owners.astype(np.uint64)])
    order = np.lexsort((pairs[1], pairs[0]))
    codes, owners = codes[order], owners[order]
    new = np.ones(len(codes), bool)
    new[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
    first = np.flatnonzero(new)
    counts = np.diff(np.append(first, len(codes)))
    codes, owners = codes[first], owners[first]
    grams, starts, spread = np.unique(codes, return_index=True, return_counts=True)
    weights = (np.log((1 + len(words)) / (1 + spread)) + 1).astype(np.float32)
    shares = ((1 + np.log(counts)) * np.repeat(weights, spread)).astype(np.float32)
    lengths = np.sqrt(np.bincount(owners, shares * shares, len(words)))
    return Lexicon(
        np.array([w.encode() for w in words], dtype="S40"), grams, weights,
        np.append(starts, len(codes)).astype(np.int32), owners.astype(np.int32),
        (shares / lengths[owners]).astype(np.float32),
    )  # fmt: skip


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
