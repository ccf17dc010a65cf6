"""Motions: what is put to the vote: clusters, skills on a map, transversal flags, composition rules, composed roles.

A vote is blind until the facilitator reveals it. What is under the threshold is asked again, up to the last round of the
rule; what the rule adopts becomes an entry of the overlay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.profiles.revisions import THRESHOLDS
from workshop import journal, preparing, sorting
from workshop.errors import Conflict, NotAllowed, NotRevealed, Refused, Unknown
from workshop.journal import State
from workshop.model import Deck, Record, WorkingGroup
from workshop.people import Seat
from workshop.rules import Outcome, Rule
from workshop.texts import Term, Text, plain

OfCluster = Literal["keep", "rename", "split", "merge", "retire"]
OfSkill = Literal["move", "ours", "not-ours", "transversal", "not-transversal"]
Proposal = OfCluster | OfSkill | Literal["rule", "sign-off"]
Language = Literal["en", "es", "fr", "de"]
MOST_MOTIONS = 500  # of one workshop
MOST_NAMES = 5
_STAGES: dict[str, journal.Stage] = {"motion-reveal": "revealed", "motion-round": "open", "motion-resolution": "closed"}
_Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
_Cluster = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$", max_length=120)]
_Skill = Annotated[
    str, StringConstraints(pattern=r"^http://data\.europa\.eu/esco/skill/[0-9a-zA-Z-]+$", max_length=300)
]
_Occupation = Annotated[
    str, StringConstraints(pattern=r"^http://data\.europa\.eu/esco/occupation/[0-9a-zA-Z-]+$", max_length=300)
]


class Motion(BaseModel):
    """What is proposed. Which fields it needs follows from `proposal`; `names` that are several are chosen among by vote."""

    model_config = ConfigDict(extra="forbid")
    proposal: Proposal
    title: Term = Field(description="What is asked, in one line.")
    voters: str = Field("", max_length=60, description="Key of the group that votes; all where it is empty.")
    domain: _Key | Literal[""] = ""
    cluster: _Cluster | Literal[""] = Field("", description="The cluster it is about; of a move, where to.")
    into: _Cluster | Literal[""] = Field("", description="Of a merger, the cluster that takes in the other.")
    also: list[_Cluster] = Field(
        [], max_length=20, description="Clusters of the same area in other sectors, of which the same is proposed."
    )
    skills: list[_Skill] = Field([], max_length=200)
    names: list[dict[Language, Term]] = Field([], max_length=MOST_NAMES, description="Of a rename or a split.")
    rule: _Key | Literal[""] = ""
    before: dict[str, str] = Field({}, max_length=4, description="Of a rule, its thresholds as they are.")
    thresholds: dict[Literal["minimumShare", "minimumAnchors", "maximumSkills"], float] = Field({}, max_length=3)
    text: Text = Field("", description="Of a rule, what it says as amended; of others, the grounds.")
    version: str = Field("", max_length=100, description="Of a rule, the version of the rules.")
    profile: str = Field("", max_length=150, description="Of a sign-off, a template; else the role is `composition`.")
    composition: str = Field("", max_length=8000, description="The query that composes the role again.")
    anchors: list[_Occupation] = Field([], max_length=50)


class Vote(BaseModel):
    """What an expert answers to a motion in one round."""

    model_config = ConfigDict(extra="forbid")
    round: int = Field(ge=1, le=10)
    answer: str = Field(max_length=10)
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """What a round of a motion came to."""

    round: int
    outcome: Outcome
    reasons: list[str]
    own: dict[str, Any] | None


def options(body: dict[str, Any]) -> tuple[str, ...]:
    """The answers to a motion: of a rule approve, amend (where an amendment is proposed), reject; else yes or a name, or no."""
    if body["proposal"] == "rule":
        return ("approve", "amend", "reject") if body["thresholds"] else ("approve", "reject")
    if len(body["names"]) > 1:
        return (*(str(n) for n in range(1, len(body["names"]) + 1)), "no")
    return ("yes", "no")


def put(session: Session, seat: Seat, motion: Motion, nonce: str) -> int:
    """Put a motion to the vote; its number. Raises NotAllowed, Refused, NotRevealed, Conflict."""
    seat.require("facilitator")
    once = journal.once_of(seat, "motion", nonce)
    if known := session.scalar(select(Record.id).where(Record.once == once)):
        return known
    _check(motion)
    if motion.voters and motion.voters not in {g.key for g in preparing.groups(session, seat.workshop)}:
        raise Refused(f"There is no group '{motion.voters}'.", "Choose one of the workshop's.")
    _check_revealed(session, seat.workshop, motion)
    if len(motions(session, seat.workshop)) >= MOST_MOTIONS:
        raise Conflict(f"This workshop has {MOST_MOTIONS} motions; there is no room for more.")
    return journal.add(session, seat, "motion", motion.model_dump(), once, round_number=1).id


def motions(session: Session, workshop: str) -> list[Record]:
    """The motions of a workshop, in the order in which they were put."""
    query = select(Record).where(Record.workshop == workshop, Record.kind == "motion").order_by(Record.id)
    return list(session.scalars(query))


def motion_of(session: Session, seat: Seat, number: int) -> Record:
    """A motion of this workshop. Raises Unknown, also for another workshop's."""
    found = session.get(Record, number)
    if found is None or found.kind != "motion" or found.workshop != seat.workshop:
        raise Unknown(f"This workshop has no motion {number}.", "Go back to the list.")
    return found


