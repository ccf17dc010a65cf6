"""The lexical guard: what it refuses, in which words it lets through, and that it never reads twice."""

from __future__ import annotations

import re
import time
from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import FederationRefused, Problem, QuerySyntax, TooComplex, UpdateRefused
from app.process.breaks import Breaks
from app.settings import Limits
from app.sparql.complexity import Bounds
from app.sparql.guard import check

BOUNDS = Bounds.of(Limits())
STANDARD = Bounds.of(Limits(), standard=True)
TRAP = "http://127.0.0.1:8859/"


def parses(text: str) -> bool:
    """Whether the engine reads a query, be it that it cannot evaluate it."""
    try:
        ox.Store().query(text)
    except SyntaxError:
        return False
    except (OSError, RuntimeError, ValueError):
        return True
    return True


def assert_no_service(written: str) -> None:
    """Were SERVICE a word to the engine, another in its place would be a fault; in names and strings it is none."""
    other = re.sub("service", "servixe", written, flags=re.IGNORECASE)
    assert parses(written) == parses(other), written


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "select"),
        ("select*{}", "select"),
        ("# SELECT\nPREFIX select: <http://a/> PREFIX ask: <b#> ASK {}", "ask"),
        ("BASE <http://a/>PREFIX :<x>CONSTRUCT WHERE {}", "construct"),
        ('VERSION "1.2" DESCRIBE <a>', "describe"),
        ("", ""),
    ],
)
def test_form(text: str, form: str) -> None:
    assert check(text, BOUNDS).form == form


@pytest.mark.parametrize(
    ("text", "graphs"),
    [
        ("SELECT * { ?s ?p ?o }", ()),
        ("SELECT * FROM <http://a/> { }", ("http://a/",)),
        ("SELECT*FROM<g>FROM NAMED<http://a/#\\u0062>{}", ("http://localhost/g", "http://a/#b")),
        ("PREFIX : <a:> SELECT * FROM :g {}", ("a:g",)),
        ("PREFIX from: <a:> SELECT * { ?s from:x ' FROM ' } # FROM", ()),
    ],
)
def test_own_dataset(text: str, graphs: tuple[str, ...]) -> None:
    assert check(text, BOUNDS).graphs == graphs


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
        "SELECT*{SERVICE<http://a/>{}}",
        "SELECT * { ?s ?p 1SERVICE<http://a/>{} }",
        "PREFIX : <a:> SELECT*{SERVICE :x{}}",
        "SELECT * { SERVICE # <http://a/>\n ?x { } }",
        "SELECT * { ?s ?p '''x''' SERVICE ?x {} }",
        "SELECT * { ?s ?p <http://a/#> SERVICE <b:> {} }",
        "SELECT * { FILTER(?a < ?b) SERVICE <b:> {} }",
        "SELECT * { FILTER(?a<?b)SERVICE<b:>{} }",
        "SELECT * { ?s a <#it's> . ?t a <#it's> SERVICE <b:> {} }",
        "SELECT * { VALUES (?x ?y ?z) { (1 2 '>') } FILTER(?x<?y&&'>'=?z) SERVICE <a:b> { ?s ?p ?o } #'\n}",
        "SELECT * { VALUES (?x ?y) { (1 2) } FILTER(?x<?y#>'''\n) SERVICE <a:b> { ?s ?p ?o } #'''\n}",
        "PREFIX e: <a:> SELECT * { FILTER(?x<e:y#>'''\n) SERVICE <a:b> { ?s ?p ?o } #'''\n}",
        f"SELECT * {{ FILTER(?x\u200d<?p#>'''\n) SERVICE <{TRAP}> {{?x ?y ?z}} #'''\n}}",
    ],
)
def test_service_is_refused(text: str) -> None:
    for bounds in (BOUNDS, STANDARD):
        with pytest.raises(FederationRefused):
            check(text, bounds)


