"""Typeahead and search in one section: which concepts have labels with all these words, and how well each fits.

A word that no label has is read as a typo of one that some label has; the last word of a typeahead is only begun. What
is not found so is looked for as a whole title is (match.py), and in descriptions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.search.lexicon import Floats, Ints, Lexicon
from analysis.search.match import Matcher
from analysis.search.section import PREFERRED, Section
from analysis.search.text import fold, typos, words

EXACT, PREFIX, WORDS, ALTERNATIVE, FUZZY, DESCRIPTION = range(6)
TYPES = ("exact", "prefix", "words", "alternative", "fuzzy", "description")
# What each kind of match is worth at least; how much of the label was asked for adds up to _COVERED.
_WORTH = np.array([0.92, 0.82, 0.72, 0.62, 0.5, 0.1], np.float32)
_COVERED = 0.08
_A_TYPO = 0.05  # less for each
_ROLE = 0.01  # less for an alternative or a hidden label
_FUZZY_LEAST = 0.55  # of the worth of a whole title; below it a concept is no answer
_FUZZY_WORTH = 0.4  # what the worth of a whole title is multiplied with, so that it stays below matches of words


@dataclass(frozen=True, slots=True)
class Hits:
    """Concepts that fit, each once: score, kind of match and the label that matched best (-1: the description)."""

    concepts: Ints
    scores: Floats
    types: NDArray[np.int8]
    labels: Ints

    def __len__(self) -> int:
        return len(self.concepts)


def find(matcher: Matcher, text: str, begun: bool) -> Hits:
    """Concepts with a label that has all words of a text; `begun` says that the last word may go on."""
    asked = fold(text).split()
    section = matcher.section
    if not asked or not len(section.roles):
        return _none()
    fits = np.ones(len(section.roles), bool)
    wrong: Floats | None = None  # of each label how many typos off, once a word had to be guessed
    for place, word in enumerate(asked):
        labels, off = _labels_with(section, matcher.lexicon, word, begun and place == len(asked) - 1)
        has = np.zeros(len(fits), bool)
        has[labels] = True
        fits &= has
        if off is not None:
            worst = np.full(len(fits), 9, np.float32)
            np.minimum.at(worst, labels, off)
            worst[~has] = 0
            wrong = worst if wrong is None else wrong + worst
    found = np.flatnonzero(fits).astype(np.int32)
    typed = np.zeros(len(found), np.float32) if wrong is None else wrong[found]
    return _best_of_each(section, found, *_judged(section, found, typed, " ".join(asked)))


def alike(matcher: Matcher, text: str) -> Hits:
    """Concepts whose words resemble those of a text."""
    section = matcher.section
    if not fold(text) or not section.size:
        return _none()
    (concepts,), (labels,) = matcher.weighed([fold(text)])
    found = np.flatnonzero(concepts >= _FUZZY_LEAST).astype(np.int32)
    kinds = np.full(len(found), FUZZY, np.int8)
    worth = np.minimum(concepts[found], 1.5) / 1.5 * _FUZZY_WORTH
    return Hits(found, worth.astype(np.float32), kinds, labels[found])


def described(matcher: Matcher, text: str) -> Hits:
    """Concepts whose description has all words of a text."""
    section = matcher.section
    found: NDArray[np.int32] | None = None
    for word in fold(text).split():
        if not len(concepts := section.describing(word)):
            return _none()
        found = concepts if found is None else np.intersect1d(found, concepts, assume_unique=True)
    if found is None:
        return _none()
    count = len(found)
    return Hits(
        found, np.full(count, _WORTH[DESCRIPTION], np.float32), np.full(count, DESCRIPTION, np.int8),
        np.full(count, -1, np.int32),
    )  # fmt: skip


def joined(one: Hits, *others: Hits) -> Hits:
    """All of several, each concept as it was found first."""
    found = one
    for other in others:
        new = ~np.isin(other.concepts, found.concepts)
        found = Hits(
            np.concatenate([found.concepts, other.concepts[new]]), np.concatenate([found.scores, other.scores[new]]),
            np.concatenate([found.types, other.types[new]]), np.concatenate([found.labels, other.labels[new]]),
        )  # fmt: skip
    return found


def spans(lexicon: Lexicon, label: str, text: str) -> list[tuple[int, int]]:
    """Where the words of a text stand in a label, as offsets of characters."""
    asked = [(wanted, lexicon.near(wanted) if typos(wanted) else frozenset()) for wanted in fold(text).split()]
    found = []
    for word in words(label):
        for wanted, near in asked:
            if word.text.startswith(wanted):
                whole = word.end - word.start == len(word.text)  # folded letter for letter
                found.append((word.start, word.start + len(wanted) if whole else word.end))
            elif word.text in near:
                found.append((word.start, word.end))
            else:
                continue
            break
    return found


def _labels_with(section: Section, lexicon: Lexicon, word: str, begun: bool) -> tuple[Ints, Floats | None]:
    """The labels that have a word, and how many typos off where it had to be guessed."""
    first, last = lexicon.beginning(word)
    if not begun:
        number = lexicon.number(word)
        first, last = (number, number + 1) if number >= 0 else (0, 0)
    if first < last:
        return section.word_labels[section.word_starts[first] : section.word_starts[last]], None
    guesses = lexicon.misspelt(word)
    pieces = [section.word_labels[section.word_starts[n] : section.word_starts[n + 1]] for n, _ in guesses]
    labels = np.concatenate([np.zeros(0, np.int32), *pieces])
    off = [np.full(len(piece), off, np.float32) for piece, (_, off) in zip(pieces, guesses, strict=True)]
    return labels, np.concatenate([np.zeros(0, np.float32), *off])


def _judged(section: Section, labels: Ints, wrong: Floats, said: str) -> tuple[Floats, NDArray[np.int8]]:
    """The score and the kind of each label that has the words."""
    key = said.encode()

    def beginning(place: int) -> bytes:
        return section.folded_text(section.order[place])[: len(key)]

    places = range(len(section.order))
    first, last = bisect_left(places, key, key=beginning), bisect_right(places, key, key=beginning)
    rank = section.rank[labels]
    begins = (rank >= first) & (rank < last)
    lengths = section.folded_starts[labels + 1] - section.folded_starts[labels]
    same = begins & (lengths == len(key))
    preferred = section.roles[labels] & 3 == PREFERRED
    kinds = np.where(preferred, np.where(begins, PREFIX, WORDS), ALTERNATIVE).astype(np.int8)
    kinds[same] = EXACT
    kinds[wrong > 0] = FUZZY
    scores = _WORTH[kinds] + _COVERED * np.minimum(1, len(key) / lengths)
    scores -= _ROLE * (section.roles[labels] & 3) + _A_TYPO * wrong
    scores += np.where((kinds == ALTERNATIVE) & begins, 0.05, 0)  # an alternative label that begins so
    return scores.astype(np.float32), kinds


def _best_of_each(section: Section, labels: Ints, scores: Floats, kinds: NDArray[np.int8]) -> Hits:
    """Of every concept its best label, of equal ones the first; labels come in the order of their concepts."""
    if not len(labels):
        return _none()
    concepts = section.label_concept[labels]
    starts = np.flatnonzero(np.diff(concepts, prepend=-1))
    best = np.maximum.reduceat(scores, starts)
    at = np.flatnonzero(scores == np.repeat(best, np.diff(np.append(starts, len(labels)))))
    at = at[np.diff(concepts[at], prepend=-1) > 0]
    return Hits(concepts[at], scores[at], kinds[at], labels[at])


def _none() -> Hits:
    empty = np.zeros(0, np.int32)
    return Hits(empty, np.zeros(0, np.float32), np.zeros(0, np.int8), empty)
