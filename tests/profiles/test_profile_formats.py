"""Every format of a profile: valid by its own rules, with every skill's URI, and readable in other languages."""

from __future__ import annotations

import csv
import gzip
import html.parser
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import orjson
import pyoxigraph as ox
import pytest
import rdflib
from starlette.testclient import TestClient

from app.api.formats import as_csv
from app.api.profiles.formats import MEDIA_TYPES, SUFFIXES
from app.api.profiles.linked import ELM, learning_model, schema_org
from app.api.profiles.rows import COLUMNS, rows
from app.documents.markdown import profile_markdown
from app.documents.page import profile_page
from app.main import create_app
from app.settings import Limits, Settings
from loaders.build import load
from loaders.request import LoadRequest
from loaders.starter import STARTER
from ontology import SKOS
from tests.api.conftest import InProcess
from tests.profiles.conftest import HERITAGE, sheet

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def document(client: InProcess) -> Any:
    return client.get(HERITAGE).json()


@pytest.fixture(scope="module")
def skills(document: Any) -> set[str]:
    return {e["skill"]["uri"] for s in document["sections"] for g in s["groups"] for e in g["skills"]}


class Outline(html.parser.HTMLParser):
    """What a page links to, what it opens and closes, and which languages stand in."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.languages: dict[str, int] = {}
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.attributes.setdefault(tag, found)
        if tag == "a":
            self.links.add(found["href"] or "")
        if tag in ("script", "img", "iframe", "object"):
            self.loaded.append(tag)
        if tag == "span" and (language := found.get("lang")):
            self.languages[language] = self.languages.get(language, 0) + 1


def outline(text: str) -> Outline:
    found = Outline()
    found.feed(text)
    found.close()
    return found


@pytest.mark.parametrize("language", ["fr", pytest.param("*", marks=pytest.mark.long)])
def test_documents_say_what_the_json_says(client: InProcess, language: str) -> None:
    """They are drawn from values that never were JSON."""
    ids = [item["id"] for item in client.get("/api/v1/profiles", params={"limit": 100}).json()["items"]]
    for path in (f"/api/v1/profiles/{key}" for key in ids[::24]):
        document = client.get(path, params={"language": language}).json()
        said = {
            "markdown": profile_markdown(sheet(document)).encode(),
            "html": profile_page(sheet(document)).encode(),
            "csv": as_csv(COLUMNS, rows(document)),
            "schemaorg": orjson.dumps(schema_org(document)),
            "elm": orjson.dumps(learning_model(document)),
        }
        for form, body in said.items():
            assert client.get(path, params={"language": language, "format": form}).content == body, (path, form)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_suffix_format_and_accept_agree(client: InProcess, suffix: str) -> None:
    name = SUFFIXES[suffix]
    one = client.get(f"{HERITAGE}.{suffix}")
    assert one.status_code == 200
    assert one.headers["content-type"].startswith(MEDIA_TYPES[name])
    assert one.headers["etag"] == client.get(f"{HERITAGE}?format={name}").headers["etag"]
    assert one.content == client.get(HERITAGE, headers={"accept": MEDIA_TYPES[name]}).content
    assert 'rel="canonical"' in one.headers["link"]


def test_a_browser_gets_a_page(client: InProcess, skills: set[str]) -> None:
    answer = client.get(HERITAGE, headers={"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
    found = outline(answer.text)
    assert skills <= found.links
    assert not found.loaded
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert found.attributes["html"]["lang"] == "en"


def test_csv_and_markdown_hold_every_skill(client: InProcess, skills: set[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get(f"{HERITAGE}.csv").text)))
    assert {r["skillUri"] for r in rows} == skills
    assert len(rows) == len(skills)
    text = client.get(f"{HERITAGE}.md").text
    assert skills <= set(re.findall(r"\]\((http[^)]+)\)", text))
    tables = re.findall(r"(?:^\|.*\|$\n)+", text, re.MULTILINE)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().splitlines()}) == 1


def test_the_workbook_holds_texts_and_no_formula(client: InProcess, core: list[str]) -> None:
    answer = client.post("/api/v1/profiles/compose?format=xlsx", json={"anchors": core[:2], "title": "=1+1"})
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    assert book.testzip() is None
    table = ElementTree.fromstring(book.read("xl/worksheets/sheet2.xml"))
    front = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(table.iter(f"{SHEET}f"))
    assert not list(front.iter(f"{SHEET}f"))
    document = client.post("/api/v1/profiles/compose", json={"anchors": core[:2], "title": "=1+1"}).json()
    assert len(list(table.iter(f"{SHEET}row"))) == document["skillCount"] + 1
    shared = book.read("xl/sharedStrings.xml").decode()
    assert all(e["skill"]["uri"] in shared for s in document["sections"] for g in s["groups"] for e in g["skills"])
    assert "=1+1" in shared


def described(value: Any) -> Iterator[dict[str, Any]]:
    """Every node of a schema.org document."""
    if isinstance(value, list):
        for part in value:
            yield from described(part)
    elif isinstance(value, dict) and "@value" not in value:
        yield value
        for part in value.values():
            yield from described(part)


def test_schema_org(client: InProcess, skills: set[str]) -> None:
    answer = client.get(f"{HERITAGE}.schemaorg")
    found = answer.json()
    assert (found["@context"], found["@type"]) == ("https://schema.org", "Occupation")
    assert {s["@id"] for s in found["skills"]} == skills
    assert {s["@type"] for s in found["skills"]} == {"DefinedTerm"}
    codes = {c["codeValue"]: c for c in found["occupationalCategory"]}
    assert {c["@type"] for c in codes.values()} == {"CategoryCode"}
    assert "2621" in codes
    terms = {key for node in described(found) for key in (*node, node["@type"])} - {"@context", "@id", "@type"}
    assert terms - {"@language", "@value"} <= set(rdflib.SDO.__annotations__), "what schema.org defines"
    local = {**found, "@context": {"@vocab": "https://schema.org/"}}
    triples = list(ox.parse(input=json.dumps(local), format=ox.RdfFormat.JSON_LD))
    term = ox.NamedNode("https://schema.org/skills")
    assert {q.object.value for q in triples if q.predicate == term} == skills  # type: ignore[union-attr]


# Members of the classes used, as the JSON schema of ELM 3.2 closes them.
ELM_MEMBERS = {
    "LearningAchievementSpecification": {
        "id", "type", "title", "description", "learningOutcome", "hasPart", "additionalNote", "supplementaryDocument",
    },
    "LearningOutcome": {
        "id", "type", "dcType", "identifier", "title", "additionalNote", "reusabilityLevel", "relatedSkill", "relatedESCOSkill",
    },
    "Concept": {"id", "type", "prefLabel", "notation", "inScheme", "definition"},
    "ConceptScheme": {"id", "type"},
    "Note": {"id", "type", "noteLiteral", "subject", "noteFormat"},
    "WebResource": {"id", "type", "title", "language", "contentURL"},
}  # fmt: skip


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for part in value:
            yield from nodes(part)
    elif isinstance(value, dict):
        if "type" in value:
            yield value
        for part in value.values():
            yield from nodes(part)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # by rdflib itself
def test_learning_model(client: InProcess, skills: set[str]) -> None:
    found = client.get(f"{HERITAGE}.elm").json()
    context = found.pop("@context")
    for node in nodes(found):
        assert node.keys() <= ELM_MEMBERS[node["type"]], node["type"]
        if node["type"].startswith("Learning"):
            assert all(isinstance(texts, list) and texts for texts in node["title"].values())
    text = json.dumps({"@context": context, **found})
    one = {
        (str(q.subject), q.predicate.value, str(q.object)) for q in ox.parse(input=text, format=ox.RdfFormat.JSON_LD)
    }
    assert {o.strip("<>") for _, p, o in one if p == ELM + "relatedESCOSkill"} == skills
    other = rdflib.Graph().parse(data=text, format="json-ld")
    assert {str(o) for o in other.objects(None, rdflib.URIRef(ELM + "relatedESCOSkill"))} == skills


def test_the_pdf_is_the_same_each_time_and_speaks_of_the_title(client: InProcess, core: list[str]) -> None:
    target = f"/api/v1/profiles/compose?anchor={core[0].rpartition('/')[2]}&format=pdf&language=en"
    body = client.get(target).content
    assert body.startswith(b"%PDF-")
    assert body.rstrip().endswith(b"%%EOF")
    assert client.get(f"{target}&title=%23text%28fill%3A%20red%29%5Bx%5D").content.startswith(b"%PDF-")


def test_hostile_titles_stay_text(client: InProcess, core: list[str]) -> None:
    title = '<script>alert(1)</script> "#x | `y` ]]'
    body = {"anchors": core[:1], "title": title}
    page = client.post("/api/v1/profiles/compose?format=html", json=body)
    assert "<script" not in page.text
    assert not outline(page.text).loaded
    for name in ("pdf", "markdown", "xlsx", "schemaorg", "elm", "turtle", "csv"):
        assert client.post(f"/api/v1/profiles/compose?format={name}", json=body).status_code == 200, name


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_spreadsheet_takes_no_title_for_a_formula(client: InProcess, core: list[str], title: str) -> None:
    body = {"anchors": core[:1], "title": title}
    text = client.post("/api/v1/profiles/compose?format=csv", json=body).text
    assert {r["profileTitle"] for r in csv.DictReader(io.StringIO(text))} == {f"'{title}"}
    book = client.post("/api/v1/profiles/compose?format=xlsx", json=body)
    assert f">'{title}<" in zipfile.ZipFile(io.BytesIO(book.content)).read("xl/sharedStrings.xml").decode()


def test_a_title_is_told_in_turtle_as_in_the_document(client: InProcess, core: list[str]) -> None:
    term = ox.NamedNode("http://purl.org/dc/terms/title")
    for target in (HERITAGE, f"/api/v1/profiles/compose?anchor={core[0].rpartition('/')[2]}&title=Mine"):
        document = client.get(target).json()
        text = client.get(target, headers={"accept": "text/turtle"}).text
        (found,) = (q.object for q in ox.parse(input=text, format=ox.RdfFormat.TURTLE) if q.predicate == term)
        assert isinstance(found, ox.Literal)
        assert {found.language or "und": found.value} == document["title"]


def test_a_learning_model_text_has_a_language(client: InProcess, core: list[str]) -> None:
    answer = client.post("/api/v1/profiles/compose?format=elm", json={"anchors": core[:1], "title": "Mine"})
    assert answer.json()["title"] == {"en": ["Mine"]}


def test_figures_are_written_the_same_everywhere(document: Any) -> None:
    """By the language's decimal sign, and the same in HTML, PDF and Markdown, which take them as they are."""
    for language, sign in (("en", "."), ("fr", ","), ("ar", ".")):
        laid_out = sheet({**document, "language": language})
        rows = [s for section in laid_out["sections"] for group in section["groups"] for s in group["skills"]]
        figures = {s["quotient"] for s in rows} - {""}
        assert figures
        assert all(re.fullmatch(rf"×[0-9]+\{sign}[0-9]", f) for f in figures)
        assert all(re.fullmatch(r"[0-9]+\N{NO-BREAK SPACE}%|", s["share"]) for s in rows)


