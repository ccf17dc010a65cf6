"""A real server that is killed while people write: whatever was acknowledged is there afterwards."""

from __future__ import annotations

import random
import re
import threading
import time
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from tests.api.conftest import Server
from tests.workshop.conftest import Room
from workshop.database import Database
from workshop.model import Record


@pytest.mark.parametrize(("writers", "kills"), [(8, 2), pytest.param(24, 20, marks=pytest.mark.long)])
def test_every_acknowledged_answer_survives_kill_9(starter_dir: Path, tmp_path: Path, writers: int, kills: int) -> None:
    moments = random.Random(kills)
    room = Room(starter_dir, tmp_path, "--items", "4")
    code = room.code("expert")
    acknowledged: list[str] = []
    jars: list[dict[str, str]] = []
    theirs: list[list[str]] = [[] for _ in range(writers)]  # items of each, who may judge one again and again
    for life in range(kills):
        server = Server(starter_dir, CCSI_WORKSHOP="1", CCSI_WORKSHOP_DATABASE=room.url)
        if not jars:
            jars = [join(server.url, code, n) for n in range(writers)]
        stop = threading.Event()
        threads = [
            threading.Thread(target=write, args=(server.url, jar, theirs[n], f"{life}-{n}", stop, acknowledged))
            for n, jar in enumerate(jars)
        ]
        for thread in threads:
            thread.start()
        try:
            before = len(acknowledged)
            until = time.monotonic() + 30
            while len(acknowledged) < before + 10 and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.3))
        finally:
            server.process.kill()
            stop.set()
            for thread in threads:
                thread.join(20)
            server.process.wait(20)
        opened = Database.open(room.url)
        with opened.reading() as session:
            kept = {
                r.once.rpartition(":")[2] for r in session.scalars(select(Record).where(Record.kind == "judgement"))
            }
            assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        opened.close()
        assert set(acknowledged) <= kept
    assert len(acknowledged) >= 10 * kills


def join(url: str, code: str, number: int) -> dict[str, str]:
    with httpx2.Client(base_url=url) as http:
        answer = http.post("/workshop/join", data={"code": code, "pseudonym": f"writer {number}", "consent": "yes"})
        assert answer.status_code == 303, answer.text
        return dict(http.cookies)


def write(
    url: str, jar: dict[str, str], items: list[str], name: str, stop: threading.Event, acknowledged: list[str]
) -> None:
    """Send judgements, one after another, until the server is gone."""
    with httpx2.Client(base_url=url, cookies=jar, timeout=10) as http:
        try:
            me = http.get("/api/v1/workshop").json()
            items += [i["id"] for i in http.get("/api/v1/workshop/queue").json()["items"] if i["id"] not in items]
            http.headers["x-csrf-token"] = me["csrf"]
            for n in range(100):
                if stop.is_set():
                    return
                nonce = f"nonce-{name}-{n}"
                body = {"round": 1, "rating": "out", "confidence": 3, "nonce": nonce}
                answer = http.post(f"/api/v1/workshop/items/{items[n % len(items)]}/judgement", json=body)
                if answer.status_code == 201:
                    acknowledged.append(nonce)
                assert re.fullmatch("201|429", str(answer.status_code)), answer.text
        except (httpx2.TransportError, ValueError):
            return
