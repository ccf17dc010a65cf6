"""Whole titles: tiers, ties, and how the outcome is judged."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analysis.search import confidence, evaluate
from analysis.search.match import Match, Matcher
from analysis.search.section import ALTERNATIVE, FORM, PREFERRED, Label, build
from tests.search.conftest import LABELS, TOLD


def first(matcher: Matcher, title: str) -> Match:
    return matcher.match([title], 3)[0][0]


@pytest.mark.parametrize(
    ("title", "iri", "kind", "label"),
    [
        ("Museum Curator (m/f/d)", "o:curator", "exact", "museum curator"),
        ("museum curators", "o:curator", "stem", "museum curator"),
        ("senior museum currator", "o:curator", "fuzzy", "museum curator"),
        ("graphics designer", "o:designer", "stem", "graphic designer"),
        ("games programmer and developer", "o:developer", "fuzzy", "digital games developer"),
    ],
)
def test_the_likeliest(matcher: Matcher, title: str, iri: str, kind: str, label: str) -> None:
    found = first(matcher, title)
    assert (matcher.section.iri(found.concept), found.type, matcher.section.text(found.label)) == (iri, kind, label)


def test_a_batch_says_what_each_title_says_alone(matcher: Matcher) -> None:
    titles = ["museum curator", "", "???", "game developer", "museum curator"]
    together = matcher.match(titles, 4)
    for title, found in zip(titles, together, strict=True):
        alone = matcher.match([title], 4)[0]
        assert [(m.concept, m.label, m.type) for m in found] == [(m.concept, m.label, m.type) for m in alone]
        assert [m.score for m in found] == pytest.approx([m.score for m in alone], abs=1e-5)
    assert together[1] == together[2] == []


def test_equal_scores_are_in_the_order_of_iris() -> None:
    same = [Label(iri, "keeper", ALTERNATIVE) for iri in ("o:c", "o:a", "o:b")]
    made = Matcher(build(same, {}, "en"), "en")
    assert [made.section.iri(m.concept) for m in made.match(["keeper"], 3)[0]] == ["o:a", "o:b", "o:c"]


def test_a_preferred_label_comes_before_an_alternative_one() -> None:
    labels = [Label("o:a", "keeper", ALTERNATIVE), Label("o:a", "warden", PREFERRED), Label("o:b", "keeper", PREFERRED)]
    made = Matcher(build(labels, {}, "en"), "en")
    assert made.section.iri(first(made, "keepers").concept) == "o:b"


def test_a_form_of_the_preferred_label_is_as_good_as_the_label() -> None:
    labels = [
        Label("o:a", "técnico", ALTERNATIVE), Label("o:a", "ajustador/ajustadora", PREFERRED),
        Label("o:b", "técnica", ALTERNATIVE), Label("o:b", "técnico/técnica", PREFERRED),
    ]  # fmt: skip
    section = build(labels, {}, "es")
    made = Matcher(section, "es")
    for title in ("técnico", "Técnica", "ajustadora"):
        found = first(made, title)
        assert (section.iri(found.concept), found.type) == ("o:a" if title == "ajustadora" else "o:b", "exact")
    said = {section.text(n): int(section.roles[n]) for n in range(len(section.roles))}
    assert said["técnica"] == said["ajustadora"] == ALTERNATIVE | FORM
    assert section.text(section.labels(1)[0]) == "técnico/técnica"


def test_descriptions_and_other_labels_decide_between_equals() -> None:
    labels = [
        Label("o:a", "assistant", PREFERRED),
        Label("o:b", "assistant", PREFERRED),
        Label("o:c", "painter of ships", PREFERRED),
    ]
    made = Matcher(build(labels, {"o:b": "Helps a painter of ships."}, "en"), "en")
    assert made.section.iri(first(made, "assistant painter").concept) != "o:a"
    concepts, _ = made.weighed(["assistant painter"])
    a, b, _ = concepts[0]
    assert b > a


def test_the_section_does_not_depend_on_the_order_of_its_labels() -> None:
    one, other = build(LABELS, TOLD, "en").arrays(), build([*reversed(LABELS), *LABELS], TOLD, "en").arrays()
    for name in one:
        assert np.array_equal(one[name], other[name]), name


def test_who_asks_for_more_than_resemble_gets_all_that_do() -> None:
    labels = [Label(f"o:{n:04}", f"keeper of {n}", PREFERRED) for n in range(400)]
    labels += [Label("o:9998", "trawl master", PREFERRED), Label("o:9999", "trawler hand", PREFERRED)]
    made = Matcher(build(labels, {}, "en"), "en")
    found = made.match(["trawlerman"], 5)[0]
    assert {made.section.iri(m.concept) for m in found} >= {"o:9998", "o:9999"}


def test_what_evaluation_ranks_by_is_what_match_ranks_by(matcher: Matcher) -> None:
    for title in ("museum curators", "designer of games", "A&R manager"):
        (_, scores), found = next(matcher.scored([title])), matcher.match([title], 5)[0]
        assert [float(scores[m.concept]) for m in found] == pytest.approx([m.score for m in found], abs=1e-5)


def test_ranks_are_pessimistic() -> None:
    scores = np.array([0.5, 0.9, 0.5, 0.0], np.float32)
    assert evaluate.rank(scores, [1]) == 1
    assert evaluate.rank(scores, [0]) == 3  # the other 0.5 comes before it
    assert evaluate.rank(scores, [0, 2]) == 2
    assert evaluate.rank(scores, [3]) == 5  # not found at all
    assert evaluate.rank(scores, []) == 5


def test_a_held_out_label_is_hidden_whole() -> None:
    kept, hidden, elsewhere = evaluate.held_out(
        [*LABELS, Label("o:x", "Graphic Designer", ALTERNATIVE), Label("o:x", "x", PREFERRED)]
    )
    assert {next(iter(right)) for _, right in hidden} == {"o:curator", "o:designer", "o:developer", "o:director", "o:x"}
    left = {(label.concept, label.text) for label in kept}
    assert not any((next(iter(right)), text) in left for text, right in hidden)
    assert elsewhere == 1  # what was hidden of o:x is the preferred label of o:designer


def test_both_halves_together_are_all() -> None:
    queries = [f"title {n}" for n in range(200)]
    tuned = sum(map(evaluate.tuning, queries))
    assert 70 < tuned < 130


def test_confidence_grows_with_score_and_lead() -> None:
    def sure(score: float, rival: float) -> float:
        return confidence.confidences([Match(0, 0, "fuzzy", score), Match(1, 1, "fuzzy", rival)], 1)[0]

    values = [sure(score, rival) for score, rival in ((0.4, 0.39), (0.8, 0.75), (1.2, 0.9), (1.4, 0.5))]
    assert all(a < b for a, b in itertools.pairwise(values))
    assert 0 < values[0] < values[-1] < 1
