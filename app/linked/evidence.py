"""Why an occupation is in the scope: its decisions, the assertions they rest on, and the sources of these."""

from __future__ import annotations

import re

from app.catalogue.catalogue import Catalogue
from app.catalogue.concepts import Decision
from app.catalogue.keys import occupation_iri
from ontology import CCSID

_STATEMENT = re.compile(
    re.escape(CCSID)
    + r"(?:decision|assertion/\w+|curation|panel/[a-z0-9-]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


def decisions(catalogue: Catalogue, iri: str) -> list[Decision]:
    """The decisions to show with a resource: all of an occupation, or those that a decision or assertion is part of."""
    if item := catalogue.occupations.get(iri):
        return item.decisions
    match = _STATEMENT.match(iri)
    item = catalogue.occupations.get(occupation_iri(match[1])) if match else None
    if item is None:
        return []
    return [d for d in item.decisions if iri == d.iri or any(iri in (a.iri, *a.sources) for a in d.evidence)]


def things(decisions: list[Decision]) -> set[str]:
    """Every IRI that a page about these decisions names."""
    named = {i for d in decisions for i in (d.iri, d.occupation, f"{CCSID}domain/{d.domain}")}
    return named | {i for d in decisions for a in d.evidence for i in (a.iri, f"{CCSID}route/{a.route}", *a.sources)}
