"""RDF files of the official shape as a stream of statements; syntax faults name file, line and column."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from loaders.csv_bundle import Statement
from loaders.errors import SourceError
from loaders.sources import Member
from ontology import CCSID


def statements(member: Member, rdf_format: ox.RdfFormat) -> Iterator[Statement]:
    """Every triple of one file; blank nodes become IRIs numbered in order of appearance, so that a rebuild is identical."""
    blank: dict[str, ox.NamedNode] = {}
    seen = False

    def named(node: object) -> ox.NamedNode:
        if isinstance(node, ox.NamedNode):
            return node
        if isinstance(node, ox.BlankNode):
            return blank.setdefault(node.value, ox.NamedNode(f"{CCSID}genid/{member.base}/{len(blank) + 1}"))
        raise SourceError(f"{member.name}: a triple term where ESCO has a concept.", "Use the official ESCO file.")

    with member.open() as stream:
        try:
            for subject, predicate, value, _ in ox.parse(input=stream, format=rdf_format):
                seen = True
                yield named(subject), predicate, value if isinstance(value, ox.Literal) else named(value)
        except SyntaxError as fault:
            raise SourceError(
                f"{member.name}, line {fault.lineno or '?'}: not valid {rdf_format.name} ({fault.msg}).",
                "Check that the file is the one from the ESCO portal and that its ending fits its content.",
            ) from fault
    if not seen:
        raise SourceError(f"{member.name}: holds no statement.", "The file is empty or cut short; download it again.")
