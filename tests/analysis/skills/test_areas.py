from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.skills import derive, features, prepare
from analysis.skills.areas import NONE, Fit, areas_of, fit
from analysis.skills.tables import SkillArea, SkillTables

from .toy import toy

PAINT = SkillArea(
    "painting", frozenset({"visual"}), {"en": "Painting", "fr": "Peinture"}, frozenset({"paint-0", "paint-1"})
)
CLAY = SkillArea("ceramics", frozenset({"visual"}), {"en": "Ceramics"}, frozenset({"clay-0", "clay-1"}))
GAP = SkillArea("street-art", frozenset({"visual"}), {"en": "Street art"}, frozenset())
ELSEWHERE = SkillArea("metal", frozenset({"crafts"}), {"en": "Metal"}, frozenset({"metal-0"}))


def with_areas(*areas: SkillArea) -> SkillTables:
    return replace(toy(), areas=areas)


def test_skills_go_where_their_nearest_examples_are() -> None:
    result = derive(with_areas(CLAY, GAP, ELSEWHERE, PAINT))
    area = {r.skill: r.area for r in result.specialisations if r.unit == "visual"}
    assert {area[f"paint-{i}"] for i in range(6)} == {"painting"}
    assert {area[f"clay-{i}"] for i in range(6)} == {"ceramics"}
    assert area["talk-to-people"] == ""
    assert "street-art" not in area.values()


def test_a_cluster_has_the_name_of_its_area_in_every_language() -> None:
    result = derive(with_areas(CLAY, PAINT))
    broad = {c.id: c for c in result.clusters if c.domain == "visual" and c.level == "broad"}
    assert set(broad) == {"visual/painting", "visual/ceramics"}
    assert broad["visual/painting"].labels == {"en": "Painting", "fr": "Peinture"}
    assert broad["visual/painting"].area == "painting"
    assert len(broad["visual/painting"].telling) == 2


def test_what_fits_no_area_keeps_a_working_name() -> None:
    result = derive(with_areas(PAINT, replace(CLAY, examples=frozenset({"unused"}))))
    broad = [c for c in result.clusters if c.domain == "visual" and c.level == "broad"]
    unnamed = [c for c in broad if not c.area]
    assert [c.area for c in broad if c.area] == ["painting"]
    assert {m.skill for c in unnamed for m in c.members if m.primary} >= {f"clay-{i}" for i in range(1, 6)}
    assert all(" · " in c.labels["en"] for c in unnamed)


def test_an_example_stays_where_it_was_put() -> None:
    tables = with_areas(PAINT, replace(CLAY, examples=frozenset({"clay-0", "paint-5"})))
    area = {r.skill: r.area for r in derive(tables).specialisations if r.unit == "visual"}
    assert area["paint-5"] == "ceramics"
    assert area["paint-4"] == "painting"


def test_an_example_of_two_areas_stays_in_the_narrower_one() -> None:
    wide = replace(CLAY, domains=frozenset({"visual", "crafts"}), examples=CLAY.examples | {"paint-0"})
    area = {r.skill: r.area for r in derive(with_areas(wide, PAINT)).specialisations if r.unit == "visual"}
    assert (area["paint-0"], area["clay-0"]) == ("painting", "ceramics")


def test_an_undivided_cluster_is_told_once() -> None:
    result = derive(with_areas(CLAY, PAINT))
    parents = {c.parent for c in result.clusters if c.level == "fine"}
    for c in result.clusters:
        if c.level == "fine":
            broad = next(b for b in result.clusters if b.id == c.parent)
            assert sum(m.primary for m in c.members) < sum(m.primary for m in broad.members)
    assert parents <= {c.id for c in result.clusters if c.level == "broad"}


def test_without_areas_nothing_is_placed() -> None:
    stage = prepare(toy())
    unit = next(u for u in stage.units if u.id == "visual")
    columns = np.array([stage.use.column["paint-0"]], dtype=np.int64)
    found = fit(areas_of(stage.tables, unit), features(stage.tables, stage.use, stage.hierarchy), columns)
    assert list(found.place(np.zeros(1, dtype=np.int64))) == [NONE]


def test_the_cluster_has_a_say() -> None:
    votes = np.array([[0.9, 0.1], [0.9, 0.1], [0.45, 0.55]])
    found = Fit((PAINT, CLAY), votes, np.array([NONE, NONE, NONE]))
    assert list(found.place(np.array([0, 0, 0]))) == [0, 0, 0]
    assert list(found.place(np.array([0, 0, 1]))) == [0, 0, 1]
