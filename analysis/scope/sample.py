"""A sample of occupations to be read without knowing what the service says.

Drawn evenly, such a sample would be nearly all "no", and nobody would learn where the border runs. So it is stratified
by what is decided: core somewhere, related only, named by some route and yet left out, named by none. Who comes out of
a stratum depends on the seed and the IRIs alone, and so does the order, which tells nothing of the stratum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from analysis.tables import Decision

STRATA = ("core", "related", "left out", "named by none")


def strata(occupations: Iterable[str], decisions: Iterable[Decision]) -> dict[str, list[str]]:
    """The occupations of each stratum, in the order of their IRIs."""
    degrees: dict[str, set[str]] = {}
    for d in decisions:
        if d.domain:
            degrees.setdefault(d.occupation, set()).add(d.degree)
    drawn: dict[str, list[str]] = {name: [] for name in STRATA}
    for iri in sorted(set(occupations)):
        mine = degrees.get(iri, set())
        name = "core" if "core" in mine else "related" if "related" in mine else "left out" if mine else "named by none"
        drawn[name].append(iri)
    return drawn


def sample(strata: dict[str, list[str]], count: int, seed: int) -> list[str]:
    """At most ``count`` occupations, as many of each stratum as of any other; of one that has fewer, all."""

    def drawn(iri: str) -> bytes:
        return hashlib.sha256(f"{seed} {iri}".encode()).digest()

    waiting = {name: sorted(members, key=drawn) for name, members in strata.items()}
    chosen: list[str] = []
    while len(chosen) < count and any(waiting.values()):
        for members in waiting.values():
            if members and len(chosen) < count:
                chosen.append(members.pop(0))
    return sorted(chosen, key=lambda iri: drawn(f"order {iri}"))
