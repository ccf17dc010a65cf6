"""The scope report as one HTML page of its own: no scripts, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.html.render import render
from app.pictures.scope import scope_svg
from app.reports.scope import ScopeReport

# Title, rows, columns of a part of the report.
Section = tuple[str, Sequence[Mapping[str, object]], tuple[str, ...]]


def scope_page(figures: ScopeReport, sections: list[Section]) -> str:
    """The report with its picture; `sections` are title, rows, columns."""
    return render("scope_report.html", found=figures, sections=sections, picture=scope_svg(figures).decode())
