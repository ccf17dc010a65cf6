"""From ESCO files to a published release.

    sources ─▶ survey, normalise, write ─▶ derive ─▶ optimise ─▶ verify ─▶ manifest ─▶ publish

All work happens in DATA_DIR/building. Only a release that passed its checks is renamed into place, so a crash, a kill or
a full disk leaves what is served as it was.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import resource
import shutil
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from pyoxigraph import NamedNode

from analysis.skills.statements import cluster_quads, sample, skill_quads
from analysis.skills.tables import SkillsResult
from analysis.tables import ROUTES, Route
from loaders import verify
from loaders.derive.profiles import profile_lines
from loaders.derive.scope import derive_scope, ontology_quads, scope_lines, scope_tables
from loaders.derive.search import write_index, write_own
from loaders.derive.skills import deriving_skills
from loaders.input import rdf_files
from loaders.input.csv_bundle import CsvBundle, nace_links
from loaders.input.sources import VERSION, Member, Source, discover, fingerprint
from loaders.inverses import inverses
from loaders.normalise import Normaliser
from loaders.progress import Progress, Quiet, counted
from loaders.summary import content, scope_counts, skill_counts
from loaders.survey import Survey
from loaders.writer import QuadWriter
from ontology import FOLDER, nace, turtle_files
from queries import select
from releases.dumps import graphs
from releases.errors import LoadError, NoSpace, ReleaseError, SourceError, VersionUnknown
from releases.gc_pause import no_garbage
from releases.record import dataset_quads
from releases.release import MANIFEST_FORMAT, Release, Releases, checksums, digests, read, sync_folder

# A few references may dangle in an official release; more than this share means that files of two versions are mixed.
DANGLING_SHARE = 0.001
# An excerpt is no earlier state of the whole: releases whose numbers of occupations differ more share no clusters.
SAME_LINEAGE = 0.5


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

    def parameters(self) -> dict[str, Any]:
        """What of it is told in the manifest."""
        return {
            "partial": self.partial,
            "skills": self.skills,
            "routes": list(self.routes),
            "curation": self.curation.name if self.curation else "own",
        }


@dataclass
class _Inputs:
    source: Source
    statements: Iterator[list[rdf_files.Written]]
    missing: list[str] = field(default_factory=list)


def load(request: LoadRequest, progress: Progress | None = None) -> Release:
    """Build, verify and publish a release; returns it.

    Raises a LoadError with message and remedy; the served release is untouched then.
    """
    progress = progress or Quiet()
    releases = Releases(request.data_dir)
    with _faults(request.data_dir), releases.lock(), no_garbage():
        try:
            release = _build(request, releases, progress)
        except BaseException as error:
            cause: BaseException | None = error
            while cause:
                traceback.clear_frames(cause.__traceback__)  # they would keep the store open
                cause = cause.__cause__ or cause.__context__
            raise
        finally:
            shutil.rmtree(releases.building, ignore_errors=True)
        if request.publish:
            releases.publish(release)
        progress.done()
        return release


@contextmanager
def _faults(data_dir: Path) -> Iterator[None]:
    """Turn what the system and the engine raise into a LoadError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC or "No space left" in str(error):
            raise NoSpace(
                f"The disk of {data_dir} is full; the load was undone.", "Free space, or give another --data-dir."
            ) from error
        if isinstance(error, PermissionError):
            raise LoadError(
                f"{error.filename or data_dir}: permission denied.",
                "Check the permissions, or give another --data-dir.",
            ) from error
        raise LoadError(f"The load failed: {error}", "Nothing was published; try again.") from error


