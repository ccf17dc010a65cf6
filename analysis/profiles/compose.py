"""Composing a profile: from anchors and guidelines to skills in their places. Pure and deterministic.

The share of a skill is the weight of the anchors that ask for it, an optional use counting half (as everywhere in
analysis.skills); its essential share the weight of those that hold it essential. Rules apply in their order; within a
rule, skills go by its measure, then by location quotient in the domain, then by IRI.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations, islice

from analysis.profiles.tables import (
    ADDED,
    CCSI_UNIT,
    OPTIONAL_SECTION,
    OPTIONAL_WEIGHT,
    Figures,
    Guidelines,
    Needs,
    Profile,
    ProfileSkill,
    ProfileTables,
    Recipe,
    Relation,
    Rule,
    Section,
    Warning,
)

# Two anchors with less of their skills in common than this are warned about. A choice: of the pairs of occupations in one
# ISCO-08 unit group of ESCO 1.2.0, seven in ten share more.
APART = 0.05
Ordered = tuple[float, float, str]  # what skills are sorted by: measure and location quotient, both negative, and IRI
NO_FIGURES = Figures(0.0, 0.0, "none")


class Usage:
    """How the anchors of a recipe ask for skills: weights, with nine decimals so that seven times 1/14 are a half."""

    __slots__ = ("anchors", "essential", "optional", "share", "support")

    def __init__(self, tables: ProfileTables, recipe: Recipe) -> None:
        self.anchors = len(recipe.anchors)
        self.essential: dict[str, float] = {}  # skill -> weight of the anchors
        self.optional: dict[str, float] = {}
        self.support: dict[str, int] = {}  # skill -> anchors that ask for it, either way
        essential, optional, support = self.essential, self.optional, self.support
        for anchor in recipe.anchors:
            needs = tables.occupations[anchor.occupation]
            weight = anchor.weight
            for skills, weights in ((needs.essential, essential), (needs.optional, optional)):
                for skill in skills:
                    weights[skill] = weights.get(skill, 0.0) + weight
                    support[skill] = support.get(skill, 0) + 1
        for weights in (essential, optional):
            for skill, value in weights.items():
                weights[skill] = round(value, 9)
        self.share = {s: essential.get(s, 0.0) + OPTIONAL_WEIGHT * optional.get(s, 0.0) for s in support}

    def relation(self, skill: str) -> Relation:
        """What the heavier part of the anchors says."""
        essential, optional = self.essential.get(skill, 0.0), self.optional.get(skill, 0.0)
        if essential == optional == 0:
            return "none"
        return "essential" if essential >= optional else "optional"


def compose(tables: ProfileTables, guidelines: Guidelines, recipe: Recipe) -> Profile:
    """The profile of a recipe. Occupations of the recipe have to be in the tables."""
    domain = recipe.domain or main_domain(tables, recipe)
    unit = domain if domain in tables.figures else CCSI_UNIT
    usage = Usage(tables, recipe)
    placed = _Placing(tables, guidelines, recipe, usage, unit).run()
    return complete(tables, guidelines, recipe, domain, placed, usage)


def complete(
    tables: ProfileTables,
    guidelines: Guidelines,
    recipe: Recipe,
    domain: str,
    placed: Iterable[ProfileSkill],
    usage: Usage | None = None,
) -> Profile:
    """The whole profile around skills that have their places already, whatever their order."""
    usage = usage or Usage(tables, recipe)
    unit = domain if domain in tables.figures else CCSI_UNIT
    figures = tables.figures.get(unit, {})
    sections = {s.id: s.order for s in guidelines.sections}
    orders = {r.id: (r.order, r.measure) for r in guidelines.rules}

    def rank(item: ProfileSkill) -> tuple[int, int, float, float, str]:
        order, measure = orders[item.rule]
        known = figures.get(item.skill, NO_FIGURES)
        value = known.share if measure == "domain" else item.essential_share if measure == "essential" else item.share
        return (sections[item.section], order, -value, -known.lq, item.skill)

    skills = tuple(sorted(placed, key=rank))
    functions: set[str] = {recipe.function} if recipe.function else set()
    charter: set[str] = set()
    for anchor in recipe.anchors:
        if place := tables.scope.get(anchor.occupation, {}).get(domain):
            charter.update(place.charter_functions)
            if not recipe.function:
                functions.update(place.functions)
    held = {s.skill for s in skills}
    left = sum(1 for s in usage.essential if s not in held and s not in recipe.drop)
    return Profile(
        recipe, domain, unit, skills, tuple(sorted(functions)), tuple(sorted(charter)), left,
        tuple(_warnings(tables, guidelines, recipe, domain, skills, usage)),
    )  # fmt: skip


def main_domain(tables: ProfileTables, recipe: Recipe) -> str:
    """The domain to which the anchors mostly belong, core counting whole and related half; "" where none is in scope."""
    weights: dict[str, float] = {}
    for anchor in recipe.anchors:
        for domain, place in tables.scope.get(anchor.occupation, {}).items():
            weights[domain] = weights.get(domain, 0.0) + anchor.weight * (1.0 if place.degree == "core" else 0.5)
    return min(weights, key=lambda d: (-round(weights[d], 9), d), default="")


def kinship(one: Needs, other: Needs) -> float:
    """Jaccard index of all skills of two occupations."""
    a, b = {*one.essential, *one.optional}, {*other.essential, *other.optional}
    return len(a & b) / max(1, len(a | b))


class _Placing:
    """One pass of the rules over the skills."""

    def __init__(self, tables: ProfileTables, guidelines: Guidelines, recipe: Recipe, usage: Usage, unit: str) -> None:
        self.tables, self.guidelines, self.recipe, self.usage = tables, guidelines, recipe, usage
        self.unit = unit
        self.horizon = tables.horizon.get(unit, ())
        wanted = set(recipe.sections) or {s.id for s in guidelines.sections}
        self.sections = {s.id: _bounded(s, recipe) for s in guidelines.skill_sections() if s.id in wanted}
        self.rule_of: dict[str, Rule] = {}  # skill -> the rule that placed it, in the order of placing
        self.section_of: dict[str, str] = {}
        self.also: dict[str, list[str]] = {}
        self.filled = dict.fromkeys(self.sections, 0)
        self.by_share: dict[str, list[Ordered]] = {}  # what a rule may require -> the skills asked for that have it
        self.by_essential: list[Ordered] = []

    def run(self) -> list[ProfileSkill]:
        """Apply the rules."""
        self._added()
        self._sort_out()
        for rule in self.guidelines.rules:
            if rule.section in self.sections and rule.measure != "none":
                self._apply(rule)
        usage = self.usage
        return [
            ProfileSkill(
                skill, self.section_of[skill], rule.id, tuple(self.also.get(skill, ())), usage.relation(skill),
                round(usage.share.get(skill, 0.0), 4), round(usage.essential.get(skill, 0.0), 4),
            )
            for skill, rule in self.rule_of.items()
        ]  # fmt: skip

    def _added(self) -> None:
        rule = next((r for r in self.guidelines.rules if r.id == ADDED), None)
        for skill, section in self.recipe.add:
            where = section or OPTIONAL_SECTION
            if rule and skill in self.tables.skills and where in self.sections:
                self.rule_of[skill], self.section_of[skill] = rule, where
                self.filled[where] += 1

    def _sort_out(self) -> None:
        """Put the skills asked for in the order of either measure, and by what the rules ask of them.

        Once for all rules: sorting is most of the work of composing.
        """
        known, drop = self.tables.known(self.unit), self.recipe.drop
        asked = [(-share, known[s][0], s) for s, share in self.usage.share.items() if s not in drop]
        asked.sort()
        self.by_share[""] = asked
        for entry in asked:
            for trait in known[entry[2]][1]:
                self.by_share.setdefault(trait, []).append(entry)
        essential = self.usage.essential
        self.by_essential = [(-essential[s], lq, s) for _, lq, s in asked if s in essential]
        self.by_essential.sort()

    def _apply(self, rule: Rule) -> None:
        section = self.sections[rule.section]
        filled = self.filled[section.id]
        room = section.minimum if rule.tops_up else section.maximum
        if rule.maximum is not None:
            room = min(room, filled + rule.maximum)
        if rule.tops_up and filled >= room:
            return
        rule_of, section_of = self.rule_of, self.section_of
        # Every skill could be told among the optional ones too, which would tell nothing.
        telling = not rule.tops_up and rule.section != OPTIONAL_SECTION
        for skill in self._candidates(rule):
            if skill in rule_of:
                if telling and section_of[skill] != rule.section:
                    self.also.setdefault(skill, []).append(rule.id)
            elif filled < room and not self._full():
                rule_of[skill], section_of[skill] = rule, section.id
                filled += 1
        self.filled[section.id] = filled

    def _full(self) -> bool:
        return bool(self.recipe.maximum) and len(self.rule_of) >= self.recipe.maximum

    def _candidates(self, rule: Rule) -> list[str]:
        """The skills that the rule takes, the first to be placed first."""
        usage, least_share = self.usage, rule.minimum_share
        if "unasked" in rule.requires:
            drop, room = self.recipe.drop, rule.maximum or len(self.horizon)
            return list(islice((s for s in self.horizon if s not in usage.support and s not in drop), room))
        ordered = self.by_essential if rule.measure == "essential" else self._holding(rule.requires)
        found = [s for value, _, s in ordered if -value >= least_share]
        if self.recipe.kind == "cell" and (least := min(rule.minimum_anchors, usage.anchors)) > 1:
            if rule.measure == "essential":  # the anchors of a cell count alike
                found = [s for s in found if round(usage.essential[s] * usage.anchors) >= least]
            else:
                found = [s for s in found if usage.support[s] >= least]
        return found

    def _holding(self, requires: frozenset[str]) -> list[Ordered]:
        """The skills asked for of which everything that is required holds, by share."""
        first, *others = sorted(requires) or [""]
        found = self.by_share.get(first, [])
        for other in others:
            also = {s for _, _, s in self.by_share.get(other, ())}
            found = [e for e in found if e[2] in also]
        return found


def _bounded(section: Section, recipe: Recipe) -> Section:
    """The section with the author's limits in place of the guidelines'."""
    limit = recipe.limits.get(section.id)
    if limit is None:
        return section
    maximum = section.maximum if limit.maximum is None else limit.maximum
    minimum = section.minimum if limit.minimum is None else limit.minimum
    return Section(section.id, section.order, min(minimum, maximum), maximum, section.grouped_by)


def _warnings(
    tables: ProfileTables,
    guidelines: Guidelines,
    recipe: Recipe,
    domain: str,
    skills: tuple[ProfileSkill, ...],
    usage: Usage,
) -> Iterable[Warning]:
    anchors = recipe.anchors
    if recipe.kind == "composed" and len(anchors) > 1:
        closeness = {
            (a.occupation, b.occupation): kinship(tables.occupations[a.occupation], tables.occupations[b.occupation])
            for a, b in combinations(anchors, 2)
        }
        pair, least = min(closeness.items(), key=lambda e: (e[1], e[0]))
        if least < APART:
            yield Warning("anchors-apart", f"These anchors have {least:.1%} of their skills in common.", pair)
    degrees = {p.degree for a in anchors if (p := tables.scope.get(a.occupation, {}).get(domain))}
    if domain and not degrees:
        yield Warning("domain-unsupported", f"No anchor is in the scope of {domain}.")
    elif not domain:
        yield Warning("domain-unsupported", "No anchor is in the scope of a cultural or creative domain.")
    elif degrees == {"related"}:
        yield Warning("related-only", f"No anchor is core to {domain}; all are related to it.")
    if domain in tables.small:
        yield Warning("small-domain", f"{domain} has few occupations: read its figures as hints.")
    topped_up = sum(s.rule == r.id for r in guidelines.rules if r.tops_up for s in skills)
    if topped_up:
        yield Warning(
            "few-shared", f"The anchors share too few essential skills; {topped_up} of the core skills are only the most common."
        )  # fmt: skip
    held = Counter(s.section for s in skills)
    for section, limit in sorted(recipe.limits.items()):
        if limit.minimum and held[section] < limit.minimum:
            yield Warning(
                "below-minimum", f"{section} has {held[section]} skills; by the rules there are no more up to {limit.minimum}."
            )  # fmt: skip
    if idle := tuple(sorted(s for s in recipe.drop if s not in usage.support and s in tables.skills)):
        yield Warning("drop-without-effect", "No anchor asks for a skill that was to be dropped.", idle)
