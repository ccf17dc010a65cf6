"""What a staged release changes is read before it is published: by the command as JSON and page, by the facilitator in the service."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.catalogue.catalogue import Catalogue
from app.store.embedded import EmbeddedStore
from app.workshop.page import catalogue
from loaders.build import load
from loaders.request import LoadRequest
from loaders.starter import STARTER
from releases.release import Release, Releases
from tests.command import run
from tests.loaders.test_panel_entries import cluster, entry, write
from tests.workshop.conftest import Room, Visitor


@pytest.fixture(scope="module")
def staged(starter_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release, str]:
    """A folder with the sample served, a release beside it in which a cluster is renamed, and the cluster."""
    folder = tmp_path_factory.mktemp("staged")
    shutil.copytree(starter_dir, folder / "data", symlinks=True)
    served = Releases(folder / "data").current()
    assert served is not None
    key = next(iter(Catalogue(served, EmbeddedStore(served.store)).analysis.by_unit["heritage"])).id
    said = entry("rename/1", "rename", f'ccsi:onCluster {cluster(key)} ; skos:prefLabel "Keepers <i>"@en ;')
    panels = (write(folder, said),)
    made = load(LoadRequest([STARTER], folder / "data", panels=panels, publish=False))
    return folder / "data", made, key


@pytest.mark.long
def test_the_command_tells_it_as_json_and_as_a_page(staged: tuple[Path, Release, str], tmp_path: Path) -> None:
    folder, release, key = staged
    ended = run("releases", "changes", release.id, "--data-dir", folder)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    (changed,) = found["clusters"]
    assert (changed["id"], changed["name"]["after"], changed["came"], changed["went"]) == (key, "Keepers <i>", 0, 0)
    assert changed["name"]["before"] not in ("", "Keepers <i>")
    assert [found[k] for k in ("scope", "areas", "transversal", "rules", "profiles", "validation")] == [[]] * 6
    ended = run("releases", "changes", release.id, "--page", tmp_path / "changes.html", "--data-dir", folder)
    assert ended.code == 0, ended.err
    page = (tmp_path / "changes.html").read_text("utf-8")
    assert f"{changed['name']['before']} → Keepers &lt;i&gt;" in page
    assert release.id in page


@pytest.mark.long
def test_the_facilitator_reads_it_in_the_service(staged: tuple[Path, Release, str], tmp_path: Path) -> None:
    folder, release, key = staged
    room = Room(folder, tmp_path, "--items", "2", "--quorum", "3", "--readers", "3")
    with room.open() as app:
        facilitator = Visitor(app).join(room.code("facilitator"))
        expert = Visitor(app).join(room.code("expert"))
        assert release.id in facilitator.get("/workshop/staged").text
        page = facilitator.get(f"/workshop/staged?release={release.id}&language=de").text
        assert "Keepers &lt;i&gt;" in page
        assert catalogue("de")["ws-changes-clusters"] in page
        found = facilitator.json(f"/api/v1/workshop/staged/{release.id}")
        assert [c["id"] for c in found["clusters"]] == [key]
        facilitator.json("/api/v1/workshop/staged/none-such", 404)
        expert.json(f"/api/v1/workshop/staged/{release.id}", 403)
        expert.get(f"/workshop/staged?release={release.id}", 403)
