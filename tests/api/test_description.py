"""OpenAPI: what linters look for, and that the description holds all that there is."""

from __future__ import annotations

import re

from app.settings import Limits
from tests.api.conftest import InProcess


def test_it_is_complete_for_a_linter(api: InProcess) -> None:
    found = api.json("openapi.json")
    assert found["servers"] == [{"url": "/"}]
    assert found["security"] == []
    assert found["info"]["license"]["identifier"] == "Apache-2.0"
    for path, item in found["paths"].items():
        placed = set(re.findall(r"\{(\w+)\}", path.replace(":path", "")))
        for operation in item.values():
            given = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert given == placed, path
            assert any(status.startswith("4") for status in operation["responses"]), path


def test_sparql_is_described(api: InProcess) -> None:
    found = api.json("openapi.json")["paths"]["/sparql"]
    assert found["get"]["parameters"][0]["name"] == "query"
    assert found["post"]["requestBody"]["content"].keys() == {
        "application/x-www-form-urlencoded", "application/sparql-query"
    }  # fmt: skip
    for media_type in ("application/sparql-results+json", "text/csv", "text/turtle"):
        assert media_type in found["get"]["responses"]["200"]["content"]
    answer = api.get("/sparql?query=ASK%7B%7D", headers={"Accept": "application/sparql-results+json"})
    assert answer.json()["boolean"] is True
    for target, status in (("/sparql?query=x", "400"), ("/sparql?update=x", "403")):
        assert str(api.get(target).status_code) == status
        assert status in found["get"]["responses"]


def test_vocabularies_are_described(api: InProcess) -> None:
    found = api.json("openapi.json")["paths"]["/sparql/{vocabulary}"]
    names = [p["name"] for p in found["get"]["parameters"]]
    assert names == ["vocabulary", "query", "format"]
    for name in found["get"]["parameters"][0]["schema"]["enum"]:
        assert api.get(f"/sparql/{name}?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D&format=json").json()["boolean"] is True, name


def test_published_limits_are_bounds_of_parameters(api: InProcess) -> None:
    limits = Limits()
    found = api.json("openapi.json")["paths"]
    for path in ("/api/v1/occupations", "/api/v1/nace", "/api/v1/domains/{id}/occupations"):
        by_name = {p["name"]: p["schema"] for p in found[path]["get"]["parameters"]}
        assert (by_name["limit"]["minimum"], by_name["limit"]["maximum"]) == (1, limits.rows)
        assert by_name["offset"]["maximum"] == limits.offset
    assert api.get(f"occupations?limit={limits.rows + 1}").status_code == 422
