"""Profiles and reports as PDF: Typst lays them out, with shaping and bidirectional text, from data alone.

The fonts are the DejaVu Sans that matplotlib carries along (Latin, Greek, Cyrillic, Arabic; free to embed), so nothing of
the system is used and the same data give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib
import orjson
import typst

from app.documents.blocks import Report
from app.documents.sheet import Sheet


def profile_pdf(sheet: Sheet) -> bytes:
    """The pages of one profile; takes some tenths of a second, so call it off the event loop."""
    return _made({"sheets": [sheet], "bundle": False, "title": sheet["title"]["text"]})


def bundle_pdf(sheets: Sequence[Sheet], title: str) -> bytes:
    """Several profiles in one language, behind a table of contents; takes seconds."""
    return _made({"sheets": sheets, "bundle": True, "title": title})


def report_pdf(report: Report) -> bytes:
    """The pages of a report; takes some tenths of a second, so call it off the event loop."""
    data = {"title": report.title, "language": report.language, "blocks": report.blocks}
    return _made(data, "report.typ")


def _made(data: dict[str, Any], layout: str = "profile.typ") -> bytes:
    folder, fonts = _resources()
    source = folder / layout
    made = typst.compile(
        source, root=source.parent, font_paths=fonts, ignore_system_fonts=True, format="pdf", timestamp=0,
        sys_inputs={"data": orjson.dumps(data).decode()},
    )  # fmt: skip
    assert isinstance(made, bytes)  # noqa: S101  # one document, no output file
    return made


@cache
def _resources() -> tuple[Path, typst.Fonts]:
    """The folder of the layouts, and the fonts, read once."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    return Path(str(files("app.documents"))), fonts
