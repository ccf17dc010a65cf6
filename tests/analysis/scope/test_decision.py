"""The decision rule, case by case, on hand-made evidence and round parameters."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.scope.decision import curated_features, decide, excluded_features, pair_features
from analysis.scope.model import LogisticModel, Parameters, fit_logistic
from analysis.scope.skills_route import SkillScores
from analysis.tables import Assertion, Decision, Degree, Route

DOMAINS = ("books", "crafts", "music")

PARAMETERS = Parameters(
    in_scope=LogisticModel(-2.0, {"isco_core": 3.0, "nace_core": 3.0, "skills": 1.0}),
    core=LogisticModel(-1.0, {"isco_core": 2.0, "nace_related": -2.0}),
    curated=LogisticModel(2.0, {"same": 1.0, "other": -1.0}),
    excluded=LogisticModel(3.0, {"against": -1.0}),
    in_scope_threshold=0.5,
    core_threshold=0.5,
    skills_thresholds={"core": 3.0, "related": 2.0},
    route_precision={"isco_core": 0.8, "nace_related": 0.4},
    fitted={},
)


def says(route: Route, domain: str, degree: Degree = "core", occupation: str = "o", **more: str) -> Assertion:
    return Assertion(occupation, domain, degree, route, (f"source-{route}",), **more)  # type: ignore[arg-type]


def decided(
    *assertions: Assertion, weigh: bool = True, read: tuple[str, ...] = (), scores: SkillScores | None = None
) -> dict[str, Decision]:
    """Decide occupation ``o`` and return its decisions by domain."""
    return {d.domain: d for d in decide(assertions, scores, DOMAINS, weigh, PARAMETERS, read)}


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def test_a_reader_gives_the_degree() -> None:
    d = decided(says("curated", "music", "related"), says("isco", "music"))["music"]
    assert (d.degree, d.contradicted) == ("related", True)
    assert d.confidence == pytest.approx(sigmoid(2 - 1), abs=1e-4)
    assert {a.route for a in d.based_on} == {"curated", "isco"}


def test_agreement_makes_a_reader_surer() -> None:
    alone = decided(says("curated", "music"))["music"]
    supported = decided(says("curated", "music"), says("isco", "music"))["music"]
    assert not alone.contradicted
    assert not supported.contradicted
    assert supported.confidence > alone.confidence


def test_what_a_reader_leaves_out_of_an_occupation_is_excluded_and_visible() -> None:
    result = decided(says("curated", "music"), says("isco", "books"), says("nace", "books"))
    assert result["music"].degree == "core"
    books = result["books"]
    assert (books.degree, books.contradicted) == ("excluded", True)
    assert [a.route for a in books.based_on] == ["curated", "isco", "nace"]
    assert books.confidence == pytest.approx(sigmoid(3 - 2), abs=1e-4)


def test_an_exclusion_removes_its_pair() -> None:
    result = decided(says("curated", "music", "excluded"), says("isco", "music"), says("curated", "crafts"))
    assert {k: d.degree for k, d in result.items()} == {"music": "excluded", "crafts": "core"}
    assert [a.domain for a in result["music"].based_on] == ["music", "music"]


def test_an_exclusion_outweighs_a_degree_for_the_same_pair() -> None:
    assert decided(says("curated", "music"), says("curated", "music", "excluded"))["music"].degree == "excluded"


def test_an_exclusion_from_every_domain_removes_them_all() -> None:
    result = decided(says("curated", "", "excluded"), says("isco", "music"), says("nace", "books"))
    assert {k: (d.degree, d.contradicted) for k, d in result.items()} == {
        "music": ("excluded", True),
        "books": ("excluded", True),
    }


def test_an_exclusion_that_nothing_contradicts_is_still_shown() -> None:
    result = decided(says("curated", "", "excluded"))
    assert {k: (d.degree, d.contradicted) for k, d in result.items()} == {"": ("excluded", False)}


def test_uncurated_evidence_is_weighed() -> None:
    d = decided(says("isco", "music"))["music"]
    assert (d.degree, d.contradicted) == ("core", False)
    assert d.confidence == pytest.approx(sigmoid(-2 + 3) * sigmoid(-1 + 2), abs=1e-4)


def test_too_little_evidence_decides_nothing() -> None:
    assert decided(says("nace", "music", "related")) == {}


def test_the_second_model_chooses_the_degree() -> None:
    d = decided(says("nace", "music"))["music"]
    assert d.degree == "related"
    assert d.contradicted


def test_a_skills_score_without_an_assertion_decides_nothing() -> None:
    values = np.array([[9.0, 9.0, 9.0]])
    scores = SkillScores(("o",), DOMAINS, values, values, values)
    assert decided(scores=scores) == {}
    assert decided(says("nace", "music", "related"), scores=scores).keys() == {"music"}


def test_silence_about_an_occupation_that_was_read_is_a_no() -> None:
    result = decided(says("isco", "music"), read=("o",))
    assert (result["music"].degree, result["music"].contradicted) == ("excluded", True)
    assert decided(says("nace", "music", "related"), read=("o",)) == {}
    assert decided(says("curated", "music"), read=("o",))["music"].degree == "core"


def test_the_plain_rule_is_the_union() -> None:
    result = decided(
        says("isco", "music"), says("nace", "music", "related"), says("nace", "books", "related"), weigh=False
    )
    assert (result["music"].degree, result["music"].confidence, result["music"].contradicted) == ("core", 0.8, True)
    assert (result["books"].degree, result["books"].confidence) == ("related", 0.4)


def test_details_come_from_the_most_deliberate_route() -> None:
    d = decided(
        says("isco", "crafts", sub_domain="wood", function="creation"),
        says("nace", "crafts", function="production"),
        says("curated", "crafts", charter_function="preservation"),
    )["crafts"]
    # Where a curator read an occupation, a code no longer gives it a sub-domain.
    assert (d.sub_domain, d.functions, d.charter_functions) == ("", ("production",), ("preservation",))


def test_the_order_of_the_assertions_does_not_matter() -> None:
    given = [
        says("isco", "music"),
        says("nace", "music"),
        says("nace", "books"),
        says("curated", "crafts", "core", "p"),
        says("isco", "music", "core", "p"),
    ]
    assert decide(given, None, DOMAINS, True, PARAMETERS) == decide(given[::-1], None, DOMAINS, True, PARAMETERS)


def test_features_of_a_pair() -> None:
    label = Assertion("o", "music", "related", "label", ("o",), score=0.4)
    assert pair_features([says("isco", "music"), label], 99.0) == {
        "isco_core": 1.0,
        "label_related": 0.4,
        "agree2": 1.0,
        "agree3": 0.0,
        "skills": 5.0,
    }
    assert pair_features([], float("nan"))["skills"] == 0.0


def test_features_of_curated_pairs_count_routes() -> None:
    said = [
        says("curated", "music"),
        says("isco", "music"),
        says("nace", "music"),
        says("nace", "music", "related"),
        says("label", "music", "related"),
    ]
    assert curated_features("core", said, 0.5) == {"is_core": 1.0, "same": 2.0, "other": 1.0, "skills": 0.5}
    assert excluded_features(said, 0.5) == {"against": 3.0, "skills": 0.5}


def test_logistic_fit_finds_the_odds_of_a_table() -> None:
    rows = [{"x": 1.0}] * 40 + [{"x": 0.0}] * 40
    outcomes = [True] * 30 + [False] * 10 + [True] * 10 + [False] * 30
    model = fit_logistic(rows, outcomes, ("x",), penalty=0.0)
    assert model.probability({"x": 1.0}) == pytest.approx(0.75, abs=1e-3)
    assert model.probability({}) == pytest.approx(0.25, abs=1e-3)


def test_logistic_fit_of_separable_outcomes_stays_finite() -> None:
    model = fit_logistic([{"x": 1.0}] * 5 + [{}] * 5, [True] * 5 + [False] * 5, ("x",), penalty=0.3)
    assert 0.5 < model.probability({"x": 1.0}) < 1


def test_parameters_survive_their_file() -> None:
    assert Parameters.of(json.loads(PARAMETERS.to_json())) == PARAMETERS
