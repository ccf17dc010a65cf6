"""Requests that schemathesis makes up from our own OpenAPI, right and wrong ones: none may end in a fault of the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.api.conftest import Server

EXAMPLES = 12  # of each operation
SECONDS = 30


@pytest.fixture(scope="module")
def service(starter_dir: Path) -> Iterator[Server]:
    server = Server(starter_dir)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def described(service: Server) -> Any:
    config = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": False}}})
    return schemathesis.openapi.from_url(f"{service.url}/api/v1/openapi.json", config=config)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_is_a_fault_of_the_service(case: Any, service: Server) -> None:
    answer = case.call(base_url=service.url, timeout=SECONDS)
    assert answer.status_code < 500, (answer.status_code, answer.text[:500], case.as_curl_command())
