"""Fit the parameters of the decision rule to a reading, and say honestly how well the rule then does.

Cross-validation splits the occupations, never the pairs of one occupation, so that the figures are those of
occupations that the fit has not seen. What is not fitted and therefore not cross-validated: the code tables, the
lexicon, the constants of the skills route and the choice of features.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.scope import Evidence, gather
from analysis.scope.decision import curated_features, decide, excluded_features, pair_features
from analysis.scope.evaluate import NONE, Gold, calibration, count, figures, route_precision, score
from analysis.scope.model import (
    CURATED_FEATURES,
    EXCLUDED_FEATURES,
    FEATURES,
    LogisticModel,
    Parameters,
    fit_logistic,
)
from analysis.scope.skills_route import SkillScores
from analysis.tables import ROUTES, Assertion, Decision, Degree, Route, ScopeTables

SEED = 20210818

# The ridge on coefficients. Cross-validated, 0.1 decides like 0.3; 1 and 3 lose 1 and 4 points of the F1 of pairs.
PENALTY = 0.3

# Of a calibrated probability the cut with the highest F1 is half of that F1 (Lipton, Elkan & Naryanaswamy 2014); the
# F1 of pairs is about 0.82.
IN_SCOPE_THRESHOLD = 0.41
CORE_THRESHOLD = 0.5

UNCURATED: tuple[Route, ...] = ("isco", "nace", "skills", "label")

_START = Parameters(
    in_scope=LogisticModel(0.0, {}),
    core=LogisticModel(0.0, {}),
    # Without a curated reading to fit them on, curation is taken at nine in ten.
    curated=LogisticModel(2.2, {}),
    excluded=LogisticModel(2.2, {}),
    in_scope_threshold=IN_SCOPE_THRESHOLD,
    core_threshold=CORE_THRESHOLD,
    skills_thresholds={"core": 2.0, "related": 1.5},
    route_precision={},
    fitted={},
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One (occupation, domain) of the reading with its evidence."""

    occupation: str
    domain: str
    assertions: tuple[Assertion, ...]
    skills: float
    opinions: frozenset[str]


def fit(
    tables: ScopeTables,
    gold: Gold,
    folds: int = 5,
    seed: int = SEED,
    read: Collection[str] = frozenset(),
    reading: str = "",
) -> tuple[Parameters, dict[str, Any]]:
    """Fit on the whole reading and report figures by ``folds``-fold cross-validation and in sample.

    Where the tables hold curated statements, the confidence of curated decisions is fitted too and reported under
    ``curated`` (``read`` as in :func:`analysis.scope.derive`); the model of the uncurated case never sees them.
    ``reading`` describes the reading and goes into the parameters, so that nobody quotes their figures without it.
    """
    gold = {iri: rows for iri, rows in gold.items() if iri in tables.occupations}
    if len(gold) < folds:
        raise ValueError(f"{len(gold)} occupations of the reading are in the tables: too few for {folds} folds")
    held_out = _folds(gold, folds, seed)
    curated = any(a.route == "curated" for a in tables.assertions)

    raw = gather(tables, UNCURATED, _START)
    assert raw.scores is not None  # noqa: S101 - the skills route is among the routes
    thresholds, skills_report = _fit_skills(raw.scores, gold, held_out)
    start = replace(_START, skills_thresholds=thresholds)
    bare = gather(tables, UNCURATED, start)
    full = gather(tables, ROUTES, start) if curated else None

    made_of = {"occupations": len(gold), "folds": folds, "seed": seed}
    report: dict[str, Any] = {
        **made_of,
        "skills": skills_report,
        "uncurated": _cross_validate(bare, None, gold, held_out, start, frozenset()),
    }
    parameters = _rounded(_fit_models(bare, full, gold, gold.keys(), start, read))
    report["uncurated"]["in_sample"] = score(_decide(bare, parameters, frozenset()), gold)
    report["routes"] = route_precision((full or bare).assertions, gold)
    if full is not None:
        report["curated"] = _cross_validate(bare, full, gold, held_out, start, read)
        report["curated"]["in_sample"] = score(_decide(full, parameters, read), gold)
    fitted = {
        "reading": reading,
        **made_of,
        "penalty": PENALTY,
        "method": "logistic regression, penalised maximum likelihood; F1 by cross-validation over occupations",
        "cross_validated_f1": {
            case: {m: f["f1"] for m, f in report[case]["cross_validated"].items()}
            for case in ("uncurated", "curated")
            if case in report
        },
    }
    return _rounded(replace(parameters, fitted=fitted)), report


