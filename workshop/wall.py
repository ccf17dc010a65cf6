"""The wall of transversal skills: everybody has points to spend; what was spent, and how far people differ, after the reveal."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from workshop import journal, preparing
from workshop.agreement import spread
from workshop.errors import Conflict, NotRevealed, Refused, Unknown
from workshop.model import Participant, Record
from workshop.people import Seat

MOST_SKILLS = 1000
POINTS = 10  # of each person, where nothing else is said
MOST_POINTS = 100


class Spending(BaseModel):
    """How somebody spends their points: skill to points; what is not named has none."""

    model_config = ConfigDict(extra="forbid")
    points: dict[Annotated[str, StringConstraints(max_length=300)], Annotated[int, Field(ge=0, le=MOST_POINTS)]] = (
        Field(max_length=MOST_SKILLS)
    )


def open_wall(session: Session, seat: Seat, skills: list[dict[str, Any]], release: str, points: int) -> None:
    """Hang the skills up, as the release of the workshop has them. Raises NotAllowed, Refused, Conflict."""
    seat.require("facilitator")
    kept = preparing.workshop(session, seat.workshop)
    if kept.release != release:
        raise Conflict(
            f"The service serves {release}, and the workshop works on {kept.release}.", "Publish that release first."
        )
    if not 1 <= points <= MOST_POINTS:
        raise Refused(f"Everybody has 1 to {MOST_POINTS} points.", "Give another number.")
    if not skills:
        raise Refused("This release has no collection of transversal skills.", "Load ESCO with its collections.")
    body = {"points": points, "skills": skills[:MOST_SKILLS]}
    journal.add(session, seat, "wall", body, f"wall:{seat.workshop}")


def wall_of(session: Session, workshop: str) -> Record | None:
    """The wall of a workshop, where it hangs."""
    return session.scalar(select(Record).where(Record.once == f"wall:{workshop}"))


def is_revealed(session: Session, workshop: str) -> bool:
    """Whether all may see what was spent."""
    return journal.said_before(session, f"wall-reveal:{workshop}")


def shuffled(wall: Record, seat: Seat) -> list[dict[str, Any]]:
    """The skills without what ESCO's figures say of them, in an order of this person's own."""

    def key(skill: dict[str, Any]) -> str:
        return hashlib.blake2b(f"{seat.participant}{skill['iri']}".encode(), digest_size=8).hexdigest()

    return [{"iri": s["iri"], "label": s["label"]} for s in sorted(wall.body["skills"], key=key)]


def spend(session: Session, seat: Seat, said: Spending, nonce: str) -> None:
    """Keep how somebody spends their points; the last one counts. Raises NotAllowed, Refused, Unknown, Conflict."""
    seat.require("expert")
    once = journal.once_of(seat, "points", nonce)
    if journal.said_before(session, once):
        return
    wall = _hanging(session, seat.workshop)
    session.get(Record, wall.id, with_for_update=True)  # so that no points come in while they are revealed
    if is_revealed(session, seat.workshop):
        raise Conflict("The points are revealed; no more are taken.")
    known = {skill["iri"] for skill in wall.body["skills"]}
    if strange := sorted(said.points.keys() - known):
        raise Refused(f"'{strange[0][:100]}' is not on the wall.", "Load the page again.")
    spent = {skill: n for skill, n in sorted(said.points.items()) if n}
    if (total := sum(spent.values())) > wall.body["points"]:
        raise Refused(f"That is {total} points, and you have {wall.body['points']}.", "Take some back.")
    journal.add(session, seat, "points", {"points": spent}, once, about=wall.id)


def own(session: Session, seat: Seat) -> dict[str, int]:
    """How this person spent their points."""
    return _spent(session, seat.workshop).get(seat.participant, {})


def counted(session: Session, workshop: str) -> int:
    """How many have spent their points."""
    return len(_spent(session, workshop))


def reveal(session: Session, seat: Seat) -> None:
    """End the spending and show what came of it. Raises NotAllowed, Unknown, Conflict."""
    seat.require("facilitator")
    wall = _hanging(session, seat.workshop)
    session.get(Record, wall.id, with_for_update=True)
    journal.add(session, seat, "wall-reveal", {}, f"wall-reveal:{seat.workshop}", about=wall.id)


def ranking(session: Session, workshop: str) -> list[dict[str, Any]]:
    """Every skill with its points and their dispersion, beside ESCO's figures, most points first. Raises NotRevealed.

    Points of who spent none on a skill are nought, so mean, standard deviation, median and quartiles are over all who
    spent any; `backers` is how many gave it one at least.
    """
    wall = _hanging(session, workshop)
    if not is_revealed(session, workshop):
        raise NotRevealed("What was spent is not revealed.", "Wait for the facilitator.")
    spent = list(_spent(session, workshop).values())
    rows = []
    for skill in wall.body["skills"]:
        given = [points.get(skill["iri"], 0) for points in spent]
        around = spread(given) if given else None
        rows.append(
            {
                **skill, "points": sum(given), "people": len(given), "backers": sum(n > 0 for n in given),
                "mean": round(float(np.mean(given)), 4) if given else None,
                "deviation": round(float(np.std(given, ddof=1)), 4) if len(given) > 1 else None,
                "median": around.median if around else None,
                "quartile1": around.quartile_1 if around else None, "quartile3": around.quartile_3 if around else None,
            }
        )  # fmt: skip
    rows.sort(key=lambda r: (-r["points"], -r["backers"], r["label"].casefold(), r["iri"]))
    return [{"rank": 1 + sum(o["points"] > r["points"] for o in rows), **r} for r in rows]


def spendings(session: Session, workshop: str) -> list[dict[str, Any]]:
    """What each seat spent on what, once it is revealed: a row for each skill that somebody gave points."""
    wall = wall_of(session, workshop)
    if wall is None or not is_revealed(session, workshop):
        return []
    labels = {skill["iri"]: skill["label"] for skill in wall.body["skills"]}
    numbers = {
        row.id: row.number
        for row in session.execute(select(Participant.id, Participant.number).where(Participant.workshop == workshop))
    }
    return [
        {"participant": number, "skill": skill, "label": labels[skill], "points": points}
        for number, given in sorted((numbers[p], given) for p, given in _spent(session, workshop).items())
        for skill, points in given.items()
    ]


def _hanging(session: Session, workshop: str) -> Record:
    if (found := wall_of(session, workshop)) is None:
        raise Unknown("This workshop has no wall of transversal skills.", "The facilitator hangs it up.")
    return found


def _spent(session: Session, workshop: str) -> dict[str, dict[str, int]]:
    """The last spending of each participant; for callers that have looked whether it is revealed."""
    rows = session.scalars(
        select(Record).where(Record.workshop == workshop, Record.kind == "points").order_by(Record.id)
    )
    return {row.participant: row.body["points"] for row in rows if row.participant}
