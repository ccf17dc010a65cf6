"""Content negotiation."""

from __future__ import annotations

import pytest

from app.sparql.result_formats import by_name, media_types, negotiate


@pytest.mark.parametrize(
    ("accept", "bindings", "graph"),
    [
        ("", "application/sparql-results+json", "text/turtle"),
        ("*/*", "application/sparql-results+json", "text/turtle"),
        ("text/csv", "text/csv", None),
        ("TEXT/CSV;q=0.5, text/tab-separated-values ; q=0.6", "text/tab-separated-values", None),
        ("application/json", "application/json", "application/json"),
        ("text/turtle, application/sparql-results+xml", "application/sparql-results+xml", "text/turtle"),
        ("application/rdf+xml;q=0.9, application/n-triples", None, "application/n-triples"),
        ("*/*;q=0.1, application/trig;q=0.2", "application/sparql-results+json", "application/trig"),
        ("application/sparql-results+json;q=0, */*", "application/sparql-results+xml", "text/turtle"),
        ("text/*", "text/csv", "text/turtle"),
        ("image/png", None, None),
        ("text/csv;q=x", None, None),
        ("text/csv;q=2", "application/sparql-results+json", "text/turtle"),
        ("application/sparql-results+json;charset=utf-8", "application/sparql-results+json", None),
    ],
)
def test_accept(accept: str, bindings: str | None, graph: str | None) -> None:
    choice = negotiate(accept)
    assert (choice.bindings and choice.bindings[1]) == bindings
    assert (choice.graph and choice.graph[1]) == graph


def test_boolean_answers_are_not_tables() -> None:
    assert negotiate("text/csv").boolean is None
    assert "text/csv" not in media_types("ask")


def test_a_browser_gets_the_page() -> None:
    chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    assert negotiate(chrome).description == ("html", "text/html")
    assert negotiate("*/*").description == ("ttl", "text/turtle")


def test_format_parameter() -> None:
    csv, json = by_name("csv"), by_name("JSON")
    assert csv is not None
    assert csv.for_form("ask") is None
    assert json is not None
    assert json.for_form("construct") == ("jsonld", "application/ld+json")
    assert by_name("pdf") is None
