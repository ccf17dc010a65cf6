"""The README's requests give the answers it shows, and its commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from tests.api.conftest import InProcess

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
REQUESTS = re.findall(r"curl 'http://127\.0\.0\.1:8000([^']+)'\s+```json\n(.*?)```", README, re.DOTALL)


def contains(answer: Any, shown: Any) -> bool:
    """Whether everything shown is in the answer; a list shows some of its items."""
    if isinstance(shown, dict):
        return isinstance(answer, dict) and all(k in answer and contains(answer[k], v) for k, v in shown.items())
    if isinstance(shown, list):
        return isinstance(answer, list) and all(any(contains(a, s) for a in answer) for s in shown)
    return bool(answer == shown)


def test_the_comparison_that_a_stranger_can_run_runs(starter_dir: Path) -> None:
    (line,) = re.findall(r"`\.venv/bin/(ccsi scope evaluate [^`]+)`", README)
    command = line.split()[1:]
    command[-1] = str(Path(__file__).parent.parent / command[-1])
    done = CliRunner().invoke(cli, [*command, "--json", "--data-dir", str(starter_dir)])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures["core"]["tp"] > 50
    assert 0.95 < figures["core"]["precision"] <= 1


def test_there_are_seven_requests() -> None:
    assert len(REQUESTS) == 7


@pytest.mark.parametrize(("path", "shown"), REQUESTS)
def test_a_request_answers_as_shown(starter_api: InProcess, path: str, shown: str) -> None:
    answer = starter_api.get(path)
    assert answer.status_code == 200
    expected = json.loads(shown)
    assert expected
    assert contains(answer.json(), expected), json.dumps(answer.json(), indent=1)[:3000]


def test_every_command_named_in_the_documents_exists() -> None:
    texts = [README, *(p.read_text(encoding="utf-8") for p in sorted(Path(__file__).parent.parent.glob("docs/*.md")))]
    named = {
        tuple(m.split())
        for text in texts
        for m in re.findall(r"\bccsi ((?:scope|releases|clusters|profile) [a-z-]+|load|serve)\b", text)
    }
    assert ("scope", "report") in named
    for command in sorted(named):
        done = CliRunner().invoke(cli, [*command, "--help"])
        assert done.exit_code == 0, command
