"""The pages: off by default, four languages, forms that no other site can send, and nothing shown before its time."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from app.site.words import INTERFACES
from app.workshop import judging
from app.workshop.page import catalogue
from tests.api.conftest import InProcess, running
from tests.workshop.conftest import Room, Visitor, hidden
from workshop.database import Database
from workshop.model import Deck, Item

SECRET = "a reason that nobody may read yet"
TEMPLATES = Path(__file__).parents[2] / "app" / "html" / "templates" / "workshop"


@pytest.fixture(scope="module")
def experts(room: Room, service: InProcess) -> list[Visitor]:
    code = room.code("expert", "design")
    return [Visitor(service).join(code, f"pseudo{n}") for n in range(3)]


@pytest.fixture(scope="module")
def facilitator(room: Room, service: InProcess) -> Visitor:
    return Visitor(service).join(room.code("facilitator"))


@pytest.fixture(scope="module")
def items(experts: list[Visitor]) -> list[int]:
    return sorted(i["id"] for i in experts[0].json("/api/v1/workshop/queue")["items"])


@pytest.fixture(scope="module")
def stored(room: Room) -> Iterator[Database]:
    opened = Database(room.url)
    yield opened
    opened.close()


def test_a_service_has_no_workshop_unless_it_is_switched_on(mini_dir: Path) -> None:
    with running(mini_dir) as app:
        assert app.get("/workshop").status_code == 404
        assert app.get("/api/v1/workshop").status_code == 404
        assert not (mini_dir / "workshop.sqlite").exists()


def test_nothing_heavy_is_read_where_it_is_off() -> None:
    import subprocess
    import sys

    code = "import sys, app.main; app.main.create_app(); print('sqlalchemy' in sys.modules, 'alembic' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("tag", INTERFACES)
def test_every_word_is_there_in_every_language(tag: str) -> None:
    english, other = catalogue("en"), catalogue(tag)
    assert other.keys() == english.keys()
    for key, text in other.items():
        assert text.strip(), key
        fields = {f for _, f, _, _ in string.Formatter().parse(english[key]) if f}
        assert {f for _, f, _, _ in string.Formatter().parse(text) if f} == fields, key
    used = {
        k
        for p in TEMPLATES.glob("*.html")
        for k in re.findall(r't(?:\.count)?\("(ws-[a-z-]+[a-z])"[,)]', p.read_text())
    }
    assert used <= english.keys()
    assert len(used) > 50


@pytest.mark.parametrize("tag", INTERFACES)
def test_pages_speak_the_language_that_was_chosen(
    experts: list[Visitor], facilitator: Visitor, items: list[int], tag: str
) -> None:
    words = catalogue(tag)
    for visitor, path, key in (
        (experts[0], "home", "ws-todo"), (experts[0], f"items/{items[0]}", "ws-question"), (experts[0], "minutes", "ws-panel"),
        (facilitator, "board", "ws-invite"), (facilitator, "paper", "ws-sectors"),
    ):  # fmt: skip
        page = visitor.get(f"/workshop/{path}?language={tag}").text
        assert f'<html lang="{tag}" dir="ltr">' in page
        assert words[key].replace("'", "&#39;") in page


def test_no_page_is_kept_by_anybody(experts: list[Visitor]) -> None:
    for path in ("/workshop/home", "/workshop/minutes", "/api/v1/workshop"):
        answer = experts[0].get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert "cookie" in answer.headers["vary"].lower()


def test_the_cookie_is_for_this_site_and_no_script(service: InProcess, room: Room) -> None:
    visitor = Visitor(service)
    answer = visitor.post("/workshop/join", code=room.code("observer"), pseudonym="x", consent="yes")
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "secure", "path=/"))


def test_who_has_no_session_sees_the_door_alone(service: InProcess, items: list[int]) -> None:
    visitor = Visitor(service)
    assert "/workshop/join" in visitor.get("/workshop").text
    pages = ("home", "next", "decks/1", "board", "minutes", "tables/answers.csv", "overlay.ttl", "paper", "events")
    for path in (*pages, f"items/{items[0]}"):
        visitor.get(f"/workshop/{path}", 401)
    for path in ("", "/queue", f"/items/{items[0]}", "/minutes"):
        assert visitor.json(f"/api/v1/workshop{path}", 401)["type"].endswith("workshop-signed-out")
    visitor.get("/workshop/join?code=AAAA-BBBB-CCCC", 404)


def test_a_form_without_the_token_of_the_session_is_refused(experts: list[Visitor], items: list[int]) -> None:
    first, second = experts[:2]
    where = f"/workshop/items/{items[0]}"
    theirs = hidden(second.get(where).text, "csrf")
    fields = {"round": "1", "rating": "out", "confidence": "3", "nonce": "nonce-of-a-form"}
    for token in ("", theirs, "ä"):
        first.post(f"{where}/judgement", 403, csrf=token, **fields)
    answer = first.app.run(first.http.post(f"/api/v1{where}/judgement", json={**fields, "round": 1, "confidence": 3}))
    assert answer.status_code == 403


def test_what_no_form_of_ours_sends_is_refused(experts: list[Visitor], items: list[int]) -> None:
    visitor, where = experts[2], f"/workshop/items/{items[0]}"
    tokens = visitor.hidden(where)
    good = {**tokens, "round": "1", "rating": "out", "confidence": "3"}
    for wrong in (
        {"rating": "perhaps"}, {"confidence": "9"}, {"round": ""}, {"nonce": "x"}, {"reason": "x" * 1001}, {"reason": "a\x00b"},
        {"sector": "gaming"}, {"skill:http://example.org/x": "useful"}, {"missing": ["x"] * 6},
    ):  # fmt: skip
        answer = visitor.post(f"{where}/judgement", 422, **(good | wrong))
        assert "problem" in answer.headers["content-type"] or "html" in answer.headers["content-type"]
    visitor.post("/workshop/items/999999/judgement", 404, **good)
    huge = visitor.app.run(visitor.http.post(f"{where}/judgement", data={**good, "reason": "x" * 100_000}))
    assert huge.status_code == 413
    json_body = visitor.app.run(visitor.http.post(f"{where}/judgement", json=good))
    assert json_body.status_code == 422
    assert visitor.get("/workshop/home?strange=1", 422)


def test_roles_are_kept_apart_on_every_path(experts: list[Visitor], facilitator: Visitor, items: list[int]) -> None:
    where = f"/workshop/items/{items[0]}"
    for path in ("board", "overlay.ttl", "paper"):
        experts[0].get(f"/workshop/{path}", 403)
    for path in (
        f"{where}/reveal",
        f"{where}/round",
        f"{where}/resolution",
        "/workshop/board/invite",
        "/workshop/decks/1/reveal",
    ):
        experts[0].act(path, at=where, status=403, role="expert")
    facilitator.act(f"{where}/judgement", at="/workshop/board", status=403, round="1", rating="out", confidence="3")


def test_blind_means_blind(
    experts: list[Visitor], facilitator: Visitor, items: list[int], stored: Database, room: Room
) -> None:
    """Whatever can be asked for before the reveal tells nothing of others' answers, nor of what the release says."""
    item = items[1]
    experts[0].judge(item, "in", ["gaming"], reason=SECRET, missing=[SECRET])
    experts[1].judge(item, "partly", ["design"], reason=SECRET)
    with stored.reading() as session:
        kept = session.get_one(Item, item)
        evidence = [str(routes["reason"]) for said in kept.evidence for routes in said["routes"] if routes["reason"]]
        confidences = [str(said["confidence"]) for said in kept.evidence]
    assert confidences
    others = [experts[2], facilitator, Visitor(experts[0].app).join(room.code("observer"))]
    for visitor in others:
        for path in (
            f"/workshop/items/{item}", f"/api/v1/workshop/items/{item}", "/workshop/home", "/workshop/minutes",
            "/api/v1/workshop/minutes", "/api/v1/workshop/queue", "/workshop/tables/answers.csv", "/workshop/tables/change-requests.csv",
            *(["/workshop/board", "/workshop/overlay.ttl", "/workshop/paper"] if visitor is facilitator else []),
        ):  # fmt: skip
            told = visitor.get(path).text
            for secret in (SECRET, *evidence, *confidences, "review-queue"):
                assert secret not in told, f"{path} tells {secret}"
    own = experts[0].json(f"/api/v1/workshop/items/{item}")
    assert own["own"]["reason"] == SECRET
    assert own["reveal"] is None
    # Not even how many answered, but to the facilitator.
    untouched = experts[2].json(f"/api/v1/workshop/items/{items[2]}")
    touched = experts[2].json(f"/api/v1/workshop/items/{item}")
    assert {k: type(v) for k, v in touched.items()} == {k: type(v) for k, v in untouched.items()}
    facilitator.act(f"/workshop/items/{item}/reveal")
    for visitor in others:
        assert SECRET in visitor.get(f"/workshop/items/{item}").text
    shown = experts[2].json(f"/api/v1/workshop/items/{item}")["reveal"]
    assert shown["n"] == 2
    assert [str(said["confidence"]) for said in shown["evidence"]] == confidences
    assert "pseudo0" not in str(shown)


