"""What answers say as linked data is in the graph, every triple; and no key of them vanishes without being declared to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from ontology.jsonld_context import CONTEXT, TYPED_CONTEXT
from tests.api.conftest import HOST, InProcess

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # by rdflib itself
JSON, JSON_LD, TURTLE = "application/json", "application/ld+json", "text/turtle"


@pytest.fixture(scope="module")
def web(starter_api: InProcess) -> InProcess:
    return starter_api


@pytest.fixture(scope="module")
def graph(starter_dir: Path) -> ox.Store:
    release = next((starter_dir / "releases").iterdir())
    return ox.Store.read_only(str(release / "store"))


def targets(web: InProcess) -> list[str]:
    """Sixty answers and some more, of every kind."""
    catalogue = web.app.state.service.served.catalogue
    occupations, skills = sorted(catalogue.occupations), sorted(catalogue.skills)
    keys = [iri.rpartition("/")[2] for iri in occupations]
    skill_keys = [iri.rpartition("/")[2] for iri in skills]
    clusters = sorted(catalogue.analysis.clusters)
    return [
        *(f"occupations/{key}" for key in keys[::12]), *(f"skills/{key}" for key in skill_keys[:: len(skills) // 10]),
        *(f"scope/occupations/{key}" for key in keys[::30]), *(f"clusters/{key}" for key in clusters[:: len(clusters) // 5]),
        "domains", "domains/heritage", "domains/museums", "domains/heritage/occupations?limit=10", "domains/design/occupations?language=*",
        "occupations?limit=10", "occupations?code=2621.3", "skills?limit=10&group=S1", "skill-groups?limit=10", "skill-groups/S1.2",
        "skill-groups/0322", "isco?limit=10", "isco/2621", "isco/26", "nace?limit=10", "nace?revision=2&limit=10", "nace/S", "nace/91.21",
        "crosswalk?isco=2621", "crosswalk?nace=91.02", "crosswalk?nace=S", "crosswalk?domain=heritage", f"crosswalk?esco={keys[3]}",
        "scope/review-queue?limit=10", "domains/heritage/skills?limit=10", "domains/ccsi/skills?limit=10", "domains/heritage/transversal",
        "domains/heritage/clusters?limit=3", "domains/compare?ids=heritage,design", "profiles?limit=5", "domains/gaming/profiles?limit=3",
        f"skills/{skill_keys[5]}/clusters", f"occupations/{keys[5]}/clusters", f"occupations/{keys[5]}/related?limit=3",
    ]  # fmt: skip


def holds(graph: ox.Store, triple: ox.Triple) -> bool:
    """Whether the graph has the statement, in whichever named graph; blank nodes stand for anything."""
    said = [f"?{t.value}" if isinstance(t, ox.BlankNode) else str(t) for t in triple]
    return bool(graph.query(f"ASK {{ {' '.join(said)} }}", use_default_graph_as_union=True))


def statements(document: Any) -> set[ox.Triple]:
    """What rdflib reads in an answer, under the context that it names."""
    context = {f"{HOST}/api/v1/context.jsonld": CONTEXT, f"{HOST}/contexts/v1-typed.jsonld": TYPED_CONTEXT}[
        document["@context"]
    ]
    read = rdflib.Graph().parse(data=json.dumps({**document, **context}), format="json-ld")
    return {quad.triple for quad in ox.parse(input=read.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES)}


def undeclared(value: Any, active: dict[str, Any]) -> set[str]:
    """The keys of a document that its context neither maps nor declares to say nothing, by null."""
    if isinstance(value, list):
        return set().union(*(undeclared(item, active) for item in value))
    if not isinstance(value, dict):
        return set()
    kind = active.get(value.get("className", ""))
    terms = {**active, **kind["@context"]} if isinstance(kind, dict) and "@context" in kind else active
    found = {key for key in value if key not in terms and not key.startswith("@")}
    for key, inner in value.items():
        term = terms.get(key)
        if term is None or (isinstance(term, dict) and "@language" in term.values()):
            continue  # nothing below is read, or a map of languages
        scoped = term.get("@context", {}) if isinstance(term, dict) else {}
        found |= undeclared(inner, {**active, **scoped})
    return found


@pytest.mark.parametrize("media_type", [JSON, JSON_LD])
def test_every_triple_is_in_the_graph(web: InProcess, graph: ox.Store, media_type: str) -> None:
    answers = targets(web)
    assert len(answers) >= 60
    total, false = 0, []
    for target in answers:
        answer = web.get(target, headers={"Accept": media_type})
        assert answer.headers["content-type"].startswith(media_type), target
        found = statements(answer.json())
        assert found or ("compare" in target and media_type == JSON), target  # whose figures stand by domain
        total += len(found)
        false += [(target, str(triple)) for triple in found if not holds(graph, triple)]
    assert false == []
    assert total > 5000


def test_no_key_vanishes_undeclared(web: InProcess) -> None:
    lost = {}
    for target in targets(web):
        typed = web.json(f"/api/v1/{target}", headers={"Accept": JSON_LD})
        lost[target] = undeclared(web.json(f"/api/v1/{target}"), CONTEXT["@context"])
        lost[target] |= undeclared(typed, TYPED_CONTEXT["@context"])
    assert {target: keys for target, keys in lost.items() if keys} == {}
    assert undeclared({"uri": "x", "coed": 1, "domains": [{"dgree": "core"}]}, CONTEXT["@context"]) == {"coed", "dgree"}


def test_figures_are_the_decimals_of_the_graph(web: InProcess) -> None:
    key = web.json("domains/heritage/occupations?limit=1")["items"][0]["uri"].rpartition("/")[2]
    plain = web.json(f"/api/v1/scope/occupations/{key}")
    typed = web.json(f"/api/v1/scope/occupations/{key}", headers={"Accept": JSON_LD})
    decision = plain["decisions"][0]
    assert isinstance(decision["confidence"], float)
    assert float(typed["decisions"][0]["confidence"]) == decision["confidence"]
    assert typed["@context"] == f"{HOST}/contexts/v1-typed.jsonld"
    decimal = ox.Literal(typed["decisions"][0]["confidence"], datatype=ox.NamedNode(f"{rdflib.XSD}decimal"))
    confidence = ox.NamedNode("https://w3id.org/ccsi/ns#confidence")
    assert ox.Triple(ox.NamedNode(decision["uri"]), confidence, decimal) in statements(typed)
    assert not [t for t in statements(plain) if t.predicate == confidence], "a JSON number would be a double"


@pytest.mark.parametrize(
    "target", ["nace/91.21", "domains/heritage/clusters?limit=2", "occupations/2621.3", "isco/2621"]
)
def test_turtle_says_the_same_to_another_reader(web: InProcess, target: str) -> None:
    document = web.get(target, headers={"Accept": JSON_LD})
    expected = statements(document.json())
    answer = web.get(target, headers={"Accept": TURTLE})
    assert answer.headers["content-type"].startswith(TURTLE)
    if "clusters" not in target:  # which has all statements of the graph about what it lists
        assert {quad.triple for quad in ox.parse(input=answer.content, format=ox.RdfFormat.TURTLE)} == expected


def test_plain_json_links_its_context(web: InProcess) -> None:
    for target in ("domains/heritage", "occupations?limit=1"):
        link = web.get(target).headers["link"]
        assert f'<{HOST}/api/v1/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="{JSON_LD}"' in link
    assert "json-ld#context" not in web.get("domains/heritage", headers={"Accept": JSON_LD}).headers.get("link", "")
    assert web.json("/contexts/v1-typed.jsonld") == TYPED_CONTEXT
    assert web.json("/contexts/v1.jsonld") == web.json("context.jsonld") == CONTEXT
