"""What the page of a sector shows beside its lists: a matrix of parts and functions, and what it shares with other sectors."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.api.lookup import FUNCTIONS
from app.api.profiles import views as profile_views
from app.catalogue.concepts import Decision, Domain
from app.reports.skills import specialised
from app.site.frame import Frame, Link


def matrix(frame: Frame, item: Domain, members: list[Decision]) -> dict[str, Any]:
    """How many occupations of each sub-domain serve each function; those of no sub-domain last."""
    ctx = frame.ctx
    counts: Counter[tuple[str, str]] = Counter()
    for d in members:
        for part in {d.sub_domain, *d.further_sub_domains}:
            counts.update((part, f) for f in d.functions)
    columns = [f for f in FUNCTIONS if any(counts[p, f] for p in (*item.narrower, ""))]
    rows: list[tuple[Link | None, list[int]]] = [
        (frame.sector(p), [counts[p, f] for f in columns]) for p in item.narrower if any(counts[p, f] for f in columns)
    ]
    if rows and any(counts["", f] for f in columns):
        rows.append((None, [counts["", f] for f in columns]))
    return {
        "columns": [profile_views.function(ctx, f)["preferredLabel"] for f in columns],
        "rows": rows,
        "most": max((n for _, row in rows for n in row), default=1) or 1,
    }


def overlaps(frame: Frame, item: Domain) -> list[tuple[Link, int, int, str]]:
    """The other sectors by the occupations that both have, with the specialised skills that both have and the comparison."""
    ctx = frame.ctx
    catalogue = ctx.catalogue
    mine = {d.occupation for d in catalogue.decisions_in(item)}
    special = specialised(catalogue.analysis, catalogue.analysis.unit_of(item.id, item.broader)).keys()
    found = []
    for other in catalogue.domains.values():
        if other.broader or other.id in (item.id, item.broader):
            continue
        both = len(mine & {d.occupation for d in catalogue.decisions_in(other)})
        skills = len(special & specialised(catalogue.analysis, other.id).keys())
        if both or skills:
            link = frame.link("/compare", sector=[item.id, other.id])
            found.append((frame.sector(other.id), both, skills, link))
    return sorted(found, key=lambda e: (-e[1], -e[2], str(e[0][0])))
