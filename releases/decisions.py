"""What a published release has decided, as typed tables for whoever derives from it or measures it."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox

from analysis.tables import Decision
from queries import select


def decisions(store: ox.Store) -> tuple[Decision, ...]:
    """The scope decisions of a release, without the evidence they rest on."""
    made: dict[str, Decision] = {}
    functions: dict[str, set[str]] = {}
    for row in select(store, "api/decisions"):
        iri, occupation, domain, degree, confidence, contradicted, sub, function, _ = (
            "" if term is None else term.value for term in row
        )
        known: Any = _tail(degree)
        functions.setdefault(iri, set()).update({_tail(function)} - {""})
        made[iri] = Decision(
            occupation, _tail(domain), known, float(confidence), (), contradicted == "true", _tail(sub),
            tuple(sorted(functions[iri])),
        )  # fmt: skip
    return tuple(made[iri] for iri in sorted(made))


def _tail(iri: str) -> str:
    return iri.rpartition("/")[2]