@pytest.mark.parametrize(
    "text",
    [
        f"PREFIX : <{TRAP}> SELECT * {{ GRAPH ?g {{}} SERVICE:x {{?x ?y ?z}} }}",
        f"PREFIX n: <http://a/> SELECT ?x {{ ?s ?p n:nace2.1\\/8299.SERVICE<{TRAP}>{{?x ?y ?z}} }}",
        f"SELECT ?x {{ OPTIONAL {{ ?a ?b <<?s?p'x'>> }} SERVICE <{TRAP}> {{?x ?y ?z}} #'\n }}",
        f"SELECT ?x {{ OPTIONAL {{ ?a ?b <<?s?p'x>'>> }} SERVICE <{TRAP}> {{?x ?y ?z}} #'\n }}",
        "PREFIX SERVICE: <a:> SELECT * { SERVICE:x # comment\n { } }",
        "PREFIX e: <a:> SELECT * { ?s ?p e:.SERVICE<b:>{} }",
        "SELECT*{SERVICESILENT<http://a/>{}}",
        "SELECT * { ?s ?p 'x\\u0027 } SERVICE <b:> {} #' }",
        "SELECT * { ?s <a:\\u003E> ?o }",
        "SELECT * { ?s ?p ?o . \\u0053ERVICE <b:> {} }",
        "SELECT * { ?s ?p ?o . \u017fERVICE <b:> {} }",  # a long s, which is an S to who compares without case
    ],
)
def test_what_others_could_read_as_service_means_to_all_what_it_means_here(text: str) -> None:
    """It is refused, or what goes on has no such word outside names and strings, and the engine agrees."""
    try:
        written = check(text, BOUNDS).text
    except Problem:
        return
    assert_no_service(written)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service a <http://a/SERVICE> } # SERVICE <a:> {",
        'SELECT * { ?s ?p "SERVICE <a:> {}" , \'\'\'SERVICE\'\'\' , """ " SERVICE " """ }',
        "PREFIX service: <a:> SELECT * { ?s a service:Thing ; service:of service:Service }",
        "PREFIX service: <a:> SELECT * { GRAPH service:g { ?s ?p ?o } }",
        "PREFIX e: <a:> SELECT * { e:a\\#SERVICE e:b ?o }",
    ],
)
def test_service_as_a_name_is_not(text: str) -> None:
    ox.Store().query(check(text, STANDARD).text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("select*{?s?p?o}#x", "select * { ?s ?p ?o }"),
        ("PREFIX e: <a:> ASK { e:a\\/b e:c.d e:%20. }", "ASK { <a:a/b> <a:c.d> <a:%20> . }"),
        (
            "BASE <http://a/b/> PREFIX : <c#> ASK { :x <../d> <> }",
            "ASK { <http://a/b/c#x> <http://a/d> <http://a/b/> }",
        ),
        (
            "ASK { ?s ?p '''a\n\"'\\u00e9''' , ''@en-GB , \"1\"^^<a:b> }",
            'ASK { ?s ?p "a\\n\\"\'é" , ""@en-GB , "1"^^<a:b> }',
        ),
        ("ASK { FILTER(?x<?y&&?z>1) }", "ASK { FILTER ( ?x < ?y && ?z > 1 ) }"),
        ("ASK { FILTER(?x<=-1||?y-1>.5) }", "ASK { FILTER ( ?x <= -1 || ?y -1 > .5 ) }"),
        ("ASK { FILTER(?x<<http://a/it's>) }", "ASK { FILTER ( ?x < <http://a/it's> ) }"),
        (
            "ASK { FILTER(STR(?x) IN(<a:b>,<#c>)) }",
            "ASK { FILTER ( STR( ?x ) IN ( <a:b> , <http://localhost/sparql#c> ) ) }",
        ),
        (
            "ASK { VALUES(?a ?b){(<a:x><b:x>)} ?s (<a:x>/^<b:x>)+ (?a <c:x>) }",
            "ASK { VALUES ( ?a ?b ) { ( <a:x> <b:x> ) } ?s ( <a:x> / ^ <b:x> ) + ( ?a <c:x> ) }",
        ),
        (
            "SELECT (?a<?b AS ?c)(1 AS ?d){FILTER <a:f>(?a<?b)}ORDER BY(?a<?b)<a:f>(?a<?b)",
            "SELECT ( ?a < ?b AS ?c ) ( 1 AS ?d ) { FILTER <a:f> ( ?a < ?b ) } ORDER BY ( ?a < ?b ) <a:f> ( ?a < ?b )",
        ),
        ("ASK { ?s <a:b>?o . ?s <a:b>? ?o }", "ASK { ?s <a:b> ?o . ?s <a:b> ? ?o }"),
        (
            "SELECT (COALESCE (?a) AS ?b) (COUNT (*) AS ?n) {}",
            "SELECT ( COALESCE( ?a ) AS ?b ) ( COUNT( * ) AS ?n ) { }",
        ),
        ("ASK { FILTER(EXISTS{?s <a:b>?o}&&?o<1) }", "ASK { FILTER ( EXISTS { ?s <a:b> ?o } && ?o < 1 ) }"),
        (
            'SELECT (GROUP_CONCAT(DISTINCT ?a;SEPARATOR=" ") AS ?b) (group_concat(?a) AS ?c) (GROUP_CONCAT(STR(?a)) AS ?d) {}',
            'SELECT ( GROUP_CONCAT( DISTINCT STR( ?a ) ; SEPARATOR = " " ) AS ?b ) ( group_concat( STR( ?a ) ) AS ?c )'
            " ( GROUP_CONCAT( STR( ?a ) ) AS ?d ) { }",
        ),
        # What SPARQL allows and the engine does not: a column named twice, and truths in capitals.
        (
            "SELECT ?a ?b $a (1 AS ?c) ?b{?a ?b ?b}ORDER BY ?b ?b",
            "SELECT ?a ?b ( 1 AS ?c ) { ?a ?b ?b } ORDER BY ?b ?b",
        ),
        (
            "SELECT ?a{{SELECT ?a ?a{?a ?b True}}FILTER(?a=FALSE)}",
            "SELECT ?a { { SELECT ?a { ?a ?b true } } FILTER ( ?a = false ) }",
        ),
        ('VERSION "1.2" ASK { ?a ?b <<( ?s?p?o )>> {| <a:b> 1 |} }', "ASK { ?a ?b <<( ?s ?p ?o )>> {| <a:b> 1 |} }"),
    ],
)
def test_a_query_is_written_anew(text: str, written: str) -> None:
    assert check(text, BOUNDS).text == written
    assert check(written, BOUNDS).text == written, "what is written reads as itself"
    assert parses(written)


