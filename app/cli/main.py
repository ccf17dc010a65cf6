"""The `ccsi` command: load ESCO, serve it, look after releases."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import pyoxigraph as ox
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table

from app.cli.clusters import cli as clusters_cli
from app.cli.crosswalk import crosswalk, sssom
from app.cli.export import export, push
from app.cli.options import AsJson, DataDir, folder_of, print_json, show
from app.cli.profile import cli as profile_cli
from app.cli.scope import cli as scope_cli
from app.cli.search import cli as match_cli
from app.cli.search import find
from app.cli.serve import serve
from app.cli.workshop import cli as workshop_cli
from app.process.progress import reporter
from loaders.build import load as load_release
from loaders.facts import FILE as FACTS
from loaders.request import LoadRequest
from loaders.starter import STARTER
from ontology import ATTRIBUTION
from releases import content_hash, dumps
from releases.changes import changes
from releases.errors import LoadError, ReleaseError, system_errors
from releases.manifest import CheckResult
from releases.release import Release, Releases

cli = typer.Typer(
    help=f"Load ESCO, decide which occupations are cultural and creative, and serve the result.\n\n{ATTRIBUTION}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
releases_cli = typer.Typer(help="List, check, publish and remove releases.", no_args_is_help=True)
cli.add_typer(releases_cli, name="releases")
cli.add_typer(scope_cli, name="scope")
cli.add_typer(clusters_cli, name="clusters")
cli.add_typer(profile_cli, name="profile")
cli.add_typer(match_cli, name="match")
cli.add_typer(workshop_cli, name="workshop")
cli.command()(crosswalk)
cli.command()(sssom)
cli.command()(find)
cli.command()(serve)
cli.command()(export)
cli.command()(push)

out, err = Console(), Console(stderr=True)


def main() -> None:
    """Entry point: a LoadError becomes a message with its remedy and an exit code of its own."""
    try:
        with system_errors():
            cli()
    except LoadError as error:
        err.print(f"[bold red]error:[/] {_plain(str(error))}", highlight=False, soft_wrap=True)
        if error.remedy:
            err.print(f"[bold]remedy:[/] {_plain(error.remedy)}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except ValidationError as error:  # of the settings, the only model that the command line reads
        prefix = "CCSI_LIMIT_" if error.title == "Limits" else "CCSI_"
        for wrong in error.errors():
            name = prefix + "_".join(map(str, wrong["loc"])).upper()
            err.print(f"[bold red]error:[/] {name}: {_plain(wrong['msg'])}.", highlight=False, soft_wrap=True)
        err.print("[bold]remedy:[/] Fix the environment variable or the .env file.", highlight=False, soft_wrap=True)
        sys.exit(2)


@cli.callback(invoke_without_command=True)
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)
    ] = False,
) -> None:
    if show_version:
        out.print(f"ccsi {version('ccsi-esco')} (pyoxigraph {version('pyoxigraph')})", highlight=False)
        raise typer.Exit


@cli.command()
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
    request = LoadRequest(files, folder_of(data_dir), esco_version, nace, curation, partial, publish, skills)
    request = replace(
        request, own=tuple(own or ()), mappings=tuple(mapping or ()), language=language, panels=tuple(panel or ())
    )
    with reporter(quiet=as_json) as progress:
        release = load_release(request, progress)
    if as_json:
        print_json(_public(release, served=publish))
    else:
        _summary(release, publish)


@releases_cli.command("list")
def list_releases(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the releases, newest first; the served one is marked."""
    releases = Releases(folder_of(data_dir))
    every = releases.all()
    if as_json:
        print_json([_public(r, served=releases.serves(r)) for r in every])
        return
    table = Table("", Column("release", no_wrap=True), "ESCO", "created", "occupations", "skills", "in scope")
    for r in every:
        counts = r.manifest["counts"]
        table.add_row(
            "*" if releases.serves(r) else "", r.id, r.manifest["escoVersion"], r.manifest["createdAt"],
            f"{counts['occupations']:,}", f"{counts['skills']:,}", f"{counts['inScope']:,}",
        )  # fmt: skip
    show(table)


