"""Find out what the user brought: RDF files or the CSV bundle, plain, compressed or zipped, and which ESCO version.

The official downloads come as zip archives of either kind; both are read in place, without unpacking to disk.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from releases.errors import SourceError

RDF_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".turtle": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
# occupations_en.csv, broaderRelationsOccPillar.csv (v1.0 writes no language), ISCOGroups_es.csv …
CSV_NAME = re.compile(r"^(?P<table>[A-Za-z]+)(?:_(?P<lang>[a-z]{2}(?:-[a-z]{2})?))?\.(?i:csv)$")
VERSION = re.compile(r"(?<![\d.])v?(1\.\d{1,2}(?:\.\d{1,2})?)(?![\d.]*\d)", re.IGNORECASE)
KNOWN_TABLES = {
    "occupations",
    "skills",
    "ISCOGroups",
    "skillGroups",
    "occupationSkillRelations",
    "skillSkillRelations",
    "broaderRelationsOccPillar",
    "broaderRelationsSkillPillar",
    "skillsHierarchy",
    "conceptSchemes",
}
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_RATIO = 200  # a text of this kind packs about 1:10; far beyond that is an attack, not ESCO
FREE_BYTES = 1 << 20  # that an archive may unpack to whatever its size
MAX_ENTRIES = 10_000
MAX_FOLDERS = 8  # inside each other
MAX_ROW = 1 << 22  # characters; the longest of ESCO, the top concepts of a scheme, has a sixth of that


@dataclass(frozen=True)
class Member:
    """One readable file: on disk, or inside a zip archive."""

    path: Path
    inner: str = ""

    @property
    def name(self) -> str:
        """The name to show a person."""
        return f"{self.path}!{self.inner}" if self.inner else str(self.path)

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
        except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib_error) as error:
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

    @contextmanager
    def _raw(self) -> Iterator[IO[bytes]]:
        if self.inner:
            with zipfile.ZipFile(self.path) as archive:
                try:
                    stream = archive.open(self.inner)
                except (
                    RuntimeError,
                    NotImplementedError,
                ) as error:  # encrypted, or packed in a way Python does not know
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


zlib_error: type[Exception] = __import__("zlib").error


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
    ignored: list[str] = field(default_factory=list)
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
        for member in _members(path):
            _sort_in(member, source)
        source.versions |= set(VERSION.findall(path.resolve().name))
    if source.tables and source.rdf:
        raise SourceError(
            f"{paths[0]}: holds both RDF files and CSV tables.", "Load either the RDF file or the CSV bundle, not both."
        )
    if not source.tables and not source.rdf:
        seen = f" (seen: {', '.join(source.ignored[:5])})" if source.ignored else ""
        raise SourceError(
            f"{', '.join(map(str, paths))}: no ESCO file found{seen}.",
            "Give a .ttl, .nt or .rdf file (also .gz or .zip), or the folder or .zip of the CSV bundle.",
        )
    return source


def _members(path: Path, depth: int = 0) -> Iterator[Member]:
    if path.is_dir():
        try:
            inside = [p for p in sorted(path.iterdir()) if not p.name.startswith(".")]
            files = [p for p in inside if p.is_file()]
            yield from map(Member, files)
            # An archive is often unpacked into a folder of its own name: one level more than what it was packed from.
            inner = [p for p in inside if p.is_dir() and not p.is_symlink()]
            for folder in inner if not files and depth < MAX_FOLDERS else ():
                yield from _members(folder, depth + 1)
        except PermissionError as error:
            raise SourceError(f"{path}: cannot be read.", "Check the folder's permissions.") from error
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


def _sort_in(member: Member, source: Source) -> None:
    suffix = Path(member.base).suffix.lower()
    if suffix in RDF_FORMATS:
        source.rdf.append((member, RDF_FORMATS[suffix]))
        source.versions |= set(VERSION.findall(Path(member.inner or member.path.name).name))
        return
    match = CSV_NAME.match(member.base)
    if match and (match["table"] in KNOWN_TABLES or match["table"].endswith("Collection")):
        by_language = source.tables.setdefault(match["table"], {})
        language = match["lang"] or ""
        if language in by_language:
            raise SourceError(
                f"{member.name}: the table {member.base} is given twice (also {by_language[language].name}).",
                "Load one ESCO version at a time.",
            )
        by_language[language] = member
        return
    source.ignored.append(member.base)


def read_csv(member: Member, required: set[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of one table with their line numbers; cells may span lines.

    Raises SourceError when a required column is missing, the file is empty, or a row is cut short.
    """
    csv.field_size_limit(MAX_ROW)
    with member.open() as raw:
        # Line ends inside cells are made one kind too: a copy that was checked out on Windows has the same content.
        text = io.TextIOWrapper(raw, encoding="utf-8", newline=None)
        held = 0  # characters of the row that is being read

        def lines() -> Iterator[str]:
            nonlocal held
            while line := text.readline(MAX_ROW):
                if (held := held + len(line)) >= MAX_ROW:
                    raise csv.Error(f"a row of more than {MAX_ROW:,} characters")
                yield line

        reader = csv.reader(lines(), strict=True)
        try:
            header = next(reader, None)
            if not header:
                raise SourceError(f"{member.name}: the file is empty.", "Download the bundle again.")
            if missing := required - set(header):
                found = ", ".join(header)[:200]
                if other := next((name for sign, name in OTHER_SEPARATORS.items() if sign in header[0]), ""):
                    found = f"cells separated by {other} in place of commas"
                raise SourceError(
                    f"{member.name}, line 1: column {', '.join(sorted(missing))} is missing (found: {found}).",
                    "Use the official ESCO CSV file; a spreadsheet may have changed it.",
                )
            line = reader.line_num
            for row in reader:
                line, at, held = reader.line_num, line + 1, 0
                if len(row) != len(header):
                    if not row:
                        continue
                    raise SourceError(
                        f"{member.name}, line {at}: {len(row)} cells where the header has {len(header)}.",
                        "The file was cut short or edited; download it again.",
                    )
                yield at, dict(zip(header, row, strict=True))
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{member.name}: not UTF-8 text ({error.reason}).", "Use the file as downloaded."
            ) from error
        except csv.Error as error:
            raise SourceError(
                f"{member.name}, line {reader.line_num + 1 if held >= MAX_ROW else reader.line_num}: {error}.",
                "Use the file as downloaded.",
            ) from error


def fingerprint(path: Path) -> dict[str, str | int]:
    """Name, size and SHA-256 of an input file, for the manifest."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}
