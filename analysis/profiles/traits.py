"""What the rules ask of a skill, read off ESCO's hierarchy and collections."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from analysis.above import all_above
from analysis.profiles.tables import SkillFacts

FIELDS = "/isced-f/"  # part of the IRI of every ISCED-F field
LANGUAGE_BRANCH, TRANSVERSAL_BRANCH = "L", "T"
SKILL = "/esco/skill/"
AREA = re.compile(r"[ST][0-9]+\.[0-9]+|[0-9]{3}|L[0-9]")


def skill_facts(
    iri: str,
    kind: str,
    collections: Collection[str],
    t_groups: tuple[str, ...] | None,
    broader: Mapping[str, Collection[str]],
    groups: Mapping[str, str],
    tool: bool = False,
) -> SkillFacts:
    """The traits of a skill, and the groups that it is arranged by.

    ``kind`` is ESCO's skill type; ``t_groups`` the T groups of a skill that is transversal by how it spreads, None for any
    other: one that ESCO itself has in its branch T is transversal too. ``groups`` maps the IRIs of ESCO's groups to their
    codes; ``tool`` says that the skill is a member of a list of tools. Of several fields or T groups the first by code
    counts, so that a skill stands in one place.
    """
    traits = set()
    if kind == "knowledge":
        traits.add("knowledge")
    if not {"digital", "digcomp"}.isdisjoint(collections):
        traits.add("digital")
    if "green" in collections:
        traits.add("green")
    if traits & {"digital", "green"}:
        traits.add("digital-or-green")
    above = all_above(iri, lambda concept: broader.get(concept, ()))
    branch = sorted(groups[a] for a in above if groups.get(a, "").startswith(TRANSVERSAL_BRANCH))
    if t_groups is not None or branch:
        traits.add("transversal")
        t_groups = t_groups or tuple(sorted(branch, key=lambda code: (-len(code), code)))
    if "language" in collections or any(groups.get(a, "").startswith(LANGUAGE_BRANCH) for a in above):
        traits.add("language")
    # Only the nearest field: the fields above it say less.
    fields = sorted((b for b in above if FIELDS in b), key=lambda b: (-len(groups.get(b, "")), groups.get(b, ""), b))
    codes = {groups[a] for a in above if a in groups}
    areas = tuple(sorted(c for c in codes if AREA.fullmatch(c)))
    under = frozenset(a for a in above if SKILL in a and a not in groups)
    if tool:
        traits.clear()
    return SkillFacts(frozenset(traits), fields[0] if fields else "", t_groups[0] if t_groups else "", areas, under)