def states(session: Session, found: list[Record]) -> dict[int, State]:
    """Where motions stand, by their number."""
    known = {motion.id: State(1, "open") for motion in found}
    rows = session.scalars(
        select(Record).where(Record.kind.in_(list(_STAGES)), Record.about.in_(list(known))).order_by(Record.id)
    )
    for row in rows:
        assert row.about is not None  # noqa: S101 - for the type checker: the query asked for those that have one
        resolved = row.body if row.kind == "motion-resolution" else None
        known[row.about] = State(row.round, _STAGES[row.kind], resolved, row.at if resolved else "")
    return known


def votes_by(session: Session, seat: Seat, motion: Record) -> bool:
    """Whether this seat is one of those who vote on a motion."""
    if seat.role != "expert" or not motion.body["voters"] or seat.group_id is None:
        return seat.role == "expert"
    return session.get_one(WorkingGroup, seat.group_id).key == str(motion.body["voters"])


def vote(session: Session, seat: Seat, motion: Record, said: Vote, nonce: str) -> None:
    """Keep a vote; the last one of a round counts. Raises NotAllowed, Refused, Conflict."""
    seat.require("expert")
    once = journal.once_of(seat, "ballot", nonce)
    if journal.said_before(session, once):
        return
    if not votes_by(session, seat, motion):
        raise NotAllowed("This is for the other group.", "Go back to your list.")
    if said.answer not in options(motion.body):
        raise Refused(f"'{said.answer}' is no answer to this.", f"Answer {', '.join(options(motion.body))}.")
    current = _locked(session, motion)
    if current.stage != "open" or current.round != said.round:
        raise Conflict(f"Round {said.round} of this motion has ended.", "Load the page again.")
    body = {"answer": said.answer, "reason": said.reason}
    journal.add(session, seat, "ballot", body, once, round_number=said.round, about=motion.id)


def step(session: Session, seat: Seat, motion: Record, name: str) -> None:
    """Reveal a motion, or ask again (`round`). Raises NotAllowed, Unknown, Conflict."""
    seat.require("facilitator")
    current = _locked(session, motion)
    number = current.round
    if name == "reveal":
        if current.stage != "open":
            raise Conflict("This motion is not open.", "Load the page again.")
    elif name == "round":
        rule = _rule(session, motion)
        if current.stage != "revealed" or current.round >= rule.rounds:
            raise Conflict("Only what is revealed can be asked again, up to the last round of the rule.", "Close it.")
        number += 1
    else:
        raise Unknown(f"There is no step '{name[:20]}'; there are reveal, round and resolution.")
    once = f"motion-{name}:{motion.id}:{number}"
    journal.add(session, seat, f"motion-{name}", {}, once, round_number=number, about=motion.id)


def close(session: Session, seat: Seat, motion: Record, rationale: str, minority: str) -> dict[str, Any]:
    """Close a motion with what the rule makes of its last round. Raises NotAllowed, Conflict, Refused."""
    seat.require("facilitator")
    rationale, minority = plain(rationale, "A rationale", 2000), plain(minority, "A minority note", 2000)
    current = _locked(session, motion)
    if current.stage != "revealed":
        raise Conflict("Only what is revealed can be closed.", "Reveal it first.")
    found = poll(session, seat, motion, current.round).outcome
    if not found.n:
        raise Conflict("Nobody voted on this motion.", "Ask again.")
    if found.status == "open":
        raise Conflict("It is under the threshold, and the rule has another round.", "Ask again.")
    if found.answer in ("no", "reject") and found.status == "adopted" and not rationale:
        raise Refused("What is turned down needs a rationale.", "Write why.")
    body = {"outcome": found.as_dict(), "rationale": rationale, "minority": minority}
    once = f"motion-resolution:{motion.id}"
    journal.add(session, seat, "motion-resolution", body, once, round_number=current.round, about=motion.id)
    return body


def poll(session: Session, seat: Seat | None, motion: Record, number: int) -> Poll:
    """What a round came to. Raises NotRevealed while it is open or still to come."""
    said = ballots(session, motion, number)
    tally = _rule(session, motion).outcome((b["answer"] for b in said.values()), number)
    own = said.get(seat.participant) if seat else None
    return Poll(number, tally, sorted(b["reason"] for b in said.values() if b["reason"]), own)


def ballots(session: Session, motion: Record, number: int) -> dict[str, dict[str, Any]]:
    """The votes of a round that has been revealed, by participant. Raises NotRevealed."""
    current = states(session, [motion])[motion.id]
    if number < 1 or number > current.round or (number == current.round and current.stage == "open"):
        raise NotRevealed("The votes of this round are not revealed.", "Wait for the facilitator.")
    return _ballots(session, motion, number)