def _build(request: LoadRequest, releases: Releases, progress: Progress) -> Release:
    started = time.monotonic()
    progress.stage("Looking at the input")
    inputs = _inputs(request)
    links = nace_links(Member(request.nace)) if request.nace else {}

    progress.stage("Writing the ESCO graph")
    releases.building.mkdir(parents=True)
    normaliser = Normaliser(nace=links)
    found = normaliser.survey
    ontology = list(ontology_quads(_ontology_files(request.curation)))
    with (
        ThreadPoolExecutor(1) as beside,
        verify.Validation("ontology and scope satisfy the SHACL shapes") as conforms,
        _validating("skills, clusters and profiles satisfy the SHACL shapes", request.skills) as skills_conform,
    ):
        with QuadWriter(releases.building / "store") as writer:
            files = beside.submit(lambda: [fingerprint(p) for p in _input_files(request, inputs.source)])
            classified = [*ontology, *nace.quads()]
            writer.write([*classified, *inverses(classified)])
            conforms.write(ontology)
            esco_version = _write_esco(request, inputs, normaliser, writer, progress)
            progress.stage("Deciding the scope")
            tables = scope_tables(writer.store, request.routes)
            # What follows adds little, so this is the time to sort what is there, beside the rest.
            optimised = beside.submit(writer.store.optimize)
            scope, carried = derive_scope(writer.store, request.routes, request.curation is None, tables)
            matched = _matched(releases, files.result(), found)
            decided = list(scope_lines(scope, esco_version))
            conforms.write(decided)
            conforms.end()
            writer.write(decided)
            writer.flush()
            progress.stage("Deriving skills and clusters")
            # In child processes; clusters are the longest computation of a load.
            in_scope = scope.decisions if request.skills else ()
            with deriving_skills(
                writer.store, tables.occupations, in_scope, sorted(normaliser.languages), matched
            ) as skills:
                # Meanwhile this process has nothing else to do.
                index = releases.building / "search"
                write_index(partial(select, writer.store), normaliser.languages, index)
                result = skills()
            profiles = profile_lines(writer.store, tables.occupations, scope.decisions, result, esco_version)
            _write_skills(writer, skills_conform, result, profiles, esco_version)
            write_own(partial(select, writer.store), index)
            content_hash, quads = writer.content.result()
            counts = verify.counts(writer.store) | scope_counts(scope.decisions) | skill_counts(result)
            carry_over = carried.as_dict()
            record = content(esco_version, content_hash, normaliser, carried) | {
                "quads": quads,
                "inputs": files.result(),
                "clustersMatchedTo": matched.id if matched else None,
                "parameters": request.parameters(),
                "counts": counts,
                "missing": inputs.missing + verify.missing(counts, normaliser.languages),
            }
            described = {"manifest": record, "withdrawn": found.withdrawn, "carryOver": carry_over}
            quads += writer.write(dataset_quads(record, {**described, "graphs": graphs(writer.store)}))
            writer.flush()
            optimised.result()
            progress.stage("Checking the release")
            checks = verify.checks(writer.store, counts, quads, request.partial)

        progress.stage("Sealing the release")
        del writer  # closes the store, so that its files are complete
        sums = checksums(releases.building / "store")
        checks += [v.result() for v in (conforms, skills_conform) if v]
    verify.require(checks)
    folder = releases.building
    (folder / "withdrawn.json").write_text(json.dumps(found.withdrawn, indent=1, sort_keys=True), encoding="utf-8")
    (folder / "carryover.json").write_text(json.dumps(carry_over, indent=1, ensure_ascii=False), encoding="utf-8")
    manifest = {
        "format": MANIFEST_FORMAT,
        **record,
        "quads": quads,
        "checks": [c.as_dict() for c in checks],
        "files": sums,
        "searchFiles": digests(index.iterdir()),
        "seconds": round(time.monotonic() - started, 1),
        "peakMemoryMiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    return _seal(releases, record["id"], manifest)


def _write_esco(
    request: LoadRequest, inputs: _Inputs, normaliser: Normaliser, writer: QuadWriter, progress: Progress
) -> str:
    """Read, repair and write the input; returns the ESCO version."""
    with _located(inputs.source), TemporaryFile(dir=request.data_dir) as undecided:
        writer.write_raw(normaliser.first_pass(counted(inputs.statements, progress), undecided))
        _check_consistency(normaliser.survey, request.partial)
        esco_version = _version(request, inputs.source, normaliser.survey)
        undecided.seek(0)
        writer.write_raw(normaliser.second_pass(rdf_files.lines(undecided)))
        writer.flush()
    _remove_orphans(writer, normaliser)
    return esco_version


def _matched(releases: Releases, files: list[dict[str, Any]], found: Survey) -> Release | None:
    """The release whose clusters hand their identifiers on: the published one, if it holds much the same ESCO.

    A release built again from the same files takes the one that it took the first time, so that it comes out the same.
    """
    try:
        current = releases.current()
    except ReleaseError:  # damaged, or of another format: a load is what mends it
        current = None
    if current is not None and current.manifest["inputs"] == files:
        first = current.manifest.get("clustersMatchedTo")
        return next((r for r in releases.all() if r.id == first), None)
    if current is None or current.manifest["parameters"]["partial"]:
        return None
    before, now = current.manifest["counts"]["occupations"], len(found.occupations)
    return current if min(before, now) >= SAME_LINEAGE * max(before, now) else None


def _validating(name: str, wanted: bool) -> AbstractContextManager[verify.Validation | None]:
    return verify.Validation(name) if wanted else nullcontext()


def _write_skills(
    writer: QuadWriter,
    validation: verify.Validation | None,
    result: SkillsResult | None,
    profiles: list[str],
    version: str,
) -> None:
    """Write the graphs of skills, clusters and profiles, and hand a part of them over to be validated."""
    lines = [] if result is None else [*skill_quads(result, version), *cluster_quads(result, version), *profiles]
    if validation:
        validation.write(sample(lines, verify.SAMPLE_EVERY, verify.VALIDATED_WHOLE))
        validation.end()
    writer.write(lines)
    writer.flush()


@contextmanager
def _located(source: Source) -> Iterator[None]:
    """A fault of the input that only the engine noticed gets the name of its file and the number of its line."""
    try:
        yield
    except (SyntaxError, UnicodeDecodeError) as error:
        for member, rdf_format in source.rdf:
            rdf_files.check(member, rdf_format)
        raise LoadError(f"The engine refuses what was read: {error}", "Report it, with the file.") from error


def _remove_orphans(writer: QuadWriter, normaliser: Normaliser) -> None:
    """Take out what belonged to withdrawn concepts alone: their associations, and label nodes nobody else uses.

    And what was written of a concept before it was said to be withdrawn, as a second file may do.
    """
    pattern = writer.store.quads_for_pattern
    removed = 0
    for iri in sorted(normaliser.survey.contradicted()):
        quads = list(pattern(NamedNode(iri), None, None))
        normaliser.forget(quads)
        writer.remove(quads)
    for iri in sorted(normaliser.associations):
        node = NamedNode(iri)
        removed += writer.remove(itertools.chain(pattern(node, None, None), pattern(None, None, node)))
    for iri in sorted(normaliser.label_nodes):
        node = NamedNode(iri)
        if next(pattern(None, None, node), None) is None:
            removed += writer.remove(pattern(node, None, None))
    if removed:
        normaliser.repairs["statements of withdrawn concepts set aside"] += removed


def _inputs(request: LoadRequest) -> _Inputs:
    source = discover(request.paths)
    if source.kind == "csv":
        bundle = CsvBundle(source)
        bundle.check(request.partial)
        return _Inputs(source, rdf_files.written(bundle.statements()), bundle.missing)
    return _Inputs(source, itertools.chain.from_iterable(rdf_files.statements(m, f) for m, f in source.rdf))


def _version(request: LoadRequest, source: Source, found: Survey) -> str:
    """The ESCO version: as the user says, else as the data says, else as the file names say."""
    if request.esco_version:
        if not VERSION.fullmatch(request.esco_version):
            raise SourceError(f"'{request.esco_version}' is not an ESCO version.", "Write it like 1.2.0.")
        return request.esco_version.lstrip("vV")
    known = found.versions or source.versions
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
    return known.pop()


def _check_consistency(found: Survey, partial: bool) -> None:
    if not found.occupations:
        raise SourceError(
            "The input holds no released ESCO occupation.",
            "Give the ESCO classification as downloaded from the ESCO portal.",
        )
    if partial:
        return
    limit = max(1, round(DANGLING_SHARE * len(found.occupations)))
    for what, count in found.dangling.items():
        if count > limit:
            raise SourceError(
                f"{count} {what} point outside the data: files of different ESCO versions seem to be mixed, or the file is incomplete.",
                "Use the files of one download, or pass --partial to load an excerpt as it is.",
            )


def _ontology_files(curation: Path | None) -> list[Path]:
    if curation is None:
        return turtle_files()
    return [p for p in turtle_files() if p.name != "curation.ttl"] + [curation]


def _input_files(request: LoadRequest, source: Source) -> list[Path]:
    members = [m for by_language in source.tables.values() for m in by_language.values()] + [m for m, _ in source.rdf]
    extra = [p for p in (request.nace, request.curation) if p]
    return sorted({m.path for m in members}) + extra + [FOLDER / "curation.ttl"] * (request.curation is None)


def _seal(releases: Releases, release_id: str, manifest: dict[str, Any]) -> Release:
    """Write the manifest, make everything durable and rename the folder into place."""
    target = releases.folder / release_id
    if target.is_dir():  # the same content was loaded before
        with suppress(ReleaseError):
            if not releases.verify(existing := read(target)):
                return existing
        shutil.rmtree(target)
    path = releases.building / "manifest.json"
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for file in releases.building.rglob("*"):
        if file.is_dir():
            sync_folder(file)
        else:
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
    sync_folder(releases.building)
    releases.folder.mkdir(exist_ok=True)
    releases.building.rename(target)
    sync_folder(releases.folder)
    return Release(target, manifest)
