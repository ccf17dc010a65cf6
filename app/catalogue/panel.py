"""What panels of experts decided of clusters, skills and flags, as pages show it beside what was derived."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from app.store.port import GraphStore
from ontology import CCSID, local_name
from queries.rows import as_texts


@dataclass(frozen=True, slots=True)
class PanelMark:
    """An entry behind something: its IRI, its words, what it decides, and the part of the panel that said so."""

    entry: str
    label: str
    outcome: str
    agreement: float


@dataclass(slots=True)
class PanelMarks:
    """The entries behind each node; none where no panel was loaded."""

    of: dict[str, list[PanelMark]] = field(default_factory=dict)

    @classmethod
    def read(cls, store: GraphStore) -> PanelMarks:
        """Read them."""
        found: dict[str, list[PanelMark]] = defaultdict(list)
        for node, entry, label, outcome, agreement in sorted(as_texts(store.select("api/panel_entries"))):
            found[node].append(PanelMark(entry, label, outcome, float(agreement)))
        return cls(dict(found))

    def of_cluster(self, cluster: str) -> list[PanelMark]:
        """The entries behind a cluster."""
        return self.of.get(f"{CCSID}cluster/{cluster}", [])

    def of_skill(self, unit: str, skill: str) -> list[PanelMark]:
        """The entries on a skill in a unit."""
        return self.of.get(f"{CCSID}specialisation/{unit}/{local_name(skill)}", [])

    def of_flag(self, skill: str) -> list[PanelMark]:
        """The entries on whether a skill is transversal."""
        return self.of.get(f"{CCSID}transversality/{local_name(skill)}", [])

    def denied(self, unit: str, skill: str) -> bool:
        """Whether a panel says that a skill is not of a unit, whatever its figures."""
        return any(mark.outcome == "not-ours" for mark in self.of_skill(unit, skill))
