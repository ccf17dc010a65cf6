"""The figures that the clusters are held to, and a comparison with other ways of making them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.skills import Stage, areas, clusters, coherence, derive, prepare, quality, rescoped
from analysis.skills.consensus import WIDE, Lens, Settings, partition
from analysis.skills.graph import Features, Relatedness, Weights, features, knn, leiden
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import Floats, Ints, Use
from analysis.skills.tables import Cluster, Level, SkillsResult, SkillTables, Unit, at_level

SEEDS = 3
LEFT_OUT_RUNS = 5
LEFT_OUT = 0.1
CENTRAL = 10
_PUBLISHED = (
    "clusters", "modularity", "conductance", "coverage", "tiny_share", "largest_share", "silhouette", "group_ami",
    "occupation_support",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labels:
    """Skills with the numbers of their clusters: as published, by area, and as found before areas were looked at."""

    skills: list[str]
    broad: Ints
    fine: Ints
    free: Ints

    def at(self, level: str) -> tuple[list[str], Ints]:
        """Skills and numbers of one level, or of ``free``."""
        return self.skills, getattr(self, level)


class Bench:
    """Everything that clustering one unit needs, built once from a set of tables.

    ``like`` is a bench of the same skills: what does not change is taken from it, which is nearly all where only the scope
    differs.
    """

    def __init__(self, tables: SkillTables, like: Bench | None = None) -> None:
        same = like is not None and like.stage.tables.occupations.keys() == tables.occupations.keys()
        self.stage: Stage = (
            rescoped(like.stage, tables) if like and same else prepare(tables, like.hierarchy if like else None)
        )
        self.use: Use = self.stage.use
        self.hierarchy: Hierarchy = self.stage.hierarchy
        self.units = {u.id: u for u in self.stage.units}
        self.features: Features = like.features if like and same else features(tables, self.use, self.hierarchy)

    def skills(self, unit: Unit) -> Ints:
        """Columns of the skills to cluster."""
        return clusters.clustered_skills(self.use, unit, self.stage.specialisations(unit))

    def labels(self, unit: Unit, settings: Settings) -> Labels:
        """What clusters the skills of a unit are in."""
        columns = self.skills(unit)
        free = partition(self.features, columns, self.use.rows(unit.weights), settings)
        fit = areas.fit(areas.areas_of(self.stage.tables, unit), self.features, columns)
        part, _ = clusters.by_area(free, fit, settings)
        return Labels([self.use.skills[j] for j in columns], part.broad, part.fine, free.broad)


def without(tables: SkillTables, domain: str, unit: Unit, run: int, from_esco: bool) -> SkillTables:
    """The tables with a random tenth of the unit's occupations left out: of its scope, or of ESCO altogether."""
    occupations = sorted(unit.weights)
    rng = np.random.default_rng(1000 + run)
    gone = {occupations[i] for i in rng.choice(len(occupations), round(len(occupations) * LEFT_OUT), replace=False)}
    scope = {
        key: s for key, s in tables.scope.items() if not (key[0] in gone and (domain in ("ccsi", key[1]) or from_esco))
    }
    kept = {o: v for o, v in tables.occupations.items() if not (from_esco and o in gone)}
    return replace(tables, scope=scope, occupations=kept)


def agreement(a: tuple[list[str], Ints], b: tuple[list[str], Ints]) -> float:
    """AMI over the skills that both have."""
    other = dict(zip(*b, strict=True))
    pairs = [(x, other[s]) for s, x in zip(*a, strict=True) if s in other]
    return quality.ami(np.array([x for x, _ in pairs]), np.array([y for _, y in pairs]))


