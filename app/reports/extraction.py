"""Skills found in sentences that others annotated, beside a plain match of labels."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.search.evaluate import tuning
from analysis.search.extraction import Extractor
from analysis.search.match import Matcher
from analysis.search.section import PREFERRED, Section
from analysis.search.text import fold
from releases.errors import SourceError

_NONE = {"LABEL NOT PRESENT", "UNDERSPECIFIED", ""}
_LONGEST = 10  # words of a label


@dataclass(frozen=True, slots=True)
class Extracted:
    """One set and one way: of the skills that were said to be there how many are, and of those that are how many were said."""

    set: str
    way: str
    sentences: int
    skills: int
    unknown: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.precision * self.recall / ((self.precision + self.recall) or 1)


def extraction(section: Section, language: str, folder: Path, tuned: bool = False) -> Iterator[Extracted]:
    """The sets of a folder, NAME_annotations.csv.gz with sentence and label; concepts by sentence, each once. Raises SourceError."""
    ours = Extractor(Matcher(section, language))
    ways: dict[str, Callable[[str], set[int]]] = {
        "ccsi": lambda text: {mention.concept for mention in ours.mentions(text)},
        "all labels, word for word": _plain(section, preferred=False),
        "preferred labels, word for word": _plain(section, preferred=True),
    }
    named = _names(section)
    sums: dict[str, list[int]] = {way: [0] * 6 for way in ways}
    for path in sorted(folder.glob("*_annotations.csv.gz")):
        said, unknown = _annotations(path, named)
        said = {sentence: right for sentence, right in said.items() if tuning(sentence) == tuned}
        for way, find in ways.items():
            true = claimed = there = 0
            for sentence, right in said.items():
                found = find(sentence)
                true, claimed, there = true + len(found & right), claimed + len(found), there + len(right)
            counts = [len(said), there, unknown, true, claimed, 1]
            sums[way] = [a + b for a, b in zip(sums[way], counts, strict=True)]
            yield _extracted(path.name.removesuffix("_annotations.csv.gz"), way, counts)
    for way, counts in sums.items():
        if counts[-1] > 1:
            yield _extracted("all sets", way, counts)


def _extracted(name: str, way: str, counts: list[int]) -> Extracted:
    sentences, there, unknown, true, claimed, _ = counts
    return Extracted(name, way, sentences, there, unknown, true / max(1, claimed), true / max(1, there))


def _names(section: Section) -> dict[str, int]:
    """Folded label -> concept: whose preferred label it is, else whose first."""
    found: dict[str, int] = {}
    for preferred in (True, False):
        for n in range(len(section.roles)):
            if (section.roles[n] & 3 == PREFERRED) == preferred:
                found.setdefault(section.folded_text(n).decode(), int(section.label_concept[n]))
    return found


def _annotations(path: Path, named: dict[str, int]) -> tuple[dict[str, set[int]], int]:
    """Sentence -> the concepts in it; and how many labels the release does not have."""
    said: dict[str, set[int]] = {}
    unknown: set[str] = set()
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                right = said.setdefault(row["sentence"], set())
                if row["label"] in _NONE:
                    continue
                if (concept := named.get(fold(row["label"]))) is None:
                    unknown.add(row["label"])
                else:
                    right.add(concept)
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise SourceError(f"{path}: cannot be read ({error}).", "Give a table with sentence and label.") from error
    return said, len(unknown)


def _plain(section: Section, preferred: bool) -> Callable[[str], set[int]]:
    """Every label that stands in a text, by its folded words."""
    known: dict[str, set[int]] = defaultdict(set)
    for n in range(len(section.roles)):
        if not preferred or section.roles[n] & 3 == PREFERRED:
            known[section.folded_text(n).decode()].add(int(section.label_concept[n]))

    def find(text: str) -> set[int]:
        words = fold(text).split()
        runs = (
            " ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, min(a + _LONGEST, len(words)) + 1)
        )
        return {concept for run in runs for concept in known.get(run, ())}

    return find
