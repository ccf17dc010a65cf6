"""What panels of experts adopted (`ccsi workshop publish`, `ccsi load … --panel FILE`): read, checked, and laid together.

A file speaks of one workshop and of nothing else: every subject stands under the workshop's own IRIs, so that no file can
add to curation, to ESCO or to another panel.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from analysis.tables import Assertion, Placement
from loaders.input.panel_entries import Entries, laid_together, read_entries
from loaders.input.placements import REMEDY, only_value, read_placements, together, values_of
from ontology import CCSI, CCSID, ESCO_DATA, FOLDER, GRAPH, PROV, RDF, local_name
from releases.characters import UNFIT
from releases.errors import SourceError

VOCABULARY = (FOLDER / "panel" / "panel.ttl", FOLDER / "panel" / "entries.ttl")
MOST_BYTES = 64 * 1024 * 1024
_WORKSHOP = re.compile(re.escape(CCSID) + r"workshop/([a-z0-9]+(?:-[a-z0-9]+)*)")
_DEGREES = ("core", "related", "excluded")


@dataclass(frozen=True)
class Panel:
    """One file: the workshop that it is of, its statements as N-Quads lines, what it adopted, and on which ESCO."""

    name: str
    path: Path
    lines: tuple[str, ...]
    assertions: tuple[Assertion, ...]
    placements: tuple[Placement, ...]
    versions: frozenset[str]
    entries: Entries = field(default_factory=Entries)


@dataclass(frozen=True)
class Panels:
    """All files of a load: what they adopted without contradiction, and what has to be said of the rest."""

    panels: tuple[Panel, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    placements: tuple[Placement, ...] = ()
    notes: tuple[str, ...] = ()
    entries: Entries = field(default_factory=Entries)

    def lines(self) -> list[str]:
        """Their statements, each in the graph of its workshop."""
        return [line for panel in self.panels for line in panel.lines]

    def carried(self, esco_version: str, occupations: Iterable[str]) -> list[str]:
        """What a reader has to know of decisions that were made on another version of ESCO."""
        known = set(occupations)
        notes = []
        for panel in self.panels:
            spoken = {a.occupation for a in panel.assertions} | {p.occupation for p in panel.placements}
            if gone := sorted(spoken - known):
                named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
                notes.append(f"panel {panel.name}: not in this ESCO: {named}")
            if others := sorted(panel.versions - {esco_version}):
                notes.append(f"panel {panel.name}: decided on ESCO {', '.join(others)}, carried over to {esco_version}")
        return notes


def read_panels(paths: Iterable[Path]) -> Panels:
    """Read the files and lay them together. Raises SourceError.

    Where two panels say different things of an occupation in a domain, neither counts, and a note names them.
    """
    panels = tuple(_read(path) for path in paths)
    names = [panel.name for panel in panels]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SourceError(f"Two files are of the workshop '{twice[0]}'.", "Give one file of each workshop.")
    said: dict[tuple[str, str], list[tuple[Panel, Assertion]]] = defaultdict(list)
    for panel in panels:
        for assertion in panel.assertions:
            said[assertion.occupation, assertion.domain].append((panel, assertion))
    agreed, notes = [], []
    for (occupation, domain), same_pair in sorted(said.items()):
        if len({a.degree for _, a in same_pair}) > 1:
            each = ", ".join(f"{p.name} says {a.degree}" for p, a in sorted(same_pair, key=lambda f: f[0].name))
            notes.append(f"panels differ on {occupation} in {domain}: {each}; neither counts")
            continue
        agreed.append(_together([a for _, a in same_pair]))
    placements, differ = together((panel.name, placement) for panel in panels for placement in panel.placements)
    entries, disputed = laid_together({panel.name: panel.entries for panel in panels})
    return Panels(panels, tuple(agreed), tuple(placements), (*notes, *differ, *disputed), entries)


def _together(same: list[Assertion]) -> Assertion:
    """One statement of the route, with every panel as its source and the least of their agreements."""
    first = same[0]
    scores = [a.score for a in same if a.score is not None]
    reasons = dict.fromkeys(a.reason for a in same)
    return Assertion(
        first.occupation, first.domain, first.degree, "expert", tuple(sorted({s for a in same for s in a.sources})),
        score=min(scores, default=None), reason=" ".join(reasons),
    )  # fmt: skip


def _read(path: Path) -> Panel:
    subjects: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    triples = set()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(f"{path}: larger than {MOST_BYTES:,} bytes.", REMEDY)
        for subject, predicate, value, _ in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
            if not isinstance(subject, ox.NamedNode) or not isinstance(value, ox.NamedNode | ox.Literal):
                raise SourceError(f"{path}: has a node without a name.", REMEDY)
            if isinstance(value, ox.Literal) and UNFIT.search(value.value):
                raise SourceError(
                    f"{path}: {subject} has a text with a character that XML cannot hold.", "Take it out."
                )
            subjects[subject.value][predicate.value].append(value)
            triples.add(f"{subject} {predicate} {value}")
    except SyntaxError as error:
        raise SourceError(f"{path}, line {error.lineno}: not valid Turtle ({error.msg}).", REMEDY) from error
    except (OSError, MemoryError) as error:
        raise SourceError(f"{path}: cannot be read ({error}).", REMEDY) from error
    name = _name(path, subjects)
    below = (f"{CCSID}workshop/{name}/", f"{CCSID}panel/{name}/")
    for subject in subjects:
        if subject != f"{CCSID}workshop/{name}" and not subject.startswith(below):
            raise SourceError(f"{path}: speaks of <{subject[:200]}>, which is not of the workshop '{name}'.", REMEDY)
    graph = f"{GRAPH}panel/{name}"
    lines = tuple(f"{triple} <{graph}> .\n" for triple in sorted(triples))
    entries = {s: p for s, p in subjects.items() if CCSI + "CurationEntry" in values_of(p, RDF + "type")}
    assertions = tuple(_assertion(path, s, p) for s, p in sorted(entries.items()))
    if len({(a.occupation, a.domain) for a in assertions}) < len(assertions):
        raise SourceError(f"{path}: decides twice on the same occupation and domain.", REMEDY)
    placements = read_placements(path, subjects)
    versions = frozenset(
        v
        for p in subjects.values()
        for said in ("checkedAgainst", "decidedOnVersion")
        for v in values_of(p, CCSI + said)
    )
    return Panel(name, path, lines, assertions, placements, versions, read_entries(path, name, subjects))


def _name(path: Path, subjects: dict[str, dict[str, list[Any]]]) -> str:
    workshops = [s for s, p in subjects.items() if CCSI + "Workshop" in values_of(p, RDF + "type")]
    match = _WORKSHOP.fullmatch(workshops[0]) if len(workshops) == 1 else None
    if match is None or len(match[1]) > 60:
        raise SourceError(f"{path}: does not say which workshop it is of.", REMEDY)
    return match[1]


def _assertion(path: Path, entry: str, properties: dict[str, list[Any]]) -> Assertion:
    one = partial(only_value, path, entry, properties)
    degree: Any = local_name(one(CCSI + "degree", CCSID + "degree/"))
    if degree not in _DEGREES:
        raise SourceError(f"{path}: the degree '{degree[:40]}' is none of {', '.join(_DEGREES)}.", REMEDY)
    one(PROV + "wasAttributedTo", CCSID + "workshop/")
    try:
        agreement = float(one(CCSI + "agreement"))
    except ValueError:
        agreement = -1.0
    if not 0 <= agreement <= 1:
        raise SourceError(f"{path}: the agreement of {entry} is no number from 0 to 1.", REMEDY)
    return Assertion(
        one(CCSI + "occupation", ESCO_DATA + "occupation/"), local_name(one(CCSI + "domain", CCSID + "domain/")), degree,
        "expert", (entry,), score=agreement, reason=one(CCSI + "reason"),
    )  # fmt: skip
