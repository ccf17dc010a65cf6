"""Statements of the overlay: what names what, and texts, numbers and times about it."""

from __future__ import annotations

import pyoxigraph as ox

from ontology import XSD


def link(subject: str, predicate: str, value: str) -> ox.Triple:
    """A statement about another resource."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value))


def text(subject: str, predicate: str, value: str, language: str | None = None) -> ox.Triple:
    """A text, in a language where one is given."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.Literal(value, language=language))


def number(subject: str, predicate: str, value: int) -> ox.Triple:
    """A whole number."""
    return _typed(subject, predicate, str(value), "integer")


def decimal(subject: str, predicate: str, value: float) -> ox.Triple:
    """A share, to four decimals."""
    return _typed(subject, predicate, f"{value:.4f}".rstrip("0").rstrip(".") or "0", "decimal")


def time(subject: str, predicate: str, value: str) -> ox.Triple:
    """A moment, as the record has it."""
    return _typed(subject, predicate, value, "dateTime")


def _typed(subject: str, predicate: str, value: str, kind: str) -> ox.Triple:
    literal = ox.Literal(value, datatype=ox.NamedNode(XSD + kind))
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), literal)
