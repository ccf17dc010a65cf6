"""Where the occupations under a code belong: domains, and groups of ISCO-08, with shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from app.request import Context


def domain_shares(ctx: Context, members: Collection[str]) -> list[dict[str, Any]]:
    """Domain -> how many of the occupations are in it, by degree, and their share of all."""
    counts: dict[str, dict[str, int]] = {}
    for iri in members:
        for d in ctx.catalogue.occupations[iri].decisions:
            if d.degree != "excluded":
                counts.setdefault(d.domain, {"core": 0, "related": 0})[d.degree] += 1
    rows = [
        {
            "domain": domain,
            **n,
            "share": round((n["core"] + n["related"]) / len(members), 4),
            "coreShare": round(n["core"] / len(members), 4),
        }
        for domain, n in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["share"], row["domain"]))


def unit_groups(ctx: Context, members: Collection[str]) -> list[dict[str, Any]]:
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
