"""Representations of SPARQL answers, and which of them a client wants (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from app.http.negotiation import Offer, best, ranges

BINDINGS: tuple[Offer, ...] = (
    ("json", "application/sparql-results+json"),
    ("xml", "application/sparql-results+xml"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("xml", "text/xml"),
)
BOOLEAN: tuple[Offer, ...] = tuple(offer for offer in BINDINGS if offer[0] in {"json", "xml"})
GRAPH: tuple[Offer, ...] = (
    ("ttl", "text/turtle"),
    ("nt", "application/n-triples"),
    ("rdf", "application/rdf+xml"),
    ("jsonld", "application/ld+json"),
    ("trig", "application/trig"),
    ("nq", "application/n-quads"),
    ("jsonld", "application/json"),
)
HTML: Offer = ("html", "text/html")

# ?format= for links that people share; the names are those of the usual file suffixes.
_BY_NAME: dict[str, tuple[str | None, str | None, str | None]] = {
    "json": ("json", "json", "jsonld"),
    "xml": ("xml", "xml", "rdf"),
    "csv": ("csv", None, None),
    "tsv": ("tsv", None, None),
    **{name: (None, None, name) for name in ("ttl", "nt", "rdf", "jsonld", "trig", "nq")},
}

# SPARQLWrapper sends names of its own beside its Accept header.
_BY_NAME |= {
    "turtle": _BY_NAME["ttl"], "n3": _BY_NAME["ttl"], "json-ld": _BY_NAME["jsonld"], "rdf+xml": _BY_NAME["rdf"],
}  # fmt: skip

# The W3C names of the formats, for the service description.
FORMAT_IRIS = tuple(
    "http://www.w3.org/ns/formats/" + name
    for name in (
        "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
        "Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What to answer with, for each kind of answer; None where nothing that we have is acceptable."""

    bindings: Offer | None
    boolean: Offer | None
    graph: Offer | None
    description: Offer | None

    def for_form(self, form: str) -> Offer | None:
        """The offer for a query of this form."""
        return {"select": self.bindings, "ask": self.boolean}.get(form, self.graph)

    @cached_property
    def name(self) -> str:
        """All of the choice as text, for a cache key."""
        return " ".join(offer[1] if offer else "-" for offer in (self.bindings, self.boolean, self.graph))


@lru_cache(maxsize=512)
def negotiate(accept: str) -> Choice:
    """Choose by an Accept header; "" accepts everything."""
    wanted = ranges(accept)
    return Choice(best(wanted, BINDINGS), best(wanted, BOOLEAN), best(wanted, GRAPH), best(wanted, (*GRAPH, HTML)))


def by_name(name: str) -> Choice | None:
    """The choice of a format parameter; None for a name that is not known."""
    if (names := _BY_NAME.get(name.lower())) is None:
        return None
    bindings, boolean, graph = names
    described = _offer(GRAPH, graph)
    return Choice(_offer(BINDINGS, bindings), _offer(BOOLEAN, boolean), described, described)


def media_types(form: str) -> list[str]:
    """What a query of a form can be answered with."""
    return [media_type for _, media_type in offers(form)]


def offers(form: str) -> tuple[Offer, ...]:
    """The representations that a query of a form may have."""
    return {"select": BINDINGS, "ask": BOOLEAN}.get(form, GRAPH)


def content_type(offer: Offer) -> str:
    """The header value: text types say that they are UTF-8."""
    return offer[1] + "; charset=utf-8" if offer[1].startswith("text/") else offer[1]


def _offer(offers: Sequence[Offer], name: str | None) -> Offer | None:
    return next((offer for offer in offers if offer[0] == name), None)
