"""The templates that a release holds: one for every cell of domain and function, one for every core occupation.

Identifiers last as long as ESCO's and ours do: ``heritage-preservation`` for a cell, ``heritage-<UUID>`` for an
occupation, which has one template in each domain that it is core to, because specialisation differs between domains.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.profiles.compose import compose
from analysis.profiles.tables import Anchor, Guidelines, Kind, ProfileTables, Recipe, Template
from analysis.tables import Degree


def equal_anchors(occupations: tuple[str, ...]) -> tuple[Anchor, ...]:
    """Anchors that count alike."""
    return tuple(Anchor(o, 1 / len(occupations)) for o in occupations)


def template_recipes(tables: ProfileTables) -> Iterator[tuple[str, Degree, Recipe]]:
    """Identifier, degree of the anchors and recipe of every template, in a fixed order."""
    cells: set[tuple[str, str]] = set()
    core: list[tuple[str, str]] = []
    for occupation, places in tables.scope.items():
        for domain, place in places.items():
            cells.update((domain, f) for f in place.functions)
            if place.degree == "core":
                core.append((domain, occupation))
    for domain, function in sorted(cells):
        degree, occupations = tables.cell(domain, function)
        yield f"{domain}-{function}", degree, template_recipe("cell", occupations, domain, function)
    for domain, occupation in sorted(core):
        yield f"{domain}-{occupation.rpartition('/')[2]}", "core", template_recipe("occupation", (occupation,), domain)


def template_recipe(kind: Kind, occupations: tuple[str, ...], domain: str, function: str = "") -> Recipe:
    """The recipe of a template, whose anchors count alike."""
    return Recipe(kind, equal_anchors(occupations), domain, function)


def templates(tables: ProfileTables, guidelines: Guidelines) -> Iterator[Template]:
    """Every template, composed."""
    for key, degree, recipe in template_recipes(tables):
        yield Template(key, recipe, degree, compose(tables, guidelines, recipe))
