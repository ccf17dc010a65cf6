"""Bodies that are wrong at length: refused at once, in few words."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.api.conftest import InProcess

COMPOSE = "/api/v1/profiles/compose"
COMPARE = "/api/v1/profiles/compare"
SMALL = 6000  # bytes that a refusal may take


def post(api: InProcess, target: str, body: Any) -> Any:
    """The answer, which may take no more than a second of this process, however busy the machine is."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    started = time.process_time()
    answer = api.request("POST", target, content=sent, headers={"content-type": "application/json"})
    assert time.process_time() - started < 1
    return answer


@pytest.mark.parametrize(("target", "most"), [(COMPOSE, 65_536), (COMPARE, 262_144)])
def test_each_kind_of_body_has_its_bound(api: InProcess, target: str, most: int) -> None:
    answer = post(api, target, {"drop": [1] * 333_000})
    assert answer.status_code == 413
    assert answer.json()["limit"] == most
    assert len(answer.content) < SMALL
    assert post(api, target, b" " * (most - 2) + b"{}").status_code == 422  # read to its end


@pytest.mark.parametrize(
    ("target", "body", "field"),
    [
        (COMPOSE, {"drop": [1] * 20_000}, "drop"),
        (COMPOSE, {"drop": [1] * 900}, "drop.0"),
        (COMPOSE, {"drop": ["x" * 60_000]}, "drop.0"),
        (COMPOSE, {"anchors": [{}] * 15_000}, "anchors"),
        (COMPOSE, {"add": [{"uri": 1}] * 900}, "add.0.uri"),
        (COMPOSE, {"sections": ["x"] * 12_000}, "sections"),
        (COMPOSE, {"bounds": {str(n): 1 for n in range(6000)}}, "bounds"),
        (COMPOSE, {"domain": "x" * 60_000}, "domain"),
        (COMPOSE, {"title": "x" * 60_000}, "title"),
        (COMPOSE, {str(n): 1 for n in range(5000)}, "body"),
        (COMPOSE, {"x" * 60_000: 1}, "x" * 80),
        (COMPARE, {"from": {"skills": [1] * 80_000}, "among": "ccsi"}, "from.skills"),
        (COMPARE, {"from": {"skills": [1] * 9000}, "among": "ccsi"}, "from.skills.0"),
        (COMPARE, {"from": {"skills": ["x"]}, "to": [{}] * 60_000}, "to"),
        (COMPARE, {"from": {"skills": ["x"]}, "to": [1] * 900}, "to.0"),
        (COMPARE, b'{"from":' + b"[" * 100_000, ""),
    ],
)
def test_a_long_fault_gets_a_short_answer(api: InProcess, target: str, body: Any, field: str) -> None:
    answer = post(api, target, body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < SMALL
    assert answer.json().get("field", "") == field


def test_twenty_faults_are_named_and_the_others_counted(api: InProcess) -> None:
    answer = post(api, COMPOSE, {"bounds": {f"s{n}": {"minimum": -1} for n in range(50)}})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20
    assert answer.json()["furtherErrors"] == 30
    assert answer.json()["errors"][0]["field"] == "bounds.s0.minimum"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"domain":"\udfff"}', "domain"),
        (rb'{"domain":"heritage","title":"\ud800x"}', "title"),
        (rb'{"anchors":["\udfff"]}', "anchors.0"),
        (rb'{"\udfff":1}', "body"),
    ],
)
def test_half_a_surrogate_pair_is_a_fault_of_its_field(api: InProcess, body: bytes, field: str) -> None:
    answer = post(api, COMPOSE, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"].startswith(field)
