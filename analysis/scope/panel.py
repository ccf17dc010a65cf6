"""What a panel of experts adopted, laid over everything else entry by entry: panel over curation over models.

Curation speaks of an occupation as a whole; a panel speaks of one occupation in one domain, and changes that pair alone.
Nothing learns from it: the routes, the model and every other decision are as they would be without it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from analysis.scope.decision import bounded
from analysis.tables import ASSERTION_ORDER, Assertion, Decision, Placement


def overlay(
    assertions: Iterable[Assertion], decisions: Iterable[Decision], adopted: Iterable[Assertion]
) -> tuple[tuple[Assertion, ...], tuple[Decision, ...]]:
    """Return the assertions with those of the panels, and the decisions with the pairs that they name decided by them.

    The confidence of such a decision is the agreement of the panel: the part of its readers who said the same. An
    exclusion from every domain ends where a panel finds the occupation in one.
    """
    given = tuple(assertions)
    by_pair: dict[tuple[str, str], list[Assertion]] = defaultdict(list)
    for assertion in given:
        by_pair[assertion.occupation, assertion.domain].append(assertion)
    decided = {(d.occupation, d.domain): d for d in decisions}
    expert = tuple(adopted)
    for said in expert:
        pair = said.occupation, said.domain
        before = decided.get(pair)
        others = before.based_on if before else tuple(by_pair[pair])
        based_on = (said, *(a for a in others if a.route != "expert"))
        decided[pair] = replace(
            before if before and said.degree != "excluded" else Decision(*pair, said.degree, 0.0, (), False),
            degree=said.degree,
            confidence=bounded(1.0 if said.score is None else said.score),
            based_on=based_on,
            contradicted=any(a.degree != said.degree for a in based_on),
        )
        if said.degree != "excluded":
            decided.pop((said.occupation, ""), None)
    every = sorted((*given, *expert), key=ASSERTION_ORDER)
    return tuple(every), tuple(decided[pair] for pair in sorted(decided))


def place(decisions: Iterable[Decision], placements: Iterable[Placement]) -> tuple[Decision, ...]:
    """Return the decisions with the sub-domains and functions that panels gave them; no degree changes by it.

    Of sub-domains, general functions and CHARTER's, each is replaced as a whole where the panel names something of it.
    A placement in a domain that the occupation is not in has no effect.
    """
    by_pair = {(p.occupation, p.domain): p for p in placements}
    return tuple(
        _placed(d, by_pair[d.occupation, d.domain])
        if d.degree != "excluded" and (d.occupation, d.domain) in by_pair
        else d
        for d in decisions
    )


def _placed(decision: Decision, said: Placement) -> Decision:
    named = {function.partition("/")[0] for function, _ in said.levels}
    placed = replace(decision, placement=said)
    if said.sub_domain or said.further_sub_domains:
        placed = replace(placed, sub_domain=said.sub_domain, further_sub_domains=said.further_sub_domains)
    if "function" in named:
        placed = replace(placed, functions=tuple(f.partition("/")[2] for f in said.functions))
    if "charter" in named:
        placed = replace(placed, charter_functions=tuple(f.partition("/")[2] for f in said.charter_functions))
    return placed
