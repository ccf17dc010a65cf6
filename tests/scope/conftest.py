"""A client of the service on the starter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.catalogue.catalogue import Catalogue
from app.main import create_app
from app.settings import Limits, Settings
from app.store.embedded import EmbeddedStore
from releases.release import Release


@pytest.fixture(scope="session")
def client(starter_dir: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=starter_dir, log_level="error")
    with TestClient(create_app(settings, Limits())) as found:
        yield found


@pytest.fixture(scope="session")
def catalogue(starter: Release) -> Catalogue:
    return Catalogue(starter, EmbeddedStore(starter.store))
