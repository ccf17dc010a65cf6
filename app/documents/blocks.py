"""A report as blocks: headings, paragraphs, lists and tables; what Word and PDF are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Report(NamedTuple):
    """A report in one language."""

    title: str
    language: str
    blocks: tuple[dict[str, Any], ...]


def heading(text: str, level: int = 1) -> dict[str, Any]:
    """A heading; the title of the report is above all of them."""
    return {"kind": "heading", "text": text, "level": level}


def paragraph(text: str, name: str = "") -> dict[str, Any]:
    """A paragraph, behind a word in bold where it has a name."""
    return {"kind": "paragraph", "text": text, "name": name}


def bullets(items: Sequence[str]) -> dict[str, Any]:
    """A list."""
    return {"kind": "list", "items": list(items)}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A table; the first column says what a row is about."""
    return {"kind": "table", "head": list(head), "rows": [list(row) for row in rows]}
