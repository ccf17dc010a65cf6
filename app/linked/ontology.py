"""The CCSI ontology as the release holds it, for /ns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import pyoxigraph as ox

from app.catalogue.catalogue import Catalogue
from app.service import Served
from ontology import CCSI, DCT, OWL, PREFIXES, RDF, SKOS
from queries import Term

_RDFS = PREFIXES["rdfs"]


@dataclass(frozen=True, slots=True)
class OntologyTerm:
    """A class or property with what is said of it; other terms are referred to by IRI."""

    iri: str
    name: str
    kind: str  # class, object property, datatype property
    label: str
    definition: str
    notes: tuple[str, ...]
    above: tuple[str, ...]  # super-classes or super-properties
    domain: tuple[str, ...]
    range: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Ontology:
    """Title, description, version and terms, in the order of their names."""

    title: str
    description: str
    version: str
    licence: str
    terms: tuple[OntologyTerm, ...]
    triples: tuple[ox.Triple, ...] = field(repr=False)


_KINDS = {"Class": "class", "ObjectProperty": "object property", "DatatypeProperty": "datatype property"}
_read: WeakKeyDictionary[Catalogue, Ontology] = WeakKeyDictionary()


def ontology(served: Served) -> Ontology:
    """The ontology of the served release, read once."""
    if (known := _read.get(served.catalogue)) is None:
        known = _read[served.catalogue] = _of(served.catalogue)
    return known


def _of(catalogue: Catalogue) -> Ontology:
    said: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    triples = []
    for term, prop, value in sorted(catalogue.store.select("pages/terms"), key=str):
        assert isinstance(term, ox.NamedNode) and isinstance(prop, ox.NamedNode) and value is not None  # noqa: S101, PT018
        said[term.value][prop.value].append(value)
        triples.append(ox.Triple(term, prop, value))

    def texts(iri: str, prop: str) -> tuple[str, ...]:
        return tuple(term.value for term in said[iri][prop])

    def text(iri: str, prop: str) -> str:
        return next(iter(texts(iri, prop)), "")

    terms = []
    for iri in sorted(said, key=str.lower):
        kinds = [kind for name, kind in _KINDS.items() if OWL + name in texts(iri, RDF + "type")]
        if not kinds:
            continue
        terms.append(
            OntologyTerm(
                iri, iri.removeprefix(CCSI), kinds[0], text(iri, _RDFS + "label"),
                text(iri, SKOS + "definition") or text(iri, _RDFS + "comment"),
                texts(iri, SKOS + "scopeNote") + texts(iri, SKOS + "example"),
                texts(iri, _RDFS + "subClassOf") + texts(iri, _RDFS + "subPropertyOf"),
                texts(iri, _RDFS + "domain"), texts(iri, _RDFS + "range"), texts(iri, DCT + "source"),
            )
        )  # fmt: skip
    return Ontology(
        text(CCSI, DCT + "title"), text(CCSI, DCT + "description"), text(CCSI, OWL + "versionInfo"),
        text(CCSI, DCT + "license"), tuple(terms), tuple(triples),
    )  # fmt: skip
