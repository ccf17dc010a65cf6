"""Forty decisions on all of ESCO: they change what they name, and without them the release has the content hash that it had."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.catalogue.catalogue import Catalogue
from app.store.embedded import EmbeddedStore
from loaders.build import load
from loaders.request import LoadRequest
from ontology import CCSID
from releases.release import Release
from tests.loaders.test_panel import scope, write
from tests.loaders.test_panel_entries import entry

OTHER = {"core": "related", "related": "core"}


@pytest.mark.full
@pytest.mark.long
def test_forty_decisions_come_and_go(full: Release, full_dir: Path, esco_data: Path, tmp_path: Path) -> None:
    shutil.copytree(
        full_dir, tmp_path / "data", symlinks=True
    )  # a folder that has a release without them, as a service's has
    catalogue = Catalogue(full, EmbeddedStore(full.store))
    before = scope(full)
    pairs = sorted(pair for pair, said in before.items() if said[0] in OTHER)
    named = pairs[:: len(pairs) // 20][:20]
    clusters = sorted(c.id for c in catalogue.analysis.clusters.values() if c.level == "broad")
    renamed = clusters[:: len(clusters) // 20][:20]
    more = "".join(
        entry(
            f"rename/{n}", "rename",
            f'ccsi:onCluster <{CCSID}cluster/{key}> ; skos:prefLabel "Renamed {n}"@en ;', "forty",
        )
        for n, key in enumerate(renamed)
    )  # fmt: skip
    file = write(tmp_path, "forty", *((o, d, OTHER[before[o, d][0]]) for o, d in named), more=more)
    sources = [esco_data / "esco-1.2.0-csv"]
    nace = esco_data / "esco-1.2.1-csv-partial" / "occupationNaceCodes_v1.2.1.csv"
    decided = load(LoadRequest(sources, tmp_path / "data", nace=nace, panels=(file,)))
    assert decided.manifest["contentHash"] != full.manifest["contentHash"]
    after = scope(decided)
    assert {pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)} == set(named)
    assert all(after[pair][0] == OTHER[before[pair][0]] for pair in named)
    names = Catalogue(decided, EmbeddedStore(decided.store)).analysis.clusters
    told = {c.id for c in names.values() if c.labels.get("en", "").startswith("Renamed ")}
    # A decision on the scope may leave a sector without a cluster; what is there has the panel's name, and no other has.
    assert told <= set(renamed)
    assert len(told) >= 15
    undone = load(LoadRequest(sources, tmp_path / "data", nace=nace))
    assert undone.manifest["contentHash"] == full.manifest["contentHash"]
