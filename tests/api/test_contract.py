"""The description says what the service does: shapes, examples, faults, linked data, limits and settings."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic.config import JsonDict

from app.api.answers import ANSWERS
from app.api.openapi import examples
from app.http.shapes import Problem
from app.settings import Limits, Settings
from ontology import CCSI, CCSID, ESCO, SKOS
from ontology.jsonld_context import CONTEXT
from tests.api.conftest import HOST, InProcess
from tools.examples import REQUESTS, gather

DOCS = Path(__file__).parents[2] / "docs"
MORE = {
    "/domains": ["/domains?language=*"],
    "/domains/{id}": ["/domains/museums", "/domains/design?language=*"],
    "/domains/{id}/occupations": ["/domains/design/occupations?limit=500", "/domains/fashion/occupations"],
    "/occupations": ["/occupations?limit=500", "/occupations?language=*"],
    "/skills": ["/skills?limit=500"],
    "/skill-groups": ["/skill-groups?limit=500", "/skill-groups?scheme=isced-f"],
    "/isco": ["/isco?limit=500", "/isco?level=1"],
    "/nace": ["/nace?limit=500", "/nace?revision=2&level=1"],
    "/isco/{code}": ["/isco/2", "/isco/26", "/isco/262"],
    "/nace/{code}": ["/nace/90", "/nace/9121", "/nace/S"],
    "/skill-groups/{code}": ["/skill-groups/S1.2", "/skill-groups/0322?language=*"],
    "/scope": ["/scope"],
    "/scope/review-queue": ["/scope/review-queue?limit=500"],
    "/crosswalk": [
        "/crosswalk?isco=26",
        "/crosswalk?nace=90",
        "/crosswalk?domain=heritage",
        "/crosswalk?domain=museums",
        "/crosswalk?esco=691d30cc-6b2c-4025-89b4-3e719fe664c7",
    ],
    "/domains/{id}/skills": [
        "/domains/ccsi/skills?limit=500",
        "/domains/museums/skills",
        "/domains/gaming/skills?sort=coreness",
    ],
    "/domains/{id}/transversal": ["/domains/ccsi/transversal", "/domains/museums/transversal"],
    "/domains/{id}/clusters": [f"/domains/{d}/clusters?limit=500" for d in ("heritage", "gaming", "ccsi", "museums")],
    "/domains/compare": ["/domains/compare?ids=heritage,design,gaming&language=*"],
    "/profiles": ["/profiles?limit=500", "/profiles?language=*&limit=5"],
    "/domains/{id}/profiles": ["/domains/heritage/profiles?function=preservation"],
    "/profiles/{id}": ["/profiles/heritage-preservation", "/profiles/design-creation?language=*"],
    "/profiles/compose": [
        "/profiles/compose?domain=audiovisual",
        "/profiles/compose?domain=heritage&function=management",
    ],
    "/releases": ["/releases"],
    "/limits": ["/limits"],
    "/health/live": ["/health/live"],
    "/health/ready": ["/health/ready"],
    "/context.jsonld": ["/context.jsonld"],
}


@pytest.mark.parametrize("path", ANSWERS)
def test_answers_have_the_shapes_described(api: InProcess, catalogue: Any, path: str) -> None:
    if path in ("/profiles/compare", "/lookup"):
        pytest.skip("has no GET; tests of its own hold its answers to their shapes")
    requests = [*([REQUESTS[path]] if path in REQUESTS else []), *MORE.get(path, [])]
    if "{uuid}" in path:
        concepts = list(catalogue.occupations if "occupations" in path else catalogue.skills)
        requests += [path.replace("{uuid}", iri.rpartition("/")[2]) for iri in concepts[::7]]
    if path == "/clusters/{id}":
        requests += [f"/clusters/{key}" for key in list(catalogue.analysis.clusters)[::5]]
    shape: TypeAdapter[Any] = TypeAdapter(ANSWERS[path][0])
    assert requests
    for request in requests:
        shape.validate_json(api.get(f"/api/v1{request}").content)


def test_examples_are_what_the_service_answers(api: InProcess) -> None:
    async def ask(target: str, body: JsonDict | None) -> tuple[int, Any]:
        answer = await api._http.request("POST" if body else "GET", target, json=body)
        return answer.status_code, answer.json()

    fresh = api.run(gather(ask))
    release = api.app.state.service.served.release.id
    expected = json.dumps(examples()).replace("RELEASE", release)
    expected = re.sub(r"1\.2\.0-[0-9a-f]{12}", release, expected)  # any change of the curation gives another
    assert json.loads(expected) == fresh, "run: python -m tools.examples"


def test_description(api: InProcess) -> None:
    found = api.json("openapi.json")
    assert found["openapi"].startswith("3.1")
    shapes = found["components"]["schemas"]
    names = set()
    operations = [(path, operation) for path, item in found["paths"].items() for operation in item.values()]
    for path, operation in operations:
        names.add(operation["operationId"])
        assert operation["summary"], path
        assert operation["description"], path
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (path, status)
        for reference in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(operation)):
            assert reference in shapes
    described = {path.removeprefix("/api/v1") for path in found["paths"]}
    assert described >= set(ANSWERS)
    assert len(names) == len(operations), "operation names are unique"
    assert "HTTPValidationError" not in shapes
    occupation = found["paths"]["/api/v1/occupations/{uuid}"]["get"]["responses"]
    assert occupation.keys() >= {"200", "304", "404", "410", "422", "503"}
    assert occupation["200"]["content"]["application/json"]["example"]["className"] == "Occupation"
    skills = found["paths"]["/api/v1/domains/{id}/skills"]["get"]["responses"]
    assert skills["200"]["content"].keys() == {"application/json", "application/ld+json", "text/turtle", "text/csv"}
    assert "406" in skills
    assert found["paths"]["/api/v1/domains/{id}/clusters.{kind}"]["get"]["responses"]["200"]["content"].keys() == {
        "image/svg+xml",
        "image/png",
    }
    assert shapes["OccupationDetail"]["x-jsonld-context"] == "/api/v1/context.jsonld"


def test_faults_have_the_shape_described(api: InProcess) -> None:
    for target in ("domains/x", "domains?limit=x", "occupations/x", "nothing"):
        TypeAdapter(Problem).validate_json(api.get(target).content)


def expand(api: InProcess, target: str) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """The triples of an answer, as two implementations of JSON-LD read it."""
    body = api.json(target)
    assert body["@context"] == f"{HOST}/api/v1/context.jsonld"
    assert api.json(body["@context"]) == CONTEXT
    text = json.dumps({**body, "@context": CONTEXT["@context"]})
    one = {
        (q.subject.value, q.predicate.value, q.object.value)
        for q in ox.parse(text, format=ox.RdfFormat.JSON_LD)
        if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode | ox.Literal)
    }
    other = {
        (str(s), str(p), str(o))
        for s, p, o in rdflib.Graph().parse(data=text, format="json-ld")
        if not isinstance(s, rdflib.BNode)
    }
    return one, other


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # by rdflib itself
def test_an_occupation_is_linked_data(api: InProcess, catalogue: Any) -> None:
    item = next(
        o for o in catalogue.occupations.values() if o.optional and any(d.degree == "core" for d in o.decisions)
    )
    for triples in expand(api, f"occupations/{item.iri.rpartition('/')[2]}"):
        assert (item.iri, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", ESCO + "Occupation") in triples
        assert (item.iri, SKOS + "prefLabel", catalogue.label(item.iri, "en")["en"]) in triples
        assert {(item.iri, ESCO + "relatedEssentialSkill", s) for s in item.essential} <= triples
        assert {(item.iri, ESCO + "relatedOptionalSkill", s) for s in item.optional} <= triples
        assert {(item.iri, ESCO + "hasNACECode", n) for n in item.nace} <= triples
        for decision in item.decisions:
            assert (decision.iri, CCSI + "occupation", item.iri) in triples
            assert (decision.iri, CCSI + "degree", f"{CCSID}degree/{decision.degree}") in triples
            if decision.domain:
                assert (decision.iri, CCSI + "domain", f"{CCSID}domain/{decision.domain}") in triples
            assert {(decision.iri, CCSI + "basedOn", a.iri) for a in decision.evidence} <= triples
            for a in decision.evidence:
                assert {(a.iri, "http://www.w3.org/ns/prov#wasDerivedFrom", s) for s in a.sources} <= triples
                assert (a.iri, CCSI + "evidenceRoute", f"{CCSID}route/{a.route}") in triples
        assert not {p for s, p, _ in triples if s == item.iri and p.startswith(CCSI)}, (
            "ESCO's concept stays as ESCO has it"
        )


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # by rdflib itself
def test_a_skill_and_a_list_are_linked_data(api: InProcess, catalogue: Any) -> None:
    item = next(s for s in catalogue.skills.values() if s.essential_for and s.reuse)
    for triples in expand(api, f"skills/{item.iri.rpartition('/')[2]}"):
        assert {(item.iri, ESCO + "isEssentialSkillFor", o) for o in item.essential_for} <= triples
        assert (
            item.iri,
            ESCO + "skillReuseLevel",
            f"http://data.europa.eu/esco/skill-reuse-level/{item.reuse}",
        ) in triples
        assert (item.iri, ESCO + "skillType", f"http://data.europa.eu/esco/skill-type/{item.type}") in triples
    decision = next(d for d in catalogue.by_domain["heritage"])
    for triples in expand(api, "domains/heritage/occupations?limit=500"):
        assert (decision.iri, CCSI + "occupation", decision.occupation) in triples
        assert not {p for s, p, _ in triples if s == decision.occupation and p.startswith(CCSI)}
    for triples in expand(api, "domains/heritage"):
        assert (f"{CCSID}domain/heritage", SKOS + "narrower", f"{CCSID}domain/museums") in triples


def test_limits_are_published(api: InProcess) -> None:
    found = {item["name"]: item for item in api.json("limits")["items"]}
    assert set(found) == set(Limits.model_fields)
    limits = Limits()  # of which the tests set some
    for name, info in Limits.model_fields.items():
        assert (found[name]["value"], found[name]["default"]) == (getattr(limits, name), info.default)
        assert found[name]["help"] == info.description
        assert found[name]["setting"] == f"CCSI_LIMIT_{name.upper()}"


@pytest.mark.parametrize(("prefix", "model"), [("CCSI_", Settings), ("CCSI_LIMIT_", Limits)])
def test_every_setting_is_in_the_operations_guide(prefix: str, model: Any) -> None:
    rows = dict(re.findall(r"^\| `(CCSI_\w+)` \| (.*?) \| .+ \|$", (DOCS / "operations.md").read_text(), re.MULTILINE))
    for name, info in model.model_fields.items():
        shown = rows.get(prefix + name.upper())
        assert shown is not None, f"{prefix}{name.upper()} is missing"
        plain = shown.strip("`").replace(",", "")
        assert plain == ("empty" if info.default == "" else str(info.default)), f"default of {prefix}{name.upper()}"
    known = {f"{p}{n.upper()}" for p, m in (("CCSI_", Settings), ("CCSI_LIMIT_", Limits)) for n in m.model_fields}
    assert set(rows) <= known, "the guide names a setting that does not exist"


def test_documentation_needs_no_network(api: InProcess) -> None:
    for path in ("/", "/docs"):
        page = api.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for target in map(html.unescape, re.findall(r'(?:src|href)="([^"]+)"', page.text)):
            assert not target.removeprefix(HOST).startswith(("http:", "https:", "//")), target
            if not target.startswith("data:"):
                assert api.get(str(httpx2.URL(HOST + path).join(target))).status_code in (200, 303), target
    assert not re.search(r'<script(?! type="application/ld\+json">| type="module" src=)', api.get("/").text), (
        "data runs nothing"
    )
    assert "ESCO classification of the European Commission" in api.get("/").text
    script = api.get("/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip"})
    assert "SwaggerUIBundle" in script.text
    assert (
        api.get(
            "/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip", "If-None-Match": script.headers["etag"]}
        ).status_code
        == 304
    )
    assert api.get("/docs/other.js").status_code == 404


NAMES = [
    "language",
    "limit",
    "offset",
    "degree",
    "route",
    "isco",
    "nace",
    "function",
    "sub-domain",
    "q",
    "domain",
    "uri",
    "x",
    "format",
    "level",
    "ids",
    "class",
    "group",
    "min-support",
    "max-q",
    "sort",
]
VALUES = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.sampled_from(
        [
            "*",
            "en",
            "fr-BE",
            "core",
            "nace",
            "26",
            "91.2",
            "museums",
            "%00",
            "\x00",
            "'; --",
            "1e9",
            "-0",
            "२",
            "NaN",
            "csv",
            "turtle",
            "fine",
            "heritage,design",
            "T1",
            "lq",
        ]
    ),
)
TARGETS = [
    "domains", "domains/heritage", "domains/heritage/occupations", "domains/museums/occupations", "occupations", "isco/26",
    "nace/90", "releases", "limits", "health/live", "health/ready", "domains/heritage/skills", "domains/ccsi/transversal",
    "domains/design/clusters", "domains/compare", "clusters/heritage/art-collections",
]  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.sampled_from(TARGETS),
    query=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=5),
    headers=st.dictionaries(
        st.sampled_from(["accept-language", "accept-encoding", "accept", "if-none-match", "x-request-id"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40).map(
            lambda text: text.encode("latin-1")
        ),
        max_size=3,
    ),
)
def test_no_query_breaks_the_service(
    api: InProcess, target: str, query: list[tuple[str, str]], headers: dict[str, bytes]
) -> None:
    answer = api.get(target, params=query, headers=headers)
    assert answer.status_code in (200, 304, 404, 406, 422)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["domains", "occupations", "skills", "isco", "nace", "clusters"]),
    key=st.text(min_size=1, max_size=40),
)
def test_no_identifier_breaks_the_service(api: InProcess, kind: str, key: str) -> None:
    from urllib.parse import quote

    assert api.get(f"{kind}/{quote(key, safe='')}").status_code in (200, 307, 308, 404, 422)
