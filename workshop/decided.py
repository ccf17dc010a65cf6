"""Motions, votes, points and the rule set as rows, of what was revealed; seats are numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import adopted, motions, wall
from workshop.model import Participant

Rows = Callable[[Session, str], Iterator[dict[str, Any]]]
_MOTIONS = (
    "motion", "proposal", "title", "voters", "domain", "cluster", "into", "skills", "names", "rule", "thresholds", "text",
    "profile", "composition", "stage", "round", "status", "answer", "agreement", "votes", "rationale", "minority",
)  # fmt: skip
_VOTES = ("motion", "title", "round", "participant", "answer", "reason")
_POINTS = ("participant", "skill", "label", "points")
_RULES = (
    "version", "rule", "motion", "stage", "status", "answer", "inForce", "before", "thresholds", "text", "agreement",
    "votes", "rationale", "minority",
)  # fmt: skip


def motion_rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """A row for each motion, with what came of it once it is closed."""
    for motion in motions.report(session, name):
        yield {
            "motion": motion["id"], **{k: motion[k] for k in _MOTIONS[1:7]}, "skills": " ".join(motion["skills"]),
            "names": "; ".join(f"{tag}: {text}" for names in motion["names"] for tag, text in names.items()),
            **{k: motion[k] for k in ("rule", "text", "profile", "composition", "stage", "round")},
            "thresholds": _written(motion["thresholds"]), **_outcome(motion["resolution"]),
        }  # fmt: skip


def vote_rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """What each seat answered in each round that was revealed."""
    rows = session.execute(select(Participant.id, Participant.number).where(Participant.workshop == name))
    numbers = {row.id: row.number for row in rows}
    found = motions.motions(session, name)
    known = motions.states(session, found)
    for motion in found:
        state = known[motion.id]
        for n in range(1, state.round + (state.stage != "open")):
            said = motions.ballots(session, motion, n)
            for participant in sorted(said, key=numbers.__getitem__):
                yield {
                    "motion": motion.id, "title": motion.body["title"], "round": n, "participant": numbers[participant],
                    **said[participant],
                }  # fmt: skip


def point_rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """What each seat spent on which skill, once it is revealed."""
    yield from wall.spendings(session, name)


def rule_rows(session: Session, name: str) -> Iterator[dict[str, Any]]:
    """The rule set: a row for each vote on a rule; `inForce` marks the last that was adopted."""
    found = adopted.rule_set(session, name)
    for rule in found["rules"]:
        yield {
            "version": found["version"], **{k: rule[k] for k in _RULES[1:7]}, "before": _written(rule["before"]),
            "thresholds": _written(rule["thresholds"]), "text": rule["text"], "agreement": rule["share"],
            "votes": rule["judges"], "rationale": rule["rationale"], "minority": rule["minority"],
        }  # fmt: skip


TABLES: dict[str, tuple[tuple[str, ...], Rows]] = {
    "motions": (_MOTIONS, motion_rows),
    "ballots": (_VOTES, vote_rows),
    "points": (_POINTS, point_rows),
    "rules": (_RULES, rule_rows),
}


def _outcome(resolution: dict[str, Any] | None) -> dict[str, Any]:
    said = resolution or {"outcome": {}, "rationale": "", "minority": ""}
    outcome = said["outcome"]
    return {
        "status": outcome.get("status", ""), "answer": outcome.get("answer", ""), "agreement": outcome.get("share", ""),
        "votes": outcome.get("n", ""), "rationale": said["rationale"], "minority": said["minority"],
    }  # fmt: skip


def _written(thresholds: dict[str, Any]) -> str:
    return "; ".join(f"{name} {value}" for name, value in sorted(thresholds.items()))
