"""What a client is told whose query was read, and has no answer."""

from __future__ import annotations

from app.errors import NotAcceptable, QueryStopped
from app.settings import Limits
from app.sparql import result_formats, wire
from app.sparql.pool import ENGINE, TIME
from app.sparql.result_formats import Choice


def not_acceptable(form: str) -> NotAcceptable:
    """No format that the client takes can hold what this form of query gives."""
    known = result_formats.media_types(form)
    return NotAcceptable(f"This is available as {', '.join(known)}.", available=known)


def unwritable(form: str, choice: Choice, why: str) -> NotAcceptable:
    """The chosen format cannot hold this answer; others can."""
    chosen = (choice.for_form(form) or ("", ""))[0]
    others = [media for name, media in result_formats.offers(form) if name != chosen]
    return NotAcceptable(f"{why}; it is available as {', '.join(others)}.", available=others)


def stopped(error: str, limits: Limits) -> QueryStopped:
    """A limit ended the query: which, and what it is."""
    bounds: dict[str, tuple[str, str, float]] = {
        TIME: ("sparql_seconds", "It was not complete after {:g} seconds.", limits.sparql_seconds),
        wire.MEMORY: ("sparql_memory", "It needed more than {:,} bytes of memory.", limits.sparql_memory),
        wire.ROWS: ("sparql_rows", "Its answer has more than {:,} rows; add a LIMIT or narrow it.", limits.sparql_rows),
        wire.BYTES: (
            "sparql_bytes",
            "Its answer has more than {:,} bytes; add a LIMIT or narrow it.",
            limits.sparql_bytes,
        ),
    }
    if error not in bounds:
        return QueryStopped("The engine gave up on this query.", limit=ENGINE)
    name, detail, value = bounds[error]
    return QueryStopped(detail.format(value), limit=name, value=value)
