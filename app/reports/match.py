"""`ccsi match evaluate`: the matcher on data of others, beside what is published and beside simpler ways."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyoxigraph as ox
from rapidfuzz import fuzz, process

import queries
from analysis.search import confidence, evaluate, meaning, section
from analysis.search.evaluate import Asked, AskedLabel, Rates, held_out, tuning
from analysis.search.match import Match, Matcher
from analysis.search.meaning import Meaning, Model
from analysis.search.section import ALTERNATIVE, PREFERRED, Label
from analysis.search.text import fold, forms
from app.reports.extraction import Extracted, extraction
from loaders.derive.search import forms_of, kinds_of, labels_of
from releases.decisions import decisions
from releases.errors import SourceError
from releases.release import Release

_BATCH = 200
HELD_OUT, MEANING = "held-out labels", "by meaning"


class Line(NamedTuple):
    """One line of the report: a set, a way of matching, and how well it did."""

    set: str
    way: str
    rates: Rates
    note: str = ""


class Sample(NamedTuple):
    """A title that was matched: with what, the first of it, whether that was right, and what was."""

    set: str
    matches: list[Match]
    first: str
    right: bool
    answers: frozenset[str]

    @property
    def confidence(self) -> float:
        """How sure the first is."""
        return confidence.confidences(self.matches, 1)[0]


class Evaluation:
    """The sets of a folder, asked of a release."""

    def __init__(self, release: Release, data: Path, half: str = "report") -> None:
        self._select = partial(queries.select, ox.Store.read_only(str(release.store)))
        self._kinds, self._forms = kinds_of(self._select), forms_of(self._select)
        self._languages = sorted(release.manifest["languages"])
        self._data = data
        self._tuned = half == "tune"
        self._model: Model | None = None
        self.samples: list[Sample] = []

    def lines(self, simpler: bool) -> Iterator[Line]:
        """All sets; `simpler` ways beside, which take their time."""
        for language in self._languages:
            labels, told = labels_of(self._select, language, self._kinds, self._forms)
            if occupations := labels["occupation"]:
                yield from self._held_out(language, occupations, told, simpler)
        labels, told = labels_of(self._select, "en", self._kinds, self._forms)
        if (path := self._data / "jobbert-eval" / "titles.csv.gz").is_file():
            yield from self._titles("JobBERT titles", path, labels["occupation"], told)
        for folder in sorted(p for p in (self._data / "melo").glob("*") if p.is_dir()):
            yield from self._melo(folder, simpler)

    def skills(self) -> Iterator[Extracted]:
        """Skills found in sentences, where the folder has such."""
        labels, told = labels_of(self._select, "en", self._kinds, self._forms)
        if (folder := self._data / "skill-extraction").is_dir() and labels["skill"]:
            yield from extraction(section.build(labels["skill"], told, "en"), "en", folder, self._tuned)

    def _mine(self, asked: Sequence[Asked]) -> list[Asked]:
        return [(text, right) for text, right in asked if tuning(text) == self._tuned]

    def _held_out(self, language: str, labels: Sequence[Label], told: dict[str, str], simpler: bool) -> Iterator[Line]:
        kept, hidden, elsewhere = held_out(labels)
        asked = self._mine(hidden)
        name = f"{HELD_OUT}, {language}"
        matcher = Matcher(section.build(kept, told, language), language)
        whole = {(label.concept, fold(form)) for label in kept for form in forms(label.text)}
        inside = sum((concept, fold(text)) in whole for text, right in hidden for concept in right)
        other, part = (f"{n / max(1, len(hidden)):.1%}" for n in (elsewhere, inside))
        note = f"{other} of the labels also stand at another occupation, {part} are one form of a label that stayed"
        yield Line(name, "ccsi", Rates.of(evaluate.concept_ranks(matcher, asked)), note)
        self._sample(name, matcher, asked)
        if simpler:
            for way, ranks in _simpler(kept, asked):
                yield Line(name, way, Rates.of(ranks))

    def _titles(self, name: str, path: Path, labels: Sequence[Label], told: dict[str, str]) -> Iterator[Line]:
        known = {label.concept for label in labels}
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = sorted({(row["vacancyTitle"], row["conceptUri"]) for row in csv.DictReader(lines)})
        found: list[Asked] = [(title, {iri}) for title, iri in rows if iri in known]
        asked = self._mine(found)
        matcher = Matcher(section.build(labels, told, "en"), "en")
        yield Line(name, "ccsi", Rates.of(evaluate.concept_ranks(matcher, asked)))
        self._sample(name, matcher, asked)

    def _melo(self, folder: Path, simpler: bool) -> Iterator[Line]:
        """A set of MELO: its own labels are searched, so release and language do not matter."""
        corpus, concept = _table(folder / "corpus_elements.tsv.gz"), dict(_table(folder / "concept_mapping.tsv.gz"))
        text = dict(corpus)
        right: dict[str, set[str]] = defaultdict(set)
        for query, _, element, relevant in _table(folder / "annotations.tsv.gz"):
            if relevant != "0":
                right[query].add(element)
        titles = self._mine([(title, right[key]) for key, title in _table(folder / "queries.tsv.gz") if right[key]])
        seen: set[str] = set()
        labels = []
        for element, label in corpus:
            labels.append(Label(concept[element], label, ALTERNATIVE if concept[element] in seen else PREFERRED))
            seen.add(concept[element])
        language = folder.name.rpartition("_")[2]
        matcher = Matcher(section.build(labels, {}, language), language)
        concepts: list[Asked] = [(title, {concept[e] for e in elements}) for title, elements in titles]
        by_label: list[AskedLabel] = [
            (title, {(concept[e], fold(text[e])) for e in elements}) for title, elements in titles
        ]
        yield Line(f"MELO {folder.name}, concepts", "ccsi", Rates.of(evaluate.concept_ranks(matcher, concepts)))
        self._sample(f"MELO {folder.name}", matcher, concepts)
        if meaning.installed() and f"_q_{language}_" not in folder.name:
            yield self._by_meaning(f"MELO {folder.name}", matcher, concepts)
        if simpler:
            for way, ranks in _simpler(labels, concepts):
                yield Line(f"MELO {folder.name}, concepts", way, Rates.of(ranks))
        yield Line(f"MELO {folder.name}, labels", "ccsi", Rates.of(evaluate.label_ranks(matcher, by_label)))
        yield from self._published(folder.name)

    def _by_meaning(self, name: str, matcher: Matcher, asked: Sequence[Asked]) -> Line:
        """The same where no label is in the language of the titles, with the extra."""
        if self._model is None:
            self._model = meaning.Model()
        meant = meaning.Meaning(self._model.vectors(meaning.said_of(matcher.section)), self._model)
        ranks = evaluate.concept_ranks(matcher, asked, meant)
        self._sample(f"{name}, {MEANING}", matcher, asked, meant)
        return Line(f"{name}, concepts", MEANING, Rates.of(ranks), "with the extra `semantic`")

    def _published(self, name: str) -> Iterator[Line]:
        path = self._data / "melo" / "published_baselines.tsv.gz"
        if not path.is_file():
            return
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for method, dataset, metric, value in _table(path)[1:]:
            if dataset == name:
                found[method][metric] = float(value)
        for method, metrics in sorted(found.items()):
            said = (metrics.get(key, float("nan")) for key in ("success_1", "success_5", "success_10", "recip_rank"))
            yield Line(f"MELO {name}, labels", f"published: {method}", Rates(0, *said), "all queries, as published")

    def _sample(self, name: str, matcher: Matcher, asked: Sequence[Asked], meant: Meaning | None = None) -> None:
        """The first occupation of each title, how sure it is, and whether it was right."""
        iri = matcher.section.iri
        for start in range(0, len(asked), _BATCH):
            batch = asked[start : start + _BATCH]
            titles = [text for text, _ in batch]
            matched = matcher.match(titles, 5, meant.worth(titles) if meant else None)
            for (_, right), found in zip(batch, matched, strict=True):
                if found:
                    first = iri(found[0].concept)
                    self.samples.append(Sample(name, found, first, first in right, frozenset(right)))


def _table(path: Path) -> list[list[str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [line.rstrip("\n").split("\t") for line in lines]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read ({error}).", "Give the folder that holds the sets.") from error


# --- simpler ways ---------------------------------------------------------------------------------------------------


def _simpler(labels: Sequence[Label], asked: Sequence[Asked]) -> Iterator[tuple[str, list[int]]]:
    """rapidfuzz's ratios and SQLite's full-text search over the same labels, the best label of each concept."""
    concepts = sorted({label.concept for label in labels})
    number = {iri: n for n, iri in enumerate(concepts)}
    of = np.array([number[label.concept] for label in labels])
    texts = [fold(label.text) for label in labels]

    def rank(of_labels: np.ndarray, right: Iterable[str]) -> int:
        best = np.zeros(len(concepts), np.float32)
        np.maximum.at(best, of, of_labels.astype(np.float32))
        return evaluate.rank(best, [number[iri] for iri in right if iri in number])

    for way, scorer in (("rapidfuzz token_sort_ratio", fuzz.token_sort_ratio), ("rapidfuzz WRatio", fuzz.WRatio)):
        yield way, [rank(process.cdist([fold(text)], texts, scorer=scorer)[0], right) for text, right in asked]
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE labels USING fts5(text)")
    database.executemany("INSERT INTO labels (rowid, text) VALUES (?, ?)", enumerate(texts))
    ranks = []
    for text, right in asked:
        words = " OR ".join(f'"{word}"' for word in fold(text).split())
        scores = np.zeros(len(texts), np.float32)
        if words:
            for row, score in database.execute(
                "SELECT rowid, -bm25(labels) FROM labels WHERE labels MATCH ?", (words,)
            ):
                scores[row] = score
        ranks.append(rank(scores, right))
    yield "SQLite FTS5 bm25", ranks


# --- what the first occupation is worth ------------------------------------------------------------------------------


def calibration(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """How far confidence is from the share that is right, in ten classes, for each set.

    A hidden label that is found word for word elsewhere is no error of the matcher's and left out.
    """
    found = []
    for name in sorted({sample.set for sample in samples}):
        own = [s for s in samples if s.set == name and not _stands_elsewhere(s)]
        sure, right = np.array([s.confidence for s in own]), np.array([s.right for s in own])
        classes = np.minimum((sure * 10).astype(int), 9)
        error = sum(
            abs(sure[of].mean() - right[of].mean()) * of.mean() for k in range(10) if (of := classes == k).any()
        )
        found.append(
            {"set": name, "right": float(right.mean()), "confidence": float(sure.mean()), "error": float(error)}
        )
    return found


def _stands_elsewhere(sample: Sample) -> bool:
    return sample.set.startswith(HELD_OUT) and sample.matches[0].type != "fuzzy" and not sample.right


def verdicts(release: Release, samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Of titles whose occupation is in scope how many are called cultural, and of the others how many falsely."""
    inside = {d.occupation for d in decisions(ox.Store.read_only(str(release.store))) if d.degree != "excluded"}
    found = []
    for name in sorted({sample.set for sample in samples}):
        said = [
            (bool(s.answers & inside), s.first in inside and s.confidence >= confidence.CULTURAL)
            for s in samples
            if s.set == name
        ]
        right = [called for is_inside, called in said if is_inside]
        wrong = [called for is_inside, called in said if not is_inside]
        found.append(
            {
                "set": name,
                "inside": len(right),
                "found": sum(right) / max(1, len(right)),
                "outside": len(wrong),
                "false": sum(wrong) / max(1, len(wrong)),
            }
        )
    return found
