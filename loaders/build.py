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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from pyoxigraph import Literal, NamedNode, Triple

from analysis.profiles.revisions import revised_rules, signed_off
from analysis.quads import sample
from analysis.skills.panel import Overlaid
from analysis.skills.panel_statements import behind_quads
from analysis.skills.statements import cluster_quads, skill_quads
from loaders import blemishes, verify
from loaders.derive.carryover import read_baseline
from loaders.derive.profiles import profile_lines
from loaders.derive.scope import derive_scope, ontology_quads, scope_lines, scope_tables
from loaders.derive.search import write_index, write_own
from loaders.derive.skills import deriving_skills
from loaders.input import mappings as input_mappings
from loaders.input import nace_table, rdf_files
from loaders.input import own as input_own
from loaders.input import panel as input_panel
from loaders.input.csv_bundle import nace_links
from loaders.input.placements import unplaced
from loaders.input.sources import Member, Source, fingerprint
from loaders.inverses import inverses
from loaders.normalise import Normaliser
from loaders.progress import Progress, counted
from loaders.request import Inputs, LoadRequest, input_files, open_inputs, version_of
from loaders.summary import content, scope_counts, skill_counts
from loaders.survey import Survey, value
from loaders.writer import QuadWriter
from ontology import GRAPH_NACE, GRAPH_ONTOLOGY, GRAPH_OWN, SKOSXL, nace, turtle_files
from queries import select
from releases.dumps import graphs
from releases.errors import LoadError, NoSpace, ReleaseError, SourceError
from releases.gc_pause import no_garbage
from releases.manifest import MANIFEST_FORMAT, InputFile, Manifest, Record
from releases.record import dataset_quads
from releases.release import Release, Releases, checksums, digests, read, remove, sync_folder

# A few references may dangle in an official release; more than this share means that files of two versions are mixed.
DANGLING_SHARE = 0.001
# An excerpt is no earlier state of the whole: releases whose numbers of occupations differ more share no clusters.
SAME_LINEAGE = 0.5


def load(request: LoadRequest, progress: Progress | None = None) -> Release:
    """Build, verify and publish a release; returns it.

    Raises a LoadError with message and remedy; the served release is untouched then.
    """
    progress = progress or Progress()
    releases = Releases(request.data_dir)
    with _system_errors(request.data_dir), releases.lock(request.gives_way), no_garbage():
        try:
            release = _build(request, releases, progress)
        except BaseException as error:
            cause: BaseException | None = error
            while cause:
                traceback.clear_frames(cause.__traceback__)  # they would keep the store open
                cause = cause.__cause__ or cause.__context__
            raise
        finally:
            remove(releases.building)
        if request.publish and not (request.gives_way and _users_own(releases)):
            releases.publish(release)
        progress.done()
        return release


def _users_own(releases: Releases) -> bool:
    """Whether something else is published than what this project brings along."""
    current = releases.current()
    return current is not None and not current.bundled


