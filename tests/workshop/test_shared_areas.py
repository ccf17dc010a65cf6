"""An area of skills that several sectors share: one motion decides its cluster in each of them."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.skills.panel import SkillDecision
from ontology import CCSID
from tests.workshop.conftest import ART, CODE, Table
from workshop.errors import Refused

NAME = {"en": "Drawing", "es": "Dibujo"}


def test_an_area_that_sectors_share_is_renamed_in_all_by_one_vote(table: Table) -> None:
    number = table.carried(proposal="rename", cluster=ART, also=["design/art", "audiovisual/art"], names=[NAME])
    found = {one.entry.cluster: one for one in table.entries() if isinstance(one.entry, SkillDecision)}
    assert sorted(found) == ["audiovisual/art", "design/art", "gaming/art"]
    assert {one.resolution for one in found.values()} == {f"{CCSID}workshop/helsingborg/resolution/motion-{number}"}
    assert {dict(one.entry.labels)["es"] for one in found.values()} == {"Dibujo"}  # type: ignore[union-attr]
    assert found["design/art"].iri == f"{CCSID}panel/helsingborg/rename/{number}/design"
    # What one sector decides later takes its own cluster out, and leaves the others.
    table.carried(proposal="rename", cluster="design/art", names=[{"en": "Sketching"}])
    names = {o.entry.cluster: dict(o.entry.labels)["en"] for o in table.entries() if isinstance(o.entry, SkillDecision)}
    assert names == {"audiovisual/art": "Drawing", "design/art": "Sketching", "gaming/art": "Drawing"}


@pytest.mark.parametrize(
    "fields",
    [
        {"proposal": "merge", "into": CODE, "also": ["design/art"]},
        {"proposal": "retire", "also": ["gaming/code"]},
        {"proposal": "retire", "also": ["design/art", "design/code"]},
    ],
)
def test_what_cannot_be_said_of_an_area_is_refused(table: Table, fields: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        table.put(cluster=ART, **fields)
