"""Card sorts: what people put together, and how far they agree with each other and with the release's clusters."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from scipy.cluster.hierarchy import cophenet, dendrogram, linkage  # type: ignore[import-untyped]
from scipy.spatial.distance import squareform  # type: ignore[import-untyped]
from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import journal, people
from workshop.errors import NotAllowed, NotRevealed, Refused, Unknown
from workshop.model import Deck, Record
from workshop.people import Seat
from workshop.texts import Term

Floats = npt.NDArray[np.float64]
NOT_OURS, UNKNOWN = "not-ours", "unknown"
OWN = "new:"  # before the name of a pile that somebody made
MOST_CARDS = 200


class Sort(BaseModel):
    """Where somebody put each card: under a header, on a pile of their own (`new:NAME`), `not-ours` or `unknown`."""

    model_config = ConfigDict(extra="forbid")
    piles: dict[Annotated[str, StringConstraints(max_length=4)], Term] = Field(max_length=MOST_CARDS)


@dataclass(frozen=True, slots=True)
class SortReport:
    """What the sorts of a deck come to; matrix, tree and agreement are in the order of `codes`."""

    sorts: int
    codes: list[str]
    together: list[list[float]]
    linkage: list[list[float]]
    order: list[str]
    """The cards as the tree has them, from one end to the other."""
    cophenetic: float | None
    cards: list[dict[str, Any]]
    """Of each card: its piles with counts, the share of the largest, and where the release has it."""
    between: float | None
    """The mean adjusted Rand index of two people's sorts."""
    release: float | None
    """The same of people's sorts and the release's clusters."""


def deck_of(session: Session, seat: Seat, number: int) -> Deck:
    """A deck of this workshop. Raises Unknown, also for another workshop's."""
    found = session.get(Deck, number)
    if found is None or found.workshop != seat.workshop:
        raise Unknown(f"This workshop has no deck {number}.", "Go back to the list.")
    return found


def shuffled(deck: Deck, seat: Seat) -> list[dict[str, str]]:
    """The cards without where the release has them, in an order of this person's own."""

    def key(card: dict[str, str]) -> str:
        return hashlib.blake2b(f"{seat.participant}{card['iri']}".encode(), digest_size=8).hexdigest()

    return [{k: card[k] for k in ("code", "iri", "label")} for card in sorted(deck.cards, key=key)]


def sort(session: Session, seat: Seat, deck: Deck, said: Sort, nonce: str, sorter: int | None = None) -> None:
    """Keep a sort; a person's last one counts. Raises NotAllowed, Refused, Conflict, Unknown.

    A facilitator who brings in cards of paper says by its number whose they are.
    """
    who = people.seat_at(session, seat.workshop, sorter) if seat.facilitates and sorter else seat
    who.require("expert")
    who.require_group(deck.group_id)
    once = journal.once_of(seat, "sort", nonce)
    if journal.said_before(session, once):
        return
    codes, headers = {card["code"] for card in deck.cards}, {header["id"] for header in deck.headers}
    # A pile that somebody calls as a header is called, as on paper, is that header.
    called = {OWN + header["label"].casefold(): header["id"] for header in deck.headers}
    piles = {code: called.get(pile.casefold(), pile) for code, pile in sorted(said.piles.items())}
    for code, pile in piles.items():
        if code not in codes:
            raise Refused(f"'{code}' is no card of this deck.", "Look at the code again.")
        if pile not in headers | {NOT_OURS, UNKNOWN} and not (pile.startswith(OWN) and pile[len(OWN) :].strip()):
            raise Refused(f"'{pile[:60]}' is no pile.", "Choose a header, or give the pile a name.")
    session.get(Deck, deck.id, with_for_update=True)  # so that no sort comes in while they are revealed
    if is_revealed(session, deck):
        raise NotAllowed("The sorts of this deck are revealed; it takes no more.")
    brought = {} if who is seat else {"by": seat.number}
    journal.add(session, who, "sort", {"piles": piles, **brought}, once, deck=deck.id)


def card_address(deck: Deck, code: str) -> str:
    """What the pattern on a card of paper says. Short, and without small letters, so that its squares are large."""
    return f"CCSI:{deck.id}:{code}"


def own_sort(session: Session, seat: Seat, deck: Deck) -> dict[str, str]:
    """Where this person put the cards."""
    return all_sorts(session, deck).get(seat.participant, {})


def counted(session: Session, deck: Deck) -> int:
    """How many have sorted."""
    return len(all_sorts(session, deck))


def is_revealed(session: Session, deck: Deck) -> bool:
    """Whether the sorts are open to all."""
    return journal.said_before(session, _reveal(deck))


def reveal(session: Session, seat: Seat, deck: Deck) -> None:
    """End the sorting and show what came of it. Raises NotAllowed, Conflict."""
    seat.require("facilitator")
    session.get(Deck, deck.id, with_for_update=True)
    journal.add(session, seat, "deck-reveal", {}, _reveal(deck), deck=deck.id)


