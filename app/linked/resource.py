"""What the graph says of a resource: statements about it and statements that point at it.

A concept scheme has thousands of links. A description holds at most so many of each property; the others are read page
by page, in the order in which the store has them. That order is stable because a release never changes, and sorting
some ten thousand links would take the engine seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from app.store.port import GraphStore
from ontology import RDF
from queries import Term
from queries.rows import as_texts

_ONE_READ = 2000  # links that are read faster at once than property by property
_TYPE = RDF + "type"


@dataclass(frozen=True, slots=True)
class Links:
    """The values of one property of a resource, or (inverse) the resources that point at it by that property."""

    predicate: str
    inverse: bool
    values: tuple[Term, ...]
    total: int
    offset: int = 0

    @property
    def cut(self) -> bool:
        """Whether there are more than these."""
        return len(self.values) < self.total


@dataclass(frozen=True, slots=True)
class Description:
    """A resource with its links, properties in order of their IRIs."""

    iri: str
    outgoing: tuple[Links, ...]
    incoming: tuple[Links, ...]

    def of(self, prop: str) -> tuple[Term, ...]:
        """The values of a property."""
        return next((links.values for links in self.outgoing if links.predicate == prop), ())

    @property
    def types(self) -> list[str]:
        """The classes of the resource."""
        return [term.value for term in self.of(_TYPE)]

    @property
    def cut(self) -> list[Links]:
        """The properties that have more links than are shown."""
        return [links for links in (*self.outgoing, *self.incoming) if links.cut]

    def triples(self) -> Iterator[ox.Triple]:
        """The statements of the description."""
        for links in (*self.outgoing, *self.incoming):
            yield from triples(self.iri, links)


def triples(iri: str, links: Links) -> Iterator[ox.Triple]:
    """The statements of the links of one property."""
    resource, prop = ox.NamedNode(iri), ox.NamedNode(links.predicate)
    for value in links.values:
        if not links.inverse:
            yield ox.Triple(resource, prop, value)
        elif isinstance(value, ox.NamedNode):
            yield ox.Triple(value, prop, resource)


def describe(store: GraphStore, iri: str, most: int) -> Description | None:
    """The description of a resource with at most so many links of a property; None for one that the graph does not know."""
    resource = ox.NamedNode(iri)
    outgoing = _direction(store, resource, False, most)
    incoming = _direction(store, resource, True, most)
    return Description(iri, outgoing, incoming) if outgoing or incoming else None


def known(store: GraphStore, iri: str) -> bool:
    """Whether the graph holds any statement about the resource, or any that points at it."""
    values = {"resource": [ox.NamedNode(iri)]}
    return any(store.select(name, values, limit=1) for name in ("pages/outgoing", "pages/incoming"))


def links_of(store: GraphStore, iri: str, prop: str, inverse: bool, limit: int, offset: int) -> Links | None:
    """One page of the links of a property; None where there are no such links."""
    resource = ox.NamedNode(iri)
    if not (total := _counts(store, resource, inverse).get(prop, 0)):
        return None
    return Links(prop, inverse, _read(store, resource, prop, inverse, limit, offset), total, offset)


def _direction(store: GraphStore, resource: ox.NamedNode, inverse: bool, most: int) -> tuple[Links, ...]:
    counts = _counts(store, resource, inverse)
    targets: dict[str, list[Term]] = {prop: [] for prop in counts}
    if sum(counts.values()) <= _ONE_READ:
        for _, prop, value in store.select(_name(inverse), {"resource": [resource]}):
            if prop is not None and value is not None:
                targets[prop.value].append(value)
        shown = {prop: tuple(sorted(terms, key=str)[:most]) for prop, terms in targets.items()}
    else:
        shown = {prop: _read(store, resource, prop, inverse, most, 0) for prop in counts}
    return tuple(Links(prop, inverse, shown[prop], counts[prop]) for prop in sorted(counts))


def _read(
    store: GraphStore, resource: ox.NamedNode, prop: str, inverse: bool, limit: int, offset: int
) -> tuple[Term, ...]:
    values: dict[str, list[Term]] = {"resource": [resource], "property": [ox.NamedNode(prop)]}
    rows = store.select(_name(inverse), values, limit, offset)
    return tuple(value for _, _, value in rows if value is not None)


def _name(inverse: bool) -> str:
    return "pages/incoming" if inverse else "pages/outgoing"


def _counts(store: GraphStore, resource: ox.NamedNode, inverse: bool) -> dict[str, int]:
    rows = as_texts(store.select(f"{_name(inverse)}_counts", {"resource": [resource]}))
    return {prop: int(count) for _, prop, count in rows}
