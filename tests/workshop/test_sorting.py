"""Card sorts: matrix, tree, indices, against scipy and figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform

from tests.workshop.conftest import CARDS, sit, toy
from workshop import sorting
from workshop.database import Database
from workshop.errors import NotAllowed, NotRevealed, Refused
from workshop.model import Deck
from workshop.sorting import Sort, adjusted_rand, report, together

CODES = ["A01", "A02", "A03", "A04"]
ONE = {"A01": "gaming/art", "A02": "gaming/art", "A03": "gaming/code", "A04": "gaming/code"}
TWO = {"A01": "gaming/art", "A02": "gaming/art", "A03": "gaming/art", "A04": "new:Else"}
THREE = {"A01": "new:else", "A02": "not-ours", "A03": "unknown", "A04": "new:Else"}


def test_cards_are_together_as_often_as_those_say_who_placed_both() -> None:
    share = together([ONE, TWO, THREE], CODES)
    assert share[0, 1] == 1.0  # the third did not place A02
    assert share[0, 2] == 0.5
    assert share[0, 3] == pytest.approx(1 / 3)  # capitals do not make another pile
    assert share[2, 3] == 0.5
    assert np.array_equal(share, share.T)


def test_the_tree_is_scipys() -> None:
    found = report([ONE, TWO, THREE], CARDS.cards)
    distances = squareform(1 - together([ONE, TWO, THREE], CODES), checks=False)
    expected = linkage(distances, "average")
    assert np.allclose(found.linkage, expected)
    assert found.cophenetic == round(float(cophenet(expected, distances)[0]), 4)
    assert sorted(found.order) == CODES


def test_the_adjusted_rand_index_is_that_of_hubert_and_arabie() -> None:
    assert adjusted_rand(ONE, ONE) == 1.0
    assert adjusted_rand(ONE, TWO) == 0.0
    # Six cards: {1 2 3}{4 5 6} against {1 2}{3 4 5}{6}: cells 2,1,2,1 give 2 pairs; (2 - 24/15) / (5 - 24/15).
    first = dict(zip("abcdef", "xxxyyy", strict=True))
    second = dict(zip("abcdef", "ppqqqr", strict=True))
    assert adjusted_rand(first, second) == pytest.approx((2 - 24 / 15) / (5 - 24 / 15))
    assert adjusted_rand({"a": "x"}, {"a": "x"}) is None


def test_each_card_says_where_people_put_it_and_where_the_release_has_it() -> None:
    card = report([ONE, TWO, THREE], CARDS.cards).cards[2]
    assert card["piles"] == {"gaming/art": 1, "gaming/code": 1, "unknown": 1}
    assert (card["n"], card["share"], card["cluster"]) == (3, round(1 / 3, 4), "gaming/code")


def test_a_deck_without_sorts_has_no_tree() -> None:
    found = report([], CARDS.cards)
    assert (found.sorts, found.linkage, found.cophenetic, found.between) == (0, [], None, None)
    assert found.order == CODES


def test_a_sort_counts_once_and_its_last_version(database: Database) -> None:
    toy(database)
    expert, facilitator = sit(database), sit(database, "facilitator")
    with database.writing() as session:
        deck = session.get_one(Deck, 1)
        sorting.sort(session, expert, deck, Sort(piles=ONE), "first-nonce")
        sorting.sort(session, expert, deck, Sort(piles=ONE), "first-nonce")
        sorting.sort(session, expert, deck, Sort(piles=TWO), "second-nonce")
        with pytest.raises(NotRevealed):
            sorting.report_of(session, deck)
        with pytest.raises(NotAllowed):
            sorting.reveal(session, expert, deck)
        sorting.reveal(session, facilitator, deck)
        assert sorting.report_of(session, deck).sorts == 1
        assert sorting.own_sort(session, expert, deck) == TWO
        with pytest.raises(NotAllowed):
            sorting.sort(session, expert, deck, Sort(piles=ONE), "third-nonce")


def test_a_pile_called_like_a_header_is_that_header(database: Database) -> None:
    toy(database)
    expert = sit(database)
    with database.writing() as session:
        deck = session.get_one(Deck, 1)
        sorting.sort(session, expert, deck, Sort(piles={"A01": "new:art", "A02": "new:Arts"}), "some-nonce")
        assert sorting.own_sort(session, expert, deck) == {"A01": "gaming/art", "A02": "new:Arts"}


@pytest.mark.parametrize("piles", [{"Z99": "gaming/art"}, {"A01": "no-header"}, {"A01": "new: "}])
def test_what_is_no_card_or_no_pile_is_refused(database: Database, piles: dict[str, str]) -> None:
    toy(database)
    expert = sit(database)
    with database.writing() as session, pytest.raises(Refused):
        sorting.sort(session, expert, session.get_one(Deck, 1), Sort(piles=piles), "some-nonce")


def test_nobody_is_told_where_the_release_has_a_card(database: Database) -> None:
    toy(database)
    expert, other = sit(database), sit(database)
    with database.reading() as session:
        deck = session.get_one(Deck, 1)
        mine, theirs = sorting.shuffled(deck, expert), sorting.shuffled(deck, other)
    assert all(set(card) == {"code", "iri", "label"} for card in mine)
    assert mine == sorting.shuffled(deck, expert)
    assert sorted(c["code"] for c in mine) == sorted(c["code"] for c in theirs) == CODES
