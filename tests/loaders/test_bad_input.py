"""Input that cannot be used: exit code 3, a message that names the place and a remedy, and what is served untouched."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.input.csv_bundle import REQUIRED
from releases.release import Releases
from tests.command import FIXTURES, Command, run
from tests.loaders.refusal import BUNDLE, page, refused

pytestmark = pytest.mark.usefixtures("untouched")

# --- CSV -----------------------------------------------------------------------------------------------------------

Edit = Callable[[str], str]


def bundle(tmp_path: Path, table: str, edit: Edit) -> Path:
    """The bundle with one table edited; returns that table's path."""
    folder = tmp_path / "csv-v1.2.0"
    shutil.copytree(BUNDLE, folder)
    file = folder / f"{table}_en.csv"
    file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8")
    return file


def replace(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


@pytest.mark.parametrize(
    ("table", "edit", "parts"),
    [
        ("skills", replace("skillType", "type"), ["line 1", "column skillType is missing"]),
        ("occupations", replace("conceptUri", "uri"), ["line 1", "column conceptUri is missing"]),
        ("occupations", replace(",", ";"), ["line 1", "is missing"]),
        ("occupationSkillRelations", replace("relationType", "relation"), ["line 1", "column relationType is missing"]),
        ("broaderRelationsOccPillar", replace("broaderUri", "parent"), ["line 1", "column broaderUri is missing"]),
        ("occupationSkillRelations", lambda t: t[: t.rindex(",")], ["line 26", "3 cells where the header has 4"]),
        ("skills", lambda t: t[: t.rindex('"')], ["line "]),
        ("occupations", replace("http://data.europa.eu/esco/occupation/1", "occupation/1"), ["line 2", "is not an IRI"]),
        ("occupations", replace("esco/occupation/1", "esco/occup ation/1"), ["line 2", "is not an IRI"]),
        ("skillSkillRelations", replace("http://data.europa.eu/esco/skill/", ""), ["line 2", "is not an IRI"]),
        ("occupationSkillRelations", replace("essential", "vital"), ["relation type 'vital'", "line "]),
        ("ISCOGroups", lambda _: "", ["the file is empty"]),
        ("conceptSchemes", replace("http://data.europa.eu/esco/isco/C2", "C2"), ["line 2", "'C2' is not an IRI"]),
    ],
)  # fmt: skip
def test_faulty_table(table: str, edit: Edit, parts: list[str], ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = bundle(tmp_path, table, edit)
    refused(ccsi("load", file.parent, "--data-dir", data.data_dir), str(file), *parts)


def test_bad_scheme_cell(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = bundle(tmp_path, "occupations", replace("concept-scheme/member", "concept scheme/member"))
    refused(ccsi("load", file.parent, "--data-dir", data.data_dir), str(file), "line 2", "is not an IRI")


def test_not_utf_8_table(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = bundle(tmp_path, "occupations", str)
    file.with_name("occupations_fr.csv").write_bytes(
        (BUNDLE / "occupations_fr.csv").read_text(encoding="utf-8").encode("cp1252", "replace")
    )
    refused(ccsi("load", file.parent, "--data-dir", data.data_dir), "occupations_fr.csv", "not UTF-8")


def test_nul_bytes(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = bundle(tmp_path, "occupations", lambda t: t + "\0" * 64)
    refused(ccsi("load", file.parent, "--data-dir", data.data_dir), str(file), "line ")


@pytest.mark.parametrize("table", REQUIRED)
def test_missing_table_is_named(table: str, ccsi: Command, data: Releases, tmp_path: Path) -> None:
    folder = tmp_path / "csv-v1.2.0"
    shutil.copytree(BUNDLE, folder)
    for file in folder.glob(f"{table}_*.csv"):
        file.unlink()
    refused(ccsi("load", folder, "--data-dir", data.data_dir), str(folder), f"{table}_<language>.csv missing")


def english(tmp_path: Path, table: str, edit: Edit) -> Path:
    """The English part of the bundle with one table edited; returns that table's path."""
    file = bundle(tmp_path, table, edit)
    for other in file.parent.glob("*_fr.csv"):
        other.unlink()
    return file


def test_mixed_versions_with_other_concepts(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = english(tmp_path, "occupations", lambda t: t.replace("/occupation/e3b08984", "/occupation/e3b08985"))
    ended = ccsi("load", file.parent, "--data-dir", data.data_dir)
    refused(ended, "point outside the data", "different ESCO versions")


def test_mixed_versions_with_another_place_in_isco(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = english(tmp_path, "occupations", replace(",7512,", ",7511,"))
    ended = ccsi("load", file.parent, "--data-dir", data.data_dir)
    refused(ended, f"{file}, line ", "ISCO group 7511", "different ESCO versions")


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (replace("2024-01-25T14:31:39.265Z", "2025-12-15T12:48:20.257Z"), "disagree on the modifiedDate of "),
        (lambda t: t.replace("/occupation/e3b08984", "/occupation/e3b08985"), "disagree on whether there is "),
    ],
)
def test_mixed_versions_of_two_languages(edit: Edit, part: str, ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = bundle(tmp_path, "occupations", edit)
    ended = ccsi("load", file.parent, "--data-dir", data.data_dir)
    refused(ended, str(file), "occupations_fr.csv", part, "different ESCO versions")


def test_folders_of_two_versions(ccsi: Command, data: Releases) -> None:
    ended = ccsi("load", BUNDLE, FIXTURES / "csv-v1.2.1", "--data-dir", data.data_dir)
    refused(ended, "given twice", "csv-v1.2.0", "csv-v1.2.1")


def test_tables_named_for_two_versions(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    (tmp_path / "v1.2.0").mkdir()
    (tmp_path / "v1.2.1").mkdir()
    for file in BUNDLE.iterdir():
        shutil.copy(file, tmp_path / ("v1.2.1" if file.name.startswith("occupations") else "v1.2.0"))
    ended = ccsi("load", tmp_path / "v1.2.0", tmp_path / "v1.2.1", "--data-dir", data.data_dir)
    refused(ended, "several ESCO versions: 1.2.0, 1.2.1")


@pytest.mark.full
def test_a_table_of_the_next_version_in_the_official_bundle(
    esco_data: Path, ccsi: Command, data: Releases, tmp_path: Path
) -> None:
    folder = tmp_path / "esco-1.2.0"
    folder.mkdir()
    for file in (esco_data / "esco-1.2.0-csv").iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "occupations_en.csv").unlink()
    (folder / "occupations_en.csv").symlink_to(esco_data / "esco-1.2.1-csv-partial" / "occupations_en.csv")
    ended = ccsi("load", folder, "--data-dir", data.data_dir)
    refused(ended, "occupations_en.csv", "modifiedDate", "different ESCO versions")
    for file in folder.glob("*_[ef][sr].csv"):  # English alone
        file.unlink()
    ended = ccsi("load", folder, "--data-dir", data.data_dir)
    refused(ended, "occupations_en.csv, line ", "ISCO group", "different ESCO versions")


# --- paths and options ---------------------------------------------------------------------------------------------


def test_no_such_path(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = tmp_path / "nowhere.ttl"
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "no such file")


def test_address_in_place_of_a_path(ccsi: Command, data: Releases) -> None:
    ended = ccsi("load", "https://example.org/esco-v1.2.0.ttl", "--data-dir", data.data_dir)
    refused(ended, "example.org/esco-v1.2.0.ttl: no such file")
    assert "remedy: Download the file first" in ended.err


def test_pipe(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    pipe = tmp_path / "esco-v1.2.0.ttl"
    os.mkfifo(pipe)
    refused(ccsi("load", pipe, "--data-dir", data.data_dir), f"{pipe}: is a pipe")
    refused(ccsi("load", BUNDLE, "--nace", pipe, "--data-dir", data.data_dir), f"{pipe}: is a pipe")


@pytest.mark.parametrize("name", ["esco-v1.2.0.ttl", "esco-v1.2.0.nt"])
def test_empty_file(name: str, ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = tmp_path / name
    file.touch()
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "holds no statement")


def test_empty_archive(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = tmp_path / "esco.nt.gz"
    file.write_bytes(gzip.compress(b""))
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "holds no statement")


def test_empty_folder(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    refused(ccsi("load", tmp_path, "--data-dir", data.data_dir), str(tmp_path), "no ESCO file found")


def test_other_files(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    for name in ("readme.txt", "esco.xlsx"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    refused(ccsi("load", tmp_path, "--data-dir", data.data_dir), "no ESCO file found", "esco.xlsx, readme.txt")


def test_rdf_and_csv_together(ccsi: Command, data: Releases) -> None:
    ended = ccsi("load", FIXTURES / "dump.ttl", BUNDLE, "--data-dir", data.data_dir)
    refused(ended, "both RDF files and CSV tables")


@pytest.mark.parametrize("version", ["latest", "2", "1.2.0.0", "1.2.0 ", "v"])
def test_bad_version(version: str, ccsi: Command, data: Releases) -> None:
    ended = ccsi("load", BUNDLE, "--esco-version", version, "--data-dir", data.data_dir)
    refused(ended, f"'{version}' is not an ESCO version")


def test_bad_nace_file(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = tmp_path / "nace.csv"
    file.write_text("occupation,code\n", encoding="utf-8")
    refused(ccsi("load", BUNDLE, "--nace", file, "--data-dir", data.data_dir), str(file), "naceCodeUri")
    gone = tmp_path / "gone.csv"
    refused(ccsi("load", BUNDLE, "--nace", gone, "--data-dir", data.data_dir), str(gone))


def test_bad_curation(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = page(tmp_path / "curation.ttl")
    refused(ccsi("load", BUNDLE, "--curation", file, "--data-dir", data.data_dir), str(file), "line 1")
    gone = tmp_path / "gone.ttl"
    refused(ccsi("load", BUNDLE, "--curation", gone, "--data-dir", data.data_dir), str(gone))


ENTRY = """@prefix ccsi: <https://w3id.org/ccsi/ns#> . @prefix id: <https://w3id.org/ccsi/id/> .
<http://example.org/entry> a ccsi:CurationEntry ; ccsi:checkedAgainst "1.2.0" ; ccsi:reason "for a test" ;
    ccsi:occupation <http://data.europa.eu/esco/occupation/e3b08984-19fe-4d51-a1b0-990676fc7234> ;
    ccsi:domain <https://w3id.org/ccsi/id/domain/heritage> ; ccsi:degree <https://w3id.org/ccsi/id/degree/core> .
"""


@pytest.mark.parametrize(
    ("edit", "code", "parts"),
    [
        (replace("degree/core", "degree/perhaps"), 3, ["http://example.org/entry", "degree 'perhaps'"]),
        (replace('ccsi:reason "for a test" ;', ""), 4, ["failed its checks", "exactly one reason"]),
        (replace("domain/heritage", "domain/cooking"), 4, ["failed its checks", "SHACL"]),
    ],
)
def test_faulty_curation_is_not_published(
    edit: Edit, code: int, parts: list[str], ccsi: Command, data: Releases, tmp_path: Path
) -> None:
    file = tmp_path / "curation.ttl"
    file.write_text(edit(ENTRY), encoding="utf-8")
    ended = ccsi("load", BUNDLE, "--partial", "--curation", file, "--data-dir", data.data_dir)
    refused(ended, *parts, code=code)


# --- permissions ---------------------------------------------------------------------------------------------------


@pytest.fixture
def bound() -> tuple[str, ...]:
    """What to put before a command so that file permissions bind it, also where the tests run as root."""
    if os.geteuid():
        return ()
    prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
    if not shutil.which("setpriv") or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("the tests run as root and setpriv cannot take that right away")
    return prefix


def test_unreadable_file(bound: tuple[str, ...], data: Releases, tmp_path: Path) -> None:
    file = tmp_path / "esco-v1.1.2.ttl"
    shutil.copy(FIXTURES / "dump.ttl", file)
    file.chmod(0)
    refused(run("load", file, "--data-dir", data.data_dir, prefix=bound), str(file), "cannot be read")


def test_unreadable_folder(bound: tuple[str, ...], data: Releases, tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    folder.mkdir(mode=0)
    refused(run("load", folder, "--data-dir", data.data_dir, prefix=bound), str(folder), "cannot be read")


def test_data_folder_that_cannot_be_written(bound: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    ended = run("load", BUNDLE, "--data-dir", folder / "data", prefix=bound)
    refused(ended, str(folder), "permission denied", code=1)
