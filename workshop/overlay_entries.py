"""Entries on clusters, skills, flags, rules and roles as RDF, with the resolution, the votes and the round behind each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.profiles.revisions import THRESHOLDS, RuleRevision, SignOff
from analysis.skills.panel import SkillDecision
from ontology import CCSI, CCSID, PROV, RDF, RDFS, SKOS
from workshop import motions, preparing, settling, sorting, voting
from workshop.adopted import Adopted, adopted, entry_iri, marks, resolution_iri, rule_set
from workshop.model import Participant, Workshop
from workshop.triples import decimal, link, number, text, time

OWN_PILE = "own-pile"


def entries(session: Session, kept: Workshop) -> tuple[list[ox.Triple], int, int, list[str]]:
    """The statements, how many entries and resolutions they tell of, and what is left out because two groups differ."""
    found, conflicts = adopted(session, kept.id)
    triples = [triple for one in found for triple in _entry(kept, one)]
    if (
        version := rule_set(session, kept.id)["version"]
        if any(isinstance(o.entry, RuleRevision) for o in found)
        else ""
    ):
        triples.append(text(f"{CCSID}workshop/{kept.id}", CCSI + "ruleSetVersion", version))
    seats = {
        row.id: row.number
        for row in session.execute(select(Participant.id, Participant.number).where(Participant.workshop == kept.id))
    }
    resolutions = [*_motions(session, kept, seats), *_decks(session, kept, seats), *_baskets(session, kept, seats)]
    for one in resolutions:
        triples += one
    return triples, len(found), len(resolutions), conflicts


def _entry(kept: Workshop, one: Adopted) -> Iterator[ox.Triple]:
    node, entry = one.iri, one.entry
    yield link(node, RDF + "type", CCSI + "PanelEntry")
    yield text(node, RDFS + "label", one.label, "en")
    yield decimal(node, CCSI + "agreement", entry.agreement)
    yield text(node, CCSI + "decidedOnVersion", kept.esco_version)
    yield link(node, PROV + "wasAttributedTo", f"{CCSID}workshop/{kept.id}")
    yield link(node, PROV + "wasDerivedFrom", one.resolution)
    if isinstance(entry, SkillDecision):
        yield text(node, CCSI + "outcome", entry.outcome)
        if (entry.domain and not entry.cluster) or entry.outcome == "move":
            yield link(node, CCSI + "onDomain", f"{CCSID}domain/{entry.domain}")
        for prop, cluster in (("onCluster", entry.cluster), ("intoCluster", entry.into)):
            if cluster:
                yield link(node, CCSI + prop, f"{CCSID}cluster/{cluster}")
        for skill in entry.skills:
            yield link(node, CCSI + "skill", skill)
        for language, name in entry.labels:
            yield text(node, SKOS + "prefLabel", name, language)
    elif isinstance(entry, RuleRevision):
        yield text(node, CCSI + "outcome", entry.outcome)
        yield link(node, CCSI + "onRule", f"{CCSID}rule/{entry.rule}")
        for name, value in entry.thresholds:
            prop, kind = THRESHOLDS[name]
            written = ox.Literal(value, datatype=ox.NamedNode(kind))
            yield ox.Triple(ox.NamedNode(node), ox.NamedNode(prop), written)
        if entry.text:
            yield text(node, SKOS + "definition", entry.text, "en")
    else:
        yield from _role(kept, one, entry)


def _role(kept: Workshop, one: Adopted, entry: SignOff) -> Iterator[ox.Triple]:
    yield text(one.iri, CCSI + "outcome", "sign-off")
    yield link(one.iri, CCSI + "onProfile", entry.profile)
    if entry.profile.startswith(entry_iri(kept.id, "role")):
        yield link(entry.profile, RDF + "type", CCSI + "Profile")
        yield text(entry.profile, RDFS + "label", one.body["title"], "en")
        yield text(entry.profile, CCSI + "composition", one.body["composition"])
        yield link(entry.profile, CCSI + "validationStatus", f"{CCSID}status/adopted")
        yield link(entry.profile, PROV + "wasDerivedFrom", one.iri)
        if one.body["domain"]:
            yield link(entry.profile, CCSI + "profileDomain", f"{CCSID}domain/{one.body['domain']}")
        for occupation in one.body["anchors"]:
            yield link(entry.profile, CCSI + "anchor", occupation)


def _motions(session: Session, kept: Workshop, seats: dict[str, int]) -> Iterator[list[ox.Triple]]:
    """Every motion that was closed, with its rounds and votes, adopted or not."""
    base = f"{CCSID}workshop/{kept.id}"
    found = motions.motions(session, kept.id)
    known = motions.states(session, found)
    for motion in found:
        state = known[motion.id]
        if state.resolution is None:
            continue
        node = resolution_iri(kept.id, "motion", str(motion.id))
        triples = [text(node, RDFS + "label", motion.body["title"])]
        for n in range(1, state.round + 1):
            activity = f"{base}/round/motion-{motion.id}-{n}"
            triples += _round(activity, base, n)
            for participant, said in motions.ballots(session, motion, n).items():
                vote = f"{base}/judgement/motion-{motion.id}-{n}-{seats[participant]}"
                triples += _judgement(vote, activity, f"{base}/participant/{seats[participant]}", n, said["answer"])
                if n == state.round:
                    triples.append(link(node, PROV + "wasDerivedFrom", vote))
        triples += _resolution(
            node, base, f"{base}/round/motion-{motion.id}-{state.round}", state.round, state.resolution["outcome"],
            state.resolution, state.resolved_at,
        )  # fmt: skip
        yield triples


def _decks(session: Session, kept: Workshop, seats: dict[str, int]) -> Iterator[list[ox.Triple]]:
    """Every card of a deck that was closed and that the rule adopts, with who put it where."""
    base = f"{CCSID}workshop/{kept.id}"
    for deck in preparing.decks(session, kept.id):
        if (closed := settling.settled(session, deck)) is None:
            continue
        activity = f"{base}/round/deck-{deck.id}"
        sorts = sorting.all_sorts(session, deck)
        shared = list(_round(activity, base, 1))
        for card in closed.body["cards"]:
            if card["status"] != "adopted":
                continue
            node = resolution_iri(kept.id, "card", str(deck.id), card["code"])
            triples = [*shared, link(node, CCSI + "resolvedSkill", card["iri"])]
            for participant, piles in sorts.items():
                pile = piles.get(card["code"], sorting.UNKNOWN)
                if pile != sorting.UNKNOWN:
                    vote = f"{base}/judgement/card-{deck.id}-{card['code']}-{seats[participant]}"
                    said = (
                        OWN_PILE if pile.startswith(sorting.OWN) else pile
                    )  # what people called it stays in the record
                    triples += _judgement(vote, activity, f"{base}/participant/{seats[participant]}", 1, said)
                    triples.append(link(node, PROV + "wasDerivedFrom", vote))
            triples += _resolution(node, base, activity, 1, card, closed.body, closed.at)
            yield triples


def _baskets(session: Session, kept: Workshop, seats: dict[str, int]) -> Iterator[list[ox.Triple]]:
    """Every mark of a basket that was adopted, with its one open vote."""
    base = f"{CCSID}workshop/{kept.id}"
    for matter, settled in marks(session, kept.id):
        activity = f"{base}/round/basket-{matter.id}"
        node = resolution_iri(kept.id, "basket", str(matter.id))
        triples = [*_round(activity, base, 1), link(node, CCSI + "resolvedSkill", matter.body["skill"])]
        for participant, vote in voting.votes(session, matter).items():
            said = f"{base}/judgement/basket-{matter.id}-{seats[participant]}"
            agent = f"{base}/participant/{seats[participant]}"
            triples += _judgement(said, activity, agent, 1, vote.body["answer"])
            triples.append(link(node, PROV + "wasDerivedFrom", said))
        outcome = {**settled.body, "status": "adopted", "answer": matter.body["mark"]}
        triples += _resolution(node, base, activity, 1, outcome, settled.body, settled.at)
        yield triples


def _round(activity: str, base: str, n: int) -> Iterator[ox.Triple]:
    yield link(activity, RDF + "type", PROV + "Activity")
    yield number(activity, CCSI + "round", n)
    yield link(activity, PROV + "wasInformedBy", base)


def _judgement(node: str, activity: str, agent: str, n: int, answer: str) -> Iterator[ox.Triple]:
    yield link(agent, RDF + "type", PROV + "Agent")
    yield link(activity, PROV + "wasAssociatedWith", agent)
    yield link(node, RDF + "type", CCSI + "Judgement")
    yield link(node, PROV + "wasAttributedTo", agent)
    yield link(node, PROV + "wasGeneratedBy", activity)
    yield number(node, CCSI + "round", n)
    yield text(node, CCSI + "answer", answer)


def _resolution(
    node: str, base: str, activity: str, n: int, outcome: dict[str, Any], said: dict[str, Any], at: str
) -> Iterator[ox.Triple]:
    yield link(node, RDF + "type", CCSI + "Resolution")
    yield text(node, CCSI + "status", outcome["status"])
    yield text(node, CCSI + "answer", outcome["answer"])
    yield number(node, CCSI + "round", n)
    yield number(node, CCSI + "judges", outcome["n"])
    yield decimal(node, CCSI + "agreement", outcome["share"])
    yield link(node, CCSI + "decisionRule", f"{base}/rule")
    yield link(node, PROV + "wasGeneratedBy", activity)
    yield time(node, PROV + "generatedAtTime", at)
    for field, prop in (("rationale", "rationale"), ("minority", "minorityNote")):
        if said[field]:
            yield text(node, CCSI + prop, said[field])
