"""Areas, blocks, functions and transversal skills, as the API tells them."""

from __future__ import annotations

import csv
import io

import pyoxigraph as ox
import pytest

from app.catalogue.catalogue import Catalogue
from app.reports.clusters import COLUMNS, tally, total, write_sheet
from app.store.embedded import EmbeddedStore
from releases.errors import SourceError
from releases.release import Release
from tests.api.conftest import InProcess
from tests.skills.test_skills_api import triples


def test_areas_are_filled_lent_or_missing(starter_api: InProcess) -> None:
    answer = starter_api.get("/api/v1/domains/heritage/areas").json()
    areas = {a["id"]: a for a in answer["items"]}
    assert answer["total"] == len(areas) == 20
    conservation = areas["conservation-restoration"]
    assert conservation["preferredLabel"] == {"en": "Conservation and restoration"}
    assert conservation["charterFunctions"] == ["preservation"]
    assert conservation["state"] == "filled"
    assert conservation["size"] == len(conservation["skills"]) > 0
    assert conservation["cluster"]["id"] == "heritage/conservation-restoration"
    assert (areas["world-heritage"]["state"], areas["world-heritage"]["size"]) == ("gap", 0)
    served = {f for a in areas.values() for f in a["charterFunctions"]}
    assert served == {"recognition", "preservation", "engagement", "research-education", "management", "governance"}
    sizes = [a["size"] for a in answer["items"]]
    assert sizes == sorted(sizes, reverse=True)
    every = starter_api.get("/api/v1/domains/heritage/areas?language=*").json()["items"]
    assert {a["id"]: a["preferredLabel"] for a in every}["conservation-restoration"] == {
        "de": "Konservierung und Restaurierung", "en": "Conservation and restoration", "es": "Conservación y restauración",
        "fr": "Conservation et restauration",
    }  # fmt: skip


def test_a_cluster_has_the_name_of_its_area_in_every_language(starter_api: InProcess) -> None:
    found = starter_api.get("/api/v1/domains/heritage/clusters?level=broad&language=*").json()["items"]
    assert found
    for item in found:
        assert item["preferredLabel"] == item["area"]["preferredLabel"]
        assert set(item["preferredLabel"]) == {"en", "es", "fr", "de"}
        assert item["subtitle"].count(" · ") == len(item["tellingSkill"]) - 1


def test_fine_clusters_are_those_that_hold_every_skill(starter_api: InProcess) -> None:
    def skills(level: str) -> list[str]:
        found = starter_api.get(f"/api/v1/domains/heritage/clusters?level={level}&limit=500").json()["items"]
        whole = [starter_api.get(f"/api/v1/clusters/{c['id']}").json() for c in found]
        return sorted(m["skill"]["uri"] for c in whole for m in c["members"] if m["primary"])

    assert skills("broad") == skills("fine")


def test_skills_of_an_area(starter_api: InProcess) -> None:
    found = starter_api.get("/api/v1/domains/heritage/skills?area=conservation-restoration").json()
    assert found["total"] > 0
    assert {i["area"]["id"] for i in found["items"]} == {"conservation-restoration"}
    assert starter_api.get("/api/v1/domains/heritage/skills?area=nonsense").status_code == 422
    singles = starter_api.get("/api/v1/domains/heritage/skills?class=single").json()
    assert singles["total"] > 0
    assert {i["support"] for i in singles["items"]} == {1}


def test_blocks_stand_beside_the_map(starter_api: InProcess) -> None:
    answer = starter_api.get("/api/v1/domains/design/blocks").json()
    on_map = {
        m["skill"]["uri"]
        for c in starter_api.get("/api/v1/domains/design/clusters?level=broad&limit=500").json()["items"]
        for m in starter_api.get(f"/api/v1/clusters/{c['id']}").json()["members"]
    }
    assert answer["items"]
    for block in answer["items"]:
        inside = {s["uri"] for s in block["skills"]}
        assert len(inside) == block["used"] <= block["size"]
        assert not inside & on_map
        assert block["familyKind"] != "tools" or block["conceptAbove"]["uri"] not in inside


