"""The inbox: what guests of the public pages say is wrong, and what the facilitator makes of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.api.conftest import InProcess, running
from tests.workshop.conftest import Room, Visitor, hidden
from tests.workshop.test_group_pages import send
from workshop import inbox
from workshop.database import Database
from workshop.model import Report

WORDS = "what the guest wrote of the sector"


@pytest.fixture(scope="module")
def leader(room: Room, service: InProcess) -> Visitor:
    visitor = Visitor(service).join(room.code("facilitator"))
    visitor.act("/workshop/boards/1/open", at="/workshop/boards")
    return visitor


@pytest.fixture
def expert(room: Room, service: InProcess) -> Visitor:
    return Visitor(service).join(room.code("expert", "heritage"))


def complain(guest: Visitor, iri: str, status: int = 303, **fields: str) -> str:
    page = guest.get("/workshop/report", params={"concept": iri}).text
    given = {"csrf": hidden(page, "csrf"), "concept": iri, "aspect": "sector", "text": WORDS}
    return guest.post("/workshop/report", status, **(given | fields)).text


def test_a_guest_says_what_is_wrong_and_the_facilitator_brings_it_before_a_group(
    service: InProcess, leader: Visitor, expert: Visitor
) -> None:
    chosen = {card["occupation"] for b in leader.json("/api/v1/workshop/boards")["boards"] for card in b["cards"]}
    every = [o["uri"] for o in service.json("occupations?limit=100")["items"]]
    first, second = [iri for iri in every if iri not in chosen][:2]
    guest = Visitor(service)
    page = guest.get(f"/occupations/{first.rpartition('/')[2]}").text
    assert f"/workshop/report?language=en&amp;concept={first.replace(':', '%3A').replace('/', '%2F')}" in page
    complain(guest, first)
    complain(guest, second, aspect="words")
    skill = service.json("skills?limit=1")["items"][0]["uri"]
    complain(guest, skill)
    expert.get("/workshop/inbox", 403)
    assert WORDS in leader.get("/workshop/inbox").text
    reports = leader.json("/api/v1/workshop/inbox")["reports"]
    assert [(r["concept"], r["aspect"]) for r in reports] == [(first, "sector"), (second, "words"), (skill, "sector")]
    one, two, three = (r["id"] for r in reports)
    at = "/workshop/inbox"
    leader.act(f"/workshop/inbox/{one}/accept", at=at, to="1", reason="Let us look.")
    leader.act(f"/workshop/inbox/{one}/accept", at=at, status=409, to="2")
    leader.act(f"/workshop/inbox/{two}/dismiss", at=at, status=422, reason=" ")
    send(leader, f"/inbox/{two}/dismiss", reason="The words are ESCO's own.")
    send(leader, f"/inbox/{three}/accept", group=1, sector="heritage")
    assert leader.json("/api/v1/workshop/inbox")["reports"] == []
    (board,) = expert.json("/api/v1/workshop/boards")["boards"]
    assert board["cards"][-1]["occupation"] == first
    number = board["cards"][-1]["item"]
    assert number in [i["id"] for i in expert.json("/api/v1/workshop/queue")["items"]]
    assert expert.json(f"/api/v1/workshop/items/{number}")["skills"]
    basket = expert.json("/api/v1/workshop/baskets/1")["entries"]
    assert [(e["skill"], e["mark"]) for e in basket if e["mark"] == "open"] == [(skill, "open")]
    rows = list(csv.DictReader(io.StringIO(leader.get("/workshop/tables/reports.csv").text)))
    assert [(r["concept"], r["outcome"], r["group"]) for r in rows] == [
        (first, "accepted", "heritage"), (second, "dismissed", ""), (skill, "accepted", "heritage"),
    ]  # fmt: skip
    for table in ("reports", "baskets", "placements", "votes", "answers"):
        assert WORDS not in leader.get(f"/workshop/tables/{table}.csv").text


def test_a_guest_is_slowed_by_session_and_others_are_not(service: InProcess) -> None:
    iri = service.json("occupations?limit=1")["items"][0]["uri"]
    eager, other = Visitor(service), Visitor(service)
    for _ in range(6):
        complain(eager, iri)
    complain(eager, iri, 429)
    complain(other, iri)


def test_what_no_guest_sends_is_refused(service: InProcess) -> None:
    iri = service.json("occupations?limit=1")["items"][0]["uri"]
    guest = Visitor(service)
    complain(guest, iri, 403, csrf="x")
    complain(guest, iri, 422, aspect="rudeness")
    complain(guest, iri, 422, text="")
    complain(guest, iri, 422, text="x" * 1001)
    complain(guest, iri, 422, text="a\x00b")
    complain(guest, iri, 422, concept="http://example.org/x")
    Visitor(service).post("/workshop/report", 403, concept=iri, aspect="sector", text="x", csrf="")
    guest.get("/workshop/report?concept=http://example.org/x", 422)


def test_what_guests_wrote_is_deleted_after_the_term(
    service: InProcess, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Database(room.url)
    complain(Visitor(service), service.json("occupations?limit=1")["items"][0]["uri"])
    with stored.reading() as session:
        known = session.query(Report).count()
        assert known > 0
        assert session.query(Report).first().keep_until > "2000"
    monkeypatch.setattr(inbox, "now", lambda *_: "2099-01-01T00:00:00Z")
    with stored.writing() as session:
        assert inbox.purge(session) == known
        assert session.query(Report).count() == 0
    stored.close()


def test_a_service_without_a_workshop_asks_nobody_what_is_wrong(mini_dir: Path) -> None:
    with running(mini_dir) as app:
        iri = app.json("occupations?limit=1")["items"][0]["uri"]
        page = app.run(Visitor(app).http.get(f"/occupations/{iri.rpartition('/')[2]}")).text
        assert "/workshop/report" not in page
