"""/crosswalk from the concepts of other classifications, on the starter."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import InProcess


def asked(client: InProcess, query: str) -> Any:
    answer = client.get(f"/api/v1/crosswalk?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def core_of(client: InProcess, domain: str) -> dict[str, int]:
    return client.get(f"/api/v1/domains/{domain}").json()["occupations"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "written", ["A", "a", "https://w3id.org/ccsi/id/unesco-fcs-2009/a", "cultural and natural heritage"]
)
def test_a_domain_of_unesco_leads_to_ours(client: InProcess, written: str) -> None:
    found = asked(client, f"unesco={written}")
    assert (found["classification"], found["code"]) == ("unesco-fcs-2009", "a")
    assert [(m["code"], m["relation"]) for m in found["mappings"]] == [("heritage", "closeMatch")]
    size = core_of(client, "heritage")
    assert found["total"] == size["core"] + size["related"]
    share = next(row for row in found["domainShares"] if row["domain"] == "heritage")
    assert share["core"] == size["core"] > 0


def test_the_relation_is_told_from_its_side(client: InProcess) -> None:
    found = asked(client, "unesco=e")
    relations = {m["code"]: m["relation"] for m in found["mappings"]}
    assert relations["audiovisual"] == "closeMatch"
    assert relations["gaming"] == "narrowMatch"  # our gaming lies inside UNESCO's E


def test_what_is_only_related_counts_no_occupations(client: InProcess) -> None:
    found = asked(client, "unesco=archiving-preserving")
    assert {m["relation"] for m in found["mappings"]} == {"relatedMatch"}
    assert (found["total"], found["domainShares"]) == (0, [])


@pytest.mark.parametrize(
    ("query", "domain"),
    [("essnet=libraries", "libraries"), ("creative-europe=video-games", "gaming"), ("dcms=design-fashion", "design")],
)
def test_the_others(client: InProcess, query: str, domain: str) -> None:
    assert domain in {m["code"] for m in asked(client, query)["mappings"]}


def test_a_field_of_education_leads_to_who_needs_it(client: InProcess) -> None:
    found = asked(client, "isced=02")
    assert (found["classification"], found["code"]) == ("isced-f", "02")
    narrower = asked(client, "isced=0213")
    assert 0 < narrower["total"] < found["total"]


def test_a_function(client: InProcess) -> None:
    found = asked(client, "function=preservation")
    assert found["total"] > 0
    assert {row["domain"] for row in found["domainShares"]} >= {"heritage"}


@pytest.mark.parametrize(
    "query", ["unesco=z", "unesco=", "isced=S1", "isced=9999", "function=x", "unesco=a&dcms=publishing"]
)
def test_what_there_is_not_is_refused(client: InProcess, query: str) -> None:
    answer = client.get(f"/api/v1/crosswalk?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_csv_has_the_mappings(client: InProcess) -> None:
    answer = client.get("/api/v1/crosswalk?unesco=e&format=csv")
    rows = answer.text.splitlines()
    assert any(row.startswith("domain,gaming,mapping,") for row in rows[1:]), rows
