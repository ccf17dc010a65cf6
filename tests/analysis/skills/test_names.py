from __future__ import annotations

from dataclasses import replace

from analysis.skills.names import compose_descriptions, compose_labels, telling_skills

from .toy import skill, toy


def test_a_language_names_both_skills_or_none() -> None:
    tables = toy()
    french = {
        "paint-0": {"en": "paint", "fr": "peindre"},
        "paint-1": {"en": "varnish"},
        "clay-0": {"en": "clay", "fr": "argile"},
    }
    skills = {**tables.skills, **{i: replace(skill(i), labels=labels) for i, labels in french.items()}}
    tables = replace(tables, skills=skills)
    assert compose_labels(tables, ("paint-0", "paint-1")) == {"en": "Paint · varnish"}
    assert compose_labels(tables, ("paint-0", "clay-0")) == {"en": "Paint · clay", "fr": "Peindre · argile"}
    # A description in French would name one of two skills only.
    assert set(compose_descriptions(tables, 2, ("paint-0", "paint-1"), ("p0",))) == {"en"}


def test_telling_skills_are_of_the_cluster_and_say_different_words() -> None:
    tables = toy()
    members = [[(f"paint-{i}", 1.0) for i in range(6)], [(f"clay-{i}", 1.0) for i in range(6)]]
    paint, clay = telling_skills(tables, members)
    assert len(set(paint)) == len(set(clay)) == 2
    assert all(s.startswith("paint") for s in paint)
    assert all(s.startswith("clay") for s in clay)
