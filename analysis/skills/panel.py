"""What panels of experts adopted of clusters, skills and transversal flags, laid over what was derived, entry by entry.

Nothing is derived anew: figures, the other clusters and the other skills are as they would be without a panel. A skill
keeps the weight that its ties give it wherever it stands; a cluster that a panel makes has the figures of the one that it
was taken from, and the panel's agreement for its stability.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from analysis.skills.clusters import CENTRAL, MIN_OCCUPATION_SKILLS, SOFT_SHARE
from analysis.skills.identity import jaccard
from analysis.skills.names import compose_descriptions
from analysis.skills.specialisation import SPECIAL_LQ
from analysis.skills.tables import Cluster, LineageEntry, Member, SkillsResult, SkillTables, Specialisation

ClusterOutcome = Literal["keep", "rename", "split", "merge", "retire"]
SkillOutcome = Literal["move", "ours", "not-ours"]
FlagOutcome = Literal["transversal", "not-transversal"]
Outcome = ClusterOutcome | SkillOutcome | FlagOutcome
CLUSTER_OUTCOMES: tuple[ClusterOutcome, ...] = get_args(ClusterOutcome)
SKILL_OUTCOMES: tuple[SkillOutcome, ...] = get_args(SkillOutcome)
FLAG_OUTCOMES: tuple[FlagOutcome, ...] = get_args(FlagOutcome)
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SkillDecision:
    """One entry of a panel.

    ``cluster`` is the broad cluster that it speaks of; of a skill that moves, where to. ``into`` is the cluster that takes
    a merged one in, or the new one of a split, which gets ``skills`` and ``labels``. ``sources`` are the entries' IRIs.
    """

    outcome: Outcome
    sources: tuple[str, ...]
    agreement: float
    domain: str = ""
    cluster: str = ""
    into: str = ""
    skills: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def claims(self) -> dict[Key, str]:
        """What it says of what; two entries differ where one of these does."""
        if self.outcome in FLAG_OUTCOMES:
            return {("transversal", s): self.outcome for s in self.skills}
        if self.outcome == "rename":
            return {("name", self.cluster): str(self.labels)}
        if self.outcome in ("keep", "retire"):
            return {("cluster", self.cluster): self.outcome}
        if self.outcome == "merge":
            return {("cluster", self.cluster): f"merge into {self.into}"}
        belongs: dict[Key, str] = {
            ("skill", self.domain, s): "not-ours" if self.outcome == "not-ours" else "ours" for s in self.skills
        }
        if self.outcome in ("ours", "not-ours"):
            return belongs
        target = self.into if self.outcome == "split" else self.cluster
        placed: dict[Key, str] = {("place", self.domain, s): target for s in self.skills}
        return belongs | placed | ({("cluster", target): "split"} if self.outcome == "split" else {})


@dataclass(frozen=True, slots=True)
class Behind:
    """A node of the graphs that an entry stands behind: ``key`` is its cluster or domain, ``skill`` its skill.

    Of a lineage they are the new cluster and the old one.
    """

    kind: Literal["cluster", "membership", "skill", "transversality", "lineage"]
    key: str
    skill: str
    decision: SkillDecision


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The result with the entries laid over it, which nodes each entry stands behind, and what found no place."""

    result: SkillsResult
    behind: tuple[Behind, ...] = ()
    notes: tuple[str, ...] = ()


def overlay(result: SkillsResult, tables: SkillTables, adopted: Iterable[SkillDecision]) -> Overlaid:
    """Lay the entries over a result: names, splits, places of skills, merges, retirements, flags, in this order."""
    decisions = sorted(adopted, key=lambda d: (_ORDER.index(d.outcome), d.cluster, d.into, d.skills, d.sources))
    if not decisions:
        return Overlaid(result)
    maps = _Maps(result, tables)
    for decision in decisions:
        if said := maps.apply(decision):
            maps.notes.append(f"panel entry {' '.join(decision.sources)} set aside: {said}")
    return maps.overlaid()


_ORDER: tuple[Outcome, ...] = (
    "keep", "rename", "split", "move", "ours", "not-ours", "merge", "retire", "transversal", "not-transversal",
)  # fmt: skip


