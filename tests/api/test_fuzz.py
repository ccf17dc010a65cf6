"""Requests that schemathesis makes up from our own OpenAPI, right and wrong ones: none may end in a fault of the service."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from tests.api.conftest import Server

EXAMPLES = [1, pytest.param(20, marks=pytest.mark.long)]  # of each operation
SECONDS = 30
MODES = [
    pytest.param(schemathesis.GenerationMode.POSITIVE, marks=pytest.mark.long, id="positive"),
    pytest.param(schemathesis.GenerationMode.NEGATIVE, id="negative"),
]


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("mode", MODES)
def test_no_request_is_a_fault_of_the_service(starter_dir: Path, mode: Any, examples: int) -> None:
    server = Server(starter_dir)
    try:
        schema = schemathesis.openapi.from_url(f"{server.url}/api/v1/openapi.json")
        faults: list[str] = []
        operations = [found.ok() for found in schema.get_all_operations()]

        def ask(operation: Any) -> None:
            @settings(
                max_examples=examples,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case: Any) -> None:
                answer = case.call(base_url=server.url, timeout=SECONDS)
                if answer.status_code >= 500:
                    faults.append(f"{answer.status_code} {case.as_curl_command()}: {answer.text[:300]}")

            asked()

        for operation in operations:
            with suppress(Unsatisfiable, SkipTest):  # nothing about it can be asked wrongly
                ask(operation)
        assert len(operations) > 40
        assert faults == []
    finally:
        server.stop()
