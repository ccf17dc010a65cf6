"""XML on its way out: as every parser of XML 1.0 reads it, or not at all.

The engine writes whatever an answer holds: characters that XML does not have, names that are none, and carriage returns that
a parser would turn into line feeds. Standard library only: the worker imports it.
"""

from __future__ import annotations

from xml.parsers import expat


class Unwritable(Exception):
    """A format cannot hold what it is asked to."""


class Xml:
    """Judges one document, piece by piece, by reading it."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")

    def checked(self, piece: bytes) -> bytes:
        """The piece as it may go out. Raises Unwritable."""
        piece = piece.replace(b"\r", b"&#xD;")
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError as error:
            what = "a character, or an IRI whose end is no name,"
            raise Unwritable(f"XML 1.0 has no way to write {what} of this answer") from error
        return piece
