"""What a release says about skills, as the API serves it: typed rows read once through SPARQL, never changed.

The rows are those of the analysis itself (analysis.skills.tables), so that pictures and answers read one model.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.skills.tables import (
    Cluster,
    FunctionLevel,
    GroupShare,
    LineageEntry,
    Member,
    Quality,
    Specialisation,
    TransversalFigure,
    Transversality,
)
from app.catalogue.areas import SkillAreas
from app.catalogue.panel import PanelMarks
from app.catalogue.records import records
from app.store.port import GraphStore
from ontology import CCSID
from ontology.derived import FIGURE, GROUP_SHARE, LINEAGE, MEMBERSHIP, QUALITY, SPECIALISATION, TRANSVERSALITY
from queries.rows import as_texts

_UNIT = f"{CCSID}unit/"
_CLUSTER = f"{CCSID}cluster/"
_AREA = f"{CCSID}area/"
CCSI_UNIT = "ccsi"


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit of analysis: ``heritage``, ``heritage/museums``, ``function/creation`` or ``ccsi``."""

    id: str
    occupations: int
    core: int
    small: bool


@dataclass(slots=True)
class SkillCatalogue:
    """Everything derived about skills in one release; empty where the release has none."""

    units: dict[str, UnitFacts] = field(default_factory=dict)
    specialisations: dict[str, list[Specialisation]] = field(default_factory=lambda: defaultdict(list))
    group_shares: dict[str, list[GroupShare]] = field(default_factory=lambda: defaultdict(list))
    transversality: dict[str, Transversality] = field(default_factory=dict)
    profiles: dict[str, list[TransversalFigure]] = field(default_factory=lambda: defaultdict(list))
    clusters: dict[str, Cluster] = field(default_factory=dict)
    by_unit: dict[str, list[Cluster]] = field(default_factory=lambda: defaultdict(list))
    by_skill: dict[str, list[tuple[Cluster, Member]]] = field(default_factory=lambda: defaultdict(list))
    by_occupation: dict[str, list[tuple[Cluster, float]]] = field(default_factory=lambda: defaultdict(list))
    lineage: dict[str, list[LineageEntry]] = field(default_factory=lambda: defaultdict(list))
    quality: dict[tuple[str, str], Quality] = field(default_factory=dict)
    areas: SkillAreas = field(default_factory=SkillAreas)
    panel: PanelMarks = field(default_factory=PanelMarks)
    # (domain, occupation) -> its levels
    function_levels: dict[tuple[str, str], list[FunctionLevel]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, store: GraphStore) -> SkillCatalogue:
        """Read the graphs of skills and clusters."""
        made = cls()
        made._read_skills(store)
        made._read_clusters(store)
        made.areas = SkillAreas.read(store)
        made.panel = PanelMarks.read(store)
        for _, occupation, unit, function, level, share in sorted(as_texts(store.select("api/function_levels"))):
            key = unit.removeprefix(_UNIT)
            made.function_levels[key, occupation].append(
                FunctionLevel(
                    occupation, key, "charter" if "/charter/" in function else "essnet", function.rpartition("/")[2],
                    "main" if level == "main" else "some", float(share),
                )
            )  # fmt: skip
        return made

    def is_special(self, row: Specialisation) -> bool:
        """Whether a unit is specialised in a skill, by its figures or by a panel's word, which stands above them."""
        return row.evidence in ("established", "expert") and not self.panel.denied(row.unit, row.skill)

    def unit_of(self, domain: str, broader: str) -> str:
        """The unit of a domain, or of a sub-domain of ``broader``."""
        return f"{broader}/{domain}" if broader else domain

    def _read_skills(self, store: GraphStore) -> None:
        for unit, _, _, occupations, core, small in as_texts(store.select("api/skill_units")):
            key = unit.removeprefix(_UNIT)
            self.units[key] = UnitFacts(key, int(occupations), int(core), small == "true")
        for values in records(store, "api/skill_specialisations", SPECIALISATION):
            self.specialisations[values["unit"]].append(Specialisation(**values))
        for values in records(store, "api/skill_group_shares", GROUP_SHARE):
            self.group_shares[values["unit"]].append(GroupShare(**values))
        for values in records(store, "api/skill_transversality", TRANSVERSALITY, "tGroup"):
            before = self.transversality.get(values["skill"])
            group = values.pop("tGroup")
            groups = (*before.t_groups, group) if before else (group,) if group else ()
            self.transversality[values["skill"]] = Transversality(t_groups=groups, occupations=0, **values)
        for values in records(store, "api/skill_transversal_figures", FIGURE):
            self.profiles[values["unit"]].append(TransversalFigure(**values))

    def _read_clusters(self, store: GraphStore) -> None:
        made: dict[str, dict[str, Any]] = {}
        for cluster, unit, level, parent, support, stability, reliable, area in sorted(
            as_texts(store.select("api/clusters"))
        ):
            made[cluster] = {
                "id": cluster.removeprefix(_CLUSTER), "domain": unit.removeprefix(_UNIT), "level": level,
                "parent": parent.removeprefix(_CLUSTER), "labels": {}, "descriptions": {}, "members": [], "groups": [],
                "fields": [], "occupations": [], "neighbours": [], "support": int(support), "stability": float(stability),
                "reliable": reliable == "true", "area": area.removeprefix(_AREA), "telling": (),
            }  # fmt: skip
        for node, prop, text in store.select("api/cluster_words"):
            kind = "labels" if prop.value.endswith("prefLabel") else "descriptions"  # type: ignore[union-attr]
            made[node.value][kind][text.language] = text.value  # type: ignore[union-attr]
        for cluster, skill in sorted(as_texts(store.select("api/cluster_telling"))):
            made[cluster]["telling"] += (skill,)
        for values in records(store, "api/cluster_members", MEMBERSHIP, "cluster"):
            made[values.pop("cluster")]["members"].append(Member(**values))
        for cluster, group, occupation, neighbour, share in as_texts(store.select("api/cluster_shares")):
            target = group or occupation or neighbour.removeprefix(_CLUSTER)
            kind = "occupations" if occupation else "neighbours" if neighbour else "groups"
            if "/isced-f/" in group:
                kind = "fields"
            made[cluster][kind].append((target, float(share)))
        for parts in made.values():
            members = tuple(sorted(parts.pop("members"), key=lambda m: m.rank))
            for kind in ("groups", "fields", "occupations", "neighbours"):
                parts[kind] = tuple(sorted(parts[kind], key=lambda e: (-e[1], e[0])))
            self._add(Cluster(**parts, members=members, central=tuple(m.skill for m in members if m.primary)[:5]))
        for values in records(store, "api/cluster_lineage", LINEAGE):
            new, old = values["new"], values["old"]
            entry = LineageEntry(domain=(new or old).partition("/")[0], **values)
            for key in {new, old} - {""}:
                self.lineage[key].append(entry)
        for values in records(store, "api/cluster_quality", QUALITY):
            unit = values["domain"]
            # Occupations per cluster are told by the clusters themselves.
            made_of = Quality(occupations=self.units[unit].occupations, occupation_support=0.0, **values)
            self.quality[unit, made_of.level] = made_of

    def _add(self, cluster: Cluster) -> None:
        ordered = replace(cluster, labels=dict(sorted(cluster.labels.items())))
        self.clusters[ordered.id] = ordered
        self.by_unit[ordered.domain].append(ordered)
        for member in ordered.members:
            self.by_skill[member.skill].append((ordered, member))
        for occupation, share in ordered.occupations:
            self.by_occupation[occupation].append((ordered, share))
