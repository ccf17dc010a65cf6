"""The API on the bundled sample."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.profiles.layout import lay_out
from tests.api.conftest import InProcess

HERITAGE = "/api/v1/profiles/heritage-preservation"


def sheet(document: Any) -> Any:
    """The JSON of a profile as documents for people are laid out; tests change it first."""
    return lay_out(document)


@pytest.fixture(scope="session")
def client(starter_api: InProcess) -> InProcess:
    return starter_api


@pytest.fixture(scope="session")
def catalogue(client: InProcess) -> Any:
    """What the API serves, as tables."""
    return client.app.state.service.served.catalogue


@pytest.fixture(scope="session")
def core(catalogue: Any) -> list[str]:
    """The core occupations of heritage, by IRI."""
    return sorted(d.occupation for d in catalogue.by_domain["heritage"] if d.degree == "core")
