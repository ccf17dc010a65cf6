"""SPARQL as files: every query of the project is a .rq file that runs as it stands.

A file opens with front matter in comments::

    #+ summary: one sentence
    #+ param: occupation   the occupations to read; all when left open
    #+ columns: occupation, label

and, where people see it: user (who asks) and explained (what the answer shows, and what to change).

A parameter `x` appears in the text as ``VALUES ?x { UNDEF }``. Left open, the line is dropped and the query ranges over
everything; bound, its braces hold typed RDF terms serialised by the engine. Values never enter a query any other way,
and the result is plain SPARQL 1.1 for any endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Store

FOLDER = Path(__file__).parent
_FRONT = re.compile(r"^#\+\s*(\w+):\s*(.*)$")
_PARAMETER = re.compile(r"^[ \t]*VALUES \?(\w+) \{ UNDEF \}[ \t]*(?:#.*)?\n", re.MULTILINE)

Term = NamedNode | Literal


@dataclass(frozen=True)
class Query:
    """One .rq file: its name ("api/occupation"), text, summary, parameters with their meaning, and columns."""

    name: str
    text: str
    summary: str
    parameters: dict[str, str]
    columns: tuple[str, ...]
    always_answers: bool = False  # whether a complete release must give it rows
    user: str = ""  # who asks it, for queries that people see
    explained: str = ""  # what its answer shows and what to change in it

    @property
    def shown(self) -> str:
        """The text without its front matter."""
        return "\n".join(line for line in self.text.splitlines() if not line.startswith("#+")).strip() + "\n"

    def bind(
        self, values: Mapping[str, Iterable[Term]] | None = None, limit: int | None = None, offset: int = 0
    ) -> str:
        """The text to send, with each given parameter restricted to its terms, and to at most `limit` rows from `offset`.

        Rows have no order that SPARQL promises unless the query gives one; a release that never changes keeps the one it has.
        Raises KeyError for a parameter that the file does not declare, TypeError for a value that is not an RDF term.
        """
        values = values or {}
        if unknown := values.keys() - self.parameters.keys():
            raise KeyError(f"{self.name} has no parameter {', '.join(sorted(unknown))}")

        def fill(match: re.Match[str]) -> str:
            if match[1] not in values:
                return ""
            return f"  VALUES ?{match[1]} {{ {' '.join(map(_written, values[match[1]]))} }}\n"

        text = _PARAMETER.sub(fill, self.text)
        return text if limit is None else f"{text}LIMIT {int(limit)} OFFSET {int(offset)}\n"


def _written(term: Term) -> str:
    if not isinstance(term, NamedNode | Literal):
        raise TypeError(f"a query value must be an RDF term, not {type(term).__name__}")
    return str(term)


@cache
def load(name: str) -> Query:
    """Read one query by name, for example ``load("api/occupation")``."""
    text = (FOLDER / f"{name}.rq").read_text(encoding="utf-8")
    summary = ""
    parameters: dict[str, str] = {}
    columns: tuple[str, ...] = ()
    others = {"answers": "", "user": "", "explained": ""}
    for line in text.splitlines():
        if not (match := _FRONT.match(line)):
            continue
        key, value = match[1], match[2].strip()
        if key == "summary":
            summary = value
        elif key == "param":
            parameter, _, meaning = value.partition(" ")
            parameters[parameter] = meaning.strip()
        elif key == "columns":
            columns = tuple(c.strip() for c in value.split(","))
        elif key in others:
            others[key] = value
    always = others["answers"] == "always"
    return Query(name, text, summary, parameters, columns, always, others["user"], others["explained"])


def names() -> list[str]:
    """The names of all queries of the project."""
    return sorted(p.relative_to(FOLDER).with_suffix("").as_posix() for p in FOLDER.rglob("*.rq"))


Row = tuple[NamedNode | Literal | None, ...]


def select(
    store: Store,
    name: str,
    values: Mapping[str, Iterable[Term]] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Run one of our own SELECT queries in process; rows in the order of its declared columns.

    The result is consumed here, in the calling thread: the engine aborts the process when another thread reads it.
    """
    query = load(name)
    solutions = store.query(query.bind(values, limit, offset))
    return [tuple(solution) for solution in solutions]  # type: ignore[union-attr]  # in the order of its columns, see the tests
