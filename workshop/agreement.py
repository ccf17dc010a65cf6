"""How far raters agree: some lines of numpy, since the packages that do it are under the GPL or no licence.

All measures read one table of counts: `counts[u, k]` says how many raters put unit u into category k. Units may have
different numbers of raters; a unit with fewer than two says nothing of agreement.

Sources: Fleiss, Psychological Bulletin 76 (1971) 378-382, for unequal numbers of raters as in Gwet, Handbook of
Inter-Rater Reliability, 4th ed. (2014), ch. 2; Krippendorff, Computing Krippendorff's Alpha-Reliability (2011); Gwet,
British Journal of Mathematical and Statistical Psychology 61 (2008) 29-48.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Metric = Literal["nominal", "ordinal", "interval"]
SEED = 20230523  # of the bootstrap: the same record gives the same interval
RESAMPLES = 1000
COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class Agreement:
    """The measures of one table; nan where the table cannot say. `alpha_low` and `alpha_high` are a bootstrap interval."""

    units: int
    ratings: int
    percent: float
    fleiss_kappa: float
    alpha: float
    alpha_low: float
    alpha_high: float
    ac1: float


def counts(ratings: Iterable[Iterable[Hashable]], categories: Sequence[Hashable]) -> Floats:
    """The table of counts of what was said of each unit; what is none of the categories (None: no answer) is left out."""
    place = {category: k for k, category in enumerate(categories)}
    rows = list(ratings)
    table = np.zeros((len(rows), len(categories)))
    for u, said in enumerate(rows):
        for value in said:
            if value in place:
                table[u, place[value]] += 1
    return table


def percent_agreement(table: Floats) -> float:
    """The share of pairs of raters of a unit that say the same, averaged over units."""
    rated = table[table.sum(axis=1) >= 2]
    if not len(rated):
        return float("nan")
    each = rated.sum(axis=1)
    return float(((rated * (rated - 1)).sum(axis=1) / (each * (each - 1))).mean())


def fleiss_kappa(table: Floats) -> float:
    """Agreement beyond what raters with the panel's own distribution would reach by chance: (p - e) / (1 - e)."""
    return _beyond_chance(table, lambda shares: float((shares**2).sum()))


def gwet_ac1(table: Floats) -> float:
    """As kappa, with a chance that does not grow as the categories become lopsided: e = sum p(1 - p) / (q - 1)."""
    categories = table.shape[1]
    return _beyond_chance(table, lambda shares: float((shares * (1 - shares)).sum() / (categories - 1)))


def _beyond_chance(table: Floats, chance: Callable[[Floats], float]) -> float:
    rated = table[table.sum(axis=1) >= 1]
    if not len(rated):
        return float("nan")
    shares = (rated / rated.sum(axis=1, keepdims=True)).mean(axis=0)
    expected = chance(shares)
    observed = percent_agreement(table)
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def krippendorff_alpha(table: Floats, metric: Metric = "nominal", values: Sequence[float] = ()) -> float:
    """1 - observed / expected disagreement; `values` are those of the categories, for intervals.

    Where everybody says the same there is nothing to tell apart, and alpha is not defined: nan.
    """
    rated = table[table.sum(axis=1) >= 2]
    each = rated.sum(axis=1, keepdims=True)
    coincidence = (rated / np.maximum(each - 1, 1)).T @ rated - np.diag((rated / np.maximum(each - 1, 1)).sum(axis=0))
    totals = coincidence.sum(axis=0)
    n = totals.sum()
    distance = _distance(totals, metric, values)
    expected = float((np.outer(totals, totals) * distance).sum())
    if n < 2 or expected == 0:
        return float("nan")
    return float(1 - (n - 1) * (coincidence * distance).sum() / expected)


def _distance(totals: Floats, metric: Metric, values: Sequence[float]) -> Floats:
    """The squared difference between categories."""
    size = len(totals)
    if metric == "nominal":
        return 1 - np.eye(size)
    if metric == "interval":
        points = np.asarray(values if len(values) else range(size), dtype=np.float64)
        return np.asarray(np.subtract.outer(points, points) ** 2)
    ranks = np.cumsum(totals) - totals / 2  # of each category, the middle of its ranks
    return np.asarray(np.subtract.outer(ranks, ranks) ** 2)


def alpha_interval(
    table: Floats, metric: Metric = "nominal", values: Sequence[float] = (), resamples: int = RESAMPLES
) -> tuple[float, float]:
    """The interval of alpha by drawing units again and again, always the same way. (nan, nan) of fewer than two units."""
    rated = table[table.sum(axis=1) >= 2]
    if len(rated) < 2:
        return float("nan"), float("nan")
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(rated), (resamples, len(rated)))
    found = np.array([krippendorff_alpha(rated[rows], metric, values) for rows in drawn])
    found = found[~np.isnan(found)]
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def agreement(table: Floats, metric: Metric = "nominal", values: Sequence[float] = ()) -> Agreement:
    """All measures of one table."""
    rated = table[table.sum(axis=1) >= 2]
    low, high = alpha_interval(table, metric, values)
    return Agreement(
        len(rated), int(rated.sum()), percent_agreement(table), fleiss_kappa(table),
        krippendorff_alpha(table, metric, values), low, high, gwet_ac1(table),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spread:
    """A scale in three numbers; nan where nobody answered."""

    n: int
    median: float
    quartile_1: float
    quartile_3: float

    @property
    def iqr(self) -> float:
        """The distance between the quartiles."""
        return self.quartile_3 - self.quartile_1


def spread(values: Iterable[float]) -> Spread:
    """Median and quartiles (linear between neighbours)."""
    found = np.array(list(values), dtype=np.float64)
    if not len(found):
        return Spread(0, *[float("nan")] * 3)
    q1, median, q3 = np.quantile(found, [0.25, 0.5, 0.75])
    return Spread(len(found), float(median), float(q1), float(q3))
