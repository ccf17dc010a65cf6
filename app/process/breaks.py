"""Work in a thread that leaves the interpreter to the event loop most of the time.

Threads take turns at the interpreter, and whoever waits for a turn waits for half a millisecond (app.main). An event loop
that wakes for many connections waits so for each: ten thousands of tokens read beside it were seen to hold it up by 30 ms.
"""

from __future__ import annotations

import time

_WORK, _BREAK = 0.001, 0.002  # seconds


class Breaks:
    """To be called every now and then by the work: sleeps when it has gone on for long enough."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def __call__(self) -> None:
        """Sleep, or go on."""
        if time.perf_counter() - self._began > _WORK:
            time.sleep(_BREAK)
            self._began = time.perf_counter()
