"""What comes back on paper: piles of cards that a facilitator enters for somebody; and the levels of CHARTER, by a form."""

from __future__ import annotations

import csv
import io

import pytest

from app.workshop.page import catalogue
from tests.api.conftest import InProcess
from tests.workshop.conftest import Room, Visitor, command, hidden


@pytest.fixture(scope="module")
def facilitator(room: Room, service: InProcess) -> Visitor:
    return Visitor(service).join(room.code("facilitator"))


@pytest.fixture(scope="module")
def expert(room: Room, service: InProcess) -> Visitor:
    return Visitor(service).join(room.code("expert", "heritage"))


@pytest.fixture(scope="module")
def deck(expert: Visitor) -> int:
    """A deck of the expert's group."""
    links = expert.get("/workshop/home").text
    return int(links.partition("/workshop/decks/")[2].partition('"')[0].partition("?")[0])


def enter(visitor: Visitor, deck: int, paper: str, number: object, status: int = 303) -> str:
    """Fill the form for cards of paper."""
    fields = visitor.hidden(f"/workshop/decks/{deck}")
    return visitor.post(f"/workshop/decks/{deck}/sort", status, **fields, paper=paper, number=str(number)).text


def test_a_facilitator_enters_the_piles_of_somebody_who_has_no_device(
    facilitator: Visitor, expert: Visitor, deck: int
) -> None:
    found = expert.json(f"/api/v1/workshop/decks/{deck}")
    codes = sorted(card["code"] for card in found["cards"])
    header = found["headers"][0]
    words = catalogue("en")
    lines = (
        f"{header['label'].upper()}: {codes[0].lower()}, {codes[1]}",
        f"{words['ws-not-ours'].upper()}: {codes[2]}",
        f"A pile of theirs : {codes[3]} {codes[4]}",
    )
    enter(facilitator, deck, "\n".join(lines), expert.number)
    own = expert.json(f"/api/v1/workshop/decks/{deck}")["own"]
    assert own == {
        **dict.fromkeys(codes[:2], header["id"]), codes[2]: "not-ours", **dict.fromkeys(codes[3:5], "new:A pile of theirs"),
    }  # fmt: skip
    assert facilitator.json(f"/api/v1/workshop/decks/{deck}")["own"] == {}, (
        "they are the expert's, not the facilitator's"
    )
    enter(facilitator, deck, f"Second thoughts: {codes[0]}", expert.number)
    assert expert.json(f"/api/v1/workshop/decks/{deck}")["own"] == {codes[0]: "new:Second thoughts"}, (
        "the last one counts"
    )


@pytest.mark.parametrize("number", ["-1", "1e3", "999999", "٣", "0x1", "one"])
def test_a_number_that_is_none_is_refused(facilitator: Visitor, deck: int, number: str) -> None:
    assert "digits" in enter(facilitator, deck, "Pile: A01", number, 422)


def test_a_seat_that_is_not_there_and_one_of_another_group_get_no_cards(
    facilitator: Visitor, deck: int, room: Room, service: InProcess
) -> None:
    enter(facilitator, deck, "Pile: A01", 9999, 404)
    stranger = Visitor(service).join(room.code("expert", "design"))
    enter(facilitator, deck, "Pile: A01", stranger.number, 403)
    enter(facilitator, deck, "Pile: A01", facilitator.number, 403)


def test_an_expert_enters_cards_for_nobody_else(expert: Visitor, deck: int, room: Room, service: InProcess) -> None:
    other = Visitor(service).join(room.code("expert", "heritage"))
    code = sorted(c["code"] for c in other.json(f"/api/v1/workshop/decks/{deck}")["cards"])[0]
    enter(expert, deck, f"Mine: {code}", other.number)
    assert other.json(f"/api/v1/workshop/decks/{deck}")["own"] == {}
    assert expert.json(f"/api/v1/workshop/decks/{deck}")["own"] == {code: "new:Mine"}


@pytest.mark.parametrize("paper", ["Pile: ZZ9", "Pile: A01A02A03", ": A01", f"{'x' * 200}: A01"])
def test_paper_that_says_nothing_usable_is_refused(
    facilitator: Visitor, expert: Visitor, deck: int, paper: str
) -> None:
    before = expert.json(f"/api/v1/workshop/decks/{deck}")["own"]
    enter(facilitator, deck, paper, expert.number, 422)
    assert expert.json(f"/api/v1/workshop/decks/{deck}")["own"] == before, "what is refused leaves no trace"


def test_the_form_of_a_card_takes_charters_levels(facilitator: Visitor, expert: Visitor, room: Room) -> None:
    for group in (1, 2):
        facilitator.act(f"/workshop/boards/{group}/open", at="/workshop/boards")
    (board,) = expert.json("/api/v1/workshop/boards")["boards"]
    number = board["cards"][0]["item"]
    place = next(c["id"] for c in board["columns"] if c["id"].startswith("charter/"))
    path = f"/workshop/boards/cards/{number}"
    assert "grade:" not in expert.get(path).text, "there is no level of what the card is not on"
    expert.post(path, **expert.hidden("/workshop/boards"), cell=f"{place}=some", version="0")
    page = expert.get(path).text
    assert f'name="grade:{place}"' in page
    assert page.count("<option") >= 9
    fields = {"csrf": hidden(page, "csrf"), "nonce": hidden(page, "nonce"), "version": "1"}
    expert.post(path, **fields, **{f"grade:{place}": "6"})
    card = expert.json(f"/api/v1/workshop/boards/cards/{number}")
    assert (card["grades"], card["version"]) == ({place: 6}, 2)
    assert '<option value="6" selected>' in expert.get(path).text
    again = {**fields, "version": "2", "nonce": "a-nonce-of-levels"}
    for wrong in ("9", "-1", "six", "1.5"):
        expert.post(path, 422, **again, **{f"grade:{place}": wrong})
    expert.post(path, 409, **{**again, "version": "1"}, **{f"grade:{place}": "3"})
    placements = command("export", "helsingborg", "--what", "placements", *room.common)
    assert f"{place}=6" in placements


def test_what_came_on_paper_is_in_the_export_once_it_is_revealed(
    facilitator: Visitor, expert: Visitor, deck: int, room: Room
) -> None:
    own = expert.json(f"/api/v1/workshop/decks/{deck}")["own"]
    assert own
    assert not exported(room), "blind until then"
    facilitator.act(f"/workshop/decks/{deck}/reveal", at=f"/workshop/decks/{deck}")
    assert set(own) <= {row["code"] for row in exported(room)}


def exported(room: Room) -> list[dict[str, str]]:
    """The sorts, as the command writes them."""
    return list(csv.DictReader(io.StringIO(command("export", "helsingborg", "--what", "sorts", *room.common))))
