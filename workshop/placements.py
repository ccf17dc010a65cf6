"""Adopted placements of the group boards as RDF, for the overlay: one entry for each occupation and sector.

An entry names sub-domains and functions and says nothing of the degree: whether the occupation is in the sector is what the
blind rounds decide. Its resolution names the votes, the rule, rationale and minority.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyoxigraph as ox
from sqlalchemy.orm import Session

from ontology import CCSI, CCSID, PROV, RDF, RDFS, local_name
from workshop import placing, preparing, voting
from workshop.model import Item, Participant, Record, WorkingGroup, Workshop
from workshop.triples import decimal, link, number, text, time

_Said = tuple[
    dict[str, str], dict[str, int]
]  # of each place its level, and of CHARTER's functions the grade where one is said


@dataclass(frozen=True, slots=True)
class Placements:
    """The statements, how many entries and resolutions they hold, and where two groups place otherwise."""

    triples: tuple[ox.Triple, ...]
    entries: int
    resolutions: int
    conflicts: tuple[str, ...]


def placement_iri(name: str, occupation: str, sector: str) -> str:
    """``…/panel/<name>/<occupation UUID>-<sector>-placement``."""
    return f"{CCSID}panel/{name}/{local_name(occupation)}-{sector}-placement"


def placements(session: Session, kept: Workshop) -> Placements:
    """What the boards of a workshop have adopted so far."""
    base = f"{CCSID}workshop/{kept.id}"
    triples: list[ox.Triple] = []
    said: dict[tuple[str, str], list[tuple[Item, _Said, float, str]]] = defaultdict(list)
    resolutions = 0
    for group in preparing.groups(session, kept.id):
        axes = {column.id: column.axis for column in placing.columns_of(session, group)}
        items = preparing.items(session, kept.id, group.id)
        rows = placing.last_places(session, items)
        standing = voting.standings(session, None, rows.values())
        for item in (i for i in items if i.id in rows and standing[rows[i.id].id].settled):
            row, stands = rows[item.id], standing[rows[item.id].id]
            node = f"{base}/resolution/{item.id}-placement"
            resolutions += 1
            triples += _resolution(session, base, node, item, row, stands)
            if stands.result == "adopted" and stands.settled:
                for sector, places in _by_sector(row.body["places"], axes, group).items():
                    grades = {p: g for p, g in row.body.get("grades", {}).items() if p in places}
                    said[item.occupation, sector].append((item, (places, grades), stands.settled["share"], node))
    conflicts = []
    entries = 0
    for (occupation, sector), found in sorted(said.items()):
        if any(places != found[0][1] for _, places, _, _ in found):
            conflicts.append(f"{found[0][0].label}, {sector}: two groups place it otherwise")
            continue
        entries += 1
        node = placement_iri(kept.id, occupation, sector)
        triples += _entry(kept, node, sector, *found[0][:2])
        triples.append(decimal(node, CCSI + "agreement", min(share for _, _, share, _ in found)))
        triples += [link(node, PROV + "wasDerivedFrom", resolution) for *_, resolution in found]
    return Placements(tuple(triples), entries, resolutions, tuple(conflicts))


def _by_sector(places: Mapping[str, str], axes: Mapping[str, str], group: WorkingGroup) -> dict[str, dict[str, str]]:
    """What a card says of each sector: its own sub-domains, and all functions.

    A card that names no sub-domain says its functions of every sector of the group. CHARTER's are said of heritage alone.
    """
    functions = {place: level for place, level in places.items() if axes[place] in ("function", "charter")}
    named = {axes[place] for place in places if place not in functions}
    found = {}
    for sector in group.domains:
        own = {place: level for place, level in places.items() if axes[place] == sector}
        said = {p: v for p, v in functions.items() if axes[p] != "charter" or sector == "heritage"}
        if own or (said and not named):
            found[sector] = own | said
    return found


def _resolution(
    session: Session, base: str, node: str, item: Item, row: Record, stands: voting.Standing
) -> Iterator[ox.Triple]:
    settled = stands.settled or {}
    yield link(node, RDF + "type", CCSI + "Resolution")
    yield link(node, CCSI + "occupation", item.occupation)
    yield text(node, CCSI + "status", stands.result)
    yield number(node, CCSI + "version", row.round)
    yield number(node, CCSI + "judges", settled["n"])
    yield decimal(node, CCSI + "agreement", settled["share"])
    yield link(node, CCSI + "decisionRule", f"{base}/rule")
    yield time(node, PROV + "generatedAtTime", settled["at"])
    for field, name in (("rationale", "rationale"), ("minority", "minorityNote")):
        if settled[field]:
            yield text(node, CCSI + name, settled[field])
    for participant, vote in voting.votes(session, row).items():
        seat = session.get_one(Participant, participant).number
        agent, said = f"{base}/participant/{seat}", f"{base}/vote/{item.id}-{row.round}-{seat}"
        yield link(agent, RDF + "type", PROV + "Agent")
        yield link(said, RDF + "type", CCSI + "Vote")
        yield link(said, PROV + "wasAttributedTo", agent)
        yield text(said, CCSI + "answer", vote.body["answer"])
        yield link(node, PROV + "wasDerivedFrom", said)


def _entry(kept: Workshop, node: str, sector: str, item: Item, said: _Said) -> Iterator[ox.Triple]:
    places, grades = said
    yield link(node, RDF + "type", CCSI + "PlacementEntry")
    yield text(node, RDFS + "label", f"{item.label}: placed in {sector}", "en")
    yield link(node, CCSI + "occupation", item.occupation)
    yield link(node, CCSI + "domain", f"{CCSID}domain/{sector}")
    yield text(node, CCSI + "checkedAgainst", kept.esco_version)
    yield link(node, PROV + "wasAttributedTo", f"{CCSID}workshop/{kept.id}")
    for place, level in places.items():
        kind = place.partition("/")[0]
        main = {"domain": "subDomain", "function": "function", "charter": "charterFunction"}[kind]
        some = "furtherSubDomain" if kind == "domain" else "functionInPart"
        yield link(node, CCSI + (main if level == "main" else some), CCSID + place)
    for place, grade in grades.items():
        graded = f"{node}-{place.replace('/', '-')}"
        yield link(node, CCSI + "graded", graded)
        yield link(graded, RDF + "type", CCSI + "GradedFunction")
        yield link(graded, CCSI + "gradedFunction", CCSID + place)
        yield number(graded, CCSI + "eqfLevel", grade)
