"""The hierarchies between a concept and their tops: ESCO's skills may stand at several places."""

from __future__ import annotations

from app.catalogue.catalogue import Catalogue
from app.catalogue.concepts import Group

_MOST = 100  # ways to one concept


def ways(catalogue: Catalogue, iri: str) -> list[list[Group]]:
    """The groups of each way from the highest down, without the concept itself; in the order of codes.

    A skill may stand below another; the groups of that one are above it then.
    """
    by_codes: dict[tuple[str, ...], list[Group]] = {}
    todo: list[tuple[str, ...]] = [(iri,)]
    while todo and len(by_codes) < _MOST:
        way = todo.pop()
        concept = catalogue.occupations.get(way[0]) or catalogue.skills.get(way[0]) or catalogue.groups.get(way[0])
        # ESCO's files may hold a circle, which is left where it closes.
        above = [b for b in concept.broader if b not in way] if concept else []
        todo += [(b, *way) for b in above]
        if not above:
            groups = [catalogue.groups[g] for g in way[:-1] if g in catalogue.groups]
            by_codes[tuple(g.code for g in groups)] = groups
    return [groups for _, groups in sorted(by_codes.items()) if groups]
