"""Small hand-made tables: two kinds of craft, one unrelated trade, a few skills that everybody uses."""

from __future__ import annotations

import random

from analysis.skills.tables import Group, Scope, Skill, SkillTables
from analysis.tables import Occupation


def skill(name: str, *broader: str, **more: object) -> Skill:
    return Skill(
        iri=name,
        type="skill",
        reuse_level="",
        broader=frozenset(broader),
        labels={"en": name.replace("-", " ")},
        **more,  # type: ignore[arg-type]
    )


def group(code: str, *broader: str) -> Group:
    return Group(
        iri=f"g:{code}", code=code, labels={"en": f"group {code}", "fr": f"groupe {code}"}, broader=frozenset(broader)
    )


def occupation(name: str, isco: str, essential: list[str], optional: list[str] | None = None) -> Occupation:
    return Occupation(name, name, isco, {"en": (name,)}, frozenset(essential), frozenset(optional or []))


def toy(shuffle: int | None = None) -> SkillTables:
    """40 occupations; p0..p3 share paint skills, c0..c3 share clay skills, the rest share metal skills."""
    groups = [
        group("S"),
        group("S1", "g:S"),
        group("S1.1", "g:S1"),
        group("S1.2", "g:S1"),
        group("T"),
        group("T4", "g:T"),
    ]
    skills = [skill(f"paint-{i}", "g:S1.1") for i in range(6)]
    skills += [skill(f"clay-{i}", "g:S1.2") for i in range(6)]
    skills += [skill(f"metal-{i}", "g:S1") for i in range(6)]
    skills += [skill("talk-to-people", "g:S1.1", "g:T4"), skill("unused")]
    occupations = []
    for i in range(4):
        occupations.append(
            occupation(
                f"p{i}",
                "2651",
                [f"paint-{j}" for j in range(6) if j != i] + ["talk-to-people"],
                ["clay-0"] if i == 0 else [],
            )
        )
        occupations.append(occupation(f"c{i}", "7314", [f"clay-{j}" for j in range(6) if j != i] + ["talk-to-people"]))
    occupations += [
        occupation(
            f"m{i:02}", f"{1 + i % 9}{i % 10}11", [f"metal-{j}" for j in range(6) if j != i % 6] + ["talk-to-people"]
        )
        for i in range(32)
    ]
    scope = {(f"p{i}", "visual"): Scope("core", "painting", ("creation",)) for i in range(4)}
    scope |= {(f"c{i}", "visual"): Scope("core" if i < 2 else "related", "", ("production",)) for i in range(4)}
    scope["m00", "visual"] = Scope("excluded")
    if shuffle is not None:
        rng = random.Random(shuffle)
        for items in (skills, occupations, groups):
            rng.shuffle(items)
        pairs = list(scope.items())
        rng.shuffle(pairs)
        scope = dict(pairs)
    return SkillTables({s.iri: s for s in skills}, {o.iri: o for o in occupations}, {g.iri: g for g in groups}, scope)