def _rounded(parameters: Parameters) -> Parameters:
    """Return the parameters as they will be read back from their file."""
    return Parameters.of(parameters.as_dict())


def _folds(gold: Gold, folds: int, seed: int) -> list[set[str]]:
    """Deal the occupations out into folds, by a shuffle that depends on the seed alone."""
    order = sorted(gold)
    random.Random(seed).shuffle(order)  # noqa: S311 - not for secrets
    return [set(order[k::folds]) for k in range(folds)]


def _decide(evidence: Evidence, parameters: Parameters, read: Collection[str]) -> tuple[Decision, ...]:
    return decide(evidence.assertions, evidence.scores, evidence.domains, True, parameters, read)


def _cross_validate(
    bare: Evidence,
    full: Evidence | None,
    gold: Gold,
    held_out: Iterable[set[str]],
    start: Parameters,
    read: Collection[str],
) -> dict[str, Any]:
    """Decide each fold with parameters fitted on the others, then score all of them together."""
    evidence = full or bare
    decisions: list[Decision] = []
    for fold in held_out:
        parameters = _fit_models(bare, full, gold, gold.keys() - fold, start, read)
        decisions += [d for d in _decide(_only(evidence, fold), parameters, read) if d.occupation in fold]
    return {
        "cross_validated": score(decisions, gold),
        "calibration": calibration(decisions, gold),
        "calibration_excluded": calibration(decisions, gold, excluded=True),
    }


def _only(evidence: Evidence, occupations: Collection[str]) -> Evidence:
    """Return the assertions of some occupations only; the scores stay, as they are looked up by name."""
    return replace(evidence, assertions=tuple(a for a in evidence.assertions if a.occupation in occupations))


def _pairs(evidence: Evidence, gold: Gold, occupations: Collection[str]) -> list[_Pair]:
    """List every pair of the given occupations with every domain, in a fixed order."""
    scores = evidence.scores
    assert scores is not None  # noqa: S101 - fitting always has the skills route
    scored = scores.by_occupation()
    by_pair: dict[tuple[str, str], list[Assertion]] = {}
    for a in evidence.assertions:
        by_pair.setdefault((a.occupation, a.domain), []).append(a)
    return [
        _Pair(iri, domain, tuple(by_pair.get((iri, domain), ())), skills, gold[iri].get(domain, NONE).opinions)
        for iri in sorted(occupations)
        for domain, skills in scored[iri].items()
    ]


def _fit_models(
    bare: Evidence,
    full: Evidence | None,
    gold: Gold,
    occupations: Collection[str],
    start: Parameters,
    read: Collection[str],
) -> Parameters:
    """Fit all models on some occupations of the reading."""
    pairs = _pairs(bare, gold, occupations)
    known = [p for p in pairs if p.opinions == {"none"} or "none" not in p.opinions]
    in_scope = _fitted([(pair_features(p.assertions, p.skills), p.opinions != {"none"}) for p in known], FEATURES)
    agreed = [p for p in pairs if p.opinions in ({"core"}, {"related"})]
    core = _fitted([(pair_features(p.assertions, p.skills), p.opinions == {"core"}) for p in agreed], FEATURES)
    reading = {iri: gold[iri] for iri in occupations}
    shares = route_precision(bare.assertions, reading)
    # One half is added to the right and the wrong ones each, so that three of three are not taken for certainty.
    precision = {
        f"{route}_{degree}": (share["degree"] * share["n"] + 0.5) / (share["n"] + 1)
        for route, degrees in shares.items()
        for degree, share in degrees.items()
    }
    parameters = replace(start, in_scope=in_scope, core=core, route_precision=precision)
    return _fit_curated(full, gold, occupations, parameters, read) if full is not None else parameters


