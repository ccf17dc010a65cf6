"""/scope and /crosswalk on the starter."""

from __future__ import annotations

import pytest

from tests.api.conftest import InProcess

CURATOR = "691d30cc-6b2c-4025-89b4-3e719fe664c7"


def test_the_scope_in_figures(client: InProcess) -> None:
    found = client.get("/api/v1/scope").json()
    assert found["totals"]["occupations"] == 116
    assert {c["figure"] for c in found["checkFigures"]} >= {"occupations on the ISCO route"}


@pytest.mark.parametrize(("kind", "media_type"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_the_scope_as_a_picture(client: InProcess, kind: str, media_type: str) -> None:
    answer = client.get(f"/api/v1/scope.{kind}")
    assert answer.headers["content-type"] == media_type
    again = client.get(f"/api/v1/scope.{kind}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_all_evidence_of_an_occupation(client: InProcess) -> None:
    found = client.get(f"/api/v1/scope/occupations/{CURATOR}").json()
    heritage = next(d for d in found["decisions"] if d["domain"] == "heritage")
    assert heritage["degree"] == "core"
    assert set(heritage["routes"]) >= {"isco", "nace", "curated"}
    assert all(a["derivedFrom"] for a in found["assertions"])
    said = {a["uri"] for a in found["assertions"]}
    assert all(e["uri"] in said for d in found["decisions"] for e in d["evidence"])


def test_the_review_queue_pages_and_filters(client: InProcess) -> None:
    everything = client.get("/api/v1/scope/review-queue?limit=500").json()
    assert everything["total"] == len(everything["items"]) > 0
    doubtful = client.get("/api/v1/scope/review-queue?limit=500&reason=single route").json()
    assert 0 < doubtful["total"] < everything["total"]
    assert all(any(r.startswith("single route") for r in item["reasons"]) for item in doubtful["items"])
    games = client.get("/api/v1/scope/review-queue?limit=500&domain=gaming").json()
    assert {item["domain"] for item in games["items"]} == {"gaming"}


@pytest.mark.parametrize("code", ["9121", "91.21"])
def test_a_nace_code_leads_to_domains_with_or_without_dots(client: InProcess, code: str) -> None:
    found = client.get(f"/api/v1/crosswalk?nace={code}").json()
    assert found["classification"] == "nace-2.1"
    assert found["entries"][0]["domain"] == "heritage"
    assert found["domainShares"][0]["domain"] == "heritage"
    assert found["domainShares"][0]["share"] == 1


def test_a_division_leads_to_the_entries_below_it(client: InProcess) -> None:
    found = client.get("/api/v1/crosswalk?nace=91").json()
    assert len(found["entries"]) > 3


def test_a_rev_2_code_leads_to_its_successors(client: InProcess) -> None:
    found = client.get("/api/v1/crosswalk?nace=91.02&revision=2").json()
    assert found["classification"] == "nace-2"
    assert "91.21" in {e["code"] for e in found["entries"]}
    without = client.get("/api/v1/crosswalk?nace=90.01").json()  # 90.01 is no code of Rev. 2.1
    assert without["classification"] == "nace-2"


def test_an_isco_group_leads_to_domains_with_shares(client: InProcess) -> None:
    found = client.get("/api/v1/crosswalk?isco=2621").json()
    shares = {d["domain"]: d["share"] for d in found["domainShares"]}
    assert 0.8 < shares["heritage"] < 1  # the zoo registrar is not


def test_an_occupation_and_a_domain_lead_back(client: InProcess) -> None:
    one = client.get(f"/api/v1/crosswalk?esco={CURATOR}").json()
    assert {d["domain"] for d in one["domainShares"]} >= {"heritage"}
    back = client.get("/api/v1/crosswalk?domain=heritage").json()
    assert {"2621"} <= {g["code"] for g in back["iscoUnitGroups"]}


@pytest.mark.parametrize(
    "query",
    ["", "isco=2621&nace=91", "isco=9999", "nace=x", "esco=zz", "nace=9", "isco=2621&foo=1", "nace=91&revision=3"],
)
def test_a_wrong_question_is_refused(client: InProcess, query: str) -> None:
    answer = client.get(f"/api/v1/crosswalk?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"]


def test_an_unknown_domain_is_not_found(client: InProcess) -> None:
    answer = client.get("/api/v1/crosswalk?domain=nothing")
    assert answer.status_code == 404
    assert "heritage" in answer.json()["known"]
