"""Boards, proposals and baskets over HTTP: forms without scripts, the API, events, and what is not shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest

from app.site.words import INTERFACES
from app.workshop.page import catalogue
from tests.api.conftest import InProcess
from tests.workshop.conftest import Room, Visitor, command, hidden
from workshop import journal, people, placing
from workshop.database import Database
from workshop.model import Item
from workshop.placing import Move


@pytest.fixture(scope="module")
def facilitator(room: Room, service: InProcess) -> Visitor:
    visitor = Visitor(service).join(room.code("facilitator"))
    for group in (1, 2):
        visitor.act(f"/workshop/boards/{group}/open", at="/workshop/boards")
    return visitor


@pytest.fixture(scope="module")
def experts(room: Room, service: InProcess, facilitator: Visitor) -> list[Visitor]:
    assert facilitator.number, "the boards are open"
    code = room.code("expert", "heritage")
    return [Visitor(service).join(code, f"pseudo{n}") for n in range(3)]


@pytest.fixture(scope="module")
def stranger(room: Room, service: InProcess) -> Visitor:
    return Visitor(service).join(room.code("expert", "design"))


@pytest.fixture(scope="module")
def stored(room: Room) -> Iterator[Database]:
    opened = Database(room.url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cards(experts: list[Visitor]) -> list[int]:
    (board,) = experts[0].json("/api/v1/workshop/boards")["boards"]
    return [card["item"] for card in board["cards"]]


def send(visitor: Visitor, path: str, status: int = 201, **body: object) -> dict:
    csrf = visitor.json("/api/v1/workshop")["csrf"]
    answer = visitor.app.run(visitor.http.post(f"/api/v1/workshop{path}", json=body, headers={"x-csrf-token": csrf}))
    assert answer.status_code == status, answer.text[:2000]
    return answer.json()


def press(visitor: Visitor, card: int, cell: str, version: int, status: int = 303) -> str:
    """Press a cell of the board, as a browser without scripts does."""
    page = visitor.get("/workshop/boards").text
    fields = {"csrf": hidden(page, "csrf"), "nonce": hidden(page, "nonce")}
    return visitor.post(f"/workshop/boards/cards/{card}", status, **fields, cell=cell, version=str(version)).text


def test_a_cell_is_a_button_and_whoever_is_second_sees_what_the_first_did(
    experts: list[Visitor], cards: list[int]
) -> None:
    first, second = experts[:2]
    page = first.get("/workshop/boards").text
    assert f'form="move-{cards[0]}" name="cell" value="domain/museums=some"' in page
    press(first, cards[0], "domain/museums=some", 0)
    assert f'form="move-{cards[0]}" name="cell" value="domain/museums=main"' in first.get("/workshop/boards").text
    told = press(second, cards[0], "domain/archives=main", 0, status=409)
    assert catalogue("en")["ws-stale"] in told
    assert f'<tr id="card-{cards[0]}" data-version="1">' in told
    assert "You wanted: archives: mainly" in re.sub(r"\s+", " ", told)
    press(second, cards[0], "domain/archives=main", 1)
    card = first.json(f"/api/v1/workshop/boards/cards/{cards[0]}")
    assert card["places"] == {"domain/archives": "main", "domain/museums": "some"}
    assert (card["version"], card["by"]) == (2, second.number)


def test_a_program_that_is_second_gets_409_with_the_present_state(experts: list[Visitor], cards: list[int]) -> None:
    first, second = experts[:2]
    path = f"/boards/cards/{cards[1]}"
    moved = send(first, path, version=0, places={"function/education": "main"}, nonce="nonce-one-1")
    assert (moved["version"], moved["places"]) == (1, {"function/education": "main"})
    problem = send(second, path, 409, version=0, places={"function/education": "none"}, nonce="nonce-two-2")
    assert problem["type"].endswith("workshop-stale")
    assert problem["state"]["places"] == {"function/education": "main"}
    assert problem["state"]["version"] == 1
    assert send(first, path, version=0, places={"function/education": "main"}, nonce="nonce-one-1")["version"] == 1
    for wrong in (
        {"places": {"function/education": "much"}},
        {"places": {}},
        {"version": -1},
        {"places": {"x" * 99: "some"}},
    ):
        send(
            second,
            path,
            422,
            **({"version": 1, "places": {"function/education": "none"}, "nonce": "nonce-two-2"} | wrong),
        )
    send(second, path, 422, version=1, places={"domain/web": "some"}, nonce="nonce-two-2")


def test_a_group_sees_its_own_board_and_the_facilitator_both(
    stranger: Visitor, facilitator: Visitor, cards: list[int]
) -> None:
    assert facilitator.get("/workshop/boards").text.count('<table class="placing">') == 2
    assert [b["key"] for b in facilitator.json("/api/v1/workshop/boards")["boards"]] == ["heritage", "design"]
    page = stranger.get("/workshop/boards").text
    assert page.count('<table class="placing">') == 1
    assert "domain/museums" not in page
    stranger.get(f"/workshop/boards/cards/{cards[0]}", 403)
    stranger.json(f"/api/v1/workshop/boards/cards/{cards[0]}", 403)
    send(
        stranger, f"/boards/cards/{cards[0]}", 403, version=2, places={"domain/museums": "none"}, nonce="nonce-of-other"
    )
    send(
        facilitator,
        f"/boards/cards/{cards[0]}",
        403,
        version=2,
        places={"domain/museums": "none"},
        nonce="nonce-of-lead",
    )


def test_nothing_that_the_release_decided_is_on_a_board(
    experts: list[Visitor], facilitator: Visitor, stored: Database, cards: list[int]
) -> None:
    with stored.reading() as session:
        items = [session.get_one(Item, card) for card in cards]
        secrets = [str(r["reason"]) for i in items for said in i.evidence for r in said["routes"] if r["reason"]]
        secrets += [str(said["confidence"]) for i in items for said in i.evidence]
    for visitor in (experts[0], facilitator):
        for path in (
            "/workshop/boards", "/api/v1/workshop/boards", f"/workshop/boards/cards/{cards[0]}", "/workshop/proposals",
            "/workshop/baskets", "/workshop/tables/placements.csv", "/workshop/tables/baskets.csv", "/workshop/changes",
        ):  # fmt: skip
            told = visitor.get(path).text
            for secret in (*secrets, "review-queue"):
                assert secret not in told, f"{path} tells {secret}"


def test_whoever_was_away_is_told_everything_in_order_and_only_of_their_group(
    experts: list[Visitor], stranger: Visitor, stored: Database, cards: list[int]
) -> None:
    """More than one look brings at once, by Last-Event-ID; the same for all who listen."""
    app, desk = experts[0].app, experts[0].app.app.state.workshop
    seats = [app.run(desk.read(people.seat, v.http.cookies["ccsi-workshop"])) for v in (*experts[:2], stranger)]
    with stored.reading() as session:
        after = journal.last_event(session)
    for n in range(230):
        with stored.writing() as session:
            said = Move(version=n, places={"domain/libraries": ("some", "none")[n % 2]})
            placing.move(session, seats[0], session.get_one(Item, cards[2]), said, f"nonce-{n:06}")

    async def listen(seat: people.Seat, begin: int, count: int) -> list[tuple[int, int]]:
        found = []
        listening = desk.listen(seat, begin)
        async for event in listening:
            if event is not None:
                found.append((event["id"], event["round"]))
            if len(found) == count:
                break
        await listening.aclose()
        return found

    first, second = (app.run(listen(seat, after, 230)) for seat in seats[:2])
    assert [version for _, version in first] == list(range(1, 231))
    assert first == second
    assert app.run(listen(seats[0], first[99][0], 130)) == first[100:]
    with stored.writing() as session:
        item = session.query(Item).filter(Item.group_id == seats[2].group_id).first()
        assert item is not None
        placing.move(
            session, seats[2], item, Move(version=0, places={"function/creation": "some"}), "nonce-other-group"
        )
    ((number, version),) = app.run(listen(seats[2], after, 1))
    assert version == 1
    assert number > first[-1][0], "of the other group's 230 moves it is told none"


def test_an_adopted_placement_comes_into_the_overlay(
    experts: list[Visitor], facilitator: Visitor, cards: list[int]
) -> None:
    matter = experts[0].json(f"/api/v1/workshop/boards/cards/{cards[0]}")["matter"]
    for visitor in experts:
        visitor.act(f"/workshop/matters/{matter}/vote", at="/workshop/boards", answer="yes")
    experts[0].act(f"/workshop/matters/{matter}/settle", at="/workshop/boards", status=403)
    facilitator.act(
        f"/workshop/matters/{matter}/settle",
        at=f"/workshop/boards/cards/{cards[0]}",
        rationale="As all say.",
        minority="",
    )
    card = experts[0].json(f"/api/v1/workshop/boards/cards/{cards[0]}")
    assert (card["closed"], card["settled"]["result"], card["yes"]) == (True, "adopted", 3)
    press(experts[0], cards[0], "domain/archives=none", 2, status=409)
    turtle = facilitator.get("/workshop/overlay.ttl").text
    assert "PlacementEntry" in turtle
    assert "As all say." in turtle


def test_what_esco_lacks_is_proposed_with_what_is_near_and_becomes_a_change_request(
    experts: list[Visitor], stranger: Visitor, facilitator: Visitor, room: Room
) -> None:
    page = experts[0].get("/workshop/proposals/new?kind=occupation&label=museum+registrar&tongue=en").text
    near = re.findall(r'name="near" value="([^"]+)" checked', page)
    assert 0 < len(near) <= 6
    assert all("/esco/occupation/" in iri for iri in near)
    given = {"kind": "occupation", "label": "digital registrar", "tongue": "en", "source": "Two museums advertise it."}
    at = "/workshop/proposals/new"
    experts[0].act("/workshop/proposals", at=at, status=422, **given, definition="", chosen="yes", near=near[:2])
    experts[0].act("/workshop/proposals", at=at, **given, definition="Keeps the register.", chosen="yes", near=near[:2])
    experts[1].act("/workshop/proposals", at=at, status=409, **given, definition="The same again.")
    stranger.act("/workshop/proposals", at=at, **given, definition="Another group may.")
    shown = experts[0].json("/api/v1/workshop/proposals")["proposals"]
    assert [(p["label"], [n["iri"] for n in p["near"]]) for p in shown] == [("digital registrar", near[:2])]
    name = send(
        experts[1], "/proposals", kind="label", label="Kustos", language="de", source="Said in Germany.", concept=near[0],
        nonce="nonce-of-a-name",
    )["proposal"]  # fmt: skip
    found = send(
        experts[1], "/proposals", kind="skill", label="handle museum objects", language="en", source="Needed.",
        definition="To carry them safely.", nonce="nonce-of-a-skill",
    )["proposal"]  # fmt: skip
    kept = {p["id"]: p for p in experts[1].json("/api/v1/workshop/proposals")["proposals"]}
    assert kept[found]["near"], "where none are named they are searched for"
    assert {n["type"] for n in kept[found]["near"]} == {"skill"}
    for number in (shown[0]["id"], name):
        for visitor in experts:
            send(visitor, f"/matters/{number}/vote", answer="yes", nonce=f"nonce-{visitor.number}-{number}")
        assert send(facilitator, f"/matters/{number}/settlement", rationale="Needed.")["result"] == "adopted"
    send(stranger, f"/matters/{found}/vote", 403, answer="yes", nonce="nonce-of-other")
    rows = list(csv.DictReader(io.StringIO(facilitator.get("/workshop/tables/change-requests.csv").text)))
    new, label = (next(r for r in rows if r["change"] == kind) for kind in ("new-concept", "label"))
    assert (new["type"], new["label"], new["language"], new["near"]) == (
        "occupation",
        "digital registrar",
        "en",
        " ".join(near[:2]),
    )
    assert (new["definition"], new["source"], new["judges"], new["agreement"]) == (
        "Keeps the register.", "Two museums advertise it.", "3", "1.0",
    )  # fmt: skip
    assert (label["occupation"], label["label"], label["language"]) == (near[0], "Kustos", "de")
    assert len(rows) == 2, "what was not adopted is not asked for"
    assert command("export", "helsingborg", "--what", "change-requests", *room.common) == (
        facilitator.get("/workshop/tables/change-requests.csv").text
    )
    page = facilitator.get("/workshop/changes").text
    assert near[1] in page
    assert "Kustos" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "label", "concept": ""}, {"kind": "label", "concept": "http://example.org/x"}, {"near": ["http://example.org/x"]},
        {"label": ""}, {"label": "x" * 121}, {"language": "english"}, {"source": ""}, {"definition": "x" * 1001}, {"kind": "group"},
        {"near": ["x"] * 11}, {"definition": "a\x00b"},
    ],
)  # fmt: skip
def test_a_proposal_that_cannot_be_used_is_refused(experts: list[Visitor], wrong: dict) -> None:
    good = {"kind": "skill", "label": "x", "language": "en", "source": "y", "definition": "z", "nonce": "nonce-wrong"}
    send(experts[2], "/proposals", 422, **(good | wrong))


def test_a_basket_is_filled_by_search_and_by_several_at_once(
    experts: list[Visitor], facilitator: Visitor, stranger: Visitor
) -> None:
    first, second = experts[:2]
    where = "/workshop/baskets?sector=heritage&q=conservation"
    page = first.get(where).text
    skill = re.findall(r'name="skill" value="([^"]+)"', page)[0]
    assert "/workshop/proposals/new?kind=skill" in page.replace("&amp;", "&"), "what is missing is proposed from here"
    fields = {"sector": "heritage", "skill": skill, "q": "conservation"}
    first.act("/workshop/baskets/1", at=where, **fields, mark="ours", version="0")
    second.act("/workshop/baskets/1", at=where, status=409, **fields, mark="not-ours", version="0")
    second.act("/workshop/baskets/1", at=where, **fields, mark="not-ours", version="1")
    (entry,) = first.json("/api/v1/workshop/baskets/1")["entries"]
    assert (entry["skill"], entry["mark"], entry["version"]) == (skill, "not-ours", 2)
    for visitor in experts:
        visitor.act(f"/workshop/matters/{entry['id']}/vote", at=where, answer="yes")
    facilitator.act(f"/workshop/matters/{entry['id']}/settle", at="/workshop/baskets?group=1")
    first.act("/workshop/baskets/1", at=where, status=409, **fields, mark="ours", version="2")
    other = re.findall(r'name="skill" value="([^"]+)"', first.get(where).text)[0]
    assert other != skill
    for version, mark in enumerate(("ours", "none", "ours")):
        send(
            first,
            "/baskets/1",
            sector="heritage",
            skill=other,
            mark=mark,
            version=version,
            nonce=f"nonce-{mark}-{version}",
        )
    occupation = first.json("/api/v1/occupations?limit=1")["items"][0]["uri"]
    for wrong in ({"sector": "gaming"}, {"skill": occupation}, {"skill": "http://example.org/x"}, {"mark": "perhaps"}):
        good = {"sector": "heritage", "skill": other, "mark": "none", "version": 3, "nonce": "nonce-wrong"}
        send(first, "/baskets/1", 422, **(good | wrong))
    stranger.json("/api/v1/workshop/baskets/1", 403)
    rows = list(csv.DictReader(io.StringIO(first.get("/workshop/tables/baskets.csv").text)))
    assert [(r["mark"], r["result"]) for r in rows if r["skill"] == skill] == [("ours", ""), ("not-ours", "adopted")]


@pytest.mark.parametrize("tag", INTERFACES)
def test_the_pages_speak_the_language_that_was_chosen(
    service: InProcess, experts: list[Visitor], facilitator: Visitor, tag: str
) -> None:
    words = catalogue(tag)
    iri = service.json("occupations?limit=1")["items"][0]["uri"]
    for visitor, path, key in (
        (experts[0], "boards", "ws-boards-lead"), (experts[0], "proposals", "ws-proposals-lead"), (experts[0], "changes", "ws-about"),
        (experts[0], "proposals/new?kind=skill&label=museum", "ws-near-note"), (experts[0], "baskets?q=museum", "ws-in-basket"),
        (facilitator, "inbox", "ws-inbox-lead"), (Visitor(service), f"report?concept={iri}", "ws-wrong-what"),
    ):  # fmt: skip
        page = visitor.get(f"/workshop/{path}{'&' if '?' in path else '?'}language={tag}").text
        assert f'<html lang="{tag}" dir="ltr">' in page
        assert words[key].replace("'", "&#39;").replace("’", "’") in page, path


def test_the_api_of_the_groups_is_described(service: InProcess) -> None:
    paths = service.json("openapi.json")["paths"]
    schema = paths["/api/v1/workshop/boards/cards/{number}"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert set(schema["required"]) == {"version", "nonce"}  # and places, grades, or both
    for path in ("boards", "proposals", "baskets/{number}", "inbox"):
        assert "get" in paths[f"/api/v1/workshop/{path}"], path
    for path in (
        "matters/{number}/vote",
        "matters/{number}/settlement",
        "inbox/{number}/{outcome}",
        "boards/{number}/open",
    ):
        assert "requestBody" in paths[f"/api/v1/workshop/{path}"]["post"], path
