"""The rule that turns the statements of all routes into one decision per (occupation, domain).

1. **A reader decides.** Where an occupation has a curated statement, curation covers it as a whole: the pairs it
   names have the degree it names; a domain that only other routes assert, or that it excludes, is ``excluded``. An
   occupation that is known to have been read and about which the reader said nothing is outside every domain.
2. **Otherwise evidence is weighed** (:mod:`analysis.scope.model`): in scope where the modelled probability reaches
   the threshold, core where the second model says so. This is what a new ESCO release gets on the day it appears.
3. **Without the label or the skills route** the model has nothing to weigh, and the plain rule stands: in scope is
   what any route asserts, with the highest degree asserted and the measured precision of that route as confidence.

Confidence is the estimated probability that a careful reader would say the same degree of the same pair; each of the
cases has its own model, since a read occupation and one judged by its codes are not equally sure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from analysis.scope.model import CONFIDENCE_RANGE, SKILLS_RANGE, Parameters
from analysis.scope.skills_route import SkillScores
from analysis.tables import ASSERTION_ORDER, Assertion, Decision, Degree, Route

# In this order routes say the sub-domain and the function: the most deliberate statement first.
_DETAIL_ORDER: tuple[Route, ...] = ("curated", "nace", "isco", "label")

_BY_DOMAIN = Mapping[str, Sequence[Assertion]]


def pair_features(assertions: Iterable[Assertion], skills: float) -> dict[str, float]:
    """Return the features (``model.FEATURES``) of an uncurated pair from its assertions and its skills score."""
    features = {"skills": clipped(skills)}
    agreeing: set[str] = set()
    for a in assertions:
        if a.route in ("isco", "nace", "label") and a.degree != "excluded":
            value = (a.score if a.score is not None else 1.0) if a.route == "label" else 1.0
            name = f"{a.route}_{a.degree}"
            features[name] = max(features.get(name, 0.0), value)
            agreeing.add(a.route)
    features["agree2"] = float(len(agreeing) >= 2)
    features["agree3"] = float(len(agreeing) >= 3)
    return features


def curated_features(degree: Degree, assertions: Iterable[Assertion], skills: float) -> dict[str, float]:
    """Return the features (``model.CURATED_FEATURES``) of a pair that a reader gave ``degree``."""
    said = _degrees_by_route(assertions)
    return {
        "is_core": float(degree == "core"),
        "same": float(sum(degree in degrees for degrees in said.values())),
        "other": float(sum(degree not in degrees for degrees in said.values())),
        "skills": clipped(skills),
    }


def excluded_features(assertions: Iterable[Assertion], skills: float) -> dict[str, float]:
    """Return the features (``model.EXCLUDED_FEATURES``) of a pair that curation excludes, by word or by silence."""
    return {"against": float(len(_degrees_by_route(assertions))), "skills": clipped(skills)}


def clipped(skills: float) -> float:
    """Return a skills score within the range that the model knows; no score at all is the average pair, 0."""
    return 0.0 if math.isnan(skills) else min(max(skills, SKILLS_RANGE[0]), SKILLS_RANGE[1])


def _degrees_by_route(assertions: Iterable[Assertion]) -> dict[str, set[str]]:
    """Collect the degrees that each uncurated route asserts."""
    said: dict[str, set[str]] = {}
    for a in assertions:
        if a.route != "curated" and a.degree != "excluded":
            said.setdefault(a.route, set()).add(a.degree)
    return said


def decide(
    assertions: Iterable[Assertion],
    scores: SkillScores | None,
    domains: Sequence[str],
    weigh: bool,
    parameters: Parameters,
    read: Collection[str] = frozenset(),
) -> tuple[Decision, ...]:
    """Apply the rule to every occupation that has an assertion or a skills score.

    ``scores`` are the skills scores (None where that route is off); ``weigh`` chooses between the model and the plain
    rule; ``read`` are occupations that readers have looked at, beyond those they made a statement about. The result
    is sorted by occupation and domain and does not depend on the order of the assertions.
    """
    by_occupation: dict[str, dict[str, list[Assertion]]] = {}
    for a in sorted(assertions, key=ASSERTION_ORDER):
        by_occupation.setdefault(a.occupation, {}).setdefault(a.domain, []).append(a)
    scored = {} if scores is None else scores.by_occupation()

    result: list[Decision] = []
    for occupation in sorted(by_occupation.keys() | scored.keys()):
        by_domain = by_occupation.get(occupation, {})
        skills = {d: scored.get(occupation, {}).get(d, math.nan) for d in domains}
        if any(a.route == "curated" for said in by_domain.values() for a in said):
            result.extend(_read_decisions(occupation, by_domain, skills, parameters))
            continue
        decided = (
            _weighed_decisions(occupation, by_domain, skills, parameters)
            if weigh
            else _plain_decisions(occupation, by_domain, parameters)
        )
        if occupation in read:
            # The reader passed this occupation over: what evidence alone would let in is shown as excluded.
            decided = [_excluded(occupation, d.domain, d.based_on, skills, parameters) for d in decided if d.based_on]
        result.extend(decided)
    return tuple(sorted(result, key=lambda d: (d.occupation, d.domain)))


def _read_decisions(
    occupation: str, by_domain: _BY_DOMAIN, skills: Mapping[str, float], parameters: Parameters
) -> list[Decision]:
    """Decide an occupation that curation speaks about: nothing is in scope that curation does not name."""
    result: list[Decision] = []
    everywhere = tuple(a for a in by_domain.get("", ()) if a.route == "curated")
    for domain in sorted(by_domain.keys() - {""}):
        said = tuple(by_domain[domain])
        degree = _curated_degree(said)
        if degree is None or degree == "excluded" or everywhere:
            # Every curated statement about the occupation is the reason why a domain that it leaves out is out.
            whole = everywhere or tuple(a for d in sorted(by_domain) for a in by_domain[d] if a.route == "curated")
            named = tuple(a for a in said if a.route == "curated")
            others = tuple(a for a in said if a.route != "curated")
            result.append(_excluded(occupation, domain, (named or whole) + others, skills, parameters))
        else:
            confidence = parameters.curated.probability(curated_features(degree, said, skills.get(domain, math.nan)))
            result.append(_decision(occupation, domain, degree, confidence, said))
    if everywhere and not result:
        result.append(_excluded(occupation, "", everywhere, skills, parameters))
    return result


def _curated_degree(said: Iterable[Assertion]) -> Degree | None:
    """Return what curation says of a pair: an exclusion outweighs a degree, core outweighs related; None if silent."""
    degrees = {a.degree for a in said if a.route == "curated"}
    order: tuple[Degree, ...] = ("excluded", "core", "related")
    return next((d for d in order if d in degrees), None)


def _excluded(
    occupation: str, domain: str, based_on: tuple[Assertion, ...], skills: Mapping[str, float], parameters: Parameters
) -> Decision:
    """Return the explicit no, sure in the measure that no other route contradicts it."""
    confidence = parameters.excluded.probability(excluded_features(based_on, skills.get(domain, math.nan)))
    contradicted = any(a.route != "curated" and a.degree != "excluded" for a in based_on)
    return Decision(occupation, domain, "excluded", bounded(confidence), based_on, contradicted)


def _weighed_decisions(
    occupation: str, by_domain: _BY_DOMAIN, skills: Mapping[str, float], parameters: Parameters
) -> list[Decision]:
    """Decide by the model, whatever route the evidence comes from."""
    result: list[Decision] = []
    for domain in skills:
        said = tuple(by_domain.get(domain, ()))
        if not said:
            # A decision needs an assertion to rest on; a skills score below its threshold is none.
            continue
        features = pair_features(said, skills[domain])
        in_scope = parameters.in_scope.probability(features)
        if in_scope < parameters.in_scope_threshold:
            continue
        core = parameters.core.probability(features)
        degree: Degree = "core" if core >= parameters.core_threshold else "related"
        confidence = in_scope * (core if degree == "core" else 1.0 - core)
        result.append(_decision(occupation, domain, degree, confidence, said))
    return result


def _plain_decisions(occupation: str, by_domain: _BY_DOMAIN, parameters: Parameters) -> list[Decision]:
    """Decide by union: what a route asserts is in scope, with the highest degree that any route asserts."""
    result: list[Decision] = []
    for domain, assertions in by_domain.items():
        said = tuple(a for a in assertions if a.degree != "excluded")
        if said:
            degree: Degree = "core" if any(a.degree == "core" for a in said) else "related"
            confidence = max(
                parameters.route_precision.get(f"{a.route}_{a.degree}", 0.5) for a in said if a.degree == degree
            )
            result.append(_decision(occupation, domain, degree, confidence, said))
    return result


def _decision(occupation: str, domain: str, degree: Degree, confidence: float, said: tuple[Assertion, ...]) -> Decision:
    """Assemble a decision in scope, with its sub-domain and functions from the assertions that agree to it."""
    by_route = {route: [a for a in said if a.route == route] for route in _DETAIL_ORDER}
    # Where a curator read the occupation and named no sub-domain, a code must not name one for it.
    telling = ("curated",) if by_route.get("curated") else _DETAIL_ORDER
    sub_domains = (a.sub_domain for route in telling for a in by_route[route] if a.sub_domain)
    functions = (sorted({a.function for a in by_route[route] if a.function}) for route in _DETAIL_ORDER)
    charter = (sorted({a.charter_function for a in by_route[route] if a.charter_function}) for route in _DETAIL_ORDER)
    return Decision(
        occupation=occupation,
        domain=domain,
        degree=degree,
        confidence=bounded(confidence),
        based_on=said,
        contradicted=any(a.degree != degree for a in said),
        sub_domain=next(sub_domains, ""),
        functions=tuple(next((f for f in functions if f), ())),
        charter_functions=tuple(next((c for c in charter if c), ())),
        further_sub_domains=tuple(sorted({s for a in said for s in a.further_sub_domains})),
    )


def bounded(confidence: float) -> float:
    """Round to four decimals within the range that the data can support."""
    return round(min(max(confidence, CONFIDENCE_RANGE[0]), CONFIDENCE_RANGE[1]), 4)
