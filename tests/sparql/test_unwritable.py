"""Answers that the format asked for cannot hold: refused with the formats that can, and no fault of the service."""

from __future__ import annotations

from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from app.sparql.markup import Unwritable, Xml
from app.sparql.result_formats import GRAPH
from tests.sparql.conftest import call
from tools.endpoint import Endpoint

TRIPLE_TERM = "CONSTRUCT { <http://e/a> <http://e/b> <<( <http://e/a> <http://e/b> 1 )>> } {}"
SYNTAX = {
    "ttl": ox.RdfFormat.TURTLE, "nt": ox.RdfFormat.N_TRIPLES, "rdf": ox.RdfFormat.RDF_XML, "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD,
}  # fmt: skip


@pytest.mark.parametrize("name", dict.fromkeys(name for name, _ in GRAPH))
def test_triple_terms(name: str, target: Endpoint, capfd: pytest.CaptureFixture[str]) -> None:
    reply = call(target, query=TRIPLE_TERM, format=name)
    if name != "jsonld":
        (quad,) = ox.parse(reply.body, format=SYNTAX[name])
        assert (reply.status, type(quad.object)) == (200, ox.Triple)
        return
    assert (reply.status, reply.headers["content-type"]) == (406, "application/problem+json")
    assert "triple terms" in reply.json["detail"]
    assert reply.json["available"][0] == "text/turtle"
    assert not any("json" in media_type for media_type in reply.json["available"])
    assert "cannot be read" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_triple_terms_of_a_select(name: str, target: Endpoint) -> None:
    reply = call(target, query="SELECT (<<( <http://e/a> <http://e/b> 1 )>> AS ?x) {}", format=name)
    assert reply.status == 200
    assert b"http://e/b" in reply.body
    if name == "xml":
        ElementTree.fromstring(reply.body)


@pytest.mark.parametrize("character", ["\\u0001", "\\u000B", "\\u001F", "\\uFFFE", "\\uFFFF"])
def test_characters_that_xml_cannot_hold(character: str, target: Endpoint) -> None:
    select, construct = (
        f'SELECT ("a{character}" AS ?x) {{}}',
        f'CONSTRUCT {{ <http://e/a> <http://e/b> "a{character}" }} {{}}',
    )
    value = "a" + chr(int(character[2:], 16))
    for text, name in ((select, "xml"), (construct, "rdf")):
        reply = call(target, query=text, format=name)
        assert reply.status == 406, reply.body
        assert "XML 1.0" in reply.json["detail"]
        assert not any("xml" in media_type for media_type in reply.json["available"])
    assert call(target, query=select).json["results"]["bindings"][0]["x"]["value"] == value
    assert call(target, query=select, format="csv").body.decode() == f"x\r\n{value}\r\n"
    (quad,) = ox.parse(call(target, query=construct, format="ttl").body, format=ox.RdfFormat.TURTLE)
    assert quad.object == ox.Literal(value)


@pytest.mark.parametrize("predicate", ["http://e/1", "http://e/", "urn:x:5"])
def test_properties_that_xml_cannot_name(predicate: str, target: Endpoint) -> None:
    reply = call(target, query=f"CONSTRUCT {{ <http://e/a> <{predicate}> 1 }} {{}}", format="rdf")
    if reply.status == 200:  # then any parser reads it, and reads the same
        (quad,) = ox.parse(reply.body, format=ox.RdfFormat.RDF_XML)
        assert quad.predicate.value == predicate
        ElementTree.fromstring(reply.body)
    else:
        assert (reply.status, "text/turtle" in reply.json["available"]) == (406, True)


def test_line_ends_keep_their_kind(target: Endpoint) -> None:
    """A parser of XML makes a carriage return a line feed unless it is written as a reference."""
    reply = call(target, query='SELECT ("a\\r\\n\\t\\rb" AS ?x) {}', format="xml")
    literals = [e.text for e in ElementTree.fromstring(reply.body).iter() if e.tag.endswith("literal")]
    assert literals == ["a\r\n\t\rb"]
    assert int(reply.headers["content-length"]) == len(reply.body)


def test_a_large_answer_is_judged_to_its_end(target: Endpoint) -> None:
    values = " ".join(f"{n}" for n in range(300))
    last = "IF(?x = 89999, ?bad, ?x)"
    text = f"""SELECT ({last} AS ?y) {{
        {{ SELECT (?a * 300 + ?b AS ?x) {{ VALUES ?a {{ {values} }} VALUES ?b {{ {values} }} }} LIMIT 15000 OFFSET 75000 }}
        VALUES ?bad {{ "\\u0002" }} }}"""
    whole = call(target, query=text.replace("u0002", "u0041"), format="xml")
    assert (whole.status, len(whole.body) > 1_000_000) == (200, True), whole.body[:300]
    assert call(target, query=text, format="xml").status == 406


def test_pieces_may_be_cut_anywhere() -> None:
    document = "<a xmlns='x'>é\U0001f600</a>".encode()
    for size in (1, 2, 3, 5):
        xml = Xml()
        assert b"".join(xml.checked(document[n : n + size]) for n in range(0, len(document), size)) == document
    with pytest.raises(Unwritable):
        Xml().checked(b"<a>\xef\xbf\xbf</a>")
