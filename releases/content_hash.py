"""The content hash: what identifies the set of statements of a release, and can be computed again by anybody.

It is the SHA-256 of the sorted 64-bit BLAKE2b hashes of all quads, each as a line of canonical N-Quads with its numbers and
dates as the engine holds them (``"0.5"``, not ``"0.5000"``), but those of the graph in which the release describes itself. It
depends on the set alone, not on order, repetitions, engine or file format.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyoxigraph as ox

from ontology import GRAPH, XSD
from releases.errors import SourceError

GRAPH_RELEASE = GRAPH + "release"
_DESCRIPTION = f" <{GRAPH_RELEASE}> .\n".encode()
_TYPED = f'"^^<{XSD}'.encode()
# Forms that are canonical as they stand, so that the engine need not be asked; texts have no form but their own.
_CANONICAL = re.compile(
    rb'"(?:-?[1-9][0-9]*|0)"\^\^<%(xsd)sinteger>|"(?:true|false)"\^\^<%(xsd)sboolean>'
    rb'|"(?:-?[1-9][0-9]*|-?0(?=\.)|0)(?:\.[0-9]*[1-9])?"\^\^<%(xsd)sdecimal>|"\^\^<%(xsd)sanyURI>'
    % {b"xsd": XSD.encode()}
)
_LITERAL = re.compile(rb'"[^"\\]*"\^\^<[^>]*>')
_BATCH = 20_000


class ContentHash:
    """Told of lines of N-Quads that were written by the engine or with its terms; an add and a removal count once."""

    def __init__(self) -> None:
        self._marks = bytearray()
        self._removed: set[int] = set()

    def add(self, lines: Iterable[bytes]) -> None:
        """Count lines in, each with its line break. The release's description of itself must not be among them."""
        blake2b = hashlib.blake2b
        self._marks += b"".join(
            [blake2b(line if _TYPED not in line else _canonical(line), digest_size=8).digest() for line in lines]
        )

    def remove(self, line: bytes) -> None:
        """Count a line out that was or will be counted in."""
        mark = hashlib.blake2b(line if _TYPED not in line else _canonical(line), digest_size=8)
        self._removed.add(int.from_bytes(mark.digest(), "little"))

    def result(self) -> tuple[str, int]:
        """(content hash, number of distinct quads)."""
        marks = np.sort(np.frombuffer(self._marks, dtype="<u8"))
        marks = marks[np.concatenate(([True], marks[1:] != marks[:-1]))[: marks.size]]
        if self._removed:
            marks = np.setdiff1d(marks, np.fromiter(self._removed, dtype="<u8"), assume_unique=True)
        return hashlib.sha256(marks.tobytes()).hexdigest(), int(marks.size)


def of_store(store: ox.Store) -> tuple[str, int]:
    """Content hash and number of quads of what a store holds."""
    lines = _Lines()
    store.dump(cast(IO[bytes], lines), format=ox.RdfFormat.N_QUADS)
    return lines.hash.result()


def of_dump(paths: Iterable[Path]) -> tuple[str, int]:
    """The same of a dump: N-Quads or TriG, packed or not, or one Turtle file for each graph, named as `dumps` names them.

    Raises SourceError naming the file, and the line where there is one.
    """
    content = ContentHash()
    for path in paths:
        for batch in _read(path):
            content.add(batch)
    return content.result()


def line_of(quad: ox.Quad) -> bytes:
    """A quad as a line of N-Quads."""
    graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else f" {quad.graph_name}"
    return f"{quad.subject} {quad.predicate} {quad.object}{graph} .\n".encode()


def _read(path: Path) -> Iterable[list[bytes]]:
    """Lines of a file's quads in batches, without the release's description of itself."""
    name = path.name.removesuffix(".gz")
    form = ox.RdfFormat.from_extension(name.rpartition(".")[2])
    if form is None:
        raise SourceError(
            f"{path}: its name does not say what it holds.", "Give .nq, .trig or .ttl files, or .gz of them."
        )
    graph = None if form.supports_datasets else ox.NamedNode(GRAPH + _graph_name(name))
    batch: list[bytes] = []
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
            for quad in ox.parse(cast(IO[bytes], stream), format=form):
                line = line_of(ox.Quad(quad.subject, quad.predicate, quad.object, graph) if graph else quad)
                if line.endswith(_DESCRIPTION):
                    continue
                batch.append(line)
                if len(batch) == _BATCH:
                    yield batch
                    batch = []
    except SyntaxError as error:
        raise SourceError(f"{path}, line {error.lineno}: {error.msg}.", "Give a dump as it was written.") from error
    except (OSError, EOFError) as error:
        raise SourceError(f"{path}: cannot be read ({error}).", "Give the path of a dump.") from error
    yield batch


def _graph_name(file: str) -> str:
    """The graph that a Turtle file of the dumps holds, from its name: ``labels-en.ttl`` is ``labels/en``."""
    name = file.rpartition(".")[0]
    return f"labels/{name.removeprefix('labels-')}" if name.startswith("labels-") else name


class _Lines:
    """A file to write N-Quads into: cuts them into lines and counts these in."""

    def __init__(self) -> None:
        self.hash = ContentHash()
        self._rest = b""

    def write(self, piece: bytes) -> int:
        lines = (self._rest + bytes(piece)).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        self.hash.add(line for line in lines if not line.endswith(_DESCRIPTION))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits but half a line."""


def _canonical(line: bytes) -> bytes:
    """A line whose number or date may be in another form than the engine's, as the engine gives it back."""
    if _CANONICAL.search(line):
        return line
    subject, predicate, rest = line.split(b" ", 2)
    if plain := _LITERAL.match(rest):  # else a text that looks like one, or a triple term
        return b"%b %b %b%b" % (subject, predicate, _engine_form(plain[0]), rest[plain.end() :])
    return line_of(_held(line))


@lru_cache(16_384)  # few values stand in many lines
def _engine_form(literal: bytes) -> bytes:
    return str(_held(b"<a:> <a:> %b ." % literal).object).encode()


def _held(line: bytes) -> ox.Quad:
    store = ox.Store()
    store.load(line, format=ox.RdfFormat.N_QUADS)
    quad: ox.Quad = next(iter(store))
    return quad
