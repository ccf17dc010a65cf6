"""How a command refuses input that cannot be used."""

from __future__ import annotations

from pathlib import Path

from tests.command import FIXTURES, Ended

BUNDLE = FIXTURES / "csv-v1.2.0"


def refused(ended: Ended, *parts: str, code: int = 3) -> None:
    """The command ended with this code, one error line that holds the parts, and one remedy line."""
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    told = [line for line in ended.err.splitlines() if line.startswith(("error: ", "remedy: "))]
    assert [line.partition(":")[0] for line in told] == ["error", "remedy"], ended.err
    for part in parts:
        assert part in told[0], f"{part!r} is not in {told[0]!r}"
    assert len(told[1]) > len("remedy: Do it.")
    assert ended.out == ""


def page(path: Path) -> Path:
    path.write_text("<!DOCTYPE html>\n<html><body>Please log in</body></html>\n", encoding="utf-8")
    return path
