"""What a published release has decided, as typed tables for whoever derives from it or measures it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyoxigraph as ox

from analysis.tables import Decision
from ontology import local_name
from queries import select


def decisions(store: ox.Store) -> tuple[Decision, ...]:
    """The scope decisions of a release, without the evidence they rest on."""
    made: dict[str, Decision] = {}
    functions: dict[str, set[str]] = {}
    heritage: dict[str, set[str]] = {}
    for row in select(store, "api/decisions"):
        iri, occupation, domain, degree, confidence, contradicted, sub, function, charter = (
            "" if term is None else term.value for term in row
        )
        known: Any = local_name(degree)
        functions.setdefault(iri, set()).update({local_name(function)} - {""})
        heritage.setdefault(iri, set()).update({local_name(charter)} - {""})
        made[iri] = Decision(
            occupation, local_name(domain), known, float(confidence), (), contradicted == "true", local_name(sub),
            tuple(sorted(functions[iri])), tuple(sorted(heritage[iri])),
        )  # fmt: skip
    further: dict[str, set[str]] = {}
    for decision, sub_domain in select(store, "api/decision_sub_domains"):
        further.setdefault(decision.value, set()).add(local_name(sub_domain.value))  # type: ignore[union-attr]
    return tuple(
        replace(made[iri], further_sub_domains=tuple(sorted(further[iri]))) if iri in further else made[iri]
        for iri in sorted(made)
    )
