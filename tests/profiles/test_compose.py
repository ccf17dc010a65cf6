"""Composing by the guidelines that are shipped, on small tables whose outcome can be counted by hand."""

from __future__ import annotations

import random
from dataclasses import replace

import pyoxigraph as ox
import pytest

import queries
from analysis.profiles.compose import compose, main_domain
from analysis.profiles.guidelines import guidelines
from analysis.profiles.tables import (
    Anchor,
    Figures,
    Guidelines,
    Limit,
    Needs,
    Place,
    Profile,
    ProfileTables,
    Recipe,
    SkillFacts,
)
from analysis.profiles.templates import template_recipes, templates
from analysis.profiles.traits import skill_facts
from loaders.derive.scope import ontology_quads
from ontology import FOLDER

FACTS = {
    "a": SkillFacts(frozenset()),
    "b": SkillFacts(frozenset({"knowledge"}), "field"),
    "c": SkillFacts(frozenset({"transversal"}), "", "T1"),
    "d": SkillFacts(frozenset({"digital", "digital-or-green"})),
    "e": SkillFacts(frozenset({"green", "digital-or-green"})),
    "f": SkillFacts(frozenset({"language"})),
    **{f"x{n}": SkillFacts(frozenset()) for n in range(9)},
}
TABLES = ProfileTables.of(
    skills=FACTS,
    occupations={
        "one": Needs(("a", "b", "x0", "x1", "x2"), ("c", "d")),
        "two": Needs(("a", "c", "x3"), ("b", "e", "f")),
        "three": Needs(("a", "x4"), ("e", "x0")),
        "outside": Needs(("x8", "x5", "x6"), ()),
    },
    figures={
        "heritage": {
            "a": Figures(4.0, 0.5, "established", "heritage/k"),
            "d": Figures(2.5, 0.1, "indicated", "heritage/k"),
            "e": Figures(3.0, 0.2, "established", "heritage/k"),
        }
    },
    scope={
        "one": {"heritage": Place("core", ("preservation",), ("preservation",))},
        "two": {"heritage": Place("core", ("preservation", "education"))},
        "three": {"heritage": Place("core", ("preservation",)), "design": Place("related", ("creation",))},
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def rules() -> Guidelines:
    store = ox.Store()
    lines = "".join(ontology_quads([FOLDER / "profiles.ttl"]))
    store.load(input=lines, format=ox.RdfFormat.N_QUADS)

    def rows(name: str) -> list[tuple[str, ...]]:
        return [tuple("" if t is None else t.value for t in row) for row in queries.select(store, name)]

    return guidelines(rows("api/profile_sections"), rows("api/profile_rules"))


def recipe(*anchors: tuple[str, float], **more: object) -> Recipe:
    total = sum(w for _, w in anchors)
    return Recipe("composed", tuple(Anchor(o, w / total) for o, w in anchors), **more)  # type: ignore[arg-type]


def places(profile: Profile) -> dict[str, tuple[str, str]]:
    return {s.skill: (s.section, s.rule) for s in profile.skills}


def test_the_guidelines_are_the_twelve_sections_in_their_order(rules: Guidelines) -> None:
    assert [s.id for s in rules.sections] == [
        "statement", "anchors", "core", "specialised", "transversal", "knowledge", "digital-green", "languages", "functions",
        "optional", "gaps", "provenance",
    ]  # fmt: skip
    assert [r.id for r in rules.rules][:3] == ["core-shared", "core-of-anchor", "core-topped-up"]
    with pytest.raises(ValueError, match="is measured by 'x'"):
        guidelines([], [("iri", "r", "1", "s", "x", "0.5", "1", "false", "", "")])


def test_one_anchor_gives_all_its_essential_skills_as_core_and_the_others_by_what_they_are(rules: Guidelines) -> None:
    made = compose(TABLES, rules, recipe(("one", 1)))
    assert made.domain == "heritage"
    assert {s for s, (section, _) in places(made).items() if section == "core"} == {"a", "b", "x0", "x1", "x2"}
    assert places(made)["d"] == ("specialised", "specialised")
    assert places(made)["c"] == ("transversal", "transversal")
    assert places(made)["e"] == ("optional", "emerging"), "specialised, green, and two of the nearest ask for it"
    by_skill = {s.skill: s for s in made.skills}
    assert by_skill["a"].also == ("specialised",)
    assert by_skill["b"].also == ("knowledge",)
    assert (by_skill["d"].relation, by_skill["d"].share, by_skill["d"].essential_share) == ("optional", 0.5, 0.0)
    assert by_skill["e"].relation == "none"
    assert (made.functions, made.charter_functions, made.left_out) == (("preservation",), ("preservation",), 0)


def test_weights_decide_what_is_core(rules: Guidelines) -> None:
    made = compose(TABLES, rules, recipe(("one", 0.7), ("two", 0.3)))
    core = [s.skill for s in made.skills if s.rule == "core-shared"]
    assert set(core) == {"a", "b", "x0", "x1", "x2"}
    assert core[0] == "a", "the most widely essential first"
    other = compose(TABLES, rules, recipe(("one", 0.3), ("two", 0.7)))
    assert {s.skill for s in other.skills if s.rule == "core-shared"} == {"a", "c", "x3"}
    assert {s.skill for s in other.skills if s.rule == "core-of-anchor"} == {"b", "x0", "x1", "x2"}, "all or none"
    assert "few-shared" in {w.code for w in other.warnings}


def test_a_cell_asks_for_two_occupations(rules: Guidelines) -> None:
    by_id = {t.id: t for t in templates(TABLES, rules)}
    assert set(by_id) == {
        "design-creation", "heritage-education", "heritage-preservation", "heritage-one", "heritage-two", "heritage-three"
    }  # fmt: skip
    cell = by_id["heritage-preservation"].profile
    assert {s.skill for s in cell.skills if s.rule == "core-shared"} == {"a"}
    assert cell.left_out == 4
    assert by_id["design-creation"].degree == "related"
    assert {w.code for w in by_id["design-creation"].profile.warnings} == {"related-only", "one-anchor"}
    assert [key for key, _, _ in template_recipes(TABLES)] == sorted(
        by_id, key=lambda k: (k in {"heritage-one", "heritage-three", "heritage-two"}, k)
    )


def test_added_dropped_and_bounded(rules: Guidelines) -> None:
    limits = {"core": Limit(maximum=3), "optional": Limit(maximum=2)}
    added = (("x7", "core"), ("x8", ""))
    made = compose(TABLES, rules, recipe(("one", 1), add=added, drop=frozenset({"x0"}), limits=limits))
    found = places(made)
    assert found["x7"] == ("core", "added")
    assert found["x8"] == ("optional", "added")
    assert "x0" not in found
    core = {s for s, (section, _) in found.items() if section == "core"}
    assert core == {"x7", "a"}, "room for one more, and b, x1 and x2 count alike"
    assert sum(section == "optional" for section, _ in found.values()) == 2
    short = compose(TABLES, rules, recipe(("one", 1), maximum=4))
    assert len(short.skills) == 4
    part = compose(TABLES, rules, recipe(("one", 1), sections=("knowledge",)))
    assert places(part) == {"b": ("knowledge", "knowledge")}


def test_warnings(rules: Guidelines) -> None:
    apart = compose(TABLES, rules, recipe(("one", 1), ("outside", 1)))
    assert {w.code: w.about for w in apart.warnings}["anchors-apart"] == ("one", "outside")
    assert "domain-unsupported" in {w.code for w in compose(TABLES, rules, recipe(("outside", 1))).warnings}
    assert "domain-unsupported" in {w.code for w in compose(TABLES, rules, recipe(("one", 1), domain="music")).warnings}
    idle = compose(TABLES, rules, recipe(("two", 1), drop=frozenset({"x8"})))
    assert {w.code: w.about for w in idle.warnings}["drop-without-effect"] == ("x8",)
    assert "small-domain" in {
        w.code for w in compose(replace(TABLES, small=frozenset({"heritage"})), rules, recipe(("one", 1))).warnings
    }


def test_seven_fourteenths_are_a_half(rules: Guidelines) -> None:
    names = [f"o{n}" for n in range(14)]
    needs = {o: Needs(("a", "x0") if n < 7 else ("x0",), ()) for n, o in enumerate(names)}
    tables = replace(TABLES, occupations=needs, scope={o: {"heritage": Place("core", ("education",))} for o in names})
    cell = next(t for t in templates(tables, rules) if t.id == "heritage-education")
    assert places(cell.profile)["a"] == ("core", "core-shared")


def test_the_order_of_tables_does_not_matter(rules: Guidelines) -> None:
    made = compose(TABLES, rules, recipe(("one", 2), ("two", 1), ("three", 1)))
    shuffled = list(FACTS.items())
    random.Random(3).shuffle(shuffled)
    mixed = ProfileTables.of(
        dict(shuffled), dict(reversed(TABLES.occupations.items())), TABLES.figures, dict(reversed(TABLES.scope.items()))
    )
    assert compose(mixed, rules, recipe(("three", 1), ("one", 2), ("two", 1))).skills == made.skills
    assert main_domain(TABLES, recipe(("three", 1))) == "heritage"
    assert main_domain(TABLES, recipe(("outside", 1))) == ""


def test_an_anchor_without_a_core_skill_gets_its_essential_ones_as_a_block(rules: Guidelines) -> None:
    made = compose(TABLES, rules, recipe(("one", 2), ("outside", 1)))
    found = places(made)
    assert {s for s, (_, rule) in found.items() if rule == "core-shared"} == {"a", "b", "x0", "x1", "x2"}
    assert {s for s, (_, rule) in found.items() if rule == "core-of-anchor"} == {"x8", "x5", "x6"}
    light = places(compose(TABLES, rules, recipe(("one", 20), ("outside", 1))))
    assert "core-of-anchor" not in {rule for _, rule in light.values()}, "less than a tenth"
    bounded = recipe(("one", 2), ("outside", 1), limits={"core": Limit(maximum=7)})
    assert "x8" not in {s for s, (section, _) in places(compose(TABLES, rules, bounded)).items() if section == "core"}


def test_a_part_of_an_anchor_counts_for_the_skills_in_it_alone(rules: Guidelines) -> None:
    part = Anchor("one", 0.5, ("heritage/k",), frozenset({"a", "d"}))
    made = compose(TABLES, rules, Recipe("composed", (part, Anchor("outside", 0.5))))
    assert {s.skill for s in made.skills if s.section == "core"} == {"a", "x5", "x6", "x8"}
    assert {s.skill for s in made.skills} & {"b", "x0", "x1", "x2", "c"} == set()
    assert places(made)["d"] == ("specialised", "specialised")


def test_what_stands_beside_the_map_is_not_specialised(rules: Guidelines) -> None:
    beside = {"heritage": {**TABLES.figures["heritage"], "d": Figures(2.5, 0.1, "indicated")}}
    made = compose(replace(TABLES, figures=beside), rules, recipe(("one", 1), domain="heritage"))
    assert places(made)["d"] == ("digital-green", "digital")
    assert places(compose(TABLES, rules, recipe(("one", 1), domain="heritage")))["d"] == ("specialised", "specialised")


def test_a_member_of_a_list_of_tools_is_told_among_what_is_optional(rules: Guidelines) -> None:
    assert skill_facts("lisp", "knowledge", ["digital"], None, {"lisp": ["f"]}, {"f": "0613"}).traits == {
        "knowledge", "digital", "digital-or-green",
    }  # fmt: skip
    tool = skill_facts("lisp", "knowledge", ["digital"], None, {"lisp": ["f"]}, {"f": "0613"}, tool=True)
    assert tool.traits == set()
    tables = replace(TABLES, skills={**FACTS, "c": tool})
    assert places(compose(tables, rules, recipe(("one", 1), domain="heritage")))["c"] == ("optional", "optional")


def test_of_several_domains_the_one_most_specialised_in_a_skill_counts(rules: Guidelines) -> None:
    figures = {
        **TABLES.figures,
        "design": {"a": Figures(9.0, 0.4, "established", "design/k"), "x1": Figures(5, 0.2, "none")},
    }
    tables = replace(TABLES, figures=figures)
    made = compose(tables, rules, recipe(("one", 1), domain="heritage", beside=("design",)))
    assert made.units == ("heritage", "design")
    assert tables.best(made.units, "a")[0] == "design"
    assert tables.best(made.units, "d")[0] == "heritage"
    assert [s.skill for s in made.skills if s.section == "core"][:2] == ["a", "x1"], "by the better quotient"
    unsupported = compose(tables, rules, recipe(("one", 1), domain="heritage", beside=("music",)))
    assert [w.detail for w in unsupported.warnings if w.code == "domain-unsupported"] == [
        "No anchor is in the scope of music."
    ]


def test_a_cell_that_has_nothing_in_common_has_no_template(rules: Guidelines) -> None:
    needs = {"one": Needs(("x0", "x1", "x2"), ()), "two": Needs(("x3", "x4", "x5"), ())}
    scope = {o: {"heritage": Place("core", ("education",))} for o in needs}
    made = {t.id for t in templates(replace(TABLES, occupations=needs, scope=scope), rules)}
    assert made == {"heritage-one", "heritage-two"}


def test_dropping_a_skill_drops_what_stands_under_it(rules: Guidelines) -> None:
    facts = {**FACTS, "x1": SkillFacts(frozenset(), under=frozenset({"x0"})), "x9": SkillFacts(frozenset())}
    made = compose(replace(TABLES, skills=facts), rules, recipe(("one", 1), drop=frozenset({"x0"})))
    assert {"x0", "x1"}.isdisjoint(places(made))
    assert "x2" in places(made)
    assert made.left_out == 0


def test_emerging_needs_two_of_the_nearest(rules: Guidelines) -> None:
    needs = {**TABLES.occupations, "three": Needs(("a", "x4"), ("x0",))}
    made = compose(replace(TABLES, occupations=needs), rules, recipe(("one", 1)))
    assert "e" not in places(made), "only one of them asks for it"
