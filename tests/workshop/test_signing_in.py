"""Facilitators sign in at an issuer: the way there and back, the seat that waits, and answers that are not believed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import html
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from pydantic import ValidationError
from sqlalchemy import func, select

from app.settings import Settings
from app.workshop import oidc
from app.workshop.rates import Buckets
from tests.api.conftest import HOST, InProcess, running
from tests.workshop.conftest import Room, Visitor, hidden
from tests.workshop.issuer import CLIENT, SECRET, Claims, Issuer
from workshop import arrivals
from workshop.database import Database
from workshop.errors import SignedOut
from workshop.model import Arrival, Person

START = "/workshop/sign-in?workshop=helsingborg&language=en"
FORM = {"pseudonym": "the leader", "consent": "yes"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    made = Issuer(f"{HOST}/workshop/signed-in")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def honest(issuer: Issuer) -> None:
    """Each test begins with an issuer that does not lie."""
    issuer.person = {"sub": "selma", "email": "Selma@Museum.example", "email_verified": True}
    issuer.claims, issuer.sign, issuer.answers, issuer.delay = lambda claims: claims, issuer.signed, {}, 0.0


@pytest.fixture(scope="module")
def service(room: Room, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with open_service(room, issuer, tmp_path_factory.mktemp("secret")) as app:
        yield app


def open_service(room: Room, issuer: Issuer, folder: Path) -> Any:
    secret = folder / "secret"
    secret.write_text(SECRET + "\n")
    return running(
        room.data_dir, workshop=True, workshop_database=room.url, public_url=HOST, workshop_oidc_issuer=issuer.url,
        workshop_oidc_client_id=CLIENT, workshop_oidc_secret_file=str(secret),
        workshop_oidc_facilitators="selma, hedda@museum.example",
    )  # fmt: skip


def leave(visitor: Visitor, start: str = START) -> str:
    """To the issuer, as a person does who follows the link; where it sends them back to."""
    page = visitor.get(start).text
    found = re.search(r'class="button" href="([^"]+)"', page)
    assert found, page
    sent: str = httpx2.get(html.unescape(found[1])).headers["location"]
    assert sent.startswith(f"{HOST}/workshop/signed-in?")
    return sent.removeprefix(HOST)


def test_a_facilitator_takes_a_seat_and_comes_back_to_it(service: InProcess, room: Room) -> None:
    assert "/workshop/sign-in" in Visitor(service).get("/workshop").text
    visitor = Visitor(service)
    way = visitor.get(leave(visitor), 303).headers["location"]
    assert way.startswith(f"{HOST}/workshop/join?code=")
    code = way.rpartition("code=")[2]
    assert "You join as facilitator." in visitor.get(f"/workshop/join?code={code}&language=en").text
    visitor.post("/workshop/join", code=code, **FORM)
    me = visitor.json("/api/v1/workshop")
    assert (me["role"], visitor.get("/workshop/board").status_code) == ("facilitator", 200)
    again = Visitor(service)
    assert again.get(leave(again), 303).headers["location"] == f"{HOST}/workshop/home"
    assert again.json("/api/v1/workshop")["number"] == me["number"], "the same person has the same seat"
    # Who it is goes with the person, and the next sign-in begins anew.
    again.post("/workshop/leave", csrf=hidden(again.get("/workshop/home").text, "csrf"), forget="yes")
    opened = Database.open(room.url)
    with opened.reading() as session:
        assert session.scalar(select(func.count()).where(Person.subject.is_not(None))) == 0
    opened.close()
    third = Visitor(service)
    assert "/workshop/join?code=" in third.get(leave(third), 303).headers["location"]


def test_a_verified_address_is_known_and_another_person_is_not(service: InProcess, issuer: Issuer) -> None:
    for person, known in (
        ({"sub": "1", "email": "Hedda@Museum.example", "email_verified": True}, True),
        ({"sub": "1", "email": "hedda@museum.example", "email_verified": False}, False),
        ({"sub": "1", "email": "hedda@museum.example"}, False),
        ({"sub": "hedda@museum.example"}, False),
        ({"sub": "1", "email": "selma", "email_verified": True}, False),
        ({"sub": "1"}, False),
    ):
        issuer.person = person
        visitor = Visitor(service)
        answer = visitor.get(leave(visitor), 303 if known else 403)
        if not known:
            assert "not among those who lead workshops" in answer.text


def none(claims: Claims) -> str:
    return f"{packed({'alg': 'none'})}.{packed(claims)}."


def shared(claims: Claims) -> str:
    """Signed with what the client knows as well, as if its secret or the public key were a key."""
    head = f"{packed({'alg': 'HS256'})}.{packed(claims)}"
    mac = hmac.new(SECRET.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def packed(part: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


LIES: dict[str, Callable[[Claims], Claims]] = {
    "nonce": lambda c: {**c, "nonce": "of another sign-in"},
    "no nonce": lambda c: {k: v for k, v in c.items() if k != "nonce"},
    "audience": lambda c: {**c, "aud": "another-service"},
    "no audience": lambda c: {k: v for k, v in c.items() if k != "aud"},
    "two audiences": lambda c: {**c, "aud": [CLIENT, "another-service"]},
    "for another party": lambda c: {**c, "azp": "another-service"},
    "issuer": lambda c: {**c, "iss": "https://elsewhere.example"},
    "expired": lambda c: {**c, "exp": time.time() - 120},
    "no expiry": lambda c: {k: v for k, v in c.items() if k != "exp"},
    "of the future": lambda c: {**c, "iat": time.time() + 600},
    "nobody": lambda c: {**c, "sub": ""},
    "a list for a name": lambda c: {**c, "sub": ["selma"]},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_says_otherwise_is_not_believed(service: InProcess, issuer: Issuer, lie: str) -> None:
    issuer.claims = LIES[lie]
    refused(service)


@pytest.mark.parametrize("sign", [none, shared, lambda _: "a.b.c", lambda _: "", lambda c: none(c) + "x" * 9000])
def test_a_token_that_the_issuers_keys_did_not_sign_is_not_believed(
    service: InProcess, issuer: Issuer, sign: Callable[[Claims], str]
) -> None:
    issuer.sign = sign
    refused(service)


def test_another_key_is_not_believed_and_a_new_one_of_the_issuer_is(
    service: InProcess, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stolen = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    issuer.sign = lambda claims: Issuer.signed(type("Other", (), {"key": stolen})(), claims)  # type: ignore[arg-type]
    refused(service)
    issuer.sign = issuer.signed
    issuer.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}, private=True)
    monkeypatch.setattr(oidc, "_KEY_PAUSE", 0.0)
    visitor = Visitor(service)
    visitor.get(leave(visitor), 303)


def refused(service: InProcess) -> None:
    visitor = Visitor(service)
    answer = visitor.get(leave(visitor), 403)
    assert "cannot be believed" in answer.text or "for another service" in answer.text or "names nobody" in answer.text
    visitor.get("/api/v1/workshop", 401)


def test_a_way_back_works_once_and_for_the_browser_that_left(service: InProcess) -> None:
    visitor, other = Visitor(service), Visitor(service)
    back = leave(visitor)
    other.get(back, 401)  # somebody who was given the address of another's sign-in
    leave(other)
    other.get(back, 401)
    kept = dict(visitor.http.cookies)
    visitor.get(back, 303)
    visitor.http.cookies.update(kept)
    answer = visitor.get(back, 401)
    assert "has ended, or was used already" in answer.text
    for broken in ("/workshop/signed-in", "/workshop/signed-in?state=", "/workshop/signed-in?code=x"):
        visitor.get(broken, 401)
    fresh = Visitor(service)
    for change, status in (("&state=x", 401), ("&code=x", 403), ("&iss=x", 403), ("&error=x", 403)):
        fresh.get(leave(fresh) + change, status)


def test_an_address_begins_so_many_sign_ins_a_minute(service: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.app.state.workshop, "_arrivals", Buckets(1, 60))
    visitor = Visitor(service)
    visitor.get(START)
    assert visitor.get(START, 429).headers["retry-after"] == "10"


def test_what_the_issuer_did_not_say_is_refused(service: InProcess, issuer: Issuer) -> None:
    for changed in (
        ("iss=", "iss=https://elsewhere.example/?"),
        ("iss=", "not-iss="),
        ("code=", "code=x"),
        ("code=", "error=x&c="),
    ):
        visitor = Visitor(service)
        answer = visitor.get(leave(visitor).replace(*changed), 502 if changed == ("code=", "code=x") else 403)
        assert "Begin again" in answer.text
    issuer.answers["/token"] = 200, {}, b'{"access_token": "x"}'
    visitor = Visitor(service)
    assert "no ID token" in visitor.get(leave(visitor), 502).text


def test_nobody_is_sent_elsewhere(service: InProcess) -> None:
    visitor = Visitor(service)
    for more in ("&next=https://elsewhere.example", "&redirect_uri=https://elsewhere.example", "&workshop=x"):
        visitor.get(START + more, 422)
    address = re.search(
        r'class="button" href="([^"]+)"', visitor.get(START, headers={"host": "elsewhere.example"}).text
    )
    assert address
    asked = parse_qs(urlsplit(html.unescape(address[1])).query)
    assert asked["redirect_uri"] == [f"{HOST}/workshop/signed-in"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    back = leave(visitor) + "&next=https://elsewhere.example&redirect=//elsewhere.example"
    assert visitor.get(back, 303).headers["location"].startswith(f"{HOST}/workshop/")


def test_a_workshop_that_there_is_not_shows_at_the_end_alone(service: InProcess) -> None:
    visitor = Visitor(service)
    visitor.get(leave(visitor, START.replace("helsingborg", "no-such")), 404)


WRONG = [
    ("/.well-known/openid-configuration", (302, {"location": "http://127.0.0.1:9/"}, b"")),
    ("/.well-known/openid-configuration", (200, {}, b"{" + b" " * 300_000 + b"}")),
    ("/.well-known/openid-configuration", (200, {}, b"[" * 100_000)),
    ("/.well-known/openid-configuration", (200, {}, b'{"issuer": "https://elsewhere.example"}')),
    ("/.well-known/openid-configuration", (500, {}, b"{}")),
    ("/token", (307, {"location": "http://127.0.0.1:9/"}, b"{}")),
    ("/keys", (200, {}, b'{"keys": 7}')),
]  # what is wrong before the visitor leaves comes first: once it was right it is remembered


def test_an_issuer_that_answers_wrongly_is_not_followed(room: Room, issuer: Issuer, tmp_path: Path) -> None:
    with open_service(room, issuer, tmp_path) as app:
        for at, answer in WRONG:
            issuer.answers[at] = answer
            visitor = Visitor(app)
            if at.startswith("/."):
                visitor.get(START, 502)
            else:
                visitor.get(leave(visitor), 502)
            del issuer.answers[at]
            assert app.get("/api/v1/domains").status_code == 200


@pytest.mark.long
def test_an_issuer_that_does_not_answer_holds_nobody_for_long(
    room: Room, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "_SECONDS", 0.3)
    issuer.delay = 2.0
    with open_service(room, issuer, tmp_path) as app:
        began = time.monotonic()
        assert "in time" in Visitor(app).get(START, 502).text
        assert time.monotonic() - began < 1.5


def test_endpoints_on_another_machine_need_https(issuer: Issuer) -> None:
    for name in ("token_endpoint", "jwks_uri", "authorization_endpoint"):
        for address in ("http://elsewhere.example/x", "file:///etc/passwd", "javascript:alert(1)", "", 7):
            about = json.dumps({**issuer.about(), name: address}).encode()
            issuer.answers["/.well-known/openid-configuration"] = 200, {}, about
            made = oidc.Issuer(settings(issuer))
            with pytest.raises(oidc.IssuerFault):
                run(made)


def run(made: oidc.Issuer) -> None:
    async def ask() -> None:
        try:
            await made.address("secret")
        finally:
            await made.close()

    asyncio.run(ask())


def settings(issuer: Issuer, **more: Any) -> Settings:
    given = {"public_url": HOST, "workshop_oidc_issuer": issuer.url, "workshop_oidc_client_id": CLIENT, **more}
    return Settings(**given)


def test_settings_that_cannot_work_are_refused_at_the_start(issuer: Issuer) -> None:
    assert Settings().workshop_oidc_issuer == ""
    for wrong in (
        {"public_url": ""}, {"workshop_oidc_client_id": ""}, {"workshop_oidc_issuer": "http://issuer.example"},
        {"workshop_oidc_issuer": "https://issuer.example?x=1"}, {"workshop_oidc_issuer": "https://me@issuer.example"},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            settings(issuer, **wrong)


@pytest.mark.long
def test_it_is_off_unless_an_issuer_is_set(room: Room) -> None:
    with room.open() as app:
        visitor = Visitor(app)
        assert "sign-in" not in visitor.get("/workshop").text
        visitor.get("/workshop/sign-in", 404)
        visitor.get("/workshop/signed-in", 404)


def test_those_on_the_way_are_bounded_and_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST", 3)
    with database.writing() as session:
        for n in range(5):
            arrivals.depart(session, "w", f"secret {n}")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Arrival)) == 3
    with database.writing() as session:
        for row in session.scalars(select(Arrival)):
            row.expires_at = "2020-01-01T00:00:00Z"
    with database.writing() as session, pytest.raises(SignedOut):
        arrivals.arrive(session, "secret 4")