def test_what_is_written_does_not_outgrow_its_text() -> None:
    with pytest.raises(TooComplex):
        check(f"PREFIX : <http://a/{'x' * 5000}> CONSTRUCT {{ " + ":a :b :c . " * 100 + "} {}", BOUNDS)


@pytest.mark.parametrize(
    "text",
    [
        "define input:storage <a:> SELECT * {}",
        "DEFINE get:soft 'soft' SELECT * FROM <http://a/> {}",
        "SELECT * { ?s ?p ?o OPTION (TRANSITIVE) }",
        "PREFIX bif: <bif:> SELECT (bif:sprintf('%s', ?x) AS ?y) {}",
        "SELECT (<sql:f>(1) AS ?y) {}",
        "SELECT (`sql:f`(1) AS ?y) {}",
        "ASK { ?s <java:java.lang.System> ?o }",
        "ASK { FILTER <http://example.org/f>(?x) }",
        "ASK { << ?s ?p ?o >> ?q ?r }",
        "ASK { LATERAL { } }",
        "ASK { ?s ?p 'x'@en--ltr }",
        "ASK { ?s ?p '\\u0000' }",
        "ASK { ?s ?p ?o } ; DROP ALL",
        "ASK { ?s ?p \u00a0?o }",
        "ASK { ?s ?p ?x@en }",
        "ASK { ?s ?p 'x'^^?y }",
        "ASK { ?s undeclared:p ?o }",
        "ASK { ?s ?p ?o ] }",
    ],
)
def test_what_a_store_has_beyond_the_standard_is_refused(text: str) -> None:
    with pytest.raises((QuerySyntax, UpdateRefused)):
        check(text, STANDARD)


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
        ("ASK { ?s " + "/".join(["<a:>"] * 202) + " ?o }", "sparql_patterns"),
        ("ASK { FILTER(" + "||".join(["true"] * 502) + ") }", "sparql_operators"),
        ("ASK { " + "UNION".join(["{}"] * 202) + " }", "sparql_patterns"),
        ("ASK { " + "FILTER NOT EXISTS{}" * 201 + " }", "sparql_patterns"),
        ("ASK { FILTER(1" + "+1" * 501 + ") }", "sparql_operators"),
        ("ASK { FILTER(1" + " * 1" * 501 + ") }", "sparql_operators"),
        ("SELECT " + "(1 AS ?a)" * 501 + " {}", "sparql_operators"),
        ("ASK { ?s ?p " + ",".join(["?o"] * 202) + " }", "sparql_patterns"),
        ("ASK { ?s ?p ?o " + "; ?p ?o" * 201 + " }", "sparql_patterns"),
        ("ASK { ?s ?p (" + "1 " * 201 + ") }", "sparql_patterns"),
        ("ASK { " + "{?s ?p ?o}" * 201 + " }", "sparql_patterns"),
        ("PREFIX n: <a:> ASK { ?s ?p n:a\\/b." + "{" * 101, "sparql_nesting"),
        ("ASK { ?a ?b <<?s?p'x>'>> ." + "{" * 101, "sparql_nesting"),
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
    check("ASK { " + "{ FILTER(!(!true)) } " * 190 + "}", BOUNDS)
    check("CONSTRUCT { " + "?s ?p ?o . " * 2000 + "} { FILTER(?x IN (" + ",".join(["1"] * 3000) + ")) }", BOUNDS)


def test_a_long_text_is_read_in_slices_to_the_same_end() -> None:
    text = "SELECT * { VALUES ?x { " + "<a> " * 5000 + "} }"
    pauses = []
    assert check(text, BOUNDS, pause=lambda: pauses.append(1)) == check(text, BOUNDS)
    assert len(pauses) >= 2 * 5000 // 64, "while the tokens are found, and while they are written"


def test_work_sleeps_most_of_the_time() -> None:
    breaks = Breaks()
    started, worked = time.perf_counter(), time.thread_time()
    while time.thread_time() - worked < 0.05:
        breaks()
    assert time.perf_counter() - started > 0.1


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
                check(text, Bounds(10**9, 10**9, 10**9, 10**9))
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
        check(text, Bounds(10, 10, 10, 10, frozenset(["http://a/"])))
    except Problem as error:
        assert 400 <= error.status < 500  # noqa: PT017


@settings(max_examples=300, deadline=None)
@given(st.lists(_WORDS, max_size=30).map(" ".join))
def test_what_the_engine_reads_as_service_is_never_passed(text: str) -> None:
    query = f"SELECT * {{ {text}\n SERVICE <a:b> {{ ?s ?p ?o }} }}"  # on a line of its own: in no comment
    try:
        written = check(query, BOUNDS).text
    except Problem:
        return
    assert_no_service(written)
