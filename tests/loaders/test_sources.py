"""Whatever container and notation ESCO comes in, the same statements come out; the version is found or asked for."""

from __future__ import annotations

import csv
import gzip
import shutil
import zipfile
from pathlib import Path

import pyoxigraph as ox
import pytest

from loaders.build import load
from loaders.input.csv_bundle import CsvBundle
from loaders.input.sources import discover
from loaders.request import LoadRequest
from releases.errors import SourceError, VersionUnknown
from tests.loaders.shapes_of_esco import convert, normalised, packed, quads, zipped

OCCUPATION = "http://data.europa.eu/esco/occupation/"
ARCHIVIST = OCCUPATION + "e3b08984-19fe-4d51-a1b0-990676fc7234"
GRAPH = "https://w3id.org/ccsi/id/graph/"


def about(lines: set[str], subject: str, predicate: str) -> set[str]:
    return {
        x.split(" ", 2)[2]
        for x in lines
        if x.startswith(f"<{subject}> <") and x.split(" ", 2)[1].endswith(predicate + ">")
    }


# --- RDF ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def turtle_quads(fixtures: Path) -> set[str]:
    found = quads(fixtures / "dump.ttl")
    assert len(found) > 60
    return found


@pytest.mark.parametrize(
    ("suffix", "to"), [("nt", ox.RdfFormat.N_TRIPLES), ("rdf", ox.RdfFormat.RDF_XML), ("xml", ox.RdfFormat.RDF_XML)]
)
@pytest.mark.parametrize("container", ["plain", "gz", "zip", "zip with a folder"])
def test_notation_and_container_change_nothing(
    suffix: str, to: ox.RdfFormat, container: str, fixtures: Path, tmp_path: Path, turtle_quads: set[str]
) -> None:
    file = convert(fixtures / "dump.ttl", tmp_path / f"esco.{suffix}", to)
    if container == "gz":
        file = packed(file, tmp_path / f"esco.{suffix}.gz")
    elif container.startswith("zip"):
        file = zipped(file, tmp_path / "esco.zip", "ESCO dataset/" if "folder" in container else "")
    assert quads(file) == turtle_quads


def test_turtle_in_containers(fixtures: Path, tmp_path: Path, turtle_quads: set[str]) -> None:
    assert quads(packed(fixtures / "dump.ttl", tmp_path / "a.ttl.gz")) == turtle_quads
    assert quads(zipped(fixtures / "dump.ttl", tmp_path / "b.zip")) == turtle_quads


def test_byte_order_mark_before_rdf(fixtures: Path, tmp_path: Path, turtle_quads: set[str]) -> None:
    plain = convert(fixtures / "dump.ttl", tmp_path / "plain.nt", ox.RdfFormat.N_TRIPLES)
    for file in (fixtures / "dump.ttl", plain):
        marked = tmp_path / f"marked{file.suffix}"
        marked.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
        assert quads(marked) == turtle_quads
        assert quads(packed(marked, tmp_path / f"{marked.name}.gz")) == turtle_quads


def test_several_files_are_one_input(fixtures: Path, tmp_path: Path, turtle_quads: set[str]) -> None:
    lines = (
        convert(fixtures / "dump.ttl", tmp_path / "all.nt", ox.RdfFormat.N_TRIPLES).read_text("utf-8").splitlines(True)
    )
    one, two = tmp_path / "one.nt", tmp_path / "two.nt"
    one.write_text("".join(lines[::2]), encoding="utf-8")
    two.write_text("".join(lines[1::2]), encoding="utf-8")
    assert quads(one, two) == turtle_quads


def test_blank_nodes_become_numbered_iris(tmp_path: Path) -> None:
    file = tmp_path / "esco.ttl"
    file.write_text("<http://data.europa.eu/esco/occupation/a> <http://example.org/p> [ <http://example.org/q> 1 ] .\n")
    found = quads(file)
    assert found == quads(file)
    assert sum("<https://w3id.org/ccsi/id/genid/esco.ttl/1>" in line for line in found) == 2
    assert not any("_:" in line for line in found)


# --- CSV ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def csv_quads(fixtures: Path) -> set[str]:
    return quads(fixtures / "csv-v1.2.0")


def test_folder_and_zip_are_the_same(fixtures: Path, tmp_path: Path, csv_quads: set[str]) -> None:
    folder = fixtures / "csv-v1.2.0"
    assert quads(zipped(folder, tmp_path / "flat.zip")) == csv_quads
    nested = zipped(folder, tmp_path / "nested.zip", "ESCO dataset - v1.2.0 - classification -  - csv/")
    assert quads(nested) == csv_quads


def test_byte_order_mark_and_line_ends_change_nothing(fixtures: Path, tmp_path: Path, csv_quads: set[str]) -> None:
    folder = tmp_path / "csv"
    shutil.copytree(fixtures / "csv-v1.2.0", folder)
    for file in folder.iterdir():
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        with file.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream, lineterminator="\r\n").writerows(rows)
        assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert quads(folder) == csv_quads
    for file in folder.iterdir():  # inside cells as well
        file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert quads(folder) == csv_quads


