"""Dumps: whole, streamed, the same every time, and never there by half."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology import GRAPH_SCOPE
from releases import dumps
from releases.errors import ReleaseError
from releases.release import Release, Releases
from tests.command import run


@pytest.fixture
def own(mini_dir: Path, tmp_path: Path) -> Release:
    """A release in a data folder that the test may change."""
    shutil.copytree(mini_dir, tmp_path / "data", symlinks=True)
    release = Releases(tmp_path / "data").current()
    assert release is not None
    return release


@pytest.fixture
def store(own: Release) -> ox.Store:
    return ox.Store.read_only(str(own.store))


def quads(text: bytes, form: str) -> set[ox.Quad]:
    return set(ox.parse(input=text, format=dumps.FORMATS[form]))


@pytest.mark.parametrize("form", ["nq", "trig"])
def test_a_whole_dump_holds_every_quad(store: ox.Store, form: str) -> None:
    out = io.BytesIO()
    size = dumps.write(store, out, form)
    assert size == len(out.getvalue()) > 100_000
    assert quads(out.getvalue(), form) == set(store)


@pytest.mark.parametrize("form", ["ttl", "nt"])
def test_a_dump_of_a_graph_holds_that_graph(store: ox.Store, form: str) -> None:
    out = io.BytesIO()
    dumps.write(store, out, form, GRAPH_SCOPE, packed=True)
    held = {quad.triple for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH_SCOPE))}
    assert {quad.triple for quad in quads(gzip.decompress(out.getvalue()), form)} == held
    assert held


@pytest.mark.parametrize(("form", "graph"), [("nq", GRAPH_SCOPE), ("ttl", ""), ("rdf", ""), ("", ""), ("../nq", "")])
def test_a_form_that_cannot_hold_it_is_refused(store: ox.Store, form: str, graph: str) -> None:
    out = io.BytesIO()
    with pytest.raises(ValueError, match="does not fit"):
        dumps.write(store, out, form, graph)
    assert out.getvalue() == b""


def test_downloads_are_made_once_with_their_checksums(own: Release, store: ox.Store) -> None:
    assert dumps.find(own) == []
    made = dumps.make(own)
    assert [dump.graph for dump in made] == ["", *dumps.graphs(store)]
    assert {dump.name for dump in made} >= {"all.nq.gz", "esco.ttl.gz", "labels-en.ttl.gz", "release.ttl.gz"}
    for dump in made:
        packed = (own.dumps / dump.name).read_bytes()
        assert (len(packed), hashlib.sha256(packed).hexdigest()) == (dump.bytes, dump.sha256)
        assert len(gzip.decompress(packed)) == dump.unpacked
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=own.dumps, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    before = {p.name: p.stat().st_mtime_ns for p in own.dumps.iterdir()}
    assert dumps.make(own) == dumps.find(own) == made
    assert {p.name: p.stat().st_mtime_ns for p in own.dumps.iterdir()} == before


def test_the_same_release_gives_the_same_bytes(own: Release) -> None:
    first = dumps.make(own)
    shutil.rmtree(own.dumps)
    assert dumps.make(own) == first


def test_what_a_killed_process_left_is_no_download_and_is_swept(own: Release) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    half = own.dumps.parent / f".building-{own.id}-{ended.stdout.strip()}"
    half.mkdir(parents=True)
    (half / "all.nq.gz").write_bytes(b"half")
    assert dumps.find(own) == []
    releases = Releases(own.path.parent.parent)
    with releases.lock():
        assert not half.exists()


def test_a_folder_that_cannot_be_written_is_told(own: Release) -> None:
    own.dumps.parent.write_text("a file is in the way")
    with pytest.raises(ReleaseError, match="cannot be written"):
        dumps.make(own)
    own.dumps.parent.unlink()


def test_the_downloads_go_with_their_release(own: Release) -> None:
    dumps.make(own)
    releases = Releases(own.path.parent.parent)
    releases.pointer.unlink()
    releases.remove(own)
    assert not own.dumps.exists()


def test_the_command_makes_them(own: Release) -> None:
    done = run("releases", "dumps", "--json", "--data-dir", str(own.path.parent.parent))
    assert [entry["name"] for entry in json.loads(done.out)] == [dump.name for dump in dumps.find(own)] != []


@pytest.mark.full
@pytest.mark.long
def test_full_esco_is_dumped_in_bounded_memory(full: Release, tmp_path: Path) -> None:
    script = (
        "import re, sys, pyoxigraph as ox; from pathlib import Path; from releases import dumps\n"
        "store = ox.Store.read_only(sys.argv[1])\n"
        "with open(sys.argv[2], 'wb') as out: dumps.write(store, out, 'nq', packed=True)\n"
        # getrusage would tell the peak of the process that started this one.
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    target = tmp_path / "all.nq.gz"
    done = subprocess.run(
        [sys.executable, "-c", script, str(full.store), str(target)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300  # MiB; the dump itself has 300 MB
    count = 0
    with gzip.open(target) as lines:
        for _ in lines:
            count += 1
    assert count == full.manifest["quads"]
