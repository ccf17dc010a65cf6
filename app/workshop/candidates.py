"""What a release offers to the selection of a workshop: its decisions with their doubts, and its uncertain skills."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.catalogue.catalogue import Catalogue
from app.catalogue.concepts import Decision, Occupation
from app.reports.scope import review_reasons
from workshop.selection import Candidate, CardSet, card_codes

MOST_SKILLS = 50  # of each relation, that an item shows
MOST_CARDS = 48
CORE_OF_HEADER = 4  # skills that say what a header means


def candidates(catalogue: Catalogue, domains: Sequence[str]) -> list[Candidate]:
    """The occupations that have a decision in one of these domains, or are kept out of one by word."""
    return [
        candidate(catalogue, item, domains)
        for item in catalogue.occupations.values()
        if any(d.domain in domains for d in item.decisions)
    ]


def candidate(catalogue: Catalogue, item: Occupation, domains: Sequence[str]) -> Candidate:
    """An occupation with what the release decided of it in these domains, which may be nothing."""
    mine = [d for d in item.decisions if d.domain in domains]
    inside = [d for d in mine if d.degree != "excluded"] or mine
    main = min(inside, key=lambda d: (d.confidence, d.iri), default=None)
    return Candidate(
        item.iri, item.code, _label(catalogue, item.iri), main.sub_domain if main else "",
        min(main.functions, default="") if main else "", main.confidence if main else 0.0,
        tuple(dict.fromkeys(reason for d in mine for reason in review_reasons(d))), tuple(_skills(catalogue, item)),
        tuple(_evidence(d) for d in mine),
    )  # fmt: skip


def deck(catalogue: Catalogue, domain: str) -> CardSet | None:
    """The broad clusters of a domain as headers, and the skills that lean on more than one as cards.

    Those whose ties are most divided come first. None where the domain has no two clusters.
    """
    clusters = [c for c in catalogue.analysis.by_unit.get(domain, []) if c.level == "broad"]
    if len(clusters) < 2:
        return None
    home = {m.skill: (c.id, m.weight) for c in clusters for m in c.members if m.primary}
    leaning = {m.skill for c in clusters for m in c.members if not m.primary and m.skill in home}
    chosen = sorted(leaning, key=lambda skill: (home[skill][1], skill))[:MOST_CARDS]
    if not chosen:
        return None
    ordered = sorted(chosen, key=lambda skill: (_label(catalogue, skill).casefold(), skill))
    headers = tuple(
        {
            "id": c.id, "label": c.labels.get("en") or c.id,
            "core": [_label(catalogue, skill) for skill in c.central if skill not in leaning][:CORE_OF_HEADER],
        }
        for c in clusters
    )  # fmt: skip
    cards = tuple(
        {"code": code, "iri": skill, "label": _label(catalogue, skill), "cluster": home[skill][0]}
        for code, skill in zip(card_codes(len(chosen)), ordered, strict=True)
    )
    return CardSet(domain, headers, cards)


def _label(catalogue: Catalogue, iri: str) -> str:
    return catalogue.label(iri, "en").get("en", iri)


def _skills(catalogue: Catalogue, item: Occupation) -> list[dict[str, str]]:
    found = []
    for relation, iris in (("essential", item.essential), ("optional", item.optional)):
        named = sorted(((_label(catalogue, iri), iri) for iri in iris), key=lambda e: (e[0].casefold(), e[1]))
        found += [{"iri": iri, "label": label, "relation": relation} for label, iri in named[:MOST_SKILLS]]
    return found


def _evidence(decision: Decision) -> dict[str, Any]:
    return {
        "domain": decision.domain, "degree": decision.degree, "confidence": decision.confidence,
        "routes": [{"route": a.route, "degree": a.degree, "reason": a.reason} for a in decision.evidence],
    }  # fmt: skip
