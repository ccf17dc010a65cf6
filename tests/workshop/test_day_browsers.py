"""The day in twenty-four browsers and one more: from joining to the published overlay, with reloads, lost connections and a restart."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, until
from tests.workshop.conftest import Room, command
from tests.workshop.test_browser import join
from tests.workshop.test_day import EACH, check_graph

pytestmark = [pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"), pytest.mark.long]
ITEMS = 2


def test_the_day_in_browsers(starter_dir: Path, tmp_path: Path) -> None:
    room = Room(starter_dir, tmp_path, "--items", str(ITEMS), "--quorum", "5", "--readers", str(EACH))
    env = {"CCSI_WORKSHOP": "1", "CCSI_WORKSHOP_DATABASE": room.url}
    server = Server(starter_dir, **env)
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            leader = join(browser.new_context(), server, room.code("facilitator"))
            groups: dict[str, list[Page]] = {
                key: [join(browser.new_context(), server, code) for _ in range(EACH)]
                for key, code in ((k, room.code("expert", k)) for k in ("heritage", "design"))
            }
            everybody = [page for pages in groups.values() for page in pages]
            for page in everybody:
                judge_next(page, server)
            # The service is restarted between two answers; every page is reloaded, and has its seat.
            server.stop()
            server = Server(starter_dir, port=server.port, **env)
            for page in everybody:
                page.reload()
                judge_next(page, server)
                page.goto(f"{server.url}/workshop/home?language=en")
                assert page.get_by_role("link", name="Next occupation").count() == 0, "nothing was lost"
            boards(leader, groups, server)
            items = sorted(close_items(leader, server))
            assert len(items) == 2 * ITEMS
            found: dict[str, Any] = leader.context.request.get(f"{server.url}/api/v1/workshop/minutes").json()
            browser.close()
    finally:
        server.stop()
    assert found["seats"] == {"expert": 2 * EACH, "facilitator": 1}
    file = tmp_path / "day.ttl"
    command("publish", "helsingborg", "--output", file, *room.common)
    adopted = [o for g in found["groups"] for i in g["items"] for o in i["resolution"]["sectors"].values()]
    assert {(o["status"], o["n"]) for o in adopted} == {("adopted", EACH)}
    assert "PlacementEntry" in file.read_text()
    check_graph(found, file, tmp_path / "data", least=5)


def judge_next(page: Page, server: Server) -> None:
    """One occupation, as a person does it."""
    page.goto(f"{server.url}/workshop/home?language=en")
    page.get_by_role("link", name="Next occupation").click()
    page.locator("#rating-in").check()
    page.locator("input[name='sector']").first.check()
    page.locator("#confidence-4").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_load_state()


def boards(leader: Page, groups: dict[str, list[Page]], server: Server) -> None:
    """A move reaches all of a group within a second; two move one card; one has no connection for a while."""
    leader.goto(f"{server.url}/workshop/boards?language=en")
    for _ in groups:
        leader.get_by_role("button", name="Open the board").first.click()
        leader.wait_for_load_state()
    for pages in groups.values():
        for page in pages:
            page.goto(f"{server.url}/workshop/boards?language=en")
        rows = pages[0].locator("tbody tr").filter(has=pages[0].locator("button[data-key]"))
        row = f"#{rows.first.get_attribute('id')}"
        cell = f"{row} button[data-key='function/creation']"
        moved = f"{row} td.level-some[data-place='function/creation']"
        offline = pages[-1]
        offline.context.set_offline(True)
        # Each page notes by its own clock when it shows the move, so that asking one after the other adds nothing.
        for page in (*pages[:-1], leader):
            page.evaluate(
                """at => { const look = () => document.querySelector(at) ? window.seen = Date.now() : setTimeout(look, 10); look(); }""",
                moved,
            )
        began = time.time()
        pages[0].locator(cell).click()
        for page in (*pages[:-1], leader):
            until(page, "window.seen", 10)
        last = max(page.evaluate("window.seen") for page in (*pages[:-1], leader)) / 1000 - began
        assert last < 1, f"a move reached {len(pages)} browsers, the last after {last * 1000:.0f} ms"
        offline.context.set_offline(False)
        offline.locator(moved).wait_for(timeout=20_000)
        version = int(pages[0].locator(row).get_attribute("data-version") or 0)
        both = [
            place(page, server, row, version, f"function/{n}")
            for page, n in zip(pages, ("education", "management"), strict=False)
        ]
        with ThreadPoolExecutor(2) as threads:
            answers = sorted(answer.status_code for answer in threads.map(lambda send: send(), both))
        assert answers == [201, 409], "of two who move one card, the second is told"
        for page in pages:
            page.locator(f"{row}[data-version='{version + 1}']").wait_for(timeout=10_000)
        pages[0].wait_for_timeout(
            2500
        )  # within two seconds the votes are those on the new placement; before, one is told
        for page in pages[:6]:
            page.locator(row).get_by_role("button", name="yes").click()
            page.locator(f"{row} button[aria-pressed='true']").wait_for(timeout=10_000)
        leader.reload()
        leader.locator(row).get_by_text("Settle").first.click()
        leader.locator(row).get_by_role("button", name="Close").click()
        leader.wait_for_load_state()


def place(page: Page, server: Server, row: str, version: int, where: str) -> Any:
    """A move of the person in this browser, ready to be sent at the same moment as another's."""
    jar = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    http = httpx2.Client(base_url=server.url, cookies=jar)
    http.headers["x-csrf-token"] = http.get("/api/v1/workshop").json()["csrf"]
    body = {"version": version, "places": {where: "some"}, "nonce": f"nonce-{where}"}

    def send() -> httpx2.Response:
        with closing(http):
            return http.post(f"/api/v1/workshop/boards/cards/{row.rpartition('-')[2]}", json=body)

    return send


def close_items(leader: Page, server: Server) -> set[str]:
    """Reveal and close every item."""
    leader.goto(f"{server.url}/workshop/board?language=en")
    links = leader.locator("a[href*='/workshop/items/']")
    items = {str(links.nth(n).get_attribute("href")).partition("?")[0].rpartition("/")[2] for n in range(links.count())}
    for item in items:
        leader.goto(f"{server.url}/workshop/items/{item}?language=en")
        leader.get_by_role("button", name="Reveal").click()
        leader.get_by_label("Rationale").fill("As the panel says.")
        leader.get_by_label("Minority").fill("One held otherwise.")
        leader.get_by_role("button", name="Close").click()
        leader.wait_for_load_state()
    return items
