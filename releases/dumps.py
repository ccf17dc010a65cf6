"""A release as RDF files: streamed by `write`, or made once as a folder of packed downloads with checksums.

DATA_DIR/dumps/1.2.0-3f2a…/   all.nq.gz, one Turtle file a named graph (esco.ttl.gz, labels-en.ttl.gz, …),
                              SHA256SUMS, index.json; removed with the release

The folder is written beside and renamed into place when it is complete, so a download is never of half a file. All
is streamed: a dump of any size needs the memory of a few buffers.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyoxigraph as ox

from ontology import GRAPH, PREFIXES
from releases.errors import ReleaseError
from releases.release import Release, Releases, sweep_dumps, sync_folder

FORMATS = {
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "nt": ox.RdfFormat.N_TRIPLES,
    "ttl": ox.RdfFormat.TURTLE,
}
ALL = "all.nq.gz"
_OF_DATASETS = frozenset(["nq", "trig"])
_BUFFER = 1 << 20
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Dump:
    """One download: file name, size in bytes and SHA-256 as packed, size unpacked, and what it holds."""

    name: str
    media_type: str
    bytes: int
    sha256: str
    unpacked: int
    graph: str  # IRI of the named graph; empty for all of them


class _Counted(io.RawIOBase):
    """Passes bytes on; knows how many there were, and their SHA-256."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.bytes = 0
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, piece: object) -> int:
        """Pass a piece on."""
        data = bytes(piece)  # type: ignore[call-overload]
        self._out.write(data)
        self.sha256.update(data)
        self.bytes += len(data)
        return len(data)


def graphs(store: ox.Store) -> list[str]:
    """The IRIs of the named graphs of a store, sorted."""
    return sorted(graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode))


def file_name(graph: str) -> str:
    """The name of the download of one named graph."""
    return graph.removeprefix(GRAPH).replace("/", "-") + ".ttl.gz"


def write(store: ox.Store, out: IO[bytes], form: str, graph: str = "", packed: bool = False) -> int:
    """Stream a store into a binary file: everything as ``nq`` or ``trig``, or one named graph as ``nt`` or ``ttl``.

    `packed` writes gzip, the same bytes for the same store. Returns the size before packing, in bytes. Raises ValueError
    for a form that cannot hold what is asked for, OSError when the file cannot be written.
    """
    if form not in FORMATS or (form in _OF_DATASETS) == bool(graph):
        raise ValueError(f"'{form}' does not fit: all graphs are written as nq or trig, one graph as nt or ttl")
    # Neither name nor time: the same bytes every time.
    packing: AbstractContextManager[Any] = gzip.GzipFile("", "wb", _LEVEL, out, mtime=0) if packed else nullcontext(out)
    with packing as inner:
        counted = _Counted(inner)
        buffered = io.BufferedWriter(counted, _BUFFER)
        store.dump(
            cast(IO[bytes], buffered),
            format=FORMATS[form],
            from_graph=ox.NamedNode(graph) if graph else None,
            prefixes=PREFIXES if form in ("trig", "ttl") else None,
        )
        buffered.flush()
        return counted.bytes


def find(release: Release) -> list[Dump]:
    """The downloads of a release, the whole first; empty until they are made."""
    try:
        index = json.loads((release.dumps / "index.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return []
    return [Dump(**entry) for entry in index]


def make(release: Release) -> list[Dump]:
    """Make the downloads of a release, unless they are there; returns them.

    Raises ReleaseError when the release or the folder for the dumps cannot be used.
    """
    if files := find(release):
        return files
    target = release.dumps
    building = target.parent / f".building-{release.id}-{os.getpid()}"
    try:
        sweep_dumps(target.parent)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        made = _write_all(ox.Store.read_only(str(release.store)), building)
        sync_folder(building)
        building.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        if files := find(release):  # another process was faster
            return files
        raise ReleaseError(
            f"The dumps of {release.id} cannot be written: {error}", "Free space, or check permissions."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return made


def _write_all(store: ox.Store, building: Path) -> list[Dump]:
    made = [_write_one(store, building, ALL, "application/n-quads")]
    made += [_write_one(store, building, file_name(graph), "text/turtle", graph) for graph in graphs(store)]
    sums = "".join(f"{dump.sha256}  {dump.name}\n" for dump in made)
    (building / "SHA256SUMS").write_text(sums, encoding="utf-8")
    index = json.dumps([asdict(dump) for dump in made], indent=1)
    (building / "index.json").write_text(index + "\n", encoding="utf-8")
    return made


def _write_one(store: ox.Store, building: Path, name: str, media_type: str, graph: str = "") -> Dump:
    with (building / name).open("wb") as out:
        counted = _Counted(out)
        unpacked = write(store, cast(IO[bytes], counted), name.split(".")[-2], graph, packed=True)
        out.flush()
        os.fsync(out.fileno())
    return Dump(name, media_type, counted.bytes, counted.sha256.hexdigest(), unpacked, graph)


if __name__ == "__main__":  # how the service makes them: in a process of its own, at the lowest priority
    os.nice(19)
    make(Releases(Path(sys.argv[1])).get(sys.argv[2]))
