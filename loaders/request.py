"""What one load reads, opened: files sorted, tables checked, statements to come, and which version of ESCO it is."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from analysis.tables import ROUTES, Route
from loaders.facts import FILE, Facts
from loaders.input import rdf_files as rdf
from loaders.input import versions as input_versions
from loaders.input.csv_bundle import CsvBundle
from loaders.input.release import Exported
from loaders.input.sources import VERSION, Member, Source, discover
from loaders.normalise import LANGUAGE
from loaders.survey import Survey
from ontology import ESCO, FOLDER
from releases.errors import SourceError, VersionUnknown
from releases.manifest import Parameters

VERSION_WORDS = (b"versionInfo", b"releaseRecord")  # what says in RDF which version it is


@dataclass(frozen=True)
class LoadRequest:
    """What to load, and how."""

    paths: list[Path]
    data_dir: Path
    esco_version: str = ""
    nace: Path | None = None
    curation: Path | None = None
    partial: bool = False
    publish: bool = True
    skills: bool = True
    routes: tuple[Route, ...] = ROUTES
    own: tuple[Path, ...] = ()
    mappings: tuple[Path, ...] = ()
    panels: tuple[Path, ...] = ()
    language: str = ""
    gives_way: bool = False  # whether to publish only where nothing but the bundled sample is published

    def parameters(self) -> Parameters:
        """What of it is told in the manifest."""
        asked: Parameters = {
            "partial": self.partial,
            "skills": self.skills,
            "routes": list(self.routes),
            "curation": self.curation.name if self.curation else "own",
        }
        if self.panels:
            asked["panels"] = [path.name for path in self.panels]
        return asked


@dataclass
class Inputs:
    """The input of a load, before it is read, and what reading it teaches."""

    source: Source
    statements: Iterator[list[rdf.Written]]
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)
    exported: Exported = field(default_factory=Exported)


def open_inputs(request: LoadRequest) -> Inputs:
    """Find and judge what is to be read. Raises SourceError."""
    if request.paths == [FILE]:
        facts = Facts()
        return Inputs(
            Source(paths=request.paths),
            rdf.written(facts.statements()),
            facts.missing,
            exported=Exported(facts.version),
        )
    source = discover(request.paths)
    source.own += [(member, form) for path in request.own for member, form in discover([path]).rdf]
    if request.language and not LANGUAGE.fullmatch(f"@{request.language.lower()}".encode()):
        raise SourceError(f"'{request.language}' is not a language tag.", "Write it like en or pt-BR.")
    _ask_version(request, source)
    if source.kind == "csv":
        bundle = CsvBundle(source)
        bundle.check(request.partial)
        if not request.partial:
            input_versions.check(bundle)
        bundle.notes += _unread(source)
        return Inputs(source, rdf.written(bundle.statements()), bundle.missing, bundle.notes, bundle.repairs)
    exported = Exported()
    if source.record:
        exported.about(*source.record)
    read = itertools.chain.from_iterable(rdf.statements(m, f, exported.escos) for m, f in source.rdf)
    return Inputs(source, read, notes=_unread(source), exported=exported)


def _unread(source: Source) -> list[str]:
    notes = [f"seen but not recognised: {', '.join(sorted(source.ignored)[:50])}"] if source.ignored else []
    if source.passed_over:
        notes.append(f"derived anew, not read: {', '.join(sorted(source.passed_over))}")
    return notes


def _ask_version(request: LoadRequest, source: Source) -> None:
    """Ask for the version before anything is read, where it is clear already that nothing in the input will say it."""
    if request.esco_version:
        if not VERSION.fullmatch(request.esco_version):
            raise SourceError(f"'{request.esco_version}' is not an ESCO version.", "Write it like 1.2.0.")
    elif source.kind == "csv":
        _one_version(source.versions)
    elif not source.versions and not source.record:
        # Whatever else is wrong with a file that is no ESCO, reading it tells better.
        words = set().union(*(member.mentions(ESCO.encode(), *VERSION_WORDS) for member, _ in source.rdf))
        if words == {ESCO.encode()}:
            _one_version(set())


def version_of(request: LoadRequest, inputs: Inputs, survey: Survey) -> str:
    """The ESCO version: as the user says, else as the data says, else as the file names say."""
    if request.esco_version:
        return request.esco_version.lstrip("vV")
    if inputs.exported.version:
        return inputs.exported.version
    return _one_version(survey.versions or inputs.source.versions)


def _one_version(known: set[str]) -> str:
    if len(known) > 1:
        raise SourceError(
            f"The input names several ESCO versions: {', '.join(sorted(known))}.",
            "Load one version at a time, or say which it is with --esco-version.",
        )
    if not known:
        raise VersionUnknown(
            "Neither the data nor a file name says which ESCO version this is.",
            "Pass --esco-version, for example --esco-version 1.2.0.",
        )
    return min(known)


def input_files(request: LoadRequest, source: Source) -> list[Path]:
    """The files that a release is made of, for its manifest."""
    members = [m for by_language in source.tables.values() for m in by_language.values()]
    members += [m for m, _ in (*source.rdf, *source.own, *([source.record] if source.record else []))]
    if request.paths == [FILE]:
        members = [Member(FILE)]
    extra = [p for p in (request.nace, request.curation, *request.mappings, *request.panels) if p]
    return sorted({m.path for m in members}) + extra + [FOLDER / "curation.ttl"] * (request.curation is None)
