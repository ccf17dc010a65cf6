"""The label route: words, phrases, false friends, languages."""

from __future__ import annotations

import pytest

from analysis.scope.label_route import (
    OTHER_LANGUAGE_WEIGHT,
    default_lexicon,
    label_assertions,
    matches,
    parse_lexicon,
    words_of,
)
from analysis.tables import Assertion, Occupation

DOMAINS = {
    "heritage",
    "design",
    "gaming",
    "audiovisual",
    "architecture",
    "crafts",
    "music",
    "performing",
    "visual",
    "books",
    "advertising",
}
FUNCTIONS = {"creation", "production", "dissemination", "preservation", "education", "management"}

LEXICON = parse_lexicon(
    {
        "terms": [
            {"domain": "heritage", "language": "en", "degree": "core", "sub_domain": "museums", "terms": ["museum*"]},
            {"domain": "heritage", "language": "en", "degree": "related", "terms": ["tour guide*"]},
            {"domain": "heritage", "language": "en", "degree": "veto", "terms": ["zoo"]},
            {"domain": "heritage", "language": "es", "degree": "core", "terms": ["museo*"]},
            {"domain": "heritage", "language": "de", "degree": "core", "terms": ["*museum*"]},
            {"domain": "audiovisual", "language": "en", "degree": "core", "terms": ["post production"]},
        ],
        "roles": {"en": {"management": ["manager*", "director*"], "dissemination": ["guide*"]}},
    }
)


def assertions(**labels: str) -> list[Assertion]:
    """Return what labels say, given per language with a bar between them."""
    occupation = Occupation(
        "o", "", "0000", {k: tuple(v.split("|")) for k, v in labels.items()}, frozenset(), frozenset()
    )
    return label_assertions([occupation], LEXICON)


def test_words_are_case_folded_and_hyphens_divide() -> None:
    assert words_of("Post-production (FILM) Straße") == ("post", "production", "film", "strasse")


def test_a_preferred_label_gives_degree_sub_domain_function_and_reason() -> None:
    (a,) = assertions(en="museum director")
    assert (a.domain, a.degree, a.sub_domain, a.function, a.score) == ("heritage", "core", "museums", "management", 1.0)
    assert "museum*" in a.reason


@pytest.mark.parametrize("label", ["mausoleum keeper", "tour operator guide", "production post"])
def test_only_whole_words_in_their_order_match(label: str) -> None:
    assert assertions(en=label) == []


def test_a_phrase_matches_across_a_hyphen() -> None:
    assert [a.domain for a in assertions(en="post-production supervisor")] == ["audiovisual"]


def test_alternative_labels_count_by_their_share() -> None:
    (a,) = assertions(en="keeper|museum keeper|other|third|fourth")
    assert a.score == pytest.approx(0.125)
    assert assertions(en="keeper|museum keeper|other|third|fourth|fifth") == []


def test_the_preferred_label_decides_the_degree() -> None:
    (a,) = assertions(en="tour guide|museum guide|museum tour leader")
    assert a.degree == "related"
    assert a.score == pytest.approx(1.0)


def test_a_false_friend_in_the_preferred_label_silences_every_language() -> None:
    assert assertions(en="zoo registrar|museum registrar", es="registrador de museo") == []


def test_a_false_friend_in_an_alternative_label_silences_that_label_only() -> None:
    (a,) = assertions(en="museum keeper|zoo museum keeper|museum guard")
    assert a.score == pytest.approx(0.75)


def test_another_language_speaks_with_less_weight() -> None:
    (a,) = assertions(en="keeper", es="conservador de museo")
    assert a.score == pytest.approx(OTHER_LANGUAGE_WEIGHT)


def test_a_star_in_front_finds_compounds() -> None:
    (a,) = assertions(de="Freilichtmuseumsleiterin")
    assert a.domain == "heritage"


def test_a_language_without_terms_is_passed_over() -> None:
    assert assertions(lv="muzeja vadītājs") == []


def test_the_lexicon_is_well_formed() -> None:
    lexicon = default_lexicon()
    for terms in lexicon.terms.values():
        for term in terms:
            assert term.domain in DOMAINS, term
            assert term.degree in ("core", "related", "veto"), term
            assert term.function in FUNCTIONS | {""}, term
            assert all(words_of(word.replace("*", "x")) for word in term.words), term
    assert {t.domain for t in lexicon.terms["en"]} == DOMAINS


@pytest.mark.parametrize(
    ("label", "domain"),
    [
        ("violin maker", "crafts"),
        ("museum director", "heritage"),
        ("choreographer", "performing"),
        ("landscape architect", "architecture"),
        ("digital games tester", "gaming"),
        ("copywriter", "advertising"),
    ],
)
def test_words_of_a_domain_are_known(label: str, domain: str) -> None:
    assert domain in {t.domain for t in matches(label, "en", default_lexicon())}


@pytest.mark.parametrize(
    ("label", "domain"),
    [
        ("ICT system architect", "architecture"),
        ("conservation scientist", "heritage"),
        ("game keeper", "gaming"),
        ("bookmaker", "books"),
        ("radiographer", "audiovisual"),
        ("database designer", "design"),
        ("operating theatre nurse", "performing"),
        ("metal casting operator", "audiovisual"),
    ],
)
def test_false_friends_say_nothing(label: str, domain: str) -> None:
    occupation = Occupation("o", "", "0000", {"en": (label,)}, frozenset(), frozenset())
    assert domain not in {a.domain for a in label_assertions([occupation])}
