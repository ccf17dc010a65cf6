"""JSON-LD with short names: the engine writes expanded JSON-LD, people and tools read the compact form.

Only what needs no look at the data is shortened: IRIs by prefix, plain strings, lists of one. The result says the same
to every JSON-LD 1.1 processor (a test compares).
"""

from __future__ import annotations

from typing import Any

import orjson
import pyoxigraph as ox

from app.linked.iris import short
from ontology import PREFIXES, RDF

_TYPE = RDF + "type"


def write(triples: list[ox.Triple]) -> bytes:
    """Triples as one JSON-LD document with the prefixes of the service."""
    expanded = orjson.loads(ox.serialize(triples, format=ox.RdfFormat.JSON_LD) or b"[]")
    return orjson.dumps({"@context": dict(PREFIXES), "@graph": [_node(node) for node in expanded]})


def _node(node: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, values in node.items():
        if key == "@id":
            shown["@id"] = short(values)
        elif key in ("@type", _TYPE):
            shown["@type"] = _one([short(value["@id"] if isinstance(value, dict) else value) for value in values])
        else:
            shown[short(key)] = _one([_value(value) for value in values])
    return shown


def _value(value: dict[str, str]) -> Any:
    if "@id" in value:
        return {"@id": short(value["@id"])}
    if "@type" in value:
        return {**value, "@type": short(value["@type"])}
    return value if "@language" in value else value["@value"]


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
