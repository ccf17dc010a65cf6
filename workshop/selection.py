"""Which occupations and cards a workshop works on: by rule, so that anybody can draw them again from the release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

SURE = 0.9  # from this confidence on, nobody doubts a decision that no route contradicts


@dataclass(frozen=True, slots=True)
class Candidate:
    """An occupation that could be chosen, with what the release decided in the sectors of a group.

    `doubts` are the reasons why its decision stands in the review queue; none where it does not.
    """

    occupation: str
    code: str
    label: str
    sub_domain: str
    function: str
    confidence: float
    doubts: tuple[str, ...]
    skills: tuple[dict[str, str], ...] = ()
    evidence: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate, and why: review-queue, sample or control."""

    candidate: Candidate
    why: str


@dataclass(frozen=True, slots=True)
class CardSet:
    """A deck before it is kept: headers of settled clusters, and the uncertain skills."""

    domain: str
    headers: tuple[dict[str, Any], ...]
    cards: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A group before it is kept."""

    key: str
    title: str
    domains: tuple[str, ...]
    items: tuple[Chosen, ...] = ()
    decks: tuple[CardSet, ...] = field(default=())


def choose(candidates: Iterable[Candidate], size: int, controls: int = 1) -> list[Chosen]:
    """Draw `size` occupations: the doubted ones first, spread over sub-domains and functions; then controls.

    Of each cell of sub-domain and function in turn the least certain one is taken. Controls are occupations that nobody
    doubts: a panel that does not find them shows that the question was not understood. Where the queue holds too few,
    the least certain of the others fill up.
    """
    known = sorted(candidates, key=lambda c: (c.confidence, c.occupation))
    undoubted = [c for c in known if not c.doubts]
    certain = [c for c in reversed(undoubted) if c.confidence >= SURE][: min(controls, size)]
    taken = [Chosen(c, "control") for c in certain]
    room = size - len(taken)
    chosen = [Chosen(c, "review-queue") for c in _spread([c for c in known if c.doubts], room)]
    rest = [c for c in undoubted if c not in certain]
    chosen += [Chosen(c, "sample") for c in _spread(rest, room - len(chosen))]
    return chosen + taken


def _spread(candidates: Sequence[Candidate], size: int) -> list[Candidate]:
    cells: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        cells[candidate.sub_domain, candidate.function].append(candidate)
    found: list[Candidate] = []
    while len(found) < size and cells:
        for key in sorted(cells, key=lambda k: (cells[k][0].confidence, k)):
            if len(found) < size:
                found.append(cells[key].pop(0))
            if not cells[key]:
                del cells[key]
    return found


def card_codes(count: int) -> list[str]:
    """A short code for each card, to be written on paper and typed in again: A01, A02, … B01, …"""
    return [f"{chr(65 + n // 99)}{n % 99 + 1:02d}" for n in range(count)]
