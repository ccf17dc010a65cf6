"""Rows counted in a serialised result as it is written, so that the fast native serialisers can be used.

Each counter takes the output in pieces cut anywhere and is exact: text inside values never counts. Standard library
only: the worker imports it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_JSON_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_CSV_STRING = re.compile(rb'"[^"]*+"')


class _Structure:
    """The bytes outside quoted strings, with only the state of an open string kept between pieces."""

    def __init__(self, string: re.Pattern[bytes], escape: bool) -> None:
        self._string = string
        self._escape = escape
        self._open = b""

    def feed(self, piece: bytes) -> bytes:
        text = self._string.sub(b"", self._open + piece)
        start = text.find(b'"')
        if start < 0:
            self._open = b""
            return text
        backslashes = len(text) - len(text.rstrip(b"\\")) if self._escape else 0
        self._open = b'"\\' if backslashes % 2 else b'"'
        return text[:start]


def json_rows() -> Callable[[bytes], int]:
    """SPARQL JSON: between two rows, and nowhere else outside strings, stands ``},{``; the first follows ``[{``."""
    structure, tail = _Structure(_JSON_STRING, escape=True), b""

    def count(piece: bytes) -> int:
        nonlocal tail
        text = tail + structure.feed(piece)
        tail = text[-2:]
        return text.count(b"},{") + text.count(b":[{")

    return count


def csv_rows() -> Callable[[bytes], int]:
    """CSV: lines outside quotes, the header not counted."""
    return _lines(_Structure(_CSV_STRING, escape=False).feed)


def tsv_rows() -> Callable[[bytes], int]:
    """TSV escapes every line break in a value."""
    return _lines(bytes)


def _lines(outside: Callable[[bytes], bytes]) -> Callable[[bytes], int]:
    """Line breaks `outside` values, the header's not counted."""
    first = 1

    def count(piece: bytes) -> int:
        nonlocal first
        lines = outside(piece).count(b"\n")
        if first and lines:
            first, lines = 0, lines - 1
        return lines

    return count


def xml_rows() -> Callable[[bytes], int]:
    """XML escapes every angle bracket in a value."""
    tail = b""

    def count(piece: bytes) -> int:
        nonlocal tail
        text = tail + piece
        tail = text[-8:]
        return text.count(b"</result>")

    return count
