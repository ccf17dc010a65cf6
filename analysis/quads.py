"""Statements as N-Quads lines: the one writer of what is derived."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pyoxigraph import Literal

from ontology import CCSI, CONTRIBUTORS, GRAPH, PROV, RDF, RDFS, XSD
from ontology.derived import Datatype, Record


class GraphLines:
    """Lines of one named graph."""

    def __init__(self, graph: str) -> None:
        self._end = f" <{graph}> .\n"
        self._writers: dict[Datatype, Callable[[str, str, Any], str]] = {
            "text": self.text, "truth": self.truth, "integer": self.integer, "decimal": self.decimal, "double": self.double,
        }  # fmt: skip

    def link(self, subject: str, predicate: str, value: str) -> str:
        """A statement whose value is an IRI."""
        return f"<{subject}> <{predicate}> <{value}>{self._end}"

    def links(self, subject: str, predicate: str, base: str, *keys: str | None) -> Iterator[str]:
        """A statement for each key, whose value is that key below a base; a link to nothing is not said."""
        return (self.link(subject, predicate, base + key) for key in keys if key)

    def text(self, subject: str, predicate: str, value: str, language: str | None = None) -> str:
        """One whose value is a text."""
        return f"<{subject}> <{predicate}> {Literal(value, language=language)}{self._end}"

    def decimal(self, subject: str, predicate: str, value: float) -> str:
        """One whose value is a decimal, rounded to four digits."""
        # As the engine writes them: "0.5", not "0.5000", so that what is hashed is what is held.
        written = f"{value:z.4f}".rstrip("0").rstrip(".")
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

    def node(self, node: str, kind: str, activity: str = "", name: str = "") -> Iterator[str]:
        """What every node says: its class, the activity that generated it, and what to call it."""
        yield self.link(node, RDF + "type", CCSI + kind)
        yield from self.links(node, PROV + "wasGeneratedBy", "", activity)
        if name:
            yield self.text(node, RDFS + "label", name, "en")

    def activity(
        self, node: str, name: str, method: str, parameters: Mapping[str, object], used: Iterable[str]
    ) -> Iterator[str]:
        """A derivation (PROV-O): by which version of a method, with which parameters, and from which graphs."""
        yield from self.node(node, "DerivationActivity", name=name)
        yield self.link(node, PROV + "wasAssociatedWith", CONTRIBUTORS)
        yield self.text(node, CCSI + "methodVersion", method)
        yield self.text(node, CCSI + "parameters", json.dumps(parameters, sort_keys=True))
        yield from self.links(node, PROV + "used", GRAPH, *used)

    def properties(self, subject: str, record: Record, row: object) -> Iterator[str]:
        """All that a row of a record says; a link to nothing is not said."""
        for name, datatype, attribute, base in record.properties:
            value = getattr(row, attribute)
            if datatype == "link":
                yield from self.links(subject, CCSI + name, base, value)
            else:
                yield self._writers[datatype](subject, CCSI + name, value)


def sample(lines: Iterable[str], every: int, whole: frozenset[str]) -> Iterator[str]:
    """The lines of every n-th node of each class, and of all nodes of the classes in ``whole``, for validation.

    Lines come node by node, class first, as the functions above write them. Which nodes are taken depends on the lines
    alone. A statement about a node that was taken is always kept, wherever it stands.
    """
    taken: set[str] = set()
    seen: dict[str, int] = {}
    type_mark = f"<{RDF}type>"
    for line in lines:
        subject, predicate, rest = line.split(" ", 2)
        if predicate == type_mark:
            kind = rest.split(" ", 1)[0].removeprefix(f"<{CCSI}").removesuffix(">")
            n = seen[kind] = seen.get(kind, -1) + 1
            if kind in whole or n % every == 0:
                taken.add(subject)
        if subject in taken:
            yield line