def _fit_curated(
    full: Evidence, gold: Gold, occupations: Collection[str], parameters: Parameters, read: Collection[str]
) -> Parameters:
    """Fit how sure curated degrees and curated exclusions are, on the decisions that they lead to."""
    names = set(occupations)
    spoken = {a.occupation for a in full.assertions if a.route == "curated"} | set(read)
    decided = {
        (d.occupation, d.domain): d
        for d in _decide(_only(full, names), parameters, read)
        if d.occupation in names & spoken
    }
    said: list[tuple[Mapping[str, float], bool]] = []
    unsaid: list[tuple[Mapping[str, float], bool]] = []
    for p in _pairs(full, gold, sorted(names & spoken)):
        decision = decided.get((p.occupation, p.domain))
        if decision is None or len(p.opinions) != 1:
            continue
        if decision.degree == "excluded":
            unsaid.append((excluded_features(decision.based_on, p.skills), p.opinions == {"none"}))
        else:
            degree: Degree = decision.degree
            said.append((curated_features(degree, p.assertions, p.skills), p.opinions == {degree}))
    return replace(
        parameters,
        curated=_fitted(said, CURATED_FEATURES) if said else parameters.curated,
        excluded=_fitted(unsaid, EXCLUDED_FEATURES) if unsaid else parameters.excluded,
    )


def _fitted(cases: Sequence[tuple[Mapping[str, float], bool]], names: Sequence[str]) -> LogisticModel:
    """Fit a model to (features, right) cases."""
    return fit_logistic([features for features, _ in cases], [right for _, right in cases], names, PENALTY)


def _fit_skills(
    scores: SkillScores, gold: Gold, held_out: Iterable[set[str]]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Choose the thresholds of the skills route: the score with the highest F1 for core, and for any degree.

    The report holds, per degree, the threshold chosen without each fold and the F1 that it reaches on that fold.
    """
    scored = scores.by_occupation()
    thresholds: dict[str, float] = {}
    report: dict[str, Any] = {}
    for degree in ("core", "related"):
        cases: list[tuple[str, float, bool]] = []
        for iri in sorted(gold):
            for domain, value in scored[iri].items():
                opinions = gold[iri].get(domain, NONE).opinions
                open_question = len(opinions) == 2 and ("core" if degree == "core" else "none") in opinions
                if not open_question and not np.isnan(value):
                    cases.append((iri, value, "core" in opinions if degree == "core" else "none" not in opinions))
        chosen = []
        tally = [0, 0, 0]
        for fold in held_out:
            cut = _best_cut([(v, y) for iri, v, y in cases if iri not in fold])
            chosen.append(round(cut, 3))
            for iri, value, truth in cases:
                if iri in fold:
                    count(tally, value >= cut, truth)
        thresholds[degree] = round(_best_cut([(v, y) for _, v, y in cases]), 3)
        report[degree] = {
            "threshold": thresholds[degree],
            "by_fold": chosen,
            "cross_validated_f1": figures(*tally)["f1"],
        }
    # Core asks for at least as much as related, whatever a small reading may say.
    thresholds["core"] = max(thresholds["core"], thresholds["related"])
    return thresholds, report


def _best_cut(cases: Sequence[tuple[float, bool]]) -> float:
    """Return the score from which on calling everything positive has the highest F1."""
    values = np.array([v for v, _ in cases])
    truth = np.array([y for _, y in cases], dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
    return float(values[order][int(np.argmax(f1))])