@releases_cli.command()
def verify(
    release: Annotated[str, typer.Argument(help="Release id; the served one when left out.")] = "",
    content: Annotated[
        bool, typer.Option("--content", help="Also compute the content hash again from the store.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare a release's files with the checksums of its manifest. Exit code 4 when something differs."""
    chosen = _chosen(release, data_dir)
    faults = Releases(folder_of(data_dir)).verify(chosen)
    if content and not faults:
        computed, _ = content_hash.of_store(ox.Store.read_only(str(chosen.store)))
        expected = chosen.manifest["contentHash"]
        faults = [] if computed == expected else [f"its content hash is {computed}, and its manifest says {expected}"]
    if as_json:
        print_json({"release": chosen.id, "sound": not faults, "faults": faults})
    elif faults:
        err.print(f"{chosen.id} is damaged: {'; '.join(faults)}", highlight=False)
    else:
        out.print(f"{chosen.id} is sound ({len(chosen.manifest['files'])} files).", highlight=False)
    if faults:
        raise typer.Exit(4)


@releases_cli.command("changes")
def show_changes(
    release: Annotated[str, typer.Argument(help="Release id, or its beginning.")],
    against: Annotated[str, typer.Option(help="Release to compare it with; the served one when left out.")] = "",
    page: Annotated[
        Path | None, typer.Option(help="Write it as an HTML page of its own to this file instead of printing JSON.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Tell what a release says otherwise than another: scope, clusters, areas, flags, rules, profiles. For a look before publishing."""
    found = changes(_chosen(against, data_dir), _chosen(release, data_dir))
    if page is None:
        print_json(found)
        return
    from app.html.render import render
    from app.workshop.page import words

    page.write_text(render("workshop/release_changes.html", found=found, t=words("en")), encoding="utf-8")
    out.print(f"{page}: {found['before']} → {found['after']}", highlight=False)


@releases_cli.command("hash")
def hash_dump(
    dump: Annotated[list[Path], typer.Argument(help="all.nq.gz, a TriG file, or all Turtle files of one release.")],
) -> None:
    """Compute the content hash of a release from its dump; equal to its manifest's when the dump is complete."""
    computed, quads = content_hash.of_dump(dump)
    out.print(f"{computed}  {quads:,} quads", highlight=False, soft_wrap=True)


@releases_cli.command("dumps")
def make_dumps(
    release: Annotated[str, typer.Argument(help="Release id; the served one when left out.")] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a release's downloads now, rather than when somebody first asks the service for one."""
    made = dumps.make(_chosen(release, data_dir))
    if as_json:
        print_json([asdict(dump) for dump in made])
        return
    table = Table("file", "bytes", "SHA-256", "graph")
    for dump in made:
        table.add_row(dump.name, f"{dump.bytes:,}", dump.sha256, dump.graph or "all")
    show(table)


@releases_cli.command()
def publish(
    release: Annotated[str, typer.Argument(help="Release id, or its beginning.")], data_dir: DataDir = None
) -> None:
    """Serve this release; a running service switches within a second, without dropping a request."""
    releases = Releases(folder_of(data_dir))
    chosen = releases.get(release)
    if faults := releases.verify(chosen):
        raise ReleaseError(f"{chosen.id} is damaged: {'; '.join(faults)}", "Remove it and load the ESCO files again.")
    releases.publish(chosen)
    out.print(f"{chosen.id} is published.", highlight=False)


@releases_cli.command()
def remove(
    release: Annotated[str, typer.Argument(help="Release id, or its beginning.")], data_dir: DataDir = None
) -> None:
    """Delete a release that is not served."""
    releases = Releases(folder_of(data_dir))
    chosen = releases.get(release)
    releases.remove(chosen)
    out.print(f"{chosen.id} is removed.", highlight=False)


def _chosen(release: str, data_dir: Path | None) -> Release:
    """The release with this id, or the served one. Raises ReleaseError."""
    releases = Releases(folder_of(data_dir))
    chosen = releases.get(release) if release else releases.current()
    if chosen is None:
        raise ReleaseError("No release is published.", "Load ESCO with: ccsi load PATH")
    return chosen


def _public(release: Release, served: bool) -> dict[str, Any]:
    return {**{k: v for k, v in release.manifest.items() if k not in ("files", "searchFiles")}, "served": served}


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


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
    table.add_row("checks", ", ".join(_outcome(x) for x in m["checks"]))
    table.add_row("effort", f"{m['quads']:,} quads, {m['seconds']} s, {m['peakMemoryMiB']:,} MiB at most")
    out.print(table)


def _outcome(check: CheckResult) -> str:
    if check["passed"]:
        return f"{check['name']} ✓"
    return f"{check['name']}: not passed ({check['detail']}), excused"


if __name__ == "__main__":
    main()
