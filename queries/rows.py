"""Rows of an answer as plain text, for readers that know which columns hold IRIs and which hold literals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from queries import Row, Term


def as_text(term: Term | None) -> str:
    """The IRI, or the lexical form; "" for an unbound column."""
    return "" if term is None else term.value


def as_texts(rows: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    """Every row as plain text."""
    for row in rows:
        yield tuple("" if term is None else term.value for term in row)
