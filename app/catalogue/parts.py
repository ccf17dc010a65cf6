"""Serialised parts of answers that many answers share, within a bound of bytes."""

from __future__ import annotations

from typing import Any

_ENTRY = 550  # bytes that an entry takes beside its text, as measured: its key, tuples, pieces and places in tables


class Parts:
    """What was used since the last change of generations stays; what was not goes with the older of the two.

    Cheaper to ask than a list in order of use, because one answer is made of hundreds of parts.
    """

    def __init__(self, room: int) -> None:
        self._room = room // 2
        self._used = 0
        self._young: dict[tuple[str, str, str], Any] = {}
        self._old: dict[tuple[str, str, str], Any] = {}

    def get(self, language: str, kind: str, iri: str) -> Any:
        """A part kept before, or None."""
        key = (language, kind, iri)
        if (part := self._young.get(key)) is not None:
            return part[0]
        if (part := self._old.get(key)) is not None:
            self.put(language, kind, iri, *part)
            return part[0]
        return None

    def put(self, language: str, kind: str, iri: str, part: Any, size: int) -> None:
        """Keep a part whose texts have `size` bytes."""
        if self._used > self._room:
            self._old, self._young, self._used = self._young, {}, 0
        self._young[language, kind, iri] = part, size
        self._used += size + _ENTRY
