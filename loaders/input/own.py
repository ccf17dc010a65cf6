"""The user's own skills and occupations, in Turtle on top of ESCO: kept in a graph of their own, so that ESCO stays ESCO.

    <https://example.org/skill/1> a esco:Skill ; skos:prefLabel "retouch daguerreotypes"@en ; skos:broader <…/esco/skill/S1.1> .

They may point to ESCO's concepts and say nothing of them: a statement about one would be taken for ESCO's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from loaders.input import rdf_files as rdf
from loaders.input.sources import Member
from ontology import CCSI, ESCO_DATA, GRAPH, GRAPH_OWN, RDF
from releases.errors import SourceError

_ESCOS, _OURS = f"<{ESCO_DATA}".encode(), f"<{GRAPH.removesuffix('graph/')}".encode()
_TYPE = f"<{RDF}type>".encode()
_MARK = f"<{CCSI}OwnConcept>".encode()
MOST = 1_000_000  # statements: on top of ESCO, not in its place


def statements(files: Iterable[tuple[Member, ox.RdfFormat]]) -> Iterator[str]:
    """The quads of the user's own graph; whoever has a type is marked. Raises SourceError for what is not the user's."""
    count = 0
    for member, form in files:
        for batch in rdf.statements(member, form):
            for s, p, o, suffix in batch:
                if s.startswith((_ESCOS, _OURS)):
                    raise SourceError(
                        f"{member.name}: the input holds both RDF files and CSV tables, and this one is about {s[1:-1].decode()[:200]}.",
                        "Load either the RDF file or the CSV bundle of ESCO, not both; concepts of your own need IRIs of your own.",
                    )
                if (count := count + 1) > MOST:
                    raise SourceError(f"{member.name}: more than {MOST:,} statements.", "Load it as the ESCO it is.")
                yield (b"%b %b %b%b <%b> .\n" % (s, p, o, suffix, GRAPH_OWN.encode())).decode()
                if p == _TYPE:
                    yield (b"%b %b %b <%b> .\n" % (s, p, _MARK, GRAPH_OWN.encode())).decode()
