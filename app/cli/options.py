"""What the groups of commands share: options, the published release, JSON for scripts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from app.settings import get_settings
from releases.errors import LoadError
from releases.release import Release, Releases

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the releases. \\[default: CCSI_DATA_DIR or ./data]", show_default=False),
]
_WIDEST = 100_000  # characters of a row

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def folder_of(data_dir: Path | None) -> Path:
    """The data folder asked for, or that of the settings. Raises LoadError for a file in its place."""
    folder = data_dir or get_settings().data_dir
    if folder.exists() and not folder.is_dir():
        raise LoadError(f"{folder}: is not a folder.", "Give another --data-dir.")
    return folder


def published(data_dir: Path | None) -> Release:
    """The published release of the folder asked for, or of the settings. Raises LoadError where there is none."""
    folder = folder_of(data_dir)
    release = Releases(folder).current()
    if release is None:
        raise LoadError(f"No release is published in {folder}.", "Load ESCO with: ccsi load PATH")
    return release


def chosen_release(release: str, data_dir: Path | None) -> Release:
    """The release with this id, or beginning of one; the published one without it. Raises LoadError."""
    return Releases(folder_of(data_dir)).get(release) if release else published(data_dir)


def show(table: Table) -> None:
    """A table on standard output: folded to fit a terminal, as wide as it is where a program or a file takes it."""
    console = Console()
    if not console.is_terminal:
        wide = console.options.update(width=_WIDEST)
        console = Console(width=max(console.width, Measurement.get(console, wide, table).maximum))
    for column in table.columns:
        column.overflow = "fold"  # rather than cut
    console.print(table)


def public(release: Release, served: bool) -> dict[str, Any]:
    """What is told of a release: its manifest without the lists of files, and whether it is served."""
    return {**{k: v for k, v in release.manifest.items() if k not in ("files", "searchFiles")}, "served": served}


def print_json(payload: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(payload, indent=1, ensure_ascii=False) + "\n")
