"""`ccsi load`: ESCO files, the bundled sample or the bundled facts into a new release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.options import AsJson, DataDir, folder_of, print_json, public
from app.process.progress import reporter
from loaders.build import load as load_release
from loaders.facts import FILE as FACTS
from loaders.request import LoadRequest
from loaders.starter import STARTER
from releases.release import Release, Releases

out, err = Console(), Console(stderr=True)


def load(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            readable=False,  # told by the loader, with the exit code of unusable input
            help="ESCO as downloaded: Turtle, N-Triples or RDF/XML (plain, .gz, .zip), or the CSV bundle (folder or .zip).",
        ),
    ] = None,
    esco_version: Annotated[str, typer.Option(help="ESCO version, where neither data nor file name says it.")] = "",
    nace: Annotated[
        Path | None,
        typer.Option(readable=False, help="CSV of occupationUri,naceCodeUri for versions without NACE codes."),
    ] = None,
    curation: Annotated[
        Path | None,
        typer.Option(readable=False, help="Your own curation in place of ours (Turtle, see docs/scope.md)."),
    ] = None,
    own: Annotated[
        list[Path] | None,
        typer.Option(readable=False, help="Your own skills or occupations, on top of ESCO (RDF; may be repeated)."),
    ] = None,
    mapping: Annotated[
        list[Path] | None,
        typer.Option(
            readable=False, help="Official table of mappings to ESCO, SSSOM, or NACE Rev. 2 to 2.1 (may be repeated)."
        ),
    ] = None,
    panel: Annotated[
        list[Path] | None,
        typer.Option(
            readable=False, help="What a workshop adopted, laid over curation entry by entry (may be repeated)."
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of texts that say none, for example en.")] = "",
    partial: Annotated[bool, typer.Option("--partial", help="Accept an excerpt; what is missing is reported.")] = False,
    starter: Annotated[
        bool,
        typer.Option("--starter", help="Load the bundled sample in place of PATHS, unless a release is published."),
    ] = False,
    bundled: Annotated[
        bool,
        typer.Option(
            "--bundled",
            help="Load the bundled facts of all of ESCO in place of PATHS, unless more than the sample is published.",
        ),
    ] = False,
    skills: Annotated[
        bool,
        typer.Option("--skills/--no-skills", help="Derive skill figures and clusters: the longest part of a load."),
    ] = True,
    publish: Annotated[bool, typer.Option("--publish/--no-publish", help="Serve the new release at once.")] = True,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Load ESCO files into a new release and publish it.

    The release is built beside the served one and published in one step; on any fault what is served stays as it was.
    Exit codes: 3 unusable input, 4 the release is not sound, 5 another load is running, 6 disk full, 1 anything else.
    """
    if [starter, bundled, bool(paths)].count(True) != 1:
        raise typer.BadParameter("name ESCO files, or --starter, or --bundled", param_hint="PATHS")
    served = None if paths else Releases(folder_of(data_dir)).current()
    if served and not (bundled and served.sample):
        err.print(f"{served.id} is published already.", highlight=False)
        return
    files = paths or [STARTER if starter else FACTS]
    request = LoadRequest(
        files, folder_of(data_dir), esco_version, nace, curation, partial, publish, skills,
        own=tuple(own or ()), mappings=tuple(mapping or ()), language=language, panels=tuple(panel or ()),
    )  # fmt: skip
    with reporter(quiet=as_json) as progress:
        release = load_release(request, progress)
    if as_json:
        print_json(public(release, served=publish))
    else:
        _summary(release, publish)


def _summary(release: Release, published: bool) -> None:
    m, c = release.manifest, release.manifest["counts"]
    table = Table(
        title=f"{release.id}  {'published' if published else 'built, not published'}",
        show_header=False,
        title_justify="left",
    )
    table.add_row(
        "concepts",
        f"{c['occupations']:,} occupations, {c['skills']:,} skills, {c['iscoGroups']:,} ISCO groups, {c['skillGroups']:,} skill groups",
    )
    table.add_row(
        "relations",
        f"{c['essential']:,} essential, {c['optional']:,} optional, {c['skillRelations']:,} between skills, {c['naceLinks']:,} to NACE",
    )
    table.add_row(
        "scope", f"{c['inScope']:,} occupations in scope: {c['core']:,} core, {c['relatedOnly']:,} related only"
    )
    table.add_row("languages", ", ".join(f"{tag} ({w.get('prefLabel', 0):,})" for tag, w in m["languages"].items()))
    table.add_row("repairs", "; ".join(f"{what}: {n:,}" for what, n in m["repairs"].items()) or "none")
    table.add_row("withdrawn", f"{m['withdrawn']:,} concepts set aside")
    if dangling := m["dangling"]["relations"]:
        concepts = list(m["dangling"]["concepts"])
        named = ", ".join(concepts[:3]) + (f" and {len(concepts) - 3:,} more" if len(concepts) > 3 else "")
        table.add_row("dangling", f"{dangling:,} relations name what the data lacks: {named}")
    if m["blemishes"]:
        table.add_row("in ESCO itself", "; ".join(f"{what}: {n:,}" for what, n in m["blemishes"].items()))
    table.add_row("missing", "; ".join(m["missing"]) or "nothing")
    if m["notes"]:
        table.add_row("notes", "; ".join(m["notes"]))
    checks = [x["name"] + (" ✓" if x["passed"] else f": not passed ({x['detail']}), excused") for x in m["checks"]]
    table.add_row("checks", ", ".join(checks))
    table.add_row("effort", f"{m['quads']:,} quads, {m['seconds']} s, {m['peakMemoryMiB']:,} MiB at most")
    out.print(table)
