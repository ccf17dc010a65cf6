"""Representations of a description: RDF in four syntaxes and HTML, chosen by suffix, ``?format=`` or Accept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pyoxigraph as ox
from fastapi import Query, Request

from app.errors import NotAcceptable
from app.http.negotiation import Offer, best_of
from app.linked import jsonld
from app.sparql.markup import Unwritable, Xml
from ontology import PREFIXES

# Clients that accept anything, as curl does, get Turtle; browsers ask for HTML by name.
OFFERS: tuple[Offer, ...] = (
    ("ttl", "text/turtle"),
    ("jsonld", "application/ld+json"),
    ("nt", "application/n-triples"),
    ("rdf", "application/rdf+xml"),
    ("html", "text/html"),
    ("jsonld", "application/json"),
    ("rdf", "application/xml"),
    ("html", "application/xhtml+xml"),
)
MEDIA_TYPES = dict(OFFERS[:5])
_SYNTAX = {"ttl": ox.RdfFormat.TURTLE, "nt": ox.RdfFormat.N_TRIPLES, "rdf": ox.RdfFormat.RDF_XML}

Format = Annotated[
    Literal["ttl", "jsonld", "nt", "rdf", "html"] | None,
    Query(alias="format", description="ttl, jsonld, nt, rdf or html; without it the Accept header decides."),
]


# For OpenAPI: a description is there in every representation, or refused.
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A description.",
        "content": {media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()},
    },
    406: {"description": "No representation that the client accepts."},
}


def choose(request: Request, asked: str | None) -> str:
    """The name of the representation to answer with. Raises NotAcceptable."""
    if asked:
        return asked
    offer = best_of(",".join(request.headers.getlist("accept"))[:1000], OFFERS)
    if offer is None:
        available = [media_type for _, media_type in OFFERS[:5]]
        raise NotAcceptable(f"This is available as {', '.join(available)}.", available=available)
    return offer[0]


def split(path: str) -> tuple[str, str | None]:
    """A path without its suffix, and the representation that the suffix names, if it names one."""
    stem, dot, suffix = path.rpartition(".")
    return (stem, suffix) if dot and stem and suffix in MEDIA_TYPES else (path, None)


def content_type(name: str) -> str:
    """The header value of a representation."""
    media_type = MEDIA_TYPES[name]
    return media_type + "; charset=utf-8" if media_type.startswith("text/") else media_type


def write(triples: list[ox.Triple], name: str, extra: dict[str, str] | None = None) -> bytes:
    """Triples in one of the RDF syntaxes; `extra` adds prefixes. Raises NotAcceptable for what XML cannot hold."""
    if name == "jsonld":
        return jsonld.write(triples)
    prefixes = None if name == "nt" else {**PREFIXES, **(extra or {})}
    body = ox.serialize(triples, format=_SYNTAX[name], prefixes=prefixes) or b""
    try:
        return Xml().checked(body) if name == "rdf" else body
    except Unwritable as error:
        others = [media_type for other, media_type in MEDIA_TYPES.items() if other != "rdf"]
        raise NotAcceptable(f"{error}; it is available as {', '.join(others)}.", available=others) from error
