"""The one definition of derived records is that of rows, statements and queries alike."""

from __future__ import annotations

from dataclasses import fields

import pyoxigraph as ox
import pytest

from analysis.skills.statements import row_quads
from analysis.skills.tables import (
    GroupShare,
    LineageEntry,
    Member,
    Quality,
    SkillFamily,
    Specialisation,
    TransversalFigure,
    Transversality,
)
from ontology import CCSI
from ontology.derived import (
    FAMILY,
    FIGURE,
    GROUP_SHARE,
    LINEAGE,
    MEMBERSHIP,
    QUALITY,
    SPECIALISATION,
    TRANSVERSALITY,
    Record,
)
from queries import load

SKILL = "http://data.europa.eu/esco/skill/1b43bb7a-f1d1-4d05-b1a6-9c3f1a8a4a5e"
RECORDS = {
    "api/skill_specialisations": (SPECIALISATION, Specialisation),
    "api/skill_group_shares": (GROUP_SHARE, GroupShare),
    "api/skill_transversality": (TRANSVERSALITY, Transversality),
    "api/skill_transversal_figures": (FIGURE, TransversalFigure),
    "api/cluster_members": (MEMBERSHIP, Member),
    "api/cluster_lineage": (LINEAGE, LineageEntry),
    "api/cluster_quality": (QUALITY, Quality),
    "api/skill_families": (FAMILY, SkillFamily),
}


@pytest.mark.parametrize("query", RECORDS)
def test_queries_name_their_columns_as_the_properties_are_named(query: str) -> None:
    record, row = RECORDS[query]
    assert {p.name for p in record.properties} <= set(load(query).columns)
    assert {p.attribute for p in record.properties} <= {f.name for f in fields(row)}


@pytest.mark.parametrize(
    ("record", "row"),
    [
        (
            SPECIALISATION,
            Specialisation(
                "heritage/museums", SKILL, 3, 1, 2, 40, 0.75, 0.125, 9.5, 3.2479, 0.00123, 0.0456, 2.5, 0.8, "established",
                True, "core", "conservation-restoration", "",
            ),
        ),
        (GROUP_SHARE, GroupShare("ccsi", SKILL.replace("/skill/", "/isced-f/"), 1.0, 0.0312)),
        (FIGURE, TransversalFigure("gaming", "digital skills", 0.4, 0.1, 4.0, 1.0, 0.5, 3.1, 5.2, 17)),
        (LINEAGE, LineageEntry("design", "fine", "design/one", "", "new", 0.0)),
    ],
)  # fmt: skip
def test_what_is_written_is_what_is_read(record: Record, row: object) -> None:
    (kind,) = [k for r, k in RECORDS.values() if r is record]
    lines = "".join(row_quads([row], "1.2.0"))  # type: ignore[list-item]
    said = {q.predicate.value: q.object.value for q in ox.parse(lines, format=ox.RdfFormat.N_QUADS)}
    values = {p.attribute: p.parsed(said.get(CCSI + p.name, "")) for p in record.properties}
    assert kind(**({"domain": "design"} if record is LINEAGE else {}), **values) == row


def test_what_a_thing_is_called_follows_from_what_it_is_about() -> None:
    figure = TransversalFigure("gaming", "digital skills", 0.4, 0.1, 4.0, 1.0, 0.5)
    assert FIGURE.iri(figure).endswith("/id/transversal-figure/gaming/digital-skills")
    assert GROUP_SHARE.iri(GroupShare("ccsi", SKILL, 0.5, 0.5)).endswith(f"/group-share/ccsi/{SKILL[-36:]}")
