"""docs/data-model.md names every class of the ontology, and where and under which identifiers a release has its instances."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology import CCSI, CCSID, GRAPH, OWL, RDF
from releases.release import Release

TEXT = (Path(__file__).parent.parent / "docs" / "data-model.md").read_text(encoding="utf-8")
TYPE = ox.NamedNode(RDF + "type")


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """Class, cell of its graph, patterns of its identifiers."""
    for line in TEXT.splitlines():
        if line.startswith("| `"):
            name, graph, identifiers, _ = (cell.strip() for cell in line.strip("|").split("|"))
            yield name.strip("`"), graph.strip("`"), re.findall(r"`([^`]+)`", identifiers)


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


def test_every_class_is_named(store: ox.Store) -> None:
    classes = {q.subject.value for q in store.quads_for_pattern(None, TYPE, ox.NamedNode(OWL + "Class"))}
    named = {CCSI + name for name in re.findall(r"`(\w+)`", TEXT)}
    assert classes
    assert classes <= named
    assert {CCSI + name for name, _, _ in rows()} <= classes


@pytest.mark.parametrize(
    ("name", "graph", "patterns"), list(rows()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_instances_are_where_it_says(store: ox.Store, name: str, graph: str, patterns: list[str]) -> None:
    found = list(store.quads_for_pattern(None, TYPE, ox.NamedNode(CCSI + name)))
    assert found or name == "ClusterLineage"  # a first load has no earlier clusters
    allowed = [re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(CCSID + pattern)) for pattern in patterns]
    for quad in found:
        assert any(re.fullmatch(pattern, quad.subject.value) for pattern in allowed), quad.subject
        assert quad.graph_name.value == GRAPH + graph or graph == "that of its results"


def test_the_example_has_rows(store: ox.Store) -> None:
    query = TEXT.partition("```sparql\n")[2].partition("```")[0]
    assert list(store.query(query, use_default_graph_as_union=True))
