"""How a module of this program is run as a process of its own: by this interpreter, with this code, whatever folder it is in."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # numpy starts none of its own then


def start(
    module: str, *arguments: object, environment: Mapping[str, str] | None = None, niceness: int = 0, **options: Any
) -> subprocess.Popen[bytes]:
    """Start it; `options` are those of Popen. With `environment` it sees these variables and no others. Raises OSError.

    With a `niceness` it gives way from its first import on, which is half a second's work.
    """
    process = subprocess.Popen(_command(module, arguments), env=environment or inherited(), **options)  # noqa: S603 (this very program)
    if niceness:
        _give_way(process.pid, niceness)
    return process


async def start_awaited(
    module: str, *arguments: object, niceness: int = 0, **options: Any
) -> asyncio.subprocess.Process:
    """The same for the event loop. Raises OSError."""
    process = await asyncio.create_subprocess_exec(*_command(module, arguments), **{"env": inherited(), **options})
    if niceness:
        _give_way(process.pid, niceness)
    return process


def _give_way(process: int, niceness: int) -> None:
    with suppress(OSError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, process, niceness)


def inherited(**more: str) -> dict[str, str]:
    """The environment of this process, in which the child finds the code, and more variables."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, **more}


def _command(module: str, arguments: tuple[object, ...]) -> list[str]:
    # -P: what lies in the folder where somebody runs this is not imported.
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]
