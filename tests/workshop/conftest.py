"""A small workshop without a release, and the service with one on the starter."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from tests.api.conftest import HOST, InProcess, Server, running
from tests.site.conftest import CHROMIUM
from workshop import adopted, motions, people, preparing, sorting
from workshop.database import Database
from workshop.model import Deck
from workshop.motions import Motion, Vote
from workshop.people import Joining, Role, Seat
from workshop.rules import Rule
from workshop.selection import Candidate, CardSet, Chosen, Group

ESCO = "http://data.europa.eu/esco/"
ART, CODE = "gaming/art", "gaming/code"  # clusters
SKILLS = tuple(
    {"iri": f"{ESCO}skill/0000000{n}-0000-4000-8000-000000000000", "label": f"skill {n}", "relation": relation}
    for n, relation in enumerate(("essential", "essential", "optional"))
)
EVIDENCE = (
    {
        "domain": "gaming",
        "degree": "core",
        "confidence": 0.87,
        "routes": [{"route": "isco", "degree": "core", "reason": ""}],
    },
)


def candidate(n: int, **more: Any) -> Candidate:
    given: dict[str, Any] = {
        "occupation": f"{ESCO}occupation/0000000{n}-0000-4000-8000-000000000000", "code": f"2166.{n}",
        "label": f"occupation {n}", "sub_domain": "", "function": "", "confidence": 0.5, "doubts": ("low confidence",),
        "skills": SKILLS, "evidence": EVIDENCE,
    }  # fmt: skip
    return Candidate(**given | more)


CARDS = CardSet(
    "gaming",
    (
        {"id": "gaming/art", "label": "Art", "core": ["draw"]},
        {"id": "gaming/code", "label": "Code", "core": ["program"]},
    ),
    tuple(
        {
            "code": f"A0{n}",
            "iri": f"{ESCO}skill/c{n}",
            "label": f"card {n}",
            "cluster": "gaming/art" if n < 3 else "gaming/code",
        }
        for n in range(1, 5)
    ),
)


def toy(database: Database, name: str = "helsingborg", rule: Rule | None = None, items: int = 2) -> None:
    """A workshop with two groups."""
    chosen = tuple(Chosen(candidate(n), "review-queue") for n in range(items))
    groups = [
        Group("games", "Games", ("gaming", "design"), chosen, (CARDS,)),
        Group("heritage", "Heritage", ("heritage",), chosen),
    ]
    with database.writing() as session:
        made = rule or Rule(quorum=3, readers=3)
        preparing.create(session, name, "Helsingborg", "1.2.0-abc", "abc", "1.2.0", made, groups)


def sit(database: Database, role: Role = "expert", group: str = "games", name: str = "helsingborg") -> Seat:
    """Somebody who has joined."""
    with database.writing() as session:
        code = people.invite(session, name, role, "" if role == "facilitator" else group)
    with database.writing() as session:
        return people.join(session, code, Joining(pseudonym=f"a {role}", country="SE", consent=True))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/workshop.sqlite")
    yield opened
    opened.close()


class Visitor:
    """A browser without scripts: a cookie jar, pages, and forms as the pages give them."""

    def __init__(self, app: InProcess) -> None:
        self.app = app
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app.app), base_url=HOST)
        self.number = 0

    def get(self, path: str, status: int = 200, **options: Any) -> httpx2.Response:
        answer: httpx2.Response = self.app.run(self.http.get(path, **options))
        assert answer.status_code == status, answer.text[:2000]
        return answer

    def post(self, path: str, status: int = 303, **fields: Any) -> httpx2.Response:
        data = {k.replace("__", ":"): v for k, v in fields.items()}
        answer: httpx2.Response = self.app.run(self.http.post(path, data=data))
        assert answer.status_code == status, answer.text[:2000]
        return answer

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the first form of a page that has a token."""
        page = self.get(path).text
        return {name: hidden(page, name) for name in ("csrf", "nonce")}

    def join(self, code: str, pseudonym: str = "somebody") -> Visitor:
        self.get(f"/workshop/join?code={code}")
        self.post("/workshop/join", code=code, pseudonym=pseudonym, country="SE", consent="yes")
        self.number = self.json("/api/v1/workshop")["number"]
        return self

    def json(self, path: str, status: int = 200) -> Any:
        return self.get(path, status).json()

    def judge(self, item: int, rating: str = "in", sectors: list[str] | None = None, **fields: Any) -> httpx2.Response:
        page = self.get(f"/workshop/items/{item}").text
        given = {"csrf": hidden(page, "csrf"), "nonce": hidden(page, "nonce"), "round": hidden(page, "round")}
        return self.post(
            f"/workshop/items/{item}/judgement", **given, rating=rating, sector=sectors or [], confidence="4", **fields
        )

    def act(self, path: str, at: str = "/workshop/board", status: int = 303, **fields: Any) -> httpx2.Response:
        return self.post(path, status, **self.hidden(at), **fields)


