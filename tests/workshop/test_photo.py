"""Cards of paper come back by a photo: the codes of the real print pack, read in a real browser, and sent as typed ones are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.html.render import BUILT
from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, until
from tests.workshop.conftest import Room
from tests.workshop.test_browser import check, join

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.skipif(not (BUILT / "cards.js").is_file(), reason="the scripts of the pages are not built"),
]
# A table seen from a little aside, by a lamp: cards lie askew, the picture is grey, uneven in light, and not quite sharp.
TABLE = """([deck, codes, turn]) => {
  const cards = codes.map(code => [...document.querySelectorAll(`#deck-${deck} .coded`)]
    .find(card => card.querySelector('.code').textContent === code));
  document.body.replaceChildren(...cards);
  document.body.style.cssText = 'display:grid;grid-template-columns:repeat(3,1fr);gap:34px;padding:50px;width:1180px;'
    + 'background:#a98f6c;list-style:none;filter:blur(.7px) contrast(.8) brightness(.92)';
  cards.forEach((card, n) => card.style.cssText = 'background:#fbf8f0;color:#222;border:1px solid #999;padding:14px;'
    + `transform:perspective(1400px) rotateX(${turn / 2}deg) rotate(${(n % 5 - 2) * turn}deg)`);
}"""


@pytest.fixture(scope="module")
def leader(hall: tuple[Room, Server, Browser]) -> Page:
    room, server, browser = hall
    return join(browser.new_context(viewport={"width": 1280, "height": 1600}), server, room.code("facilitator"))


def printed(leader: Page, server: Server) -> dict[int, list[str]]:
    """The decks of the workshop by number, with the codes of their cards."""
    leader.goto(f"{server.url}/workshop/board?language=en")
    links = leader.locator("a[href*='/workshop/decks/']").evaluate_all("links => links.map(link => link.pathname)")
    found: dict[int, list[str]] = {}
    for number in sorted({int(link.rpartition("/")[2]) for link in links}):
        cards = leader.context.request.get(f"{server.url}/api/v1/workshop/decks/{number}").json()["cards"]
        found[number] = sorted(card["code"] for card in cards)
    return found


def picture(leader: Page, server: Server, deck: int, codes: list[str], path: Path, turn: int = 4) -> Path:
    leader.goto(f"{server.url}/workshop/paper?language=en")
    leader.evaluate(TABLE, [deck, codes, turn])
    leader.locator("body").screenshot(path=path, type="jpeg", quality=70)
    return path


def read(page: Page, pile: str, *files: Path) -> list[str]:
    """Name a pile and choose pictures; the codes that are shown to be confirmed."""
    page.get_by_label("Name of the pile", exact=True).last.fill(pile)
    page.evaluate("document.querySelector('#photo').ariaBusy = null")
    page.locator("#photo-file").set_input_files([str(file) for file in files])
    until(page, "document.querySelector('#photo').ariaBusy === 'false'", 60)
    return page.locator("#photo fieldset input").evaluate_all("boxes => boxes.map(box => box.value)")


@pytest.mark.long
def test_two_piles_come_back_and_count_as_typed_ones_do(
    hall: tuple[Room, Server, Browser], leader: Page, tmp_path: Path
) -> None:
    room, server, browser = hall
    expert = join(browser.new_context(), server, room.code("expert", "design"))
    expert.locator("a[href*='/workshop/decks/']").first.click()
    number = int(re.search(r"/decks/(\d+)", expert.url)[1])  # type: ignore[index]
    codes = printed(leader, server)[number]
    seat = expert.context.request.get(f"{server.url}/api/v1/workshop").json()["number"]
    first, second = codes[:9], codes[9:14]
    pictures = [picture(leader, server, number, own, tmp_path / f"{n}.jpg") for n, own in enumerate((first, second))]
    said: list[str] = []
    leader.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    leader.goto(f"{server.url}/workshop/decks/{number}?language=en")
    assert read(leader, "Making", pictures[0]) == first, "every code of the picture, and no other"
    check(leader)
    assert leader.locator("#paper").input_value() == "", "nothing is taken before it was shown"
    leader.get_by_label(first[0]).uncheck()
    leader.get_by_role("button", name="Put on the pile").click()
    assert leader.locator("#paper").input_value() == f"Making: {' '.join(first[1:])}"
    assert read(leader, "not ours", pictures[1]) == second
    leader.get_by_role("button", name="Put on the pile").click()
    leader.get_by_label("Number of the participant who sorted them").fill(str(seat))
    leader.get_by_role("button", name="Send").click()
    leader.get_by_text("Kept.").wait_for()
    own = expert.context.request.get(f"{server.url}/api/v1/workshop/decks/{number}").json()["own"]
    assert own == {**dict.fromkeys(first[1:], "new:Making"), **dict.fromkeys(second, "not-ours")}
    assert said == []


@pytest.mark.long
@pytest.mark.parametrize("count", [6, 9, 15])
def test_no_card_is_missed_however_they_lie(
    hall: tuple[Room, Server, Browser], leader: Page, tmp_path: Path, count: int
) -> None:
    _, server, _ = hall
    number, codes = min(printed(leader, server).items())
    for turn in range(7):
        path = picture(leader, server, number, codes[:count], tmp_path / f"{turn}.jpg", turn)
        leader.goto(f"{server.url}/workshop/decks/{number}?language=en")
        assert read(leader, "Pile", path) == codes[:count], f"turned by up to {2 * turn} degrees"


@pytest.mark.long
def test_a_card_moves_with_its_second_picture_and_another_deck_is_told(
    hall: tuple[Room, Server, Browser], leader: Page, tmp_path: Path
) -> None:
    _, server, _ = hall
    decks = printed(leader, server)
    number, other = sorted(decks)[:2]
    codes = decks[number]
    path = picture(leader, server, number, codes[:3], tmp_path / "three.jpg")
    leader.goto(f"{server.url}/workshop/decks/{number}?language=en")
    leader.locator("#paper").fill(f"Typed: {codes[0]} {codes[5]}")
    assert read(leader, "Photo", path) == codes[:3]
    leader.get_by_text("(now on Typed)").wait_for()
    leader.get_by_role("button", name="Put on the pile").click()
    assert leader.locator("#paper").input_value() == f"Typed: {codes[5]}\nPhoto: {' '.join(codes[:3])}"
    leader.goto(f"{server.url}/workshop/decks/{other}?language=en")
    assert read(leader, "Photo", path) == []
    leader.get_by_text("no cards of this deck; left out").wait_for()


def test_a_picture_without_codes_and_a_file_that_is_none_say_so(
    hall: tuple[Room, Server, Browser], leader: Page, tmp_path: Path
) -> None:
    _, server, _ = hall
    number = sorted(printed(leader, server))[0]
    leader.goto(f"{server.url}/workshop/decks/{number}?language=en")
    leader.screenshot(path=tmp_path / "page.png")
    (tmp_path / "no.png").write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    assert read(leader, "Photo", tmp_path / "page.png") == []
    leader.get_by_text("No code can be read.").wait_for()
    assert read(leader, "Photo", tmp_path / "no.png") == []
    leader.get_by_text("This picture cannot be read.").wait_for()
    policy: Any = leader.context.request.get(f"{server.url}/workshop/decks/{number}").headers["content-security-policy"]
    assert "wasm" not in policy
    assert "script-src 'self';" in policy


def test_without_scripts_the_keyboard_does_it(hall: tuple[Room, Server, Browser], leader: Page) -> None:
    room, server, browser = hall
    page = join(browser.new_context(java_script_enabled=False), server, room.code("expert", "heritage"))
    page.locator("a[href*='/workshop/decks/']").first.click()
    assert not page.locator("#photo").is_visible()
    number = int(re.search(r"/decks/(\d+)", page.url)[1])  # type: ignore[index]
    code = printed(leader, server)[number][0]
    page.locator("#paper").fill(f"Conservation: {code}")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Kept.").wait_for()
    own = page.context.request.get(f"{server.url}/api/v1/workshop/decks/{number}").json()["own"]
    assert own[code] == "new:Conservation"
