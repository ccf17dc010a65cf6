"""Statements of an overlay, one function for each kind of value."""

from __future__ import annotations

import pyoxigraph as ox

from ontology import XSD


def link(subject: str, predicate: str, value: str) -> ox.Triple:
    """A statement whose value is an IRI."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value))


def text(subject: str, predicate: str, value: str, language: str | None = None) -> ox.Triple:
    """One whose value is a text."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.Literal(value, language=language))


def number(subject: str, predicate: str, value: int) -> ox.Triple:
    """One whose value is a whole number."""
    return _typed(subject, predicate, str(value), "integer")


def decimal(subject: str, predicate: str, value: float) -> ox.Triple:
    """One whose value is a decimal of four digits."""
    return _typed(subject, predicate, f"{value:.4f}".rstrip("0").rstrip(".") or "0", "decimal")


def time(subject: str, predicate: str, value: str) -> ox.Triple:
    """One whose value is a moment."""
    return _typed(subject, predicate, value, "dateTime")


def _typed(subject: str, predicate: str, written: str, kind: str) -> ox.Triple:
    value = ox.Literal(written, datatype=ox.NamedNode(XSD + kind))
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value)
