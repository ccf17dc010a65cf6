"""The whole derivation, and its fit, on a small world where the answer is known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from analysis.scope import derive, seeds_of
from analysis.scope.evaluate import Gold, GoldRow, score
from analysis.scope.fit import fit
from analysis.scope.model import FEATURES, default_parameters
from analysis.tables import Assertion, Degree, Occupation, Route, ScopeTables


def says(occupation: str, domain: str, degree: Degree, route: Route) -> Assertion:
    return Assertion(occupation, domain, degree, route, (f"source-{route}",), function="creation")


@pytest.fixture(scope="module")
def world() -> tuple[ScopeTables, Gold]:
    """Sixty occupations: musicians and makers, of whom the codes see two thirds, and forty others."""
    chance = random.Random(7)
    occupations: dict[str, Occupation] = {}
    assertions: list[Assertion] = []
    gold: Gold = {}
    for i in range(60):
        iri = f"o{i:02}"
        domain = "music" if i < 12 else "crafts" if i < 20 else ""
        label = {"music": "violinist", "crafts": "goldsmith", "": "clerk"}[domain]
        own = [f"{domain}{k}" for k in range(8)] if domain else []
        skills = chance.sample(own, min(5, len(own))) + chance.sample([f"s{k}" for k in range(20)], 5)
        occupations[iri] = Occupation(iri, "", "", {"en": (label, f"{label} {i}")}, frozenset(skills), frozenset())
        gold[iri] = {domain: GoldRow(frozenset({"core"}))} if domain else {}
        if domain and i % 3:
            assertions.append(says(iri, domain, "core", "isco"))
    assertions.append(says("o30", "music", "core", "nace"))
    return ScopeTables(occupations, tuple(assertions)), gold


def test_evidence_of_words_and_skills_finds_what_codes_miss(world: tuple[ScopeTables, Gold]) -> None:
    tables, gold = world
    by_codes = score(derive(tables, ("isco", "nace")).decisions, gold)
    by_all = score(derive(tables).decisions, gold)
    assert by_all["any"]["recall"] > by_codes["any"]["recall"]
    assert by_all["any"]["precision"] >= by_codes["any"]["precision"]


def test_the_same_tables_give_the_same_result_in_whatever_order(world: tuple[ScopeTables, Gold]) -> None:
    tables, _ = world
    turned = ScopeTables(dict(reversed(tables.occupations.items())), tables.assertions[::-1])
    assert derive(tables) == derive(turned)


def test_results_are_sorted(world: tuple[ScopeTables, Gold]) -> None:
    result = derive(world[0])
    assert list(result.decisions) == sorted(result.decisions, key=lambda d: (d.occupation, d.domain))
    assert list(result.assertions) == sorted(result.assertions, key=lambda a: (a.occupation, a.domain, a.route))


def test_only_the_chosen_routes_speak(world: tuple[ScopeTables, Gold]) -> None:
    assert {a.route for a in derive(world[0], ("isco",)).assertions} == {"isco"}
    assert {a.route for a in derive(world[0], ("isco", "label")).assertions} == {"isco", "label"}


def test_every_decision_rests_on_an_assertion(world: tuple[ScopeTables, Gold]) -> None:
    assert all(d.based_on for d in derive(world[0]).decisions)


def test_curation_decides_the_occupations_it_speaks_about(world: tuple[ScopeTables, Gold]) -> None:
    tables, _ = world
    curated = (says("o30", "", "excluded", "curated"), says("o01", "crafts", "related", "curated"))
    decisions = derive(replace(tables, assertions=tables.assertions + curated)).decisions
    result = {(d.occupation, d.domain): d for d in decisions}
    assert result["o30", "music"].degree == "excluded"
    assert result["o01", "crafts"].degree == "related"
    assert result["o01", "music"].degree == "excluded"


def test_read_occupations_without_a_statement_are_out(world: tuple[ScopeTables, Gold]) -> None:
    tables, _ = world
    curated = replace(tables, assertions=(*tables.assertions, says("o01", "music", "core", "curated")))
    result = derive(curated, read=frozenset(tables.occupations))
    assert [d.occupation for d in result.decisions if d.degree != "excluded"] == ["o01"]
    without = derive(curated, ("isco", "nace", "skills", "label"), read=frozenset(tables.occupations))
    assert sum(d.degree != "excluded" for d in without.decisions) > 1


def test_assertions_about_unknown_occupations_are_passed_over(world: tuple[ScopeTables, Gold]) -> None:
    tables, _ = world
    stray = replace(tables, assertions=(*tables.assertions, says("gone", "music", "core", "isco")))
    assert "gone" not in {d.occupation for d in derive(stray).decisions}


def test_empty_tables_give_an_empty_result() -> None:
    result = derive(ScopeTables({}))
    assert (result.assertions, result.decisions) == ((), ())


def test_seeds_are_core_pairs_and_curation_has_the_last_word() -> None:
    seeds = seeds_of(
        [
            says("a", "music", "core", "isco"),
            says("b", "music", "related", "isco"),
            says("c", "music", "core", "nace"),
            says("c", "", "excluded", "curated"),
            says("d", "music", "core", "isco"),
            says("d", "crafts", "core", "curated"),
            says("e", "music", "core", "label"),
        ]
    )
    assert seeds == {"music": {"a"}, "crafts": {"d"}}


def test_a_domain_without_core_pairs_learns_from_related_ones_and_then_from_labels() -> None:
    words = [
        replace(says(o, d, "core", "label"), score=s)
        for o, d, s in (("x", "gaming", 1.0), ("y", "advertising", 0.5), ("z", "advertising", 0.3))
    ]
    seeds = seeds_of([says("a", "gaming", "related", "nace")], words)
    assert seeds == {"gaming": {"a"}, "advertising": {"y"}}


def test_fit_reports_figures_and_is_repeatable(world: tuple[ScopeTables, Gold]) -> None:
    tables, gold = world
    parameters, report = fit(tables, gold, folds=4, seed=1, reading="a test")
    assert fit(tables, gold, folds=4, seed=1, reading="a test") == (parameters, report)
    assert report["uncurated"]["cross_validated"]["any"]["f1"] > 0.9
    assert "curated" not in report
    assert parameters.fitted["reading"] == "a test"
    assert set(parameters.in_scope.coefficients) == set(FEATURES)


def test_fit_with_curation_leaves_the_uncurated_model_alone(world: tuple[ScopeTables, Gold]) -> None:
    tables, gold = world
    statements = tuple(says(iri, d, "core", "curated") for iri, rows in gold.items() for d in rows)
    plain, _ = fit(tables, gold, folds=3)
    parameters, report = fit(replace(tables, assertions=tables.assertions + statements), gold, folds=3)
    assert report["curated"]["cross_validated"]["degree"]["f1"] == pytest.approx(1.0)
    assert parameters.in_scope == plain.in_scope
    assert parameters.curated.probability({"is_core": 1.0, "same": 1.0}) > 0.8


def test_fit_asks_for_enough_occupations(world: tuple[ScopeTables, Gold]) -> None:
    with pytest.raises(ValueError, match="too few"):
        fit(world[0], {"o01": {}}, folds=5)


def test_the_parameters_of_the_package_have_every_feature_and_their_origin() -> None:
    parameters = default_parameters()
    assert set(parameters.in_scope.coefficients) == set(parameters.core.coefficients) == set(FEATURES)
    assert parameters.skills_thresholds["core"] >= parameters.skills_thresholds["related"]
    assert parameters.fitted["reading"]
