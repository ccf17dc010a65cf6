"""The concepts that a running text names, each with its place: labels by their stems, then runs of words that resemble one.

A label that stands in the text, word for word but for inflection, names its concept, the longest first; one inside another
names nothing. What is left is cut into runs of words; a run counts when it has all words of a label, in their order, and few
others. Two things keep a plain match of labels from being right: short names that are also words ("LESS", "go"), and labels that
many concepts share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np

from analysis.search.match import Matcher
from analysis.search.section import PREFERRED, stem_key
from analysis.search.text import Word, fold, stem, words

LONGEST = 7  # words of a label that is looked for
RUN = 6  # words of a run
LEAST = 0.8  # cosine of a run and a label
COMMON = 0.004  # share of descriptions from which on a word is one of the language, and no name,
EMPTY = 0.25  # and from which on it says nothing
_MOST_RUNS = 2000  # of a text: more than a page of a vacancy has
_TRIED = 5  # labels that a run is compared with
_END = 0.9  # how near a label is of which all but the verb stands there
_BEST = 0.999  # what only resembles a label is never it
_APART = re.compile(r"[.,;:!?()\[\]{}<>•*\n\r\t|/]")
_CONJUNCTIONS = frozenset(["and", "or", "y", "e", "o", "u", "et", "ou", "und", "oder"])
_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept, the label by which it was found, from where to where, and how near the words are to the label (1: its own)."""

    concept: int
    label: int
    start: int
    end: int
    score: float


