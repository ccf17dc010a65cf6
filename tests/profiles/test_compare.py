"""Comparing and moving: figures counted from the catalogue, thresholds by the published method, what is refused."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from analysis.profiles.similarity import SkillSet, similarities
from app.api.answers import ANSWERS
from ontology import ESCO_DATA, local_name
from tests.api.conftest import InProcess

COMPARE = "/api/v1/profiles/compare"


def uuid(iri: str) -> str:
    return iri.rpartition("/")[2]


def uris(listed: list[dict[str, Any]]) -> set[str]:
    return {i["skill"]["uri"] for i in listed}


def test_two_occupations(client: InProcess, catalogue: Any, core: list[str]) -> None:
    one, other = (catalogue.occupations[o] for o in core[:2])
    answer = client.post(
        COMPARE, json={"from": {"occupation": core[0]}, "to": [{"occupation": core[1]}, {"occupation": core[0]}]}
    )
    assert answer.status_code == 200, answer.text
    TypeAdapter(ANSWERS["/profiles/compare"][0]).validate_json(answer.content)
    found, same = answer.json()["items"]
    mine, theirs = {*one.essential, *one.optional}, {*other.essential, *other.optional}
    assert uris(found["shared"]) == mine & theirs
    assert uris(found["missing"]) == theirs - mine
    assert uris(found["surplus"]) == mine - theirs
    assert found["coverage"] == round(len(mine & set(other.essential)) / len(other.essential), 4)
    assert found["reverseCoverage"] == round(len(theirs & set(one.essential)) / len(one.essential), 4)
    assert (same["coverage"], same["viability"], same["missing"]) == (1, "highly-viable", [])


def test_a_curriculum_against_a_profile(client: InProcess, core: list[str], catalogue: Any) -> None:
    skills = list(catalogue.occupations[core[0]].essential)
    body = {
        "from": {"skills": [*skills, f"{ESCO_DATA}skill/00000000-0000-0000-0000-000000000000"], "title": "Curriculum"},
        "to": [{"profile": f"heritage-{local_name(core[0])}"}, {"compose": {"anchors": core[:2]}}],
    }
    answer = client.post(COMPARE, json=body)
    TypeAdapter(ANSWERS["/profiles/compare"][0]).validate_json(answer.content)
    found = answer.json()
    assert found["from"] == {"className": "SkillList", "title": "Curriculum", "skillCount": len(skills)}
    profile, composed = found["items"]
    assert profile["coverage"] == 1
    assert uris(profile["shared"]) == set(skills)
    assert {w["code"] for w in profile["warnings"]} == {"skill-unknown"}
    assert composed["coverage"] < 1
    assert uris(composed["missing"])
    assert client.get(composed["to"]["href"]).status_code == 200


def test_all_of_the_sectors_in_one_request(client: InProcess, core: list[str], catalogue: Any) -> None:
    body = {"from": {"profile": f"heritage-{local_name(core[0])}"}, "among": "ccsi"}
    answer = client.post(f"{COMPARE}?limit=500", json=body)
    TypeAdapter(ANSWERS["/profiles/compare"][1]).validate_json(answer.content)
    found = answer.json()
    inside = {d.occupation for found in catalogue.by_domain.values() for d in found}
    assert {i["occupation"]["uri"] for i in found["items"]} == inside
    values = [i["similarity"] for i in found["items"]]
    assert values == sorted(values, reverse=True)
    assert found["items"][0]["occupation"]["uri"] == core[0]
    for move in found["items"][:20]:
        needs = set(catalogue.occupations[move["occupation"]["uri"]].essential)
        assert move["shared"] + move["missing"] == len(needs)
        assert {s["uri"] for s in move["bridgingSkills"]} <= needs


def test_moves_in_and_out(client: InProcess, core: list[str], catalogue: Any) -> None:
    path = f"/api/v1/occupations/{local_name(core[0])}/related"
    inside = {d.occupation for found in catalogue.by_domain.values() for d in found}
    answer = client.get(f"{path}?limit=500")
    TypeAdapter(ANSWERS["/occupations/{uuid}/related"][0]).validate_json(answer.content)
    out = answer.json()
    assert {i["occupation"]["uri"] for i in out["items"]} == inside - {core[0]}
    into = client.get(f"{path}?direction=into&among=outside&limit=500").json()
    assert {i["occupation"]["uri"] for i in into["items"]}.isdisjoint(inside)
    mine = catalogue.occupations[core[0]]
    for move in into["items"][:5]:
        theirs = catalogue.occupations[move["occupation"]["uri"]]
        assert move["missing"] == len(set(mine.essential) - {*theirs.essential, *theirs.optional})
    viable = client.get(f"{path}?viability=viable&limit=500").json()
    assert viable["total"] == sum(i["similarity"] >= out["thresholds"]["viable"] for i in out["items"])
    assert client.get(f"{path}?limit=2&offset=2").json()["items"] == out["items"][2:4]
    music = client.get(f"{path}?among=heritage&limit=500").json()
    assert 0 < music["total"] < out["total"]


def test_into_mirrors_out_of(catalogue: Any, core: list[str]) -> None:
    transition_index, tables = catalogue.profiles.transition_index, catalogue.profiles.tables

    def needs(iri: str) -> SkillSet:
        found = tables.occupations[iri]
        return SkillSet(frozenset(found.essential), frozenset((*found.essential, *found.optional)))

    one, other = core[0], core[3]
    out, into = transition_index.out_of(needs(one)), transition_index.into(needs(other))
    assert out.similarity[transition_index.row[other]] == pytest.approx(into.similarity[transition_index.row[one]])
    assert transition_index.between(needs(one), needs(other))[0] == pytest.approx(
        out.similarity[transition_index.row[other]]
    )
    assert np.all((out.similarity >= 0) & (out.similarity <= 1 + 1e-9))


def test_thresholds_are_mean_less_one_deviation_within_unit_groups(catalogue: Any) -> None:
    transition_index = catalogue.profiles.transition_index
    means = []
    for members in catalogue.by_isco.values():
        if len(members) > 1:
            found = similarities(transition_index, [transition_index.row[o] for o in members])
            means.append(float(found[~np.eye(len(members), dtype=bool)].mean()))
    assert transition_index.viable == pytest.approx(statistics.mean(means) - statistics.pstdev(means), abs=1e-4)
    assert 0 < transition_index.viable <= transition_index.highly_viable < 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "from"),
        ({"from": {"occupation": "CORE"}}, "to"),
        ({"from": {"occupation": "CORE"}, "to": [{"occupation": "CORE"}], "among": "ccsi"}, "to"),
        ({"from": {}, "among": "ccsi"}, "from"),
        ({"from": {"occupation": "CORE", "profile": "x"}, "among": "ccsi"}, "from"),
        ({"from": {"occupation": "x"}, "among": "ccsi"}, "from.occupation"),
        ({"from": {"profile": "x"}, "among": "ccsi"}, "from.profile"),
        ({"from": {"skills": ["CORE"]}, "among": "ccsi"}, "from.skills.0"),
        ({"from": {"skills": ["x"] * 1001}, "among": "ccsi"}, "from.skills"),
        ({"from": {"occupation": "CORE"}, "among": "nonsense"}, "among"),
        ({"from": {"occupation": "CORE"}, "to": [{"occupation": "CORE"}] * 101}, "to"),
        ({"from": {"occupation": "CORE"}, "to": [{"compose": {"anchors": ["x"]}}]}, "to.0.compose.anchors.0"),
        ({"from": {"occupation": "CORE"}, "to": [{"compose": {"domain": "x"}}]}, "to.0.compose.domain"),
        ({"from": {"compose": {"anchors": ["CORE"], "language": "fr"}}, "among": "ccsi"}, "from.compose.language"),
        ({"from": {"occupation": "CORE"}, "among": "ccsi", "nonsense": 1}, "nonsense"),
    ],
)
def test_what_is_refused_names_the_field(client: InProcess, core: list[str], body: dict[str, Any], field: str) -> None:
    def real(value: Any) -> Any:
        if isinstance(value, list):
            return [real(v) for v in value]
        if isinstance(value, dict):
            return {k: real(v) for k, v in value.items()}
        return core[0] if value == "CORE" else value

    answer = client.post(COMPARE, json=real(body))
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field


def test_one_language_for_a_comparison(client: InProcess, core: list[str]) -> None:
    body = {"from": {"occupation": core[0]}, "among": "heritage", "language": "en"}
    assert client.post(f"{COMPARE}?language=en", json=body).status_code == 200
    assert client.post(f"{COMPARE}?language=fr", json=body).json()["field"] == "language"


def test_related_refuses_what_it_does_not_know(client: InProcess, core: list[str]) -> None:
    path = f"/api/v1/occupations/{local_name(core[0])}/related"
    assert client.get(f"{path}?among=nonsense").json()["field"] == "among"
    assert client.get(f"{path}?direction=up").status_code == 422
    assert client.get(f"{path}?nonsense=1").status_code == 422
    assert client.get("/api/v1/occupations/00000000-0000-0000-0000-000000000000/related").status_code == 404
