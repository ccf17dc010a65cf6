from __future__ import annotations

import numpy as np
import pytest

from analysis.skills import specialisation, transversal
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import use_matrix

from .toy import toy


def test_evenness() -> None:
    found = transversal.evenness(np.array([[1.0, 1, 1, 1], [4, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]]))
    assert found == pytest.approx([1.0, 0.0, 0.0, 0.5])


def test_what_everybody_uses_is_transversal() -> None:
    tables = toy()
    use, hierarchy = use_matrix(tables), Hierarchy(tables)
    found = {r.skill: r for r in transversal.transversality(use, hierarchy, specialisation.units(tables))}
    assert found["talk-to-people"].transversal
    assert found["talk-to-people"].t_groups == ("T4",)
    assert not found["paint-0"].transversal


def test_profile_against_esco() -> None:
    tables = toy()
    use, hierarchy = use_matrix(tables), Hierarchy(tables)
    units = specialisation.units(tables)
    found = {(f.unit, f.aspect): f for f in transversal.profiles(tables, use, hierarchy, units)}
    figure = found["visual", "T4"]
    # One skill of six, but p0 has an optional one more: 1 / 6.5.
    assert figure.share == pytest.approx((6 * (1 / 6) + 1 / 6.5) / 7)
    assert figure.reach == figure.reach_overall == 1.0
    assert found["visual", "cultural"].share == 0.0
    assert found["visual", "cultural"].ratio == 0.0
