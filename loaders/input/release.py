"""A release of this project as input: what `ccsi export` wrote is read back into the release that it was.

Only ESCO's part of it is taken: the graphs of ESCO, of words and of the user's own concepts. The rest is derived anew. Which
version it is and what was withdrawn stands in the record of the release. Quads from elsewhere are taken whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from loaders.input.sources import Member
from ontology import CCSI, GRAPH, GRAPH_ESCO, GRAPH_LABELS, GRAPH_OWN
from releases.errors import SourceError

RECORD = CCSI + "releaseRecord"


@dataclass
class Exported:
    """What is learnt about a release while its export is read."""

    version: str = ""
    withdrawn: dict[str, dict[str, object]] = field(default_factory=dict)
    curation: str = ""
    own: list[tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]] = field(default_factory=list)

    def escos(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        """The quads that belong to ESCO. Raises SourceError when the record of the release cannot be read."""
        for quad in quads:
            if quad.predicate.value == RECORD:
                self._read(quad.object.value)  # type: ignore[union-attr]
                continue
            graph = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
            if graph == GRAPH_OWN:
                self.own.append(quad.triple)  # type: ignore[arg-type]
            elif not graph.startswith(GRAPH) or graph == GRAPH_ESCO or graph.startswith(GRAPH_LABELS):
                yield quad

    def about(self, member: Member, form: ox.RdfFormat) -> None:
        """Read the record from a file of its own, as an export graph by graph has it."""
        with member.open() as stream:
            for _ in self.escos(q for q in ox.parse(input=stream, format=form) if q.predicate.value == RECORD):
                pass

    def _read(self, text: str) -> None:
        try:
            record = json.loads(text)
            manifest, self.withdrawn = record["manifest"], dict(record["withdrawn"])
            self.version, self.curation = str(manifest["escoVersion"]), str(manifest["parameters"]["curation"])
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"The record of the exported release cannot be read ({error}).", "Export the release again."
            ) from error
