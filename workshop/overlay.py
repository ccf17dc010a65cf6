"""Adopted resolutions as RDF: the overlay that `ccsi load … --panel FILE` lays over curation, entry by entry.

Every resolution names its round, rule, judgements, rationale and minority (PROV-O). Agents are seats, known by their number
in the workshop and by nothing else; reasons that people wrote stay in the record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox
from sqlalchemy.orm import Session

from ontology import CCSI, CCSID, PREFIXES, PROV, RDF, RDFS, local_name
from workshop import journal, preparing, review
from workshop.model import Item, Participant, Workshop
from workshop.overlay_entries import entries as other_entries
from workshop.placements import placements
from workshop.rules import DEGREES, Rule
from workshop.triples import decimal as _decimal
from workshop.triples import link as _link
from workshop.triples import number as _number
from workshop.triples import text as _text
from workshop.triples import time as _time


@dataclass(frozen=True, slots=True)
class Overlay:
    """The file, how many entries and resolutions it has, and what it leaves out because two groups differ."""

    turtle: bytes
    entries: int
    resolutions: int
    conflicts: list[str]


@dataclass(frozen=True, slots=True)
class _Adopted:
    """What a group adopted for an occupation in a sector."""

    item: Item
    sector: str
    degree: str
    share: float
    reason: str
    resolution: str


def workshop_iri(name: str) -> str:
    """``…/workshop/<name>``; what belongs to it stands below."""
    return f"{CCSID}workshop/{name}"


def entry_iri(name: str, occupation: str, sector: str) -> str:
    """``…/panel/<name>/<occupation UUID>-<sector>``."""
    return f"{CCSID}panel/{name}/{local_name(occupation)}-{sector}"


def overlay(session: Session, name: str) -> Overlay:
    """What a workshop has resolved so far, as Turtle; the same record gives the same bytes. Raises Unknown."""
    kept = preparing.workshop(session, name)
    items = preparing.items(session, name)
    states = journal.states(session, items)
    triples = list(_workshop(kept))
    adopted: dict[tuple[str, str], list[_Adopted]] = defaultdict(list)
    resolutions = 0
    for item in items:
        if (state := states[item.id]).resolution is None:
            continue
        triples += _rounds(session, kept, item, state.round)
        for sector, outcome in state.resolution["sectors"].items():
            resolutions += 1
            node = f"{workshop_iri(name)}/resolution/{item.id}-{sector}"
            triples += _resolution(session, kept, item, state, node, outcome)
            triples.append(_link(node, CCSI + "domain", f"{CCSID}domain/{sector}"))
            if outcome["answer"]:
                triples.append(_link(node, CCSI + "degree", f"{CCSID}degree/{DEGREES[outcome['answer']]}"))
            if outcome["status"] == "adopted":
                reason = state.resolution["rationale"] or (
                    f"{outcome['most']} of {outcome['n']} experts of the panel say so (round {state.round})."
                )
                made = _Adopted(item, sector, DEGREES[outcome["answer"]], outcome["share"], reason, node)
                adopted[item.occupation, sector].append(made)
        for skill in state.resolution["skills"]:
            if skill["status"] == "adopted":
                resolutions += 1
                node = f"{workshop_iri(name)}/resolution/{item.id}-{local_name(skill['iri'])}"
                triples += _resolution(session, kept, item, state, node, skill)
                triples.append(_link(node, CCSI + "resolvedSkill", skill["iri"]))
                triples.append(_text(node, CCSI + "answer", skill["answer"]))
    conflicts = []
    entries = 0
    for (_, sector), found in sorted(adopted.items()):
        if len({one.degree for one in found}) > 1:
            said = ", ".join(sorted({one.degree for one in found}))
            conflicts.append(f"{found[0].item.label}, {sector}: two groups say {said}")
            continue
        entries += 1
        triples += _entry(kept, found)
    placed = placements(session, kept)
    triples += placed.triples
    conflicts += placed.conflicts
    more, others, closed, differ = other_entries(session, kept)
    triples += more
    conflicts += differ
    written = ox.serialize(sorted(set(triples), key=str), format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
    assert written is not None  # noqa: S101 - for the type checker: without an output it returns the bytes
    return Overlay(written, entries + placed.entries + others, resolutions + placed.resolutions + closed, conflicts)


def _workshop(kept: Workshop) -> Iterator[ox.Triple]:
    node, rule = workshop_iri(kept.id), Rule.of(kept.rule)
    yield _link(node, RDF + "type", CCSI + "Workshop")
    yield _link(node, RDF + "type", PROV + "Activity")
    yield _text(node, RDFS + "label", kept.title)
    yield _text(node, CCSI + "frozenOn", kept.release)
    yield _time(node, PROV + "startedAtTime", kept.created_at)
    yield _link(node, CCSI + "decisionRule", f"{node}/rule")
    yield _link(f"{node}/rule", RDF + "type", CCSI + "DecisionRule")
    for field, value in rule.as_dict().items():
        yield _number(f"{node}/rule", CCSI + field, value)


def _rounds(session: Session, kept: Workshop, item: Item, last: int) -> Iterator[ox.Triple]:
    """The rounds of an item, and what each seat said in them."""
    base = workshop_iri(kept.id)
    for number in range(1, last + 1):
        activity = f"{base}/round/{item.id}-{number}"
        yield _link(activity, RDF + "type", PROV + "Activity")
        yield _number(activity, CCSI + "round", number)
        yield _link(activity, PROV + "wasInformedBy", base)
        for participant, said in review.votes(session, item, number).items():
            seat = session.get_one(Participant, participant).number
            agent, node = f"{base}/participant/{seat}", f"{base}/judgement/{item.id}-{number}-{seat}"
            yield _link(agent, RDF + "type", PROV + "Agent")
            yield _link(activity, PROV + "wasAssociatedWith", agent)
            yield _link(node, RDF + "type", CCSI + "Judgement")
            yield _link(node, PROV + "wasAttributedTo", agent)
            yield _link(node, PROV + "wasGeneratedBy", activity)
            yield _number(node, CCSI + "round", number)
            yield _link(node, CCSI + "occupation", item.occupation)
            yield _link(node, CCSI + "degree", f"{CCSID}degree/{DEGREES[said['rating']]}")
            for sector in said["sectors"]:
                yield _link(node, CCSI + "domain", f"{CCSID}domain/{sector}")


def _resolution(
    session: Session, kept: Workshop, item: Item, state: journal.State, node: str, outcome: dict[str, object]
) -> Iterator[ox.Triple]:
    base = workshop_iri(kept.id)
    yield _link(node, RDF + "type", CCSI + "Resolution")
    yield _link(node, CCSI + "occupation", item.occupation)
    yield _text(node, CCSI + "status", str(outcome["status"]))
    yield _number(node, CCSI + "round", state.round)
    yield _number(node, CCSI + "judges", int(str(outcome["n"])))
    yield _decimal(node, CCSI + "agreement", float(str(outcome["share"])))
    yield _link(node, CCSI + "decisionRule", f"{base}/rule")
    yield _link(node, PROV + "wasGeneratedBy", f"{base}/round/{item.id}-{state.round}")
    yield _time(node, PROV + "generatedAtTime", state.resolved_at)
    assert state.resolution is not None  # noqa: S101 - for the type checker: the caller has looked
    for field, name in (("rationale", "rationale"), ("minority", "minorityNote")):
        if text := state.resolution[field]:
            yield _text(node, CCSI + name, text)
    for participant in review.votes(session, item, state.round):
        seat = session.get_one(Participant, participant).number
        yield _link(node, PROV + "wasDerivedFrom", f"{base}/judgement/{item.id}-{state.round}-{seat}")


def _entry(kept: Workshop, found: list[_Adopted]) -> Iterator[ox.Triple]:
    first = found[0]
    node = entry_iri(kept.id, first.item.occupation, first.sector)
    yield _link(node, RDF + "type", CCSI + "CurationEntry")
    yield _text(node, RDFS + "label", f"{first.item.label}: {first.sector}, {first.degree}", "en")
    yield _link(node, CCSI + "occupation", first.item.occupation)
    yield _link(node, CCSI + "domain", f"{CCSID}domain/{first.sector}")
    yield _link(node, CCSI + "degree", f"{CCSID}degree/{first.degree}")
    yield _text(node, CCSI + "reason", first.reason)
    yield _text(node, CCSI + "checkedAgainst", kept.esco_version)
    yield _decimal(node, CCSI + "agreement", min(one.share for one in found))
    yield _link(node, PROV + "wasAttributedTo", workshop_iri(kept.id))
    for one in found:
        yield _link(node, PROV + "wasDerivedFrom", one.resolution)
