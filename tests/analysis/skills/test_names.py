from __future__ import annotations

from dataclasses import replace

from analysis.skills.hierarchy import Hierarchy
from analysis.skills.names import compose_labels, describe_parts

from .toy import skill, toy


def test_products_are_named_after_what_they_are() -> None:
    tables = toy()
    languages = [replace(skill(f"p{i}", "programming"), labels={"en": f"{n} (language)"}) for i, n in enumerate("RCD")]
    skills = tables.skills | {s.iri: s for s in [skill("programming", "g:S1.2"), *languages]}
    tables = replace(tables, skills=skills)
    members = [[(s.iri, 1.0) for s in languages], [(f"clay-{i}", 1.0) for i in range(6)]]
    named, other = (
        (p.products, compose_labels(tables, p)["en"]) for p in describe_parts(tables, Hierarchy(tables), members)
    )
    assert named[0]
    assert named[1].startswith("Programming: ")
    assert "(" not in named[1]
    assert not other[0]
