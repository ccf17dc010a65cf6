"""Find out what the user brought: RDF files or the CSV bundle, plain, compressed or zipped, and which ESCO version.

The official downloads come as zip archives of either kind; both are read in place, without unpacking to disk.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from loaders.input import sheets as input_sheets
from loaders.input.names import table_of
from releases.errors import SourceError
from releases.manifest import InputFile

RDF_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".turtle": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
TABLE_ENDINGS = (".csv", ".tsv", ".tab", ".txt")
VERSION = re.compile(r"(?<![\d.])v?(1\.\d{1,2}(?:\.\d{1,2})?)(?![\d.]*\d)", re.IGNORECASE)
MAX_RATIO = 200  # a text of this kind packs about 1:10; far beyond that is an attack, not ESCO
FREE_BYTES = 1 << 20  # that an archive may unpack to whatever its size
MAX_ENTRIES = 10_000
MAX_FOLDERS = 8  # inside each other


@dataclass(frozen=True)
class Member:
    """One readable file: on disk, inside a zip archive, or a sheet of a workbook."""

    path: Path
    inner: str = ""
    sheet: str = ""

    @property
    def name(self) -> str:
        """The name to show a person."""
        inner = self.inner or self.sheet
        return f"{self.path}!{inner}" if inner else str(self.path)

    @property
    def base(self) -> str:
        """The last part of the name, without a trailing ``.gz``."""
        name = Path(self.inner or self.path.name).name
        return name[:-3] if self.packed else name

    @property
    def packed(self) -> bool:
        """Whether the bytes are gzip-compressed."""
        return (self.inner or self.path.name).lower().endswith(".gz")

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The plain bytes without a byte order mark, decompressed on the way; any fault of the archive becomes a SourceError."""
        try:
            with self._raw() as raw:
                if self.packed:
                    with gzip.open(raw) as plain, io.BufferedReader(_Unpacked(plain, raw, self)) as bounded:
                        yield _unmarked(bounded)
                else:
                    yield _unmarked(raw)
        except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise SourceError(
                f"{self.name}: the archive is damaged or cut short ({error}).",
                "Download the file again and compare its size with the download page.",
            ) from error
        except PermissionError as error:
            raise SourceError(
                f"{self.name}: cannot be read ({error.strerror}).", "Check the file's permissions."
            ) from error
        except (FileNotFoundError, IsADirectoryError) as error:
            raise SourceError(f"{self.name}: {error.strerror}.", "Give the path of a file.") from error

    def mentions(self, *words: bytes) -> set[bytes]:
        """Which of these words are in the file, wherever."""
        longest = max(map(len, words))
        present: set[bytes] = set()
        before = b""
        with self.open() as stream:
            while (block := stream.read(1 << 20)) and len(present) < len(words):
                present |= {word for word in words if word in before + block}
                before = block[-longest:]
        return present

    @contextmanager
    def _raw(self) -> Iterator[IO[bytes]]:
        if self.sheet:
            with input_sheets.rows(self.path, self.sheet) as stream:
                yield stream
        elif self.inner:
            with zipfile.ZipFile(self.path) as archive:
                try:
                    stream = archive.open(self.inner)
                except RuntimeError as error:  # encrypted, or packed in a way Python does not know
                    raise SourceError(f"{self.name}: cannot be unpacked ({error}).", "Unpack it first.") from error
                with stream:
                    yield stream
        else:
            _refuse_pipe(self.path)
            with self.path.open("rb") as stream:
                yield stream


class _Unpacked(io.RawIOBase):
    """What a gzip file unpacks to, as long as that is not out of all proportion to what was read of it."""

    def __init__(self, plain: gzip.GzipFile, packed: IO[bytes], member: Member) -> None:
        self._plain, self._packed, self._member, self._bytes = plain, packed, member, 0

    def readable(self) -> bool:
        """See RawIOBase."""
        return True

    def readinto(self, room: Any) -> int:
        """See RawIOBase. Raises SourceError."""
        count = self._plain.readinto1(room)
        self._bytes += count
        if self._bytes > FREE_BYTES + MAX_RATIO * self._packed.tell():
            raise _out_of_proportion(self._member.name, self._bytes / max(self._packed.tell(), 1))
        return count


def _out_of_proportion(name: str, ratio: float) -> SourceError:
    return SourceError(
        f"{name}: unpacks to {ratio:.0f} times its size.", "Use the archive as downloaded from the ESCO portal."
    )


def _unmarked(stream: IO[bytes]) -> IO[bytes]:
    """The stream past the byte order mark that some editors put before UTF-8."""
    if stream.peek(len(codecs.BOM_UTF8)).startswith(codecs.BOM_UTF8):  # type: ignore[attr-defined]
        stream.read(len(codecs.BOM_UTF8))
    return stream


def _refuse_pipe(path: Path) -> None:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise SourceError(
            f"{path}: is a pipe or device, and the input is read twice.", "Save it to a file and load that."
        )


@dataclass
class Source:
    """What one load reads: either RDF members or the tables of a CSV bundle, and the version they name."""

    rdf: list[tuple[Member, ox.RdfFormat]] = field(default_factory=list)
    tables: dict[str, dict[str, Member]] = field(default_factory=dict)  # table -> language ("" if none) -> member
    versions: set[str] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)  # seen, but not recognised
    passed_over: list[str] = field(default_factory=list)  # derived parts of a release that was exported
    record: tuple[Member, ox.RdfFormat] | None = None  # the file of such a release that says which it is
    own: list[tuple[Member, ox.RdfFormat]] = field(default_factory=list)  # the user's concepts, on top of the tables
    paths: list[Path] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """``csv`` or ``rdf``."""
        return "csv" if self.tables else "rdf"