def test_notes_name_the_concepts_they_are_about(client: InProcess, core: list[str]) -> None:
    document = client.post("/api/v1/profiles/compose", json={"anchors": core[:2]}).json()
    document["warnings"] = [{"code": "anchors-apart", "detail": "Apart.", "about": [core[0], "urn:x"]}]
    name = document["anchors"][0]["occupation"]["preferredLabel"]["en"]
    assert sheet(document)["notes"] == [f"Apart. ({name}, urn:x)"]
    assert sheet({**document, "language": "ar"})["notes"][0].count("\N{FIRST STRONG ISOLATE}") == 2


@pytest.fixture(scope="module")
def other_languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The sample with labels in French for half of the concepts, and in Arabic for two thirds, in the shape of the dump."""
    folder = tmp_path_factory.mktemp("languages")
    store = ox.Store()
    store.bulk_load(input=gzip.decompress(STARTER.read_bytes()), format=ox.RdfFormat.TURTLE)
    label = ox.NamedNode(SKOS + "prefLabel")
    added = []
    for n, quad in enumerate(sorted(store.quads_for_pattern(None, label, None), key=str)):
        if not isinstance(quad.object, ox.Literal) or quad.object.language != "en":
            continue
        if n % 2:
            added.append(ox.Quad(quad.subject, label, ox.Literal(f"étiquette française {n}", language="fr")))
        if n % 3:
            added.append(ox.Quad(quad.subject, label, ox.Literal(f"صيانة المقتنيات الأثرية (ESCO {n})", language="ar")))
    store.extend(added)
    path = folder / "esco_v1.2.0.ttl"
    with path.open("wb") as out:
        store.dump(out, format=ox.RdfFormat.TURTLE, from_graph=ox.DefaultGraph())
    load(LoadRequest([path], folder / "data"))
    with TestClient(create_app(Settings(data_dir=folder / "data", log_level="error"), Limits())) as client:
        yield client


@pytest.mark.long
@pytest.mark.parametrize(("language", "direction"), [("fr", "ltr"), ("ar", "rtl")])
def test_missing_labels_are_marked(other_languages: TestClient, language: str, direction: str) -> None:
    core = other_languages.get("/api/v1/domains/heritage/occupations?degree=core&limit=5").json()["items"]
    anchors = "&".join(f"anchor={o['uri'].rpartition('/')[2]}" for o in core)
    whole = f"/api/v1/profiles/compose?{anchors}&bounds=optional:0..200&bounds=specialised:..200&bounds=knowledge:..200"
    document = other_languages.get(f"{whole}&language={language}").json()
    page = outline(other_languages.get(f"{whole}&language={language}&format=html").text)
    assert page.attributes["html"] == {"lang": language, "dir": direction}
    own = sum(
        language in e["skill"]["preferredLabel"] for s in document["sections"] for g in s["groups"] for e in g["skills"]
    )
    assert document["skillCount"] >= 150
    assert 0 < own < document["skillCount"]
    assert page.languages["en"] >= document["skillCount"] - own
    laid_out = sheet(document)
    assert laid_out["standIns"] == ["en"]
    assert laid_out["direction"] == direction
    assert laid_out["words"]["weight"] == {"fr": "poids", "ar": "الوزن"}[language]
    text = other_languages.get(f"{whole}&language={language}&format=markdown").text
    assert text.count(r"\[en\]") >= document["skillCount"] - own
    pdf = other_languages.get(f"{whole}&language={language}&format=pdf")
    assert pdf.content.startswith(b"%PDF-")


def test_a_language_without_words_of_its_own_gets_english_chrome(document: Any) -> None:
    laid_out = sheet({**document, "language": "el"})
    assert laid_out["direction"] == "ltr"
    assert laid_out["words"]["essential"] == "essential"