def test_the_second_round_hides_its_own_answers_again(
    experts: list[Visitor], facilitator: Visitor, items: list[int]
) -> None:
    item = items[1]
    facilitator.act(f"/workshop/items/{item}/round", at=f"/workshop/items/{item}")
    experts[0].judge(item, "in", ["gaming"], reason="a second secret")
    page = experts[1].get(f"/workshop/items/{item}").text
    assert SECRET in page, "the first round stays in sight"
    assert "a second secret" not in page


def test_a_card_does_not_tell_where_the_release_has_it(
    experts: list[Visitor], facilitator: Visitor, stored: Database
) -> None:
    with stored.reading() as session:
        deck = session.query(Deck).order_by(Deck.id.desc()).first()
        assert deck is not None
    shown = experts[0].json(f"/api/v1/workshop/decks/{deck.id}")
    assert all(set(card) == {"code", "iri", "label"} for card in shown["cards"])
    page = experts[0].get(f"/workshop/decks/{deck.id}").text
    where = f"/workshop/decks/{deck.id}"
    first = deck.cards[0]["code"]
    experts[0].act(f"{where}/sort", at=where, **{f"card:{first}": "new", f"name:{first}": "Mine <b>"})
    assert "Mine" not in experts[1].get(where).text
    facilitator.act(f"{where}/reveal", at=where)
    revealed = experts[1].get(where).text
    assert "Mine &lt;b&gt;" in revealed
    assert page.count("<option") > len(deck.cards)