def discover(paths: list[Path]) -> Source:
    """Sort the given files and folders into a Source.

    Raises SourceError when a path does not exist, holds nothing usable, or mixes kinds.
    """
    source = Source(paths=paths)
    for path in paths:
        if not path.exists():
            address = re.match(r"\w+:/", str(path))
            raise SourceError(
                f"{path}: no such file or folder.",
                "Download the file first, then give its path." if address else "Give the path of an ESCO download.",
            )
        _refuse_pipe(path)
        for member in _members(path, source):
            _sort_in(member, source)
        source.versions |= set(VERSION.findall(path.resolve().name))
    _pass_over_derived(source)
    if source.tables and source.rdf and not _beside(paths, source):
        raise SourceError(
            f"{paths[0]}: holds both RDF files and CSV tables.",
            "Load either the RDF file or the CSV bundle; name a Turtle file of your own concepts with --own.",
        )
    if not source.tables and not source.rdf:
        seen = f" (seen: {', '.join(source.ignored[:5])})" if source.ignored else ""
        raise SourceError(
            f"{', '.join(map(str, paths))}: no ESCO file found{seen}.",
            "Give a .ttl, .nt, .nq, .trig or .rdf file (also .gz or .zip), or the folder or .zip of the CSV bundle.",
        )
    return source


def _members(path: Path, source: Source, depth: int = 0) -> Iterator[Member]:
    if path.is_dir():
        try:
            inside = [p for p in sorted(path.iterdir()) if not p.name.startswith(".")]
        except PermissionError as error:
            raise SourceError(f"{path}: cannot be read.", "Check the folder's permissions.") from error
        files = [p for p in inside if p.is_file()]
        for file in files:
            if file.suffix.lower() in input_sheets.ENDINGS and not table_of(file.stem):
                try:
                    yield from _sheets(file)
                except SourceError:
                    source.ignored.append(file.name)  # nothing says that it was meant
            elif file.suffix.lower() in (".zip", *input_sheets.ENDINGS):
                yield from _members(file, source, depth + 1)
            else:
                yield Member(file)
        # An archive is often unpacked into a folder of its own name: one level more than what it was packed from.
        folders = [p for p in inside if p.is_dir() and not p.is_symlink()]
        for folder in folders:
            if files or depth >= MAX_FOLDERS:
                source.ignored.append(f"{folder.name}/")
            else:
                yield from _members(folder, source, depth + 1)
    elif path.suffix.lower() in input_sheets.ENDINGS:
        yield from _sheets(path)
    elif path.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                entries = [e for e in archive.infolist() if not e.is_dir() and "__MACOSX" not in e.filename]
        except (zipfile.BadZipFile, OSError) as error:
            raise SourceError(
                f"{path}: not a sound zip archive ({error}).", "Download the file again; the archive may be cut short."
            ) from error
        if len(entries) > MAX_ENTRIES:
            raise SourceError(f"{path}: holds {len(entries)} files.", "Use the archive as downloaded.")
        if depth:
            source.versions |= set(VERSION.findall(path.name))
        for entry in entries:
            name = f"{path}!{entry.filename}"
            if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
                raise _out_of_proportion(name, entry.file_size / max(entry.compress_size, 1))
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise SourceError(f"{name}: packed in an unusual way.", "Unpack it first.")
            yield Member(path, entry.filename)
        # Entries may lie over each other, so that every one of them is in proportion.
        if (size := sum(entry.file_size for entry in entries)) > FREE_BYTES + MAX_RATIO * path.stat().st_size:
            raise _out_of_proportion(str(path), size / path.stat().st_size)
    else:
        yield Member(path)


def _sheets(path: Path) -> Iterator[Member]:
    """The sheets of a workbook; one alone is what its file is named for."""
    names = input_sheets.names(path)
    for name in names:
        if table_of(name) or len(names) == 1 or (name == names[0] and table_of(path.stem)):
            yield Member(path, sheet=name)


def _sort_in(member: Member, source: Source) -> None:
    base = Path(member.base)
    suffix = base.suffix.lower()
    if suffix in RDF_FORMATS:
        source.rdf.append((member, RDF_FORMATS[suffix]))
        source.versions |= set(VERSION.findall(Path(member.inner or member.path.name).name))
        return
    kind = None
    if member.sheet:
        kind = table_of(member.sheet) or table_of(base.stem)
    elif suffix in TABLE_ENDINGS:
        kind = table_of(base.stem)
    if kind is None:
        source.ignored.append(member.base)
        return
    table, language = kind
    by_language = source.tables.setdefault(table, {})
    if language in by_language:
        raise SourceError(
            f"{member.name}: the table {member.base} is given twice (also {by_language[language].name}).",
            "Load one ESCO version at a time.",
        )
    by_language[language] = member


def _pass_over_derived(source: Source) -> None:
    """Of a release exported graph by graph only ESCO's own part is read again; the rest is derived anew."""
    if not {"esco", "release"} <= {Path(member.base).stem for member, _ in source.rdf}:
        return
    parts, source.rdf = source.rdf, []
    for member, form in parts:
        stem = Path(member.base).stem
        if stem == "release":
            source.record = member, form
        elif stem == "own":
            source.own.append((member, form))
        elif stem == "esco" or stem.startswith("labels-"):
            source.rdf.append((member, form))
        else:
            source.passed_over.append(member.base)


def _beside(paths: list[Path], source: Source) -> bool:
    """Whether the RDF is one's own, on top of tables: each file of it was named by itself."""
    if not {member.path for member, _ in source.rdf} <= {path for path in paths if path.is_file()}:
        return False
    source.own, source.rdf = source.rdf, []
    return True


def fingerprint(path: Path) -> InputFile:
    """Name, size and SHA-256 of an input file, for the manifest."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}
