"""XML that is read by expat before the RDF parser sees it, so that a small file cannot cost much.

The engine's parser expands entities without bound and takes quadratic time for nested elements. Standard library only: query
workers read the answers of endpoints through this.
"""

from __future__ import annotations

from typing import IO
from xml.parsers import expat

LONGEST_ENTITY = 256  # characters; those of real files are namespaces
MOST_ENTITIES = 1000
DEEPEST = 100
LONGEST = 1 << 23  # bytes without a tag
LONGEST_TAG = 1 << 16  # bytes of a tag or comment; older versions of expat begin such a one anew with every read


class CheckedXml:
    """A stream of XML; `read` raises SyntaxError, with the line, before it gives anything away that is not sound.

    What is left of entities makes a text some 85 times longer at most, and expat has a bound of its own on the whole.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._entities = self._depth = self._since_tag = self._bytes = 0
        self._parser = parser = expat.ParserCreate()
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def read(self, size: int = -1) -> bytes:
        """The next bytes, judged."""
        block = self._stream.read(size)
        self._since_tag += len(block)
        self._bytes += len(block)
        try:
            self._parser.Parse(block, not block)
        except expat.ExpatError as error:
            raise self._error(expat.ErrorString(error.code) or "not well-formed", error.lineno) from None
        if self._since_tag > LONGEST:
            raise self._error(f"a text of more than {LONGEST >> 20} MiB")
        if self._bytes - self._parser.CurrentByteIndex > LONGEST_TAG:
            raise self._error(f"a tag or comment of more than {LONGEST_TAG >> 10} KiB")
        return block

    def _error(self, what: str, line: int | None = None) -> SyntaxError:
        error = SyntaxError(what)
        error.lineno = line or self._parser.CurrentLineNumber
        return error

    def _entity(self, name: str, parameter: bool, value: str | None, *_: object) -> None:
        self._entities += 1
        if parameter or value is None:
            raise self._error(f"the entity '{name[:40]}' comes from elsewhere")
        if "&" in value or len(value) > LONGEST_ENTITY:
            raise self._error(f"the entity '{name[:40]}' holds others or more than {LONGEST_ENTITY} characters")
        if self._entities > MOST_ENTITIES:
            raise self._error(f"more than {MOST_ENTITIES} entities")

    def _start(self, *_: object) -> None:
        self._since_tag = 0
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} elements inside each other")

    def _end(self, _: str) -> None:
        self._since_tag = 0
        self._depth -= 1
