"""What /sparql takes and answers, for the description of the API: it is answered before the framework's routing."""

from __future__ import annotations

from typing import Any

from app.settings import Limits
from app.sparql.result_formats import BINDINGS, GRAPH
from ontology import VOCABULARIES

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ERRORS = {
    "400": "Not a request of the SPARQL protocol, not valid SPARQL, or above a bound of complexity.",
    "403": "An update, or SERVICE for an endpoint that is not allowed.",
    "406": "No representation that the client accepts.",
    "408": "The body did not arrive in time.",
    "413": "The query is longer than it may be.",
    "415": "A body of a type that the protocol does not know.",
    "429": "This client has its share of queries under way; Retry-After.",
    "502": "An endpoint that the query names failed.",
    "503": "No release is loaded, or too many queries wait; Retry-After.",
    "504": "A bound of time, rows, bytes or memory ended the query; nothing of its answer was sent.",
}


def sparql_paths(limits: Limits) -> dict[str, Any]:
    """The path items of /sparql, and of the vocabularies below it, each of which is a dataset."""
    one = _path(limits, "vocabulary")
    name = {"name": "vocabulary", "in": "path", "required": True, "schema": {"type": "string", "enum": [*VOCABULARIES]}}
    for operation in one.values():
        operation["parameters"] = [name, *(p for p in operation["parameters"] if "graph" not in p["name"])]
        operation["description"] = "Read only. The default graph is the vocabulary; there are no named graphs."
        operation["responses"]["404"] = {"description": "No such vocabulary.", "content": PROBLEM}
    return {"/sparql": _path(limits, "sparql"), "/sparql/{vocabulary}": one}


def _path(limits: Limits, name: str) -> dict[str, Any]:
    text = {"type": "string", "maxLength": limits.sparql_text}
    iris = {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": limits.sparql_graphs}
    fields = {
        "query": {**text, "description": "The query; without one, GET answers with the service description."},
        "default-graph-uri": {**iris, "description": "Graphs whose union is the default graph."},
        "named-graph-uri": {**iris, "description": "Named graphs of the query."},
        "format": {"type": "string", "description": "json, xml, csv, tsv, ttl, nt, rdf, jsonld, trig or nq."},
    }
    in_query = [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in fields.items()]
    form = {"schema": {"type": "object", "required": ["query"], "properties": fields}}
    return {
        "get": {
            **_operation(f"{name}_get", "A SPARQL 1.1 query; without one, the service description or a page"),
            "parameters": in_query,
        },
        "post": {
            **_operation(f"{name}_post", "The same with the query in the body"),
            "parameters": in_query[1:],
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": form, "application/sparql-query": {"schema": text}},
            },
        },
    }


def _operation(name: str, summary: str) -> dict[str, Any]:
    types = dict.fromkeys([media_type for _, media_type in (*BINDINGS, *GRAPH)])
    header = {"schema": {"type": "string"}}
    return {
        "tags": ["SPARQL"],
        "summary": summary,
        "description": "Read only. The default graph is the union of the named graphs. See docs/linked-data.md.",
        "operationId": name,
        "responses": {
            "200": {
                "description": "The whole answer: rows for SELECT and ASK, RDF for CONSTRUCT and DESCRIBE.",
                "headers": {
                    "ETag": {"description": "Strong validator of release, query and format.", **header},
                    "CCSI-Limits": {"description": "The bounds of one query.", **header},
                },
                "content": {media_type: {"schema": {"type": "string"}} for media_type in types},
            },
            "304": {"description": "The client holds this answer already."},
            **{status: {"description": text, "content": PROBLEM} for status, text in _ERRORS.items()},
        },
    }
