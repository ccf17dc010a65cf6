r"""The words of a query: the terminals of the SPARQL grammar, by its own character classes, the longest match first.

The engine reads without separate tokens and other stores with lexers of their own, so that the same text can mean
different things to each: ``(?x<?y#>''' )`` is an IRI and an open string, or a comparison and a comment. Here a text is cut
as the standard says (SPARQL 1.1, 19.8), with the terminals that the engine takes of SPARQL 1.2, and what is none of them
is refused. `guard` writes the query anew from these tokens; no other reading of the text ever reaches an engine.

One place needs more than the longest match: behind an operand inside an expression, where no IRI can stand, ``<`` compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from app.errors import QuerySyntax

_PN_CHARS_BASE = (
    r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_PN_CHARS_U = _PN_CHARS_BASE + "_"
_MORE = r"\u00B7\u0300-\u036F\u203F-\u2040"
_VARIABLE = rf"[{_PN_CHARS_U}0-9][{_PN_CHARS_U}0-9{_MORE}]*+"
_PN_CHARS = rf"{_PN_CHARS_U}0-9{_MORE}\-"
# A bound, because a word is tried as a prefix first and may be followed by any number of dots and words.
_PN_PREFIX = rf"[{_PN_CHARS_BASE}](?:[{_PN_CHARS}]|\.(?=[{_PN_CHARS}.])){{0,255}}+"
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_PN_LOCAL = rf"(?:[{_PN_CHARS_U}:0-9]|{_PLX})(?:[{_PN_CHARS}:]|{_PLX}|\.++(?=[{_PN_CHARS}:%\\]))*+"
_ESCAPE = r"\\[tbnrf\\\"']|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_IRI = r"<(?:[^\x00-\x20<>\"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"
_TERMINAL = re.compile(
    rf"""
    (?:[ \t\r\n]++|\#[^\r\n]*+)*+  # space and comments before
    (?:
      (?P<string>\"\"\"(?:[^"\\]++|{_ESCAPE}|"(?!""))*+\"\"\" | '''(?:[^'\\]++|{_ESCAPE}|'(?!''))*+'''
                |"(?!"")(?:[^"\\\r\n]++|{_ESCAPE})*+"         | '(?!'')(?:[^'\\\r\n]++|{_ESCAPE})*+')
    | (?P<triple><<\(?|\)>>|>>|\{{\||\|\}}|~)
    | (?P<iri>{_IRI})
    | (?P<variable>[?$]{_VARIABLE})
    | (?P<blank>_:[{_PN_CHARS_U}0-9](?:[{_PN_CHARS}]|\.++(?=[{_PN_CHARS}]))*+)
    | (?P<name>(?:{_PN_PREFIX})?+:(?:{_PN_LOCAL})?+)
    | (?P<word>[A-Za-z][A-Za-z0-9_]*+(?![{_PN_CHARS_U}{_MORE}]))
    | (?P<number>[+-]?+(?:[0-9]++\.[0-9]*+[eE][+-]?[0-9]++|\.?[0-9]++[eE][+-]?[0-9]++|[0-9]*+\.[0-9]++|[0-9]++))
    | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?+)
    | (?P<bracket>[(){{}}\[\]])
    | (?P<operator>\|\|?|&&|\^\^?|!=|[<>]=|[!=<>*/+?.;,-])
    )?
    """,
    re.VERBOSE,
)
PAUSED = 64  # tokens from one pause to the next
_VALUES = frozenset(["variable", "iri", "name", "number", "string", "language"])
CLOSERS = {"(": ")", "{": "}", "[": "]", "<<": ">>", "<<(": ")>>", "{|": "|}"}
# Words behind which a bracket in a clause or a group holds no expression.
_NO_EXPRESSION = frozenset(["A", "VALUES", "TRUE", "FALSE"])
_CONDITIONS = frozenset(["SELECT", "BY", "HAVING"])  # what follows are expressions, until
_PATTERNS = frozenset(["WHERE", "FROM", "LIMIT", "OFFSET", "VALUES"])  # one of these or a brace


class Token(NamedTuple):
    """A terminal of the text; `kind` is the name of its group above."""

    kind: str
    text: str
    start: int
    valued: bool = False
    """Whether it stands where a value is computed: inside an expression, or in a clause of conditions."""


class Brackets:
    """The brackets around a place, and whether it is inside an expression."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self._expression = [False]  # of each bracket around, whether it holds an expression
        self._conditions = [False]  # of each group around, whether conditions are being listed there

    def word(self, word: str) -> None:
        """Note a keyword of those two kinds, in capitals."""
        self._conditions[-1] = word in _CONDITIONS

    def open(self, bracket: str, before: Token | None, second: Token | None) -> None:
        """Go into a bracket, behind these two tokens."""
        self._expression.append(bracket == "(" and self._begins_expression(before, second))
        self.opened.append(bracket)
        if bracket == "{":
            self._conditions[-1] = False
            self._conditions.append(False)

    def _begins_expression(self, before: Token | None, second: Token | None) -> bool:
        if before is not None and before.kind == "word":
            return before.text.upper() not in _NO_EXPRESSION
        if self.valued:
            return True
        called = before is not None and before.kind in ("iri", "name")
        return called and second is not None and second.kind == "word" and second.text.upper() == "FILTER"

    def close(self, bracket: str) -> bool:
        """Leave a bracket; false if another is open."""
        if not self.opened or CLOSERS[self.opened[-1]] != bracket:
            return False
        if self.opened.pop() == "{":
            self._conditions.pop()
        self._expression.pop()
        return True

    @property
    def in_expression(self) -> bool:
        """Whether the innermost bracket holds an expression."""
        return self._expression[-1]

    @property
    def valued(self) -> bool:
        """Whether values are computed here: in an expression, or where conditions are being listed, outside brackets."""
        return self._expression[-1] or (self._conditions[-1] and (not self.opened or self.opened[-1] == "{"))


