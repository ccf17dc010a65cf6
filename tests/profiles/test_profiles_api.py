"""/profiles: lists, single templates, composing, and what is refused."""

from __future__ import annotations

import csv
import io
from typing import Any

import pyoxigraph as ox
import pytest

from app.api.profiles.formats import MEDIA_TYPES
from ontology import CCSI, ESCO_DATA, local_name
from tests.api.conftest import InProcess
from tests.profiles.conftest import HERITAGE

COMPOSE = "/api/v1/profiles/compose"
NOWHERE = "00000000-0000-0000-0000-000000000000"


def uuid(iri: str) -> str:
    return iri.rpartition("/")[2]


def entries(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The skills of a profile, each once."""
    return [e for s in document["sections"] for g in s["groups"] for e in g["skills"] if e["repeatOf"] is None]


def test_lists_and_their_filters(client: InProcess, core: list[str]) -> None:
    everything = client.get("/api/v1/profiles?limit=500").json()
    assert everything["total"] == len(everything["items"]) > 100
    for query, holds in (
        ("domain=heritage", lambda i: i["domain"]["id"] == "heritage"),
        (
            "kind=cell",
            lambda i: [i["kind"], sum(map(bool, (i["function"], i["charterFunction"], i["subDomain"])))] == ["cell", 1],
        ),
        ("function=preservation&kind=cell", lambda i: i["function"]["id"] == "preservation"),
        ("degree=related", lambda i: i["degree"] == "related"),
        ("q=museum", lambda i: "museum" in i["title"]["en"]),
        (f"occupation={local_name(core[0])}&kind=occupation", lambda i: i["occupation"]["uri"] == core[0]),
    ):
        found = client.get(f"/api/v1/profiles?limit=500&{query}").json()
        assert 0 < found["total"] < everything["total"], query
        assert all(holds(i) for i in found["items"]), query
        assert all(sum(i["skillsBySection"].values()) >= i["skillCount"] > 0 for i in found["items"])
    assert (
        client.get("/api/v1/domains/heritage/profiles").json() == client.get("/api/v1/profiles?domain=heritage").json()
    )
    first = client.get("/api/v1/profiles?limit=2&offset=2")
    assert 'rel="next"' in first.headers["link"]
    assert first.json()["items"] == everything["items"][2:4]


@pytest.mark.long
def test_a_funder_pulls_all_profiles_of_a_domain_as_csv(client: InProcess) -> None:
    answer = client.get("/api/v1/domains/heritage/profiles?format=csv&limit=100")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed = client.get("/api/v1/domains/heritage/profiles?limit=500").json()
    assert {r["profile"] for r in rows} == {i["id"] for i in listed["items"]}
    assert len(rows) == sum(i["skillCount"] for i in listed["items"])


def test_a_template_says_where_every_skill_comes_from(client: InProcess) -> None:
    found = client.get(HERITAGE).json()
    assert found["className"] == "ProfileTemplate"
    assert len(entries(found)) == found["skillCount"]
    rules = {r["id"]: r["section"] for r in found["provenance"]["rules"]}
    for section in found["sections"]:
        listed = [e for g in section["groups"] for e in g["skills"]]
        assert len(listed) == section["skillCount"]
        assert sum(e["repeatOf"] is not None for e in listed) == section["repeatCount"]
        for entry in listed:
            if entry["repeatOf"]:
                assert rules[entry["rule"]] == entry["repeatOf"] != section["id"]
                assert section["id"] in {rules[r] for r in entry["alsoBy"]}
                continue
            assert rules[entry["rule"]] == section["id"]
            if entry["relation"] != "none":
                assert set(
                    entry["askedBy"]["essential"] if entry["relation"] == "essential" else entry["askedBy"]["optional"]
                )
    placed = {e["skill"]["uri"] for e in entries(found)}
    assert len(placed) == found["skillCount"], "a skill has one place"
    assert {s["id"]: s["groupedBy"] for s in found["sections"]}["specialised"] == "cluster"
    assert any(
        g["group"] and g["group"]["className"] == "SkillCluster"
        for s in found["sections"]
        for g in s["groups"]
        if s["id"] == "specialised"
    )
    assert "intangible" in str(found["gaps"])
    assert {f["id"] for f in found["charterFunctions"]} >= {"preservation"}
    assert "cultural heritage" in found["statement"]["en"]


@pytest.mark.parametrize("suffix", ["json", "jsonld", "ttl", "csv"])
def test_suffix_format_and_accept_agree(client: InProcess, suffix: str) -> None:
    name = {"ttl": "turtle"}.get(suffix, suffix)
    media = MEDIA_TYPES[name]
    by_suffix = client.get(f"{HERITAGE}.{suffix}")
    assert by_suffix.status_code == 200
    assert by_suffix.headers["content-type"].startswith(media)
    assert by_suffix.content == client.get(f"{HERITAGE}?format={name}").content
    assert by_suffix.content == client.get(HERITAGE, headers={"accept": media}).content


def test_turtle_round_trips(client: InProcess) -> None:
    document = client.get(HERITAGE).json()
    graph = list(ox.parse(input=client.get(f"{HERITAGE}.ttl").content, format=ox.RdfFormat.TURTLE))
    skills = {q.object.value for q in graph if q.predicate.value == CCSI + "skill"}  # type: ignore[union-attr]
    assert skills == {e["skill"]["uri"] for e in entries(document)}
    linked = ox.parse(input=client.get(f"{HERITAGE}.jsonld").content, format=ox.RdfFormat.JSON_LD)
    assert {str(q.triple) for q in linked} == {str(q.triple) for q in graph}
    anchors = {q.object.value for q in graph if q.predicate.value == CCSI + "anchor"}  # type: ignore[union-attr]
    assert anchors == {a["occupation"]["uri"] for a in document["anchors"]}


def test_post_and_get_give_the_same_document(client: InProcess, core: list[str], catalogue: Any) -> None:
    skill = next(iter(catalogue.skills))
    body = {
        "anchors": [{"uri": core[0], "weight": 2}, core[1]], "domain": "heritage", "function": "preservation",
        "bounds": {"core": {"maximum": 12}, "optional": {"minimum": 0, "maximum": 9}}, "maximum": 80,
        "add": [{"uri": skill, "section": "specialised"}, f"{ESCO_DATA}skill/{NOWHERE}"],
        "drop": [catalogue.occupations[core[0]].essential[0]],
        "title": "Conservateur & régisseur <b>",
    }  # fmt: skip
    posted = client.post(COMPOSE, json=body)
    assert posted.status_code == 200, posted.text
    found = posted.json()
    got = client.get(found["links"]["self"])
    assert got.content == posted.content
    assert got.headers["etag"] == posted.headers["etag"]
    assert client.get(found["links"]["self"], headers={"if-none-match": got.headers["etag"]}).status_code == 304
    assert client.post(COMPOSE, json={**body, "anchors": body["anchors"][::-1]}).content == posted.content
    assert client.post(COMPOSE, json=body).content == posted.content, "a second time the same"
    assert found["title"] == {"und": body["title"]}
    assert [a["weight"] for a in found["anchors"]] == [0.6667, 0.3333]
    assert {w["code"] for w in found["warnings"]} >= {"skill-unknown"}
    added = next(e for e in entries(found) if e["skill"]["uri"] == skill)
    assert added["rule"] == "added" or added["skill"]["uri"] in str(found["sections"])
    assert body["drop"][0] not in {e["skill"]["uri"] for e in entries(found)}
    turtle = client.post(f"{COMPOSE}?format=turtle", json=body)
    assert list(ox.parse(input=turtle.content, format=ox.RdfFormat.TURTLE))


def test_a_post_does_not_become_the_answer_to_a_get(client: InProcess, core: list[str]) -> None:
    assert client.post(f"{COMPOSE}?language=en", json={"anchors": core[:1]}).status_code == 200
    assert client.get(f"{COMPOSE}?language=en").status_code == 422


def test_a_domain_alone_or_with_a_function_is_a_cell(client: InProcess) -> None:
    cell = client.get(f"{COMPOSE}?domain=heritage&function=preservation").json()
    template = client.get(HERITAGE).json()
    assert cell["sections"] == template["sections"]
    assert cell["kind"] == "cell"
    assert len(client.get(f"{COMPOSE}?domain=heritage").json()["anchors"]) > len(cell["anchors"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "anchors"),
        ({"anchors": ["nonsense"]}, "anchors.0"),
        ({"anchors": [f"{ESCO_DATA}occupation/{NOWHERE}"]}, "anchors.0"),
        ({"anchors": ["SKILL"]}, "anchors.0"),
        ({"anchors": ["SKILL-UUID"]}, "anchors.0"),
        ({"anchors": ["CORE", "CORE"]}, "anchors.1"),
        ({"anchors": ["CORE"] * 700}, "anchors"),
        ({"anchors": [{"uri": "CORE", "weight": 0}]}, "anchors.0.weight"),
        ({"anchors": [{"uri": "CORE", "weight": 1e-7}]}, "anchors.0.weight"),
        ({"anchors": [{"uri": "CORE", "weight": 1e308}]}, "anchors.0.weight"),
        ({"anchors": ["CORE"], "domain": "nonsense"}, "domain"),
        ({"anchors": ["CORE"], "domain": "museums"}, "domain"),
        ({"domain": "heritage", "function": "nonsense"}, "function"),
        ({"domain": "gaming", "function": "preservation"}, "function"),
        ({"anchors": ["CORE"], "function": "preservation"}, "domain"),
        ({"anchors": ["CORE"], "sections": ["core", "nonsense"]}, "sections.1"),
        ({"anchors": ["CORE"], "bounds": {"core": {"minimum": 9, "maximum": 3}}}, "bounds"),
        ({"anchors": ["CORE"], "bounds": {"gaps": {"maximum": 3}}}, "bounds"),
        ({"anchors": ["CORE"], "bounds": {"core": {"minimum": 30}}, "maximum": 5}, "maximum"),
        ({"anchors": ["CORE"], "sections": ["core"], "bounds": {"optional": {"maximum": 1}}}, "bounds"),
        ({"anchors": ["CORE"], "add": ["SKILL"], "drop": ["SKILL"]}, "drop"),
        ({"anchors": ["CORE"], "add": ["CORE"]}, "add.0"),
        ({"anchors": ["CORE"], "add": [{"uri": "SKILL", "section": "gaps"}]}, "add.0"),
        ({"anchors": ["CORE"], "add": ["SKILL"] * 101}, "add"),
        ({"anchors": ["CORE"], "drop": ["'; DROP"]}, "drop.0"),
        ({"anchors": ["CORE"], "language": "no tag"}, "language"),
        ({"anchors": ["CORE"], "nonsense": 1}, "nonsense"),
        ({"anchors": ["CORE"], "title": "x" * 201}, "title"),
        ({"anchors": ["CORE"], "title": "a\x00"}, "title"),
        ({"anchors": ["CORE"], "title": "two\nlines"}, "title"),
        ({"anchors": ["CORE"], "title": "\u202egnp.exe"}, "title"),
        ({"anchors": ["CORE"], "sections": ["core"], "add": ["SKILL"]}, "add"),
        ({"anchors": ["CORE"], "bounds": {"optional": {"maximum": 0}}, "add": ["SKILL"]}, "add"),
        ({"anchors": ["CORE"], "maximum": 1, "add": ["SKILL", {"uri": "OTHER", "section": "core"}]}, "add"),
    ],
)
def test_what_is_refused_names_the_field(
    client: InProcess, core: list[str], catalogue: Any, body: dict[str, Any], field: str
) -> None:
    skill, other, *_ = catalogue.skills

    def real(value: Any) -> Any:
        if isinstance(value, list):
            return [real(v) for v in value]
        if isinstance(value, dict):
            return {k: real(v) for k, v in value.items()}
        return (
            {"CORE": core[0], "SKILL": skill, "OTHER": other, "SKILL-UUID": local_name(skill)}.get(value, value)
            if isinstance(value, str)
            else value
        )

    answer = client.post(COMPOSE, json=real(body))
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("anchor=x", "anchor"), ("anchor=CORE:0", "anchor"), ("anchor=CORE:9.9.9", "anchor"), ("anchor=CORE&bounds=core", "bounds"),
        ("anchor=CORE&add=gaps:SKILL", "add"), ("anchor=CORE&maximum=-1", "maximum"), ("anchor=CORE&nonsense=1", "nonsense"),
        ("anchor=CORE&format=docx", "format"), ("", "anchor"), ("anchor=CORE:0.0001", "anchor"),
        ("anchor=CORE&bounds=core:1..2&bounds=core:3..4", "bounds"), ("anchor=CORE&bounds=core:..501", "bounds"),
        ("anchor=CORE&title=%E2%80%AEx", "title"),
    ],
)  # fmt: skip
def test_a_link_is_refused_in_its_own_terms(
    client: InProcess, core: list[str], catalogue: Any, query: str, field: str
) -> None:
    text = query.replace("CORE", local_name(core[0])).replace("SKILL", local_name(next(iter(catalogue.skills))))
    answer = client.get(f"{COMPOSE}?{text}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field


@pytest.mark.parametrize("body", [b"{", b"", b'{"anchors": "\xff"}', b"[" * 60_000, b"anchors=x", b"<x/>"])
def test_what_is_no_json_is_refused(client: InProcess, body: bytes) -> None:
    answer = client.post(COMPOSE, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("field", "body") == "body"


@pytest.mark.parametrize("weight", [0.001, 0.0012345678, 0.123456789, 1 / 3, 999.99999, 1000])
def test_every_weight_survives_in_the_link(client: InProcess, core: list[str], weight: float) -> None:
    made = client.post(COMPOSE, json={"anchors": [{"uri": core[0], "weight": weight}, core[1]]})
    again = client.get(made.json()["links"]["self"])
    assert (again.content, again.headers["etag"]) == (made.content, made.headers["etag"])


def test_no_profile_is_made_whose_link_could_not_be_asked_for(
    client: InProcess, core: list[str], catalogue: Any
) -> None:
    skills = sorted(catalogue.skills)
    body: dict[str, Any] = {
        "anchors": core[:10],
        "add": [{"uri": s, "section": "digital-green"} for s in skills[:100]],
        "title": "\u0416\U0001d11e" * 100,
    }
    made = client.post(COMPOSE, json=body)
    assert made.status_code == 200
    assert "/profiles/compose?" not in made.headers["link"], "proxies give up on headers of that length"
    assert client.get(made.json()["links"]["formats"]["markdown"]).status_code == 200
    refused = client.post(COMPOSE, json={**body, "drop": skills[100:200]})
    assert (refused.status_code, refused.json()["field"]) == (422, "add")


def test_a_warning_is_given_once_and_minima_that_are_not_reached_are_told(client: InProcess, core: list[str]) -> None:
    nowhere = NOWHERE.replace("0", "1")
    body: dict[str, Any] = {"anchors": core[:1], "add": [NOWHERE] * 2, "drop": [nowhere] * 2}
    body["bounds"] = {"languages": {"minimum": 15}}
    codes = [w["code"] for w in client.post(COMPOSE, json=body).json()["warnings"]]
    assert codes.count("skill-unknown") == 2
    assert codes.count("below-minimum") == 1


@pytest.mark.parametrize("path", ["compose", "compare"])
def test_the_described_request_works(client: InProcess, path: str) -> None:
    described = client.get("/api/v1/openapi.json").json()
    content = described["paths"][f"/api/v1/profiles/{path}"]["post"]["requestBody"]["content"]["application/json"]
    shape = described["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    (example,) = shape["examples"]
    answer = client.post(f"/api/v1/profiles/{path}", json=example)
    assert answer.status_code == 200
    assert not [w for item in answer.json().get("items", ()) for w in item["warnings"]], "the sample knows the skills"


def test_withdrawn_concepts_name_their_successor(
    client: InProcess, catalogue: Any, core: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.app.state.service, "heavy", None)  # type: ignore[attr-defined]  # it has a catalogue of its own
    old, lost = f"{ESCO_DATA}occupation/{NOWHERE}", f"{ESCO_DATA}skill/{NOWHERE}"
    skill = next(iter(catalogue.skills))
    catalogue.withdrawn |= {
        old: {"status": "obsolete", "replacedBy": core[0]},
        lost: {"status": "obsolete", "replacedBy": skill},
    }
    try:
        answer = client.post(COMPOSE, json={"anchors": [old]})
        assert answer.status_code == 410
        assert (answer.json()["field"], answer.json()["replacedBy"]) == ("anchors.0", [core[0]])
        assert client.get(f"/api/v1/profiles/heritage-{NOWHERE}").status_code == 410
        sides = {"from": {"occupation": core[0]}, "to": [{"profile": f"heritage-{NOWHERE}"}]}
        compared = client.post("/api/v1/profiles/compare", json=sides)
        assert (compared.status_code, compared.json()["field"]) == (410, "to.0.profile")
        warned = client.post(COMPOSE, json={"anchors": core[:1], "add": [lost]}).json()
        assert {w["code"]: w["about"] for w in warned["warnings"]}["skill-withdrawn"] == [lost, skill]
    finally:
        del catalogue.withdrawn[old], catalogue.withdrawn[lost]


def test_unknown_profiles_and_formats(client: InProcess) -> None:
    missing = client.get("/api/v1/profiles/heritage-nonsense")
    assert missing.status_code == 404
    assert "heritage-preservation" in missing.json()["known"]
    assert client.get(f"{HERITAGE}.docx").status_code == 404
    assert client.get(f"{HERITAGE}?format=docx").status_code == 422
    assert client.get(HERITAGE, headers={"accept": "image/gif"}).status_code == 406
    assert client.get("/api/v1/profiles?domain=museums").status_code == 422
    assert client.get("/api/v1/profiles?sub-domain=heritage").status_code == 422
    assert "preservation" in client.get("/api/v1/profiles?charter=creation").json()["known"]
    assert client.get("/api/v1/domains/nonsense/profiles").status_code == 404
