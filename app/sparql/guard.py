r"""What is refused by its text alone, before any parser sees it.

The engine's parser is recursive: a few kilobytes of brackets overflow its stack and abort the process. So size, nesting
and the number of operators are bounded here, in one pass that never goes back (every repetition is possessive).
SERVICE and updates are named as such instead of failing later; a SERVICE that the settings allow is located. The worker
processes are the second wall: they have a stack deep enough for any text of the permitted size, and no sockets.

The engine reads without separate tokens, so keywords may touch their neighbours (``1SERVICE<http://x>{``,
``NOTEXISTS{``); words are therefore searched for keywords, not compared. It takes ``\u`` escapes inside strings, IRIs
and names only, where they are plain characters: no escape can form a keyword or end a string.

``<`` begins an IRI or compares, and which of them only a parser knows: ``(?x<?y#>''' )`` is an IRI and an open string, or a
comparison and a comment, behind which anything may stand. What can be read both ways is refused (`_COMPARES`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.errors import FederationRefused, QuerySyntax, TooComplex, UpdateRefused

# Characters of names (SPARQL's PN_CHARS); \w alone misses some that the engine accepts.
_PN = (
    r"\w\u00B7\u0300-\u036F\u203F\u2040\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF"
    r"\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_IRI = r"<(?:[^\x00-\x20<>\"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"
_TOKEN = re.compile(
    rf"""
      (?P<comment>\#[^\r\n]*+)
    | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*+(?P<e1>\"\"\")? | '''(?:[^'\\]|\\.|'(?!''))*+(?P<e2>''')?
                |"(?:[^"\\\r\n]|\\.)*+(?P<e3>")?               |'(?:[^'\\\r\n]|\\.)*+(?P<e4>')?)
    | (?P<iri>{_IRI})
    | (?P<variable>[?$][{_PN}]++)
    | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
    | (?P<name>(?:[{_PN}][{_PN}.\-]*+)?+:(?:(?:[{_PN}:]|%[0-9A-Fa-f]{{2}}|\\.)(?:[{_PN}.:\-]|%[0-9A-Fa-f]{{2}}|\\.)*+)?+)
    | (?P<word>[{_PN}][{_PN}.\-]*+)
    | (?P<open>[({{\[]|<<(?!{_IRI[1:]}))
    | (?P<close>[)}}\]]|>>)
    | (?P<operator>\|\|?|&&|/|\^)
    | (?P<bang>!(?!=))
    | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)

_FORMS = ("select", "ask", "construct", "describe")
_PROLOGUE = ("prefix", "base", "version")
_UPDATES = frozenset(
    ["insert", "delete", "load", "clear", "drop", "create", "add", "move", "copy", "with", "insertdata", "deletedata"]
)
_OPERATORS = re.compile("union|optional|minus|exists")
_VOLATILE = re.compile(r"(?<![a-z])(?:rand|now|uuid|struuid|bnode)(?![a-z])")
_TERMS = frozenset(["iri", "string", "name", "word"])
_GAP = r"(?:[ \t\r\n]|\#[^\r\n]*+[\r\n])*+"
# The one form in which SERVICE is followed: an endpoint in full, by itself.
_SERVICE = re.compile(
    rf"SERVICE{_GAP}(?P<silent>SILENT{_GAP})?+<(?P<endpoint>[^<>\x00-\x20]*+)>{_GAP}(?=\{{)", re.IGNORECASE
)
_MOST_SERVICES = 10  # of one query: each is a request to somebody else
_NO_OPERANDS = frozenset(["open", "operator", "bang", "other"])
# An IRI that may be a comparison with a string or comment in it. After a scheme and // no comparison can go on.
_COMPARES = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.\-]*://)[^'#]*+['#]")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of what a query text may hold."""

    nesting: int
    operators: int
    values: int
    services: frozenset[str] = frozenset()
    """The endpoints that SERVICE may name."""


