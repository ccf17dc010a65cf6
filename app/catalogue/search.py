"""What is found by words in one release: its index, opened, and asked across kinds of concepts and languages.

A language that has no labels of a concept is stood in for by English, as everywhere in the service; where nothing at all
is found in a language, English is searched as a whole, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.search import find
from analysis.search.abbreviations import spelt_out
from analysis.search.confidence import confidences
from analysis.search.extraction import Extractor
from analysis.search.find import Hits
from analysis.search.match import Match, Matcher
from analysis.search.meaning import Meaning
from analysis.search.section import FEMALE, MALE, NEUTRAL, ROLES, Section
from analysis.search.text import fold, title
from app.catalogue import ranking
from app.catalogue.hits import ordered
from app.catalogue.keys import occupation_iri, skill_iri
from ontology import CCSID

if TYPE_CHECKING:
    from app.catalogue.catalogue import Catalogue

BASE = "en"  # stands in for languages
KINDS = ("occupation", "skill", "group", "ccsi")
GROUPS = {"isco": "isco-group", "skills": "skill-group", "isced-f": "isced-f"}
TYPES = ("occupation", "skill", *GROUPS.values(), "domain", "area", "cluster", "profile")
_KIND_OF = {
    "occupation": "occupation",
    "skill": "skill",
    **dict.fromkeys(("domain", "area", "cluster", "profile"), "ccsi"),
}
_FORMS = {FEMALE: "female", MALE: "male", NEUTRAL: "neutral"}
_MOST_ORDERED = 2000  # results that can be paged through and that facets count
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_CODE = re.compile(r"[^0-9A-Z]")
_NAMED = re.compile(r"(?:ISCO(?:08)?|ISCEDF?(?:2013)?|ESCO|C(?=[0-9]))")


@dataclass(frozen=True)
class Part:
    """One section with what the service asks of it."""

    kind: str
    language: str
    matcher: Matcher
    stand_in: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, bool))
    """Which concepts it speaks for in a language without a label of theirs."""

    @property
    def section(self) -> Section:
        """Its labels."""
        return self.matcher.section

    @cached_property
    def iris(self) -> list[str]:
        """The IRIs of its concepts."""
        return [self.section.iri(n) for n in range(self.section.size)]

    @cached_property
    def places(self) -> dict[str, int]:
        """The number of each concept by its IRI."""
        return {iri: n for n, iri in enumerate(self.iris)}

    def preferred(self, concept: int) -> str:
        """The preferred label of a concept, else its first."""
        return self.section.text(self.section.labels(concept)[0])


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One result: a concept, why it was found, and how well it fits."""

    part: Part
    concept: int
    score: float
    type: str
    label: int  # -1 where the description was found
    spans: list[tuple[int, int]]

    @property
    def iri(self) -> str:
        """Which concept."""
        return self.part.iris[self.concept]

    @property
    def matched(self) -> str:
        """The label that matched."""
        return self.part.section.text(self.label) if self.label >= 0 else ""

    @property
    def role(self) -> str:
        """What the label is to the concept: preferred, alternative or hidden."""
        return ROLES[self.part.section.roles[self.label] & 3] if self.label >= 0 else ""

    @property
    def forms(self) -> list[str]:
        """The forms that ESCO marks the label as: female, male, neutral."""
        role = int(self.part.section.roles[self.label]) if self.label >= 0 else 0
        return [name for bit, name in _FORMS.items() if role & bit]


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results; `language` is the one that was searched, `counted` the results that facets are of."""

    items: list[SearchHit]
    total: int
    language: str
    counted: list[str]


@dataclass(frozen=True, slots=True)
class Matched:
    """What a title was matched with, in which language, the best first, each with its confidence."""

    part: Part
    matches: list[Match]
    confidences: list[float]


class Search:
    """The index of one release; never changed, and safe to use from several threads."""

    def __init__(
        self, sections: Mapping[tuple[str, str], Section], catalogue: Catalogue, meaning: Meaning | None = None
    ) -> None:
        self._catalogue = catalogue
        self.meaning = meaning  # of the occupations in English
        self._parts = {key: Part(*key, Matcher(section, key[1])) for key, section in sections.items()}
        self.languages = sorted({language for kind, language in sections if kind != "ccsi"})
        titled = sorted(language for kind, language in sections if kind == "occupation")
        self._base = BASE if BASE in titled or not titled else titled[0]  # of titles of which nothing is known
        self._stand_ins: dict[tuple[str, str], Part] = {}
        self._extractors: dict[str, Extractor] = {}

    @cached_property
    def inside(self) -> frozenset[str]:
        """What belongs to the sectors: occupations in scope, the skills that are essential to them, and all of ours."""
        catalogue = self._catalogue
        occupations = {d.occupation for members in catalogue.by_domain.values() for d in members}
        skills = {skill for iri in occupations for skill in catalogue.occupations[iri].essential}
        own = {iri for (kind, _), part in self._parts.items() if kind == "ccsi" for iri in part.iris}
        return frozenset(occupations | skills | own)

    # --- typeahead and search -----------------------------------------------------------------------------------

    def suggest(self, text: str, language: str, wanted: Filter, most: int, begun: bool = True) -> Results:
        """The best concepts while somebody types: words of labels, the last one begun."""
        return self._results(text, language, wanted, slice(0, most), lambda m, words: find.find(m, words, begun), most)

    def only(self, types: Sequence[str]) -> Filter:
        """A filter by types of concept. Raises ValueError for a type that there is not."""
        if unknown := [name for name in types if name not in TYPES]:
            raise ValueError(f"'{unknown[0][:40]}' is none of {', '.join(TYPES)}.")
        return Filter(frozenset(types), type_of=self.type_of)

    def search(self, text: str, language: str, wanted: Filter, page: slice) -> Results:
        """All that fits: by words of labels, by likeness, and by words of descriptions."""

        def asked(matcher: Matcher, words: str) -> Hits:
            return find.joined(
                find.find(matcher, words, True), find.alike(matcher, words), find.described(matcher, words)
            )  # fmt: skip

        return self._results(text, language, wanted, page, asked, _MOST_ORDERED)

    def _results(
        self, text: str, language: str, wanted: Filter, page: slice, ask: Callable[[Matcher, str], Hits], most: int
    ) -> Results:
        language = language if language in self.languages else BASE
        full = spelt_out(fold(text), language)

        def asked(matcher: Matcher) -> Hits:
            return find.joined(ask(matcher, text), ask(matcher, full)) if full else ask(matcher, text)

        coded = [f for iri in self.by_code(text) if wanted.takes(iri) and (f := self._coded(iri, language))]
        known = {found.iri for found in coded}
        for searched in dict.fromkeys((language, BASE)):
            parts = [*self._searched(searched, wanted)]
            found = ordered(parts, wanted, asked, known, most)
            if found or coded:
                break
        items = coded[page]
        begin = max(0, page.start - len(coded))
        for row in found[begin : begin + page.stop - page.start - len(items)]:
            part, label = parts[row.part], row.label
            spans = find.spans(part.matcher.lexicon, part.section.text(label), f"{text} {full}") if label >= 0 else []
            items.append(SearchHit(part, row.concept, round(row.score, 4), find.TYPES[row.type], label, spans))
        counted = [f.iri for f in coded] + [parts[row.part].iris[row.concept] for row in found]
        return Results(items, len(coded) + found.total, searched, counted)

    def _searched(self, language: str, wanted: Filter) -> Iterator[Part]:
        """The parts to search in a language, and those of English for what has no label in it."""
        for kind in KINDS:
            if not wanted.kinds or kind in wanted.kinds:
                if own := self._parts.get((kind, language)):
                    yield own
                if language != BASE and (base := self._stand_in(kind, language)):
                    yield base

    def _stand_in(self, kind: str, language: str) -> Part | None:
        base = self._parts.get((kind, BASE))
        if base is None:
            return None
        key = (kind, language)
        if key not in self._stand_ins:
            own = self._parts.get(key)
            spoken = set(own.iris) if own else set()
            lacking = np.array([iri not in spoken for iri in base.iris], bool)
            self._stand_ins[key] = Part(kind, BASE, base.matcher, lacking)
        part = self._stand_ins[key]
        return part if part.stand_in.any() else None

    # --- codes ---------------------------------------------------------------------------------------------------

    def by_code(self, text: str) -> list[str]:
        """The concepts that an IRI, a UUID or a code names, however it is written."""
        text = text.strip()
        if self.type_of(text):
            return [text]
        if match := _UUID.search(text):
            key = match[0].lower()
            return [iri for iri in (occupation_iri(key), skill_iri(key)) if self.type_of(iri)]
        key = _NO_CODE.sub("", text.upper())
        stripped = _NAMED.sub("", key, count=1) if _NAMED.match(key) else key
        return list(dict.fromkeys([*self._codes.get(key, ()), *self._codes.get(stripped, ())]))

    @cached_property
    def _codes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        codes = {iri: occupation.code for iri, occupation in self._catalogue.occupations.items()}
        codes |= {iri: group.code for iri, group in self._catalogue.groups.items()}
        for iri, code in sorted(codes.items()):
            if any(c.isdigit() for c in code):  # a letter alone is the beginning of a word
                found.setdefault(_NO_CODE.sub("", code.upper()), []).append(iri)
        return found

    def _coded(self, iri: str, language: str) -> SearchHit | None:
        for part in self._searched(language, Filter()):
            if (concept := part.places.get(iri)) is not None:
                return SearchHit(part, concept, 1.0, "exact", part.section.labels(concept)[0], [])
        return None

    def type_of(self, iri: str) -> str:
        """What a concept is, as a filter names it; "" for what the release has not."""
        if iri in self._catalogue.occupations:
            return "occupation"
        if iri in self._catalogue.skills:
            return "skill"
        if group := self._catalogue.groups.get(iri):
            return GROUPS[group.scheme]
        kind = iri.removeprefix(CCSID).partition("/")[0] if iri.startswith(CCSID) else ""
        return kind if kind in TYPES else ""

    # --- titles --------------------------------------------------------------------------------------------------

    def match(self, titles: Sequence[str], language: str, most: int) -> list[Matched]:
        """The occupations of each title; without a language in the one that knows most of its words.

        A title in a language that has no labels is taken for English, and by its meaning where that can be had.
        """
        asked = language in self.languages
        chosen = [language if asked else self._base] * len(titles) if language else self.guessed(titles)
        found: dict[int, Matched] = {}
        for tongue in sorted(set(chosen)):
            if (part := self._parts.get(("occupation", tongue))) is None:
                continue
            places = [n for n, of in enumerate(chosen) if of == tongue]
            ranked = ranking.ranked(self, part, [titles[n] for n in places], max(2, most))
            for place, (of, matches) in zip(places, ranked, strict=True):
                found[place] = Matched(of, matches[:most], confidences(matches, most))
        base = self._parts.get(("occupation", BASE))
        if self.meaning is not None and base is not None and not asked:
            strange = [n for n, one in found.items() if ranking.is_strange(one, titles[n], bool(language))]
            said = [titles[n] for n in strange]
            meant = base.matcher.match(said, max(2, most), self.meaning.worth(said))
            for n, matches in zip(strange, meant, strict=True):
                found[n] = Matched(base, matches[:most], confidences(matches, most))
        return [found[n] for n in range(len(titles))]

    def extractor(self, language: str) -> tuple[Part, Extractor] | None:
        """What finds skills in texts of a language, if they have labels in it."""
        if (part := self._parts.get(("skill", language))) is None:
            return None
        if language not in self._extractors:
            self._extractors[language] = Extractor(part.matcher)
        return part, self._extractors[language]

    def guessed(self, texts: Sequence[str]) -> list[str]:
        """For each text the language whose labels of occupations have most of its words; English rather than another."""
        said = [list(dict.fromkeys(title(text).split())) for text in texts]
        every = list(dict.fromkeys(word for words in said for word in words))
        parts = [part for language in self.languages if (part := self._parts.get(("occupation", language)))]
        if not every or not parts:
            return [self._base] * len(texts)
        place = {word: n for n, word in enumerate(every)}
        lengths = np.array([len(word) for word in every], float)
        known = np.stack([(part.matcher.lexicon.numbers(every) >= 0) * lengths for part in parts])
        # Of each text the letters of known words, by language; behind the last word stands one of no letters, for texts without any.
        columns = np.array([place[word] for words in said for word in words] + [len(every)])
        starts = np.cumsum([0, *map(len, said[:-1])])
        known = np.hstack([known, np.zeros((len(parts), 1))])[:, columns]
        table = np.add.reduceat(known, starts, axis=1).T * (np.array([*map(len, said)]) > 0)[:, None]
        for n in np.flatnonzero(~table.any(axis=1)).tolist():  # no language knows a word: this costs far more
            table[n] = [_resemblance(part, said[n]) for part in parts]
        languages = [part.language for part in parts]
        by_base = table[:, languages.index(self._base)] == table.max(axis=1)
        best = table.argmax(axis=1)
        return [self._base if base else languages[n] for base, n in zip(by_base.tolist(), best.tolist(), strict=True)]

    def part(self, kind: str, language: str) -> Part | None:
        """The section of a kind of concept in a language."""
        return self._parts.get((kind, language))


def _resemblance(part: Part, words: Sequence[str]) -> float:
    """How much the words resemble words of a section."""
    return sum(float(much[0]) for _, much in part.matcher.lexicon.alike_all(words) if len(much))


@dataclass(frozen=True)
class Filter:
    """What to leave in: types of concept, a set of IRIs (None: all), and which come before others."""

    types: frozenset[str] = frozenset()
    among: frozenset[str] | None = None
    boosted: frozenset[str] = frozenset()
    type_of: Callable[[str], str] = lambda _: ""

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of section that have these types."""
        return frozenset(_KIND_OF.get(name, "group") for name in self.types)

    def takes(self, iri: str) -> bool:
        """Whether a concept is wanted."""
        if self.among is not None and iri not in self.among:
            return False
        return not self.types or self.type_of(iri) in self.types
