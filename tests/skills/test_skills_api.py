"""Skills, transversal profile, clusters and comparison on the starter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Limits, Settings
from loaders.build import load
from loaders.request import LoadRequest
from ontology import CCSI, CCSID
from ontology.jsonld_context import DECIMALS
from releases.release import Release
from tests.api.conftest import InProcess
from tests.command import FIXTURES

LISTS = [
    "domains/heritage/skills", "domains/ccsi/skills", "domains/museums/skills", "domains/design/transversal",
    "domains/heritage/clusters", "domains/compare?ids=heritage,audiovisual",
]  # fmt: skip


def triples(body: bytes, form: ox.RdfFormat) -> set[tuple[str, str, str]]:
    return {
        (getattr(t.subject, "value", ""), t.predicate.value, getattr(t.object, "value", ""))
        for t in ox.parse(input=body, format=form)
    }


def first_cluster(client: InProcess, level: str) -> dict:
    return client.get(f"/api/v1/domains/heritage/clusters?level={level}").json()["items"][0]


@pytest.fixture(scope="module")
def other_client(starter_dir: Path) -> Iterator[TestClient]:
    """A second service of the same release."""
    with TestClient(create_app(Settings(data_dir=starter_dir, log_level="error"), Limits())) as other:
        yield other


@pytest.mark.parametrize("path", LISTS)
def test_every_list_comes_in_four_formats(starter_api: InProcess, path: str) -> None:
    joint = "&" if "?" in path else "?"
    bodies = {f: starter_api.get(f"/api/v1/{path}{joint}format={f}") for f in ("json", "jsonld", "turtle", "csv")}
    assert {a.status_code for a in bodies.values()} == {200}
    linked = as_numbers(bodies["jsonld"].json())
    if path.startswith("domains/compare"):  # what JSON tells by domain, JSON-LD tells as a list
        assert linked.pop("items")
    assert linked == as_numbers(bodies["json"].json())
    assert list(ox.parse(input=bodies["turtle"].content, format=ox.RdfFormat.TURTLE))
    rows = list(csv.reader(io.StringIO(bodies["csv"].text)))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 1


def as_numbers(value: Any) -> Any:
    """An answer without its context, and with the figures as numbers that are strings in application/ld+json."""
    if isinstance(value, list):
        return [as_numbers(item) for item in value]
    if isinstance(value, dict):
        return {
            name: float(item) if name in DECIMALS and item is not None else as_numbers(item)
            for name, item in value.items()
            if name != "@context"
        }
    return value


def test_an_unknown_function_is_named(starter_api: InProcess) -> None:
    refused = starter_api.get("/api/v1/domains/ccsi/skills?function=juggling")
    assert refused.status_code == 422
    assert refused.json()["field"] == "function"
    assert "creation" in refused.json()["known"]


def test_accept_decides_and_refuses(starter_api: InProcess) -> None:
    url = "/api/v1/domains/heritage/skills"
    assert (
        starter_api.get(url, headers={"accept": "text/csv;q=0.2, text/turtle"})
        .headers["content-type"]
        .startswith("text/turtle")
    )
    assert starter_api.get(url, headers={"accept": "*/*"}).headers["content-type"] == "application/json"
    assert starter_api.get(url, headers={"accept": "image/gif"}).status_code == 406
    assert starter_api.get(f"{url}?format=xml").status_code == 422


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("class=core", lambda i: i["skillClass"] == "core"),
        ("evidence=established", lambda i: i["qValue"] <= 0.05),
        ("type=knowledge", lambda i: i["skill"]["skillType"] == "knowledge"),
        ("reuse-level=cross-sector", lambda i: i["skill"]["reuseLevel"] == "cross-sector"),
        ("transversal=true", lambda i: i["transversal"]),
        ("relation=essential", lambda i: i["essentialSupport"] > 0),
        ("min-support=4", lambda i: i["support"] >= 4),
        ("max-q=0.01", lambda i: i["qValue"] <= 0.01),
        ("q=museum", lambda i: "museum" in i["skill"]["preferredLabel"]["en"]),
        ("collection=digital", lambda _: True),
        ("group=S1", lambda _: True),
    ],
)
def test_filters(starter_api: InProcess, query: str, holds: object) -> None:
    everything = starter_api.get("/api/v1/domains/heritage/skills?limit=500").json()["total"]
    found = starter_api.get(f"/api/v1/domains/heritage/skills?limit=500&{query}").json()
    assert 0 < found["total"] < everything
    assert all(holds(i) for i in found["items"])  # type: ignore[operator]


@pytest.mark.parametrize(
    ("sort", "field"), [("lq", "locationQuotient"), ("support", "support"), ("coreness", "coreness")]
)
def test_sorts(starter_api: InProcess, sort: str, field: str) -> None:
    values = [i[field] for i in starter_api.get(f"/api/v1/domains/ccsi/skills?sort={sort}&limit=500").json()["items"]]
    assert values == sorted(values, reverse=True)


def test_a_cluster_and_who_is_in_it(starter_api: InProcess) -> None:
    for level in ("broad", "fine"):
        item = first_cluster(starter_api, level)
        found = starter_api.get(f"/api/v1/clusters/{item['id']}").json()
        assert found["uri"] == f"{CCSID}cluster/{item['id']}"
        assert [m["rank"] for m in found["members"]] == list(range(1, len(found["members"]) + 1))
        skill = found["members"][0]["skill"]["uri"].rpartition("/")[2]
        of_skill = starter_api.get(f"/api/v1/skills/{skill}/clusters").json()
        assert item["id"] in {i["id"] for i in of_skill["items"]}
        for drawing in found["occupations"][:1]:
            uuid = drawing["skillOccupation"]["uri"].rpartition("/")[2]
            of_occupation = starter_api.get(f"/api/v1/occupations/{uuid}/clusters").json()
            assert item["id"] in {i["id"] for i in of_occupation["items"]}
    assert starter_api.get("/api/v1/clusters/heritage/no-such-thing").status_code == 404
    assert starter_api.get("/api/v1/domains/nonsense/clusters").status_code == 404


def test_domains_side_by_side_are_linked_data(starter_api: InProcess) -> None:
    """The Turtle is about the statements that the JSON shows, and says nothing about the domains themselves."""
    path = "/api/v1/domains/compare?ids=heritage,crafts"
    answer = starter_api.get(path).json()
    assert {u["id"] for u in answer["units"]} == {"heritage", "crafts"}
    assert answer["shared"]
    assert any(answer["distinctive"].values())
    shown = [s for row in answer["shared"] for s in row["in"].values()]
    shown += [s for found in answer["distinctive"].values() for s in found]
    turtle = triples(starter_api.get(f"{path}&format=turtle").content, ox.RdfFormat.TURTLE)
    classes = {t for t in turtle if t[1] == CCSI + "skillClass"}
    assert classes == {(s["uri"], CCSI + "skillClass", s["skillClass"]) for s in shown}
    assert len(classes) == 2 * len(answer["shared"]) + sum(map(len, answer["distinctive"].values()))
    assert not [t for t in turtle if t[1] == CCSI + "occupation"]


def test_a_cluster_is_linked_data(starter_api: InProcess) -> None:
    item = first_cluster(starter_api, "broad")
    turtle = starter_api.get(f"/api/v1/clusters/{item['id']}?format=turtle").content
    triples = {(q.subject.value, q.predicate.value) for q in ox.parse(input=turtle, format=ox.RdfFormat.TURTLE)}  # type: ignore[union-attr]
    assert (f"{CCSID}cluster/{item['id']}", CCSI + "clusterStability") in triples


def test_the_top_shares_of_a_domain_add_to_one(starter_api: InProcess) -> None:
    found = starter_api.get("/api/v1/domains/heritage/transversal").json()
    top = [g["share"] for g in found["groupShares"] if g["group"]["code"] in ("S", "K", "L", "T")]
    assert sum(top) == pytest.approx(1, abs=0.03)
    assert {"T1", "T4", "digital", "green", "cultural"} <= {f["aspect"] for f in found["items"]}


@pytest.mark.parametrize(
    "path",
    [
        "domains/heritage/clusters",
        "domains/overlap",
        "domains/gaming/transversal",
        "domains/ccsi/clusters",
    ],
)
@pytest.mark.long
def test_pictures_come_out_the_same(starter_api: InProcess, other_client: TestClient, path: str) -> None:
    first = starter_api.get(f"/api/v1/{path}.svg")
    assert first.headers["content-type"] == "image/svg+xml"
    assert other_client.get(f"/api/v1/{path}.svg").content == first.content
    assert starter_api.get(f"/api/v1/{path}.png").content.startswith(b"\x89PNG")


def test_its_shapes_hold(starter: Release) -> None:
    assert {c["name"]: c["passed"] for c in starter.manifest["checks"]}[
        "skills, clusters and profiles satisfy the SHACL shapes"
    ]


def test_a_release_without_skills_says_so(mini_dir: Path) -> None:
    from releases.release import Releases

    release = Releases(mini_dir).current()
    assert release is not None
    if not release.manifest["counts"]["clusters"]:
        assert any("clusters" in m for m in release.manifest["missing"])


@pytest.mark.long
def test_without_figures_every_answer_about_them_is_404(tmp_path: Path) -> None:
    load(LoadRequest([FIXTURES / "csv-v1.2.0"], tmp_path, partial=True, skills=False))
    paths = [*LISTS, "domains/heritage/clusters.svg", "domains/design/transversal.png", "domains/overlap.svg"]
    with TestClient(create_app(Settings(data_dir=tmp_path, log_level="error"), Limits())) as client:
        for path in paths:
            answer = client.get(f"/api/v1/{path}")
            assert (answer.status_code, answer.json()["detail"][:29]) == (404, "This release has no figures a"), path


def test_the_whole_of_a_sample_has_clusters_marked_as_hints(starter_api: InProcess) -> None:
    found = starter_api.get("/api/v1/domains/ccsi/clusters?limit=500").json()
    assert found["total"] > 10
    assert not any(c["reliable"] for c in found["items"])
    assert "nothing can be specialised" in found["unit"]["note"]
    assert "note" not in starter_api.get("/api/v1/domains/heritage/clusters").json()["unit"]
