"""How much memory this process and its children take at most while something runs."""

from __future__ import annotations

import ctypes
import os
import re
import threading
from pathlib import Path

PROC = Path("/proc")
EVERY = 0.1  # seconds
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class PeakMemory:
    """Within it, the sum of the proportional set sizes (PSS) is taken ten times a second; ``mib`` is the largest.

    PSS counts a page that n processes share as 1/n of a page in each, so the sum is what the machine gives up; the sum of
    resident set sizes would count libraries once a process. None where the system does not tell (other than Linux).
    """

    def __init__(self, pid: int | None = None) -> None:
        self.mib: float | None = None
        self._pid = pid or os.getpid()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(EVERY):
            if now := tree(self._pid):
                self.mib = max(self.mib or 0.0, now)


def tree(pid: int) -> float:
    """MiB of a process and of all below it, by PSS; 0 for one that ended or that the system does not tell about."""
    folder = PROC / str(pid)
    try:
        match = _PSS.search((folder / "smaps_rollup").read_text())
        children = [c for task in (folder / "task").iterdir() for c in (task / "children").read_text().split()]
    except OSError:  # it has ended since
        return 0.0
    return (int(match[1]) / 1024 if match else 0.0) + sum(tree(int(c)) for c in children)


def few_arenas() -> None:
    """Let all threads share two heaps of the C library; call it before threads are started.

    With one for each of some twenty threads, most of what an answer took stays in a heap that nobody uses any more.
    """
    _m_arena_max = -8
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:  # glibc's alone
        mallopt(_m_arena_max, 2)
