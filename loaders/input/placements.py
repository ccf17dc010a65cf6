"""Where panels placed occupations within a domain: read from the files of `--panel`, checked, and laid together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from analysis.tables import Decision, Placement
from ontology import CCSI, CCSID, ESCO_DATA, PROV, RDF, local_name
from releases.errors import SourceError

REMEDY = "Give a file of: ccsi workshop publish"

Properties = Mapping[str, list[Any]]  # property -> its values
Subjects = Mapping[str, Properties]


def values_of(properties: Properties, name: str) -> list[str]:
    """The values of a property as text."""
    return [value.value for value in properties.get(name, ())]


def only_value(path: Path, entry: str, properties: Properties, name: str, start: str = "") -> str:
    """The one value that an entry has to have of a property, with something behind its start. Raises SourceError."""
    values = values_of(properties, name)
    if len(values) != 1 or not values[0].startswith(start) or not values[0][len(start) :]:
        raise SourceError(f"{path}: {entry} needs one {local_name(name).partition('#')[2]}.", REMEDY)
    return values[0]


def read_placements(path: Path, subjects: Subjects) -> tuple[Placement, ...]:
    """The placement entries among the subjects of a file. Raises SourceError."""
    entries = {s: p for s, p in subjects.items() if CCSI + "PlacementEntry" in values_of(p, RDF + "type")}
    found = tuple(_placement(path, s, p) for s, p in sorted(entries.items()))
    if len({(p.occupation, p.domain) for p in found}) < len(found):
        raise SourceError(f"{path}: places an occupation twice in the same domain.", REMEDY)
    return found


def together(said: Iterable[tuple[str, Placement]]) -> tuple[list[Placement], list[str]]:
    """The placements on which all panels agree, with a note on each of the others; of each its panel is given."""
    by_pair: dict[tuple[str, str], list[tuple[str, Placement]]] = defaultdict(list)
    for panel, placement in said:
        by_pair[placement.occupation, placement.domain].append((panel, placement))
    agreed, notes = [], []
    for (occupation, domain), found in sorted(by_pair.items(), key=lambda e: e[0]):
        first = found[0][1]
        if any(p.places != first.places for _, p in found):
            names = ", ".join(sorted(panel for panel, _ in found))
            notes.append(f"panels place {occupation} otherwise in {domain}: {names}; none counts")
            continue
        agreed.append(replace(first, sources=tuple(sorted(s for _, p in found for s in p.sources))))
    return agreed, notes


def unplaced(placements: Iterable[Placement], decisions: Iterable[Decision]) -> list[str]:
    """A note on each placement that came to nothing, because the occupation is not in the domain."""
    inside = {(d.occupation, d.domain) for d in decisions if d.degree != "excluded"}
    return [
        f"placement without effect: {p.occupation} is not in {p.domain}"
        for p in placements
        if (p.occupation, p.domain) not in inside
    ]


def _placement(path: Path, entry: str, properties: Properties) -> Placement:
    def several(name: str, *starts: str) -> tuple[str, ...]:
        found = values_of(properties, CCSI + name)
        for value in found:
            if not any(value.startswith(CCSID + start) for start in starts):
                raise SourceError(f"{path}: {entry} has a {name} that is none.", REMEDY)
        return tuple(sorted(value.removeprefix(CCSID) for value in found))

    one = partial(only_value, path, entry, properties)
    main, functions = several("subDomain", "domain/"), several("function", "function/")
    if len(main) > 1 or len(functions) > 1:
        raise SourceError(f"{path}: {entry} names two main sub-domains or functions.", REMEDY)
    one(PROV + "wasAttributedTo", CCSID + "workshop/")
    return Placement(
        one(CCSI + "occupation", ESCO_DATA + "occupation/"), local_name(one(CCSI + "domain", CCSID + "domain/")), (entry,),
        local_name(main[0]) if main else "", tuple(map(local_name, several("furtherSubDomain", "domain/"))), functions,
        several("charterFunction", "charter/"), several("functionInPart", "function/", "charter/"),
    )  # fmt: skip
