"""`ccsi export` and `ccsi push`: a release as files, or into another SPARQL server."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyoxigraph as ox
import typer
from rich.console import Console

from app.cli.options import DataDir, chosen_release
from app.process.progress import reporter
from ontology import GRAPH
from releases import dumps
from releases.errors import LoadError
from releases.push import Push

out = Console(stderr=True)

ReleaseId = Annotated[
    str, typer.Option("--release", help="Release id, or its beginning; the served one when left out.")
]


class Form(StrEnum):
    """How quads are written."""

    NQ = "nq"
    TRIG = "trig"


def export(
    target: Annotated[Path, typer.Argument(help="File to write, `-` for standard output; a folder with --per-graph.")],
    form: Annotated[Form, typer.Option("--format", help="N-Quads or TriG.")] = Form.NQ,
    per_graph: Annotated[
        bool, typer.Option("--per-graph", help="One file a named graph: N-Triples beside N-Quads, Turtle beside TriG.")
    ] = False,
    packed: Annotated[bool, typer.Option("--gzip/--no-gzip", help="Pack the files.")] = False,
    release: ReleaseId = "",
    data_dir: DataDir = None,
) -> None:
    """Write a release for loading elsewhere. A file appears when it is complete; memory stays small at any size."""
    store = ox.Store.read_only(str(chosen_release(release, data_dir).store))
    suffix = ".gz" if packed else ""
    try:
        if per_graph:
            target.mkdir(parents=True, exist_ok=True)
            inner = "nt" if form is Form.NQ else "ttl"
            for graph in dumps.graphs(store):
                name = graph.removeprefix(GRAPH).replace("/", "-")
                _write(store, target / f"{name}.{inner}{suffix}", inner, graph, packed)
        elif str(target) == "-":
            dumps.write(store, sys.stdout.buffer, form, packed=packed)
            sys.stdout.buffer.flush()
        else:
            _write(store, target, form, "", packed)
    except OSError as error:
        raise LoadError(f"The export cannot be written: {error}", "Free space, or name another place.") from error


def push(
    url: Annotated[
        str, typer.Argument(help="URL of the graph store, or of the update endpoint; may hold user:password@.")
    ],
    update: Annotated[
        bool, typer.Option("--update/--graph-store", help="SPARQL updates, or a PUT per graph (Graph Store Protocol).")
    ] = False,
    digest: Annotated[bool, typer.Option("--digest", help="Digest instead of basic authentication.")] = False,
    start_at: Annotated[str, typer.Option(help="Graph to go on with after a transfer that broke off.")] = "",
    release: ReleaseId = "",
    data_dir: DataDir = None,
) -> None:
    """Send a release to a SPARQL server, graph by graph; each replaces what the server has of it.

    While it runs, and when it breaks off, the server holds no graph that says which release it has: a service that reads
    from it does not take the parts for the whole.
    """
    chosen = chosen_release(release, data_dir)
    store = ox.Store.read_only(str(chosen.store))
    with reporter() as progress:
        sent = Push(url, update, digest).run(store, start_at, lambda graph: progress.stage(f"Sending {graph}"))
        progress.done()
    out.print(f"{chosen.id} is there: {len(sent)} graphs sent.", highlight=False)


def _write(store: ox.Store, target: Path, form: str, graph: str, packed: bool) -> None:
    """Write beside and rename, so that a file with the name asked for is always whole."""
    beside = target.with_name(f".{target.name}-{os.getpid()}")
    try:
        with beside.open("wb") as file:
            size = dumps.write(store, file, form, graph, packed)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    out.print(f"{target}  {size:,} bytes" + (" before packing" if packed else ""), highlight=False)