def test_every_occupation_has_a_level_on_every_function(starter_api: InProcess) -> None:
    answer = starter_api.get("/api/v1/domains/heritage/functions?limit=200").json()
    found = {i["preferredLabel"]["en"]: i for i in answer["items"]}
    conservator = found["conservator"]
    assert conservator["charterFunctions"]["preservation"]["level"] == "main"
    assert len(conservator["charterFunctions"]) == len(conservator["functions"]) == 6
    levels = {f["level"] for i in found.values() for f in i["charterFunctions"].values()}
    assert levels == {"main", "some", "none"}
    for i in found.values():
        for f in i["charterFunctions"].values():
            assert f["level"] != "some" or f["share"] >= 0.1
    games = starter_api.get("/api/v1/domains/gaming/functions").json()["items"]
    assert {i["charterFunctions"] is None for i in games} == {True}


def test_transversal_skills_with_no_user_are_told(starter_api: InProcess) -> None:
    answer = starter_api.get("/api/v1/domains/heritage/transversal/skills").json()
    collection = [i for i in answer["items"] if i["collection"]]
    unused = [i for i in collection if i["support"] == 0]
    assert unused
    assert all(i["few"] and i["occupationCount"] == answer["unit"]["occupationCount"] for i in unused)
    for i in answer["items"]:
        if i["ratio"] is not None:
            assert i["ratioLow"] <= i["ratio"] <= i["ratioHigh"]


def test_domains_side_by_side(starter_api: InProcess) -> None:
    answer = starter_api.get("/api/v1/domains/transversal?ids=heritage,gaming").json()
    alone = starter_api.get("/api/v1/domains/heritage/transversal").json()
    mine = {f["aspect"]: f for f in alone["items"]}
    assert {u["id"] for u in answer["units"]} == {"heritage", "gaming"}
    for item in answer["items"]:
        assert item["in"]["heritage"] == mine[item["aspect"]]
    assert starter_api.get("/api/v1/domains/transversal?ids=").status_code in (200, 422)
    assert starter_api.get("/api/v1/domains/transversal?ids=nowhere").status_code == 404


@pytest.mark.parametrize("path", ["domains/heritage/areas", "domains/design/blocks", "domains/heritage/functions"])
def test_turtle_and_csv(path: str, starter_api: InProcess) -> None:
    rows = list(csv.reader(io.StringIO(starter_api.get(f"/api/v1/{path}?format=csv").text)))
    assert len(rows) > 3
    assert {len(r) for r in rows} == {len(rows[0])}
    assert triples(starter_api.get(f"/api/v1/{path}?format=turtle").content, ox.RdfFormat.TURTLE)


def test_historical_places_hold_somebody(starter_api: InProcess) -> None:
    members = starter_api.get("/api/v1/domains/historical-places/occupations?limit=100").json()["items"]
    named = {m["preferredLabel"]["en"]: m for m in members}
    assert "conservator" in named
    assert "historical-places" in named["conservator"]["furtherSubDomains"]
    assert named["conservator"]["subDomain"] == "conservation"


def test_a_sheet_is_judged_and_counted(starter: Release) -> None:
    catalogue = Catalogue(starter, EmbeddedStore(starter.store))
    out = io.StringIO()
    assert write_sheet(catalogue, "heritage", out) > 10
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    heads = [r for r in rows if r["name"]]
    members = [r for r in rows if r["skill"]]
    for n, row in enumerate(heads):
        row["name accepted"], row["coherent"] = ("no" if n == 0 else "yes"), "yes"
    for n, row in enumerate(members):
        row["belongs"] = "no" if n < 2 else "yes"
    filled = io.StringIO()
    writer = csv.DictWriter(filled, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    found = tally([io.StringIO(filled.getvalue())])["heritage"]
    assert (found.named, found.names, found.clusters, found.coherent) == (
        len(heads),
        len(heads) - 1,
        len(heads),
        len(heads),
    )
    assert (found.skills, found.strangers) == (len(members), 2)
    assert total([found, found]).strangers == 4
    with pytest.raises(SourceError, match="neither yes nor no"):
        tally([io.StringIO(filled.getvalue().replace("yes", "maybe"))])
    with pytest.raises(SourceError, match="no column"):
        tally([io.StringIO("domain,name\n")])
