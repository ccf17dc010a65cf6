"""`ccsi match queries`: titles as people write them, beside what would be right, as a file says it."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.search import section
from analysis.search.section import ALTERNATIVE, PREFERRED, Label
from app.catalogue.catalogue import Catalogue
from app.catalogue.search import BASE, Search
from app.store.embedded import EmbeddedStore
from loaders.derive.search import read_index
from releases.errors import SourceError
from releases.release import Release

_COLUMNS = {"query", "language", "kind", "expected"}


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """One query, what would be right, and what came first: English preferred labels."""

    query: str
    language: str
    kind: str
    expected: tuple[str, ...]
    found: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether what came first is one of those that would be right."""
        return self.found in self.expected


def judge(release: Release, file: Path, labels: Path | None = None) -> tuple[list[JudgedQuery], int]:
    """Ask every query of a file; and how many could not be asked. Raises SourceError.

    `labels` is a folder of labels in languages that the release does not have, of the same concepts.
    """
    sections = read_index(release)
    for path in sorted(labels.glob("occupations_*.csv.gz")) if labels else ():
        language = path.name.removesuffix(".csv.gz").rpartition("_")[2]
        if ("occupation", language) not in sections:
            sections["occupation", language] = section.build(labels_of_file(path), {}, language)
    if ("occupation", BASE) not in sections:
        raise SourceError(f"{release.id}: has no index of labels.", "Load the ESCO files again.")
    search = Search(sections, Catalogue(release, EmbeddedStore(release.store)))
    base = search.part("occupation", BASE)
    assert base is not None  # noqa: S101 (its section is there)
    known = {base.preferred(n) for n in range(len(base.iris))}
    rows = _rows(file)
    asked = [row for row in rows if known & {*row["expected"].split("|")} and row["language"] in search.languages]
    judged = []
    for row in asked:
        (matched,) = search.match([row["query"]], row["language"], 1)
        iri = matched.part.iris[matched.matches[0].concept] if matched.matches else ""
        name = base.preferred(base.places[iri]) if iri in base.places else iri
        expected = tuple(row["expected"].split("|"))
        judged.append(
            JudgedQuery(
                row["query"], row["language"], row["kind"], expected, name, max(matched.confidences, default=0.0)
            )
        )
    return judged, len(rows) - len(asked)


def shares(rows: Sequence[JudgedQuery]) -> Iterator[tuple[str, list[JudgedQuery]]]:
    """The queries of each language and of each kind, and all."""
    for language in sorted({row.language for row in rows}):
        yield language, [row for row in rows if row.language == language]
    for kind in sorted({row.kind for row in rows}):
        yield kind, [row for row in rows if row.kind == kind]
    if rows:
        yield "all", [*rows]


def labels_of_file(path: Path) -> Iterator[Label]:
    """The labels of a table of occupations, gzipped: conceptUri, preferredLabel, altLabels, one a line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for role, cell in ((PREFERRED, row["preferredLabel"]), (ALTERNATIVE, row["altLabels"])):
                for text in cell.split("\n"):
                    if text.strip() not in ("", "NA"):
                        yield Label(row["conceptUri"], text.strip(), role)


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file}: cannot be read ({error}).", "Give a CSV file.") from error
    if any(not row.keys() >= _COLUMNS or None in row.values() for row in rows):
        raise SourceError(f"{file}: has not the columns {', '.join(sorted(_COLUMNS))}.", "Give a table of queries.")
    return rows
