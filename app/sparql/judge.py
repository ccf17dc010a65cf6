"""A second judge of what leaves for an endpoint: rdflib's parser of SPARQL 1.1, which shares no code with the guard.

What it finds a SERVICE in, or cannot read, does not leave. It runs in a worker process only: it is slow and recursive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyparsing import ParseBaseException, ParseResults
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

_FORMS = {"SelectQuery", "AskQuery", "ConstructQuery", "DescribeQuery"}
_SERVICE = "ServiceGraphPattern"


def objection(text: str) -> str:
    """Why a query must not leave; "" when it may."""
    try:
        parsed = parseQuery(text)
    except (ParseBaseException, RecursionError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        return f"it cannot be read a second time ({type(error).__name__})"
    names = set(_names(parsed))
    if _SERVICE in names:
        return "it has a SERVICE"
    if len(names & _FORMS) != 1 or any(name.endswith(("Load", "Insert", "Delete")) for name in names):
        return "it is no query"
    return ""


def _names(parsed: Any) -> Iterator[str]:
    """The names of the grammar's rules that matched, anywhere."""
    stack = [parsed]
    while stack:
        match stack.pop():
            case CompValue() as node:
                yield node.name
                stack.extend(node.values())
            case ParseResults() | list() | tuple() | set() as nodes:
                stack.extend(nodes)
