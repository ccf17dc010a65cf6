from __future__ import annotations

import pytest

from analysis.skills.identity import identify, slug, unique
from analysis.skills.tables import PreviousCluster


def before(**clusters: str) -> list[PreviousCluster]:
    return [PreviousCluster(f"heritage/{k}", "heritage", "broad", frozenset(v)) for k, v in clusters.items()]


def test_same_new_and_retired() -> None:
    ids, lineage = identify(
        "heritage", "broad", [("x", frozenset("abcd")), ("y", frozenset("qrs"))], before(one="abce", two="klm"), set()
    )
    assert ids == ["heritage/one", "heritage/y"]
    assert {(e.new, e.old, e.relation) for e in lineage} == {
        ("heritage/one", "heritage/one", "same"),
        ("heritage/y", "", "new"),
        ("", "heritage/two", "retired"),
    }
    assert next(e.overlap for e in lineage if e.relation == "same") == pytest.approx(3 / 5)


def test_split() -> None:
    ids, lineage = identify(
        "heritage", "broad", [("x", frozenset("abcde")), ("y", frozenset("fgh"))], before(one="abcdefgh"), set()
    )
    assert ids == ["heritage/one", "heritage/y"]
    assert {(e.new, e.relation) for e in lineage} == {("heritage/one", "same"), ("heritage/y", "split")}


def test_merge() -> None:
    ids, lineage = identify("heritage", "broad", [("x", frozenset("abcdefgh"))], before(one="abcde", two="fgh"), set())
    assert ids == ["heritage/one"]
    assert {(e.old, e.relation) for e in lineage} == {("heritage/one", "same"), ("heritage/two", "merge")}


def test_a_retired_identifier_is_not_given_again() -> None:
    ids, _ = identify("heritage", "broad", [("one", frozenset("xyz"))], before(one="abc"), {"heritage/one"})
    assert ids == ["heritage/one-2"]


def test_other_domains_and_levels_do_not_match() -> None:
    old = [PreviousCluster("design/one", "design", "broad", frozenset("abc"))]
    assert identify("heritage", "broad", [("x", frozenset("abc"))], old, set())[0] == ["heritage/x"]


def test_slugs() -> None:
    assert slug("Étude des œuvres, d'art") == "etude-des-uvres-d-art"
    assert slug("") == "cluster"
    assert len(slug("word " * 40)) <= 48
    taken = {"a"}
    assert (unique("a", taken), unique("a", taken)) == ("a-2", "a-3")


def test_a_fixed_identifier_is_taken_as_it_is() -> None:
    old = [PreviousCluster("heritage/old-name", "heritage", "broad", frozenset("abcd"))]
    new = [("conservation", frozenset("abcd")), ("museum", frozenset("xyz"))]
    ids, told = identify("heritage", "broad", new, old, {"heritage/old-name"}, fixed=[0])
    assert ids == ["heritage/conservation", "heritage/museum"]
    assert ("heritage/conservation", "heritage/old-name") in {(e.new, e.old) for e in told}
    again = [PreviousCluster("heritage/conservation", "heritage", "broad", frozenset("ab"))]
    ids, told = identify("heritage", "broad", new, again, {"heritage/conservation"}, fixed=[0])
    assert ids[0] == "heritage/conservation"
    assert next(e.relation for e in told if e.new == ids[0]) == "same"
