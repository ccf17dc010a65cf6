"""Carry-over: does an occupation still mean what it meant when the curation was written?

The baseline (ontology/curation-baseline.csv.gz) holds a fingerprint of every occupation that the curators read: English
label, ISCO unit group, a digest of the description, and the set of skills as 16-bit hashes. Curated statements follow an
occupation's IRI into a new ESCO version; where its fingerprint differs, that is reported and put up for review.

tools/baseline.py writes it.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from analysis.tables import Occupation
from ontology import FOLDER, GRAPH_LABELS
from queries import select

BASELINE = FOLDER / "curation-baseline.csv.gz"
COLUMNS = ("occupation", "isco", "label", "description", "skills")
# Share of its skills (Jaccard distance) that an occupation may exchange and still count as the same.
SKILLS_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an occupation was when it was read; ``description`` and ``skills`` are empty where the data has none."""

    occupation: str
    isco: str
    label: str
    description: str
    skills: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``what`` is label, isco, description, skills, vanished or new."""

    occupation: str
    label: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CarryOver:
    """The comparison of a release with the baseline."""

    unchanged: frozenset[str]
    changes: tuple[Change, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the release: what changed, and how much stayed."""
        return {
            "unchanged": len(self.unchanged),
            "skillsShare": SKILLS_SHARE,
            "changes": [asdict(c) for c in self.changes],
        }


def fingerprints(store: ox.Store, occupations: Iterable[Occupation]) -> dict[str, Fingerprint]:
    """The fingerprint of each occupation as the store has it."""
    graph = {"labels": [ox.NamedNode(GRAPH_LABELS + "en")]}
    rows = select(store, "materialise/descriptions", graph)
    texts = {o.value: d.value for o, d in rows if o and d}
    return {
        o.iri: Fingerprint(
            o.iri,
            o.isco,
            o.labels.get("en", ("",))[0],
            _digest(texts[o.iri]) if o.iri in texts else "",
            frozenset(_mark(skill) for skill in o.skills),
        )
        for o in occupations
    }


def compare(before: dict[str, Fingerprint], now: dict[str, Fingerprint], curated: set[str]) -> CarryOver:
    """Compare; of the occupations that are gone only those with curated statements are named."""
    changes: list[Change] = []
    unchanged = set()
    for iri, was in sorted(before.items()):
        if (fingerprint := now.get(iri)) is None:
            if iri in curated:
                changes.append(Change(iri, was.label, "vanished", was.label, ""))
        elif differences := _differences(was, fingerprint):
            changes += differences
        else:
            unchanged.add(iri)
    changes += [Change(iri, now[iri].label, "new", "", now[iri].label) for iri in sorted(now.keys() - before.keys())]
    return CarryOver(frozenset(unchanged), tuple(changes))


def _differences(was: Fingerprint, now: Fingerprint) -> list[Change]:
    def change(what: str, before: str, after: str) -> Change:
        return Change(now.occupation, now.label or was.label, what, before, after)

    changes = []
    if now.label and _words(was.label) != _words(now.label):
        changes.append(change("label", was.label, now.label))
    if now.isco and was.isco != now.isco:
        changes.append(change("isco", was.isco, now.isco))
    if was.description and now.description and was.description != now.description:
        changes.append(change("description", was.description, now.description))
    if was.skills and now.skills:
        distance = 1 - len(was.skills & now.skills) / len(was.skills | now.skills)
        if distance > SKILLS_SHARE:
            changes.append(change("skills", f"{len(was.skills)} skills", f"{distance:.0%} exchanged"))
    return changes


def read_baseline(path: Path = BASELINE) -> dict[str, Fingerprint]:
    """The fingerprints of all occupations that the curators read."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        return {
            row["occupation"]: Fingerprint(
                row["occupation"], row["isco"], row["label"], row["description"], _unpack(row["skills"])
            )
            for row in csv.DictReader(text)
        }


def write_baseline(prints: dict[str, Fingerprint], path: Path = BASELINE) -> None:
    """Write the baseline, sorted and without a time stamp."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for iri, f in sorted(prints.items()):
        writer.writerow([iri, f.isco, f.label, f.description, base64.b64encode(b"".join(sorted(f.skills))).decode()])
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())


def _unpack(packed: str) -> frozenset[bytes]:
    raw = base64.b64decode(packed)
    return frozenset(raw[i : i + 2] for i in range(0, len(raw), 2))


def _mark(skill: str) -> bytes:
    return hashlib.blake2b(skill.encode(), digest_size=2).digest()


def _words(text: str) -> str:
    """A text without what versions change for looks: white space and capitals."""
    return " ".join(text.split()).casefold()


def _digest(text: str) -> str:
    return hashlib.blake2b(_words(text).encode(), digest_size=4).hexdigest()
