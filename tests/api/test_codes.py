"""Codes and identifiers as people write them: the same answer for every usual form, a refusal for what lost its shape."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ontology import nace
from tests.api.conftest import InProcess
from tests.api.test_answers import problem

DATA = "http://data.europa.eu"


def test_the_lists_of_nace_are_whole() -> None:
    assert {n: len(nace.activities(n)) for n in nace.REVISIONS} == {"2": 996, "2.1": 1047}
    museums = nace.activities("2.1")["91.21"]
    assert [item.code for item in nace.path(museums)] == ["S", "91", "91.2", "91.21"]
    assert museums.iri == f"{DATA}/ux2/nace2.1/9121"
    assert nace.activities("2")["91.02"].section == "R"
    assert nace.cut("91.30") == nace.cut("91.3") == "913", "ESCO never writes the closing zero of a class"
    covering = [item.code for item in nace.activities("2.1").values() if item.covers("9031")]
    assert covering == ["S", "90", "90.3", "90.31"]


@pytest.mark.parametrize("code", ["9121", "%2091.21%20", "S91.21", "s.91.21", f"{DATA}/ux2/nace2.1/9121",
                                  "https://data.europa.eu/ux2/nace2.1/9121/"])  # fmt: skip
def test_forms_of_a_nace_code(api: InProcess, code: str) -> None:
    expected = api.json("occupations?nace=91.21&limit=500")
    assert expected["total"] > 0
    assert api.json(f"occupations?nace={code}&limit=500")["items"] == expected["items"]
    assert api.json(f"nace?code={code}")["items"] == [
        {
            "uri": f"{DATA}/ux2/nace2.1/9121",
            "className": "Concept",
            "code": "91.21",
            "preferredLabel": {"en": "Museum and collection activities"},
            "href": "https://ccsi.example/api/v1/nace/91.21",
        }
    ]


@pytest.mark.parametrize(
    "code", ["C2621", "c2621", f"{DATA}/esco/isco/C2621", "https://data.europa.eu/esco/isco/c2621/"]
)
def test_forms_of_an_isco_code(api: InProcess, code: str) -> None:
    assert (
        api.json(f"occupations?isco={code}&limit=500")["items"] == api.json("occupations?isco=2621&limit=500")["items"]
    )
    assert api.json(f"domains/heritage/occupations?isco={code}") == api.json("domains/heritage/occupations?isco=2621")
    assert api.json(f"crosswalk?isco={code}") == api.json("crosswalk?isco=2621")
    assert [g["code"] for g in api.json(f"isco?code={code}")["items"]] == ["2621"]
    if "/" not in code:
        assert api.json(f"isco/{code}") == api.json("isco/2621")


# Wrong code, and the one that is proposed; "" where none is.
MANGLED_NACE = [
    ("9.1", "09.1"), ("6.1", "06.1"), ("1.1", "01.1"), ("1.11", "01.11"), ("91,21", "91.21"), ("912.1", "91.21"),
    ("9121.0", "91.21"), ("91.2.1", "91.21"), ("91.21.0", "91.21"), ("9121Z", "91.21"), ("111", "01.11"), ("1-Nov", ""),
    ("01.11.2024", ""), ("91.21;90.31", ""), ("91.21%20|%2090.31", ""), ("99.99", "99"), ("R91.21", "91.21"), ("X", ""),
    ("%D9%A9%D9%A1", ""), ("91.21%0A", "91.21"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "meant"), MANGLED_NACE)
def test_a_nace_code_that_lost_its_shape_is_never_another(api: InProcess, code: str, meant: str) -> None:
    for target in ("occupations?nace={}&limit=1", "domains/heritage/occupations?nace={}", "crosswalk?nace={}"):
        body = problem(api.get(target.format(code)), 422)
        assert body["field"] == "nace"
        assert body.get("didYouMean", "") == meant
        assert body["detail"].startswith("nace: ")
    body = api.get(f"nace/{code}").json()
    assert body["status"] in (404, 422)
    if body["status"] == 422:
        assert (body["field"], body.get("didYouMean", "")) == ("code", meant)


def test_a_lost_zero_is_named(api: InProcess) -> None:
    body = problem(api.get("crosswalk?nace=9.1"), 422)
    assert (
        body["detail"]
        == "nace: '9.1' is not a NACE code: a NACE code has two digits before its dot; did you mean 09.1?"
    )


@pytest.mark.parametrize(
    ("code", "meant"),
    [("2621.3", "2621"), ("2621.0", "2621"), ("2,621", "2621"), ("26211", "2621"), ("2621;2622", ""), ("9999", ""), ("x", "")],
)  # fmt: skip
def test_an_isco_code_that_lost_its_shape(api: InProcess, code: str, meant: str) -> None:
    for target in ("occupations?isco={}", "domains/heritage/occupations?isco={}", "crosswalk?isco={}"):
        body = problem(api.get(target.format(code)), 422)
        assert (body["field"], body.get("didYouMean", "")) == ("isco", meant)
    body = api.get(f"isco/{code}").json()
    assert (body["status"], body["field"]) == (404 if code == "9999" else 422, "code")


def test_revision_2_leads_to_its_successors(api: InProcess) -> None:
    found = api.json("crosswalk?nace=91.02")
    assert (found["classification"], found["code"]) == ("nace-2", "91.02")
    assert found["preferredLabel"] == {"en": "Museums activities"}
    assert {entry["code"] for entry in found["entries"]} >= {"91.21"}
    assert found["domainShares"][0]["domain"] == "heritage"
    for same in ("9102", "91.02&revision=2", f"{DATA}/ux2/nace2/9102", "R91.02&revision=2"):
        assert api.json(f"crosswalk?nace={same}") == found
    section = api.json("crosswalk?nace=R&revision=2")
    assert section["preferredLabel"] == {"en": "Arts, entertainment and recreation"}
    assert {e["uri"] for e in section["entries"]} > {e["uri"] for e in found["entries"]}


def test_a_code_of_the_other_revision_says_so(api: InProcess) -> None:
    for target, status, field in (("occupations?nace=91.02", 422, "nace"), ("nace/9102", 404, "code")):
        body = problem(api.get(target), status)
        assert body["field"] == field
        assert body["detail"].startswith(
            f"{field}: NACE Rev. 2.1 has no code 91.02, which is 'Museums activities' in Rev. 2"
        )
        assert api.json(body["see"])["classification"] == "nace-2"
    assert problem(api.get("crosswalk?nace=91.02&revision=2.1"), 422)["field"] == "nace"
    assert problem(api.get("crosswalk?nace=91.21&revision=2"), 422)["see"].endswith(
        "/crosswalk?nace=91.21&revision=2.1"
    )
    unknown = problem(api.get("crosswalk?nace=01.11&revision=2"), 404)  # no entry says what became of it
    assert "culture only" in unknown["detail"]


def test_sections(api: InProcess) -> None:
    arts = api.json("nace/S")
    assert (arts["code"], arts["preferredLabel"]) == ("S", {"en": "Arts, sports and recreation"})
    assert arts["uri"] == f"{DATA}/ux2/nace2.1/S"
    assert [item["code"] for item in arts["narrower"]] == ["90", "91", "92", "93"]
    below = {o["uri"] for code in ("90", "91", "92", "93") for o in api.json(f"nace/{code}")["occupations"]}
    assert {o["uri"] for o in arts["occupations"]} >= below
    assert arts["total"] == api.json("occupations?nace=s")["total"]
    health = api.json("nace/R")
    assert health["preferredLabel"] == {"en": "Human health and social work activities"}
    assert health["crosswalk"] == []
    one = api.json("nace/9121")
    assert [item["code"] for item in one["hierarchy"]] == ["S", "91", "91.2"]
    assert api.json("nace/91.30")["total"] == api.json("nace/91.3")["total"] > 0


def test_a_code_that_the_classification_has_may_be_empty(api: InProcess) -> None:
    found = api.json("nace/98.10")
    assert (found["total"], found["share"], found["occupations"]) == (0, None, [])
    assert found["preferredLabel"]["en"].startswith("Undifferentiated goods-producing")


def test_lists_of_classifications(api: InProcess, catalogue: Any) -> None:
    assert api.json("nace?limit=1")["total"] == 1047
    assert [item["code"] for item in api.json("nace?level=1&limit=50")["items"]] == list("ABCDEFGHIJKLMNOPQRSTUV")
    assert api.json("nace?revision=2&limit=1")["total"] == 996
    assert api.json("isco?limit=1")["total"] == len(catalogue.isco)
    assert {len(g["code"]) for g in api.json("isco?level=4&limit=500")["items"]} == {4}
    groups = api.json("skill-groups?limit=500")
    assert groups["total"] == sum(g.scheme != "isco" for g in catalogue.groups.values())
    for item in groups["items"][::9]:
        assert api.json(item["href"])["uri"] == item["uri"]
        assert api.json(f"skill-groups?uri={item['uri'].replace('http:', 'https:')}/")["items"] == [item]
        assert api.json(f"skill-groups/{item['uri'].rpartition('/')[2]}")["code"] == item["code"]
    assert problem(api.get("skill-groups/S99"), 404)["field"] == "code"


def test_the_group_of_a_skill_names_its_place(api: InProcess, catalogue: Any) -> None:
    group = next(g for g in catalogue.groups.values() if g.scheme == "skills" and len(g.code) > 4)
    for target, field in (
        (f"skills/{group.iri.rpartition('/')[2]}", "uuid"), (f"skills/{group.code}", "uuid"), (f"skills?uri={group.iri}", "uri"),
    ):  # fmt: skip
        body = problem(api.get(target), 404)
        assert body["field"] == field
        assert api.json(body["see"])["uri"] == group.iri
    assert problem(api.get("skills?group=S99"), 422)["field"] == "group"


def test_skills_by_filter(api: InProcess, catalogue: Any) -> None:
    whole = api.json("skills?limit=500")
    assert whole["total"] == len(catalogue.skills)
    found = api.json("skills?group=s1&type=skill&limit=500")
    assert 0 < found["total"] < whole["total"]
    for item in found["items"][::40]:
        found_at = api.json(item["href"])["paths"]
        assert any(group["code"] == "S1" for way in found_at for group in way)
        assert item["skillType"] == "skill"
    green = api.json("skills?collection=green&limit=500")
    assert green["total"] == sum("green" in s.collections for s in catalogue.skills.values())


def test_paths_are_paths(api: InProcess, catalogue: Any) -> None:
    several = max(catalogue.skills, key=lambda s: (len(catalogue.ways(s)), s))
    found = api.json(f"skills/{several.rpartition('/')[2]}")["paths"]
    assert len(found) > 1
    assert len({tuple(group["code"] for group in way) for way in found}) == len(found)
    for way in found:
        assert way[0]["code"] in ("S", "K", "L", "T")
        assert any(several in catalogue.skills_under(group["uri"]) for group in way)
        for above, lower in itertools.pairwise(way):
            assert above["uri"] in catalogue.groups[lower["uri"]].broader


def test_forms_of_an_identifier(api: InProcess, catalogue: Any) -> None:
    iri = next(o.iri for o in catalogue.occupations.values() if o.code == "2621.3")
    expected = api.json(f"occupations?uri={iri}")
    assert [item["code"] for item in expected["items"]] == ["2621.3"]
    secure, key = iri.replace("http:", "https:"), iri.rpartition("/")[2]
    for form in (secure, f"{iri}/", f"{secure}/", iri.replace(key, key.upper())):
        assert api.json(f"occupations?uri={form}")["items"] == expected["items"]
        assert api.json(f"crosswalk?esco={form}") == api.json(f"crosswalk?esco={key}")
    assert api.json("occupations?code=2621.3")["items"] == expected["items"]
    assert api.json("occupations/2621.3") == api.json(f"occupations/{key}")
    skill = next(iter(catalogue.skills))
    assert api.json(f"skills?uri={skill.replace('http:', 'https:')}/")["items"][0]["uri"] == skill


@pytest.mark.parametrize(
    ("target", "status", "field"),
    [
        ("occupations?code=2621.99", 422, "code"), ("occupations/2621.99", 404, "uuid"), ("crosswalk?esco=x", 422, "esco"),
        ("occupations?uri=http://example.org/x", 404, "uri"), ("skills?uri=x", 404, "uri"), ("occupations?domain=cooking", 404, "domain"),
        ("profiles?domain=cooking", 404, "domain"), ("domains/compare?ids=heritage,cooking", 404, "ids"),
        ("domains/cooking/profiles", 404, "id"), ("scope/review-queue?domain=cooking", 404, "domain"), ("isco?code=x", 422, "code"),
        ("nace?code=x", 422, "code"),
    ],
)  # fmt: skip
def test_field_names_what_the_client_sent(api: InProcess, target: str, status: int, field: str) -> None:
    assert problem(api.get(target), status)["field"] == field


@pytest.mark.full
def test_the_cases_on_all_of_esco(full_api: InProcess) -> None:
    found = full_api.json("occupations?code=2166.6")["items"]
    assert [item["preferredLabel"]["en"] for item in found] == ["digital games designer"]
    for form in (found[0]["uri"].replace("http:", "https:"), found[0]["uri"] + "/"):
        assert full_api.json(f"occupations?uri={form}")["items"] == found
    assert full_api.json("isco/C2651") == full_api.json("isco/2651")
    body = problem(full_api.get("skills/5dbb69d2-9e1b-4e0f-b8c0-0bac709729cf"), 404)
    assert full_api.json(body["see"])["uri"].endswith("5dbb69d2-9e1b-4e0f-b8c0-0bac709729cf")
    for wrong, meant in (("110", "0110"), ("210", "0210")):
        assert problem(full_api.get(f"isco/{wrong}"), 404)["didYouMean"] == meant
