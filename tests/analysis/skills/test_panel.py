"""What a panel adopts of clusters, skills and flags changes what it names, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from analysis.skills import Settings, derive
from analysis.skills.panel import Overlaid, SkillDecision, overlay
from analysis.skills.tables import SkillsResult, SkillTables

from .test_areas import CLAY, PAINT, with_areas

QUICK = Settings(views=4, runs=1, max_share=0.6)
PAINTING, CERAMICS = "visual/painting", "visual/ceramics"


@cache
def derived() -> tuple[SkillsResult, SkillTables]:
    tables = with_areas(PAINT, CLAY)
    return derive(tables, settings=QUICK), tables


def decision(outcome: Any, **fields: Any) -> SkillDecision:
    return SkillDecision(outcome, (f"entry/{outcome}",), 0.9, **({"domain": "visual"} | fields))


def laid(*decisions: SkillDecision) -> Overlaid:
    return overlay(*derived(), decisions)


def members(result: SkillsResult) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {(c.id, m.skill): (m.weight, m.centrality, m.rank, m.primary) for c in result.clusters for m in c.members}


def homes(result: SkillsResult, skill: str, domain: str = "visual") -> set[str]:
    return {
        c.id
        for c in result.clusters
        if c.domain == domain and c.level == "broad"
        for m in c.members
        if m.skill == skill and m.primary
    }


def changed(before: SkillsResult, after: SkillsResult) -> tuple[set[str], set[str], set[str]]:
    """Skills whose memberships, rows or flags differ, in this order."""
    was, now = members(before), members(after)
    rows = {(r.unit, r.skill): r for r in before.specialisations}
    flags = {t.skill: t for t in before.transversality}
    return (
        {key[1] for key in was.keys() | now.keys() if was.get(key) != now.get(key)},
        {r.skill for r in after.specialisations if rows[r.unit, r.skill] != r},
        {t.skill for t in after.transversality if flags[t.skill] != t},
    )


def test_without_a_panel_the_result_is_the_very_same() -> None:
    assert laid().result is derived()[0]


def test_a_skill_that_moves_is_in_the_other_cluster_and_no_other_skill_is_touched() -> None:
    found = laid(decision("move", cluster=CERAMICS, skills=("paint-3",)))
    assert homes(found.result, "paint-3") == {CERAMICS}
    row = next(r for r in found.result.specialisations if (r.unit, r.skill) == ("visual", "paint-3"))
    assert row.area == "ceramics"
    assert changed(derived()[0], found.result) == ({"paint-3"}, {"paint-3"}, set())
    described = next(c for c in found.result.clusters if c.id == CERAMICS).descriptions["en"]
    assert described.startswith("7 skills")
    assert {(b.kind, b.key, b.skill) for b in found.behind} >= {
        ("membership", CERAMICS, "paint-3"), ("skill", "visual", "paint-3"),
    }  # fmt: skip


def test_a_skill_that_is_confirmed_where_it_stands_changes_nothing_but_has_the_panel_behind_it() -> None:
    found = laid(decision("move", cluster=PAINTING, skills=("paint-3",)))
    assert found.result == derived()[0]
    assert {(b.kind, b.skill) for b in found.behind} == {("membership", "paint-3"), ("skill", "paint-3")}


def test_a_skill_that_is_not_ours_is_in_no_cluster_of_the_domain_and_keeps_its_figures() -> None:
    found = laid(decision("not-ours", skills=("clay-2",)))
    assert homes(found.result, "clay-2") == set()
    assert homes(found.result, "clay-2", "ccsi") == homes(derived()[0], "clay-2", "ccsi")
    before = {(r.unit, r.skill): r for r in derived()[0].specialisations}
    row = next(r for r in found.result.specialisations if (r.unit, r.skill) == ("visual", "clay-2"))
    assert row == replace(before["visual", "clay-2"], area="")
    assert changed(derived()[0], found.result)[0] == {"clay-2"}


def test_a_skill_that_is_ours_by_the_panels_word_alone_says_so() -> None:
    found = laid(decision("move", cluster=PAINTING, skills=("talk-to-people",)))
    row = next(r for r in found.result.specialisations if (r.unit, r.skill) == ("visual", "talk-to-people"))
    assert (row.evidence, row.specialised, row.area) == ("expert", True, "painting")
    assert homes(found.result, "talk-to-people") == {PAINTING}


def test_a_cluster_is_renamed_in_the_languages_that_the_panel_gives() -> None:
    found = laid(decision("rename", cluster=PAINTING, labels=(("de", "Malerei"), ("en", "Paint and pigment"))))
    kept = {c.id: c for c in found.result.clusters}
    assert kept[PAINTING].labels == {"de": "Malerei", "en": "Paint and pigment"}
    before = {c.id: c for c in derived()[0].clusters}
    assert {k for k in kept if kept[k] != before[k]} == {PAINTING}
    assert found.behind[0].key == PAINTING


def test_merged_clusters_are_one_and_the_old_identifier_is_told() -> None:
    found = laid(decision("merge", cluster=CERAMICS, into=PAINTING))
    ids = {c.id for c in found.result.clusters if c.domain == "visual" and c.level == "broad"}
    assert ids == {PAINTING}
    assert homes(found.result, "clay-0") == homes(found.result, "paint-0") == {PAINTING}
    assert all(c.parent in ids for c in found.result.clusters if c.domain == "visual" and c.level == "fine")
    assert not any(CERAMICS in dict(c.neighbours) for c in found.result.clusters)
    assert [(e.new, e.old, e.relation) for e in found.result.lineage] == [(PAINTING, CERAMICS, "merge")]


def test_a_retired_cluster_takes_its_skills_off_the_map() -> None:
    found = laid(decision("retire", cluster=CERAMICS))
    assert {c.id for c in found.result.clusters if c.domain == "visual" and c.level == "broad"} == {PAINTING}
    assert not any(c.parent == CERAMICS for c in found.result.clusters)
    rows = {r.skill: r.area for r in found.result.specialisations if r.unit == "visual"}
    assert {rows[f"clay-{i}"] for i in range(6)} == {""}
    assert {rows[f"paint-{i}"] for i in range(6)} == {"painting"}
    assert ("", CERAMICS, "retired") in {(e.new, e.old, e.relation) for e in found.result.lineage}


def test_a_split_makes_a_cluster_with_a_lasting_identifier() -> None:
    new = "visual/glazes"
    found = laid(decision("split", cluster=CERAMICS, into=new, skills=("clay-4", "clay-5"), labels=(("en", "Glazes"),)))
    made = next(c for c in found.result.clusters if c.id == new)
    assert ({m.skill for m in made.members}, made.labels) == ({"clay-4", "clay-5"}, {"en": "Glazes"})
    assert [m.rank for m in made.members] == [1, 2]
    assert (made.stability, made.reliable, made.level, made.parent) == (0.9, False, "broad", "")
    assert made.support == 4  # the potters, who all use two of these at least
    assert homes(found.result, "clay-4") == {new}
    assert homes(found.result, "clay-0") == {CERAMICS}
    assert changed(derived()[0], found.result)[0] == {"clay-4", "clay-5"}
    assert (new, CERAMICS, "split") in {(e.new, e.old, e.relation) for e in found.result.lineage}


def test_flags_change_the_skill_and_its_rows() -> None:
    was = {t.skill: t.transversal for t in derived()[0].transversality}
    found = laid(
        decision("not-transversal" if was["talk-to-people"] else "transversal", domain="", skills=("talk-to-people",))
    )
    now = {t.skill: t.transversal for t in found.result.transversality}
    assert {s for s in now if now[s] != was[s]} == {"talk-to-people"}
    assert changed(derived()[0], found.result) == (set(), {"talk-to-people"}, {"talk-to-people"})


def test_decisions_on_one_cluster_go_together() -> None:
    """A skill goes to the cluster that is then merged, so it ends where that one does."""
    found = laid(
        decision("merge", cluster=CERAMICS, into=PAINTING),
        decision("move", cluster=CERAMICS, skills=("paint-3",)),
        decision("rename", cluster=PAINTING, labels=(("en", "Crafts"),)),
    )
    assert homes(found.result, "paint-3") == {PAINTING}
    assert next(c for c in found.result.clusters if c.id == PAINTING).labels == {"en": "Crafts"}
    assert found.notes == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (decision("move", cluster="visual/nothing", skills=("paint-3",)), "no broad cluster visual/nothing"),
        (decision("rename", cluster="visual/nothing", labels=(("en", "x"),)), "no broad cluster"),
        (decision("ours", skills=("metal-0",)), "no occupation of visual uses metal-0"),
        (decision("transversal", domain="", skills=("unused",)), "no domain of this release uses unused"),
        (decision("split", cluster=CERAMICS, into=PAINTING, skills=("clay-4",), labels=(("en", "x"),)), "is there already"),
        (decision("split", cluster=CERAMICS, into="visual/x", skills=("metal-1",), labels=(("en", "x"),)), "in no cluster"),
    ],
)  # fmt: skip
def test_what_finds_no_place_is_set_aside_and_named(wrong: SkillDecision, said: str) -> None:
    found = laid(wrong)
    assert found.result.clusters == derived()[0].clusters
    assert found.behind == ()
    assert said in found.notes[0]
    assert wrong.sources[0] in found.notes[0]


def test_two_that_would_merge_into_each_other_leave_one() -> None:
    found = laid(decision("merge", cluster=CERAMICS, into=PAINTING), decision("merge", cluster=PAINTING, into=CERAMICS))
    assert {c.id for c in found.result.clusters if c.domain == "visual" and c.level == "broad"} == {PAINTING}
    assert "cannot take in" in found.notes[0]
