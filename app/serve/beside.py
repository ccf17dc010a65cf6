"""All of ESCO, loaded beside a service that answers from the bundled sample: in a process of its own, at the lowest priority.

It begins when `ccsi serve` finds nothing but the sample, ends with the service, and gives way to any load that the user starts.
What it has published is noticed as every release is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from rich.console import Console

from app.process.progress import Lines
from app.serve.aside import end_with
from app.settings import Settings
from loaders.build import load
from loaders.facts import FILE
from loaders.request import LoadRequest
from releases import child
from releases.errors import LoadError, ReleaseError
from releases.release import FACTS, Releases

TITLE = "All of ESCO"


def start(settings: Settings) -> None:
    """Start loading the bundled facts, where they are wanted and not there yet. From the main thread: it ends with that."""
    if not (settings.all_of_esco and not settings.sparql_endpoint and _wanted(Releases(settings.data_dir))):
        return
    Console(stderr=True).print(
        f"{TITLE} is being loaded beside this, from the bundled facts; until then the sample answers (CCSI_ALL_OF_ESCO=false: it stays).",
        highlight=False,
    )
    process = child.start(
        "app.serve.beside", settings.data_dir.resolve(), os.getpid(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    threading.Thread(target=process.wait, name="beside", daemon=True).start()


def _wanted(releases: Releases) -> bool:
    """Whether the sample is published, the facts were not loaded before, and the folder can be written to."""
    try:
        current = releases.current()
    except ReleaseError:  # damaged: the service tells of it
        return False
    loaded = any(file["name"] == FACTS for release in releases.all() for file in release.manifest["inputs"])
    return current is not None and current.sample and not loaded and os.access(releases.data_dir, os.W_OK)


def main(data_dir: str, parent: str) -> None:
    """Load and publish; any fault is told in a line, and what is served stays."""
    if sys.platform == "linux":
        end_with(int(parent))
    os.nice(19)
    console = Console(stderr=True)
    try:
        release = load(LoadRequest([FILE], Path(data_dir), gives_way=True), Lines(console, f"{TITLE}: "))
    except LoadError as error:
        console.print(f"{TITLE} was not loaded: {error}", highlight=False, markup=False)
        sys.exit(error.exit_code)
    console.print(f"{TITLE} is there: {release.id}.", highlight=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
