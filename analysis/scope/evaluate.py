"""Score a scope against a reading: four figures, per domain, calibration of the confidence, precision of the routes.

A reading is a CSV file with one row per (occupation, domain) and the columns of ``COLUMNS``; an occupation in no
domain has one row with an empty domain and degree none. Where the readers disagree the row is ``disputed`` and its
degree names both opinions ("core/related", "none/related"). Only occupations that the file lists count.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from analysis.tables import Assertion, Decision

COLUMNS = ("occupationUri", "domain", "degree", "agreement")
METRICS = ("core", "any", "pairs", "degree")
BINS = 10  # of a calibration table

_DEGREES = frozenset({"core", "related", "none"})


@dataclass(frozen=True, slots=True)
class GoldRow:
    """What the readers say of one pair: ``opinions`` is {core}, {related}, {none}, or two of them where disputed."""

    opinions: frozenset[str]

    @property
    def agreed(self) -> bool:
        """Tell whether there is one opinion only."""
        return len(self.opinions) == 1


NONE = GoldRow(frozenset({"none"}))

# Per occupation, per domain; an occupation in no domain has an empty dict.
Gold = dict[str, dict[str, GoldRow]]


class Figures(TypedDict):
    """Precision, recall and F1 with the counts they come from; a figure without a denominator is 0."""

    precision: float
    recall: float
    f1: float
    tp: int
    fp: int
    fn: int


class Bin(TypedDict):
    """One bin of a calibration table; the two means are None where the bin is empty."""

    low: float
    high: float
    n: int
    confidence: float | None
    right: float | None


class Share(TypedDict):
    """How often statements hold: ``in_scope`` whatever the degree, ``degree`` with it; shares of ``n``."""

    n: int
    in_scope: float
    degree: float


def read_gold(path: Path) -> Gold:
    """Read a reading; anything that is not as described is a ValueError naming the file and the line."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        gold: Gold = {}
        try:
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise ValueError(f"{path}, line 1: missing column {', '.join(missing)}")
            for record in reader:
                _add_row(gold, record, f"{path}, line {reader.line_num}")
        except csv.Error as error:
            # The inner reader has counted the line that the outer one could not finish.
            raise ValueError(f"{path}, line {reader.reader.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}, after line {reader.line_num}: not UTF-8 ({error.reason})") from error
    if not gold:
        raise ValueError(f"{path}, line 1: no rows")
    return gold


def _add_row(gold: Gold, record: Mapping[str | None, str | list[str] | None], where: str) -> None:
    """Check one record and add it to the reading."""
    if None in record:
        raise ValueError(f"{where}: more cells than columns")
    cells = [record[c] for c in COLUMNS]
    if any(not isinstance(cell, str) for cell in cells):
        raise ValueError(f"{where}: fewer cells than columns")
    iri, domain, degree, agreement = (str(cell).strip() for cell in cells)
    if not iri:
        raise ValueError(f"{where}: empty occupationUri")
    opinions = frozenset(degree.split("/"))
    if not opinions <= _DEGREES or len(opinions) != degree.count("/") + 1 or len(opinions) > 2:
        raise ValueError(f"{where}: degree {degree!r} is not core, related, none or two of them with a slash")
    if agreement not in ("agreed", "disputed"):
        raise ValueError(f"{where}: agreement {agreement!r} is neither agreed nor disputed")
    if (agreement == "agreed") != (len(opinions) == 1):
        raise ValueError(f"{where}: agreement {agreement!r} does not go with degree {degree!r}")
    rows = gold.setdefault(iri, {})
    if not domain:
        if opinions != {"none"}:
            raise ValueError(f"{where}: degree {degree!r} without a domain")
        return
    if domain in rows:
        raise ValueError(f"{where}: a second row for this occupation and domain {domain!r}")
    rows[domain] = GoldRow(opinions)


def evaluate(decisions: Iterable[Decision], gold: Gold) -> dict[str, object]:
    """Return the four figures (keys of ``METRICS``), ``domains`` with the same per domain, and ``calibration``."""
    decisions = tuple(decisions)
    domains = sorted({d for rows in gold.values() for d in rows} | {d.domain for d in decisions if d.domain})
    return {
        **score(decisions, gold),
        "domains": {
            domain: score(
                [d for d in decisions if d.domain == domain],
                {iri: {k: v for k, v in rows.items() if k == domain} for iri, rows in gold.items()},
            )
            for domain in domains
        },
        "calibration": calibration(decisions, gold),
    }


