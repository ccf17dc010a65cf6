"""The scope of the cultural and creative sectors and industries: which occupation belongs to which domain, and why.

:func:`derive` is the whole derivation: it adds the statements of the skills and the label route to the table-driven
ones it is given and decides every pair by the rule of :mod:`analysis.scope.decision`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from analysis.scope.decision import decide
from analysis.scope.label_route import default_lexicon, label_assertions
from analysis.scope.model import Parameters, default_parameters
from analysis.scope.skills_route import SkillScores, skill_scores, skills_assertions
from analysis.tables import ASSERTION_ORDER, ROUTES, Assertion, Decision, Route, ScopeTables

__all__ = ["ROUTES", "TABLE_ROUTES", "Evidence", "Parameters", "ScopeResult", "derive", "gather", "seeds_of"]

TABLE_ROUTES: tuple[Route, ...] = ("isco", "nace", "curated")


@dataclass(frozen=True, slots=True)
class ScopeResult:
    """All assertions, given and added, and the decisions they lead to; both sorted, so that equal input is equal out.

    Decisions ``core`` and ``related`` are the scope; decisions ``excluded`` show what curation keeps out.
    """

    assertions: tuple[Assertion, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known before a decision: assertions of the chosen routes, skills scores (if chosen), the domains."""

    assertions: tuple[Assertion, ...]
    scores: SkillScores | None
    domains: tuple[str, ...]


def seeds_of(assertions: Iterable[Assertion], fallback: Iterable[Assertion] = ()) -> dict[str, set[str]]:
    """Return the core occupations per domain that the skills route learns from.

    They are the core pairs of the table-driven routes; an occupation that curation speaks about is a seed only where
    curation says core. A domain that these leave empty takes its related pairs, and failing those, the pairs that
    ``fallback`` (label assertions) calls core with at least half its weight: no official code is devoted to
    advertising, and the one code of games holds gambling too.
    """
    tables = sorted((a for a in assertions if a.route in TABLE_ROUTES), key=lambda a: (a.occupation, a.domain))
    read = {a.occupation for a in tables if a.route == "curated"}
    spoken = [a for a in tables if a.domain and (a.route == "curated" or a.occupation not in read)]
    banned = {(a.occupation, a.domain) for a in tables if a.degree == "excluded"}
    spoken = [a for a in spoken if not {(a.occupation, a.domain), (a.occupation, "")} & banned]

    seeds: dict[str, set[str]] = {}
    for chosen in (
        [a for a in spoken if a.degree == "core"],
        [a for a in spoken if a.degree == "related"],
        [a for a in fallback if a.degree == "core" and (a.score or 0.0) >= 0.5 and a.occupation not in read],
    ):
        filled = set(seeds)
        for a in chosen:
            if a.domain not in filled:
                seeds.setdefault(a.domain, set()).add(a.occupation)
    return seeds


def gather(tables: ScopeTables, routes: Sequence[Route], parameters: Parameters) -> Evidence:
    """Collect the assertions of the chosen routes, those of the derived routes among them."""
    given = [a for a in tables.assertions if a.route in routes and a.occupation in tables.occupations]
    labelled = label_assertions(tables.occupations.values()) if {"label", "skills"} & set(routes) else []
    domains = sorted(
        {a.domain for a in given if a.domain} | {t.domain for terms in default_lexicon().terms.values() for t in terms}
    )
    scores: SkillScores | None = None
    assertions = list(given)
    if "label" in routes:
        assertions += labelled
    if "skills" in routes and tables.occupations:
        seeds = seeds_of(given, labelled)
        scores = skill_scores(tables.occupations, seeds, domains)
        assertions += skills_assertions(scores, tables.occupations, seeds, parameters.skills_thresholds)
    assertions.sort(key=ASSERTION_ORDER)
    return Evidence(tuple(assertions), scores, tuple(domains))


def derive(
    tables: ScopeTables,
    routes: Sequence[Route] = ROUTES,
    parameters: Parameters | None = None,
    read: Collection[str] = frozenset(),
) -> ScopeResult:
    """Derive the scope from the tables with the given routes.

    ``read`` names occupations that the curators have looked at even where they made no statement about them (all
    occupations of the ESCO release that a complete curation was checked against): silence about these is a no.
    Without it, curation decides only the occupations it speaks about. It is ignored when curation is not among the
    routes.
    """
    parameters = parameters or default_parameters()
    evidence = gather(tables, routes, parameters)
    # The model was fitted on all four routes; without skills or labels its odds would be those of missing evidence.
    weigh = {"skills", "label"} <= set(routes)
    decisions = decide(
        evidence.assertions,
        evidence.scores,
        evidence.domains,
        weigh,
        parameters,
        read if "curated" in routes else frozenset(),
    )
    return ScopeResult(evidence.assertions, decisions)
