"""What is refused by its text alone, and the only form in which a text goes on.

The engine's parser is recursive: a few kilobytes of brackets overflow its stack and abort the process. So nesting and the
number of operators are bounded here (complexity.py), in one pass. SERVICE and updates are named as such instead of failing
later; a SERVICE that the settings allow is located.

No engine ever reads the text of a client. It gets the query written anew from the tokens that were recognised: one space
between any two, no comments, strings between double quotes on one line, every IRI in full and no prologue. Words that
SPARQL does not have are refused. So nothing is left in which another reader could see what was not seen here: a keyword,
a comment, a string, a bracket. Where `Bounds.standard` is set, before an endpoint, nothing but SPARQL 1.1 is written.
The worker processes are the second wall: they have a stack deep enough for any permitted text, and no sockets; before an
endpoint it is a second judge (judge.py).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import pyoxigraph as ox

from app.errors import FederationRefused, Problem, QuerySyntax, TooComplex, UpdateRefused
from app.sparql import words
from app.sparql.complexity import Bounds, Complexity
from app.sparql.search_clause import SEARCH, Clause, Reader
from app.sparql.tokens import PAUSED, Token, position, quoted, syntax_error, tokens, unescaped, value

_PROLOGUE = frozenset(["BASE", "PREFIX", "VERSION"])
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_MOST_SERVICES = 10  # of one query: each is a request to somebody else
_MOST_WRITTEN = 4 * 65_536  # characters: what the longest text may become when its IRIs are written in full
_NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
# IRIs of these schemes are code to some stores (functions of Virtuoso, classes of Jena) or files, and never names of data.
_ACTIVE = ("bif:", "sql:", "java:", "jdbc:", "file:", "proc:")
_CASTS = "http://www.w3.org/2001/XMLSchema#"
_READ_ONLY = "This endpoint answers queries only; it takes no SPARQL updates."


@dataclass(frozen=True, slots=True)
class Service:
    """A SERVICE clause that may be followed, by offsets in `Outline.text`."""

    start: int
    group: int
    end: int
    endpoint: str
    silent: bool
    search: Clause | None = None
    """What it asks of the index of labels, where that is its endpoint."""


class Outline(NamedTuple):
    """What the text of a query says about it, and the text written anew."""

    form: str
    """select, ask, construct, describe, or "" for what the parser will refuse."""
    text: str
    """The query as it goes on, on one line."""
    base: str
    """What IRI() resolves against: the query's own base, or the one that it was given."""
    graphs: tuple[str, ...]
    """The graphs that the query names as its own dataset (FROM)."""
    volatile: bool
    """Whether the same query may answer differently each time (RAND, NOW, fresh blank nodes)."""
    services: tuple[Service, ...] = ()
    places: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """Where each token begins, in `text` and in the text of the client."""


def check(
    text: str, bounds: Bounds, base: str = "http://localhost/sparql", pause: Callable[[], None] | None = None
) -> Outline:
    """Read a query and write it anew. Raises QuerySyntax, TooComplex, UpdateRefused or FederationRefused.

    `pause` is called every now and then, so that a long text can be read without haste.
    """
    try:
        return _Reader(text, bounds, base, pause).read()
    except Problem as refusal:
        # Its frames hold every token of the text. What is told to a client waits in a circle of frames for the collector,
        # which was seen to stop the event loop for 100 ms over 360,000 of them.
        refusal.__context__ = None
        raise refusal.with_traceback(None) from None


@dataclass(slots=True)
class _Open:
    """A SERVICE clause that is being read: where it begins, the token that opens its group, and the depth around."""

    start: int
    opens: int
    depth: int
    endpoint: str
    silent: bool
    group: int = -1