class Evaluation:
    """The figures of a release, domain by domain; what all domains share is made once.

    ``result`` is what ``derive`` gave, if that is at hand; ``alternatives`` are English alternative labels by skill.
    """

    def __init__(
        self,
        tables: SkillTables,
        result: SkillsResult | None = None,
        alternatives: Mapping[str, Sequence[str]] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.result = result or derive(tables, settings=self.settings)
        self.bench = Bench(tables)
        self._space = coherence.text_space(tables, alternatives or {})

    def of(self, domain: str, seeds: int = SEEDS, left_out_runs: int = LEFT_OUT_RUNS) -> dict[str, Any]:
        """All figures of one domain, per level, as a JSON-ready dict.

        ``seed_ami``: mean AMI over all pairs of whole runs with different seeds. ``left_out_ami``: mean AMI between the
        full run and runs without a random tenth of the domain's occupations, which stay in ESCO (somebody decides that
        they do not belong); ``left_out_esco_ami``: the same with the occupations gone from ESCO altogether, which is harder,
        since the relatedness of every skill they used changes too. ``left_out_free_ami`` is ``left_out_ami`` of the clusters
        as they are found, before areas unite and name them: what the hand-written areas add to stability is the difference.
        ``intruder`` draws members evenly, ``intruder_central`` among the ten most central; ``intruder_esco_groups`` and
        ``intruder_shuffled`` are what to read them against: see :mod:`analysis.skills.coherence`.
        """
        unit = self.bench.units[domain]
        first = self.bench.labels(unit, self.settings)
        others = [replace(self.settings, seed=self.settings.seed + 1000 * (i + 1)) for i in range(seeds - 1)]
        runs = [first, *(self.bench.labels(unit, other) for other in others)]
        dropped = {gone: list(self._without_a_tenth(unit, left_out_runs, gone)) for gone in (False, True)}
        figures: dict[str, Any] = {
            "occupations": len(unit.weights),
            "core": unit.core,
            "small": unit.small,
            "skills": len(first.skills),
        }
        pairs = [(a, b) for i, a in enumerate(runs) for b in runs[i + 1 :]]
        for level in clusters.LEVELS:
            found = next(q for q in self.result.quality if q.domain == domain and q.level == level)
            figures[level] = {
                **{name: getattr(found, name) for name in _PUBLISHED},
                "seed_ami": _mean([agreement(a.at(level), b.at(level)) for a, b in pairs]),
                "left_out_ami": _mean([agreement(first.at(level), b.at(level)) for b in dropped[False]]),
                "left_out_esco_ami": _mean([agreement(first.at(level), b.at(level)) for b in dropped[True]]),
                "left_out_free_ami": _mean([agreement(first.at("free"), b.at("free")) for b in dropped[False]]),
                **_intruders(self.result.clusters, self.bench.hierarchy, domain, level, *self._space),
            }
        return figures

    def _without_a_tenth(self, unit: Unit, runs: int, from_esco: bool) -> Iterator[Labels]:
        for run in range(runs):
            tables = without(self.bench.stage.tables, unit.id, unit, run, from_esco)
            other = Bench(tables, self.bench)
            if unit.id in other.units:
                yield other.labels(other.units[unit.id], self.settings)


def _intruders(
    made: Sequence[Cluster], hierarchy: Hierarchy, domain: str, level: Level, vectors: Floats, row: Mapping[str, int]
) -> dict[str, float | None]:
    skills = sorted(m.skill for c in at_level(made, domain, level) for m in c.members if m.primary)
    sets = {
        "intruder": coherence.intruder_sets(made, domain, level),
        "intruder_central": coherence.intruder_sets(made, domain, level, central=CENTRAL),
        "intruder_esco_groups": coherence.esco_sets(hierarchy, skills, domain),
        "intruder_shuffled": coherence.shuffled_sets(made, domain, level),
    }
    return {name: coherence.intruder_accuracy(asked, vectors, row, skills) for name, asked in sets.items()}


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


ALTERNATIVES: Mapping[str, Settings] = {
    "use only (cosine), k 6": Settings(lenses=(Lens(Weights(1, 0, 0, 0), 6),)),
    "use and kind, k 6": Settings(lenses=(Lens(Weights(1, 1, 0, 0), 6),)),
    "ESCO groups and links only, k 6": Settings(lenses=(Lens(Weights(0, 0, 1, 1), 6),)),
    "all four, k 6": Settings(lenses=(WIDE,)),
    "all four, k 10": Settings(lenses=(Lens(Weights(), 10),)),
    "all four, k 15": Settings(lenses=(Lens(Weights(), 15),)),
    "published: k 6, every fourth view closer": Settings(),
    "published, no occupations left out": Settings(views=0, runs=60, large=100_000),
}


def association(use: Use, skills: Ints, measure: str) -> Floats:
    """Other measures of co-use, over all of ESCO: minimum conditional probability, NPMI (negative set to 0)."""
    b = use.binary[:, skills]
    together = np.asarray((b.T @ b).toarray(), dtype=np.float64)
    count = together.diagonal().copy()
    np.fill_diagonal(together, 0.0)
    if measure == "minimum conditional probability":
        result: Floats = together / np.maximum(np.maximum(count[:, None], count[None, :]), 1)
        return result
    n = len(use.occupations)
    p = np.where(together > 0, together / n, 0.5)
    pmi = np.log(p * n * n / np.maximum(np.outer(count, count), 1))
    return np.where((together > 0) & (pmi > 0), pmi / -np.log(p), 0.0)


def compare_alternatives(
    tables: SkillTables, domains: Sequence[str], alternatives: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """One row per domain and method: clusters, modularity, stability over seeds and left-out tenths (3), intruder test.

    Modularity is that of each method's own graph, so it compares methods on one graph only. The intruder test draws
    from the partition alone: that a skill leans on another cluster is not known to every method.
    """
    bench = Bench(tables)
    vectors, row = coherence.text_space(tables, alternatives)
    rows: list[dict[str, Any]] = []
    for domain in domains:
        unit = bench.units[domain]
        columns = bench.skills(unit)
        names = [bench.use.skills[j] for j in columns]
        others = [Bench(without(tables, domain, unit, run, False), bench) for run in range(3)]

        def intruder(labels: Ints, names: list[str] = names, name: str = domain) -> float | None:
            return coherence.intruder_accuracy(coherence.partition_sets(names, labels, name), vectors, row, names)

        def plain(b: Bench, measure: str, seed: int, name: str = domain) -> tuple[list[str], Ints, Any]:
            mine = b.skills(b.units[name])
            similarity = (
                Relatedness(b.features, mine, Weights(1, 0, 0, 0)).without(np.array([], dtype=np.int64))
                if measure == "cosine"
                else association(b.use, mine, measure)
            )
            graph = knn(similarity, 15)
            return [b.use.skills[j] for j in mine], leiden(graph, 1.0, seed), graph

        for measure in ("cosine", "minimum conditional probability", "NPMI"):
            runs = [plain(bench, measure, seed) for seed in (1, 2, 3)]
            rows.append(
                {
                    "domain": domain,
                    "method": f"plain Leiden, {measure}, k 15",
                    "clusters": int(runs[0][1].max()) + 1,
                    "modularity": quality.modularity(runs[0][2], runs[0][1]),
                    "seed_ami": _mean([agreement(runs[0][:2], r[:2]) for r in runs[1:]]),
                    "left_out_ami": _mean([agreement(runs[0][:2], plain(b, measure, 1)[:2]) for b in others]),
                    "intruder": intruder(runs[0][1]),
                }
            )
        for method, settings in ALTERNATIVES.items():
            part = partition(bench.features, columns, bench.use.rows(unit.weights), settings)
            again = bench.labels(unit, replace(settings, seed=settings.seed + 1000))
            dropped = [b.labels(b.units[domain], settings) for b in others]
            rows.append(
                {
                    "domain": domain,
                    "method": f"consensus, {method}",
                    "clusters": int(part.broad.max()) + 1,
                    "modularity": quality.modularity(part.graph, part.broad),
                    "seed_ami": agreement((names, part.broad), again.at("free")),
                    "left_out_ami": _mean([agreement((names, part.broad), d.at("free")) for d in dropped]),
                    "intruder": intruder(part.broad),
                }
            )
    return rows