@dataclass(frozen=True, slots=True)
class Service:
    """A SERVICE clause that may be followed, by offsets in the text."""

    start: int
    group: int
    end: int
    endpoint: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """What the text of a query says about it."""

    form: str
    """select, ask, construct, describe, or "" for what the parser will refuse."""
    dataset: bool
    """Whether the query names its own dataset (FROM)."""
    volatile: bool
    """Whether the same query may answer differently each time (RAND, NOW, fresh blank nodes)."""
    prologue: int = 0
    """Where its prologue ends."""
    services: tuple[Service, ...] = ()


def check(text: str, bounds: Bounds) -> Outline:
    """Read a query once, lexically. Raises TooComplex, QuerySyntax, FederationRefused or UpdateRefused."""
    form: str | None = None
    dataset = volatile = in_values = values_next = False
    depth = bangs = operators = values = values_depth = 0
    opened: list[str] = []  # the brackets around
    operand = False  # whether the token before may end the left side of a comparison
    declared: set[str] = set()
    previous = ""  # the word or name before, lower case
    service_at = -1  # a name that reads as SERVICE when a group follows
    prologue = 0
    services: list[Service] = []
    head: re.Match[str] | None = None  # of the SERVICE clause around, whose group is at this depth
    head_depth = 0

    for match in _TOKEN.finditer(text):  # what no token matches is space
        kind = match.lastgroup
        if kind == "comment":
            continue
        if kind == "bang":
            bangs += 1
            if depth + bangs > bounds.nesting:
                raise _too_complex(text, match.start(), "nesting", bounds.nesting, "brackets and negations")
            continue
        bangs = 0
        after_operand, operand = operand, kind not in _NO_OPERANDS
        if kind == "variable" or kind == "other":
            continue
        if in_values and kind in _TERMS:
            values += 1
            if values > bounds.values:
                raise _too_complex(text, match.start(), "values", bounds.values, "terms in VALUES")
        if kind == "open":
            opened.append(match[0])
            depth = len(opened)
            if depth > bounds.nesting:
                raise _too_complex(text, match.start(), "nesting", bounds.nesting, "brackets and negations")
            if match[0] == "{":
                if service_at >= 0:
                    raise _federation(text, service_at, bounds)
                if values_next:
                    in_values, values_next, values_depth = True, False, depth
            elif match[0] == "[" and form == "construct":
                volatile = True
        elif kind == "close":
            if in_values and depth == values_depth and match[0] == "}":
                in_values = False
            if head and depth == head_depth and match[0] == "}":
                silent = head["silent"] is not None
                services.append(Service(head.start(), head.end(), match.end(), head["endpoint"], silent))
                head = None
            if opened:
                opened.pop()
            depth = len(opened)
        elif kind == "operator":
            operators += 1
        elif kind == "string":
            if not (match["e1"] or match["e2"] or match["e3"] or match["e4"]):
                raise QuerySyntax("The string that begins here does not end.", **position(text, match.start()))
        elif kind == "word" or kind == "name":
            word = match[0].lower()
            named = kind == "name"
            prefix = word.partition(":")[0] if named else word
            if form is None and not ((named and previous == "prefix") or prefix.startswith(_PROLOGUE)):
                form = next((f for f in _FORMS if prefix.startswith(f)), "")
                prologue = match.start()
                if not named and word in _UPDATES:
                    raise UpdateRefused("This endpoint answers queries only; it takes no SPARQL updates.")
            if named:
                if previous == "prefix":
                    declared.add(prefix)
                elif prefix.endswith("from") and prefix not in declared and depth == 0:
                    dataset = True
                if prefix == "_" and form == "construct":
                    volatile = True
                service_at = match.start() if "service" in prefix and previous != "graph" else -1
            else:
                if "service" in word:
                    if head or word != "service" or not (head := _allowed(text, match.start(), bounds)):
                        raise _federation(text, match.start(), bounds)
                    if len(services) == _MOST_SERVICES:
                        raise _too_complex(text, match.start(), "services", _MOST_SERVICES, "SERVICE clauses")
                    head_depth = depth + 1
                dataset = dataset or "from" in word
                values_next = word.endswith("values") or (values_next and not in_values)
                operators += len(_OPERATORS.findall(word))
                volatile = volatile or _VOLATILE.search(word) is not None
                service_at = -1
            previous = word
        else:
            service_at = -1
            if kind == "iri" and after_operand and depth and opened[-1] == "(" and not in_values:
                _refuse_comparison(text, match)
        if operators > bounds.operators:
            raise _too_complex(text, match.start(), "operators", bounds.operators, "operators and path steps")
    if head:
        raise QuerySyntax("The SERVICE clause that begins here does not end.", **position(text, head.start()))
    return Outline(form or "", dataset, volatile, prologue, tuple(services))


