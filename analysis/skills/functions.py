"""How far an occupation serves each function, read from the areas that its skills fall in.

A function of ESSnet-Culture, or one of CHARTER's six for heritage, is served at one of three levels: **main** where the
scope decision names it; **some** where two of the occupation's skills or more, and a tenth of those on the map of its
domain, fall in areas that serve the function; else none, which is not stated. What a curator says is never lowered. Where a
panel gave levels of the functions of a scheme, these stand as they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from analysis.skills.tables import FunctionLevel, FunctionScheme, SkillTables, Specialisation
from analysis.tables import Served

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
        placed = [place[domain][s] for s in tables.occupations[occupation].skills if s in place[domain]]
        counts = Counter(key for area in placed for key in areas[area].functions)
        panel = {_key(function): level for function, level in scope.levels}
        spoken = {scheme for scheme, _ in panel}
        main: set[tuple[FunctionScheme, str]] = {("essnet", f) for f in scope.functions}
        main |= {("charter", f) for f in scope.charter_functions}
        for key in sorted(main | counts.keys() | panel.keys()):
            scheme, function = key
            share = counts[key] / len(placed) if placed else 0.0
            level: Served | None = None
            if scheme in spoken:
                level = panel.get(key)
            elif scheme == "charter" and not scope.charter_functions:
                pass  # CHARTER's functions are said of heritage alone
            elif key in main:
                level = "main"
            elif counts[key] >= MIN_SKILLS and share >= MIN_SHARE:
                level = "some"
            if level:
                levels.append(FunctionLevel(occupation, domain, scheme, function, level, round(share, 6)))
    return tuple(levels)


def _key(function: str) -> tuple[FunctionScheme, str]:
    scheme, _, name = function.partition("/")
    return ("charter" if scheme == "charter" else "essnet"), name
