"""The content hash can be computed by others: from the store, and from dumps in every form."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pyoxigraph as ox
import pytest

from releases import content_hash, dumps
from releases.release import Release, Releases
from tests.command import run

XSD = "http://www.w3.org/2001/XMLSchema#"


def test_store_and_manifest_agree(starter: Release) -> None:
    found, _ = content_hash.of_store(ox.Store.read_only(str(starter.store)))
    assert found == starter.manifest["contentHash"]


def test_every_form_of_dump_gives_the_hash_of_the_manifest(mini_dir: Path, tmp_path: Path) -> None:
    mini = Releases(mini_dir).current()
    assert mini is not None
    store, expected = ox.Store.read_only(str(mini.store)), mini.manifest["contentHash"]
    for form in ("nq", "trig"):
        for packed in ("", ".gz"):
            path = tmp_path / f"all.{form}{packed}"
            with path.open("wb") as out:
                dumps.write(store, out, form, packed=bool(packed))
            assert content_hash.of_dump([path])[0] == expected, path.name
    ended = run("releases", "hash", tmp_path / "all.nq.gz")
    assert (ended.code, ended.out.split()[0]) == (0, expected), ended.err
    lines = (tmp_path / "all.nq").read_bytes().splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    (tmp_path / "mixed.nq").write_bytes(b"".join(lines + lines[:100]))
    assert content_hash.of_dump([tmp_path / "mixed.nq"])[0] == expected


@pytest.mark.long
def test_turtle_files_of_every_graph_give_it_too(starter: Release, tmp_path: Path) -> None:
    store = ox.Store.read_only(str(starter.store))
    for graph in dumps.graphs(store):
        with (tmp_path / dumps.file_name(graph)).open("wb") as out:
            dumps.write(store, out, "ttl", graph, packed=True)
    files = sorted(tmp_path.glob("*.ttl.gz"))
    assert content_hash.of_dump(files)[0] == starter.manifest["contentHash"]
    assert content_hash.of_dump(files[1:])[0] != starter.manifest["contentHash"]


@pytest.mark.long
def test_a_changed_statement_is_found(starter_dir: Path, starter: Release, tmp_path: Path) -> None:
    ended = run("releases", "verify", "--content", "--data-dir", starter_dir)
    assert (ended.code, "is sound" in ended.out) == (0, True)
    path = tmp_path / "all.nq.gz"
    with path.open("wb") as out:
        dumps.write(ox.Store.read_only(str(starter.store)), out, "nq", packed=True)
    text = gzip.decompress(path.read_bytes()).replace(b'"archaeologist"@en', b'"archeologist"@en', 1)
    (tmp_path / "changed.nq").write_bytes(text)
    assert content_hash.of_dump([tmp_path / "changed.nq"])[0] != starter.manifest["contentHash"]


@pytest.mark.parametrize(
    ("written", "held"),
    [
        (f'"0.5000"^^<{XSD}decimal>', f'"0.5"^^<{XSD}decimal>'),
        (f'"007"^^<{XSD}integer>', f'"7"^^<{XSD}integer>'),
        (f'"1"^^<{XSD}boolean>', f'"true"^^<{XSD}boolean>'),
        (f'"1E0"^^<{XSD}double>', None),
        (f'"2024-01-02T03:04:05.600Z"^^<{XSD}dateTime>', None),
        (f'"not a number"^^<{XSD}integer>', f'"not a number"^^<{XSD}integer>'),
        (f'"says \\"0.50\\"^^<{XSD}decimal>"', None),
    ],
)
def test_numbers_and_dates_count_as_the_engine_holds_them(written: str, held: str | None) -> None:
    line = f"<http://e/s> <http://e/p> {written} <http://e/g> .\n".encode()
    store = ox.Store()
    store.load(line, format=ox.RdfFormat.N_QUADS)
    (quad,) = store
    if held is not None:
        assert str(quad.object) == held
    counted = content_hash.ContentHash()
    counted.add([line])
    assert counted.result() == content_hash.of_store(store)


def test_what_is_no_dump_is_refused_with_file_and_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.nq"
    bad.write_text("<http://e/s> <http://e/p> .\n")
    ended = run("releases", "hash", bad)
    assert (ended.code, f"{bad}, line 1" in ended.err.replace("\n", " ")) == (3, True), ended.err
    ended = run("releases", "hash", tmp_path / "none.nq")
    assert (ended.code, "cannot be read" in ended.err) == (3, True)
    odd = tmp_path / "odd.pdf"
    odd.write_text("x")
    assert run("releases", "hash", odd).code == 3


@pytest.mark.full
@pytest.mark.long
def test_full_esco_can_be_verified(full: Release) -> None:
    found, _ = content_hash.of_store(ox.Store.read_only(str(full.store)))
    assert found == full.manifest["contentHash"]
