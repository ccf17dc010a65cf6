"""Several languages in one index: stand-ins, fallback, and which language a title is in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from analysis.search.section import PREFERRED, Label, build
from app.catalogue.concepts import Occupation, Skill
from app.catalogue.search import Filter, Search


@pytest.fixture(scope="module")
def search() -> Search:
    """Two occupations in English and French, a skill in English alone."""
    english = [Label("o:1", "stage director", PREFERRED), Label("o:2", "baker", PREFERRED)]
    french = [Label("o:1", "metteur en scène/metteuse en scène", PREFERRED), Label("o:2", "boulanger", PREFERRED)]
    catalogue: Any = SimpleNamespace(
        occupations={iri: Occupation(iri, code) for iri, code in (("o:1", "2654.1.4"), ("o:2", "7512.1"))},
        skills={"s:1": Skill("s:1", "skill", "")},
        groups={},
        by_domain={},
    )
    sections = {
        ("occupation", "en"): build(english, {}, "en"),
        ("occupation", "fr"): build(french, {}, "fr"),
        ("skill", "en"): build([Label("s:1", "direct actors on stage", PREFERRED)], {}, "en"),
    }
    return Search(sections, catalogue)


def found(search: Search, text: str, language: str) -> tuple[list[tuple[str, str]], str]:
    results = search.suggest(text, language, Filter(type_of=search.type_of), 10)
    return [(f.iri, f.part.language) for f in results.items], results.language


def test_a_language_is_searched_in_its_own_words(search: Search) -> None:
    assert found(search, "mett", "fr") == ([("o:1", "fr")], "fr")


def test_english_stands_in_for_what_has_no_label_in_the_language(search: Search) -> None:
    assert found(search, "direct", "fr") == ([("s:1", "en")], "fr")  # not the stage director, who has a French label


def test_where_a_language_finds_nothing_english_is_searched_whole_and_the_answer_says_so(search: Search) -> None:
    assert found(search, "baker", "fr") == ([("o:2", "en")], "en")
    assert found(search, "baker", "pl") == ([("o:2", "en")], "en")


@pytest.mark.parametrize(
    ("title", "language"), [("Metteur en scène H/F", "fr"), ("Stage director", "en"), ("zzz", "en")]
)
def test_a_title_is_matched_in_the_language_that_knows_most_of_its_words(
    search: Search, title: str, language: str
) -> None:
    assert search.match([title], "", 3)[0].part.language == language


def test_titles_of_several_languages_keep_their_order(search: Search) -> None:
    answers = search.match(["boulangers", "baker", "metteuse en scene"], "", 1)
    assert [(m.part.language, m.part.iris[m.matches[0].concept]) for m in answers] == [
        ("fr", "o:2"),
        ("en", "o:2"),
        ("fr", "o:1"),
    ]


def test_filters_take_types_and_sets(search: Search) -> None:
    wanted = Filter(frozenset({"skill"}), None, frozenset(), search.type_of)
    assert [f.iri for f in search.search("stage", "en", wanted, slice(0, 9)).items] == ["s:1"]
    among = Filter(among=frozenset({"o:2"}), type_of=search.type_of)
    assert search.search("stage", "en", among, slice(0, 9)).total == 0


def test_boost_moves_a_concept_up(search: Search) -> None:
    order = [f.iri for f in search.search("stage", "en", Filter(type_of=search.type_of), slice(0, 9)).items]
    boosted = Filter(boosted=frozenset({order[1]}), type_of=search.type_of)
    assert [f.iri for f in search.search("stage", "en", boosted, slice(0, 9)).items] == [order[1], order[0]]
