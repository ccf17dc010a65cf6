"""ESCO's skill hierarchy, which is a poly-hierarchy: ancestors, and shares that still add up to 1."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.above import all_above
from analysis.skills.tables import SkillTables

UNCLASSIFIED = ""
T_BRANCH = "T"


@dataclass(slots=True)
class Hierarchy:
    """Looks up ancestors and flows; results are kept, since every domain asks for the same skills."""

    tables: SkillTables
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict)
    _flow: dict[str, dict[str, float]] = field(default_factory=dict)

    def parents(self, iri: str) -> tuple[str, ...]:
        """Direct parents (skills or groups) that the tables hold, sorted."""
        skill = self.tables.skills.get(iri)
        group = self.tables.groups.get(iri)
        broader = skill.broader if skill else group.broader if group else frozenset()
        return tuple(sorted(b for b in broader if b in self.tables.skills or b in self.tables.groups))

    def ancestors(self, iri: str) -> frozenset[str]:
        """All groups and skills above, by any path."""
        known = self._ancestors.get(iri)
        if known is None:
            known = self._ancestors[iri] = frozenset(all_above(iri, self.parents) - {iri})
        return known

    def flow(self, iri: str) -> dict[str, float]:
        """How one unit of use of a skill spreads over the groups above it.

        Every node passes what it receives to its parents in equal parts, so on any cut through the hierarchy, such as
        the top branches S, K, L and T, the parts add up to 1. A skill without parents flows to ``UNCLASSIFIED``.

        Raises ValueError on a cycle, which the loader never lets into a release.
        """
        path = [] if iri in self._flow else [iri]
        while path:
            above = next((p for p in self.parents(path[-1]) if p not in self._flow), None)
            if above is None:
                self._flow[path[-1]] = self._passed_on(path[-1])
                path.pop()
            elif above in path:
                raise ValueError(f"The hierarchy has a cycle through {above}.")
            else:
                path.append(above)
        return self._flow[iri]

    def _passed_on(self, iri: str) -> dict[str, float]:
        """What reaches the groups above, once the flow of every parent is known."""
        parents = self.parents(iri)
        if not parents and iri in self.tables.skills:
            return {UNCLASSIFIED: 1.0}
        weights: dict[str, float] = {}
        for p in parents:
            part = 1.0 / len(parents)
            if p in self.tables.groups:
                weights[p] = weights.get(p, 0.0) + part
            for a, share in self._flow[p].items():
                weights[a] = weights.get(a, 0.0) + part * share
        return weights

    def code(self, iri: str) -> str:
        """The code of a group, or "" for anything else."""
        group = self.tables.groups.get(iri)
        return group.code if group else ""

    def is_t(self, iri: str) -> bool:
        """Whether a group belongs to the T branch (transversal skills and competences)."""
        return self.code(iri).startswith(T_BRANCH)

    def t_groups(self, skill: str) -> tuple[str, ...]:
        """Codes of the deepest T groups above a skill."""
        groups = {a for a in self.ancestors(skill) if self.is_t(a)}
        above = {b for g in groups for b in self.ancestors(g)}
        return tuple(sorted(self.code(g) for g in groups - above))