@contextmanager
def _system_errors(data_dir: Path) -> Iterator[None]:
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
    inputs = open_inputs(request)
    links = nace_links(Member(request.nace), inputs.repairs) if request.nace else {}

    progress.stage("Writing the ESCO graph")
    releases.building.mkdir(parents=True)
    normaliser = Normaliser(nace=links, language=request.language.lower(), strict=not request.partial)
    survey = normaliser.survey
    panels = input_panel.read_panels(request.panels)
    adopted = panels.entries
    vocabulary = input_panel.VOCABULARY if panels.panels else ()
    files_of_ours = ontology_quads([*_ontology_files(request.curation), *vocabulary])
    ontology, no_rule = revised_rules(files_of_ours, adopted.rules, adopted.version)
    inputs.notes += [*panels.notes, *no_rule]
    with (
        ThreadPoolExecutor(1) as beside,
        verify.Validation("ontology and scope satisfy the SHACL shapes") as conforms,
        _validating("skills, clusters and profiles satisfy the SHACL shapes", request.skills) as skills_conform,
    ):
        with QuadWriter(releases.building / "store") as writer:
            files = beside.submit(lambda: [fingerprint(p) for p in input_files(request, inputs.source)])
            revised, mappings = nace_table.revisions(request.mappings, inputs.notes)
            activities = [*nace.quads(), *revised.quads()]
            for lines, graph in ((ontology, GRAPH_ONTOLOGY), (activities, GRAPH_NACE)):
                writer.write([*lines, *inverses(lines, graph)])
            writer.write(panels.lines())
            conforms.write([*ontology, *panels.lines()])
            esco_version = _write_esco(request, inputs, mappings, normaliser, writer, progress)
            progress.stage("Deciding the scope")
            tables = scope_tables(writer.store, request.routes)
            # What follows adds little, so this is the time to sort what is there, beside the rest.
            optimised = beside.submit(writer.store.optimize)
            scope, carried = derive_scope(
                writer.store, request.routes, request.curation is None, tables, panels.assertions, panels.placements
            )
            inputs.notes += unplaced(panels.placements, scope.decisions)
            inputs.notes += panels.carried(esco_version, tables.occupations)
            known = request.curation is not None or not read_baseline().keys().isdisjoint(tables.occupations)
            matched = _matched(releases, request, files.result(), survey)
            decided = list(scope_lines(scope, tables.occupations, esco_version))
            conforms.write(decided)
            conforms.end()
            writer.write(decided)
            writer.flush()
            progress.stage("Deriving skills and clusters")
            # In child processes; clusters are the longest computation of a load.
            in_scope = scope.decisions if request.skills else ()
            with deriving_skills(
                writer.store, tables.occupations, in_scope, sorted(normaliser.languages), matched, adopted.skills
            ) as skills:
                # Meanwhile this process has nothing else to do.
                index = releases.building / "search"
                write_index(partial(select, writer.store), normaliser.languages, index)
                overlaid = skills()
            result = overlaid.result if overlaid else None
            made = profile_lines(writer.store, tables.occupations, scope.decisions, result, esco_version)
            profiles, no_profile = signed_off(made, adopted.profiles)
            inputs.notes += [*(overlaid.notes if overlaid else ()), *no_profile]
            _write_skills(writer, skills_conform, overlaid, profiles, esco_version)
            write_own(partial(select, writer.store), index)
            content_hash, quads = writer.content.result()
            counts = verify.counts(writer.store) | scope_counts(scope.decisions) | skill_counts(result)
            carry_over = carried.as_dict()
            record: Record = {
                **content(esco_version, content_hash, normaliser, carried),
                "quads": quads,
                "inputs": files.result(),
                "clustersMatchedTo": matched.id if matched else None,
                "parameters": request.parameters(),
                "counts": counts,
                "missing": inputs.missing + verify.missing(counts, normaliser.languages),
                "blemishes": blemishes.count(writer.store, normaliser.blemishes),
                "dangling": survey.dangles(),
                "notes": inputs.notes,
            }
            described = {"manifest": record, "withdrawn": survey.withdrawn, "carryOver": carry_over}
            quads += writer.write(dataset_quads(record, {**described, "graphs": graphs(writer.store)}))
            writer.flush()
            optimised.result()
            progress.stage("Checking the release")
            checks = verify.checks(writer.store, counts, quads, request.partial, known)

        progress.stage("Sealing the release")
        del writer  # closes the store, so that its files are complete
        sums = checksums(releases.building / "store")
        checks += [v.result() for v in (conforms, skills_conform) if v]
    verify.require(checks)
    folder = releases.building
    (folder / "withdrawn.json").write_text(json.dumps(survey.withdrawn, indent=1, sort_keys=True), encoding="utf-8")
    (folder / "carryover.json").write_text(json.dumps(carry_over, indent=1, ensure_ascii=False), encoding="utf-8")
    manifest: Manifest = {
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
    request: LoadRequest,
    inputs: Inputs,
    mappings: Sequence[Path],
    normaliser: Normaliser,
    writer: QuadWriter,
    progress: Progress,
) -> str:
    """Read, repair and write the input; returns the ESCO version."""
    with _located(inputs.source), TemporaryFile(dir=request.data_dir) as undecided:
        writer.write_raw(normaliser.first_pass(counted(inputs.statements, progress), undecided))
        _check_consistency(normaliser.survey, request.partial)
        esco_version = version_of(request, inputs, normaliser.survey)
        undecided.seek(0)
        writer.write_raw(normaliser.second_pass(rdf_files.lines(undecided)))
        writer.write(input_own.statements(inputs.source.own))
        writer.write(f"{s} {p} {o} <{GRAPH_OWN}> .\n" for s, p, o in inputs.exported.own)
        for path in mappings:
            writer.write(input_mappings.read(Member(path), normaliser.survey.has, inputs.notes))
        writer.flush()
        writer.write_raw([_labels_of_nodes(writer, normaliser)])
        writer.flush()
    if normaliser.nameless:
        raise SourceError(
            f"{normaliser.nameless:,} texts say no language, the first is '{normaliser.first_nameless}.",
            "Say which language they are in, for example --language en.",
        )
    _remove_orphans(writer, normaliser)
    normaliser.repairs.update(inputs.repairs)
    for concept, entry in inputs.exported.withdrawn.items():
        normaliser.survey.withdrawn.setdefault(concept, entry)
    return esco_version


