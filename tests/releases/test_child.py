"""Modules of this program run as processes of their own."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from releases import child


def test_a_child_runs_this_code_and_not_what_lies_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "releases.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert child.start("releases.child").wait(30) == 0


def test_the_event_loop_can_wait_for_one() -> None:
    async def run() -> tuple[int | None, bytes]:
        process = await child.start_awaited("releases.none", stderr=asyncio.subprocess.PIPE)
        _, words = await process.communicate()
        return process.returncode, words

    code, words = asyncio.run(run())
    assert code == 1
    assert b"releases.none" in words


def test_an_environment_of_its_own_holds_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCSI_PUBLISHER", "somebody")
    assert child.inherited(MALLOC_ARENA_MAX="2").items() >= {("CCSI_PUBLISHER", "somebody"), ("MALLOC_ARENA_MAX", "2")}
    process = child.start("json.tool", "--help", environment={"PYTHONPATH": str(child.ROOT)}, stdout=subprocess.PIPE)
    with process:
        out, _ = process.communicate(timeout=30)
    assert b"usage" in out
