"""What makes a profile an occupational one: words, tasks, regulation, education, near occupations, status; and its documents."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pypdfium2
import pytest
from starlette.testclient import TestClient

from app.documents.markdown import profile_markdown
from app.documents.page import profile_page
from app.main import create_app
from app.settings import Limits, Settings
from ontology import CCSI, CCSID
from tests.api.conftest import InProcess
from tests.profiles.boxes import words
from tests.profiles.conftest import HERITAGE, sheet

CONSERVATOR = "7556c748-15b4-4e44-97d9-00d885d4cd7d"
GAMES = "d68ff35f-e34d-4e32-88ab-d6c06a6c25b9"
COMPOSE = "/api/v1/profiles/compose"


@pytest.fixture(scope="module")
def document(client: InProcess) -> Any:
    return client.get(f"/api/v1/profiles/heritage-{CONSERVATOR}").json()


def test_what_nobody_said_is_told_as_that(document: Any) -> None:
    assert document["eqfLevel"] is None
    assert document["validation"]["status"]["id"] == "draft"
    facts = {f["name"]: f for f in sheet(document)["facts"]}
    assert facts["EQF level"] == {
        "name": "EQF level",
        "texts": [],
        "note": "Not stated: experts have to say it, ESCO does not.",
    }
    assert facts["validation"]["texts"][0]["text"] == "draft, not validated"
    assert "regulated profession" not in facts


def test_fields_of_education_are_those_of_the_knowledge(document: Any, catalogue: Any) -> None:
    facts = catalogue.profiles.tables.skills
    held = {e["skill"]["uri"] for s in document["sections"] for g in s["groups"] for e in g["skills"]}
    fields = [facts[s].field for s in held if facts[s].field]
    assert {f["field"]["uri"]: f["skills"] for f in document["fieldsOfEducation"]} == {
        f: fields.count(f) for f in fields
    }
    assert [f["skills"] for f in document["fieldsOfEducation"]] == sorted(
        (fields.count(f) for f in set(fields)), reverse=True
    )


def test_near_occupations_are_the_first_of_the_moves(client: InProcess, document: Any) -> None:
    moves = client.get(f"/api/v1/occupations/{CONSERVATOR}/related?limit=5").json()["items"]
    assert [(n["occupation"]["uri"], n["similarity"]) for n in document["near"]] == [
        (m["occupation"]["uri"], m["similarity"]) for m in moves
    ]


def test_tasks_and_words_are_those_of_esco(document: Any) -> None:
    """With the words that the sample leaves out put in."""
    told = copy.deepcopy(document)
    group = document["anchors"][0]["occupation"]["broaderIscoGroup"]
    told["tasks"] = [{"group": group, "tasks": {"en": ["keeping things", "lending things"]}}]
    told["occupations"][0] |= {
        "description": {"en": "Keeps things."},
        "scopeNote": {"en": "With care."},
        "alternativeLabel": {"en": ["keeper", "carer"]},
    }
    told["regulatedProfessions"] = [document["anchors"][0]["occupation"]]
    page, text = profile_page(sheet(told)), profile_markdown(sheet(told))
    for said in (
        "keeping things",
        "Keeps things.",
        "With care.",
        "keeper, carer",
        f"unit group {group['code']}",
        "regulated profession",
    ):
        assert said in page, said
        assert said in text, said
    in_french = sheet({**told, "language": "fr"})
    assert in_french["tasks"][0]["tag"] == "en"
    assert in_french["occupations"][0]["description"]["tag"] == "en"


def test_one_occupation_has_no_shares_and_every_figure_is_explained(client: InProcess, document: Any) -> None:
    single, several = sheet(document), sheet(client.get(HERITAGE).json())
    shares = [
        {s["share"] for sec in d["sections"] for g in sec["groups"] for s in g["skills"]} for d in (single, several)
    ]
    assert shares[0] == {""}
    assert "100\N{NO-BREAK SPACE}%" not in profile_page(single).split("</table>", 1)[1]
    assert any("%" in s for s in shares[1])
    assert [term for term, _ in single["legend"]] == ["relation", "specialisation", "↑"]
    assert [term for term, _ in several["legend"]] == ["relation", "share", "specialisation", "↑"]


def test_a_repeated_skill_is_marked_with_the_section_it_has_its_place_in(client: InProcess, document: Any) -> None:
    laid_out = sheet(document)
    marked = {
        s["label"]["text"]: s["repeat"]["text"]
        for sec in laid_out["sections"]
        for g in sec["groups"]
        for s in g["skills"]
        if s["repeat"]
    }
    assert marked
    assert set(marked.values()) <= {
        "core skills",
        "specialised skills by cluster",
        "transversal characteristics",
        "knowledge fields",
    }
    rows = list(csv.DictReader(io.StringIO(client.get(f"/api/v1/profiles/heritage-{CONSERVATOR}.csv").text)))
    assert len(rows) == document["skillCount"] == len({r["skillUri"] for r in rows})
    several = [r for r in rows if " " in r["sections"]]
    assert {r["preferredLabel"] for r in several} == set(marked)
    assert all(r["section"] in r["sections"].split() for r in rows)


def test_a_profile_is_a_draft_in_the_graph_too(client: InProcess) -> None:
    graph = list(ox.parse(input=client.get(f"{HERITAGE}.ttl").content, format=ox.RdfFormat.TURTLE))
    found = {
        q.predicate.value: q.object.value
        for q in graph
        if q.subject == ox.NamedNode(f"{CCSID}profile/heritage-preservation")
    }  # type: ignore[union-attr]
    assert found[CCSI + "validationStatus"] == f"{CCSID}status/draft"
    assert CCSI + "eqfLevel" not in found
    assert "/isced-f/" in found[CCSI + "fieldOfEducation"]


def test_one_sentence_says_what_a_language_lacks_as_a_whole(document: Any) -> None:
    sections = [{**s, "preferredLabel": {"fr": s["id"]}} for s in document["sections"]]
    laid_out = sheet({**document, "sections": sections, "language": "fr"})
    assert (
        laid_out["unsaid"][0]
        == "Non disponible dans cette langue : les noms des aptitudes. Le texte est donné dans une autre [en]."
    )
    page = profile_page(laid_out)
    shown = sum(s["skillCount"] for s in document["sections"])
    unmarked = re.findall(r'<tr><td><a href="[^"]*/skill/[^"]*"><span lang="en" dir="ltr">[^<]*</span></a>', page)
    assert len(unmarked) == shown > 50, "without a mark, and with the language for who reads aloud"


def test_parts_of_occupations_domains_and_items_make_a_role(client: InProcess, catalogue: Any) -> None:
    part = catalogue.profiles.part("S5.6", catalogue, catalogue.analysis)
    needs = catalogue.profiles.tables.occupations[f"http://data.europa.eu/esco/occupation/{GAMES}"]
    expected = {s for s in (*needs.essential, *needs.optional) if s in part}
    assert expected
    body = {
        "anchors": [{"uri": GAMES, "parts": ["S5.6"]}],
        "domain": "gaming",
        "beside": ["design"],
        "items": ["adaptive  music", "adaptive music"],
    }
    posted = client.post(COMPOSE, json=body)
    found = posted.json()
    placed = {
        e["skill"]["uri"]
        for s in found["sections"]
        for g in s["groups"]
        for e in g["skills"]
        if e["relation"] != "none"
    }
    assert placed == expected
    assert found["items"] == ["adaptive music"]
    assert [d["id"] for d in found["otherDomains"]] == ["design"]
    assert found["anchors"][0]["parts"] == ["S5.6"]
    assert client.get(found["links"]["self"]).content == posted.content
    assert "adaptive music" in client.post(f"{COMPOSE}?format=markdown", json=body).text
    turtle = list(
        ox.parse(input=client.post(f"{COMPOSE}?format=turtle", json=body).content, format=ox.RdfFormat.TURTLE)
    )
    assert {q.object.value for q in turtle if q.predicate.value == CCSI + "freeItem"} == {"adaptive music"}  # type: ignore[union-attr]
    assert {q.object.value for q in turtle if q.predicate.value == CCSI + "anchorPart"} == {"S5.6"}  # type: ignore[union-attr]


def test_a_cluster_is_a_part_too(client: InProcess, catalogue: Any) -> None:
    needs = catalogue.profiles.tables.occupations
    cluster, held, occupation = next(
        (c, held, o)
        for c in catalogue.analysis.by_unit["heritage"]
        if c.level == "broad" and (held := {m.skill for m in c.members})
        for o, n in needs.items()
        if held & set(n.essential)
    )
    found = client.get(f"{COMPOSE}?anchor={occupation.rpartition('/')[2]}:1:{cluster.id}").json()
    core = next(s for s in found["sections"] if s["id"] == "core")
    assert {e["skill"]["uri"] for g in core["groups"] for e in g["skills"]} == held & set(needs[occupation].essential)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"anchors": [{"uri": GAMES, "parts": ["S99.9"]}]}, "anchors.0"),
        ({"anchors": [{"uri": GAMES, "parts": ["0811"]}]}, "anchors.0"),
        ({"anchors": [GAMES], "beside": ["design"]}, "beside"),
        ({"anchors": [GAMES], "domain": "gaming", "beside": ["nowhere"]}, "beside"),
        ({"anchors": [GAMES], "items": ["two\nlines"]}, "items"),
        ({"anchors": [GAMES], "items": [" "]}, "items"),
    ],
)
def test_what_is_no_part_domain_or_item_is_refused(client: InProcess, body: dict[str, Any], field: str) -> None:
    answer = client.post(COMPOSE, json=body)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_cells_by_sub_domain_and_by_charter_function(client: InProcess, catalogue: Any) -> None:
    found = client.get("/api/v1/domains/museums/profiles?limit=100").json()["items"]
    (cell,) = (i for i in found if i["kind"] == "cell")
    assert (cell["id"], cell["subDomain"]["id"], cell["function"]) == ("heritage-sub-museums", "museums", None)
    profile = client.get("/api/v1/profiles/heritage-sub-museums").json()
    members = {
        d.occupation for d in catalogue.by_domain["heritage"] if d.sub_domain == "museums" and d.degree == "core"
    }
    assert {a["occupation"]["uri"] for a in profile["anchors"]} == members
    assert {i["occupation"]["uri"] for i in found if i["kind"] == "occupation"} == members
    charter = client.get("/api/v1/profiles?charter=preservation&kind=cell").json()["items"]
    assert [i["id"] for i in charter] == ["heritage-charter-preservation"]
    assert charter[0]["title"]["en"] == "cultural heritage: preservation and safeguarding (CHARTER)"


def test_a_bundle_of_a_domain(client: InProcess) -> None:
    listed = client.get("/api/v1/domains/gaming/profiles?limit=100").json()["items"]
    book = client.get("/api/v1/domains/gaming/profiles.xlsx")
    assert book.headers["content-disposition"] == 'inline; filename="gaming-profiles.xlsx"'
    strings = zipfile.ZipFile(io.BytesIO(book.content)).read("xl/sharedStrings.xml").decode()
    assert all(f">{i['id']}<" in strings for i in listed)
    pages = client.get("/api/v1/domains/gaming/profiles.pdf?kind=cell")
    with pypdfium2.PdfDocument(pages.content) as made:
        contents = " ".join(w.text for w in words(made[0])).lower()
        assert len(made) > len([i for i in listed if i["kind"] == "cell"])
    assert all(i["title"]["en"].lower() in contents for i in listed if i["kind"] == "cell")
    assert client.get("/api/v1/domains/gaming/profiles.pdf?volume=9").json()["maximum"] == 1
    assert client.get("/api/v1/domains/gaming/profiles.docx").status_code == 404


def test_the_note_on_regulation_is_in_the_answer(mini_dir: Path) -> None:
    with TestClient(create_app(Settings(data_dir=mini_dir, log_level="error"), Limits())) as client:
        found = client.get("/api/v1/occupations/1aadb308-432a-4d01-b54b-b4f7f76dd419").json()
        page = client.get(f"/resource?uri={found['uri']}&format=html").text
    assert found["regulatedProfessionNote"] == "http://data.europa.eu/esco/regulated-professions/unregulated"
    assert found["regulatedProfession"] is False
    assert "regulated-professions/unregulated" in page or "regulated-professions%2Funregulated" in page


@pytest.mark.long
@pytest.mark.full
def test_the_roles_of_the_guidelines_have_the_core_that_they_tell(full_api: InProcess) -> None:
    """The three bodies in docs/profile-guidelines.md, composed from full ESCO, and architect, which is regulated."""
    text = (Path(__file__).parents[2] / "docs" / "profile-guidelines.md").read_text(encoding="utf-8")
    roles = re.findall(r"\n    (\{\"title\".*?\})\n\n(.*?)(?=\n\n\*\*|\n\n##)", text, re.DOTALL)
    assert len(roles) == 3
    for body, told in roles:
        found = full_api.request("POST", COMPOSE, json=json.loads(body)).json()
        core = next(s for s in found["sections"] if s["id"] == "core")
        names = {e["skill"]["preferredLabel"]["en"] for g in core["groups"] for e in g["skills"]}
        count = re.match(r"Core, ([0-9]+): (.*?)(?=Sensible)", told, re.DOTALL)
        assert count is not None, told
        assert len(names) == int(count[1]), found["title"]
        named = {n.strip() for run in re.findall(r"\*([^*]+)\*", count[2]) for n in " ".join(run.split()).split(",")}
        assert named - {"…"} <= names
    architect = next(
        o
        for o in full_api.get("/api/v1/occupations?isco=2161&limit=50").json()["items"]
        if o["preferredLabel"]["en"] == "architect"
    )
    key = architect["uri"].rpartition("/")[2]
    profile = full_api.get(f"/api/v1/profiles/architecture-{key}").json()
    assert [o["uri"] for o in profile["regulatedProfessions"]] == [architect["uri"]]
    assert "regulated profession" in full_api.get(f"/api/v1/profiles/architecture-{key}.html").text
