"""How texts are read, and which words look alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from analysis.search import lexicon
from analysis.search.text import fold, forms, stem, title, typos, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Réalisateur/réalisatrice", "realisateur realisatrice"),
        ("ŒUVRES d’Art", "oeuvres d art"),
        ("C++ and C# developer", "c++ and c# developer"),
        ("A&R manager, R&D", "a&r manager r&d"),
        ("Łódź Straße", "lodz strasse"),
        ("3D-Künstler", "3d kunstler"),
        (" — ", ""),
    ],
)
def test_a_text_is_its_words_without_accents_and_case(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_words_say_where_they_stand() -> None:
    text = "Chef·fe d’œuvre"
    assert [(w.text, text[w.start : w.end]) for w in words(text)] == [
        ("chef", "Chef"), ("fe", "fe"), ("d", "d"), ("oeuvre", "œuvre"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["Editor (m/f)", "Editor H/F", "Editor (m/w/d)", "(F/H) Editor"])
def test_forms_of_address_are_no_words_of_a_title(text: str) -> None:
    assert title(text) == "editor"


def test_letters_and_strokes_inside_a_title_stay() -> None:
    assert title("UX/UI designer and m/f doctor") == "ux ui designer and doctor"
    assert title("UML/UX-designer") == "uml ux designer"


@pytest.mark.parametrize(
    ("word", "most"), [("cat", 0), ("film", 1), ("curator", 1), ("designer", 2), ("2166", 0), ("s1abc", 0)]
)
def test_typos_by_length_and_never_in_codes(word: str, most: int) -> None:
    assert typos(word) == most


def test_stems_are_of_a_language() -> None:
    assert stem("curators", "en") == stem("curator", "en")
    assert stem("curators", "xx") == "curators"


@pytest.mark.parametrize("word", ["kuratorin", "kuratorinnen", "kurator", "kuratoren"])
def test_german_stems_are_the_same_for_women(word: str) -> None:
    assert stem(word, "de") == "kurator"
    assert stem("arztin", "de") == stem("arzt", "de")
    assert stem("kuratorin", "en") == "kuratorin"


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("actor/actress", ["actor", "actress"]), ("técnico/técnica de sonido", ["técnico de sonido", "técnica de sonido"]),
        ("diseñador gráfico/diseñadora gráfica", ["diseñador gráfico", "diseñadora gráfica"]),
        ("izvršni asistent / izvršna asistentica", ["izvršni asistent", "izvršna asistentica"]),
        ("Musiklehrer/in Sekundarstufe", ["Musiklehrer Sekundarstufe"]), ("chef pâtissier/cheffe", ["chef pâtissier"]),
        ("director de parque/directora de parque/", ["director de parque", "directora de parque"]),
        ("UX/UI designer", []), ("wheel/tyre fitter", []), ("a/b/c", []), ("/", []), ("editor", []),
    ],
)  # fmt: skip
def test_a_label_may_hold_two_forms(label: str, found: list[str]) -> None:
    assert forms(label) == found


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_folded_and_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    for word in words(text):
        assert len(word.text.encode()) <= 40
        assert 0 <= word.start < word.end <= len(text)


LEXICON = lexicon.build(sorted(["museum", "museums", "curator", "designer", "software", "ware", "art"], key=str.encode))


def test_a_word_is_most_like_itself_and_then_like_its_plural() -> None:
    numbers, much = LEXICON.alike("museum")
    assert [LEXICON.word(n) for n in numbers[:2]] == ["museum", "museums"]
    assert much[0] == pytest.approx(1)
    assert list(much) == sorted(much, reverse=True)


def test_a_compound_is_like_its_parts() -> None:
    assert "ware" in {LEXICON.word(n) for n in LEXICON.alike("hardware")[0]}


def test_a_misspelt_word_is_what_is_near_enough() -> None:
    assert [(LEXICON.word(n), off) for n, off in LEXICON.misspelt("musuem")] == [("museum", 1)]
    assert LEXICON.misspelt("art1") == []
    assert LEXICON.misspelt("ort") == []


@settings(deadline=None)
@given(st.text(alphabet="abcdefghijklm", min_size=4, max_size=12))
def test_no_word_is_taken_for_one_that_is_farther_off_than_allowed(word: str) -> None:
    for number, off in LEXICON.misspelt(word):
        assert off == OSA.distance(word, LEXICON.word(number)) <= typos(word)


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abcé€𝄞", min_size=1, max_size=6), unique=True, max_size=20))
def test_the_words_of_a_prefix_are_found(vocabulary: list[str]) -> None:
    made = lexicon.build(sorted(vocabulary, key=str.encode))
    for word in vocabulary:
        assert made.word(made.number(word)) == word
        first, last = made.beginning(word[:1])
        assert {made.word(n) for n in range(first, last)} == {w for w in vocabulary if w.startswith(word[:1])}
    assert made.number("zzz") == -1
    assert len(made.alike("zzz")[0]) == 0


def test_unit_vectors_of_ngrams_have_length_one() -> None:
    squares = np.bincount(LEXICON.gram_words, LEXICON.gram_shares.astype(float) ** 2, len(LEXICON))
    assert squares == pytest.approx(np.ones(len(LEXICON)), abs=1e-5)
