"""The form of SERVICE ccsi:search: how it is read, and that anything else is refused in its place."""

from __future__ import annotations

import pytest

from app.errors import FederationRefused, QuerySyntax
from app.settings import Limits
from app.sparql.complexity import Bounds
from app.sparql.guard import check
from app.sparql.search_clause import SEARCH, Clause
from ontology import CCSI

PREFIXES = (
    f"PREFIX ccsi: <{CCSI}>\nPREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
    "PREFIX esco: <http://data.europa.eu/esco/model#>\n"
)
BOUNDS = Bounds.of(Limits(), [SEARCH])


def test_a_clause_as_it_is_read() -> None:
    (service,) = check(
        f"""PREFIX c: <{CCSI}> SELECT * {{ SERVICE c:search {{ $x c:matches '''museo de *'''@ES ;
            c:limit 7 ; # {{
            c:score ?s ; }} }}""",
        BOUNDS,
    ).services
    assert service.search == Clause("museo de *", "es", "", 7, {"concept": "$x", "score": "?s"})
    assert service.search.begun


@pytest.mark.parametrize(
    "group",
    [
        '<a:b> ccsi:matches "a"', '?c ccsi:matches ?words', '?c ccsi:matches "a" ; ccsi:matches "b"', "?c ccsi:score ?s",
        '?c ccsi:matches "a" . ?d ccsi:score ?s', '?c ccsi:matches "a" ; ccsi:score ?c', '?c ccsi:matches "a", "b"',
        '?c ccsi:matches "a" ; ccsi:score ?s ; ccsi:matchType ?s', '?c ccsi:matches "a" ; ccsi:limit 1001',
        '?c ccsi:matches "a" ; ccsi:limit 0', '?c ccsi:matches "a" ; ccsi:limit 1.5', '?c ccsi:matches "a" ; ccsi:limit -1',
        '?c ccsi:matches "a" ; skos:prefLabel ?l', '?c ccsi:matches "a" FILTER(?c = 1)', '{ ?c ccsi:matches "a" }',
        '?c ccsi:matches "a" ; ccsi:score 0.5', '?c ^ccsi:matches "a"', '?c ccsi:matches "*"', '?c ccsi:matches " "', "",
        f'?c ccsi:matches "{"a" * 201}"', '?c ccsi:matches "a" ccsi:score ?s', '?c ccsi:matches "a"^^<a:b>', '?c ?p "a"',
        '?c ccsi:matches "a" ; ccsi:score $c', '[] ccsi:matches "a"', '_:c ccsi:matches "a"', '?c ccsi:matches "a" . .',
        'SERVICE ccsi:search { ?c ccsi:matches "a" }', '?c ccsi:matches "a" UNION { }', '?c ccsi:unknown "a"',
    ],
)  # fmt: skip
def test_what_is_no_such_clause_is_refused_in_its_place(group: str) -> None:
    with pytest.raises((QuerySyntax, FederationRefused)) as refused:
        check(f"{PREFIXES}SELECT * {{ ?x ?y ?z\n SERVICE ccsi:search {{ {group} }} }}", BOUNDS)
    assert refused.value.members["line"] == 5


def test_without_an_index_it_is_an_endpoint_like_any_other() -> None:
    with pytest.raises(FederationRefused):
        check(f'SELECT * {{ SERVICE <{SEARCH}> {{ ?c <{CCSI}matches> "a" }} }}', Bounds.of(Limits()))
