"""Progress of a load: a live line with count and rate on a terminal, one quiet line a stage otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from loaders.progress import Progress


class Lines(Progress):
    """One line a stage, when it is done: for logs and pipes."""

    def __init__(self, console: Console, before: str = "") -> None:
        self._console = console
        self._before = before
        self._title = ""
        self._count = 0
        self._since = 0.0

    def stage(self, title: str) -> None:
        """Print the stage before, start the next."""
        self.done()
        self._title, self._count, self._since = title, 0, time.monotonic()

    def advance(self, count: int) -> None:
        """Count."""
        self._count += count

    def done(self) -> None:
        """Print the last stage."""
        if self._title:
            took = time.monotonic() - self._since
            counted = f"  {self._count:,} statements" if self._count else ""
            self._console.print(f"{self._before}{self._title}{counted}  {took:.1f} s", highlight=False)
            self._title = ""


class Live(Progress):
    """A spinner with count and rate for each stage."""

    def __init__(self, progress: RichProgress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def stage(self, title: str) -> None:
        """Finish the stage before, start the next."""
        self.done()
        self._task = self._progress.add_task(title, total=None, rate="")

    def advance(self, count: int) -> None:
        """Count, and show the rate."""
        if self._task is not None:
            self._progress.advance(self._task, count)
            task = self._progress.tasks[self._task]
            self._progress.update(
                self._task, rate=f"{task.completed:,.0f} statements, {task.completed / (task.elapsed or 1):,.0f}/s"
            )

    def done(self) -> None:
        """The stage is done."""
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)
            self._task = None


@contextmanager
def reporter(quiet: bool = False) -> Iterator[Progress]:
    """The progress reporter that fits standard error."""
    console = Console(stderr=True)
    if quiet:
        yield Progress()
    elif not console.is_terminal:
        yield Lines(console)
    else:
        with RichProgress(
            SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[rate]}"), TimeElapsedColumn(),
            console=console,
        ) as progress:  # fmt: skip
            yield Live(progress)
