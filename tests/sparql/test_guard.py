"""The lexical guard: what it refuses, what it lets through, and that it never reads twice."""

from __future__ import annotations

import time
from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import FederationRefused, Problem, QuerySyntax, TooComplex, UpdateRefused
from app.sparql.guard import Bounds, check, position, syntax_fault

BOUNDS = Bounds(nesting=100, operators=500, values=5000)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "select"),
        ("select*{}", "select"),
        ("SELECTDISTINCT*{}", "select"),
        ("# SELECT\nPREFIX select: <http://a/> PREFIX ask: <b#> ASK {}", "ask"),
        ("BASE <http://a/>PREFIX:<x>CONSTRUCT WHERE {}", "construct"),
        ('VERSION "1.2" DESCRIBE <a>', "describe"),
        ("", ""),
        ("hello", ""),
    ],
)
def test_form(text: str, form: str) -> None:
    assert check(text, BOUNDS).form == form


@pytest.mark.parametrize(
    ("text", "dataset"),
    [
        ("SELECT * { ?s ?p ?o }", False),
        ("SELECT * FROM <http://a/> { }", True),
        ("SELECT*FROM<http://a/>{}", True),
        ("ASKFROM<http://a/>{}", True),
        ("PREFIX : <a:> SELECT * FROM:g {}", True),
        ("PREFIX from: <a:> SELECT * { ?s from:x ' FROM ' } # FROM", False),
    ],
)
def test_own_dataset(text: str, dataset: bool) -> None:
    assert check(text, BOUNDS).dataset is dataset


@pytest.mark.parametrize(
    ("text", "volatile"),
    [
        ("SELECT (RAND() AS ?x) {}", True),
        ("SELECT (now() AS ?x) {}", True),
        ("CONSTRUCT { [] a ?x } { ?s a ?x }", True),
        ("CONSTRUCT { _:b a ?x } { ?s a ?x }", True),
        ("SELECT * { [] a ?x . _:b a ?now FILTER(?rand = 'NOW()') }", False),
        ("PREFIX rand: <a:> SELECT (STRSTARTS(?known, 'b') AS ?x) { ?s rand:now ?known }", False),
    ],
)
def test_volatile(text: str, volatile: bool) -> None:
    assert check(text, BOUNDS).volatile is volatile


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://a/> { } }",
        "SELECT * { sErViCe SILENT <http://a/> { } }",
        "SELECT*{SERVICESILENT<http://a/>{}}",
        "SELECT * { ?s ?p 1SERVICE<http://a/>{} }",
        "PREFIX : <a:> SELECT*{SERVICE:x{}}",
        "PREFIX SERVICE: <a:> SELECT * { SERVICE:x # comment\n { } }",
        "SELECT * { SERVICE # <http://a/>\n ?x { } }",
        "SELECT * { ?s ?p '''x''' SERVICE ?x {} }",
        "SELECT * { ?s ?p <http://a/#> SERVICE <b:> {} }",
        "SELECT * { FILTER(?a < ?b) SERVICE <b:> {} }",
        "SELECT * { FILTER(?a<?b)SERVICE<b:>{} }",
        "PREFIX e: <a:> SELECT * { ?s ?p e:.SERVICE<b:>{} }",
        "SELECT * { ?s a <#it's> . ?t a <#it's> SERVICE <b:> {} }",
    ],
)
def test_service_is_refused(text: str) -> None:
    with pytest.raises(FederationRefused):
        check(text, BOUNDS)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service a <http://a/SERVICE> } # SERVICE <a:> {",
        'SELECT * { ?s ?p "SERVICE <a:> {}" , \'\'\'SERVICE\'\'\' , """ " SERVICE " """ }',
        "PREFIX service: <a:> SELECT * { ?s a service:Thing ; service:of ex:service }",
        "PREFIX service: <a:> SELECT * { GRAPH service:g { ?s ?p ?o } }",
        "PREFIX e: <a:> SELECT * { e:a\\#SERVICE e:b ?o }",
    ],
)
def test_service_as_a_name_is_not(text: str) -> None:
    check(text, BOUNDS)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { VALUES (?x ?y ?z) { (1 2 '>') } FILTER(?x<?y&&'>'=?z) SERVICE <a:b> { ?s ?p ?o } #'\n}",
        "SELECT * { VALUES (?x ?y) { (1 2) } FILTER(?x<?y#>'''\n) SERVICE <a:b> { ?s ?p ?o } #'''\n}",
        "PREFIX e: <a:> SELECT * { FILTER(?x<e:y#>'''\n) SERVICE <a:b> { ?s ?p ?o } #'''\n}",
    ],
)
def test_a_comparison_that_reads_as_an_iri_hides_nothing(text: str) -> None:
    ox.Store().query(text)
    with pytest.raises(QuerySyntax):
        check(text, BOUNDS)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s <http://a/it's> ?o FILTER(?o = <#it's> || ?o IN (<#a>, <urn:a#b>) || ?x < ?y) }",
        "SELECT * { VALUES (?a ?b) { (<#a> <#b>) } ?s a <#it's> . ?s (<#a>/^<#b>) ?o }",
        "SELECT * { ?s ?p (?o <http://a/it's#b>) FILTER(?x<?y && ?y>?z) FILTER(?x<?y) # it's\n }",
    ],
)
def test_iris_with_a_quote_or_a_fragment_are_read(text: str) -> None:
    ox.Store().query(text, base_iri="http://a/")
    check(text, BOUNDS)


