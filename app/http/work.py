"""The time that a request takes of the event loop, which all others wait for; waiting itself is not counted."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Generator
from typing import Any

from starlette.types import Scope

_SPENT = "ccsi.spent"


class Work:
    """An awaitable that counts the seconds for which it runs.

    Every step of a coroutine between two of its waits is timed, by the processor time of this thread. What is done
    elsewhere, by a thread or a process, is added by whoever had it done: `count_seconds`.
    """

    def __init__(self, awaitable: Awaitable[None]) -> None:
        self._awaitable = awaitable
        self.seconds = 0.0
        self._began = 0.0

    def so_far(self) -> float:
        """The seconds of all steps, with the one that is running."""
        return self.seconds + (time.thread_time() - self._began if self._began else 0.0)

    def __await__(self) -> Generator[Any, None, None]:
        steps = self._awaitable.__await__()
        error: BaseException | None = None
        while True:
            self._began = time.thread_time()
            try:
                waits_for = steps.send(None) if error is None else steps.throw(error)
            except StopIteration:
                return
            finally:
                self.seconds += time.thread_time() - self._began
                self._began = 0.0
            try:
                yield waits_for
                error = None
            except BaseException as thrown:  # a cancellation belongs to the coroutine
                error = thrown


def count_seconds(scope: Scope, seconds: float) -> None:
    """Count what was done for a request outside the event loop."""
    scope[_SPENT] = scope.get(_SPENT, 0.0) + seconds


def spent_of(scope: Scope) -> float:
    """The seconds that were counted so."""
    seconds: float = scope.get(_SPENT, 0.0)
    return seconds