class _Reader:
    """One reading of one text."""

    def __init__(self, text: str, bounds: Bounds, base: str, pause: Callable[[], None] | None) -> None:
        self._text = text
        self._pause = pause
        self._bounds = bounds
        self._base = base
        self._prefixes: dict[str, str] = {}
        self._written: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._sources: list[int] = []
        self._graphs: list[str] = []
        self._services: list[Service] = []

    def read(self) -> Outline:
        """See `check`."""
        sequence = tokens(self._text, self._pause)
        body = self._prologue(sequence)
        form = sequence[body].text.upper() if body < len(sequence) else ""
        if form in words.UPDATES:
            raise UpdateRefused(_READ_ONLY)
        volatile = self._body(sequence, body, form)
        return Outline(
            form.lower() if form in _FORMS else "", "".join(self._written), self._base, tuple(self._graphs), volatile,
            tuple(self._services), (tuple(self._starts), tuple(self._sources)),
        )  # fmt: skip

    def _prologue(self, tokens: list[Token]) -> int:
        """Read BASE, PREFIX and VERSION; the number of the first token behind them."""
        at = 0
        while at < len(tokens) and (word := tokens[at].text.upper()) in _PROLOGUE:
            match word, [token.kind for token in tokens[at + 1 : at + 3]]:
                case "BASE", ["iri", *_]:
                    self._base = self._iri(tokens[at + 1])
                    at += 2
                case "PREFIX", ["name", "iri"] if tokens[at + 1].text.find(":") == len(tokens[at + 1].text) - 1:
                    self._prefixes[tokens[at + 1].text[:-1]] = self._iri(tokens[at + 2])
                    at += 3
                case "VERSION", ["string", *_] if not self._bounds.standard:
                    at += 2
                case _:
                    break
        return at

    def _body(self, tokens: list[Token], body: int, form: str) -> bool:
        """Write the query; whether it is volatile."""
        volatile = False
        complexity = Complexity(self._text, self._bounds)
        clause: _Open | None = None  # the SERVICE clause around
        before: Token | None = None
        selected: set[str] = set()  # by the SELECT that is being read, which ends where a group or a dataset begins
        selecting = 0  # its depth, counted from 1
        joining = False  # whether there was a GROUP_CONCAT
        for number in range(body, len(tokens)):
            token = tokens[number]
            if self._pause is not None and not number % PAUSED:
                self._pause()
            complexity.add(token, before)
            kind = token.kind
            joined = False
            if kind == "variable":
                if selecting and selecting == complexity.depth + 1:
                    if token.text[1:] in selected:  # a column named twice is one column; the engine would refuse it
                        continue
                    selected.add(token.text[1:])
                joined = joining and _joined(tokens, number)
            elif kind == "word":
                word = self._word(token)
                volatile = volatile or word in words.VOLATILE
                joining = joining or word == "GROUP_CONCAT"
                if word == "SELECT":
                    selected, selecting = set(), complexity.depth + 1
                if word == "FROM":  # without a graph the parser refuses it
                    following = tokens[number + 1 : number + 3]
                    self._graphs += [self._full(name) for name in following if name.kind in ("iri", "name")][:1]
                elif word == "SERVICE":
                    clause = self._service(tokens, number, clause, complexity.depth)
            elif token.text == "{":
                selecting = 0
            elif form == "CONSTRUCT" and (kind == "blank" or token.text == "["):
                volatile = True
            if self._bounds.standard:
                self._hold_to_standard(token, before, tokens[number + 1 : number + 2])
            self._write(token._replace(text=f"STR( {token.text} )") if joined else token, before)
            before = token
            if clause is not None and number == clause.opens:
                clause.group = self._length - 1
            elif clause is not None and number > clause.opens and complexity.depth == clause.depth:
                search = None
                if clause.endpoint == SEARCH:
                    reader = Reader(self._full, self._value, self._syntax)
                    search = reader.read(tokens[clause.opens + 1 : number], token)
                self._services.append(
                    Service(clause.start, clause.group, self._length, clause.endpoint, clause.silent, search)
                )
                clause = None
        if clause is not None:
            raise syntax_error(self._text, len(self._text), "a SERVICE clause does not end")
        return volatile

    def _write(self, token: Token, before: Token | None) -> None:
        """Add a token to the text, apart from the one before unless it belongs to it."""
        kind, text = token.kind, token.text
        typed = before is not None and before.text == "^^"
        apart = self._length > 0 and not typed
        if kind == "iri" or kind == "name":
            text = f"<{self._full(token)}>"
        elif typed:
            raise self._syntax(token, "^^ is followed by an IRI")
        elif kind == "string":
            text = quoted(self._value(token))
        elif kind == "word":
            if text.upper() in ("TRUE", "FALSE"):  # SPARQL's words have no case, the engine's have
                text = text.lower()
        elif kind == "language" or text == "^^":
            if before is None or before.kind != "string":
                raise self._syntax(token, f"{text} stands behind a string only")
            apart = False
        elif text == "(" and before is not None and before.text.upper() in words.FUNCTIONS:
            apart = False  # the standard allows space here; the engine does not behind COALESCE
        start = self._length + apart
        self._starts.append(start)
        self._sources.append(token.start)
        self._written.append(" " + text if apart else text)
        self._length = start + len(text)
        if self._length > _MOST_WRITTEN:
            detail = f"With its IRIs in full the query has more than {_MOST_WRITTEN} characters."
            raise TooComplex(detail, limit="sparql_text", value=_MOST_WRITTEN)

    # --- words and terms -------------------------------------------------------------------------------------------

    def _word(self, token: Token) -> str:
        """A keyword in capitals. Raises QuerySyntax or UpdateRefused for what is none."""
        word = token.text.upper()
        if word in words.STANDARD or (word in words.BEYOND and not self._bounds.standard):
            return word
        if word in words.UPDATES:
            raise UpdateRefused(_READ_ONLY, **position(self._text, token.start))
        if word in words.BEYOND:
            raise self._beyond(token)
        raise self._syntax(token, f"'{token.text[:40]}' is no word of SPARQL; a name has a prefix and a colon")

    def _full(self, token: Token) -> str:
        """The IRI that a token stands for."""
        return self._iri(token) if token.kind == "iri" else self._name(token)

    def _iri(self, token: Token) -> str:
        try:
            iri = unescaped(token.text[1:-1])
        except ValueError:
            raise self._syntax(token, "an escape stands for no character") from None
        if _NOT_IN_IRI.search(iri):
            raise self._syntax(token, "an escape stands for what an IRI cannot hold")
        return iri if _ABSOLUTE.match(iri) else self._resolved(iri, token)

    def _resolved(self, reference: str, token: Token) -> str:
        """A relative reference against the base, by the engine's own rules."""
        try:
            (quad,) = ox.parse(f"<{reference}><a:><a:>.".encode(), format=ox.RdfFormat.TURTLE, base_iri=self._base)
        except (SyntaxError, ValueError):
            raise self._syntax(token, "an IRI is not valid") from None
        return str(quad.subject)[1:-1]

    def _name(self, token: Token) -> str:
        prefix, _, local = token.text.partition(":")
        if prefix not in self._prefixes:
            raise self._syntax(token, f"the prefix {prefix}: is not declared")
        return self._prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)

    def _value(self, token: Token) -> str:
        try:
            text = value(token.text)
        except ValueError:
            raise self._syntax(token, "an escape stands for no character") from None
        if "\0" in text and self._bounds.standard:
            raise self._syntax(token, "the character U+0000 is not passed on")
        return text

    # --- refusals --------------------------------------------------------------------------------------------------

    def _service(self, tokens: list[Token], number: int, around: _Open | None, depth: int) -> _Open:
        """The SERVICE clause that begins with this token. Raises FederationRefused."""
        at = number + 1
        silent = at < len(tokens) and tokens[at].text.upper() == "SILENT"
        at += silent
        endpoint = ""
        if at + 1 < len(tokens) and tokens[at].kind in ("iri", "name") and tokens[at + 1].text == "{":
            endpoint = self._full(tokens[at])
        where = position(self._text, tokens[number].start)
        if around is not None or endpoint not in self._bounds.services:
            raise FederationRefused(federation_refusal(self._bounds), **where)
        if len(self._services) == _MOST_SERVICES:
            detail = f"The query has more than {_MOST_SERVICES} SERVICE clauses."
            raise TooComplex(detail, limit="sparql_services", value=_MOST_SERVICES, **where)
        return _Open(self._length + 1, at + 1, depth, endpoint, silent)

    def _hold_to_standard(self, token: Token, before: Token | None, after: list[Token]) -> None:
        """Refuse what some stores read in ways of their own."""
        if token.kind == "triple" or (token.kind == "language" and "--" in token.text):
            raise self._beyond(token)
        if token.kind not in ("iri", "name"):
            return
        iri = self._full(token)
        if iri.lower().startswith(_ACTIVE):
            raise self._syntax(token, f"<{iri[:100]}> is no name of data")
        # Before a bracket it is a function, or a property whose object is a list.
        called = token.valued or (before is not None and before.text.upper() == "FILTER")
        if called and after and after[0].text == "(" and not iri.startswith(_CASTS):
            raise self._syntax(token, f"<{iri[:100]}> is no function of SPARQL 1.1")

    def _beyond(self, token: Token) -> QuerySyntax:
        return self._syntax(
            token, f"{token.text[:40]} is beyond SPARQL 1.1, which is all that is asked of the store here"
        )

    def _syntax(self, token: Token, reason: str) -> QuerySyntax:
        return syntax_error(self._text, token.start, reason)


