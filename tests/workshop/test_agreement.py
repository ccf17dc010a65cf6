"""The measures equal the worked examples of the literature, to three decimals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workshop.agreement import (
    agreement,
    alpha_interval,
    counts,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
    spread,
)

# Fleiss, Psychological Bulletin 76 (1971), table 1: 30 patients, 6 psychiatrists, 5 diagnoses.
FLEISS = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0], [2, 0, 4, 0, 0],
        [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6], [1, 0, 0, 5, 0], [1, 1, 0, 4, 0],
        [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1], [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0],
        [0, 2, 0, 4, 0], [1, 0, 2, 0, 3], [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0],
        [1, 0, 0, 4, 1], [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ],
    dtype=float,
)  # fmt: skip

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: 4 observers, 12 units, values missing.
_ = None
KRIPPENDORFF = list(
    zip(
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
        strict=True,
    )
)
VALUES = (1.0, 2.0, 3.0, 4.0, 5.0)


@pytest.fixture
def observed() -> np.ndarray:
    return counts(KRIPPENDORFF, (1, 2, 3, 4, 5))


def test_fleiss_kappa_of_1971() -> None:
    shares = FLEISS.sum(axis=0) / FLEISS.sum()
    assert shares.round(3).tolist() == [0.144, 0.144, 0.167, 0.306, 0.239]  # as the paper prints them
    assert percent_agreement(FLEISS) == pytest.approx(0.556, abs=5e-4)
    assert fleiss_kappa(FLEISS) == pytest.approx(0.430, abs=5e-4)


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorffs_alpha_of_2011(observed: np.ndarray, metric: str, alpha: float) -> None:
    assert krippendorff_alpha(observed, metric, VALUES) == pytest.approx(alpha, abs=5e-4)


def test_measures_with_missing_ratings(observed: np.ndarray) -> None:
    """Gwet, Handbook of Inter-Rater Reliability, 4th ed. (2014), on the same data: AC1 0.775, Fleiss 0.761, 81.8 %."""
    assert percent_agreement(observed) == pytest.approx(0.818, abs=5e-4)
    assert fleiss_kappa(observed) == pytest.approx(0.761, abs=5e-4)
    assert gwet_ac1(observed) == pytest.approx(0.775, abs=5e-4)


def test_ac1_where_kappa_fails() -> None:
    """Gwet, Kappa Statistic is not Satisfactory (2002): 125 subjects, 118 of them + for both raters, no - for both."""
    table = np.array([[2, 0]] * 118 + [[1, 1]] * 7, dtype=float)
    assert percent_agreement(table) == pytest.approx(0.944)
    assert gwet_ac1(table) == pytest.approx(0.941, abs=5e-4)
    assert fleiss_kappa(table) < 0


def test_an_interval_is_the_same_whenever_it_is_asked_for_and_holds_alpha(observed: np.ndarray) -> None:
    low, high = alpha_interval(observed)
    assert (low, high) == alpha_interval(observed)
    assert 0 < low < krippendorff_alpha(observed) < high <= 1
    narrower = alpha_interval(np.vstack([observed] * 10))
    assert narrower[1] - narrower[0] < high - low


def test_nothing_is_said_where_nothing_can_be_told() -> None:
    alone = agreement(counts([["in"], ["out"]], ("in", "partly", "out")))
    assert alone.units == 0
    assert all(math.isnan(v) for v in (alone.percent, alone.alpha, alone.alpha_low, alone.fleiss_kappa))
    unanimous = agreement(counts([["in"] * 5] * 3, ("in", "partly", "out")))
    assert unanimous.percent == 1.0
    assert math.isnan(unanimous.alpha)
    assert unanimous.ac1 == 1.0


def test_a_scale_in_three_numbers() -> None:
    found = spread([1, 2, 3, 4, 5, 5])
    assert (found.n, found.median, found.quartile_1, found.quartile_3, found.iqr) == (6, 3.5, 2.25, 4.75, 2.5)
    assert math.isnan(spread([]).median)