def test_endings_in_capitals(fixtures: Path, tmp_path: Path, csv_quads: set[str], turtle_quads: set[str]) -> None:
    folder = tmp_path / "CSV"
    folder.mkdir()
    for file in (fixtures / "csv-v1.2.0").iterdir():
        shutil.copy(file, folder / f"{file.stem}.CSV")
    assert quads(folder) == csv_quads
    assert quads(zipped(folder, tmp_path / "ESCO.ZIP")) == csv_quads
    assert quads(packed(fixtures / "dump.ttl", tmp_path / "ESCO.TTL.GZ")) == turtle_quads


def test_folder_in_a_folder_and_a_link(fixtures: Path, tmp_path: Path, csv_quads: set[str]) -> None:
    shutil.copytree(fixtures / "csv-v1.2.0", tmp_path / "ESCO ünpacked" / "csv-v1.2.0")
    (tmp_path / "ESCO ünpacked" / "again").symlink_to(tmp_path / "ESCO ünpacked")
    assert quads(tmp_path / "ESCO ünpacked") == csv_quads
    (tmp_path / "link").symlink_to(fixtures / "csv-v1.2.0")
    assert quads(tmp_path / "link") == csv_quads


def test_packed_tables_in_a_zip_and_names_that_climb(fixtures: Path, tmp_path: Path, csv_quads: set[str]) -> None:
    with zipfile.ZipFile(tmp_path / "esco.zip", "w") as archive:
        for file in (fixtures / "csv-v1.2.0").iterdir():
            archive.writestr(f"../../climbed/{file.name}.gz", gzip.compress(file.read_bytes()))
    assert quads(tmp_path / "esco.zip") == csv_quads
    assert not list(tmp_path.parent.rglob("climbed"))  # nothing is ever unpacked to disk


def test_cells_over_several_lines(csv_quads: set[str]) -> None:
    baker = OCCUPATION + "1aadb308-432a-4d01-b54b-b4f7f76dd419"
    english = {x for x in about(csv_quads, baker, "altLabel") if "@en " in x}
    assert english == {
        f'"bakery specialist"@en <{GRAPH}labels/en> .\n',
        f'"bakery employee"@en <{GRAPH}labels/en> .\n',
    }
    (description,) = (x for x in about(csv_quads, baker, "description") if "@en " in x)
    assert description.startswith(r'"Baker: described for this test, \"in quotes\",\nand on a second line."@en')


def test_every_language_has_its_graph(csv_quads: set[str]) -> None:
    names = about(csv_quads, ARCHIVIST, "prefLabel")
    assert {x.rpartition("@")[2] for x in names} == {f"en <{GRAPH}labels/en> .\n", f"fr <{GRAPH}labels/fr> .\n"}
    assert {x.rpartition("<")[2] for x in csv_quads} == {f"{GRAPH}{g}> .\n" for g in ("esco", "labels/en", "labels/fr")}


def test_facts_have_the_shape_of_the_dump(csv_quads: set[str]) -> None:
    core = f" <{GRAPH}esco> .\n"
    assert about(csv_quads, ARCHIVIST, "notation") == {f'"2621.1"{core}'}
    assert about(csv_quads, ARCHIVIST, "status") == {f'"released"{core}'}
    assert len(about(csv_quads, ARCHIVIST, "relatedEssentialSkill")) == 3
    assert len(about(csv_quads, ARCHIVIST, "relatedOptionalSkill")) == 2
    assert about(csv_quads, ARCHIVIST, "inScheme") == {
        f"<http://data.europa.eu/esco/concept-scheme/{s}>{core}" for s in ("occupations", "member-occupations")
    }
    assert {x.rpartition("/esco/isco/")[2] for x in about(csv_quads, ARCHIVIST, "broaderTransitive")} == {
        f"C{code}>{core}" for code in ("2", "26", "262", "2621")
    }
    skills = {x.split(" ")[0] for x in csv_quads if "skillType>" in x}
    digital = {
        x.split(" ")[0] for x in csv_quads if "inScheme> <http://data.europa.eu/esco/concept-scheme/6c930acd" in x
    }
    assert digital
    assert digital <= skills
    assert about(csv_quads, "http://data.europa.eu/esco/concept-scheme/isco", "hasTopConcept") == {
        f"<http://data.europa.eu/esco/isco/C{n}>{core}" for n in (2, 7)
    }


def test_v1_0_has_no_codes_and_no_language_in_relation_files(fixtures: Path, csv_quads: set[str]) -> None:
    old = quads(fixtures / "csv-v1.0")
    assert about(old, ARCHIVIST, "notation") == set()
    collections = {x for x in csv_quads if "concept-scheme/" in x}
    english = {x for x in csv_quads - collections if "/labels/fr>" not in x and "node-literal" not in x}
    assert {x.split(" ")[1].rpartition("#")[2] for x in english - old} == {"notation>"}
    assert len(english - old) == 5
    assert not {x for x in old - collections if "node-literal" not in x} - english