def test_events_tell_what_happened_and_never_what_was_said(
    experts: list[Visitor], facilitator: Visitor, items: list[int]
) -> None:
    item = items[2]
    desk = facilitator.app.app.state.workshop
    app = facilitator.app

    async def listen() -> list[dict]:
        from workshop import people

        token = experts[0].http.cookies["ccsi-workshop"]
        seat = await desk.read(people.seat, token)
        from workshop import journal

        after = await desk.read(journal.last_event)
        listening = desk.listen(seat, after)
        assert await anext(listening) is None
        page = (await experts[1].http.get(f"/workshop/items/{item}")).text
        fields = {
            "csrf": hidden(page, "csrf"),
            "nonce": hidden(page, "nonce"),
            "round": "1",
            "rating": "out",
            "confidence": "3",
        }
        await experts[1].http.post(f"/workshop/items/{item}/judgement", data=fields)
        page = (await facilitator.http.get("/workshop/board")).text
        fields = {"csrf": hidden(page, "csrf"), "nonce": hidden(page, "nonce")}
        await facilitator.http.post(f"/workshop/items/{item}/reveal", data=fields)
        first = await anext(listening)
        await listening.aclose()
        assert first is not None
        return [first]

    (event,) = app.run(listen())
    assert (event["kind"], event["item"], event["round"]) == ("reveal", item, 1)
    assert set(event) == {"id", "workshop", "kind", "item", "deck", "round", "about", "group"}
    assert (event["about"], event["group"]) == (None, None)


WALL = "/api/v1/workshop/wall"


def test_the_api_is_described_where_it_is_on(service: InProcess) -> None:
    found = service.json("openapi.json")
    paths = {path: item for path, item in found["paths"].items() if path.startswith("/api/v1/workshop")}
    assert len(paths) == 29
    names = [operation["operationId"] for item in found["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)
    for path, item in paths.items():
        for method, operation in item.items():
            assert {"401", "403", "409"} <= operation["responses"].keys()
            assert ("requestBody" in operation) == (method == "post" and path != f"{WALL}/reveal"), path
            assert "304" not in operation["responses"]
    body = paths["/api/v1/workshop/items/{number}/judgement"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert set(body["required"]) == {"round", "rating", "confidence", "nonce"}


def test_codes_come_as_text_link_and_picture(facilitator: Visitor) -> None:
    page = facilitator.act("/workshop/board/invite", status=200, role="expert", group="design").text
    code = re.search(r'<p class="code">([A-Z0-9-]{14})</p>', page)
    assert code
    assert "data:image/svg+xml" in page
    assert Visitor(facilitator.app).join(code[1]).json("/api/v1/workshop")["role"] == "expert"
    facilitator.act("/workshop/board/invite", status=422, role="facilitator")
    facilitator.act("/workshop/board/invite", status=404, role="expert", group="none")


def test_somebody_who_leaves_can_be_forgotten(room: Room, service: InProcess) -> None:
    visitor = Visitor(service).join(room.code("expert", "heritage"), "to be forgotten")
    assert "to be forgotten" in visitor.get("/workshop/home").text
    visitor.act("/workshop/leave", at="/workshop/home", forget="yes")
    visitor.get("/workshop/home", 401)


def test_a_session_that_sends_too_much_is_slowed(room: Room, service: InProcess) -> None:
    visitor = Visitor(service).join(room.code("observer"))
    page = visitor.hidden("/workshop/home")

    def send() -> httpx2.Response:
        answer: httpx2.Response = visitor.app.run(
            visitor.http.post("/workshop/items/1/note", data={**page, "text": "x"})
        )
        return answer

    sent = 0
    while (answer := send()).status_code != 429:  # a slow machine earns some while it sends
        sent += 1
        assert sent < 1000
    assert sent >= 115
    assert answer.headers["retry-after"] == "2"


def test_a_full_disk_is_a_clear_problem(
    experts: list[Visitor], items: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from sqlalchemy.exc import OperationalError

    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(judging, "keep_judgement", full)
    visitor, where = experts[2], f"/workshop/items/{items[3]}"
    answer = visitor.act(f"{where}/judgement", at=where, status=507, round="1", rating="out", confidence="3")
    assert "not kept" in answer.text
