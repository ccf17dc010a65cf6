"""How far an occupation serves each function, read from the areas that its skills fall in.

A function of ESSnet-Culture, or one of CHARTER's six for heritage, is served at one of three levels: **main** where the
scope decision names it; **some** where two of the occupation's skills or more, and a tenth of those on the map of its
domain, fall in areas that serve the function; else none, which is not stated. What a curator says is never lowered. Where a
panel gave levels of the functions of a scheme, these stand as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from analysis.skills.tables import FunctionLevel, FunctionScheme, SkillArea, SkillTables, Specialisation

MIN_SKILLS = 2
MIN_SHARE = 0.10


def function_levels(tables: SkillTables, rows: Iterable[Specialisation]) -> tuple[FunctionLevel, ...]:
    """The levels of all occupations in scope, per domain; none is left out."""
    areas = {a.id: a for a in tables.areas}
    place: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.area:
            place[row.unit][row.skill] = row.area
    levels = []
    for (occupation, domain), scope in sorted(tables.scope.items()):
        if scope.degree == "excluded":
            continue
        used = tables.occupations[occupation].essential | tables.occupations[occupation].optional
        counts, total = _counts({s: place[domain][s] for s in used if s in place[domain]}, areas)
        panel = {_key(function): level for function, level in scope.levels}
        spoken = {scheme for scheme, _ in panel}
        main: set[tuple[FunctionScheme, str]] = {("essnet", f) for f in scope.functions}
        main |= {("charter", f) for f in scope.charter_functions}
        for key in sorted(main | counts.keys() | panel.keys()):
            scheme, function = key
            share = counts.get(key, 0) / total if total else 0.0
            if scheme in spoken:
                if key in panel:
                    levels.append(FunctionLevel(occupation, domain, scheme, function, panel[key], round(share, 6)))
                continue
            if scheme == "charter" and not scope.charter_functions:
                continue  # CHARTER's functions are said of heritage alone
            if key in main:
                levels.append(FunctionLevel(occupation, domain, scheme, function, "main", round(share, 6)))
            elif counts[key] >= MIN_SKILLS and share >= MIN_SHARE:
                levels.append(FunctionLevel(occupation, domain, scheme, function, "some", round(share, 6)))
    return tuple(levels)


def _key(function: str) -> tuple[FunctionScheme, str]:
    scheme, _, name = function.partition("/")
    return ("charter" if scheme == "charter" else "essnet"), name


def _counts(
    placed: Mapping[str, str], areas: Mapping[str, SkillArea]
) -> tuple[dict[tuple[FunctionScheme, str], int], int]:
    counts: dict[tuple[FunctionScheme, str], int] = defaultdict(int)
    for area in placed.values():
        for key in areas[area].functions:
            counts[key] += 1
    return counts, len(placed)
