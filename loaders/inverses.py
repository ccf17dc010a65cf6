"""What the ontology's files leave to be concluded: the other direction of hierarchies, schemes and mappings, and the closure.

ESCO's own graph holds both directions of its hierarchies, so a query that walks these walks ours; and a SKOS tool finds the
top concepts of our schemes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from analysis.above import all_above
from ontology import CCSID, SKOS

_BROADER, _IN_SCHEME, _TOP = f"<{SKOS}broader>", f"<{SKOS}inScheme>", f"<{SKOS}topConceptOf>"
_PAIRS = (
    ("topConceptOf", "hasTopConcept"), ("broadMatch", "narrowMatch"), ("exactMatch", "exactMatch"),
    ("closeMatch", "closeMatch"), ("relatedMatch", "relatedMatch"),
)  # fmt: skip
_OTHER = {f"<{SKOS}{a}>": f"<{SKOS}{b}>" for one, other in _PAIRS for a, b in ((one, other), (other, one))}


def inverses(quads: Iterable[str], graph: str) -> Iterator[str]:
    """What follows from N-Quads of a graph: narrower, broaderTransitive, top concepts and mappings the other way."""
    end = f" <{graph}> .\n"
    above: dict[str, list[str]] = defaultdict(list)
    schemes: list[tuple[str, str]] = []
    said: set[tuple[str, str, str]] = set()
    for quad in quads:
        subject, predicate, value = quad.removesuffix(end).split(" ", 2)
        if predicate == _BROADER:
            above[subject].append(value)
        elif predicate == _IN_SCHEME and value.startswith(f"<{CCSID}"):
            schemes.append((subject, value))
        elif predicate in _OTHER:
            said.add((subject, predicate, value))
    yield from (f"{statement}{end}" for statement in _of_hierarchies(above))
    # What has nothing above it stands at the top of its scheme.
    both_ways = said | {(concept, _TOP, scheme) for concept, scheme in schemes if concept not in above}
    both_ways |= {(value, _OTHER[predicate], subject) for subject, predicate, value in both_ways}
    for subject, predicate, value in sorted(both_ways - said):
        yield f"{subject} {predicate} {value}{end}"


def _of_hierarchies(above: dict[str, list[str]]) -> Iterator[str]:
    for child in sorted(above):
        for parent in above[child]:
            yield f"{parent} <{SKOS}narrower> {child}"
        for parent in sorted(all_above(child, lambda concept: above.get(concept, ()))):
            yield f"{child} <{SKOS}broaderTransitive> {parent}"
