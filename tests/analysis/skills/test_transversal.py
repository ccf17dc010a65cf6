from __future__ import annotations

from dataclasses import replace

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


def test_what_the_sectors_use_most_is_not_transversal() -> None:
    tables = toy()
    # Used by all seven in scope and by seven of the 33 others, in as many places: the T branch alone does not make it so.
    others = [o for o in sorted(tables.occupations) if o.startswith("m")][1:]

    def used_by(kept: list[str]) -> bool:
        occupations = {
            o: replace(v, essential=v.essential if o[0] in "pc" or o in kept else v.essential - {"talk-to-people"})
            for o, v in tables.occupations.items()
        }
        fewer = replace(tables, occupations=occupations)
        use, hierarchy = use_matrix(fewer), Hierarchy(fewer)
        rows = transversal.transversality(use, hierarchy, specialisation.units(fewer))
        return next(r.transversal for r in rows if r.skill == "talk-to-people")

    assert used_by(others[:12])
    assert not used_by(others[:6])


def test_interval_of_a_share() -> None:
    low, high = transversal.interval_of_share(0, 47)
    assert low == 0.0
    assert high == pytest.approx(0.0756, abs=1e-4)  # Wilson: z^2 / (n + z^2)
    low, high = transversal.interval_of_share(10, 47)
    assert low < 10 / 47 < high
    assert transversal.interval_of_share(0, 0) == (0.0, 1.0)


def test_ratio_has_an_interval_and_a_support() -> None:
    tables = toy()
    use, hierarchy = use_matrix(tables), Hierarchy(tables)
    found = {(f.unit, f.aspect): f for f in transversal.profiles(tables, use, hierarchy, specialisation.units(tables))}
    figure = found["visual", "T4"]
    assert figure.support == 8
    assert figure.ratio_low < figure.ratio < figure.ratio_high
    assert found["visual", "cultural"].support == 0
