"""The evidence of a pair in numbers, and the logistic model that weighs it.

Two questions are asked of each (occupation, domain): is it in scope at all, and if so, is it core? Each is an
additive sum of log-odds over the features below, so that a decision can be read off the parameters: a positive
coefficient is the log-odds that this piece of evidence adds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

# Evidence of an uncurated pair. isco and nace: 1 where the route asserts that degree; label: the score of the label
# assertion of that degree; skills: the skills score in standard units, clipped; agree2 and agree3: 1 where at least
# two, or all three, of isco, nace and label assert the domain in whatever degree.
FEATURES = (
    "isco_core",
    "isco_related",
    "nace_core",
    "nace_related",
    "label_core",
    "label_related",
    "skills",
    "agree2",
    "agree3",
)

# Evidence about a curated statement. is_core: the degree that the reader gave; same, other: how many of the four other
# routes assert the same degree, or the other one; skills as above.
CURATED_FEATURES = ("is_core", "same", "other", "skills")

# Evidence about a curated exclusion (said, or implied by silence): how many other routes contradict it, and skills.
EXCLUDED_FEATURES = ("against", "skills")

# Beyond these, the skills score says nothing more and would only pull the straight line of the model.
SKILLS_RANGE = (-2.0, 5.0)

# The smallest and largest confidence: nothing that has been measured on some hundred rows is surer than that.
CONFIDENCE_RANGE = (0.01, 0.99)


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """Log-odds = intercept + sum of coefficient x feature."""

    intercept: float
    coefficients: dict[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the modelled probability for one set of features; a feature that is not given counts 0."""
        odds = self.intercept + sum(c * features.get(name, 0.0) for name, c in self.coefficients.items())
        return float(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0))))


@dataclass(frozen=True, slots=True)
class Parameters:
    """All numbers of the decision rule; ``fitted`` says from what and how."""

    in_scope: LogisticModel
    core: LogisticModel
    curated: LogisticModel
    excluded: LogisticModel
    in_scope_threshold: float
    core_threshold: float
    skills_thresholds: dict[str, float]
    route_precision: dict[str, float]
    fitted: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as plain values, keys in a fixed order, numbers with four decimals."""
        plain: dict[str, Any] = _rounded(asdict(self))
        return plain

    def to_json(self) -> str:
        """Return the same as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Parameters:
        """Take up what :meth:`as_dict` gave; a missing key is a KeyError naming it."""
        models = {
            name: LogisticModel(
                float(data[name]["intercept"]), {k: float(v) for k, v in data[name]["coefficients"].items()}
            )
            for name in ("in_scope", "core", "curated", "excluded")
        }
        return cls(
            **models,
            in_scope_threshold=float(data["in_scope_threshold"]),
            core_threshold=float(data["core_threshold"]),
            skills_thresholds={k: float(v) for k, v in data["skills_thresholds"].items()},
            route_precision={k: float(v) for k, v in data["route_precision"].items()},
            fitted=dict(data["fitted"]),
        )


@lru_cache(maxsize=1)
def default_parameters() -> Parameters:
    """Return the parameters that come with the package."""
    return Parameters.of(json.loads(resources.files(__package__).joinpath("parameters.json").read_text("utf-8")))


def fit_logistic(
    rows: Sequence[Mapping[str, float]], outcomes: Sequence[bool], names: Sequence[str], penalty: float
) -> LogisticModel:
    """Fit by penalised maximum likelihood (ridge on the coefficients, not on the intercept), Newton's method.

    ``rows`` and ``outcomes`` run in parallel. With few outcomes of one kind the penalty keeps coefficients finite.
    """
    x = np.array([[1.0, *(row.get(name, 0.0) for name in names)] for row in rows], dtype=np.float64)
    y = np.asarray(outcomes, dtype=np.float64)
    # A whisper of a penalty on the intercept too, for the case that all outcomes are alike.
    ridge = np.array([1e-3, *([penalty] * len(names))])
    w = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30.0, 30.0)))
        gradient = x.T @ (p - y) + ridge * w
        hessian = (x * (p * (1.0 - p))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        # Newton's step can overshoot while the odds are far off; a bounded step always comes home.
        w -= step / max(1.0, float(np.abs(step).max()) / 5.0)
        if float(np.abs(step).max()) < 1e-9:
            break
    return LogisticModel(float(w[0]), dict(zip(names, w[1:].tolist(), strict=True)))


def _rounded(value: Any) -> Any:
    """Round every number in nested data to four decimals, so that a fit is the same on every machine."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value
