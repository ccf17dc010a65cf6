"""A report as a Word document (Office Open XML)."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from docx import Document

from app.documents.blocks import Report
from releases.characters import fit

_MADE = datetime(2020, 1, 1, tzinfo=UTC)  # so that the same report gives the same document


def report_docx(report: Report) -> bytes:
    """The document; takes some tenths of a second, so call it off the event loop."""
    document = Document()
    about = document.core_properties
    about.title, about.language, about.author = fit(report.title)[:250], report.language, ""
    about.created = about.modified = _MADE
    document.add_heading(fit(report.title), 0)
    for block in report.blocks:
        if block["kind"] == "heading":
            document.add_heading(fit(block["text"]), block["level"])
        elif block["kind"] == "paragraph":
            made = document.add_paragraph()
            if block["name"]:
                made.add_run(f"{fit(block['name'])}: ").bold = True
            made.add_run(fit(block["text"]))
        elif block["kind"] == "list":
            for item in block["items"]:
                document.add_paragraph(fit(item), style="List Bullet")
        else:
            grid = document.add_table(rows=1, cols=len(block["head"]), style="Table Grid")
            for cell, text in zip(grid.rows[0].cells, block["head"], strict=True):
                cell.paragraphs[0].add_run(fit(text)).bold = True
            for row in block["rows"]:
                for cell, text in zip(grid.add_row().cells, row, strict=True):
                    cell.text = fit(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
