"""The SPARQL 1.1 service description: what the endpoint offers, over which graphs, within which limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyoxigraph as ox

from app.settings import Limits
from app.sparql.result_formats import FORMAT_IRIS
from app.sparql.search_clause import FORM, SEARCH
from app.sparql.worker import GRAPH_FORMATS
from ontology import ATTRIBUTION, DCT, RDF, XSD

SD = "http://www.w3.org/ns/sparql-service-description#"
_PREFIXES = {"sd": SD, "dct": DCT, "xsd": XSD}


def describe(
    endpoint: str, graphs: Iterable[str], services: Sequence[str], limits: Limits, name: str, vocabulary: str = ""
) -> bytes:
    """The description in a format by its name; of a vocabulary, which has no named graphs, or of everything."""
    prefixes = _PREFIXES if name in {"ttl", "trig", "rdf"} else None
    return (
        ox.serialize(
            _triples(endpoint, graphs, services, limits, vocabulary), format=GRAPH_FORMATS[name], prefixes=prefixes
        )
        or b""
    )


def _triples(
    endpoint: str, graphs: Iterable[str], services: Sequence[str], limits: Limits, vocabulary: str
) -> Iterator[ox.Triple]:
    a = ox.NamedNode(RDF + "type")
    service, dataset, default = ox.NamedNode(endpoint), ox.BlankNode("dataset"), ox.BlankNode("default")

    def sd(name: str) -> ox.NamedNode:
        return ox.NamedNode(SD + name)

    yield ox.Triple(service, a, sd("Service"))
    yield ox.Triple(service, sd("endpoint"), service)
    yield ox.Triple(service, sd("supportedLanguage"), sd("SPARQL11Query"))
    if not vocabulary:
        yield ox.Triple(service, sd("feature"), sd("UnionDefaultGraph"))
    if services:
        yield ox.Triple(service, sd("feature"), sd("BasicFederatedQuery"))
    for format_iri in FORMAT_IRIS:
        yield ox.Triple(service, sd("resultFormat"), ox.NamedNode(format_iri))
    yield ox.Triple(service, ox.NamedNode(DCT + "rights"), ox.Literal(ATTRIBUTION, language="en"))
    yield ox.Triple(
        service, ox.NamedNode(DCT + "description"), ox.Literal(_limits_text(services, limits), language="en")
    )
    yield ox.Triple(service, sd("defaultDataset"), dataset)
    yield ox.Triple(dataset, a, sd("Dataset"))
    yield ox.Triple(dataset, sd("defaultGraph"), default)
    yield ox.Triple(default, a, sd("Graph"))
    default_text = f"The vocabulary {vocabulary}." if vocabulary else "The union of all named graphs."
    yield ox.Triple(default, ox.NamedNode(DCT + "description"), ox.Literal(default_text, language="en"))
    for number, iri in enumerate(() if vocabulary else graphs):
        named, graph = ox.BlankNode(f"named{number}"), ox.BlankNode(f"graph{number}")
        yield ox.Triple(dataset, sd("namedGraph"), named)
        yield ox.Triple(named, a, sd("NamedGraph"))
        yield ox.Triple(named, sd("name"), ox.NamedNode(iri))
        yield ox.Triple(named, sd("graph"), graph)
        yield ox.Triple(graph, a, sd("Graph"))


def _limits_text(services: Sequence[str], limits: Limits) -> str:
    names = ", ".join(f"<{name}>" for name in services)
    return (
        f"Read-only; SERVICE {f'may name {names}' if services else 'is not followed'}. "
        f"{f'<{SEARCH}> finds concepts by words: {FORM}. ' if SEARCH in services else ''}"
        f"A query may take {limits.sparql_seconds:g} seconds, {limits.sparql_rows} rows, {limits.sparql_bytes} bytes "
        f"and a text of {limits.sparql_text} bytes; one that would take more is answered with an error, never cut short."
    )