class _Maps:
    """The clusters and rows while entries are laid over them."""

    def __init__(self, result: SkillsResult, tables: SkillTables) -> None:
        self.result, self.tables = result, tables
        self.clusters = {c.id: c for c in result.clusters}
        self.members = {c.id: {m.skill: m for m in c.members} for c in result.clusters}
        self.goes: dict[str, str] = {}  # a cluster that is no more -> the one that took it in, or ""
        self.touched: set[str] = set()
        self.area: dict[tuple[str, str], str] = {}  # (domain, skill) -> where it stands on the map now
        self.used = {(r.unit, r.skill) for r in result.specialisations}
        self.ours: set[tuple[str, str]] = set()
        self.flags: dict[str, bool] = {}
        domains = {u.id for u in result.units if u.kind == "domain"}
        self.told = {r.skill for r in result.specialisations if r.unit in domains}
        self.told |= {t.skill for t in result.transversality if t.collection}
        self.lineage: list[LineageEntry] = []
        self.behind: list[Behind] = []
        self.notes: list[str] = []

    def apply(self, d: SkillDecision) -> str:
        """Lay one entry over the maps; why it cannot be, or ""."""
        if d.outcome in FLAG_OUTCOMES:
            return self._flag(d)
        if d.outcome in ("move", "ours", "not-ours"):
            return self._skill(d)
        cluster = self.clusters.get(d.cluster)
        if cluster is None or cluster.level != "broad":
            return f"this release has no broad cluster {d.cluster}"
        if d.outcome == "rename":
            self.clusters[d.cluster] = replace(cluster, labels=dict(d.labels))
        elif d.outcome == "split":
            return self._split(d, cluster)
        elif d.outcome == "merge":
            return self._merge(d, cluster)
        elif d.outcome == "retire":
            self._retire(d, cluster)
            return ""
        self.behind.append(Behind("cluster", d.cluster, "", d))
        return ""

    def _flag(self, d: SkillDecision) -> str:
        if unknown := [s for s in d.skills if s not in self.told]:
            return f"no domain of this release uses {unknown[0]}"
        for skill in d.skills:
            self.flags[skill] = d.outcome == "transversal"
            self.behind.append(Behind("transversality", "", skill, d))
        return ""

    def _skill(self, d: SkillDecision) -> str:
        target = self._now(d.cluster) if d.outcome == "move" else ""
        if d.outcome == "move" and not target:
            return f"this release has no broad cluster {d.cluster}"
        if target and self.clusters[target].domain != d.domain:
            return f"{d.cluster} is no cluster of {d.domain}"
        if unused := [s for s in d.skills if (d.domain, s) not in self.used]:
            return f"no occupation of {d.domain} uses {unused[0]}"
        for skill in d.skills:
            if d.outcome == "not-ours":
                self._off(d.domain, skill)
            else:
                self.ours.add((d.domain, skill))
                home = self._home(d.domain, skill)
                where = target or home or self._leans_most(d.domain, skill)
                if where and where != home:
                    self._place(d, skill, where)
                elif where:
                    self.behind.append(Behind("membership", where, skill, d))
            self.behind.append(Behind("skill", d.domain, skill, d))
        return ""

    def _split(self, d: SkillDecision, cluster: Cluster) -> str:
        """Make a cluster of skills of one, and of others of its domain where people took some from there too."""
        domain = cluster.domain
        homes = {s: self._home(domain, s) for s in d.skills}
        if lost := [s for s, home in homes.items() if not home]:
            return f"{lost[0]} is in no cluster of {domain}"
        if d.into in self.clusters or cluster.id not in homes.values():
            return f"{d.into} is there already, or takes nothing from {cluster.id}"
        ordered = sorted((self.members[homes[s]][s] for s in d.skills), key=lambda m: (-m.centrality, m.rank, m.skill))
        names = tuple(m.skill for m in ordered)
        before = {c: frozenset(s for s, m in self.members[c].items() if m.primary) for c in {*homes.values()}}
        self.clusters[d.into] = replace(
            cluster, id=d.into, labels=dict(d.labels), members=(), central=names[:CENTRAL], telling=names[:2], area="",
            groups=(), fields=(), occupations=(), neighbours=(), support=self._support(domain, names),
            stability=d.agreement, reliable=False,
        )  # fmt: skip
        self.members[d.into] = {}
        for fine in self._of(domain, "fine"):
            own = {s for s, m in self.members[fine].items() if m.primary}
            if own and own <= {*names}:
                self.clusters[fine] = replace(self.clusters[fine], parent=d.into, area="")
                continue
            for skill in own & {*names}:
                del self.members[fine][skill]
                self.touched.add(fine)
        for member in ordered:
            del self.members[homes[member.skill]][member.skill]
            self._join(d.into, member)
            self.area[domain, member.skill] = ""
            self.behind.append(Behind("membership", d.into, member.skill, d))
            self.behind.append(Behind("skill", domain, member.skill, d))
        for old, held in sorted(before.items()):
            self.touched.add(old)
            self._came(d, d.into, old, "split", jaccard(frozenset(names), held))
            self.behind.append(Behind("cluster", old, "", d))
        self.behind.append(Behind("cluster", d.into, "", d))
        return ""

    def _merge(self, d: SkillDecision, cluster: Cluster) -> str:
        into = self._now(d.into)
        if not into or into == cluster.id or self.clusters[into].domain != cluster.domain:
            return f"{d.into} cannot take in {cluster.id}"
        gone = self.members.pop(cluster.id)
        target = self.members[into]
        for member in sorted(gone.values(), key=lambda m: m.rank):
            before = target.get(member.skill)
            weight = round(min(1.0, member.weight + (before.weight if before else 0.0)), 6)
            if member.primary:
                self._join(into, replace(member, weight=weight))
                self.area[cluster.domain, member.skill] = self.clusters[into].area
                self.behind.append(Behind("membership", into, member.skill, d))
            elif before is None:
                self._join(into, member)
        for key, other in self.clusters.items():
            if other.parent == cluster.id:
                self.clusters[key] = replace(other, parent=into, area=self.clusters[into].area)
        self._gone(cluster, into)
        primary = frozenset(s for s, m in gone.items() if m.primary)
        self._came(d, into, cluster.id, "merge", jaccard(primary, frozenset(s for s, m in target.items() if m.primary)))
        self.behind.append(Behind("cluster", into, "", d))
        return ""

    def _retire(self, d: SkillDecision, cluster: Cluster) -> None:
        for skill in [s for s, m in self.members[cluster.id].items() if m.primary]:
            self._off(cluster.domain, skill)
            self.behind.append(Behind("skill", cluster.domain, skill, d))
        for key in [k for k, c in self.clusters.items() if c.parent == cluster.id]:
            self.members.pop(key)
            self._gone(self.clusters[key], "")
        self.members.pop(cluster.id)
        self._gone(cluster, "")
        self._came(d, "", cluster.id, "retired", 0.0)

    def _took_in(self, cluster: str) -> str:
        """The cluster that stands where this one was; "" where there is none."""
        while cluster in self.goes:  # each names one that was there when it went, so there is no circle
            cluster = self.goes[cluster]
        return cluster if cluster in self.clusters else ""

    def _now(self, cluster: str) -> str:
        """The same of a broad cluster."""
        found = self.clusters.get(self._took_in(cluster))
        return found.id if found and found.level == "broad" else ""

    def _home(self, domain: str, skill: str, level: str = "broad") -> str:
        """The cluster of a level where a skill of a domain mainly is."""
        return next((c for c in self._of(domain, level) if (m := self.members[c].get(skill)) and m.primary), "")

    def _of(self, domain: str, level: str, parent: str = "") -> list[str]:
        return [
            c.id for c in self.clusters.values()
            if c.domain == domain and c.level == level and (not parent or c.parent == parent)
        ]  # fmt: skip

    def _leans_most(self, domain: str, skill: str, level: str = "broad", parent: str = "") -> str:
        leans = [
            (-m.weight, c) for c in self._of(domain, level, parent) if (m := self.members[c].get(skill)) is not None
        ]
        return min(leans)[1] if leans else ""

    def _place(self, d: SkillDecision, skill: str, cluster: str) -> None:
        """Put a skill into a broad cluster, and into the finer one there that it leans on, if any."""
        domain = self.clusters[cluster].domain
        for level in ("broad", "fine"):
            if home := self._home(domain, skill, level):
                self._leave(home, skill)
        for home in (cluster, self._leans_most(domain, skill, "fine", cluster)):
            if home:
                known = self.members[home].get(skill)
                self._join(home, replace(known, primary=True) if known else Member(skill, 0.0, 0.0, 0, True))
                self.behind.append(Behind("membership", home, skill, d))
        self.area[domain, skill] = self.clusters[cluster].area

    def _join(self, cluster: str, member: Member) -> None:
        """Add or change a member; one that is new comes after all others, whose ranks stay."""
        held = self.members[cluster]
        rank = held[member.skill].rank if member.skill in held else max((m.rank for m in held.values()), default=0) + 1
        held[member.skill] = replace(member, rank=rank)
        self.touched.add(cluster)

    def _leave(self, cluster: str, skill: str) -> None:
        """Take a skill out of its cluster; it still leans on it where enough of its ties go there."""
        member = self.members[cluster].pop(skill)
        if member.weight >= SOFT_SHARE:
            self.members[cluster][skill] = replace(member, primary=False)
        self.touched.add(cluster)

    def _off(self, domain: str, skill: str) -> None:
        """Take a skill off the map of a domain."""
        for cluster in self._of(domain, "broad") + self._of(domain, "fine"):
            if self.members[cluster].pop(skill, None) is not None:
                self.touched.add(cluster)
        self.area[domain, skill] = ""

    def _gone(self, cluster: Cluster, into: str) -> None:
        self.goes[cluster.id] = into
        del self.clusters[cluster.id]
        self.touched.discard(cluster.id)

    def _came(
        self, d: SkillDecision, new: str, old: str, relation: Literal["split", "merge", "retired"], overlap: float
    ) -> None:
        domain = (new or old).split("/", 1)[0]
        self.lineage.append(LineageEntry(domain, "broad", new, old, relation, overlap))
        self.behind.append(Behind("lineage", new, old, d))

    def _support(self, domain: str, skills: Iterable[str]) -> int:
        """How many occupations of a domain use two of these skills or more."""
        wanted = set(skills)
        return sum(
            len(wanted & o.skills) >= MIN_OCCUPATION_SKILLS
            for (occupation, of), place in self.tables.scope.items()
            if (of == domain or domain == "ccsi")
            and place.degree != "excluded"
            and (o := self.tables.occupations.get(occupation))
        )

    def overlaid(self) -> Overlaid:
        """The result; a cluster that has no skill of its own any more is told as retired."""
        for key in [c for c, held in self.members.items() if not any(m.primary for m in held.values())]:
            cluster = self.clusters[key]
            self.members.pop(key)
            self._gone(cluster, "")
            self.lineage.append(LineageEntry(cluster.domain, cluster.level, "", key, "retired", 0.0))
        kept = tuple(self._finished(c) for c in self.clusters.values())
        said = {(e.new, e.old) for e in self.lineage}
        result = replace(
            self.result,
            specialisations=tuple(self._row(r) for r in self.result.specialisations),
            transversality=tuple(
                replace(t, transversal=self.flags.get(t.skill, t.transversal)) for t in self.result.transversality
            ),
            clusters=kept,
            lineage=(*(e for e in self.result.lineage if (e.new, e.old) not in said), *self.lineage),
        )  # fmt: skip
        placed = {(c.id, m.skill) for c in kept for m in c.members}
        there = tuple(
            b for b in dict.fromkeys(self.behind)
            if (b.kind != "cluster" or b.key in self.clusters) and (b.kind != "membership" or (b.key, b.skill) in placed)
        )  # fmt: skip
        return Overlaid(result, there, tuple(self.notes))

    def _row(self, row: Specialisation) -> Specialisation:
        key = row.unit, row.skill
        if row.skill in self.flags:
            row = replace(row, transversal=self.flags[row.skill] and row.lq < SPECIAL_LQ)
        if key in self.area:
            row = replace(row, area=self.area[key])
        if key in self.ours and not row.specialised and self._home(*key):
            row = replace(row, evidence="expert")
        return row

    def _finished(self, cluster: Cluster) -> Cluster:
        members = tuple(sorted(self.members[cluster.id].values(), key=lambda m: m.rank))
        if self.goes:
            shares: dict[str, float] = {}
            for other, share in cluster.neighbours:
                now = self._took_in(other)
                if now and now != cluster.id:
                    shares[now] = round(shares.get(now, 0.0) + share, 6)
            cluster = replace(cluster, neighbours=tuple(sorted(shares.items(), key=lambda e: (-e[1], e[0]))))
        if cluster.id not in self.touched:
            return cluster
        own = [m.skill for m in members if m.primary]
        central = tuple(s for s in cluster.central if s in own) or tuple(own[:CENTRAL])
        return replace(
            cluster, members=members, central=central,
            telling=tuple(s for s in cluster.telling if s in own) or tuple(own[:1]),
            descriptions=compose_descriptions(
                self.tables, len(own), central[:3], [o for o, _ in cluster.occupations[:3]]
            ),
        )  # fmt: skip
