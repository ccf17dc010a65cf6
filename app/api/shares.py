"""Where the occupations under a code belong: domains, and groups of ISCO-08, with shares."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from app.http.shapes import Shape
from app.request import Context


class DomainShare(Shape):
    """A domain that occupations under a code belong to."""

    domain: str
    core: int
    related: int
    share: float
    coreShare: float


class UnitGroupShare(Shape):
    """An ISCO-08 unit group in which some of the occupations stand."""

    code: str
    occupations: int
    among: Annotated[int, Field(description="How many of the answer's occupations stand in it.")]
    share: float


def domain_shares(ctx: Context, members: Collection[str]) -> list[DomainShare]:
    """Domain -> how many of the occupations are in it, by degree, and their share of all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for iri in members:
        for d in ctx.catalogue.occupations[iri].decisions:
            if d.degree != "excluded":
                counts[d.domain][d.degree] += 1
    rows: list[DomainShare] = [
        {
            "domain": domain,
            "core": n["core"],
            "related": n["related"],
            "share": round(n.total() / len(members), 4),
            "coreShare": round(n["core"] / len(members), 4),
        }
        for domain, n in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["share"], row["domain"]))


def unit_groups(ctx: Context, members: Collection[str]) -> list[UnitGroupShare]:
    """The ISCO-08 unit groups in which the occupations stand, and which share of each group they are."""
    counts = Counter(ctx.catalogue.occupations[iri].isco for iri in members)
    return [
        {
            "code": code,
            "occupations": (whole := len(ctx.catalogue.by_isco[code])),
            "among": number,
            "share": round(number / whole, 4),
        }
        for code, number in sorted(counts.items())
        if code
    ]