def hidden(page: str, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert match, f"the page has no {name}"
    return match[1]


def command(*given: str | Path) -> str:
    """What `ccsi workshop` prints, run in this process."""
    ended = CliRunner(env={"COLUMNS": "200"}).invoke(cli, ["workshop", *map(str, given)])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


class Room:
    """The service with a workshop on the starter, and codes to come in."""

    def __init__(self, data_dir: Path, folder: Path, *options: str) -> None:
        self.url = f"sqlite:///{folder}/workshop.sqlite"
        self.data_dir = data_dir
        self.common = ("--data-dir", data_dir, "--database", self.url)
        # Once for all who want the same.
        prepared = folder.parent / f"prepared-{data_dir.name}{''.join(options)}.sqlite"
        if not prepared.exists():
            where = ("--data-dir", data_dir, "--database", f"sqlite:///{prepared}")
            command("create", "helsingborg", "--title", "Helsingborg 2023", *options, *where)
        shutil.copy(prepared, folder / "workshop.sqlite")

    def code(self, role: str = "expert", group: str = "", uses: int = 50) -> str:
        options = ["--role", role, "--uses", str(uses), *(["--group", group] if group else [])]
        return command("invite", "helsingborg", *options, *self.common).splitlines()[0]

    def open(self) -> Any:
        return running(self.data_dir, workshop=True, workshop_database=self.url)


@pytest.fixture(scope="module")
def room(starter_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Room:
    options = ("--items", "4", "--quorum", "3", "--readers", "3")
    return Room(starter_dir, tmp_path_factory.mktemp("room"), *options)


@pytest.fixture(scope="module")
def service(room: Room) -> Iterator[InProcess]:
    with room.open() as app:
        yield app


@pytest.fixture(scope="module")
def hall(starter_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, Server, Any]]:
    """A workshop of one judge an item, the service as a process of its own, and a browser to open it."""
    from playwright.sync_api import sync_playwright

    room = Room(starter_dir, tmp_path_factory.mktemp("hall"), "--items", "2", "--quorum", "1", "--readers", "1")
    server = Server(starter_dir, CCSI_WORKSHOP="1", CCSI_WORKSHOP_DATABASE=room.url)
    with sync_playwright() as driver:
        # As root, and in most containers, Chromium cannot make a sandbox of its own; it opens this server only.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield room, server, browser
        browser.close()
    server.stop()


def reveal_deck(database: Database, facilitator: Seat) -> None:
    with database.writing() as session:
        sorting.reveal(session, facilitator, session.get_one(Deck, 1))


class Table:
    """A workshop with a facilitator and some experts of the games group."""

    def __init__(self, database: Database, experts: int = 3, **rule: int) -> None:
        toy(database, rule=Rule(**({"quorum": 3, "readers": 3} | rule)))
        self.database = database
        self.facilitator = sit(database, "facilitator")
        self.experts = [sit(database) for _ in range(experts)]
        self._nonces = 0

    def nonce(self) -> str:
        self._nonces += 1
        return f"nonce-{self._nonces:04d}"

    def put(self, **fields: Any) -> int:
        with self.database.writing() as session:
            made = Motion(**({"title": "a motion", "voters": "games"} | fields))
            return motions.put(session, self.facilitator, made, self.nonce())

    def vote(self, number: int, *answers: str, round_number: int = 1) -> None:
        for expert, answer in zip(self.experts, answers, strict=False):
            with self.database.writing() as session:
                motion = motions.motion_of(session, expert, number)
                said = Vote(round=round_number, answer=answer, reason=f"since {answer}")
                motions.vote(session, expert, motion, said, self.nonce())

    def do(self, number: int, name: str) -> None:
        with self.database.writing() as session:
            motions.step(session, self.facilitator, motions.motion_of(session, self.facilitator, number), name)

    def close(self, number: int, rationale: str = "As the panel says.", minority: str = "") -> dict[str, Any]:
        with self.database.writing() as session:
            motion = motions.motion_of(session, self.facilitator, number)
            return motions.close(session, self.facilitator, motion, rationale, minority)

    def carried(self, *answers: str, **fields: Any) -> int:
        """A motion that is put, voted on, and closed."""
        number = self.put(**fields)
        self.vote(number, *(answers or ("yes",) * len(self.experts)))
        self.do(number, "reveal")
        self.close(number)
        return number

    def entries(self) -> list[adopted.Adopted]:
        with self.database.reading() as session:
            return adopted.adopted(session, "helsingborg")[0]


@pytest.fixture
def table(database: Database) -> Table:
    made = Table(database)
    reveal_deck(database, made.facilitator)
    return made