@pytest.mark.parametrize(
    "text", ["INSERT DATA { <a:> <a:> <a:> }", "PREFIX e: <a:> delete where { ?s ?p ?o }", "CLEAR ALL", "LOAD <a:>"]
)
def test_updates_are_named(text: str) -> None:
    with pytest.raises(UpdateRefused):
        check(text, BOUNDS)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("ASK { FILTER(" + "(" * 101 + "1", "sparql_nesting"),
        ("ASK " + "{" * 101, "sparql_nesting"),
        ("ASK { ?s ?p " + "[ a " * 101, "sparql_nesting"),
        ("ASK { ?s ?p " + "<< <a:> <a:> " * 101, "sparql_nesting"),
        ("ASK { FILTER(" + "! \n#(\n" * 101 + "1)}", "sparql_nesting"),
        ("ASK { ?s " + "/".join(["<a:>"] * 502) + " ?o }", "sparql_operators"),
        ("ASK { FILTER(" + "||".join(["true"] * 502) + ") }", "sparql_operators"),
        ("ASK { " + "UNION".join(["{}"] * 502) + " }", "sparql_operators"),
        ("ASK { " + "FILTERNOTEXISTS{}" * 501 + " }", "sparql_operators"),
        ("ASK { VALUES ?x { " + "1 " * 5001 + "} }", "sparql_values"),
        ("ASK { VALUES (?x ?y) { " + "(<a:> 'b') " * 2501 + "} }", "sparql_values"),
    ],
)
def test_complexity_is_bounded(text: str, limit: str) -> None:
    with pytest.raises(TooComplex) as caught:
        check(text, BOUNDS)
    assert caught.value.members["limit"] == limit
    assert caught.value.members["line"] >= 1


def test_ordinary_large_queries_pass() -> None:
    check("SELECT * { VALUES ?x { " + "<http://a/(((((((((((((> " * 2000 + "} ?x ?p '" + "(" * 5000 + "' }", BOUNDS)
    check("ASK { " + "{ FILTER(!(!true)) } " * 400 + "}", BOUNDS)


def test_an_open_string_is_a_fault_with_its_place() -> None:
    with pytest.raises(QuerySyntax) as caught:
        check('SELECT *\n{ ?s ?p "abc }', BOUNDS)
    assert caught.value.members == {"line": 2, "column": 9, "offendingLine": '{ ?s ?p "abc }'}


def test_engine_faults_get_a_place() -> None:
    text = "SELECT *\nWHERE { ?s foo:bar ?o }"
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(text)
    fault = syntax_fault(text, str(caught.value))
    assert (fault.members["line"], fault.members["offendingLine"]) == (2, "WHERE { ?s foo:bar ?o }")
    assert "prefix" in fault.detail


def test_a_long_line_is_shown_in_part() -> None:
    text = "x" * 5000 + "y" + "z" * 5000
    assert "xy" in str(position(text, 5000)["offendingLine"])
    assert len(str(position(text, 5000)["offendingLine"])) == 200


@pytest.mark.parametrize(
    "unit",
    [
        "a.",
        "<a",
        '"""a\\',
        "()",
        "?a ",
        "@a-",
        "ex:\\(",
        "#\n",
        "<<a",
        "'a\n",
        "::",
        "a" * 99 + " ",
        "{}",
        "%41",
        "\\u0041",
        "\x00",
    ],
)
def test_time_grows_with_length_only(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        best = 1e9
        for _ in range(3):
            started = time.perf_counter()
            with suppress(Problem):
                check(text, Bounds(10**9, 10**9, 10**9))
            best = min(best, time.perf_counter() - started)
        return best

    # Sixteen times the text: a quadratic reader would take 256 times as long.
    assert seconds(65_536) < 80 * seconds(4096) + 0.05


# fmt: off
_WORDS = st.sampled_from([
    "?x<?y&&'>'", "?x<?y#>", "a:.",
    "SELECT", "ASK", "SERVICE", "FROM", "VALUES", "*", "{", "}", "(", ")", "[", "]", "<", ">", "<<", ">>", "<http://a/>", '"', "'",
    '"""', "'''", "\\", "\\u0022", "#", "\n", "?x", "!", "!=", "||", "|", "/", "^", "a:b", ":", "1", "2.5", "@en", "^^", ".", ";", ",",
])
# fmt: on


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300), st.lists(_WORDS, max_size=60).map(" ".join), st.lists(_WORDS, max_size=60).map("".join)
    )
)
def test_any_text_is_read_or_refused_as_a_problem(text: str) -> None:
    try:
        check(text, Bounds(10, 10, 10, frozenset(["http://a/"])))
    except Problem as fault:
        assert 400 <= fault.status < 500  # noqa: PT017


@settings(max_examples=200, deadline=None)
@given(st.lists(_WORDS, max_size=30).map(" ".join))
def test_what_the_engine_runs_with_service_is_never_passed(text: str) -> None:
    query = f"SELECT * {{ {text}\n SERVICE <a:b> {{ ?s ?p ?o }} }}"  # on a line of its own: in no comment
    try:
        ox.Store().query(query)
    except (SyntaxError, OSError, RuntimeError, ValueError) as fault:
        if isinstance(fault, SyntaxError):
            return
    with pytest.raises(Problem):
        check(query, BOUNDS)
