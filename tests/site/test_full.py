"""Pages over all of ESCO: no broken link in 2,000 pages, and the longest labels and the most skills fit a narrow screen."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ontology import local_name
from tests.api.conftest import HOST, InProcess, Server, running
from tests.site.conftest import CHROMIUM, Opened
from tests.site.journeys import OVERFLOW
from tests.site.test_pages import BROWSER

pytestmark = [pytest.mark.full, pytest.mark.long]

PAGES = 2000
ALIKE = ("/api/", "/assets/", "/contexts/")  # answers that are no pages
FILES = 12  # of each kind of them: the same route made them all
MADE_LATER = "/dumps/"  # a process of its own writes these at the first request (tests/linked/test_dataset.py)
BEGIN = (
    "/?language=en",
    "/sparql",
    "/ns",
    "/.well-known/void",
    "/statistics?language=fr",
    "/sectors/heritage?language=de",
)
_HREF = re.compile(r'<(?:a|link|img|script)\b[^>]*?\s(?:href|src)="([^"]+)"')


@pytest.fixture(scope="module")
def web(full_dir: Path) -> Iterator[InProcess]:
    with running(full_dir, heavy_processes=2) as client:
        yield client


def kind_of(target: str) -> str:
    """What makes a link one of many of its kind: the path with identifiers left out, and the names of parameters."""
    parts = urlsplit(target)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", parts.path)
    path = re.sub(r"^(/(?:api/v1/)?[a-z-]+/)[^/.]+", r"\1*", path)
    return path + "?" + "&".join(sorted(p.partition("=")[0] for p in parts.query.split("&") if p))


def test_two_thousand_pages_have_no_broken_link(web: InProcess) -> None:
    waiting: dict[str, deque[str]] = defaultdict(deque)
    came_from: dict[str, str] = {}
    seen: Counter[str] = Counter()
    broken: dict[str, str] = {}
    pages = 0

    def add(target: str, source: str) -> None:
        target = target.partition("#")[0].removeprefix(HOST)
        kind = kind_of(target)
        few = kind.startswith(ALIKE) and seen[kind] >= FILES
        if target.startswith("/") and not target.startswith(MADE_LATER) and target not in came_from and not few:
            seen[kind] += 1
            came_from[target] = source
            waiting[kind].append(target)

    for target in BEGIN:
        add(target, "")
    while pages < PAGES and any(waiting.values()):
        for queue in [q for q in waiting.values() if q]:  # kinds in turn, so that none is left out
            if pages == PAGES:
                break
            target = queue.popleft()
            answer = web.get(target, headers=BROWSER)
            for _ in range(3):
                if answer.status_code in (302, 303, 307):
                    answer = web.get(answer.headers["location"], headers=BROWSER)
            if answer.status_code != 200:
                broken[target] = f"{answer.status_code}, on {came_from[target]}"
            elif answer.headers["content-type"].startswith("text/html"):
                pages += 1
                for href in _HREF.findall(answer.text):
                    add(unescape(href), target)
    assert broken == {}
    assert pages >= PAGES
    assert len(seen) > 30, "kinds of links"


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_the_longest_labels_and_the_most_skills_fit(full_dir: Path, web: InProcess, browser: Any) -> None:
    catalogue = web.app.state.service.served.catalogue
    targets = []
    for language in catalogue.languages:
        labels = web.run(catalogue.prepare(language))
        longest = max(catalogue.occupations, key=lambda o: len("".join(labels.of(o).values())))
        words = max((w for o in catalogue.occupations for w in "".join(labels.of(o).values()).split()), key=len)
        holder = next(o for o in catalogue.occupations if words in "".join(labels.of(o).values()))
        targets += [f"/occupations/{local_name(o)}?language={language}" for o in {longest, holder}]
    most = max(catalogue.occupations.values(), key=lambda o: len(o.essential) + len(o.optional))
    assert len(most.essential) + len(most.optional) > 100
    key = local_name(most.iri)
    targets += [
        f"/occupations/{key}?language=fr",
        f"/composer?anchor={key}&language=de",
        f"/compare?occupation={key}&language=es",
    ]
    server = Server(full_dir)
    opened = Opened(browser, 390)
    try:
        for target in targets:
            answer = opened.page.goto(server.url + target)
            assert answer
            assert answer.status == 200, target
            assert opened.page.evaluate(OVERFLOW) <= 0, target
        assert opened.said == []
    finally:
        opened.page.close()
        server.stop()