def tokens(text: str, pause: Callable[[], None] | None = None) -> list[Token]:
    """The terminals of a text in order, without space and comments. Raises QuerySyntax for what is none.

    `pause` is called every now and then.
    """
    read: list[Token] = []
    brackets = Brackets()
    at, end = 0, len(text)
    terminal = _TERMINAL.match
    before: Token | None = None
    in_expression = valued = False  # as the brackets say, which change at some words and at brackets only
    while at < end:
        match = terminal(text, at)
        assert match is not None  # noqa: S101 (nothing is a match too)
        if (kind := match.lastgroup) is None:
            if (at := match.end()) < end:
                raise _unreadable(text, at)
            break
        start, at = match.span(kind)
        token = Token(kind, text[start:at], start, valued)
        if in_expression and kind in ("iri", "triple") and token.text[0] == "<" and ends_value(before):
            at = start + (2 if text.startswith("<=", start) else 1)
            token = Token("operator", text[start:at], start)
        elif in_expression and kind == "name" and ends_value(before):
            raise syntax_error(text, start, "between two values stands an operator")
        elif kind == "word":
            if (word := token.text.upper()) in _CONDITIONS or word in _PATTERNS:
                brackets.word(word)
                valued = brackets.valued
        elif kind == "bracket" or kind == "triple":
            if token.text in CLOSERS:
                brackets.open(token.text, before, read[-2] if len(read) > 1 else None)
            elif token.text != "~" and not brackets.close(token.text):
                raise syntax_error(text, start, f"nothing is open that {token.text} closes")
            in_expression, valued = brackets.in_expression, brackets.valued
        read.append(token)
        before = token
        if pause is not None and not len(read) % PAUSED:
            pause()
    return read


def ends_value(token: Token | None) -> bool:
    """Whether a value ends here: what follows goes on with it or compares it."""
    return token is not None and (token.kind in _VALUES or token.text.lower() in (")", ")>>", "true", "false"))


def _unreadable(text: str, at: int) -> QuerySyntax:
    if text[at] in "\"'":
        return syntax_error(text, at, "the string that begins here does not end, or has an escape that is none")
    return syntax_error(text, at, f"{text[at]!r} begins no token of SPARQL here")


def syntax_error(text: str, offset: int, reason: str) -> QuerySyntax:
    """What is wrong with a text, and where."""
    where = position(text, offset)
    return QuerySyntax(f"Line {where['line']}, column {where['column']}: {reason}.", **where)


def position(text: str, offset: int) -> dict[str, Any]:
    """Line, column (both from 1, in characters) and the offending line of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    line, column = text.count("\n", 0, offset) + 1, offset - start + 1
    end = text.find("\n", start)
    offending = text[start : len(text) if end < 0 else end].rstrip("\r")
    if len(offending) > 200:
        shown = max(0, min(column - 100, len(offending) - 200))
        offending = offending[shown : shown + 200]
    return {"line": line, "column": column, "offendingLine": offending}


_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_QUOTED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"})


def unescaped(text: str) -> str:
    """What escapes stand for. Raises ValueError for a code point that is no character."""

    def character(match: re.Match[str]) -> str:
        if short := match[3]:
            return _SHORT.get(short, short)
        number = int(match[1] or match[2], 16)
        if 0xD800 <= number < 0xE000:
            raise ValueError
        return chr(number)

    return _ESCAPED.sub(character, text) if "\\" in text else text


def value(token: str) -> str:
    """The value of a string token of any of the four kinds. Raises ValueError."""
    quotes = 3 if token[:3] in ('"""', "'''") and len(token) >= 6 else 1
    return unescaped(token[quotes:-quotes])


def quoted(text: str) -> str:
    """A string between double quotes on one line."""
    return f'"{text.translate(_QUOTED)}"'
