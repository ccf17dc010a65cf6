"""How a query is refused: the fault with its place in the client's own text, and nothing of the text kept."""

from __future__ import annotations

import gc

import pyoxigraph as ox
import pytest

from app.errors import Problem, QuerySyntax
from app.settings import Limits
from app.sparql.complexity import Bounds
from app.sparql.guard import check, engine_error
from app.sparql.tokens import Token, position

BOUNDS = Bounds.of(Limits())


def test_an_open_string_is_a_fault_with_its_place() -> None:
    with pytest.raises(QuerySyntax) as caught:
        check('SELECT *\n{ ?s ?p "abc }', BOUNDS)
    assert caught.value.members == {"line": 2, "column": 9, "offendingLine": '{ ?s ?p "abc }'}


@pytest.mark.parametrize(
    "text", ["ASK { " + "?a ?b ?c . " * 400 + " ! }", "ASK { <\\uD800> ?b 'x' " + "; ?b 1 " * 400 + "}"]
)
def test_a_refusal_keeps_no_tokens(text: str) -> None:
    before = gc.isenabled()
    gc.disable()
    try:
        try:
            check(text, BOUNDS)
        except Problem as refusal:
            kept = refusal
        assert kept.__context__ is None
        assert not [o for o in gc.get_objects() if isinstance(o, Token)], "they went without a search for garbage"
    finally:
        if before:
            gc.enable()


def test_engine_faults_get_their_place_in_the_text_of_the_client() -> None:
    text = "PREFIX e: <http://example.org/a/long/one#>\n\nSELECT *\nWHERE { ?s e:b 'é'  # comment\n}  LIMIT ?s"
    outline = check(text, BOUNDS)
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(outline.text)
    error = engine_error(text, outline, str(caught.value))
    assert error.members == {"line": 5, "column": 10, "offendingLine": "}  LIMIT ?s"}
    cut = "ASK {\n ?s"
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(check(cut, BOUNDS).text)
    assert engine_error(cut, check(cut, BOUNDS), str(caught.value)).members["line"] == 2
    with pytest.raises(QuerySyntax, match="foo:"):
        check("SELECT *\nWHERE { ?s foo:bar ?o }", BOUNDS)


def test_a_long_line_is_shown_in_part() -> None:
    text = "x" * 5000 + "y" + "z" * 5000
    assert "xy" in str(position(text, 5000)["offendingLine"])
    assert len(str(position(text, 5000)["offendingLine"])) == 200