def own_vote(session: Session, seat: Seat, motion: Record, number: int) -> dict[str, Any] | None:
    """What this person answered in a round."""
    return _ballots(session, motion, number).get(seat.participant)


def voted(session: Session, motion: Record, number: int) -> int:
    """How many have voted in a round."""
    return len(_ballots(session, motion, number))


def report(session: Session, workshop: str) -> list[dict[str, Any]]:
    """Every motion with its revealed rounds and its resolution, for the minutes."""
    found = motions(session, workshop)
    known = states(session, found)
    told = []
    for motion in found:
        current = known[motion.id]
        rounds = range(1, current.round + (current.stage != "open"))
        told.append(
            {
                "id": motion.id, **motion.body, "options": list(options(motion.body)), "stage": current.stage,
                "round": current.round, "resolution": current.resolution, "resolvedAt": current.resolved_at,
                "rounds": [
                    {"round": number, **one.outcome.as_dict(), "reasons": one.reasons}
                    for number in rounds
                    for one in [poll(session, None, motion, number)]
                ],
            }
        )  # fmt: skip
    return told


def chosen_names(body: dict[str, Any], answer: str) -> dict[str, str]:
    """The names that were adopted, by language."""
    if not body["names"]:
        return {}
    return dict(body["names"][int(answer) - 1 if answer.isdigit() else 0])


def _ballots(session: Session, motion: Record, number: int) -> dict[str, dict[str, Any]]:
    rows = session.scalars(
        select(Record)
        .where(Record.about == motion.id, Record.round == number, Record.kind == "ballot")
        .order_by(Record.id)
    )
    return {row.participant: row.body for row in rows if row.participant}


def _locked(session: Session, motion: Record) -> State:
    session.get(Record, motion.id, with_for_update=True)
    return states(session, [motion])[motion.id]


def _rule(session: Session, motion: Record) -> Rule:
    return Rule.of(preparing.workshop(session, motion.workshop).rule)


def _check(motion: Motion) -> None:
    """That a motion has what it needs, and nothing else. Raises Refused."""
    needs = {
        "cluster": motion.proposal in (*get_args(OfCluster), "move"), "into": motion.proposal == "merge",
        "skills": motion.proposal in (*get_args(OfSkill), "split"), "names": motion.proposal in ("rename", "split"),
        "domain": motion.proposal in ("move", "ours", "not-ours"), "rule": motion.proposal == "rule",
    }  # fmt: skip
    for field, needed in needs.items():
        if bool(getattr(motion, field)) != needed:
            raise Refused(
                f"A motion to {motion.proposal} {'needs' if needed else 'has no use for'} '{field}'.",
                "Look at the form.",
            )
    domains = {part.partition("/")[0] for part in (motion.cluster, motion.into) if part} | {motion.domain} - {""}
    sectors = [part.partition("/")[0] for part in (motion.cluster, *motion.also)]
    if motion.also and (motion.proposal not in ("keep", "rename", "retire") or len({*sectors}) < len(sectors)):
        raise Refused("An area is kept, renamed or retired, in each sector once.", "Choose one of these.")
    if len(domains) > 1 or (motion.into and motion.into == motion.cluster):
        raise Refused("Clusters of two domains, or one cluster with itself.", "Choose two of one domain.")
    if any("en" not in names for names in motion.names):
        raise Refused("Each name is needed in English.", "Other languages may be left out.")
    if motion.proposal == "rule" and bool(motion.thresholds) != bool(motion.text):
        raise Refused("An amendment is a threshold and what the rule says with it.", "Give both, or none.")
    for name, value in motion.thresholds.items():
        share = name == "minimumShare"
        if name not in THRESHOLDS or not 0 <= value <= (1 if share else 1000) or (not share and value != int(value)):
            raise Refused(f"{name}: {value} is out of bounds.", "A share is from 0 to 1, a number from 0 to 1000.")
    if (motion.proposal == "sign-off") != bool(motion.profile or motion.composition):
        raise Refused("Signed off is a template or a composed role.", "Name one.")


def _check_revealed(session: Session, workshop: str, motion: Motion) -> None:
    """Nothing is said of a card, or of the clusters of a deck, while people sort it blind. Raises NotRevealed."""
    for deck in preparing.decks(session, workshop):
        if not sorting.is_revealed(session, deck) and _touches(deck, motion):
            raise NotRevealed("The cards of this sector are still being sorted.", "Reveal the deck first.")


def _touches(deck: Deck, motion: Motion) -> bool:
    cards, headers = {card["iri"] for card in deck.cards}, {header["id"] for header in deck.headers}
    of_map = motion.proposal not in ("transversal", "not-transversal")
    return bool({motion.cluster, motion.into, *motion.also} & headers) or (
        of_map and not cards.isdisjoint(motion.skills)
    )