def position(text: str, offset: int) -> dict[str, Any]:
    """Line, column (both from 1, in characters) and the offending line of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    return place(text, text.count("\n", 0, offset) + 1, offset - start + 1)


def place(text: str, line: int, column: int) -> dict[str, Any]:
    """The members of a fault at a line and column: with the offending line, or the part of a long one around it."""
    lines = text.split("\n")
    found = lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else ""
    if len(found) > 200:
        start = max(0, min(column - 100, len(found) - 200))
        found = found[start : start + 200]
    return {"line": line, "column": column, "offendingLine": found}


_FAULT = re.compile(r"error at (\d+):(\d+): (?:expected )?(?:one of )?(.*)", re.DOTALL)
_NOT_OFFERED = frozenset(
    ["LATERAL", "SERVICE"]
)  # the engine would take them here; this endpoint or SPARQL 1.1 does not
_CHARACTER_CLASS = re.compile(r"\[[^\]]*\]?")


def syntax_fault(text: str, message: str) -> QuerySyntax:
    """The engine's complaint about a query, with its place in the text."""
    if not (match := _FAULT.match(message)):
        return QuerySyntax(message or "The query cannot be parsed.")
    line, column = int(match[1]), int(match[2])
    expected = [item.strip() for item in _CHARACTER_CLASS.sub("", match[3]).split(", ")]
    expected = [item for item in expected if item and item not in _NOT_OFFERED]
    if "Prefix not found" in expected:
        reason = "a prefix is used that is not declared"
    elif "IRI parsing failed" in expected:
        reason = "an IRI is not valid"
    elif expected:
        reason = "not expected here; the parser could take " + " or ".join(expected[:8])
    else:
        reason = "not expected here"
    return QuerySyntax(f"Line {line}, column {column}: {reason}.", **place(text, line, column))


def _refuse_comparison(text: str, iri: re.Match[str]) -> None:
    """Refuse what may be an IRI or, inside parentheses, a comparison that hides what follows."""
    if _COMPARES.match(iri[0]):
        detail = "Is this an IRI or a comparison? Put a space behind <, or write the IRI with its scheme and //, or a prefix."
        raise QuerySyntax(detail, **position(text, iri.start()))


def _too_complex(text: str, offset: int, name: str, limit: int, what: str) -> TooComplex:
    detail = f"The query has more than {limit} {what}{' inside each other' if name == 'nesting' else ''}."
    return TooComplex(detail, limit=f"sparql_{name}", value=limit, **position(text, offset))


def _allowed(text: str, offset: int, bounds: Bounds) -> re.Match[str] | None:
    """The head of a SERVICE clause if its endpoint is one of the list."""
    if bounds.services and (head := _SERVICE.match(text, offset)) and head["endpoint"] in bounds.services:
        return head
    return None


def _federation(text: str, offset: int, bounds: Bounds) -> FederationRefused:
    return FederationRefused(federation_refusal(bounds), **position(text, offset))


def federation_refusal(bounds: Bounds) -> str:
    """What a client is told whose SERVICE is not followed."""
    if not bounds.services:
        return "This endpoint does not query other endpoints; federate from the client's side."
    names = ", ".join(f"<{name}>" for name in sorted(bounds.services))
    return f"SERVICE may name, in full and not inside another SERVICE: {names}."
