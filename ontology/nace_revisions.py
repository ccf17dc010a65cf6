"""What became of the codes of NACE Rev. 2 in Rev. 2.1: by Eurostat's table where a load was given it, else by ours.

Ours is unofficial, read out of Eurostat's two lists of codes. Classes of one name in both lists are taken to be the same. For
those that are of interest to culture and have another name, `nace-correspondence.csv` says what became of them, class by class,
with the reason. A code above the classes leads to whatever its classes lead to. Of the rest nothing is known here.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from pyoxigraph import Literal

from ontology import FOLDER, GRAPH_NACE, SKOS, MappingRelation
from ontology.nace import BASES, REVISIONS, Activity, Revision, activities, path

SAME_NAME = "of one name"
SCHEME = f"{BASES['2.1']}nace2.1"
CLASS = 5  # characters of its code


@dataclass(frozen=True, slots=True)
class Correspondence:
    """A class of Rev. 2 and one of Rev. 2.1 that have activities in common."""

    former: Activity
    current: Activity
    why: str


class Revisions:
    """All correspondences of one source, by the code of Rev. 2 and then of Rev. 2.1; `official` says whose they are."""

    def __init__(self, pairs: Iterable[Correspondence], official: str = "") -> None:
        self.pairs = tuple(sorted(pairs, key=lambda c: (c.former.code, c.current.code)))
        self.official = official  # what is said of the table that was given, "" for ours
        self._by_class: dict[tuple[Revision, str], list[Correspondence]] = defaultdict(list)
        for one in self.pairs:
            self._by_class["2", one.former.code].append(one)
            self._by_class["2.1", one.current.code].append(one)

    def of(self, item: Activity) -> list[Correspondence]:
        """Those of a class, or of all classes below a code."""
        return [
            one
            for (revision, code), known in self._by_class.items()
            if revision == item.revision and _below(code, item)
            for one in known
        ]

    def relation(self, one: Correspondence, revision: Revision) -> MappingRelation:
        """How the class of a revision relates to the other, by name in SKOS: what has one counterpart each way is the same.

        exactMatch where the name is the same too, closeMatch where only it changed; narrowMatch where a class was divided,
        broadMatch where several became one, relatedMatch where both.
        """
        ahead = len(self._by_class["2", one.former.code])
        back = len(self._by_class["2.1", one.current.code])
        if ahead == back == 1:
            return "exactMatch" if one.former.name.lower() == one.current.name.lower() else "closeMatch"
        if ahead > 1 and back > 1:
            return "relatedMatch"
        return "narrowMatch" if (ahead > 1) == (revision == "2") else "broadMatch"

    def quads(self) -> Iterator[str]:
        """All as SKOS mappings, both ways, for the graph of both revisions; in N-Quads."""
        if self.official:
            yield f"<{SCHEME}> <{SKOS}changeNote> {Literal(self.official)} <{GRAPH_NACE}> .\n"
        for one in self.pairs:
            ends = (one.former.iri, one.current.iri)
            for revision, (subject, other) in zip(REVISIONS, (ends, ends[::-1]), strict=True):
                yield f"<{subject}> <{SKOS}{self.relation(one, revision)}> <{other}> <{GRAPH_NACE}> .\n"


@cache
def ours() -> Revisions:
    """What this project knows without Eurostat's table."""
    old, new = activities("2"), activities("2.1")
    with (FOLDER / "nace-correspondence.csv").open(encoding="utf-8", newline="") as lines:
        pairs = [Correspondence(old[row["rev2"]], new[row["rev21"]], row["why"]) for row in csv.DictReader(lines)]
    said = {c.former.code for c in pairs}
    named: dict[str, list[Activity]] = defaultdict(list)
    for item in new.values():
        if len(item.code) == CLASS:
            named[item.name.lower()].append(item)
    for item in old.values():
        if len(item.code) == CLASS and item.code not in said:
            pairs += [Correspondence(item, other, SAME_NAME) for other in named[item.name.lower()]]
    return Revisions(pairs)


def wholes(classes: set[str]) -> list[Activity]:
    """Classes of Rev. 2.1, and the codes above them of which they are all classes."""
    return [activities("2.1")[code] for code, below in _classes().items() if below <= classes]


@cache
def _classes() -> dict[str, set[str]]:
    """The classes of each code of Rev. 2.1, itself included."""
    classes: dict[str, set[str]] = defaultdict(set)
    for item in activities("2.1").values():
        if len(item.code) == CLASS:
            for above in path(item):
                classes[above.code].add(item.code)
    return dict(classes)


def _below(code: str, item: Activity) -> bool:
    if item.code.isalpha():
        return activities(item.revision)[code].section == item.code
    return code.startswith(item.code)
