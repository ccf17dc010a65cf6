"""A client of the service on the starter."""

from __future__ import annotations

import pytest

from tests.api.conftest import InProcess


@pytest.fixture(scope="session")
def skills_client(starter_api: InProcess) -> InProcess:
    return starter_api
