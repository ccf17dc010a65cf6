"""The query page as it is sent, and its examples as they run through the public endpoint."""

from __future__ import annotations

import html
import re

import httpx2
import pytest

import queries
from app.site.query import STORIES
from tests.api.conftest import Server

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
EXAMPLES = [*STORIES, *(name for name in queries.names() if name.startswith("competency/"))]


@pytest.fixture(scope="module")
def server(starter_server: Server) -> Server:
    return starter_server


def test_a_browser_gets_the_page_and_a_program_the_description(server: Server) -> None:
    page = httpx2.get(f"{server.url}/sparql", headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page.text)
    targets = re.findall(r'(?:src|href)="([^"#]+)', page.text)
    assert all(t.startswith((server.url, "data:,")) for t in targets), targets
    description = httpx2.get(f"{server.url}/sparql", headers={"accept": "text/turtle"})
    assert description.headers["content-type"].startswith("text/turtle")
    assert "Accept" in page.headers["vary"]
    again = httpx2.get(f"{server.url}/sparql", headers={**BROWSER, "if-none-match": page.headers["etag"]})
    assert again.status_code == 304


def test_every_competency_question_and_user_story_is_explained(server: Server) -> None:
    page = html.unescape(httpx2.get(f"{server.url}/sparql", headers=BROWSER).text)
    assert {name.partition("/")[0] for name in EXAMPLES} == {"stories", "competency"}
    assert sorted(STORIES) == [name for name in queries.names() if name.startswith("stories/")]
    for name in EXAMPLES:
        example = queries.load(name)
        assert example.summary in page, name
        assert example.user, name
        assert len(example.explained) > 40, f"{name}: say in '#+ explained:' what the answer shows"
        assert example.explained in page, name
        assert example.shown in page, name
        assert f'href="#example={name}"' in page


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_within_the_public_limits(server: Server, name: str) -> None:
    example = queries.load(name)
    answer = httpx2.get(
        f"{server.url}/sparql",
        params={"query": example.shown},
        headers={"accept": "application/sparql-results+json"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert tuple(answer.json()["head"]["vars"]) == example.columns
    if example.always_answers or name in STORIES:
        assert answer.json()["results"]["bindings"]
