"""Lists in short and as CSV, the sectors as a whole, and many codes at once."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest

from app.settings import Limits
from tests.api.conftest import InProcess

CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"
LISTS = (
    "occupations", "domains/heritage/occupations", "domains/ccsi/occupations", "skills", "scope/review-queue",
    "scope/review-queue?domain=gaming",
)  # fmt: skip


def look_up(api: InProcess, body: dict[str, Any]) -> httpx2.Response:
    return api.request("POST", "/api/v1/lookup", json=body)


def rows_of(text: str, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=separator))


def asked(target: str, more: str) -> str:
    return f"{target}{'&' if '?' in target else '?'}{more}"


@pytest.mark.parametrize("target", LISTS)
def test_csv_and_compact_say_the_same_as_the_list(api: InProcess, target: str) -> None:
    whole = api.json(asked(target, "limit=30&offset=2"))
    short = api.json(asked(target, "limit=30&offset=2&view=compact"))
    answer = api.get(asked(target, "limit=30&offset=2&format=csv"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = rows_of(answer.text)
    assert len(table) == len(short["items"]) == len(whole["items"]) > 1
    assert short["total"] == whole["total"]
    for row, item, full in zip(table, short["items"], whole["items"], strict=True):
        assert row["uri"] == item["uri"] == full["uri"]
        assert row["label"] == item["label"] == full["preferredLabel"]["en"]
        assert list(row) == list(item)
        for name, value in item.items():
            if isinstance(value, list):
                assert row[name].split(" | " if name == "reasons" else None) == value
            elif name in full and not isinstance(value, bool):
                assert full[name] == value
                assert row[name].removeprefix("'") == ("" if value is None else str(value))
    assert len(api.get(asked(target, "limit=30&view=compact")).content) < 0.6 * len(
        api.get(asked(target, "limit=30")).content
    )


def test_a_spreadsheet_gets_its_mark_and_its_separator(api: InProcess) -> None:
    answer = api.get(
        "domains/ccsi/occupations?format=csv&bom=true&separator=semicolon&fields=code,core,label&limit=500"
    )
    assert answer.content.startswith(b"\xef\xbb\xbfcode;core;label\r\n")
    table = rows_of(answer.content.decode("utf-8-sig"), ";")
    assert {"code": "2621.3", "core": "heritage", "label": "conservator"} in table
    assert not api.get("occupations?format=csv&limit=1").content.startswith(b"\xef\xbb\xbf")
    by_header = api.get("occupations?limit=3", headers={"Accept": "text/csv"})
    assert by_header.content == api.get("occupations?limit=3&format=csv").content
    assert 'rel="next"' in by_header.headers["link"]


def test_only_the_fields_asked_for_in_their_order(api: InProcess) -> None:
    found = api.json("occupations?code=2621.3&fields=label,uri")
    assert list(found["items"][0]) == ["label", "uri"]
    assert "@context" not in found
    for fields, field in (("label,colour", "fields"), ("", "fields"), ("label,label", "fields")):
        refused = api.get(f"occupations?fields={fields}")
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert "core" in api.get("occupations?fields=colour").json()["known"]


def test_a_list_with_a_csv_form_is_turtle_still(api: InProcess) -> None:
    answer = api.get("occupations?code=2621.3", headers={"Accept": "text/turtle"})
    assert answer.headers["content-type"].startswith("text/turtle")
    assert "conservator" in answer.text


def test_the_sectors_as_a_whole(api: InProcess) -> None:
    found = api.json("domains/ccsi/occupations?limit=500")
    everything = api.json("occupations?limit=500")["items"]
    inside = {o["uri"]: o["domains"] for o in everything if o["domains"]}
    assert {o["uri"]: o["domains"] for o in found["items"]} == inside
    assert found["domain"] == "ccsi"
    assert len({o["uri"] for o in found["items"]}) == found["total"] == len(inside)
    core = {o["uri"] for o in api.json("domains/ccsi/occupations?limit=500&degree=core")["items"]}
    assert core == {iri for iri, domains in inside.items() if any(d["degree"] == "core" for d in domains)}
    assert 0 < len(core) < len(inside)
    assert api.get("domains/ccsi/occupations?sub-domain=museums").status_code == 422


@pytest.mark.parametrize("degree", ["core", "related"])
def test_occupations_by_degree(api: InProcess, degree: str) -> None:
    everything = api.json("occupations?limit=500")["items"]
    wanted = {o["uri"] for o in everything if degree in {d["degree"] for d in o["domains"]}}
    assert {o["uri"] for o in api.json(f"occupations?degree={degree}&limit=500")["items"]} == wanted
    here = {o["uri"] for o in api.json(f"occupations?degree={degree}&domain=gaming&limit=500")["items"]}
    assert here == {o["uri"] for o in api.json(f"domains/gaming/occupations?degree={degree}&limit=500")["items"]}


def test_codes_of_all_kinds_are_looked_up_in_their_order(api: InProcess) -> None:
    codes = [
        CURATOR,
        CURATOR[-36:].upper(),
        "2621.6",
        "2621",
        "C2621",
        "91.21",
        "S",
        "90.03",
        "S1.2",
        "9.1",
        "nothing",
        "2621",
    ]
    answer = look_up(api, {"codes": codes})
    assert answer.status_code == 200
    found = answer.json()["items"]
    assert [item["asked"] for item in found] == codes
    assert {item["uri"] for item in found[:3]} == {CURATOR}
    assert found[0]["core"] == ["heritage"]
    assert [item["classification"] for item in found[3:8]] == ["isco-08", "isco-08", "nace-2.1", "nace-2.1", "nace-2"]
    assert found[3]["domainShares"] == api.json("crosswalk?isco=2621")["domainShares"]
    assert found[5]["domainShares"] == api.json("crosswalk?nace=91.21")["domainShares"]
    assert found[7]["domainShares"] == api.json("crosswalk?nace=90.03&revision=2")["domainShares"] != []
    assert (found[8]["type"], found[8]["code"]) == ("skill-group", "S1.2")
    assert (found[9]["status"], found[9]["didYouMean"]) == ("unknown", "09.1")
    assert (found[10]["status"], found[10]["uri"]) == ("unknown", None)
    assert found[11] == found[3]


def test_bare_digits_are_nace_where_the_request_says_so(api: InProcess) -> None:
    (isco,) = look_up(api, {"codes": ["9121"]}).json()["items"]
    (nace,) = look_up(api, {"codes": ["9121"], "classification": "nace-2.1"}).json()["items"]
    assert isco["classification"] != "nace-2.1"
    assert (nace["code"], nace["uri"]) == ("91.21", "http://data.europa.eu/ux2/nace2.1/9121")
    (wrong,) = look_up(api, {"codes": ["91.21"], "classification": "esco"}).json()["items"]
    assert wrong["status"] == "unknown"


def test_more_codes_than_the_limit_are_refused(api: InProcess) -> None:
    most = Limits().lookup_codes
    assert look_up(api, {"codes": ["2621"] * most}).json()["total"] == most
    refused = look_up(api, {"codes": ["2621"] * (most + 1)})
    assert (refused.status_code, refused.json()["field"], refused.json()["maximum"]) == (422, "codes", most)