def _joined(tokens: list[Token], number: int) -> bool:
    """Whether this variable is the one of a GROUP_CONCAT: the engine would join no IRIs, others join their texts."""
    before = number - 1
    if before > 0 and tokens[before].text.upper() == "DISTINCT":
        before -= 1
    if before < 1 or tokens[before].text != "(" or tokens[before - 1].text.upper() != "GROUP_CONCAT":
        return False
    return number + 1 < len(tokens) and tokens[number + 1].text in (";", ")")


def federation_refusal(bounds: Bounds) -> str:
    """What a client is told whose SERVICE is not followed."""
    if not bounds.services:
        return "This endpoint does not query other endpoints; federate from the client's side."
    names = ", ".join(f"<{name}>" for name in sorted(bounds.services))
    return f"SERVICE may name, and not inside another SERVICE: {names}."


_ERROR = re.compile(r"error at (\d+):(\d+): (?:expected )?(?:one of )?(.*)", re.DOTALL)
# The engine would take them here; this endpoint or SPARQL 1.1 does not.
_NOT_OFFERED = frozenset(["LATERAL", "SERVICE"])
_CHARACTER_CLASS = re.compile(r"\[[^\]]*\]?")


def engine_error(text: str, outline: Outline, message: str) -> QuerySyntax:
    """The engine's complaint about a query written anew, with its place in the text of the client."""
    if not (match := _ERROR.match(message)):
        return QuerySyntax(message or "The query cannot be parsed.")
    expected = [item.strip() for item in _CHARACTER_CLASS.sub("", match[3]).split(", ")]
    expected = [item for item in expected if item and item not in _NOT_OFFERED]
    if "IRI parsing failed" in expected:
        reason = "an IRI is not valid"
    elif expected:
        reason = "not expected here; the parser could take " + " or ".join(expected[:8])
    else:
        reason = "not expected here"
    return syntax_error(text, _source(outline, int(match[2]) - 1, len(text)), reason)


def _source(outline: Outline, offset: int, end: int) -> int:
    """The place in the client's text of an offset in `outline.text`: where its token begins, or the end of the text."""
    starts, sources = outline.places
    if offset >= len(outline.text):
        return end
    token = bisect_right(starts, offset) - 1
    return sources[token] if token >= 0 else 0