class Extractor:
    """Finds mentions of the concepts of one section."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._section = matcher.section
        self._common, self._empty = COMMON * matcher.section.size, EMPTY * matcher.section.size

    def mentions(self, text: str) -> list[Mention]:
        """What a text names, in the order in which it stands there; none inside another.

        Two labels that overlap both stand there: "enjoy working" and "working independently".
        """
        said = words(text)
        taken = np.zeros(len(said), bool)
        found = []
        # Whole labels come before those that stand in part: "communication" before "apply technical communication skills".
        for first, last, mention in sorted(self._named(text, said), key=lambda one: one[2].score < 1):
            if not (taken[first:last].all() if mention.score == 1 else taken[first:last].any()):
                taken[first:last] = True
                found.append(mention)
        for first, last, mention in self._alike(text, said, taken):
            if not taken[first:last].any():
                taken[first:last] = True
                found.append(mention)
        return sorted(found, key=lambda m: m.start)

    # --- labels as they stand -------------------------------------------------------------------------------------

    def _named(self, text: str, said: Sequence[Word]) -> Iterator[tuple[int, int, Mention]]:
        """Labels by their stems, the longest first."""
        places = [
            (first, first + length) for length in range(LONGEST, 0, -1) for first in range(len(said) - length + 1)
        ]  # fmt: skip
        language = self._matcher.language
        keys = np.array(
            [stem_key([w.text for w in said[first:last]], language) for first, last in places], np.uint64
        )  # fmt: skip
        stems = self._section.stems
        begins, ends = np.searchsorted(stems, keys), np.searchsorted(stems, keys, "right")
        for (first, last), key, begin, end in zip(places, keys.tolist(), begins.tolist(), ends.tolist(), strict=True):
            labels = [*self._section.stem_labels[begin:end].tolist(), *self._short.get(key, ())]
            start, stop = said[first].start, said[last - 1].end
            if labels and (label := self._best(text[start:stop], labels, last - first)) >= 0:
                yield first, last, Mention(int(self._section.label_concept[label]), label, start, stop, 1.0)
            elif not labels and (label := self._ends.get(key, -1)) >= 0 and self._is_phrase(said[first:last]):
                yield first, last, Mention(int(self._section.label_concept[label]), label, start, stop, _END)

    @cached_property
    def _short(self) -> dict[int, list[int]]:
        """Preferred labels with an explanation in brackets, "Java (computer programming)", by the stems before it."""
        found: dict[int, list[int]] = {}
        section = self._section
        for label in np.flatnonzero(section.roles & 3 == PREFERRED).tolist():
            text = section.text(label)
            if text.endswith(")") and (short := _BRACKETS.sub("", text)):
                found.setdefault(stem_key(fold(short).split(), self._matcher.language), []).append(label)
        return found

    @cached_property
    def _stems(self) -> frozenset[str]:
        """The stems of all words of labels."""
        return frozenset(self._stem(word.decode()) for word in self._section.words.tolist())

    def _is_phrase(self, said: Sequence[Word]) -> bool:
        """Whether words name one thing: they begin and end with a word that says something, and nothing joins two."""
        ends = (said[0].text, said[-1].text)
        return all(self._frequency(word) <= self._empty for word in ends) and not any(
            word.text in _CONJUNCTIONS for word in said
        )

    @cached_property
    def _ends(self) -> dict[int, int]:
        """Preferred labels of three words and more, "plan resource allocation", by the stems behind the verb; -1 for several."""
        found: dict[int, int] = {}
        section = self._section
        for label in np.flatnonzero(section.roles & 3 == PREFERRED).tolist():
            words = section.folded_text(label).decode().split()
            if len(words) > 2:
                key = stem_key(words[1:], self._matcher.language)
                found[key] = -1 if key in found else label
        return found

    def _best(self, said: str, labels: Sequence[int], length: int) -> int:
        """The label that is meant by these words, -1 for none: the preferred one, then as it is written, then the first."""
        section = self._section
        if length == 1:
            labels = [label for label in labels if self._is_name(said, label)]
        folded = fold(said).encode()
        return min(
            labels, key=lambda n: (section.roles[n] & 3 != PREFERRED, section.folded_text(n) != folded, n), default=-1
        )  # fmt: skip

    def _is_name(self, said: str, label: int) -> bool:
        """Whether one word may name a concept: a word of the language only as a preferred label, and written like it."""
        word, text = fold(said), _BRACKETS.sub("", self._section.text(label))
        if word.removesuffix("s") != fold(text).removesuffix("s"):
            return False  # of one word a stem is not enough: "experience" has that of "experiment"
        if self._frequency(word) <= self._common and len(word) > 2:
            return True
        if text[1:] != text[1:].lower() or len(word) <= 2:
            return text == said  # an abbreviation, or a name like one
        return bool(self._section.roles[label] & 3 == PREFERRED)

    def _frequency(self, word: str) -> int:
        """How many descriptions have a word."""
        return len(self._section.describing(word))

    # --- runs of words that resemble a label ---------------------------------------------------------------------

    def _alike(self, text: str, said: Sequence[Word], taken: np.ndarray) -> list[tuple[int, int, Mention]]:
        """Runs that resemble a label, the likest first."""
        known = [self._stem(word.text) in self._stems for word in said]
        runs = [run for piece in self._pieces(text, said, taken) for run in self._runs(said, piece, known)][:_MOST_RUNS]
        found = []
        section = self._section
        for start in range(0, len(runs), 200):
            batch = runs[start : start + 200]
            labels = self._matcher.resembled([" ".join(w.text for w in said[a:b]) for a, b in batch])
            for n, (first, last) in enumerate(batch):
                where = slice(labels.indptr[n], labels.indptr[n + 1])
                numbers, much = labels.indices[where], labels.data[where]
                near = np.flatnonzero(much >= LEAST)
                near = near[np.lexsort((numbers[near], section.roles[numbers[near]] & 3, -np.round(much[near], 4)))][
                    :_TRIED
                ]
                stems = [self._stem(word.text) for word in said[first:last]]
                for at in near.tolist():
                    label = int(numbers[at])
                    if len(told := self._telling(label)) > 1 and _in_order(told, stems):
                        begin, end = said[first].start, said[last - 1].end
                        score = round(min(float(much[at]), _BEST), 3)
                        mention = Mention(int(section.label_concept[label]), label, begin, end, score)
                        found.append((first, last, mention))
                        break
        return sorted(found, key=lambda one: (-one[2].score, one[0] - one[1], one[0]))

    def _telling(self, label: int) -> list[str]:
        """The stems of the words of a label that say something."""
        words = self._section.folded_text(label).decode().split()
        return [self._stem(word) for word in words if self._frequency(word) <= self._empty]

    def _stem(self, word: str) -> str:
        return stem(word, self._matcher.language)

    def _pieces(self, text: str, said: Sequence[Word], taken: np.ndarray) -> Iterator[list[int]]:
        """Words that nothing was found in, between marks of punctuation."""
        piece, number = [], 0
        for n, word in enumerate(said):
            between = text[said[n - 1].end : word.start] if n else ""
            joins = word.text in _CONJUNCTIONS or bool(n and said[n - 1].text in _CONJUNCTIONS)
            number += joins or bool(_APART.search(between)) or bool(taken[n]) or bool(n and taken[n - 1])
            piece.append((number, n))
        for _, group in groupby(piece, key=lambda pair: pair[0]):
            yield [n for _, n in group if not taken[n]]

    def _runs(self, said: Sequence[Word], piece: Sequence[int], known: Sequence[bool]) -> Iterator[tuple[int, int]]:
        """Runs of two words and more that begin and end with a word of some label that says something."""
        tells = [known[n] and self._frequency(said[n].text) <= self._empty for n in piece]
        for a in range(len(piece)):
            for b in range(a + 1, min(a + RUN, len(piece))):
                if tells[a] and tells[b]:
                    yield piece[a], piece[b] + 1


def _in_order(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Whether all that is wanted stands among the words, one behind the other."""
    rest = iter(words)
    return all(word in rest for word in wanted)