def _labels_of_nodes(writer: QuadWriter, normaliser: Normaliser) -> list[bytes]:
    """The labels of concepts that have them as SKOS-XL nodes alone."""
    pattern = writer.store.quads_for_pattern
    lines = []
    for concept, kind in sorted(normaliser.survey.label_nodes):
        iri = value(concept)
        if concept in normaliser.labelled[kind] or iri in normaliser.survey.withdrawn:
            continue
        for link in sorted(pattern(NamedNode(iri), NamedNode(SKOSXL + kind), None), key=str):
            if isinstance(link.object, Literal | Triple):
                continue
            for form in pattern(link.object, NamedNode(SKOSXL + "literalForm"), None):
                line = normaliser.label_of_node(concept, kind, form.object)
                lines += [line] if line else []
    return lines


def _matched(releases: Releases, request: LoadRequest, files: list[InputFile], survey: Survey) -> Release | None:
    """The release whose clusters hand their identifiers on: the published one, if it holds much the same ESCO.

    A release built again from the same files takes the one that it took the first time, so that it comes out the same.
    What panels adopted is laid over the release of the other files, and gone without a trace when that is built again.
    """
    try:
        current = releases.current()
    except ReleaseError:  # damaged, or of another format: a load is what mends it
        current = None
    panels = {path.name for path in request.panels}
    again = current
    if current is not None and (panels or current.manifest["parameters"].get("panels")):
        others = [f for f in files if f["name"] not in panels]
        again = next((r for r in releases.all() if r.manifest["inputs"] == others), None)
        if again and panels:
            return again
    if again is not None and again.manifest["inputs"] == files:
        first = again.manifest.get("clustersMatchedTo")
        return next((r for r in releases.all() if r.id == first), None)
    if current is None or current.manifest["parameters"]["partial"]:
        return None
    before, now = current.manifest["counts"]["occupations"], len(survey.occupations)
    return current if min(before, now) >= SAME_LINEAGE * max(before, now) else None


def _validating(name: str, wanted: bool) -> AbstractContextManager[verify.Validation | None]:
    return verify.Validation(name) if wanted else nullcontext()


def _write_skills(
    writer: QuadWriter,
    validation: verify.Validation | None,
    made: Overlaid | None,
    profiles: list[str],
    version: str,
) -> None:
    """Write the graphs of skills, clusters and profiles, and hand a part of them over to be validated."""
    lines = (
        [] if made is None else [*skill_quads(made.result, version), *cluster_quads(made.result, version), *profiles]
    )
    lines += behind_quads(made.behind) if made else []
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


def _check_consistency(survey: Survey, partial: bool) -> None:
    if not survey.occupations:
        raise SourceError(
            "The input holds no released ESCO occupation.",
            "Give the ESCO classification as downloaded from the ESCO portal.",
        )
    if partial:
        return
    totals = {"relations": survey.related, "occupations without a place in ISCO": len(survey.occupations)}
    for what, count in survey.dangling.items():
        if count > max(1, round(DANGLING_SHARE * totals[what])):
            raise SourceError(
                f"{count} {what} point outside the data: files of different ESCO versions seem to be mixed, or the file is incomplete.",
                "Use the files of one download, or pass --partial to load an excerpt as it is.",
            )


def _ontology_files(curation: Path | None) -> list[Path]:
    if curation is None:
        return turtle_files()
    return [p for p in turtle_files() if p.name != "curation.ttl"] + [curation]


def _seal(releases: Releases, release_id: str, manifest: Manifest) -> Release:
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
