"""The shapes of others, as they publish them: DCAT-AP 3.0.1 for the description of the dataset, ELM's profiles for ours.

They are not part of this project; CCSI_ESCO_DATA names the folder that holds them (`shapes/`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyshacl
import pytest
import rdflib
from rdflib import SH
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Limits, Settings
from releases import dumps
from releases.release import Release

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
DCAT_AP = ["shapes.ttl", "range.ttl", "mdr-vocabularies.shape.ttl", "deprecateduris.ttl"]
ELM = rdflib.Namespace("http://data.europa.eu/snb/model/elm/")


@pytest.fixture(
    scope="module",
    params=["", pytest.param("Example Institute", marks=pytest.mark.long)],
    ids=["nobody named", "a publisher"],
)
def site(request: pytest.FixtureRequest, starter_dir: Path, starter: Release) -> Iterator[TestClient]:
    dumps.make(starter)
    settings = Settings(data_dir=starter_dir, log_level="error", publisher=request.param)
    with TestClient(create_app(settings, Limits()), base_url="https://ccsi.example") as found:
        yield found


def violations(data: rdflib.Graph, shapes: rdflib.Graph) -> list[str]:
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    assert isinstance(report, rdflib.Graph)
    return sorted(
        f"{report.value(r, SH.focusNode)} {report.value(r, SH.resultPath)}: {report.value(r, SH.resultMessage)}"
        for r in report.objects(None, SH.result)
        if (r, SH.resultSeverity, SH.Violation) in report
    )


@pytest.mark.parametrize("name", DCAT_AP)
def test_the_dataset_satisfies_dcat_ap(site: TestClient, esco_data: Path, name: str) -> None:
    data = rdflib.Graph().parse(data=site.get("/.well-known/void").text, format="turtle")
    assert len(list(data.objects(None, rdflib.DCAT.byteSize))) > 5, "with the files made"
    shapes = rdflib.Graph().parse(esco_data / "shapes" / "dcat-ap-3.0.1" / name)
    assert violations(data, shapes) == []


def test_the_shapes_would_notice(site: TestClient, esco_data: Path) -> None:
    data = rdflib.Graph().parse(data=site.get("/.well-known/void").text, format="turtle")
    data.remove((None, rdflib.DCTERMS.publisher, None))
    shapes = rdflib.Graph().parse(esco_data / "shapes" / "dcat-ap-3.0.1" / "shapes.ttl")
    assert [v for v in violations(data, shapes) if "publisher" in v]


@pytest.fixture(scope="module")
def profiles(starter_dir: Path) -> rdflib.Graph:
    """Sixteen profiles in ELM: cells, occupations, one composed, one in every language."""
    settings = Settings(data_dir=starter_dir, log_level="error")
    found = rdflib.Graph()
    with TestClient(create_app(settings, Limits()), base_url="https://ccsi.example") as client:
        listed = client.get("/api/v1/profiles?limit=100").json()["items"]
        keys = [item["id"] for item in listed][:: max(1, len(listed) // 14)][:14]
        targets = [f"/api/v1/profiles/{key}.elm" for key in keys]
        anchor = next(item["occupation"]["uri"] for item in listed if item["occupation"]).rpartition("/")[2]
        targets.append(f"/api/v1/profiles/compose?anchor={anchor}&format=elm&title=Mine")
        targets.append("/api/v1/profiles/heritage-preservation.elm?language=*")
        assert len(targets) == 16
        for target in targets:
            answer = client.get(target)
            assert answer.status_code == 200, target
            found.parse(data=answer.text, format="json-ld")
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", ["AMS-constraints.ttl", "EDC-generic-no-cv.ttl", "LOQ-constraints.ttl"])
def test_profiles_satisfy_the_learning_model(profiles: rdflib.Graph, esco_data: Path, name: str) -> None:
    outcomes = set(profiles.subjects(rdflib.RDF.type, ELM.LearningOutcome))
    assert len(outcomes) > 200
    shapes = rdflib.Graph().parse(esco_data / "shapes" / "elm" / name)
    assert violations(profiles, shapes) == []


@pytest.mark.long
def test_the_terms_are_those_of_the_model(profiles: rdflib.Graph, esco_data: Path) -> None:
    model = rdflib.Graph().parse(esco_data / "shapes" / "elm" / "ELM.ttl")
    used = {p for p in profiles.predicates() if p in ELM} | {
        o for o in profiles.objects(None, rdflib.RDF.type) if o in ELM
    }
    assert len(used) > 8
    assert [term for term in used if not any(model.triples((term, None, None)))] == []
    assert list(profiles.objects(None, ELM.hasPart))
    assert list(profiles.objects(None, ELM.contentUrl))
