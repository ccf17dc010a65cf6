"""The scope report as one HTML page of its own: no scripts, nothing fetched."""

from __future__ import annotations

from typing import Any

from app.html.render import render
from app.pictures.scope import scope_svg


def scope_page(figures: dict[str, Any], sections: list[tuple[str, list[dict[str, Any]], tuple[str, ...]]]) -> str:
    """The report with its picture; `sections` are title, rows, columns."""
    return render("scope_report.html", found=figures, sections=sections, picture=scope_svg(figures).decode())
