"""The templates that a release holds: for the cells of every domain, and one for every core occupation.

A cell is made by a general function (all of them have a template), by a function of CHARTER, or by a sub-domain (where it
has two occupations at least: with one it would say what the occupation's own template says). Identifiers last as long as
ESCO's and ours do: ``heritage-preservation``, ``heritage-charter-preservation``, ``heritage-sub-museums`` for cells,
``heritage-<UUID>`` for an occupation, which has one template in each domain that it is core to, because specialisation
differs between domains.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.profiles.compose import compose
from analysis.profiles.tables import NO_CELL, Anchor, Cell, Guidelines, Kind, ProfileTables, Recipe, Template
from analysis.tables import Degree


def equal_anchors(occupations: tuple[str, ...]) -> tuple[Anchor, ...]:
    """Anchors that count alike."""
    return tuple(Anchor(o, 1 / len(occupations)) for o in occupations)


def template_recipes(tables: ProfileTables) -> Iterator[tuple[str, Degree, Recipe]]:
    """Identifier, degree of the anchors and recipe of every template, in a fixed order."""
    cells: set[tuple[str, Cell]] = set()
    core: list[tuple[str, str]] = []
    for occupation, places in tables.scope.items():
        for domain, place in places.items():
            cells.update((domain, Cell(f)) for f in place.functions)
            cells.update((domain, Cell(charter=f)) for f in place.charter_functions)
            cells.update((domain, Cell(sub_domain=s)) for s in place.sub_domains)
            if place.degree == "core":
                core.append((domain, occupation))
    for domain, cell in sorted(cells):
        degree, occupations = tables.cell(domain, cell)
        if cell.function or len(occupations) > 1:
            yield f"{domain}-{cell.key}", degree, template_recipe("cell", occupations, domain, cell)
    for domain, occupation in sorted(core):
        yield f"{domain}-{occupation.rpartition('/')[2]}", "core", template_recipe("occupation", (occupation,), domain)


def template_recipe(kind: Kind, occupations: tuple[str, ...], domain: str, cell: Cell = NO_CELL) -> Recipe:
    """The recipe of a template, whose anchors count alike."""
    return Recipe(kind, equal_anchors(occupations), domain, cell)


def templates(tables: ProfileTables, guidelines: Guidelines) -> Iterator[Template]:
    """Every template, composed; a cell whose occupations have nothing in common has none."""
    for key, degree, recipe in template_recipes(tables):
        profile = compose(tables, guidelines, recipe)
        if profile.skills:
            yield Template(key, recipe, degree, profile)
