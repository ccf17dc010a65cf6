"""The stage of a load that writes the index: what is in it, that it is sealed, and what a damaged one does."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pyoxigraph as ox
import pytest

from analysis.search.section import FEMALE, MALE, PREFERRED
from loaders.build import load
from loaders.derive.search import forms_of, kinds_of, labels_of, read_index, read_sections, write_index
from loaders.request import LoadRequest
from queries import select
from releases.errors import ReleaseError
from releases.release import Release, Releases


def test_every_label_of_the_release_is_in_it_with_its_role(starter: Release) -> None:
    sections = read_index(starter)
    counts = starter.manifest["languages"]
    for language, kinds in counts.items():
        own = [s for (kind, tag), s in sections.items() if tag == language and kind != "ccsi"]
        preferred = sum(int((s.roles & 3 == PREFERRED).sum()) for s in own)
        assert preferred > 0
        assert preferred <= kinds["prefLabel"]
    assert {kind for kind, _ in sections} == {"occupation", "skill", "group", "ccsi"}
    assert sections["occupation", "en"].size == starter.manifest["counts"]["occupations"]
    assert sections["skill", "en"].size == starter.manifest["counts"]["skills"]


def test_it_is_the_same_when_built_again(starter: Release, tmp_path: Path) -> None:
    store = ox.Store.read_only(str(starter.store))
    write_index(partial(select, store), starter.manifest["languages"], tmp_path / "again")
    for path in (tmp_path / "again").iterdir():
        assert path.read_bytes() == (starter.search / path.name).read_bytes(), path.name


def test_gendered_forms_keep_their_role(fixtures: Path, tmp_path: Path) -> None:
    release = load(LoadRequest([fixtures / "dump.ttl"], tmp_path / "data", esco_version="1.2.0", partial=True))
    store = ox.Store.read_only(str(release.store))
    ask = partial(select, store)
    labels, _ = labels_of(ask, "en", kinds_of(ask), forms_of(ask))
    roles = {label.text: label.role for label in labels["occupation"]}
    assert roles["keeper of records"] & FEMALE
    assert roles["keeper of records"] & MALE


@pytest.fixture
def copied(starter_dir: Path, tmp_path: Path) -> Release:
    shutil.copytree(starter_dir, tmp_path / "data", symlinks=True)
    release = Releases(tmp_path / "data").current()
    assert release is not None
    return release


def test_the_manifest_seals_it(copied: Release) -> None:
    releases = Releases(copied.path.parent.parent)
    assert releases.verify(copied) == []
    path = copied.search / "skill.en.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert releases.verify(copied) == ["skill.en.bin has changed"]
    path.unlink()
    (copied.search / "more.en.bin").write_bytes(b"")
    assert releases.verify(copied) == ["more.en.bin does not belong to the release", "skill.en.bin is missing"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"[]\n",
        b'{"words": ["|O8", 1]}\n',
        b"\xff\xfe",
        json.dumps({"words": ["<i4", 10**9]}).encode() + b"\n",
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "skill.en.bin").write_bytes(content)
    with pytest.raises(ReleaseError, match=r"not a part of a search index"):
        read_sections(tmp_path)


def test_arrays_beyond_the_file_are_refused(starter: Release, tmp_path: Path) -> None:
    whole = (starter.search / "ccsi.en.bin").read_bytes()
    (tmp_path / "ccsi.en.bin").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ReleaseError):
        read_sections(tmp_path)
