"""Statements as N-Quads lines: the one writer of what is derived."""

from __future__ import annotations

from pyoxigraph import Literal

from ontology import XSD


class GraphLines:
    """Lines of one named graph."""

    def __init__(self, graph: str) -> None:
        self._end = f" <{graph}> .\n"

    def link(self, subject: str, predicate: str, value: str) -> str:
        """A statement whose value is an IRI."""
        return f"<{subject}> <{predicate}> <{value}>{self._end}"

    def text(self, subject: str, predicate: str, value: str, language: str | None = None) -> str:
        """One whose value is a text."""
        return f"<{subject}> <{predicate}> {Literal(value, language=language)}{self._end}"

    def decimal(self, subject: str, predicate: str, value: float, digits: int = 4) -> str:
        """One whose value is a decimal, rounded."""
        # As the engine writes them: "0.5", not "0.5000", so that what is hashed is what is held.
        written = f"{value:.{digits}f}".rstrip("0").rstrip(".") or "0"
        written = "0" if written == "-0" else written
        return f'<{subject}> <{predicate}> "{written}"^^<{XSD}decimal>{self._end}'

    def double(self, subject: str, predicate: str, value: float) -> str:
        """One whose value is a double of four digits."""
        return f"<{subject}> <{predicate}> {Literal(float(f'{value:.3e}'))}{self._end}"

    def integer(self, subject: str, predicate: str, value: int) -> str:
        """One whose value is an integer."""
        return f'<{subject}> <{predicate}> "{value}"^^<{XSD}integer>{self._end}'

    def truth(self, subject: str, predicate: str, value: bool) -> str:
        """One whose value is true or false."""
        return f'<{subject}> <{predicate}> "{str(value).lower()}"^^<{XSD}boolean>{self._end}'