def report_of(session: Session, deck: Deck) -> SortReport:
    """What the sorts come to. Raises NotRevealed."""
    if not is_revealed(session, deck):
        raise NotRevealed("The sorts of this deck are not revealed.", "Wait for the facilitator.")
    found = all_sorts(session, deck)
    return report([found[p] for p in sorted(found)], deck.cards)


def _reveal(deck: Deck) -> str:
    return f"deck-reveal:{deck.id}"


def all_sorts(session: Session, deck: Deck) -> dict[str, dict[str, str]]:
    """The last sort of each participant; for callers that have looked whether the deck is revealed."""
    rows = session.scalars(select(Record).where(Record.deck_id == deck.id, Record.kind == "sort").order_by(Record.id))
    return {row.participant: row.body["piles"] for row in rows if row.participant}


def report(sorts: Sequence[dict[str, str]], cards: Sequence[dict[str, str]]) -> SortReport:
    """All figures of a deck's sorts."""
    codes = [card["code"] for card in cards]
    matrix = together(sorts, codes)
    tree = tree_of(matrix)
    machine = {card["code"]: card["cluster"] for card in cards}
    pairs = [(a, b) for n, a in enumerate(sorts) for b in sorts[n + 1 :]]
    return SortReport(
        len(sorts), codes, matrix.round(4).tolist(),
        [] if tree is None else tree[0].round(6).tolist(),
        codes if tree is None else [codes[n] for n in dendrogram(tree[0], no_plot=True)["leaves"]],
        None if tree is None else tree[1],
        [_card(card, sorts) for card in cards],
        _mean([adjusted_rand(a, b) for a, b in pairs]),
        _mean([adjusted_rand(a, machine) for a in sorts]),
    )  # fmt: skip


def together(sorts: Sequence[dict[str, str]], codes: Sequence[str]) -> Floats:
    """The share of people, of those who placed both cards, who put them together; 0 where nobody placed both."""
    same, both = np.zeros((len(codes), len(codes))), np.zeros((len(codes), len(codes)))
    for piles in sorts:
        placed = _placed(piles)
        names = {pile: n for n, pile in enumerate(sorted(set(placed.values())), 1)}
        where = np.array([names.get(placed.get(code, ""), 0) for code in codes])
        known = where > 0
        both += np.outer(known, known)
        same += np.equal.outer(where, where) & np.outer(known, known)
    share = np.divide(same, both, out=np.zeros_like(same), where=both > 0)
    np.fill_diagonal(share, 1.0)
    return share


def tree_of(share: Floats) -> tuple[Floats, float] | None:
    """Average linkage over 1 - share, and the cophenetic correlation: how truly the tree tells the distances.

    None of fewer than three cards, or where all distances are alike, of which no tree can tell anything.
    """
    if len(share) < 3:
        return None
    distances = squareform(1 - share, checks=False)
    if np.ptp(distances) == 0:
        return None
    made = linkage(distances, "average")
    correlation, _ = cophenet(made, distances)
    return made, round(float(correlation), 4)


def adjusted_rand(a: dict[str, str], b: dict[str, str]) -> float | None:
    """Hubert and Arabie's index of two partitions of the cards that both placed: 1 the same, 0 as by chance.

    None of fewer than two such cards, or where both have every card alone or all together.
    """
    first, second = _placed(a), _placed(b)
    shared = sorted(first.keys() & second.keys())
    cells = Counter((first[c], second[c]) for c in shared)
    rows, columns = Counter(first[c] for c in shared), Counter(second[c] for c in shared)

    def pairs(sizes: Counter[Any]) -> float:
        return sum(n * (n - 1) / 2 for n in sizes.values())

    every = len(shared) * (len(shared) - 1) / 2
    if not every:
        return None
    expected = pairs(rows) * pairs(columns) / every
    highest = (pairs(rows) + pairs(columns)) / 2
    return None if highest == expected else (pairs(cells) - expected) / (highest - expected)


def _placed(piles: dict[str, str]) -> dict[str, str]:
    """Cards with a pile; names of people's own piles are compared without regard to capitals."""
    return {code: pile.casefold() for code, pile in piles.items() if pile not in (NOT_OURS, UNKNOWN)}


def _card(card: dict[str, str], sorts: Sequence[dict[str, str]]) -> dict[str, Any]:
    said = Counter(piles[card["code"]] for piles in sorts if card["code"] in piles)
    n = sum(said.values())
    most = max(said.values(), default=0)
    ordered = dict(sorted(said.items(), key=lambda e: (-e[1], e[0])))
    return {**card, "n": n, "piles": ordered, "share": round(most / n, 4) if n else None}


def _mean(values: list[float | None]) -> float | None:
    found = [v for v in values if v is not None]
    return round(sum(found) / len(found), 4) if found else None
