"""What a workshop adopted beside the scope of occupations, as the entries that a load applies, each with where it comes from.

A later resolution of the same group, or of all together, takes the place of an earlier one; where two groups differ,
neither counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.profiles.revisions import RuleRevision, SignOff
from analysis.skills.identity import slug
from analysis.skills.panel import SkillDecision, SkillOutcome
from ontology import CCSID, ESCO_DATA, local_name
from workshop import motions, preparing, settling, sorting
from workshop.model import Record

Entry = SkillDecision | RuleRevision | SignOff


@dataclass(frozen=True, slots=True)
class Adopted:
    """An entry: its IRI is the source of the decision; `resolution` says how it came about, `body` what the motion said."""

    entry: Entry
    resolution: str
    label: str
    group: str
    body: dict[str, Any]

    @property
    def iri(self) -> str:
        """The IRI of the entry."""
        return self.entry.sources[0]


def adopted(session: Session, name: str) -> tuple[list[Adopted], list[str]]:
    """The entries that stand, in the order of their IRIs, and a line on each thing of which two groups say otherwise."""
    standing: dict[tuple[str, ...], Adopted] = {}
    conflicts: dict[tuple[str, ...], str] = {}
    for made in _in_order(session, name):
        claims = made.entry.claims()
        for key, value in claims.items():
            before = standing.get(key)
            if before is None or before.entry.claims()[key] == value:
                continue
            if made.group and before.group != made.group:
                conflicts[key] = f"{made.label}: {before.group or 'all'} say otherwise than {made.group}"
            elif not made.group:
                conflicts.pop(key, None)
            for old in [k for k, one in standing.items() if one is before]:
                del standing[old]
        standing.update(dict.fromkeys(claims, made))
    found = {one.iri: one for one in standing.values() if conflicts.keys().isdisjoint(one.entry.claims())}
    return [found[iri] for iri in sorted(found)], list(dict.fromkeys(conflicts.values()))


def rule_set(session: Session, name: str) -> dict[str, Any]:
    """The composition rules as the workshop left them: of each, outcome, thresholds, text, rationale and minority.

    Its version is that of the rules it started from, the workshop, and a hash of what was adopted.
    """
    standing = {one.iri for one in adopted(session, name)[0]}
    rules = []
    base = ""
    for motion in motions.report(session, name):
        if motion["proposal"] != "rule":
            continue
        base = motion["version"] or base
        outcome = (motion["resolution"] or {}).get("outcome", {})
        taken = entry_iri(name, "rule", motion["rule"], str(motion["id"])) in standing
        rules.append(
            {
                "rule": motion["rule"], "motion": motion["id"], "stage": motion["stage"],
                "status": outcome.get("status", ""), "answer": outcome.get("answer", ""), "inForce": taken,
                "share": outcome.get("share"), "judges": outcome.get("n"), "before": motion["before"],
                "thresholds": motion["thresholds"] if taken and outcome["answer"] == "amend" else {},
                "text": motion["text"] if taken and outcome["answer"] == "amend" else "",
                "rationale": (motion["resolution"] or {}).get("rationale", ""),
                "minority": (motion["resolution"] or {}).get("minority", ""),
            }
        )  # fmt: skip
    decided = [(r["rule"], r["answer"], sorted(r["thresholds"].items()), r["text"]) for r in rules if r["inForce"]]
    digest = hashlib.sha256(repr(sorted(decided)).encode()).hexdigest()[:8]
    return {"version": f"{base}+{name}.{digest}" if decided else base, "base": base, "rules": rules}


def entry_iri(name: str, *parts: str) -> str:
    """``…/panel/<name>/<kind>/<what it speaks of>``."""
    return f"{CCSID}panel/{name}/{'/'.join(parts)}"


def resolution_iri(name: str, *parts: str) -> str:
    """``…/workshop/<name>/resolution/<kind>-<number>``."""
    return f"{CCSID}workshop/{name}/resolution/{'-'.join(parts)}"


def _in_order(session: Session, name: str) -> Iterator[Adopted]:
    """Everything that the rule adopted, in the order in which it was resolved."""
    found: list[tuple[int, Adopted]] = []
    groups = {group.id: group.key for group in preparing.groups(session, name)}
    for deck in preparing.decks(session, name):
        if (closed := settling.settled(session, deck)) is not None:
            for made in _of_deck(name, deck.id, deck.domain, groups[deck.group_id], closed.body):
                found.append((closed.id, made))
    for matter, settled in marks(session, name):
        found.append((settled.id, _of_mark(name, groups[matter.body["group"]], matter, settled)))
    kept = motions.motions(session, name)
    of = {motion.id: motion.body for motion in kept}
    rows = session.scalars(select(Record).where(Record.kind == "motion-resolution", Record.about.in_(list(of))))
    for row in rows:
        if row.about is not None and row.body["outcome"]["status"] == "adopted":
            found += [(row.id, one) for one in _of_motion(name, row.about, of[row.about], row.body["outcome"])]
    return (one for _, one in sorted(found, key=lambda e: e[0]))


def marks(session: Session, name: str) -> list[tuple[Record, Record]]:
    """The marks of baskets that a group adopted, each with the row that settled it."""
    made = {
        row.id: row
        for row in session.scalars(select(Record).where(Record.workshop == name, Record.kind == "basket"))
        if row.body["mark"] in ("ours", "not-ours") and row.body["skill"].startswith(ESCO_DATA + "skill/")
    }
    rows = session.scalars(select(Record).where(Record.workshop == name, Record.kind == "settled").order_by(Record.id))
    return [
        (made[row.about], row)
        for row in rows
        if row.about is not None and row.about in made and row.body["result"] == "adopted"
    ]


def _of_mark(name: str, group: str, matter: Record, settled: Record) -> Adopted:
    body = matter.body
    iri = entry_iri(name, "basket", str(matter.id))
    outcome: SkillOutcome = "ours" if body["mark"] == "ours" else "not-ours"
    entry = SkillDecision(outcome, (iri,), settled.body["share"], body["sector"], skills=(body["skill"],))
    label = f"{body['label']}: {body['sector']}, {outcome}"
    return Adopted(entry, resolution_iri(name, "basket", str(matter.id)), label, group, body)


def _of_deck(name: str, number: int, domain: str, group: str, body: dict[str, Any]) -> Iterator[Adopted]:
    for card in body["cards"]:
        if card["status"] != "adopted" or card["answer"].startswith(sorting.OWN):
            continue
        outside = card["answer"] == sorting.NOT_OURS
        outcome: SkillOutcome = "not-ours" if outside else "move"
        iri = entry_iri(name, f"card-{number}", local_name(card["iri"]))
        entry = SkillDecision(
            outcome, (iri,), card["share"], domain, "" if outside else card["answer"],
            skills=(card["iri"],),
        )  # fmt: skip
        label = f"{card['label']}: {domain}, {outcome}" + ("" if outside else f" {card['answer']}")
        yield Adopted(entry, resolution_iri(name, "card", str(number), card["code"]), label, group, body)


def _of_motion(name: str, number: int, body: dict[str, Any], outcome: dict[str, Any]) -> Iterator[Adopted]:
    answer: Any = outcome["answer"]
    proposal: Any = body["proposal"]
    resolution = resolution_iri(name, "motion", str(number))
    share = outcome["share"]

    def made(entry: Entry) -> Adopted:
        return Adopted(entry, resolution, body["title"], body["voters"], body)

    if proposal == "rule":
        iri = entry_iri(name, "rule", body["rule"], str(number))
        amended = answer == "amend"
        thresholds = tuple(sorted((k, _written(v)) for k, v in body["thresholds"].items())) if amended else ()
        yield made(RuleRevision(body["rule"], answer, (iri,), share, thresholds, body["text"] if amended else ""))
        return
    if answer == "no":
        return
    if proposal == "sign-off":
        iri = entry_iri(name, "sign-off", str(number))
        about = f"{CCSID}profile/{body['profile']}" if body["profile"] else entry_iri(name, "role", str(number))
        yield made(SignOff(about, (iri,), share))
        return
    names = motions.chosen_names(body, answer)
    domain = body["domain"] or body["cluster"].partition("/")[0]
    into = f"{domain}/{slug(names['en'])}" if proposal == "split" else body["into"]
    iri = entry_iri(name, proposal, str(number))
    one = SkillDecision(
        proposal, (iri,), share, domain, body["cluster"], into, tuple(sorted(body["skills"])), tuple(sorted(names.items()))
    )  # fmt: skip
    if body.get(
        "also"
    ):  # an area that sectors share: an entry for each, so that another decision on one leaves the rest
        for cluster in (body["cluster"], *body["also"]):
            sector = cluster.partition("/")[0]
            yield made(replace(one, sources=(f"{iri}/{sector}",), domain=sector, cluster=cluster))
        return
    if proposal == "split" or not body["skills"]:
        yield made(one)
        return
    for skill in one.skills:  # each by itself, so that another decision on one of them leaves the rest
        yield made(replace(one, sources=(f"{iri}/{local_name(skill)}",), skills=(skill,)))


def _written(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
