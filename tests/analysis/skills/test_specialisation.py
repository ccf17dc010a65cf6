from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.skills import specialisation as sp
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import use_matrix
from analysis.skills.tables import Group, Specialisation

from .toy import toy


def rows(unit: str = "visual") -> dict[str, Specialisation]:
    tables = toy()
    use = use_matrix(tables)
    flags = np.zeros(len(use.skills), dtype=np.bool_)
    found = next(u for u in sp.units(tables) if u.id == unit)
    return {r.skill: r for r in sp.specialise(use, found, sp.effective_use(use), flags)}


def test_units_and_weights() -> None:
    units = {u.id: u for u in sp.units(toy())}
    assert list(units) == ["ccsi", "visual", "visual/painting", "function/creation", "function/production"]
    assert units["visual"].weights["c3"] == 0.5
    assert "m00" not in units["visual"].weights  # excluded
    assert units["visual"].core == 6
    assert units["visual"].small


def test_location_quotient_by_hand() -> None:
    row = rows()["clay-0"]
    # c1 (core, 1), c2 and c3 (related, 0.5 each) essential, p0 (core) optional 0.5; weights of the unit: 6 + 2 * 0.5.
    share = (1 + 0.5 + 0.5 + 0.5) / 7
    overall = (1 + 1 + 1 + 0.5) / 40
    assert row.share == pytest.approx(share)
    assert row.lq == pytest.approx(share / overall)
    assert row.log2_lq == pytest.approx(math.log2((share * 7 + 0.5 * overall) / 7.5 / overall))
    assert (row.essential, row.optional, row.support, row.core_support, row.overall) == (3, 1, 4, 2, 4)
    assert row.essential_share == pytest.approx(3 / 8)


def test_hypergeometric_by_hand() -> None:
    # All three users among 8 of 40: C(8,3) / C(40,3).
    p = sp.hypergeometric_p(np.array([3.0, 0.0, 1.0]), np.array([3.0, 3.0, 1.0]), 8, 40)
    assert p[0] == pytest.approx(math.comb(8, 3) / math.comb(40, 3))
    assert p[1] == 1.0
    assert p[2] == pytest.approx(8 / 40)


def test_benjamini_hochberg_by_hand() -> None:
    q = sp.benjamini_hochberg(np.array([0.04, 0.01, 0.03, 0.5]))
    assert q == pytest.approx([0.16 / 3, 0.04, 0.16 / 3, 0.5])


def test_benjamini_hochberg_never_exceeds_one() -> None:
    assert sp.benjamini_hochberg(np.array([0.9, 1.0])) == pytest.approx([1.0, 1.0])


def test_evidence_and_class() -> None:
    found = rows()
    assert found["clay-1"].evidence == "established"
    assert found["clay-1"].skill_class == "core"
    assert found["talk-to-people"].evidence == "none"  # everybody does
    assert found["talk-to-people"].skill_class == "common"
    assert "metal-0" not in found


def test_a_skill_without_core_support_is_not_specialised() -> None:
    assert sp._evidence(lq=9.0, support=5, core=0, p=0.0, q=0.0) == "none"
    assert sp._evidence(lq=9.0, support=5, core=1, p=0.04, q=0.2) == "indicated"
    assert sp._evidence(lq=1.9, support=5, core=5, p=0.0, q=0.0) == "none"


def test_words_of_classes() -> None:
    assert sp.skill_class("established", 0.2, 9) == "core"
    assert sp.skill_class("indicated", 0.05, 2) == "specialism"  # compose music: special to music, in few occupations
    assert sp.skill_class("none", 0.2, 9) == "common"
    assert sp.skill_class("none", 0.05, 2) == "marginal"
    assert sp.skill_class("none", 0.2, 1) == "single"


def test_what_only_leans_towards_the_unit_is_not_specialised() -> None:
    quotients = np.array([40.0, 30.0, 20.0, 4.0, 1.0])
    clear = quotients >= sp.MIN_LQ
    assert sp.least_quotient(quotients, clear, small=False) == pytest.approx(25 * sp.RELATIVE)
    assert sp.least_quotient(quotients, clear, small=True) == pytest.approx(25 * sp.RELATIVE_SMALL)
    assert sp.least_quotient(quotients / 20, quotients / 20 >= sp.MIN_LQ, small=False) == sp.MIN_LQ
    assert sp.least_quotient(quotients, np.zeros(5, dtype=np.bool_), small=False) == sp.MIN_LQ


def test_group_shares_of_one_occupation_add_to_one() -> None:
    tables = toy()
    use, hierarchy = use_matrix(tables), Hierarchy(tables)
    flow, groups = sp.flow_matrix(use, hierarchy)
    shares = sp.occupation_profiles(use) @ flow
    top = [i for i, g in enumerate(groups) if g in ("g:S", "g:T", "")]
    assert np.asarray(shares[:, top].sum(axis=1)).ravel() == pytest.approx(np.ones(40))
    # Half of the poly-hierarchical skill goes each way.
    assert hierarchy.flow("talk-to-people") == {"g:S1.1": 0.5, "g:S1": 0.5, "g:S": 0.5, "g:T4": 0.5, "g:T": 0.5}
    assert hierarchy.flow("unused") == {"": 1.0}


def test_group_shares_of_a_unit_add_to_one() -> None:
    tables = toy()
    use = use_matrix(tables)
    flow, groups = sp.flow_matrix(use, Hierarchy(tables))
    shares = (sp.occupation_profiles(use) @ flow).tocsr()
    for unit in sp.units(tables):
        found = {s.group: s.share for s in sp.group_shares(use, unit, shares, groups)}
        assert found["g:S"] + found["g:T"] == pytest.approx(1.0)


def test_a_cycle_in_the_hierarchy_is_named() -> None:
    tables = toy()
    top = tables.groups["g:S"]
    tables.groups["g:S"] = replace(top, broader=frozenset({"g:S1.1"}))
    with pytest.raises(ValueError, match="cycle through g:S"):
        Hierarchy(tables).flow("paint-0")


def test_a_deep_hierarchy_is_no_fault() -> None:
    tables = toy()
    for i in range(3000):
        tables.groups[f"g:{i}"] = Group(f"g:{i}", f"S9.{i}", {}, frozenset({f"g:{i + 1}" if i < 2999 else "g:S"}))
    tables.skills["unused"] = replace(tables.skills["unused"], broader=frozenset({"g:0"}))
    assert Hierarchy(tables).flow("unused")["g:S"] == 1.0
