"""Typeahead and search in one section: who is found, as what, and where the words stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.search import find
from analysis.search.find import Hits
from analysis.search.match import Matcher
from analysis.search.section import build


def named(matcher: Matcher, hits: Hits) -> list[tuple[str, str, str]]:
    """IRI, kind and label of each hit, the best first."""
    section = matcher.section
    order = np.lexsort((hits.concepts, -hits.scores))
    return [
        (
            section.iri(hits.concepts[n]),
            find.TYPES[hits.types[n]],
            section.text(hits.labels[n]) if hits.labels[n] >= 0 else "",
        )
        for n in order
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("museum curator", ("o:curator", "exact", "museum curator")),
        ("MUSEUM cur", ("o:curator", "prefix", "museum curator")),
        ("curator", ("o:curator", "words", "museum curator")),
        ("exhibitions cur", ("o:curator", "alternative", "curator of exhibitions")),
        ("musuem curator", ("o:curator", "fuzzy", "museum curator")),
        ("grapic desi", ("o:designer", "fuzzy", "graphic designer")),
        ("realisatrice", ("o:director", "exact", "réalisatrice")),
        ("c++", ("o:developer", "alternative", "C++ developer")),
        ("A&R", ("o:manager", "prefix", "A&R manager")),
        ("ux", ("o:designer", "alternative", "UX/UI designer")),
    ],
)
def test_the_first_found(matcher: Matcher, asked: str, expected: tuple[str, str, str]) -> None:
    assert named(matcher, find.find(matcher, asked, True))[0] == expected


@pytest.mark.parametrize("asked", ["museum cur", "cur museum"])
def test_only_the_last_word_is_begun(matcher: Matcher, asked: str) -> None:
    assert bool(named(matcher, find.find(matcher, asked, True))) is asked.endswith("cur")
    assert not len(find.find(matcher, asked, False))


def test_codes_bear_no_typos(matcher: Matcher) -> None:
    assert not len(find.find(matcher, "a&s", True))


def test_every_concept_is_found_once(matcher: Matcher) -> None:
    iris = [iri for iri, _, _ in named(matcher, find.find(matcher, "designer", True))]
    assert iris == ["o:designer"]


def test_descriptions_are_searched_word_for_word(matcher: Matcher) -> None:
    assert named(matcher, find.described(matcher, "kubernetes engines")) == [("o:developer", "description", "")]
    assert not len(find.described(matcher, "kubernetes museum"))
    assert not len(find.described(matcher, "kuber"))


def test_what_was_found_first_stays(matcher: Matcher) -> None:
    both = find.joined(find.find(matcher, "developer", True), find.alike(matcher, "developer"))
    assert named(matcher, both)[0] == ("o:developer", "words", "digital games developer")
    assert len(set(both.concepts.tolist())) == len(both)


def test_spans_are_offsets_in_the_label_as_written(matcher: Matcher) -> None:
    label = "réalisateur/réalisatrice"
    assert [label[a:b] for a, b in find.spans(matcher.lexicon, label, "REALISATRI")] == ["réalisateur", "réalisatri"]
    label = "Œuvres d’art"
    assert [label[a:b] for a, b in find.spans(matcher.lexicon, label, "oeuvre art")] == ["Œuvres", "art"]


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_can_be_asked(matcher: Matcher, text: str) -> None:
    for hits in (find.find(matcher, text, True), find.alike(matcher, text), find.described(matcher, text)):
        assert len(hits.concepts) == len(hits.scores) == len(hits.types) == len(hits.labels)
        assert (hits.scores >= 0).all()
        assert (hits.scores <= 1).all()


def test_an_empty_section_finds_nothing() -> None:
    empty = Matcher(build([], {}, "en"), "en")
    assert not len(find.find(empty, "museum", True))
    assert not len(find.alike(empty, "museum"))
    assert empty.match(["museum"], 5) == [[]]
