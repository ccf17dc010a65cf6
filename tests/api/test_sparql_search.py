"""SERVICE ccsi:search: the rows of the index inside a query, on every store."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from app.sparql.search_clause import SEARCH
from ontology import CCSI
from tests.api.conftest import InProcess

CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"
PREFIXES = (
    f"PREFIX ccsi: <{CCSI}>\nPREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
    "PREFIX esco: <http://data.europa.eu/esco/model#>\n"
)


def ask(api: InProcess, text: str) -> httpx2.Response:
    form = {"query": PREFIXES + text}
    return api.request("POST", "/sparql", data=form, headers={"accept": "application/sparql-results+json"})


def rows(api: InProcess, text: str) -> list[dict[str, Any]]:
    answer = ask(api, text)
    assert answer.status_code == 200, answer.text
    return [
        {name: term["value"] for name, term in row.items()} for row in answer.json()["results"]["bindings"]
    ]  # fmt: skip


def test_it_finds_what_suggest_finds(api: InProcess) -> None:
    found = rows(
        api,
        """SELECT ?c ?s ?l ?t { SERVICE ccsi:search {
            ?c ccsi:matches "museum cur*" ; ccsi:score ?s ; ccsi:matchedLabel ?l ; ccsi:matchType ?t ; ccsi:limit 5 . } }
        ORDER BY DESC(?s) ?c""",
    )
    items = api.json("suggest?q=museum cur&limit=5")["items"]
    assert found[0]["c"] == CURATOR
    assert {row["c"]: (float(row["s"]), row["l"], row["t"]) for row in found} == {
        item["uri"]: (pytest.approx(item["score"], abs=1e-4), item["matchedLabel"]["en"], item["matchType"])
        for item in items
    }


def test_it_joins_with_the_graph(api: InProcess) -> None:
    found = rows(
        api,
        """SELECT ?c ?label ?s { SERVICE ccsi:search { ?c ccsi:matches "museum*" ; ccsi:score ?s ; ccsi:conceptType "occupation" }
           ?c a esco:Occupation ; skos:prefLabel ?label . FILTER(LANG(?label) = "en") }""",
    )
    assert CURATOR in {row["c"] for row in found}
    assert len(found) == api.json("suggest?q=museum&type=occupation&limit=50")["items"].__len__() > 1


def test_a_whole_word_is_not_only_begun(api: InProcess) -> None:
    text = 'SELECT ?c { SERVICE ccsi:search { ?c ccsi:matches "TEXT" ; ccsi:conceptType "occupation" } }'
    begun, whole = (len(rows(api, text.replace("TEXT", words))) for words in ("museu*", "museu"))
    assert begun > 1
    assert whole <= begun
    assert rows(api, text.replace("TEXT", "zzzzzz*")) == []


def test_a_language_is_a_tag(api: InProcess) -> None:
    text = 'SELECT ?l { SERVICE ccsi:search { ?c ccsi:matches "diseñ*"@es ; ccsi:matchedLabel ?l } }'
    answer = ask(api, text).json()["results"]["bindings"]
    spoken = "es" in api.app.state.service.served.search.languages
    assert bool(answer) or not spoken
    assert {row["l"]["xml:lang"] for row in answer} <= {"es", "en"}


@pytest.mark.parametrize("group", ["MINUS { CLAUSE }", "FILTER EXISTS { CLAUSE }", "OPTIONAL { CLAUSE }"])
def test_it_may_stand_where_any_group_may(api: InProcess, group: str) -> None:
    clause = 'SERVICE ccsi:search { ?c ccsi:matches "museum cur*" ; ccsi:limit 1 }'
    if api.app.state.service.settings.sparql_endpoint.endswith("/sparql") and "OPTIONAL" not in group:
        pytest.skip("Virtuoso refuses VALUES as all of MINUS or EXISTS, whoever sends it")
    found = rows(api, f"SELECT ?c {{ VALUES ?c {{ <{CURATOR}> }} {group.replace('CLAUSE', clause)} }}")
    assert [row["c"] for row in found] == ([] if "MINUS" in group else [CURATOR])


def test_too_many_terms_are_refused_by_name(api: InProcess) -> None:
    one = '{ SERVICE ccsi:search { ?cN ccsi:matches "a*" ; ccsi:score ?sN ; ccsi:matchedLabel ?lN ; ccsi:limit 1000 } }'
    answer = ask(api, f"SELECT (COUNT(*) AS ?n) {{ {' UNION '.join(one.replace('N', str(n)) for n in range(10))} }}")
    assert (answer.status_code, answer.json()["limit"]) == (504, "sparql_values")
    unknown = ask(api, 'SELECT * { SERVICE ccsi:search { ?c ccsi:matches "a*" ; ccsi:conceptType "thing" } }')
    assert (unknown.status_code, "none of occupation" in unknown.json()["detail"]) == (400, True)


def test_the_service_description_shows_it(api: InProcess) -> None:
    said = api.get("/sparql", headers={"accept": "text/turtle"}).text
    assert f"<{SEARCH}>" in said
    assert "BasicFederatedQuery" in said
