"""How large a query is in the terms that cost an engine its stack, its memory or its time before it evaluates anything.

Measured on `oxigraph serve-read-only` 0.5.13, which no worker protects when it stands behind an endpoint: one query of
1,000 EXISTS inside each other, or, all flat, of 4,000 BIND, GRAPH, MINUS or sub-selects, or of 8,000 UNION, sums or
brackets ends the process; 250 patterns that are joined keep its planner busy for longer than 6 s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.errors import TooComplex
from app.settings import Limits
from app.sparql.tokens import CLOSERS, Token, ends_value, position

_TERMS = frozenset(["iri", "name", "string", "number"])
# What nests in the algebra however flat it is written.
_WORDS = frozenset(["UNION", "OPTIONAL", "MINUS", "EXISTS", "FILTER", "BIND", "GRAPH", "VALUES", "AS", "LATERAL"])
_SIGNS = frozenset(["||", "|", "&&", "/", "^", "+", "-", "*"])
_JOINTS = frozenset([".", ";", ",", "/"])


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of what a query text may hold."""

    nesting: int
    operators: int
    patterns: int
    values: int
    services: frozenset[str] = frozenset()
    """The endpoints that SERVICE may name."""
    standard: bool = False
    """Whether it may hold SPARQL 1.1 only, nothing that some stores have beyond."""

    @classmethod
    def of(cls, limits: Limits, services: Iterable[str] = (), standard: bool = False) -> Bounds:
        """The published limits of a query."""
        return cls(
            limits.sparql_nesting, limits.sparql_operators, limits.sparql_patterns, limits.sparql_values,
            frozenset(services), standard,
        )  # fmt: skip


class Complexity:
    """Counts token by token, and refuses the one that is too many."""

    def __init__(self, text: str, bounds: Bounds) -> None:
        self._text = text
        self._bounds = bounds
        self._opened: list[str] = []
        self._bangs = self._operators = self._patterns = self._values = 0
        self._values_next = False
        self._values_depth = 0  # of the brackets around the rows of VALUES; 0 outside
        self._template = False  # inside what CONSTRUCT makes, where nothing is joined

    @property
    def depth(self) -> int:
        """How many brackets are open."""
        return len(self._opened)

    def add(self, token: Token, before: Token | None) -> None:
        """Count the next token. Raises TooComplex."""
        kind, text = token.kind, token.text
        bangs, self._bangs = self._bangs, 0
        if kind == "word":
            self._word(text.upper())
        elif kind == "bracket" or kind == "triple":
            self._bracket(text, before)
        elif kind == "operator":
            if text == "!":
                self._bangs = bangs + 1
            self._operators += text in _SIGNS
            self._patterns += not token.valued and not self._template and text in _JOINTS
        elif kind in _TERMS or kind == "variable":
            if self._values_depth:
                self._values += kind != "variable"
            elif self._opened and self._opened[-1] == "(":
                self._patterns += not token.valued and not self._template
            elif kind != "number":
                return  # as most are: nothing is counted
            if kind == "number" and text[0] in "+-" and before is not None and ends_value(before):
                self._operators += 1  # 1+1 has two tokens, and the second adds
        bounds = self._bounds
        if (
            len(self._opened) + self._bangs > bounds.nesting
            or self._operators > bounds.operators
            or self._patterns > bounds.patterns
            or self._values > bounds.values
        ):
            raise self._refusal(token)

    def _word(self, word: str) -> None:
        self._operators += word in _WORDS
        self._values += bool(self._values_depth) and word in ("UNDEF", "TRUE", "FALSE")
        self._values_next = word == "VALUES" or self._values_next

    def _bracket(self, text: str, before: Token | None) -> None:
        if text in CLOSERS:
            self._opened.append(text)
            if text == "{" and self._values_next:
                self._values_next, self._values_depth = False, self.depth
            elif text == "{" and before is not None and before.text.upper() == "CONSTRUCT":
                self._template = True
            self._patterns += not self._template and not self._values_depth and text != "("
        elif text != "~":
            if self._values_depth == self.depth:
                self._values_depth = 0
            self._template = self._template and self.depth > 1
            self._opened.pop()

    def _refusal(self, token: Token) -> TooComplex:
        bounds = self._bounds
        name, most, what = next(
            (name, most, what)
            for name, count, most, what in (
                ("nesting", self.depth + self._bangs, bounds.nesting, "brackets and negations inside each other"),
                ("operators", self._operators, bounds.operators, "operators"),
                ("patterns", self._patterns, bounds.patterns, "triple patterns and groups"),
                ("values", self._values, bounds.values, "terms in VALUES"),
            )
            if count > most
        )
        detail, where = f"The query has more than {most} {what}.", position(self._text, token.start)
        return TooComplex(detail, limit=f"sparql_{name}", value=most, **where)
