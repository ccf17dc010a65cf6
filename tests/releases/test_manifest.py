"""A release's manifest is read as what it is, or refused with the place that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from releases.errors import ReleaseError
from releases.manifest import public, read_manifest
from releases.release import Release, Releases


def _written(release: Release, folder: Path, **changes: Any) -> Path:
    """The manifest of a release, changed, in a folder of its own."""
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({**release.manifest, **changes}), encoding="utf-8")
    return folder


def test_what_a_load_wrote_is_read_back(starter: Release) -> None:
    assert read_manifest(starter.path) == starter.manifest


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"contentHash": None}, "contentHash"),
        ({"quads": "many"}, "quads"),
        ({"counts": {"occupations": "116"}}, "counts.occupations"),
        ({"parameters": []}, "parameters"),
        ({"inputs": [{"name": "a.csv"}]}, "inputs.0.bytes"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(
    starter: Release, tmp_path: Path, changes: dict[str, Any], place: str
) -> None:
    folder = _written(starter, tmp_path / "made", **changes)
    with pytest.raises(ReleaseError, match=place) as refused:
        read_manifest(folder)
    assert str(folder) in str(refused.value)


@pytest.mark.parametrize("text", ["[]", "null", "{", '{"format": 2}', "\ud800"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(ReleaseError):
        read_manifest(tmp_path)


def test_a_release_with_a_damaged_manifest_does_not_hide_the_others(starter: Release, tmp_path: Path) -> None:
    _written(starter, tmp_path / "releases" / "sound")
    _written(starter, tmp_path / "releases" / "damaged", createdAt=7)
    assert [r.id for r in Releases(tmp_path).all()] == ["sound"]


def test_the_public_reads_everything_but_checksums(starter: Release) -> None:
    assert starter.manifest.keys() - public(starter.manifest).keys() == {"files", "searchFiles", "format"}
