"""Broken statements about skills do not pass the shapes: a load that made them would not be published."""

from __future__ import annotations

import io
from pathlib import Path

import pyoxigraph as ox
import pytest

from loaders.verify import _validate
from ontology import CCSI, RDF

# Properties that a node of the class has or may have without being broken.
FREE = {
    "broaderCluster",
    "neighbour",
    "skillOccupation",
    "unitDomain",
    "unitFunction",
    "tGroup",
    "area",
    "family",
    "conceptAbove",
}
CLASSES = (
    "SkillSpecialisation", "SkillCluster", "ClusterMembership", "ClusterShare", "GroupShare", "TransversalFigure",
    "Transversality", "AnalysisUnit", "ClusteringQuality", "SkillFamily", "FunctionLevel",
)  # fmt: skip


def node_of(store: ox.Store, kind: str) -> ox.NamedNode:
    found = store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), ox.NamedNode(CCSI + kind))
    return min((q.subject for q in found), key=str)  # type: ignore[return-value]


def around(store: ox.Store, node: ox.NamedNode) -> set[ox.Triple]:
    """The statements about a node and about what they name."""
    mine = {ox.Triple(q.subject, q.predicate, q.object) for q in store.quads_for_pattern(node, None, None)}
    named = [t.object for t in mine if isinstance(t.object, ox.NamedNode)]
    return mine | {
        ox.Triple(q.subject, q.predicate, q.object) for n in named for q in store.quads_for_pattern(n, None, None)
    }


def complaints(triples: set[ox.Triple], node: ox.NamedNode) -> bool:
    lines = ox.serialize(sorted(triples, key=str), format=ox.RdfFormat.N_TRIPLES)
    report = _validate(io.BytesIO(lines))
    return f"{node.value}:" in str(report["detail"])


@pytest.mark.parametrize("kind", CLASSES)
def test_what_lacks_a_property_is_refused(kind: str, starter_dir: Path) -> None:
    store = ox.Store.read_only(str(starter_dir / "current" / "store"))
    node = node_of(store, kind)
    whole = around(store, node)
    assert not complaints(whole, node)
    mine = {t for t in whole if t.subject == node and t.predicate.value.startswith(CCSI)}
    properties = {t.predicate for t in mine if t.predicate.value.removeprefix(CCSI) not in FREE}
    assert properties
    for prop in sorted(properties, key=str):
        kept = {t for t in whole if not (t.subject == node and t.predicate == prop)}
        assert complaints(kept, node), f"{kind} without {prop.value}"
        if any(
            isinstance(t.object, ox.Literal) and t.object.datatype.value.endswith("decimal")
            for t in mine
            if t.predicate == prop
        ):
            nonsense = {*kept, ox.Triple(node, prop, ox.Literal("much"))}
            assert complaints(nonsense, node), f"{kind} with a word for {prop.value}"
