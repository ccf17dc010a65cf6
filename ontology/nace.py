"""NACE Rev. 2 and Rev. 2.1, whole: every code with its English name and its place, as Eurostat publishes them.

`nace.csv.gz` holds them in the order of the classification: a section, its divisions, their groups, their classes.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pyoxigraph as ox

from ontology import FOLDER, GRAPH_NACE, RDF, SKOS

Revision = Literal["2", "2.1"]
REVISIONS: tuple[Revision, ...] = ("2", "2.1")
BASES: dict[Revision, str] = {rev: f"http://data.europa.eu/ux2/nace{rev}/" for rev in REVISIONS}


@dataclass(frozen=True, slots=True)
class Activity:
    """One code of a revision, as the classification writes it: ``S``, ``91``, ``91.2`` or ``91.21``."""

    revision: Revision
    code: str
    name: str
    above: str  # "" for a section
    section: str

    @property
    def iri(self) -> str:
        """Eurostat's IRI."""
        return BASES[self.revision] + self.code.replace(".", "")

    def covers(self, digits: str) -> bool:
        """Whether a code as ESCO writes it (without dots, and without the closing zero of a class) stands here or below."""
        if not self.above:
            known = digits if digits.isalpha() else digits[:2]
            activity = activities(self.revision).get(known)
            return activity is not None and activity.section == self.code
        return digits.startswith(cut(self.code))


def cut(code: str) -> str:
    """A code as ESCO writes it: ``91.30`` is 913, because the class is alone in its group."""
    return code[:4].replace(".", "") if len(code) == 5 and code.endswith("0") else code.replace(".", "")


@cache
def activities(revision: Revision) -> dict[str, Activity]:
    """All of a revision by code, in the order of the classification."""
    known: dict[str, Activity] = {}
    section = ""
    with gzip.open(FOLDER / "nace.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["revision"] == revision:
                code = row["code"]
                section = code if code.isalpha() else section
                above = {1: "", 2: section, 4: code[:2]}.get(len(code), code[:-1])
                known[code] = Activity(revision, code, row["name"], above, section)
    return known


def path(item: Activity) -> list[Activity]:
    """From the section down to the code itself."""
    return [*(path(activities(item.revision)[item.above]) if item.above else ()), item]


def quads() -> Iterator[str]:
    """Both revisions as SKOS, in a graph of their own; in N-Quads."""
    graph = f"<{GRAPH_NACE}> .\n"
    for revision in REVISIONS:
        scheme = f"<{BASES[revision]}nace{revision}>"
        yield f"{scheme} <{RDF}type> <{SKOS}ConceptScheme> {graph}"
        yield f'{scheme} <{SKOS}prefLabel> "NACE Rev. {revision}"@en {graph}'
        for item in activities(revision).values():
            node = f"<{item.iri}>"
            yield f"{node} <{RDF}type> <{SKOS}Concept> {graph}"
            yield f"{node} <{SKOS}inScheme> {scheme} {graph}"
            yield f'{node} <{SKOS}notation> "{item.code}" {graph}'
            yield f"{node} <{SKOS}prefLabel> {ox.Literal(item.name, language='en')} {graph}"
            if not item.above:
                yield f"{node} <{SKOS}topConceptOf> {scheme} {graph}"
                yield f"{scheme} <{SKOS}hasTopConcept> {node} {graph}"
                continue
            yield f"{node} <{SKOS}broader> <{activities(revision)[item.above].iri}> {graph}"
