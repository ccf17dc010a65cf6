"""Run the `ccsi` command from a test: in this process where that says the same, else in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

CCSI = [sys.executable, "-m", "app.cli"]
ROOT = Path(__file__).parent.parent
STARTER = ROOT / "loaders" / "starter" / "esco-starter-v1.2.0.ttl.gz"
FIXTURES = ROOT / "tests" / "fixtures"
QUICK = ["--partial", "--curation", str(FIXTURES / "no-curation.ttl")]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


def in_process(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """A function that runs `ccsi` with arguments through its entry point."""
    from app.cli.main import main

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["ccsi", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        code = ended.value.code
        del ended  # its traceback holds this frame, and with both the store that a load had open
        return Ended(code if isinstance(code, int) else 0, said.out, said.err)

    return run


def start(*arguments: object, prefix: tuple[str, ...] = (), **options: object) -> subprocess.Popen[str]:
    """Start `ccsi` as a process of its own, in a process group of its own, to which an interrupt means what it does at a
    terminal: a shell lets what it starts in the background ignore it.
    """
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [*prefix, *CCSI, *map(str, arguments)],
        **{
            "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT, "start_new_session": True,
            "preexec_fn": _heed_interrupts,
            "env": {**os.environ, "COLUMNS": "200", "PYTHONWARNINGS": "error"}, **options,
        },
    )  # fmt: skip


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(*arguments: object, prefix: tuple[str, ...] = ()) -> Ended:
    """Run `ccsi` as a process of its own."""
    process = start(*arguments, prefix=prefix)
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)
