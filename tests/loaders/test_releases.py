"""Releases are identical when rebuilt, checked, switched, removed, and never changed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from app.catalogue.catalogue import Catalogue
from app.store.embedded import EmbeddedStore
from loaders.build import load
from loaders.request import LoadRequest
from releases.errors import Busy, LoadError, ReleaseError
from releases.release import Release, Releases
from tests.command import FIXTURES, QUICK, ROOT, STARTER
from tests.loaders.shapes_of_esco import official


@pytest.fixture
def data(mini_dir: Path, tmp_path: Path) -> Releases:
    """A data folder of this test's own, with one published release."""
    shutil.copytree(mini_dir, tmp_path / "data", symlinks=True)
    return Releases(tmp_path / "data")


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Another release than the published one."""
    folder = tmp_path_factory.mktemp("second")
    return quick_load(folder, FIXTURES / "csv-v1.2.1")


def quick_load(folder: Path, *paths: Path, version: str = "", publish: bool = True) -> Release:
    curation = FIXTURES / "no-curation.ttl"
    return load(LoadRequest(list(paths), folder, version, curation=curation, partial=True, publish=publish))


def adopt(data: Releases, release: Release) -> Release:
    shutil.copytree(release.path, data.folder / release.id)
    return data.get(release.id)


def published(data: Releases) -> Release:
    release = data.current()
    assert release is not None
    return release


# --- identity --------------------------------------------------------------------------------------------------------


def test_rebuild_in_another_process_is_identical(mini_dir: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "app.cli", "load", FIXTURES / "csv-v1.2.0", "--data-dir", tmp_path / "data", *QUICK],
        env={**os.environ, "PYTHONHASHSEED": "1"}, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    first, again = (
        published(Releases(folder)) for folder in (mini_dir, tmp_path / "data")
    )  # the first: seed at random
    assert first.id == again.id
    told = {"createdAt", "seconds", "peakMemoryMiB", "files"}
    one, other = ({k: v for k, v in r.manifest.items() if k not in told} for r in (first, again))
    assert one == other


@pytest.mark.long
@pytest.mark.full
def test_rebuild_of_the_starter_is_identical(starter: Release, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "app.cli", "load", STARTER, "--data-dir", tmp_path],
        env={**os.environ, "PYTHONHASHSEED": "1"}, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    assert published(Releases(tmp_path)).manifest["contentHash"] == starter.manifest["contentHash"]


def test_shuffled_triples_give_the_same_release(mini_dir: Path, tmp_path: Path) -> None:
    store = ox.Store.read_only(str(published(Releases(mini_dir)).store))
    lines = [f"{triple} .\n" for triple in official(store)]
    hashes = set()
    for seed in (1, 2):
        random.Random(seed).shuffle(lines)
        file = tmp_path / f"esco-{seed}.nt"
        file.write_text("".join(lines), encoding="utf-8")
        hashes.add(quick_load(tmp_path / str(seed), file, version="1.2.0").manifest["contentHash"])
    assert hashes == {published(Releases(mini_dir)).manifest["contentHash"]}


def same_answers(one: Release, other: Release) -> None:
    """Everything that the API answers from, compared."""
    a, b = (Catalogue(r, EmbeddedStore(r.store)) for r in (one, other))
    assert len(a.occupations) > 0
    assert a.occupations == b.occupations
    assert a.skills == b.skills
    assert a.groups == b.groups
    assert a.by_domain == b.by_domain
    assert a.languages == b.languages
    for concept in [*list(a.occupations)[:50], *list(a.skills)[:50], *list(a.groups)[:50]]:
        assert a.words(concept, a.languages) == b.words(concept, b.languages)
        assert a.label(concept, "en") == b.label(concept, "en")
    a.close()
    b.close()


@pytest.mark.long
def test_turtle_of_the_same_content_gives_the_same_answers(mini_dir: Path, tmp_path: Path) -> None:
    bundle = published(Releases(mini_dir))
    file = tmp_path / "esco-v1.2.0.ttl"
    with file.open("wb") as out:
        ox.serialize(official(ox.Store.read_only(str(bundle.store))), output=out, format=ox.RdfFormat.TURTLE)
    dump = quick_load(tmp_path / "data", file)
    assert dump.manifest["contentHash"] == bundle.manifest["contentHash"]
    same_answers(bundle, dump)


def test_the_same_content_again_is_the_same_release(data: Releases) -> None:
    before = published(data)
    again = quick_load(data.data_dir, FIXTURES / "csv-v1.2.0")
    assert again.id == before.id
    assert again.manifest == before.manifest  # kept as it was, not built over
    assert [r.id for r in data.all()] == [before.id]


@pytest.mark.long
def test_a_damaged_release_is_replaced_when_loaded_again(data: Releases) -> None:
    before = published(data)
    next(before.store.glob("*.sst")).unlink()
    quick_load(data.data_dir, FIXTURES / "csv-v1.2.0")
    assert published(data).id == before.id
    assert data.verify(published(data)) == []


@pytest.mark.parametrize("manifest", ["{ not json", '{"format": 999}'])
def test_a_release_whose_manifest_is_lost_is_replaced_when_loaded_again(data: Releases, manifest: str) -> None:
    before = published(data)
    (before.path / "manifest.json").write_text(manifest)
    quick_load(data.data_dir, FIXTURES / "csv-v1.2.0")
    assert published(data).id == before.id
    assert data.verify(published(data)) == []


def test_a_built_release_that_is_not_published_is_not_served(data: Releases) -> None:
    before = published(data)
    built = quick_load(data.data_dir, FIXTURES / "csv-v1.2.1", publish=False)
    assert published(data).id == before.id
    assert {r.id for r in data.all()} == {before.id, built.id}


# --- checks ----------------------------------------------------------------------------------------------------------


def test_an_untouched_release_is_sound(data: Releases) -> None:
    assert data.verify(published(data)) == []


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_one_changed_byte_is_found(data: Releases, place: float) -> None:
    release = published(data)
    file = max(release.store.glob("*.sst"), key=lambda p: p.stat().st_size)
    raw = bytearray(file.read_bytes())
    raw[round(place * (len(raw) - 1))] ^= 1
    file.write_bytes(raw)
    assert data.verify(release) == [f"{file.name} has changed"]


def test_missing_and_foreign_files_are_found(data: Releases) -> None:
    release = published(data)
    gone = sorted(release.store.glob("*.sst"))[0]
    gone.unlink()
    (release.store / "999999.sst").write_bytes(b"")
    assert data.verify(release) == [f"{gone.name} is missing", "999999.sst does not belong to the release"]


def test_serving_leaves_a_release_sound(data: Releases) -> None:
    release = published(data)
    for _ in range(2):
        store = ox.Store.read_only(str(release.store))
        assert store.query("ASK { GRAPH ?g { ?s ?p ?o } }")
        del store
    catalogue = Catalogue(release, EmbeddedStore(release.store))
    assert len(catalogue.occupations) == 5
    catalogue.close()
    assert data.verify(release) == []


def test_the_manifest_tells_where_a_release_comes_from(data: Releases) -> None:
    manifest = published(data).manifest
    assert manifest["escoVersion"] == "1.2.0"
    assert manifest["software"]["pyoxigraph"]
    names = {i["name"]: i for i in manifest["inputs"]}
    file = FIXTURES / "csv-v1.2.0" / "occupations_en.csv"
    assert names["occupations_en.csv"]["bytes"] == file.stat().st_size
    assert len(names["occupations_en.csv"]["sha256"]) == 64
    assert {c["name"] for c in manifest["checks"] if not c["passed"]} == {
        c["name"] for c in manifest["checks"] if c["excused"]
    }
    assert len(manifest["checks"]) >= 8


# --- list, get, publish, remove --------------------------------------------------------------------------------------


def test_list_publish_and_remove(data: Releases, second: Release) -> None:
    first, other = published(data), adopt(data, second)
    assert {r.id for r in data.all()} == {first.id, other.id}
    data.publish(other)
    assert published(data).id == other.id
    assert data.pointer.readlink() == Path("releases") / other.id
    data.remove(first)
    assert [r.id for r in data.all()] == [other.id]
    assert not first.path.exists()


def test_newest_comes_first(data: Releases, second: Release) -> None:
    first, other = published(data), adopt(data, second)
    for release, when in ((first, "2020-01-02T00:00:00+00:00"), (other, "2020-01-01T00:00:00+00:00")):
        (release.path / "manifest.json").write_text(json.dumps({**release.manifest, "createdAt": when}))
    assert [r.id for r in data.all()] == [first.id, other.id]


def test_the_served_release_is_not_removed(data: Releases) -> None:
    release = published(data)
    with pytest.raises(ReleaseError, match="is being served"):
        data.remove(release)
    assert data.verify(release) == []


def test_releases_are_found_by_a_clear_beginning(data: Releases, second: Release) -> None:
    first, other = published(data), adopt(data, second)
    assert data.get(first.id).id == first.id
    assert data.get(other.id[:8]).id == other.id
    with pytest.raises(ReleaseError, match="is ambiguous"):
        data.get("1.2")
    with pytest.raises(ReleaseError, match=f"does not exist .known: .*{first.id}"):
        data.get("9.9.9")


def test_a_foreign_manifest_is_refused(data: Releases) -> None:
    release = published(data)
    (release.path / "manifest.json").write_text(json.dumps({**release.manifest, "format": 999}))
    with pytest.raises(ReleaseError, match="another version of this software"):
        data.current()
    (release.path / "manifest.json").write_text("{ not json")
    with pytest.raises(ReleaseError, match="not readable"):
        data.current()


def test_a_release_that_cannot_be_read_hides_no_other(data: Releases, second: Release) -> None:
    first, other = published(data), adopt(data, second)
    (other.path / "manifest.json").write_text("{ not json")
    assert [r.id for r in data.all()] == [first.id]
    assert data.get(first.id).id == first.id
    with pytest.raises(ReleaseError, match="not readable"):
        data.get(other.id)
    shutil.copy(second.path / "manifest.json", other.path)
    data.publish(other)
    (other.path / "manifest.json").write_text("{ not json")
    data.publish(data.get(first.id))  # the way back
    assert data.current().id == first.id  # type: ignore[union-attr]


def test_a_pointer_that_leads_nowhere_serves_nothing(data: Releases, tmp_path: Path) -> None:
    release = published(data)
    for target in ("releases/9.9.9-000000000000", str(tmp_path)):
        data.pointer.unlink()
        data.pointer.symlink_to(target)
        assert data.current() is None
    data.publish(release)
    assert data.current().id == release.id  # type: ignore[union-attr]


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()
    with pytest.raises(LoadError, match="is not a folder"), Releases(file).lock():
        pass


def test_publishing_is_atomic_for_readers(data: Releases, second: Release) -> None:
    first, other = published(data), adopt(data, second)
    code = (
        "import sys\nfrom pathlib import Path\nfrom releases.release import Releases\n"
        "r = Releases(Path(sys.argv[1]))\nprint('ready', flush=True)\n"
        "while not Path(sys.argv[2]).exists():\n    assert r.current() is not None\n"
    )
    end = data.data_dir / "end"
    reader = subprocess.Popen([sys.executable, "-c", code, data.data_dir, end], cwd=ROOT, stdout=subprocess.PIPE)
    assert reader.stdout is not None
    reader.stdout.readline()
    for _ in range(200):
        data.publish(other)
        data.publish(first)
    end.touch()
    reader.communicate(timeout=30)
    assert reader.returncode == 0


def test_one_load_at_a_time(data: Releases) -> None:
    with data.lock(), pytest.raises(Busy), Releases(data.data_dir).lock():
        pass
    with data.lock():
        pass


def test_litter_is_swept(data: Releases) -> None:
    (data.building / "store").mkdir(parents=True)
    (data.folder / ".removing-x").mkdir()
    (data.data_dir / ".current-999999999").symlink_to("nowhere")
    assert len(data.all()) == 1
    with data.lock():
        assert not data.building.exists()
        assert not (data.folder / ".removing-x").exists()
        assert not (data.data_dir / ".current-999999999").is_symlink()


# --- full ESCO -------------------------------------------------------------------------------------------------------


@pytest.mark.full
def test_full_counts(full: Release) -> None:
    counts = full.manifest["counts"]
    assert (counts["occupations"], counts["skills"]) == (3_039, 13_939)
    assert (counts["essential"], counts["optional"]) == (67_622, 61_382)
    assert counts["essential"] + counts["optional"] == 129_004
    assert (counts["iscoGroups"], counts["skillGroups"]) == (619, 640)
    assert counts["skillRelations"] == 5_818
    assert counts["knowledge"] == 3_224
    assert full.manifest["peakMemoryMiB"] < 2048


@pytest.mark.full
def test_full_reports_what_is_missing(full: Release) -> None:
    missing = full.manifest["missing"]
    assert "reuse level of 318 skills" in missing
    assert "skills in es, fr" in missing
    assert "13,939 preferred labels in fr" in missing
    assert any(m.startswith("SKOS-XL labels") for m in missing)


@pytest.mark.long
@pytest.mark.full
def test_full_routes(full: Release) -> None:
    catalogue = Catalogue(full, EmbeddedStore(full.store))
    found = {
        route: {o.iri for o in catalogue.occupations.values() if any(a.route == route for a in o.assertions)}
        for route in ("isco", "nace")
    }
    catalogue.close()
    isco, nace = found["isco"], found["nace"]
    assert (len(isco), len(nace), len(isco & nace), len(isco | nace)) == (256, 313, 214, 355)


@pytest.mark.long
@pytest.mark.full
def test_full_turtle_gives_the_same_answers(full: Release, tmp_path: Path) -> None:
    file = tmp_path / "esco-v1.2.0.ttl"
    with file.open("wb") as out:
        ox.serialize(official(ox.Store.read_only(str(full.store))), output=out, format=ox.RdfFormat.TURTLE)
    started = time.monotonic()
    dump = load(LoadRequest([file], tmp_path / "data"))
    assert time.monotonic() - started < 120
    assert dump.manifest["contentHash"] == full.manifest["contentHash"]
    same_answers(full, dump)
