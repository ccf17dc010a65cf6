"""A client of the service on the starter, that follows no redirects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Limits, Settings

CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"


@pytest.fixture(scope="session")
def web(starter_dir: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=starter_dir, log_level="error")
    with TestClient(create_app(settings, Limits()), base_url="https://ccsi.example", follow_redirects=False) as found:
        found.headers.pop("accept-encoding")
        yield found


def get(web: TestClient, iri: str, accept: str = "text/turtle", **parameters: str) -> httpx2.Response:
    return web.get("/resource", params={"uri": iri, **parameters}, headers={"accept": accept})
