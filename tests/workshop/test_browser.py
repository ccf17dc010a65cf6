"""In a real browser: joining, judging and sorting by keyboard, and a page that hears of a reveal."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, UNNAMED, UNREADABLE
from tests.workshop.conftest import Room

UNLABELLED = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(e => !e.labels.length).length"""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")


def join(context: BrowserContext, server: Server, code: str) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/workshop?language=en")
    page.get_by_label("Code").fill(code)
    page.keyboard.press("Enter")
    page.get_by_label("Pseudonym", exact=True).fill("somebody")
    page.get_by_label("What I say is kept").check()
    page.get_by_role("button", name="Join").click()
    page.wait_for_url("**/workshop/home*")
    return page


def check(page: Page) -> None:
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(UNREADABLE) == []
    assert page.evaluate(UNLABELLED) == 0


def test_an_expert_judges_by_keyboard_and_hears_of_the_reveal(hall: tuple[Room, Server, Any]) -> None:
    room, server, browser = hall
    expert = join(browser.new_context(), server, room.code("expert", "design"))
    said: list[str] = []
    expert.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    check(expert)
    expert.get_by_role("link", name="Next occupation").click()
    check(expert)
    item = expert.url.partition("?")[0].rpartition("/")[2]
    expert.get_by_role("radio", name="in", exact=True).focus()
    expert.keyboard.press("Space")
    expert.get_by_role("checkbox").first.focus()
    expert.keyboard.press("Space")
    expert.locator("#confidence-4").focus()
    expert.keyboard.press("Space")
    expert.get_by_label("Reason").fill("It is ours.")
    expert.get_by_role("button", name="Send").focus()
    expert.keyboard.press("Enter")
    expert.wait_for_url(lambda url: not url.partition("?")[0].endswith(f"/items/{item}"))
    expert.goto(f"{server.url}/workshop/items/{item}?language=en")
    assert expert.get_by_label("Reason").input_value() == "It is ours."

    leader = join(browser.new_context(), server, room.code("facilitator"))
    leader.goto(f"{server.url}/workshop/board?language=en")
    check(leader)
    leader.goto(f"{server.url}/workshop/items/{item}?language=en")
    leader.get_by_role("button", name="Reveal").click()
    leader.get_by_role("heading", name="Answers of round 1").wait_for()
    check(leader)
    began = time.monotonic()
    expert.get_by_text("Something has happened").wait_for(timeout=5000)
    assert time.monotonic() - began < 3
    expert.get_by_role("link", name="Load again").click()
    expert.get_by_role("heading", name="Answers of round 1").wait_for()
    check(expert)
    assert said == []


def test_cards_are_sorted_with_the_keyboard_alone(hall: tuple[Room, Server, Any]) -> None:
    room, server, browser = hall
    page = join(browser.new_context(), server, room.code("expert", "design"))
    page.locator("a[href*='/workshop/decks/']").first.click()
    check(page)
    first = page.locator("select").first
    first.focus()
    page.keyboard.press("ArrowDown")
    chosen = first.input_value()
    assert chosen
    page.get_by_role("button", name="Send").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Kept.").wait_for()
    assert page.locator("select").first.input_value() == chosen


def test_it_works_without_scripts(hall: tuple[Room, Server, Any]) -> None:
    room, server, browser = hall
    page = join(browser.new_context(java_script_enabled=False), server, room.code("expert", "heritage"))
    page.get_by_role("link", name="Next occupation").click()
    page.locator("#rating-out").check()
    page.locator("#confidence-5").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="My list").click()
    page.get_by_text("1 occupation waits for you.").wait_for()


@pytest.mark.long
def test_two_browsers_see_each_others_moves_at_once_and_by_keyboard(hall: tuple[Room, Server, Any]) -> None:
    room, server, browser = hall
    leader = join(browser.new_context(), server, room.code("facilitator"))
    leader.goto(f"{server.url}/workshop/boards?language=en")
    for _ in range(2):
        leader.get_by_role("button", name="Open the board").first.click()
        leader.wait_for_load_state()
    leader.goto(f"{server.url}/workshop/boards?language=en")  # which has heard of both, and does not load itself anew
    check(leader)
    first, second = (join(browser.new_context(), server, room.code("expert", "heritage")) for _ in range(2))
    said: list[str] = []
    for page in (first, second):
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.goto(f"{server.url}/workshop/boards?language=en")
    check(first)
    cell = "tbody tr:first-child button[data-key='domain/museums']"
    first.locator(cell).focus()
    first.keyboard.press("Enter")
    began = time.monotonic()
    second.locator("tbody tr:first-child td.level-some").first.wait_for(timeout=5000)
    leader.locator("tbody tr:first-child td.level-some").first.wait_for(timeout=5000)
    assert time.monotonic() - began < 1, "a board update reaches all within a second"
    first.locator("tbody tr:first-child td.level-some button").wait_for()
    assert first.evaluate("document.activeElement.dataset.key") == "domain/museums", "the keyboard stays in its cell"
    # The second has no connection when the first moves again; what it presses meanwhile is sent when it is back.
    second.context.set_offline(True)
    second.locator("tbody tr:nth-child(2) button[data-key='domain/archives']").click()
    second.get_by_text("No connection").wait_for()
    first.keyboard.press("Enter")
    first.locator("tbody tr:first-child td.level-main button").wait_for()
    second.context.set_offline(False)
    first.locator("tbody tr:nth-child(2) td.level-some").wait_for(timeout=15000)
    second.locator("tbody tr:first-child td.level-main").wait_for(timeout=15000)
    assert [text for text in said if "ERR_INTERNET_DISCONNECTED" not in text] == []


@pytest.mark.long  # on the board that the test before opens
def test_a_board_is_moved_and_voted_on_without_scripts(hall: tuple[Room, Server, Any]) -> None:
    room, server, browser = hall
    page = join(browser.new_context(java_script_enabled=False), server, room.code("expert", "heritage"))
    page.goto(f"{server.url}/workshop/boards?language=en")
    row = page.locator("tbody tr").filter(has=page.locator("button[data-key]")).last  # of the own group
    row.locator("button[value='function/education=some']").click()
    row.locator("button[value='function/education=main']").wait_for()
    row.get_by_role("button", name="yes").click()
    row.get_by_text("1 yes, 0 no").wait_for()
    assert "#card-" in page.url
