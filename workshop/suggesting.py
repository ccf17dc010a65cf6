"""What results suggest to put to the vote: it is computed from what was revealed, and decides nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy.orm import Session

from workshop import journal, preparing, settling, sorting

MOST = 50


def suggestions(session: Session, name: str) -> list[dict[str, Any]]:
    """Fields of motions: piles that people made, and skills that no occupation of a sector needs by the panel's word."""
    groups = {group.id: group for group in preparing.groups(session, name)}
    found: list[dict[str, Any]] = []
    for deck in preparing.decks(session, name):
        if not sorting.is_revealed(session, deck):
            continue
        for pile, cards in settling.piles_of(settling.outcomes(session, deck)).items():
            source = Counter(card["cluster"] for card in cards).most_common(1)[0][0]
            found.append(
                {
                    "proposal": "split", "title": f"{pile}: {', '.join(card['label'] for card in cards)}"[:120],
                    "voters": groups[deck.group_id].key, "cluster": source, "skills": [card["iri"] for card in cards],
                    "names": [{"en": pile.capitalize()}],
                }
            )  # fmt: skip
    found += _unwanted(session, name)
    return found[:MOST]


def _unwanted(session: Session, name: str) -> list[dict[str, Any]]:
    """Skills that the rule calls not ours for an occupation that it puts into a sector, and for none essential or useful."""
    groups = {group.id: group.key for group in preparing.groups(session, name)}
    items = preparing.items(session, name)
    states = journal.states(session, items)
    said: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    labels: dict[str, str] = {}
    for item in items:
        resolution = states[item.id].resolution
        if resolution is None:
            continue
        sectors = [s for s, o in resolution["sectors"].items() if o["status"] == "adopted" and o["answer"] != "out"]
        for skill in resolution["skills"]:
            if skill["status"] == "adopted":
                labels[skill["iri"]] = skill["label"]
                for sector in sectors:
                    said[groups[item.group_id], sector, skill["iri"]].add(skill["answer"])
    return [
        {
            "proposal": "not-ours", "title": f"{labels[skill]}: not of {sector}"[:120], "voters": group, "domain": sector,
            "skills": [skill],
        }
        for (group, sector, skill), answers in sorted(said.items())
        if answers == {"not-ours"}
    ]  # fmt: skip
