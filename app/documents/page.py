"""A profile as one HTML page of its own, made to be read and printed: no scripts, nothing fetched."""

from __future__ import annotations

from app.documents.sheet import Sheet
from app.html.render import render

# The styles stand in the page; nothing else is loaded, and nothing can be sent from it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def profile_page(sheet: Sheet) -> str:
    """The page; every text is escaped."""
    return render("profile.html", sheet=sheet)
