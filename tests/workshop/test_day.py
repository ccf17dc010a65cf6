"""The day of the programme: two groups of twelve, a facilitator, a restart in the middle, from joining to the graph."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyoxigraph as ox
import pytest

from loaders.build import load
from loaders.input.panel import read_panels
from loaders.request import LoadRequest
from loaders.starter import STARTER
from ontology import CCSI, CCSID, PROV
from tests.workshop.conftest import Room, Visitor, command

EACH = 12
# How an item goes: what the odd and the even experts say in each round.
PLANS = [[("in", "in")], [("out", "out")], [("in", "partly"), ("partly", "partly")], [("in", "out")] * 3]


@pytest.fixture(scope="module")
def day(starter_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(starter_dir, tmp_path_factory.mktemp("day"), "--items", "4", "--quorum", "5", "--readers", "12")


@pytest.mark.long
def test_from_joining_to_the_published_overlay(day: Room, tmp_path: Path) -> None:
    codes = {group: day.code("expert", group) for group in ("heritage", "design")}
    facilitator_code = day.code("facilitator")
    with day.open() as app:
        facilitator = Visitor(app).join(facilitator_code, "the facilitator")
        experts = {
            group: [Visitor(app).join(code, f"{group} {n}") for n in range(EACH)] for group, code in codes.items()
        }
        morning = {group: judge_all(people, 0) for group, people in experts.items()}
        jars = {group: [dict(v.http.cookies) for v in people] for group, people in experts.items()}
        leader = dict(facilitator.http.cookies)
    # The server goes down and comes back; browsers still have their cookies.
    with day.open() as app:
        facilitator = back(app, leader)
        experts = {group: [back(app, jar) for jar in of_group] for group, of_group in jars.items()}
        for group, people in experts.items():
            assert [v.json("/api/v1/workshop/queue")["items"] for v in people] == [[]] * EACH, "nothing was lost"
            for number, item in enumerate(morning[group]):
                run_item(facilitator, people, item, PLANS[number % 4])
            sort_cards(facilitator, people)
        found = facilitator.json("/api/v1/workshop/minutes")
        page = facilitator.get("/workshop/minutes").text
        answers = list(csv.DictReader(io.StringIO(experts["design"][0].get("/workshop/tables/answers.csv").text)))
        served = facilitator.get("/workshop/overlay.ttl")
    check_minutes(found, page, answers)
    file = tmp_path / "helsingborg.ttl"
    said = command("publish", "helsingborg", "--output", file, *day.common)
    assert file.read_bytes() == served.content
    panels = read_panels([file])
    assert f"{len(panels.assertions)} entries" in said
    check_graph(found, file, tmp_path / "data")


def judge_all(people: list[Visitor], plan_round: int) -> list[int]:
    """Everybody works through the queue; two at a time send at once. The items in the order of the list."""
    items = sorted(i["id"] for i in people[0].json("/api/v1/workshop/queue")["items"])

    def work(entry: tuple[int, Visitor]) -> None:
        n, visitor = entry
        while waiting := visitor.json("/api/v1/workshop/queue")["items"]:
            item = waiting[0]["id"]
            rating = PLANS[items.index(item) % 4][plan_round][n % 2]
            judge(visitor, item, rating)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, enumerate(people)))
    return items


def judge(visitor: Visitor, item: int, rating: str) -> None:
    shown = visitor.json(f"/api/v1/workshop/items/{item}")
    skills = {f"skill:{s['iri']}": "essential" for s in shown["skills"][:2]}
    visitor.judge(
        item, rating, [] if rating == "out" else shown["sectors"][:1], **skills, reason=f"number {visitor.number}"
    )


def run_item(facilitator: Visitor, people: list[Visitor], item: int, plan: list[tuple[str, str]]) -> None:
    where = f"/workshop/items/{item}"
    for number, ratings in enumerate(plan, 1):
        if number > 1:
            facilitator.act(f"{where}/round", at=where)
            for n, visitor in enumerate(people):
                judge(visitor, item, ratings[n % 2])
        facilitator.act(f"{where}/reveal", at=where)
    people[0].act(f"{where}/note", at=where, text="We talked about it.")
    facilitator.act(f"{where}/resolution", at=where, rationale="As the panel says.", minority="One held otherwise.")


def sort_cards(facilitator: Visitor, people: list[Visitor]) -> None:
    home = people[0].get("/workshop/home").text
    for number in {int(part.split('"')[0]) for part in home.split("/workshop/decks/")[1:]}:
        where = f"/workshop/decks/{number}"
        deck = people[0].json(f"/api/v1{where}")
        first, last = deck["headers"][0]["id"], deck["headers"][-1]["id"]
        for n, visitor in enumerate(people[:6]):
            piles = {f"card:{c['code']}": first if (m + n) % 3 else last for m, c in enumerate(deck["cards"])}
            visitor.act(f"{where}/sort", at=where, **piles, paper=f"Own: {deck['cards'][0]['code']}")
        facilitator.act(f"{where}/reveal", at=where)


def back(app: object, cookies: dict[str, str]) -> Visitor:
    visitor = Visitor(app)  # type: ignore[arg-type]
    visitor.http.cookies.update(cookies)
    visitor.number = visitor.json("/api/v1/workshop")["number"]
    return visitor


def check_minutes(found: dict, page: str, answers: list[dict[str, str]]) -> None:
    assert found["seats"] == {"expert": 2 * EACH, "facilitator": 1}
    for group in found["groups"]:
        stages = [(i["stage"], i["round"]) for i in group["items"]]
        assert stages == [("closed", 1), ("closed", 1), ("closed", 2), ("closed", 3)]
        statuses = [next(iter(i["resolution"]["sectors"].values()))["status"] for i in group["items"]]
        assert statuses == ["adopted", "adopted", "adopted", "deferred"]
        assert [round(row["percent"], 2) for row in group["agreement"]][-1] < 1
        assert all(deck["report"]["sorts"] == 6 for deck in group["decks"])
    assert "One held otherwise." in page
    assert "We talked about it." in page
    assert "heritage 3" not in page, "a pseudonym"
    # Four items, of which two had one round, one two, one three: seven answers of each of 24.
    assert len(answers) == 7 * 2 * EACH
    assert {row["participant"] for row in answers} == {str(n) for n in range(2, 2 * EACH + 2)}


def check_graph(found: dict, file: Path, folder: Path, least: int = 10) -> None:
    """Every adopted decision is found in the graph with its round, rule, judges and rationale."""
    release = load(LoadRequest([STARTER], folder, partial=True, panels=(file,), skills=False))
    rows = ox.Store.read_only(str(release.store)).query(f"""
        PREFIX ccsi: <{CCSI}> PREFIX prov: <{PROV}>
        SELECT ?occupation ?domain ?degree (COUNT(DISTINCT ?agent) AS ?agents) WHERE {{
          ?decision a ccsi:ScopeDecision ; ccsi:occupation ?occupation ; ccsi:domain ?domain ; ccsi:degree ?degree ;
            ccsi:basedOn/prov:wasDerivedFrom ?entry .
          ?entry prov:wasAttributedTo <{CCSID}workshop/helsingborg> ; prov:wasDerivedFrom ?resolution .
          ?resolution ccsi:status "adopted" ; ccsi:decisionRule/ccsi:threshold 80 ; ccsi:rationale "As the panel says." ;
            ccsi:minorityNote "One held otherwise." ; ccsi:round ?round ; prov:wasDerivedFrom ?judgement .
          ?judgement ccsi:round ?round ; prov:wasAttributedTo ?agent .
        }} GROUP BY ?occupation ?domain ?degree""", use_default_graph_as_union=True)  # fmt: skip
    decided = {
        (row[0].value, row[1].value.rpartition("/")[2], row[2].value.rpartition("/")[2], int(row[3].value)) for row in rows
    }  # fmt: skip
    degrees = {"in": "core", "partly": "related", "out": "excluded"}
    adopted = {
        (item["occupation"], sector, degrees[outcome["answer"]], EACH)
        for group in found["groups"] for item in group["items"]
        for sector, outcome in item["resolution"]["sectors"].items() if outcome["status"] == "adopted"
    }  # fmt: skip
    assert len(adopted) > least
    assert decided == adopted
