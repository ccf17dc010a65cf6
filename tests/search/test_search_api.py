"""/suggest, /search and /match over HTTP, on the bundled sample."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.api.match import MatchAnswer
from app.api.search import SearchResults, Suggestions
from app.settings import Limits
from tests.api.conftest import InProcess, running

CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"
CONSERVATOR = "http://data.europa.eu/esco/occupation/7556c748-15b4-4e44-97d9-00d885d4cd7d"


def match(api: InProcess, *titles: str, **more: Any) -> Any:
    answer = api.request("POST", "/api/v1/match", json={"titles": titles, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_typeahead_finds_a_concept_by_an_alternative_label(found_api: InProcess) -> None:
    answer = found_api.get("suggest?q=museum cur")
    TypeAdapter(Suggestions).validate_json(answer.content)
    item = answer.json()["items"][0]
    assert item["uri"] == CURATOR
    assert (item["matchType"], item["labelRole"], item["matchedLabel"]) == (
        "alternative",
        "alternative",
        {"en": "museum curator"},
    )
    assert item["spans"] == [[0, 6], [7, 10]]
    assert {"domain": "heritage", "degree": "core"} in item["domains"]


@pytest.mark.parametrize(
    "written",
    ["2621.3", "ESCO 2621.3", CONSERVATOR, "7556C748-15b4-4e44-97d9-00d885d4cd7d", f"<{CONSERVATOR}>", "2621-3"],
)
def test_an_occupation_is_found_by_its_code_and_iri_however_written(found_api: InProcess, written: str) -> None:
    for path in ("suggest", "search"):
        items = found_api.get(f"/api/v1/{path}", params={"q": written}).json()["items"]
        assert items[0]["uri"] == CONSERVATOR


@pytest.mark.parametrize("written", ["2621", "C2621", "ISCO 2621", "isco-08:2621"])
def test_a_group_is_found_by_its_code(found_api: InProcess, written: str) -> None:
    items = found_api.get("/api/v1/suggest", params={"q": written}).json()["items"]
    assert [(i["type"], i["code"]) for i in items[:1]] == [("isco-group", "2621")]


def test_a_code_with_a_typo_is_not_taken_for_another(found_api: InProcess) -> None:
    assert found_api.json("suggest?q=2621.99")["items"] == []


def test_search_has_facets_pages_and_filters(found_api: InProcess) -> None:
    answer = found_api.get("search?q=heritage&limit=5")
    TypeAdapter(SearchResults).validate_json(answer.content)
    whole = answer.json()
    assert whole["total"] == sum(whole["facets"]["type"].values()) > 5
    pages = [found_api.json(f"search?q=heritage&limit=5&offset={n}")["items"] for n in range(0, whole["total"], 5)]
    found = [item["uri"] for page in pages for item in page]
    assert len(found) == len(set(found)) == whole["total"]
    assert {i["type"] for i in found_api.json("search?q=heritage&type=domain&type=profile")["items"]} == {
        "domain",
        "profile",
    }
    core = found_api.json("search?q=designer&domain=gaming&degree=core")["items"]
    assert core
    assert all({"domain": "gaming", "degree": "core"} in item["domains"] for item in core)
    assert all(i["code"].startswith("2166") for i in found_api.json("search?q=designer&isco=2166")["items"])


def test_boost_reorders_and_hides_nothing(found_api: InProcess) -> None:
    plain, boosted = (found_api.json(f"search?q=manage&limit=500{more}") for more in ("", "&boost=ccsi"))
    assert {i["uri"] for i in plain["items"]} == {i["uri"] for i in boosted["items"]}
    inside = [bool(i["domains"]) for i in boosted["items"] if i["type"] == "occupation"]
    assert sum(inside[: len(inside) // 2]) >= sum(inside[len(inside) // 2 :])


def test_a_skill_that_no_occupation_uses_is_found(found_api: InProcess) -> None:
    catalogue = found_api.app.state.service.served.catalogue
    part = found_api.app.state.service.served.search.part("skill", "en")
    unused = next(
        iri for iri in part.iris if not (catalogue.skills[iri].essential_for or catalogue.skills[iri].optional_for)
    )
    label = part.preferred(part.places[unused])
    assert unused in {i["uri"] for i in found_api.get("/api/v1/search", params={"q": label}).json()["items"]}


@pytest.mark.parametrize(
    "query", ["q=", "q=%20", f"q={'a' * 201}", "", "q=a&type=nonsense", "q=a&limit=51", "q=a&isco=x"]
)
def test_what_cannot_be_asked_is_refused(found_api: InProcess, query: str) -> None:
    answer = found_api.get(f"suggest?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_titles_are_matched_in_order_with_domains(found_api: InProcess) -> None:
    body = {"titles": ["Museum curators (m/f)", "", "qqqq", "conservatr"], "limit": 2}
    answer = found_api.request("POST", "/api/v1/match", json=body)
    TypeAdapter(MatchAnswer).validate_json(answer.content)
    first, empty, unknown, misspelt = answer.json()["items"]
    assert [first["title"], empty["title"]] == body["titles"][:2]
    assert first["occupations"][0]["uri"] == CURATOR
    assert first["occupations"][0]["matchType"] == "stem"
    assert first["cultural"] is True
    assert {"domain": "heritage", "degree": "core"} in first["domains"]
    assert len(first["occupations"]) == 2
    for nothing in (empty, unknown):
        assert (nothing["occupations"], nothing["cultural"], nothing["domains"]) == ([], False, [])
    assert misspelt["occupations"][0]["uri"] == CONSERVATOR


def test_one_title_is_answered_as_in_a_batch(found_api: InProcess) -> None:
    assert found_api.json("match?title=museum curators&limit=3")["items"] == match(
        found_api, "museum curators", limit=3
    )
    answers = [match(found_api, *["museum curators"] * 7, limit=3) for _ in range(2)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "body",
    [
        {"titles": ["a"] * 101}, {"titles": ["a" * 301]}, {"titles": "a"}, {}, {"titles": [1]}, {"titles": [], "more": 1},
        {"titles": ["a"], "limit": 21}, {"titles": ["a"], "language": "no tag"},
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_matched_is_refused(found_api: InProcess, body: Any) -> None:
    answer = found_api.request("POST", "/api/v1/match", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_large_body_is_refused_before_it_is_read(mini_dir: Path) -> None:
    with running(mini_dir, Limits(match_bytes=1024)) as api:
        answer = api.request("POST", "/api/v1/match", content=b'{"titles": ["' + b"a" * 2000 + b'"]}')
        assert answer.status_code == 413


def test_more_batches_than_may_wait_are_refused(starter_dir: Path) -> None:
    with running(starter_dir, Limits(heavy_per_client=1, heavy_queue=0)) as api:

        async def at_once() -> list[int]:
            ask = api._http.post
            answers = await asyncio.gather(
                *(ask("/api/v1/match", json={"titles": ["museum curator"] * 100}) for _ in range(12))
            )
            return [a.status_code for a in answers]

        codes = api.run(at_once())
        assert set(codes) <= {200, 429, 503}
        assert 200 in codes
        assert codes.count(200) < 12
        assert match(api, "museum curator", "curator")[0]["occupations"]  # afterwards there is room again


@pytest.fixture
def unindexed(starter_dir: Path, tmp_path: Path) -> Path:
    """The sample as an older load left it: without an index."""
    folder = tmp_path / "data"
    shutil.copytree(starter_dir, folder, symlinks=True)
    release = (folder / "current").resolve()
    shutil.rmtree(release / "search")
    manifest = json.loads((release / "manifest.json").read_text())
    del manifest["searchFiles"]
    (release / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_release_without_an_index_gets_one_beside_what_is_served(unindexed: Path, found_api: InProcess) -> None:
    with running(unindexed) as api:
        assert api.json("domains")["total"] == 11
        until = time.monotonic() + 60
        while (answer := api.get("search?q=museum")).status_code == 503 and time.monotonic() < until:
            assert answer.json()["type"].endswith("/search-not-ready")
            assert answer.headers["retry-after"]
        assert answer.json() == found_api.json("search?q=museum")
        release = api.app.state.service.served.release
    assert not release.search.exists()  # a release never changes


@pytest.mark.long
def test_where_no_index_can_be_built_search_says_so_and_all_else_is_answered(
    unindexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.search_build.sys.executable", "/bin/false")
    with running(unindexed) as api:
        answer = api.get("match?title=curator")
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "search-not-ready")
        assert api.json("domains")["total"] == 11


def test_a_sub_domain_holds_who_is_at_home_there_as_well(found_api: InProcess) -> None:
    members = found_api.json("domains/museums/occupations?limit=500")["items"]
    further = [m for m in members if m["subDomain"] != "museums"]
    assert further
    for member in further[:5]:
        label = member["preferredLabel"]["en"]
        found = found_api.json(f"search?q={label}&domain=museums&type=occupation")["items"]
        assert member["uri"] in {item["uri"] for item in found}, label
