"""The rule of decision, and the selection of what is judged."""

from __future__ import annotations

import pytest

from tests.workshop.conftest import candidate
from workshop.errors import Refused
from workshop.rules import Rule
from workshop.selection import card_codes, choose


def test_an_answer_is_adopted_at_the_threshold_and_the_quorum() -> None:
    rule = Rule()
    assert rule.outcome(["in"] * 4 + ["out"], 1).status == "adopted"  # 80 % of five
    assert rule.outcome(["in"] * 4, 1).status == "open"  # no quorum
    assert rule.outcome(["in"] * 7 + ["out"] * 2, 1).status == "open"  # 77.8 %
    assert rule.outcome(["in"] * 7 + ["out"] * 2, 3).status == "deferred"
    assert rule.outcome([], 1).as_dict() == {
        "answer": "",
        "status": "open",
        "n": 0,
        "most": 0,
        "tally": {},
        "share": 0.0,
    }


def test_a_share_is_not_rounded_up_to_the_threshold() -> None:
    assert Rule(quorum=1, readers=1, threshold=67).outcome(["in", "in", "out"], 1).status == "open"  # 66.7 %
    assert Rule(quorum=1, readers=1, threshold=66).outcome(["in", "in", "out"], 1).status == "adopted"


@pytest.mark.parametrize("wrong", [{"threshold": 50}, {"quorum": 0}, {"rounds": 11}, {"readers": 4}])
def test_a_rule_that_could_not_decide_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(Refused):
        Rule(**wrong)


def test_the_doubted_come_first_spread_over_cells_and_a_control_last() -> None:
    known = [
        candidate(0, sub_domain="museums", confidence=0.3),
        candidate(1, sub_domain="museums", confidence=0.2),
        candidate(2, sub_domain="archives", confidence=0.4),
        candidate(3, sub_domain="archives", function="management", confidence=0.6),
        candidate(4, confidence=0.99, doubts=()),
        candidate(5, confidence=0.95, doubts=()),
        candidate(6, confidence=0.8, doubts=()),
    ]
    chosen = choose(known, 5)
    assert [(c.candidate.label, c.why) for c in chosen] == [
        ("occupation 1", "review-queue"), ("occupation 2", "review-queue"), ("occupation 3", "review-queue"),
        ("occupation 0", "review-queue"), ("occupation 4", "control"),
    ]  # fmt: skip
    assert choose(reversed(known), 5) == chosen
    assert [c.why for c in choose(known, 7)].count("sample") == 2  # too few are doubted
    assert choose(known, 1) == [chosen[-1]]


def test_every_card_has_a_code_of_its_own() -> None:
    codes = card_codes(200)
    assert codes[:2] == ["A01", "A02"]
    assert codes[98:100] == ["A99", "B01"]
    assert len(set(codes)) == 200