def score(decisions: Iterable[Decision], gold: Gold) -> dict[str, Figures]:
    """Return precision, recall and F1 by the four ways to count (see ``METRICS``).

    * core: occupations core in some domain. Without an agreed core row, a disputed one that mentions core leaves the
      occupation out.
    * any: occupations in some domain. A row disputed between core and related is positive; an occupation whose only
      rows are disputed with none is left out.
    * pairs: (occupation, domain) whatever the degree, disputed rows as for any.
    * degree: (occupation, domain, degree); disputed rows are left out.
    """
    decided: dict[str, dict[str, str]] = {}
    for d in decisions:
        if d.degree != "excluded":
            decided.setdefault(d.occupation, {})[d.domain] = d.degree
    tallies = {metric: [0, 0, 0] for metric in METRICS}
    for iri, rows in gold.items():
        mine = decided.get(iri, {})
        count(tallies["core"], "core" in mine.values(), _truth(rows.values(), _is_core))
        count(tallies["any"], bool(mine), _truth(rows.values(), _is_in_scope))
        for domain in rows.keys() | mine.keys():
            row = rows.get(domain, NONE)
            count(tallies["pairs"], domain in mine, _is_in_scope(row))
            if row.agreed:
                (truth,) = row.opinions
                said = mine.get(domain, "none")
                tallies["degree"][0] += said == truth != "none"
                tallies["degree"][1] += said not in (truth, "none")
                tallies["degree"][2] += truth not in (said, "none")
    return {metric: figures(*tally) for metric, tally in tallies.items()}


def judged_otherwise(decisions: Iterable[Decision], gold: Gold) -> list[str]:
    """The occupations that the readers take in and the scope leaves out, or the other way round; an open case is alike."""
    inside = {d.occupation for d in decisions if d.degree != "excluded"}
    truth = {iri: _truth(rows.values(), _is_in_scope) for iri, rows in gold.items()}
    return sorted(iri for iri, taken_in in truth.items() if taken_in is not None and taken_in != (iri in inside))


def _is_core(row: GoldRow) -> bool | None:
    """Tell whether a row is core; None where the readers disagree about just that."""
    return "core" in row.opinions if row.agreed else (None if "core" in row.opinions else False)


def _is_in_scope(row: GoldRow) -> bool | None:
    """Tell whether a row is in scope; None where the readers disagree about just that."""
    if "none" in row.opinions:
        return False if row.agreed else None
    return True


def _truth(rows: Iterable[GoldRow], question: Callable[[GoldRow], bool | None]) -> bool | None:
    """Answer a question for an occupation: yes if any row says yes, else open if any row is open, else no."""
    answers = [question(row) for row in rows]
    if True in answers:
        return True
    return None if None in answers else False


def count(tally: list[int], said: bool, truth: bool | None) -> None:
    """Add one case to [tp, fp, fn]; an open question counts nowhere."""
    if truth is not None:
        tally[0] += said and truth
        tally[1] += said and not truth
        tally[2] += truth and not said


def figures(tp: int, fp: int, fn: int) -> Figures:
    """Precision, recall and F1 of a tally."""
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * tp / (2 * tp + fp + fn) if tp else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "tp": tp, "fp": fp, "fn": fn}


def calibration(decisions: Iterable[Decision], gold: Gold, excluded: bool = False) -> list[Bin]:
    """Compare confidence with the observed share of right decisions, in bins of equal width.

    A decision is right where the readers agree on its degree; disputed pairs and occupations that the reading does
    not list are left out. ``excluded`` asks about the explicit noes instead of the scope.
    """
    cases: list[tuple[float, bool]] = []
    for d in decisions:
        rows = gold.get(d.occupation)
        if rows is None or (d.degree == "excluded") != excluded:
            continue
        if not d.domain:
            if all(row.agreed for row in rows.values()):
                cases.append((d.confidence, all(row == NONE for row in rows.values())))
            continue
        row = rows.get(d.domain, NONE)
        if row.agreed:
            cases.append((d.confidence, row.opinions == {"none" if excluded else d.degree}))
    return calibration_table(cases)


def calibration_table(cases: Iterable[tuple[float, bool]]) -> list[Bin]:
    """Return the table for (confidence, right) cases; a confidence of 1 falls into the last bin."""
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in cases:
        members[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    return [
        {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "n": len(inside),
            "confidence": math.fsum(c for c, _ in inside) / len(inside) if inside else None,
            "right": sum(r for _, r in inside) / len(inside) if inside else None,
        }
        for i, inside in enumerate(members)
    ]


def route_precision(assertions: Iterable[Assertion], gold: Gold) -> dict[str, dict[str, Share]]:
    """Return, per route and degree, how often its assertions hold; disputed pairs are left out."""
    tallies: dict[tuple[str, str], dict[tuple[str, str], tuple[bool, bool]]] = {}
    for a in assertions:
        if a.occupation not in gold:
            continue
        # A statement without a domain is about them all.
        rows = [gold[a.occupation].get(a.domain, NONE)] if a.domain else list(gold[a.occupation].values())
        if all(row.agreed for row in rows):
            in_scope = any(row != NONE for row in rows)
            right = not in_scope if a.degree == "excluded" else any(row.opinions == {a.degree} for row in rows)
            # A route may assert the same pair twice (two NACE classes): that is one statement.
            tallies.setdefault((a.route, a.degree), {})[a.occupation, a.domain] = (in_scope, right)
    result: dict[str, dict[str, Share]] = {}
    for (route, degree), cases in sorted(tallies.items()):
        n = len(cases)
        result.setdefault(route, {})[degree] = {
            "n": n,
            "in_scope": sum(s for s, _ in cases.values()) / n,
            "degree": sum(r for _, r in cases.values()) / n,
        }
    return result
