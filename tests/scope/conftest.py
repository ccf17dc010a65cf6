"""A client of the service on the starter."""

from __future__ import annotations

import pytest

from app.catalogue.catalogue import Catalogue
from app.store.embedded import EmbeddedStore
from releases.release import Release
from tests.api.conftest import InProcess


@pytest.fixture(scope="session")
def client(starter_api: InProcess) -> InProcess:
    return starter_api


@pytest.fixture(scope="session")
def catalogue(starter: Release) -> Catalogue:
    return Catalogue(starter, EmbeddedStore(starter.store))
