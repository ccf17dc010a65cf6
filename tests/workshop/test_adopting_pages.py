"""The pages of motions, guidelines, the wall and the minutes as documents, and the same for programs."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from docx import Document

from app.site.words import INTERFACES
from app.workshop.page import catalogue
from loaders.build import load
from loaders.input.panel import read_panels
from loaders.request import LoadRequest
from loaders.starter import STARTER
from releases.changes import changes
from releases.release import Releases
from tests.api.conftest import InProcess
from tests.workshop.conftest import Room, Visitor, command, hidden

SECRET = "a reason to be hidden"


@pytest.fixture(scope="module")
def facilitator(room: Room, service: InProcess) -> Visitor:
    return Visitor(service).join(room.code("facilitator"))


@pytest.fixture(scope="module")
def experts(room: Room, service: InProcess) -> list[Visitor]:
    code = room.code("expert")
    return [Visitor(service).join(code, f"pseudo{n}") for n in range(3)]


def post_json(visitor: Visitor, path: str, body: dict[str, Any] | None = None, status: int = 201) -> Any:
    token = visitor.json("/api/v1/workshop")["csrf"]
    sent = visitor.http.post(f"/api/v1/workshop{path}", json=body or {}, headers={"x-csrf-token": token})
    answer = visitor.app.run(sent)
    assert answer.status_code == status, answer.text[:2000]
    return answer.json()


@pytest.fixture(scope="module")
def deck(facilitator: Visitor, experts: list[Visitor]) -> dict[str, Any]:
    """A deck of the design group that all three sorted: the first card moved, the second thrown out."""
    home = facilitator.get("/workshop/home").text
    number = min(int(part.split('"')[0]) for part in home.split("/workshop/decks/")[1:])
    found = experts[0].json(f"/api/v1/workshop/decks/{number}")
    cards = [c["code"] for c in sorted(found["cards"], key=lambda c: c["code"])]
    for n, visitor in enumerate(experts):
        piles = {cards[0]: found["headers"][-1]["id"], cards[1]: "not-ours"}
        post_json(visitor, f"/decks/{number}/sort", {"piles": piles, "nonce": f"sort-nonce-{n}"})
    post_json(facilitator, f"/decks/{number}/resolution", status=409)
    facilitator.act(f"/workshop/decks/{number}/reveal")
    return {**found, "codes": cards}


def vote(visitor: Visitor, number: int, answer: str) -> None:
    where = f"/workshop/motions/{number}"
    page = visitor.get(where).text
    fields = {name: hidden(page, name) for name in ("csrf", "nonce", "round")}
    visitor.post(f"{where}/vote", **fields, answer=answer, reason=SECRET)


def test_a_motion_goes_through_the_pages_blind(
    facilitator: Visitor, experts: list[Visitor], deck: dict[str, Any]
) -> None:
    where = f"/workshop/decks/{deck['id']}"
    facilitator.act(f"{where}/resolution", at=where, rationale="As sorted.")
    assert "As sorted." in str(experts[0].json(f"/api/v1{where}")["resolution"])
    form = facilitator.get(f"{where}/motion").text
    sent = facilitator.post(
        "/workshop/motions", csrf=hidden(form, "csrf"), nonce=hidden(form, "nonce"), proposal="rename",
        cluster=deck["headers"][0]["id"], title="A new name", **{"name1__en": "Makers <b>", "name2__en": "Doers"},
    )  # fmt: skip
    number = int(sent.headers["location"].rpartition("/")[2])
    vote(experts[0], number, "1")
    vote(experts[1], number, "1")
    for visitor in (experts[2], facilitator):
        for path in (
            f"/workshop/motions/{number}", "/workshop/motions", "/workshop/minutes", "/workshop/tables/ballots.csv",
            "/workshop/tables/motions.csv", "/api/v1/workshop/motions", f"/api/v1/workshop/motions/{number}", "/api/v1/workshop/minutes",
            *(["/workshop/overlay.ttl", "/workshop/minutes.pdf"] if visitor is facilitator else []),
        ):  # fmt: skip
            assert SECRET.encode() not in visitor.get(path).content, path
    told = experts[2].json(f"/api/v1/workshop/motions/{number}")
    assert (told["own"], told["poll"], told["options"]) == (None, None, ["1", "2", "no"])
    vote(experts[2], number, "1")
    facilitator.act(f"/workshop/motions/{number}/reveal", at=f"/workshop/motions/{number}")
    page = experts[2].get(f"/workshop/motions/{number}").text
    assert SECRET in page
    assert "Makers &lt;b&gt;" in page
    facilitator.act(f"/workshop/motions/{number}/resolution", at=f"/workshop/motions/{number}", rationale="It fits.")
    overlay = facilitator.get("/workshop/overlay.ttl").text
    assert '"Makers <b>"@en' in overlay
    rows = list(csv.DictReader(io.StringIO(experts[0].get("/workshop/tables/motions.csv").text)))
    assert [(r["proposal"], r["status"], r["answer"]) for r in rows if r["motion"] == str(number)] == [
        ("rename", "adopted", "1")
    ]


def test_only_facilitators_put_motions_and_close_decks(experts: list[Visitor], deck: dict[str, Any]) -> None:
    post_json(experts[0], "/motions", {"proposal": "keep", "title": "x", "nonce": "a-nonce-more"}, 403)
    post_json(experts[0], f"/decks/{deck['id']}/resolution", status=403)
    post_json(experts[0], "/wall", status=403)
    experts[0].get(f"/workshop/decks/{deck['id']}/motion", 403)
    experts[0].get("/workshop/staged", 403)
    stranger = Visitor(experts[0].app)
    for path in ("motions", "guidelines", "wall", "staged", "minutes.pdf", "minutes.docx"):
        stranger.get(f"/workshop/{path}", 401)


def test_a_change_to_a_rule_is_tried_on_two_profiles(experts: list[Visitor], facilitator: Visitor) -> None:
    served = facilitator.app.app.state.service.served.catalogue.profiles
    keys = [k for k in served.templates if served.templates[k].recipe.domain == "heritage"][:2]
    query = "&".join(f"profile={k}" for k in keys)
    same = experts[0].json(f"/api/v1/workshop/guidelines/optional/preview?{query}")
    assert [p["profile"] for p in same["profiles"]] == keys
    assert all(not (p["came"] or p["went"] or p["moved"]) for p in same["profiles"])
    assert same["before"]["minimumShare"] == "0.1"
    none = experts[0].json(f"/api/v1/workshop/guidelines/optional/preview?{query}&rejected=true")
    assert any(p["went"] or p["moved"] for p in none["profiles"])
    assert all(p["after"] <= p["before"] for p in none["profiles"])
    page = experts[0].get(f"/workshop/guidelines/optional?{query}&rejected=true").text
    gone = next(p for p in none["profiles"] if p["went"])["went"][0]["skill"]
    label = facilitator.app.app.state.service.served.catalogue.label(gone, "en")["en"]
    assert label.replace("'", "&#39;") in page
    experts[0].json("/api/v1/workshop/guidelines/none-such/preview", 404)
    experts[0].json("/api/v1/workshop/guidelines/optional/preview?minimumShare=7", 422)


def test_a_rule_is_amended_by_vote_and_the_rule_set_has_a_version(experts: list[Visitor], facilitator: Visitor) -> None:
    where = "/workshop/guidelines/common"
    sent = facilitator.act(where, at=where, minimumShare="0.3", minimumAnchors="2", text="Essential for three tenths.")
    number = int(sent.headers["location"].rpartition("/")[2])
    for visitor in experts:
        vote(visitor, number, "amend")
    facilitator.act(f"/workshop/motions/{number}/reveal", at=f"/workshop/motions/{number}")
    facilitator.act(
        f"/workshop/motions/{number}/resolution", at=f"/workshop/motions/{number}", minority="One would keep it."
    )
    found = experts[0].json("/api/v1/workshop/guidelines")
    (rule,) = found["rules"]
    assert found["version"].startswith(f"{found['base']}+helsingborg.")
    assert (rule["rule"], rule["thresholds"], rule["before"], rule["minority"]) == (
        "common", {"minimumShare": 0.3}, {"minimumShare": "0.25", "minimumAnchors": "2"}, "One would keep it.",
    )  # fmt: skip
    assert found["version"] in experts[0].get("/workshop/guidelines").text
    (row,) = csv.DictReader(io.StringIO(experts[0].get("/workshop/tables/rules.csv").text))
    assert (row["version"], row["inForce"], row["text"]) == (found["version"], "True", "Essential for three tenths.")


def test_a_composed_role_is_checked_and_signed_off(experts: list[Visitor], facilitator: Visitor) -> None:
    served = facilitator.app.app.state.service.served.catalogue
    anchors = sorted(o for o, item in served.occupations.items() if item.decisions)[:2]
    address = "https://example.org/composer?" + "&".join(f"anchor={a.rpartition('/')[2]}:2" for a in anchors)
    page = "/workshop/guidelines"
    facilitator.act("/workshop/roles", at=page, status=422, role="https://example.org/composer?anchor=nothing")
    facilitator.act("/workshop/roles", at=page, status=422, role="neither template nor role")
    sent = facilitator.act("/workshop/roles", at=page, role=address, title="A role of two")
    number = int(sent.headers["location"].rpartition("/")[2])
    body = experts[0].json(f"/api/v1/workshop/motions/{number}")
    assert body["anchors"] == anchors
    assert experts[0].app.get(f"/api/v1/profiles/compose?{body['composition']}").status_code == 200
    for visitor in experts:
        vote(visitor, number, "yes")
    facilitator.act(f"/workshop/motions/{number}/reveal", at=f"/workshop/motions/{number}")
    facilitator.act(f"/workshop/motions/{number}/resolution", at=f"/workshop/motions/{number}", rationale="Good.")
    overlay = facilitator.get("/workshop/overlay.ttl").text
    assert "A role of two" in overlay
    assert f"<{anchors[0]}>" in overlay


def test_points_on_the_wall(experts: list[Visitor], facilitator: Visitor) -> None:
    post_json(facilitator, "/wall", {"points": 7})
    wall = experts[0].json("/api/v1/workshop/wall")
    assert (wall["points"], wall["ranking"], wall["people"]) == (7, [], None)
    assert all(set(skill) == {"iri", "label"} for skill in wall["skills"])
    first, second = sorted(skill["iri"] for skill in wall["skills"])[:2]
    experts[0].act("/workshop/wall/points", at="/workshop/wall", **{f"points__{first}": "5", f"points__{second}": "2"})
    experts[1].act("/workshop/wall/points", at="/workshop/wall", status=422, **{f"points__{first}": "8"})
    post_json(experts[1], "/wall/points", {"points": {first: 3}, "nonce": "points-nonce"})
    assert experts[2].json("/api/v1/workshop/wall")["ranking"] == []
    facilitator.act("/workshop/wall/reveal", at="/workshop/wall")
    rows = experts[2].json("/api/v1/workshop/wall")["ranking"]
    assert [(r["iri"], r["points"], r["people"]) for r in rows[:2]] == [(first, 8, 2), (second, 2, 2)]
    served = facilitator.app.app.state.service.served.catalogue
    skill = served.skills[first]
    assert rows[0]["use"] == len({*skill.essential_for, *skill.optional_for})
    assert rows[0]["label"] in experts[2].get("/workshop/wall").text
    table = list(csv.DictReader(io.StringIO(experts[2].get("/workshop/tables/points.csv").text)))
    assert [(row["skill"], row["points"]) for row in table] == [(first, "5"), (second, "2"), (first, "3")]


@pytest.mark.parametrize("tag", INTERFACES)
def test_pages_speak_the_language_that_was_chosen(experts: list[Visitor], facilitator: Visitor, tag: str) -> None:
    words = catalogue(tag)
    for path, key in (
        ("motions", "ws-motions-lead"), ("guidelines", "ws-roles-lead"), ("guidelines/optional", "ws-preview"),
        ("wall", "ws-wall"), ("staged", "ws-staged"),
    ):  # fmt: skip
        page = facilitator.get(f"/workshop/{path}?language={tag}").text
        assert f'<html lang="{tag}" dir="ltr">' in page
        assert words[key].replace("'", "&#39;") in page
        if path != "staged":
            experts[0].get(f"/workshop/{path}?language={tag}")


@pytest.mark.parametrize("tag", INTERFACES)
def test_minutes_are_a_word_document_and_a_pdf(experts: list[Visitor], tag: str) -> None:
    answer = experts[0].get(f"/workshop/minutes.docx?language={tag}")
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    document = Document(io.BytesIO(answer.content))
    text = "\n".join(p.text for p in document.paragraphs)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    words = catalogue(tag)
    assert f"{words['ws-minutes']}: Helsingborg 2023" in text
    assert words["ws-motions"] in text
    assert "One would keep it." in text
    assert {"T1", "M12", "R5", "O3"} <= set(cells)
    assert any("At least 80 per cent of at least 3" in cell for cell in cells)
    answer = experts[0].get(f"/workshop/minutes.pdf?language={tag}")
    assert answer.headers["content-type"] == "application/pdf"
    pages = pypdfium2.PdfDocument(answer.content)
    printed = " ".join(page.get_textpage().get_text_bounded() for page in pages).replace("\u200b", "")
    assert "Helsingborg 2023" in printed
    assert "One would keep it." in " ".join(printed.split())
    assert "pseudo0" not in printed + text
    assert answer.content == experts[0].get(f"/workshop/minutes.pdf?language={tag}").content


def test_the_command_exports_the_same(room: Room, experts: list[Visitor]) -> None:
    for what in ("motions", "ballots", "points", "rules"):
        said = command("export", "helsingborg", "--what", what, *room.common)
        assert said == experts[0].get(f"/workshop/tables/{what}.csv").text


@pytest.mark.long
def test_what_the_workshop_adopted_is_in_the_release(
    room: Room, starter_dir: Path, deck: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "helsingborg.ttl"
    command("publish", "helsingborg", "--output", file, *room.common)
    release = load(LoadRequest([STARTER], tmp_path / "data", panels=(file,)))
    decided = read_panels([file]).entries
    assert {d.outcome for d in decided.skills} == {"move", "not-ours", "rename"}
    assert not [note for note in release.manifest["notes"] if "set aside" in note]
    served = Releases(starter_dir).current()
    assert served is not None
    found = changes(served, release)
    names = {c["id"]: c["name"]["after"] for c in found["clusters"]}
    assert names[deck["headers"][0]["id"]] == "Makers <b>"
    assert [r["rule"] for r in found["rules"]] == ["common"]
    touched = {s["uri"] for c in found["clusters"] for way in ("came", "went") for s in c["skills"][way]}
    by_code = {c["code"]: c["iri"] for c in deck["cards"]}
    assert touched == {by_code[deck["codes"][0]], by_code[deck["codes"][1]]}
