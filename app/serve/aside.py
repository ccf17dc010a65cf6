"""Work done in a process of its own, for what it leaves behind.

Reading a release starts the threads of the engine, which never end, and takes twice the memory of what is kept. A
process that is to be forked can have neither.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog

from releases.gc_pause import no_garbage

log = structlog.get_logger()
T = TypeVar("T")
_PR_SET_PDEATHSIG = 1


def aside(work: Callable[[], T]) -> T:
    """What the function gives, which must be what pickle takes. Raises RuntimeError when it fails; why is logged."""
    output, pipe = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(output)
        os._exit(_work(work, pipe, parent))
    os.close(pipe)
    try:
        with no_garbage(), open(output, "rb") as stream:  # noqa: PTH123 (a descriptor)
            result: T = pickle.load(stream)  # noqa: S301 (from a fork of this process)
            return result
    except (EOFError, pickle.UnpicklingError) as error:
        raise RuntimeError("the process that reads the release did not come to its end") from error
    finally:
        os.waitpid(pid, 0)


def end_with(parent: int) -> None:
    """End this process as soon as the one that started it does."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has gone before
        os._exit(1)


def threads() -> int:
    """How many threads this process has; those of libraries are not in Python's own count."""
    return len(list(Path("/proc/self/task").iterdir()))


def _work(work: Callable[[], T], pipe: int, parent: int) -> int:
    try:
        end_with(parent)
        with open(pipe, "wb") as stream:
            pickle.dump(work(), stream, protocol=5)
    except BaseException:
        log.exception("a release could not be read aside")
        return 1
    return 0
