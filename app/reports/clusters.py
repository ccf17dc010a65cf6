"""The sheet on which a reader of the sector judges its clusters, and what a filled one says."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TextIO

from analysis.skills.tables import Specialisation
from app.catalogue.catalogue import Catalogue
from app.catalogue.concepts import in_one
from app.documents.cells import cell
from releases.errors import SourceError

COLUMNS = (
    "domain", "cluster", "name", "subtitle", "area", "state", "size", "skill", "use", "specialisation", "class",
    "name accepted", "coherent", "belongs", "remark",
)  # fmt: skip
YES, NO = "yes", "no"


def sheet(catalogue: Catalogue, domain: str) -> Iterator[tuple[object, ...]]:
    """One row per skill of each broad cluster, the largest first; then what other domains lend to thin areas, and gaps.

    Judged are the name and the coherence of a cluster, in its first row, and each skill: does it belong on the map?
    """
    analysis = catalogue.analysis
    rows = {r.skill: r for r in analysis.specialisations.get(domain, [])}
    total = analysis.units[domain].occupations
    broad = [c for c in analysis.by_unit.get(domain, []) if c.level == "broad"]
    broad.sort(key=lambda c: (-sum(m.primary for m in c.members), c.id))

    def said(skill: str) -> str:
        return next(iter(catalogue.label(skill, "en").values()), skill)

    for c in broad:
        own = [rows[m.skill] for m in c.members if m.primary]
        head = (c.id, in_one(c.labels, "en"), " · ".join(map(said, c.telling)), c.area, "filled", len(own))
        used = [(said(r.skill), f"{r.support} of {total}", f"{r.lq:.1f}", r.skill_class) for r in own]
        yield from _block(domain, head, used)
    filled = {r.area for r in rows.values()}
    for area in analysis.areas.of_domain(domain):
        if area.id in filled:
            continue
        others = [(d, r) for d in area.domains if d != domain for r in analysis.specialisations.get(d, [])]
        lent: dict[str, tuple[str, Specialisation]] = {}  # each skill from the domain with the highest share
        for d, r in sorted((e for e in others if e[1].area == area.id), key=lambda e: (-e[1].share, e[1].skill)):
            lent.setdefault(r.skill, (d, r))
        state = "lent" if lent else "gap"
        head = (f"{domain}/{area.id}", in_one(area.labels, "en"), "", area.id, state, len(lent))
        used = [
            (said(r.skill), f"{r.support} of {analysis.units[d].occupations} in {d}", f"{r.lq:.1f}", r.skill_class)
            for d, r in lent.values()
        ]
        yield from _block(domain, head, used or [("", "", "", "")])


def _block(domain: str, head: tuple[object, ...], skills: Iterable[tuple[str, ...]]) -> Iterator[tuple[object, ...]]:
    """The rows of a cluster, which is told in full in the first of them; the cells of judgements are empty."""
    for n, skill in enumerate(skills):
        yield (domain, *(head if n == 0 else (head[0], "", "", "", "", "")), *skill, "", "", "", "")


def write_sheet(catalogue: Catalogue, domain: str, out: TextIO) -> int:
    """Write the sheet as CSV; returns how many clusters it has."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    clusters = set()
    for row in sheet(catalogue, domain):
        clusters.add(row[1])
        writer.writerow([cell(v) if isinstance(v, str) else v for v in row])
    return len(clusters)


@dataclass(slots=True)
class Tally:
    """What a filled sheet says of one domain; a name, a cluster or a skill that was not judged is not counted."""

    named: int = 0
    names: int = 0
    clusters: int = 0
    coherent: int = 0
    skills: int = 0
    strangers: int = 0


def tally(sheets: Iterable[TextIO]) -> dict[str, Tally]:
    """Count the judgements by domain. Raises SourceError on a column that is missing and on any word but yes and no."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for source in sheets:
        reader = csv.DictReader(source)
        if missing := set(COLUMNS) - set(reader.fieldnames or ()):
            raise SourceError(f"The sheet has no column '{min(missing)}'.", "Fill a sheet of `ccsi clusters review`.")
        for row in reader:
            mine = tallies[row["domain"]]
            for column in ("name accepted", "coherent", "belongs"):
                if row[column] not in ("", YES, NO):
                    raise SourceError(
                        f"Line {reader.line_num}: '{row[column][:40]}' in '{column}' is neither yes nor no.",
                        "Fix the sheet.",
                    )
            if row["name accepted"]:
                mine.named += 1
                mine.names += row["name accepted"] == YES
            if row["coherent"]:
                mine.clusters += 1
                mine.coherent += row["coherent"] == YES
            if row["belongs"]:
                mine.skills += 1
                mine.strangers += row["belongs"] == NO
    return dict(tallies)


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum over domains."""
    every = [asdict(t) for t in tallies]
    return Tally(**{name: sum(t[name] for t in every) for name in asdict(Tally())})
