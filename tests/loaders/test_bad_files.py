"""RDF files and archives that cannot be used: exit code 3, the place, a remedy, and what is served untouched."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from releases.release import Releases
from tests.command import FIXTURES, Command
from tests.loaders.refusal import BUNDLE, page, refused
from tests.loaders.shapes_of_esco import packed, zipped

pytestmark = pytest.mark.usefixtures("untouched")

# --- RDF -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["esco-v1.2.0.ttl", "esco-v1.2.0.nt"])
def test_not_rdf(name: str, ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = page(tmp_path / name)
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "line ", "not valid")


def test_another_xml(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    """A page is well-formed to its end or not; that its elements are none of RDF the parser says without a line."""
    file = page(tmp_path / "esco-v1.2.0.rdf")
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "not valid RDF/XML", "namespaces")


def test_fault_in_the_middle_of_a_file_names_the_line(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    lines = (FIXTURES / "dump.ttl").read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines, 1) if line.startswith("isco:C262 "))
    lines[at - 1] = lines[at - 1].replace("isco:C262 a", 'isco:C262 "a')
    file = tmp_path / "esco.ttl"
    file.write_text("".join(lines), encoding="utf-8")
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), f"line {at}:", "not valid Turtle")


def test_file_cut_in_the_middle(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    raw = (FIXTURES / "dump.ttl").read_bytes()
    file = tmp_path / "esco.ttl"
    file.write_bytes(raw[: len(raw) // 2])
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "line ", "not valid Turtle")


def test_rdf_that_is_not_esco(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = tmp_path / "other-1.2.0.nt"
    file.write_text("<http://example.org/a> <http://example.org/b> <http://example.org/c> .\n", encoding="utf-8")
    refused(ccsi("load", file, "--data-dir", data.data_dir), "no released ESCO occupation")


def test_fault_inside_a_zip_names_the_inner_file(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = zipped(page(tmp_path / "esco-v1.2.0.ttl"), tmp_path / "esco.zip", "inside/")
    refused(ccsi("load", file, "--data-dir", data.data_dir), f"{file}!inside/esco-v1.2.0.ttl", "line ")


def test_not_utf_8_turtle(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = tmp_path / "esco-v1.2.0.ttl"
    file.write_bytes('<http://example.org/a> <http://example.org/b> "é" .\n'.encode("latin-1"))
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file))


# --- archives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_truncated_zip(kept: float, ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = zipped(BUNDLE, tmp_path / "esco-v1.2.0.zip")
    raw = file.read_bytes()
    file.write_bytes(raw[: round(len(raw) * kept)])
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "not a sound zip archive")


def test_zip_with_a_damaged_entry(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = zipped(FIXTURES / "dump.ttl", tmp_path / "esco-v1.1.2.zip")
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 3] ^= 0xFF
    file.write_bytes(raw)
    ended = ccsi("load", file, "--data-dir", data.data_dir)
    refused(ended, f"{file}!dump.ttl")


@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_truncated_gz(kept: float, ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = packed(FIXTURES / "dump.ttl", tmp_path / "esco-v1.1.2.ttl.gz")
    raw = file.read_bytes()
    file.write_bytes(raw[: round(len(raw) * kept)])
    ended = ccsi("load", file, "--data-dir", data.data_dir, "--partial")
    refused(ended, str(file), "damaged or cut short")


def test_gz_that_is_none(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = page(tmp_path / "esco-v1.2.0.ttl.gz")
    refused(ccsi("load", file, "--data-dir", data.data_dir), str(file), "damaged or cut short")


def test_zip_bomb(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = tmp_path / "esco-v1.2.0.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("esco.nt", b" " * 50_000_000)
    refused(ccsi("load", file, "--data-dir", data.data_dir), f"{file}!esco.nt", "times its size")


def test_encrypted_zip(ccsi: Command, data: Releases, tmp_path: Path) -> None:
    file = zipped(FIXTURES / "dump.ttl", tmp_path / "esco-v1.1.2.zip")
    raw = bytearray(file.read_bytes())
    raw[6] |= 1  # the flag of the entry and the one of the directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(raw)
    refused(ccsi("load", file, "--data-dir", data.data_dir), f"{file}!dump.ttl")
