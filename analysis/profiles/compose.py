"""Composing a profile: from anchors and guidelines to skills in their places. Pure and deterministic.

The share of a skill is the weight of the anchors that ask for it, an optional use counting half (as everywhere in
analysis.skills); its essential share the weight of those that hold it essential. Rules apply in their order; within a
rule, skills go by its measure, then by location quotient in the domain, then by IRI. What is core is decided by no tie:
of skills that count alike all are core or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from analysis.profiles.neighbours import neighbourhood
from analysis.profiles.tables import (
    ADDED,
    CCSI_UNIT,
    CORE_SECTION,
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
            needs = tables.needs(anchor)
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
    usage = Usage(tables, recipe)
    placed = _Placing(tables, guidelines, recipe, usage, units(tables, recipe, domain)).run()
    return complete(tables, guidelines, recipe, domain, placed, usage)


def complete(
    tables: ProfileTables,
    guidelines: Guidelines,
    recipe: Recipe,
    domain: str,
    placed: Collection[ProfileSkill],
    usage: Usage | None = None,
) -> Profile:
    """The whole profile around skills that have their places already, whatever their order."""
    usage = usage or Usage(tables, recipe)
    read_from = units(tables, recipe, domain)
    near = neighbourhood(tables).asked(recipe.anchors) if any(s.relation == "none" for s in placed) else {}
    sections = {s.id: s.order for s in guidelines.sections}
    orders = {r.id: (r.order, r.measure) for r in guidelines.rules}

    def rank(item: ProfileSkill) -> tuple[int, int, float, float, str]:
        order, measure = orders[item.rule]
        known = tables.best(read_from, item.skill)[1] or NO_FIGURES
        value = near.get(item.skill, 0) if measure == "neighbours" else item.share
        if measure in ("essential", "anchor"):
            value = item.essential_share
        return (sections[item.section], order, -value, -known.lq, item.skill)

    skills = tuple(sorted(placed, key=rank))
    functions: set[str] = {recipe.cell.function} if recipe.cell.function else set()
    charter: set[str] = set()
    for anchor in recipe.anchors:
        if place := tables.scope.get(anchor.occupation, {}).get(domain):
            charter.update(place.charter_functions)
            if not recipe.cell.function:
                functions.update(place.functions)
    held = {s.skill for s in skills}
    left = sum(1 for s in usage.essential if s not in held and not recipe.drops(s, tables.skills[s]))
    return Profile(
        recipe, domain, read_from, skills, tuple(sorted(functions)), tuple(sorted(charter)), left,
        tuple(_warnings(tables, guidelines, recipe, domain, skills, usage)),
    )  # fmt: skip


def units(tables: ProfileTables, recipe: Recipe, domain: str) -> tuple[str, ...]:
    """The units of analysis that a profile is read against: its domains, or all of the sectors where none has figures."""
    known = [d for d in (domain, *recipe.beside) if d in tables.figures]
    return tuple(known) or (CCSI_UNIT,)


def main_domain(tables: ProfileTables, recipe: Recipe) -> str:
    """The domain to which the anchors mostly belong, core counting whole and related half; "" where none is in scope."""
    weights: dict[str, float] = {}
    for anchor in recipe.anchors:
        for domain, place in tables.scope.get(anchor.occupation, {}).items():
            weights[domain] = weights.get(domain, 0.0) + anchor.weight * (1.0 if place.degree == "core" else 0.5)
    return min(weights, key=lambda d: (-round(weights[d], 9), d), default="")


def kinship(one: Needs, other: Needs) -> float:
    """Jaccard index of all skills of two occupations."""
    a, b = set(one.every), set(other.every)
    return len(a & b) / max(1, len(a | b))


class _Placing:
    """One pass of the rules over the skills."""

    def __init__(
        self, tables: ProfileTables, guidelines: Guidelines, recipe: Recipe, usage: Usage, units: Sequence[str]
    ) -> None:
        self.tables, self.guidelines, self.recipe, self.usage = tables, guidelines, recipe, usage
        self.units = units
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
        skills, recipe = self.tables.skills, self.recipe
        asked = [
            (-share, *self._known(s), s)
            for s, share in self.usage.share.items()
            if not recipe.drop or not recipe.drops(s, skills[s])
        ]
        asked.sort(key=lambda e: (e[0], e[1], e[3]))
        self.by_share[""] = [(value, lq, s) for value, lq, _, s in asked]
        for value, lq, traits, s in asked:
            for trait in traits:
                self.by_share.setdefault(trait, []).append((value, lq, s))
        essential = self.usage.essential
        self.by_essential = [(-essential[s], lq, s) for _, lq, s in self.by_share[""] if s in essential]
        self.by_essential.sort()

    def _known(self, skill: str) -> tuple[float, tuple[str, ...]]:
        """Negative location quotient and traits; of several domains, those of the one most specialised in the skill."""
        unit = self.units[0] if len(self.units) == 1 else self.tables.best(self.units, skill)[0]
        return self.tables.known(unit)[skill]

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
        fresh = []
        for entry in self._candidates(rule):
            skill = entry[2]
            if skill not in rule_of:
                fresh.append(entry)
            elif telling and section_of[skill] != rule.section:
                self.also.setdefault(skill, []).append(rule.id)
        fits = min(room - filled, len(fresh))
        if self.recipe.maximum:
            fits = min(fits, self.recipe.maximum - len(rule_of))
        if section.id == CORE_SECTION:
            fits = _untied(fresh, fits, by_measure=rule.measure == "anchor" or rule.tops_up)
        for _, _, skill in fresh[: max(0, fits)]:
            rule_of[skill], section_of[skill] = rule, section.id
            filled += 1
        self.filled[section.id] = filled

    def _candidates(self, rule: Rule) -> list[Ordered]:
        """The skills that the rule takes, the first to be placed first."""
        usage, least_share = self.usage, rule.minimum_share
        if rule.measure == "neighbours":
            return self._emerging(rule.requires - {"unasked"})
        if rule.measure == "anchor":
            return self._of_anchors(least_share)
        ordered = self.by_essential if rule.measure == "essential" else self._holding(rule.requires)
        entries = [entry for entry in ordered if -entry[0] >= least_share]
        if self.recipe.kind == "cell" and (least := min(rule.minimum_anchors, usage.anchors)) > 1:
            if rule.measure == "essential":  # the anchors of a cell count alike
                entries = [e for e in entries if round(usage.essential[e[2]] * usage.anchors) >= least]
            else:
                entries = [e for e in entries if usage.support[e[2]] >= least]
        return entries

    def _of_anchors(self, least: float) -> list[Ordered]:
        """The essential skills of the anchors that the author named, by weight, of each that has none in the core yet.

        Where what they share is less than the core's minimum, no anchor speaks for the others: then of all.
        """
        if self.recipe.kind != "composed" or self.usage.anchors < 2:
            return []
        few = self.filled[CORE_SECTION] < self.sections[CORE_SECTION].minimum
        weights: dict[str, float] = {}
        for anchor in self.recipe.anchors:
            needs = self.tables.needs(anchor).essential
            has_some = any(self.section_of.get(s) == CORE_SECTION for s in needs)
            if anchor.weight >= least and (few or not has_some):
                for skill in needs:
                    weights[skill] = max(weights.get(skill, 0.0), round(anchor.weight, 9))
        return sorted((-weights[s], lq, s) for _, lq, s in self.by_essential if s in weights)

    def _emerging(self, requires: frozenset[str]) -> list[Ordered]:
        """What several of the nearest occupations ask for and no anchor does."""
        skills, recipe = self.tables.skills, self.recipe
        asked = {s for anchor in recipe.anchors for s in self.tables.occupations[anchor.occupation].every}
        entries = []
        for skill, count in neighbourhood(self.tables).asked(recipe.anchors).items():
            lq, traits = self._known(skill)
            if skill not in asked and requires <= {*traits} and not recipe.drops(skill, skills[skill]):
                entries.append((-float(count), lq, skill))
        return sorted(entries)

    def _holding(self, requires: frozenset[str]) -> list[Ordered]:
        """The skills asked for of which everything that is required holds, by share."""
        first, *others = sorted(requires) or [""]
        entries = self.by_share.get(first, [])
        for other in others:
            also = {s for _, _, s in self.by_share.get(other, ())}
            entries = [e for e in entries if e[2] in also]
        return entries


def _untied(ordered: Sequence[Ordered], room: int, by_measure: bool) -> int:
    """How many of the skills are placed, so that the last and the next one do not count alike.

    ``by_measure``: by the measure alone; else the location quotient counts too, but never the IRI.
    """
    n = max(0, min(room, len(ordered)))
    if n == len(ordered):
        return n
    width = 1 if by_measure else 2
    while n and ordered[n - 1][:width] == ordered[n][:width]:
        n -= 1
    return n


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
            (a.occupation, b.occupation): kinship(tables.needs(a), tables.needs(b)) for a, b in combinations(anchors, 2)
        }
        pair, least = min(closeness.items(), key=lambda e: (e[1], e[0]))
        if least < APART:
            yield Warning("anchors-apart", f"These anchors have {least:.1%} of their skills in common.", pair)
    degrees = {p.degree for a in anchors if (p := tables.scope.get(a.occupation, {}).get(domain))}
    for named in filter(None, (domain, *recipe.beside)):
        if not any(named in tables.scope.get(a.occupation, {}) for a in anchors):
            yield Warning("domain-unsupported", f"No anchor is in the scope of {named}.")
    if not domain:
        yield Warning("domain-unsupported", "No anchor is in the scope of a cultural or creative domain.")
    if degrees == {"related"}:
        yield Warning("related-only", f"No anchor is core to {domain}; all are related to it.")
    for named in (domain, *recipe.beside):
        if named in tables.small:
            yield Warning("small-domain", f"{named} has few occupations: read its figures as hints.")
    if recipe.kind == "cell" and len(anchors) == 1:
        yield Warning(
            "one-anchor", "One occupation is all of this cell; its own profile says the same.", (anchors[0].occupation,)
        )
    held = Counter(s.section for s in skills)
    core = next((s for s in guidelines.sections if s.id == CORE_SECTION), None)
    by_rule = Counter(s.rule for s in skills)
    topped_up = sum(by_rule[r.id] for r in guidelines.rules if r.tops_up)
    blocks = sum(by_rule[r.id] for r in guidelines.rules if r.measure == "anchor")
    wanted = not recipe.sections or CORE_SECTION in recipe.sections
    if topped_up:
        yield Warning(
            "few-shared", f"The anchors share too few essential skills; {topped_up} of the core skills are only the most common."
        )  # fmt: skip
    elif blocks:
        yield Warning(
            "few-shared",
            f"The anchors share too few essential skills; {blocks} core skills are those of single anchors.",
        )
    elif (
        len(anchors) > 1 and core and wanted and CORE_SECTION not in recipe.limits and held[CORE_SECTION] < core.minimum
    ):
        yield Warning("few-shared", f"The anchors share too few essential skills: {held[CORE_SECTION]} are core.")
    for section, limit in sorted(recipe.limits.items()):
        if limit.minimum and held[section] < limit.minimum:
            yield Warning(
                "below-minimum", f"{section} has {held[section]} skills; by the rules there are no more up to {limit.minimum}."
            )  # fmt: skip
    under = {u for s in usage.support for u in tables.skills[s].under} if recipe.drop else set()
    if idle := tuple(sorted((recipe.drop & tables.skills.keys()) - usage.support.keys() - under)):
        yield Warning("drop-without-effect", "No anchor asks for a skill that was to be dropped.", idle)
