"""A fault is a page in the reader's language for a browser, and problem+json for a program, wherever it is met."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from app.settings import Limits
from app.site.words import INTERFACES, PageWords
from tests.api.conftest import InProcess, running
from tests.site.test_pages import BROWSER

PROGRAM = {"accept": "application/json"}
FORM = {**BROWSER, "content-type": "application/x-www-form-urlencoded"}
# Address, status, and what the page says that a reader can do.
FAULTS: list[tuple[str, int, str]] = [
    ("/nowhere/at/all", 404, "missing"), ("/sectors/nothing", 404, "missing"), ("/occupations/x", 422, "wrong"),
    ("/find?q=a&colour=red", 422, "wrong"), ("/find?q=a&type=tool", 422, "wrong"), ("/find?offset=x", 422, "wrong"),
    ("/id/domain/nothing", 404, "missing"), ("/docs/no-such.js", 404, "missing"), ("/problem/no-such", 404, "missing"),
    (f"/find?q={'x' * 9000}", 414, "large"),
]  # fmt: skip


def held(answer: Any, status: int, kind: str, tag: str) -> str:
    """The text of the page of a fault, once it is what it has to be in that language."""
    t = PageWords(tag)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert "Accept-Language" in answer.headers["vary"]
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    page = unescape(answer.text)
    assert f'<html lang="{tag}"' in page
    assert re.findall("<h1>(.+?)</h1>", page) == [t(f"fault-{kind}")]
    assert t(f"fault-{kind}-note") in page
    assert all(t(key) in page for key in ("skip", "method", "search-hint", "home"))
    assert f'href="/method?language={tag}"' in page, "the same for every host"
    return page


@pytest.mark.parametrize("tag", INTERFACES)
@pytest.mark.parametrize(("target", "status", "kind"), FAULTS)
def test_a_fault_speaks_the_language_of_the_reader(
    web: InProcess, target: str, status: int, kind: str, tag: str
) -> None:
    page = held(web.get(target, headers={**BROWSER, "accept-language": f"{tag}-XX,en;q=0.1"}), status, kind, tag)
    problem = web.get(target, headers=PROGRAM)
    assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")
    assert f"{problem.json()['title']}. {problem.json()['detail']}" in page, "what is wrong, in the words of the API"


def test_the_language_that_is_named_comes_before_that_of_the_browser(web: InProcess) -> None:
    answer = web.get("/nowhere?language=fr", headers={**BROWSER, "accept-language": "de"})
    held(answer, 404, "missing", "fr")
    held(web.get("/nowhere?language=mt", headers=BROWSER), 404, "missing", "en")


def test_whatever_is_sent_back_is_text(web: InProcess) -> None:
    answer = web.get("/nowhere/%3Cscript%3Ealert(1)", headers=BROWSER)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_too_much_is_told_on_a_page(web: InProcess) -> None:
    answer = web.request("POST", "/crosswalk?language=es", headers=FORM, content="text=" + "a" * 300_000)
    held(answer, 413, "large", "es")
    named = web.request("POST", "/crosswalk", headers=FORM, content="text=" + "a%0A" * 600 + "&format=csv")
    held(named, 422, "wrong", "en")


def test_a_method_that_a_page_does_not_have_names_those_that_it_has(web: InProcess) -> None:
    answer = web.request("DELETE", "/find", headers=BROWSER)
    held(answer, 405, "wrong", "en")
    assert "GET" in answer.headers["allow"]


def test_who_asks_too_much_is_told_when_to_come_again(mini_dir: Path) -> None:
    with running(mini_dir, Limits(client_requests=0.5, client_burst=2)) as client:
        answers = [client.get("/find?language=de", headers=BROWSER) for _ in range(3)]
        seconds = answers[-1].headers["retry-after"]
        page = held(answers[-1], 429, "often", "de")
        assert PageWords("de")("fault-again", seconds=seconds) in page
        assert client.get("/find", headers=PROGRAM).json()["limit"] == "client_requests"
        assert client.get("/api/v1/domains", headers=BROWSER).headers["content-type"] == "application/problem+json"


def test_before_there_is_a_release_pages_say_so(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        held(client.get("/find?language=fr", headers=BROWSER), 503, "busy", "fr")


def test_a_fault_that_nobody_foresaw_is_a_page_too(web: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.site.find.search_results", broken)
    held(web.get("/find?q=museum&language=es", headers=BROWSER), 500, "broken", "es")
