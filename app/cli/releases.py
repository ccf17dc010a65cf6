"""`ccsi releases`: list, check, compare, publish and remove releases."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pyoxigraph as ox
import typer
from rich.console import Console
from rich.table import Column, Table

from app.cli.options import AsJson, DataDir, folder_of, print_json, public, show
from releases import content_hash, dumps
from releases.changes import changes
from releases.errors import ReleaseError
from releases.release import Release, Releases

cli = typer.Typer(help="List, check, publish and remove releases.", no_args_is_help=True)
out, err = Console(), Console(stderr=True)

ReleaseId = Annotated[str, typer.Argument(help="Release id, or its beginning.")]
ServedOrId = Annotated[str, typer.Argument(help="Release id; the served one when left out.")]


@cli.command("list")
def list_releases(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the releases, newest first; the served one is marked."""
    releases = Releases(folder_of(data_dir))
    every = releases.all()
    if as_json:
        print_json([public(r, served=releases.serves(r)) for r in every])
        return
    table = Table("", Column("release", no_wrap=True), "ESCO", "created", "occupations", "skills", "in scope")
    for r in every:
        counts = r.manifest["counts"]
        table.add_row(
            "*" if releases.serves(r) else "", r.id, r.manifest["escoVersion"], r.manifest["createdAt"],
            f"{counts['occupations']:,}", f"{counts['skills']:,}", f"{counts['inScope']:,}",
        )  # fmt: skip
    show(table)


@cli.command()
def verify(
    release: ServedOrId = "",
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


@cli.command("changes")
def show_changes(
    release: ReleaseId,
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


@cli.command("hash")
def hash_dump(
    dump: Annotated[list[Path], typer.Argument(help="all.nq.gz, a TriG file, or all Turtle files of one release.")],
) -> None:
    """Compute the content hash of a release from its dump; equal to its manifest's when the dump is complete."""
    computed, quads = content_hash.of_dump(dump)
    out.print(f"{computed}  {quads:,} quads", highlight=False, soft_wrap=True)


@cli.command("dumps")
def make_dumps(release: ServedOrId = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a release's downloads now, rather than when somebody first asks the service for one."""
    made = dumps.make(_chosen(release, data_dir))
    if as_json:
        print_json([asdict(dump) for dump in made])
        return
    table = Table("file", "bytes", "SHA-256", "graph")
    for dump in made:
        table.add_row(dump.name, f"{dump.bytes:,}", dump.sha256, dump.graph or "all")
    show(table)


@cli.command()
def publish(release: ReleaseId, data_dir: DataDir = None) -> None:
    """Serve this release; a running service takes it once it is read, some fifteen seconds for all of ESCO, and drops no request."""
    releases = Releases(folder_of(data_dir))
    chosen = releases.get(release)
    if faults := releases.verify(chosen):
        raise ReleaseError(f"{chosen.id} is damaged: {'; '.join(faults)}", "Remove it and load the ESCO files again.")
    releases.publish(chosen)
    out.print(f"{chosen.id} is published.", highlight=False)


@cli.command()
def remove(release: ReleaseId, data_dir: DataDir = None) -> None:
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
