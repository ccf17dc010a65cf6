"""What a change to a composition rule does to two profiles: composed twice by the composer's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.profiles.compose import compose
from analysis.profiles.revisions import revised
from analysis.profiles.tables import Guidelines, Rule
from app.catalogue.profiles import ProfileCatalogue, TemplateEntry
from app.workshop.faults import NothingThere

PROFILES = 2  # that a preview shows


def thresholds_of(rule: Rule) -> dict[str, str]:
    """The thresholds of a rule as they are, written."""
    found = {"minimumShare": f"{rule.minimum_share:g}", "minimumAnchors": str(rule.minimum_anchors)}
    return found | ({"maximumSkills": str(rule.maximum)} if rule.maximum is not None else {})


def rule_of(guidelines: Guidelines, key: str) -> Rule:
    """A rule that measures something, and so can be amended. Raises NothingThere."""
    found = next((r for r in guidelines.rules if r.id == key and r.measure != "none"), None)
    if found is None:
        raise NothingThere(f"There is no rule '{key[:40]}' that measures skills.")
    return found


def offered(profiles: ProfileCatalogue, domains: Sequence[str], occupations: Sequence[str]) -> list[TemplateEntry]:
    """Templates to look at: the cells of the domains, and those of the occupations."""
    wanted = set(occupations)
    return [
        entry
        for entry in profiles.templates.values()
        if entry.recipe.domain in domains
        and (entry.recipe.kind == "cell" or not wanted.isdisjoint(a.occupation for a in entry.recipe.anchors))
    ]


def preview(
    profiles: ProfileCatalogue, rule: str, thresholds: Mapping[str, float], rejected: bool, keys: Sequence[str]
) -> list[dict[str, Any]]:
    """Of each profile its skills before and after, and which come, go, or stand elsewhere; some tenths of a second."""
    after = revised(profiles.guidelines, rule, thresholds, rejected)
    return [
        {"profile": key, **_difference(profiles, profiles.templates[key], after)}
        for key in list(dict.fromkeys(keys))[:PROFILES]
        if key in profiles.templates
    ]


def _difference(profiles: ProfileCatalogue, entry: TemplateEntry, after: Guidelines) -> dict[str, Any]:
    made = [compose(profiles.tables, rules, entry.recipe) for rules in (profiles.guidelines, after)]
    was, now = ({s.skill: s.section for s in one.skills} for one in made)
    sections = [s.id for s in profiles.guidelines.skill_sections()]
    counts = [[list(held.values()).count(section) for section in sections] for held in (was, now)]
    return {
        "before": len(was), "after": len(now),
        "sections": [
            {"section": s, "before": a, "after": b} for s, a, b in zip(sections, *counts, strict=True) if a or b
        ],
        "came": [{"skill": s, "to": now[s]} for s in now if s not in was],
        "went": [{"skill": s, "from": was[s]} for s in was if s not in now],
        "moved": [{"skill": s, "from": was[s], "to": now[s]} for s in now if s in was and was[s] != now[s]],
        "warnings": [w.code for w in made[1].warnings],
    }  # fmt: skip
