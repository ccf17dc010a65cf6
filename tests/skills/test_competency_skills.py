"""The competency questions about skills: on the starter, and within bounds on full ESCO."""

from __future__ import annotations

import time

import pyoxigraph as ox
import pytest

import queries
from releases.release import Release

STARTER = {
    "cq06_over_represented": (10, 80), "cq07_clusters": (50, 250), "cq08_transversal_groups": (4, 6),
    "cq10_spill_over": (0, 0), "cq16_green_digital": (30, 90), "cq18_function_profile": (500, 3000),
}  # fmt: skip
FULL = {
    "cq06_over_represented": (200, 450), "cq07_clusters": (120, 250), "cq08_transversal_groups": (5, 6),
    "cq10_spill_over": (200, 20000), "cq16_green_digital": (100, 320), "cq18_function_profile": (1000, 6000),
}  # fmt: skip
SECONDS = 10  # a badly ordered join takes minutes


def within(release: Release, bounds: dict[str, tuple[int, int]]) -> None:
    store = ox.Store.read_only(str(release.store))
    for name, (least, most) in bounds.items():
        started = time.monotonic()
        assert least <= len(queries.select(store, f"competency/{name}")) <= most, name
        assert time.monotonic() - started < SECONDS, name


def test_on_the_starter(starter: Release) -> None:
    within(starter, STARTER)


def test_over_represented_skills_are(starter: Release) -> None:
    store = ox.Store.read_only(str(starter.store))
    for _, quotient, support, q in queries.select(store, "competency/cq06_over_represented"):
        assert float(quotient.value) > 1.5  # type: ignore[union-attr]
        assert int(support.value) >= 3  # type: ignore[union-attr]
        assert float(q.value) < 0.05  # type: ignore[union-attr]


@pytest.mark.full
def test_on_full_esco(full: Release) -> None:
    within(full, FULL)
