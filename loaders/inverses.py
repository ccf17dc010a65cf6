"""What the ontology's files leave to be concluded: the other direction of a hierarchy, and its transitive closure.

ESCO's own graph holds both, so a query that walks ESCO's hierarchies walks ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ontology import GRAPH_ONTOLOGY, SKOS

_BROADER = f" <{SKOS}broader> "


def inverses(quads: Iterable[str]) -> Iterator[str]:
    """skos:narrower and skos:broaderTransitive for every skos:broader among N-Quads of the ontology graph."""
    end = f" <{GRAPH_ONTOLOGY}> .\n"
    above: dict[str, list[str]] = defaultdict(list)
    for quad in quads:
        child, found, rest = quad.partition(_BROADER)
        if found:
            above[child].append(rest.removesuffix(end))
    for child in sorted(above):
        for parent in above[child]:
            yield f"{parent} <{SKOS}narrower> {child}{end}"
        reached: dict[str, None] = {}
        todo = [*above[child]]
        while todo:
            parent = todo.pop(0)
            if parent not in reached:
                reached[parent] = None
                todo += above.get(parent, ())
        for parent in reached:
            yield f"{child} <{SKOS}broaderTransitive> {parent}{end}"
