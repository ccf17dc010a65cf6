from __future__ import annotations

from dataclasses import replace

from analysis.skills import derive
from analysis.skills.families import beside, families, told_by_areas
from analysis.skills.matrix import use_matrix
from analysis.skills.specialisation import units
from analysis.skills.tables import Scope, SkillArea, SkillTables

from .toy import occupation, skill, toy

RESEARCH = [f"research-{i}" for i in range(9)]
LANGUAGES = [f"language-{i}" for i in range(5)]


def with_sets() -> SkillTables:
    """The toy with nine skills that ten scientists and a painter list together, and five tools that she and four smiths do."""
    tables = toy()
    tools = [replace(skill(s, "programming"), type="knowledge") for s in LANGUAGES]
    more = [*(skill(s, "g:S1") for s in RESEARCH), replace(skill("programming"), type="knowledge"), *tools]
    scientists = [
        occupation(f"s{i}", f"21{i % 3}1", [r for j, r in enumerate(RESEARCH) if j != i % 9]) for i in range(10)
    ]
    coders = {
        o: replace(tables.occupations[o], optional=frozenset([*LANGUAGES, "programming"]))
        for o in ("m11", "m12", "m13", "m14")
    }
    p0 = tables.occupations["p0"]
    coders["p0"] = replace(
        p0, essential=p0.essential | set(RESEARCH), optional=p0.optional | {*LANGUAGES, "programming"}
    )
    return replace(
        tables,
        skills=tables.skills | {s.iri: s for s in more},
        occupations=tables.occupations | coders | {o.iri: o for o in scientists},
        scope=tables.scope | {("s0", "visual"): Scope("core")},
    )


def test_sets_and_tool_lists_are_found() -> None:
    tables = with_sets()
    found = {f.id: f for f in families(tables, use_matrix(tables))}
    tools = found["programming"]
    assert (tools.kind, tools.above, set(tools.skills)) == ("tools", "programming", set(LANGUAGES))
    research = next(f for f in found.values() if "research-0" in f.skills)
    assert research.kind == "shared"
    assert set(RESEARCH) <= set(research.skills)
    assert not {s for f in found.values() for s in f.skills if s.startswith(("paint", "clay"))}
    assert research.occupations == {"p0", *(f"s{i}" for i in range(10))}
    assert 0.5 <= research.agreement < 1


def test_a_set_is_a_units_own_where_half_of_its_users_are() -> None:
    tables = with_sets()
    found = families(tables, use_matrix(tables))
    outside = next(u for u in units(tables) if u.id == "visual")
    assert {"research-0", "language-0"} <= beside(found, outside).keys()
    every = replace(tables, scope=tables.scope | {(f"s{i}", "visual"): Scope("core") for i in range(10)})
    inside = next(u for u in units(every) if u.id == "visual")
    aside = beside(found, inside)
    assert "research-0" not in aside
    assert "language-0" in aside  # a list of tools is told by the concept above, whoever uses it


def test_what_stands_beside_the_map_is_not_on_it() -> None:
    result = derive(with_sets())
    row = {r.skill: r for r in result.specialisations if r.unit == "visual"}
    assert row["research-0"].family
    clustered = {m.skill for c in result.clusters if c.domain == "visual" for m in c.members}
    assert clustered
    assert not clustered & {*RESEARCH, *LANGUAGES}


def test_a_family_is_named_by_two_examples_or_more() -> None:
    tables = with_sets()
    found = families(tables, use_matrix(tables))
    research = next(f for f in found if "research-0" in f.skills)
    one = SkillArea("one", frozenset(), {"en": "One"}, frozenset({"research-0"}))
    two = SkillArea("two", frozenset(), {"en": "Two"}, frozenset({"research-0", "research-1"}))
    assert research.id not in told_by_areas(found, [one])
    assert told_by_areas(found, [one, two])[research.id] is two


def placed(tables: SkillTables) -> SkillTables:
    """With an area of its own for the painter's skills, and two that stand beside the map of visual arts."""
    own = SkillArea("painting", frozenset({"visual"}), {"en": "Painting"}, frozenset({"paint-0", "paint-1"}))
    clay = SkillArea(
        "ceramics",
        frozenset({"crafts"}),
        {"en": "Clay"},
        frozenset({"clay-0", "paint-0", "unknown"}),
        (),
        frozenset({"visual"}),
    )
    general = SkillArea("general", frozenset(), {"en": "General"}, frozenset({"paint-5"}), (), frozenset({"visual"}))
    return replace(tables, areas=(clay, general, own))


def test_an_area_may_stand_beside_a_map() -> None:
    result = derive(placed(with_sets()))
    row = {r.skill: r for r in result.specialisations if r.unit == "visual"}
    assert row["clay-0"].family == "ceramics"
    assert row["paint-5"].family == "general"
    assert row["paint-0"].family == ""  # an example of an area of the domain, too
    clustered = {m.skill for c in result.clusters if c.domain == "visual" for m in c.members if m.primary}
    assert "paint-0" in clustered
    assert not clustered & {"clay-0", "paint-5"}
    told = {f.id: f for f in result.families}
    assert (told["ceramics"].kind, told["ceramics"].area) == ("placed", "ceramics")
    assert told["ceramics"].skills == ("clay-0", "paint-0")


def test_what_serves_no_domain_stands_beside_the_whole() -> None:
    tables = placed(with_sets())
    found = families(tables, use_matrix(tables))
    whole = next(u for u in units(tables) if u.kind == "ccsi")
    assert beside(found, whole)["paint-5"].id == "general"
    assert "clay-0" not in beside(found, whole)


def test_a_set_that_was_found_tells_its_skills_before_one_that_was_placed() -> None:
    tables = with_sets()
    area = SkillArea("office", frozenset(), {"en": "Office"}, frozenset({"research-0"}), (), frozenset({"visual"}))
    tables = replace(tables, areas=(area,))
    visual = next(u for u in units(tables) if u.id == "visual")
    assert beside(families(tables, use_matrix(tables)), visual)["research-0"].kind == "shared"
