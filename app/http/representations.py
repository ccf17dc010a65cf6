"""An answer of the API as linked data: JSON-LD in which figures are the decimals that the graph has, and Turtle.

Both say the same: Turtle is what the engine's JSON-LD parser makes of the typed document.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
import pyoxigraph as ox

from app.http.negotiation import Offer
from ontology import PREFIXES
from ontology.jsonld_context import DECIMALS, TYPED_CONTEXT

OFFERS: tuple[Offer, ...] = (
    ("json", "application/json"), ("jsonld", "application/ld+json"), ("turtle", "text/turtle"),
)  # fmt: skip
TYPED_PATH = "/contexts/v1-typed.jsonld"
_DECIMALS = frozenset(DECIMALS)


def json_ld(answer: Mapping[str, Any], base: str) -> bytes:
    """The answer with its figures as strings, under the context that types them."""
    return orjson.dumps({**_typed(answer), "@context": base + TYPED_PATH})


def turtle(answer: Mapping[str, Any]) -> bytes:
    """What the answer says of the graph."""
    document = orjson.dumps({**_typed(answer), **TYPED_CONTEXT})
    triples = {quad.triple for quad in ox.parse(input=document, format=ox.RdfFormat.JSON_LD)}
    ordered = sorted(triples, key=str)
    return ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b""


def _typed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_typed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _decimal(item) if name in _DECIMALS and isinstance(item, float) else _typed(item)
        for name, item in value.items()
    }


def _decimal(value: float) -> str:
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
