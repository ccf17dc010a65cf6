"""When a connection ends; and that it is gone then: nothing is left for the search for garbage, which stops everybody."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from app.http import Answer, AnswerCache, EdgeMiddleware, Front
from app.main import create_app
from app.settings import Limits, Settings
from tests.http.conftest import ASK, Site, ask, bytes_of, rest, serving

API = b"/api/v1"
LIST = b"GET %b/domains/heritage/occupations HTTP/1.1\r\nhost: x\r\n\r\n" % API
LAST = b"GET %b/domains HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % API
BODY = b"content-type: application/sparql-query\r\ncontent-length: 6\r\n\r\nASK {}"


@pytest.fixture(autouse=True)
def no_search() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def left(site: Site) -> int:
    """Connections that have ended and are still kept by something."""
    return sum(isinstance(one, site.kind) for one in gc.get_objects()) - len(site.kind.crowd)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        LIST[:20],
        LIST,
        LIST.replace(b"occupations", b"occupations?language=fi&limit=3"),
        LIST * 20,
        b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /sparql?query=ASK%20%7B%7D HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nhost: x\r\n" + BODY,
        b"POST /sparql HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n" + BODY,
        b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
    ],
    ids=["nothing", "begun", "ready", "made", "pipelined", "lost", "early", "body", "declined", "refused", "malformed"],
)
def test_nothing_is_left_of_one_that_was_asked(site: Site, sent: bytes) -> None:
    site.say(sent + LAST)
    with site.connect() as raw:  # and one whose client leaves before it is answered
        raw.sendall(sent)
    site.wait(lambda: not left(site))


@pytest.mark.parametrize("times", [1, 20])
def test_nothing_is_left_of_one_that_was_cut_off(times: int) -> None:
    with bytes_of(3_000_000, send_seconds=1) as large, large.connect(room=4096) as raw:
        raw.sendall(ASK * times)
        large.wait(lambda: large.front.refusals["slow"] == 1)
        large.wait(lambda: not left(large))
        assert len(rest(raw)) < 3_000_000


def test_one_that_falls_silent_is_closed_after_its_last_answer_whatever_made_it(starter_dir: Path) -> None:
    app = create_app(Settings(data_dir=starter_dir, log_level="error"), Limits())
    with serving(app, app.state.front, "on", keep_alive=1) as site, site.connect() as raw:
        began = time.monotonic()
        while time.monotonic() < began + 2.5:  # more than once the time that the first answer gives
            assert ask(raw, "/api/v1/domains")[0] == 200  # ready from the second on, without a timer of its own
            time.sleep(0.3)
        last = time.monotonic()
        assert rest(raw) == b""
        assert 0.5 < time.monotonic() - last < 5


def test_a_request_behind_a_ready_answer_has_its_time() -> None:
    cache = AnswerCache(2**20)
    cache.put(("http", "/ready", b"", b"", b"", "", b"x"), Answer(b"ready", "text/plain", '"1"'))

    async def slow(_: Scope, __: Receive, send: Send) -> None:
        await asyncio.sleep(2.5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"slow"})

    front = Front(Settings(), Limits(), lambda: cache)
    with serving(EdgeMiddleware(slow, front), front, keep_alive=1) as site, site.connect() as raw:
        raw.sendall(ASK.replace(b"/ ", b"/ready ", 1) + ASK)
        found = rest(raw)  # both, and then the silence after the second ends it
    assert b"ready" in found
    assert found.endswith(b"slow")