def test_v1_2_1_brings_nace_codes(fixtures: Path) -> None:
    found = quads(fixtures / "csv-v1.2.1")
    nace = {x.split(" ")[0][-37:-1]: x.split(" ")[2] for x in found if "hasNACECode" in x}
    assert nace["e3b08984-19fe-4d51-a1b0-990676fc7234"] == "<http://data.europa.eu/ux2/nace2.1/911>"
    assert sum("hasNACECode" in x for x in found) == 6  # one occupation has two


def test_v1_0_loads_into_a_release(fixtures: Path, tmp_path: Path) -> None:
    release = load(
        LoadRequest([fixtures / "csv-v1.0"], tmp_path, "1.0", curation=fixtures / "no-curation.ttl", partial=True)
    )
    counts = release.manifest["counts"]
    assert (counts["occupations"], counts["skills"], counts["essential"], counts["optional"]) == (5, 29, 15, 10)
    assert "table conceptSchemes" in release.manifest["missing"]


def test_missing_tables_and_languages_are_reported(fixtures: Path) -> None:
    bundle = CsvBundle(discover([fixtures / "csv-v1.2.0"]))
    bundle.check(partial=False)
    assert "skills in fr" in bundle.missing
    assert not any(m.startswith("table") for m in bundle.missing)


# --- version -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("esco-v1.2.0.ttl", {"1.2.0"}),
        ("ESCO dataset - v1.1.1 - classification - en - csv.zip", {"1.1.1"}),
        ("esco_1.0.9.nt", {"1.0.9"}),
        ("ESCO_V1.2.ttl.gz", {"1.2"}),
        ("esco.ttl", set()),
        ("backup-2024.11.02.ttl", set()),
        ("release-11.2.0.ttl", set()),
    ],
)
def test_version_in_a_file_name(name: str, versions: set[str], fixtures: Path, tmp_path: Path) -> None:
    file = tmp_path / name
    if name.endswith(".zip"):
        zipped(fixtures / "csv-v1.0", file)
    else:
        packed(fixtures / "dump.ttl", file) if name.endswith(".gz") else shutil.copy(fixtures / "dump.ttl", file)
    assert discover([file]).versions == versions


def test_version_of_the_folder_one_stands_in(fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fixtures / "csv-v1.2.1")
    assert discover([Path()]).versions == {"1.2.1"}


def build(fixtures: Path, tmp_path: Path, *paths: Path, version: str = "") -> str:
    request = LoadRequest(
        list(paths), tmp_path / "data", version, curation=fixtures / "no-curation.ttl", partial=True, routes=("isco",)
    )
    return load(request).manifest["escoVersion"]


def test_version_in_the_data_goes_before_the_name(fixtures: Path, tmp_path: Path) -> None:
    file = tmp_path / "esco-v1.0.9.ttl"
    shutil.copy(fixtures / "dump.ttl", file)
    assert build(fixtures, tmp_path, file) == "1.1.2"


def test_version_that_the_user_gives_goes_before_all(fixtures: Path, tmp_path: Path) -> None:
    assert build(fixtures, tmp_path, fixtures / "dump.ttl", version="v1.2.0") == "1.2.0"


def test_version_from_nowhere_is_asked_for(fixtures: Path, tmp_path: Path) -> None:
    text = (fixtures / "dump.ttl").read_text(encoding="utf-8").replace('; owl:versionInfo "v1.1.2"', "")
    file = tmp_path / "esco.ttl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(VersionUnknown) as caught:
        build(fixtures, tmp_path, file)
    assert "--esco-version" in caught.value.remedy
    assert not (tmp_path / "data" / "current").exists()


def test_conflicting_versions_are_refused(fixtures: Path, tmp_path: Path) -> None:
    text = (fixtures / "dump.ttl").read_text(encoding="utf-8").replace('"v1.1.2"', '"v1.1.2" , "v1.2.0"')
    file = tmp_path / "esco.ttl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"1\.1\.2, 1\.2\.0"):
        build(fixtures, tmp_path, file)


# --- the real thing ------------------------------------------------------------------------------------------------


@pytest.mark.full
def test_official_turtle_excerpts(esco_data: Path, fixtures: Path, tmp_path: Path) -> None:
    folder = esco_data / "esco-ttl-excerpts"
    old, new = folder / "esco_v1.0.x_excerpt.ttl", folder / "esco_v1.2.1_ict_english_excerpt.ttl"
    found, normaliser = normalised(old)
    assert normaliser.repairs["label role as string made an IRI"] == 3
    assert normaliser.repairs["typed notation beside or instead of a plain one"] == 1
    assert '"6112" <https://w3id.org/ccsi/id/graph/esco> .\n' in about(
        found, "http://data.europa.eu/esco/isco/C6112", "notation"
    )
    assert {"en", "en-us", "sv", "pl"} <= set(normaliser.languages)
    assert not normaliser.survey.occupations  # the old excerpt shows none
    with pytest.raises(SourceError, match="no released ESCO occupation"):
        build(fixtures, tmp_path, old, version="1.0.9")
    assert build(fixtures, tmp_path, new) == "1.2.1"
