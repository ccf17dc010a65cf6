"""Skill areas and families of skills, as the API serves them: read once through SPARQL, never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.skills.tables import SkillFamily, Specialisation
from app.catalogue.records import records
from app.store.port import GraphStore
from ontology import CCSI, CCSID, DCT, SKOS, local_name
from ontology.derived import FAMILY

_AREA = f"{CCSID}area/"
_FAMILY = f"{CCSID}family/"


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """An area with its words; ``domains`` and ``functions`` (those of CHARTER) are identifiers, ``sources`` IRIs."""

    id: str
    labels: dict[str, str]
    definitions: dict[str, str]
    domains: tuple[str, ...]
    functions: tuple[str, ...]
    sources: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(slots=True)
class SkillAreas:
    """The hand-written areas of a release, and the families that stand beside its maps."""

    areas: dict[str, AreaFacts] = field(default_factory=dict)
    families: dict[str, SkillFamily] = field(default_factory=dict)

    @classmethod
    def read(cls, store: GraphStore) -> SkillAreas:
        """Read them; empty where the release has none."""
        words: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        for node, prop, text in store.select("api/skill_areas"):
            words[node.value][prop.value][text.language] = text.value  # type: ignore[union-attr, index]
        links: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for node, prop, target in store.select("api/skill_area_links"):
            links[node.value][prop.value].append(target.value)  # type: ignore[union-attr]
        made = cls()
        for iri, said in sorted(words.items()):
            to = {name: tuple(sorted(targets)) for name, targets in links[iri].items()}
            made.areas[iri.removeprefix(_AREA)] = AreaFacts(
                iri.removeprefix(_AREA),
                dict(sorted(said[f"{SKOS}prefLabel"].items())),
                dict(sorted(said[f"{SKOS}definition"].items())),
                tuple(local_name(t) for t in to.get(f"{CCSI}areaOf", ())),
                tuple(local_name(t) for t in to.get(f"{SKOS}relatedMatch", ()) if t.startswith(f"{CCSID}charter/")),
                to.get(f"{DCT}source", ()),
                to.get(f"{CCSI}exampleSkill", ()),
            )
        members: dict[str, list[str]] = defaultdict(list)
        for group, skill in store.select("api/skill_family_members"):
            members[group.value].append(skill.value)  # type: ignore[union-attr]
        for values in records(store, "api/skill_families", FAMILY, "family"):
            iri = values.pop("family")
            key = iri.removeprefix(_FAMILY)
            made.families[key] = SkillFamily(id=key, skills=tuple(sorted(members[iri])), **values)
        return made

    def of_domain(self, domain: str) -> list[AreaFacts]:
        """The areas of a domain, in the order of their identifiers; all that serve a domain for the whole."""
        return [a for a in self.areas.values() if (domain in a.domains if domain != "ccsi" else a.domains)]

    def blocks(self, rows: Sequence[Specialisation]) -> list[tuple[SkillFamily, list[Specialisation]]]:
        """The families that a unit sees beside its map, the fullest first, each with the rows about its skills.

        Shown is a family of which the unit is specialised in something, or of which two of its occupations use half.
        """
        inside: dict[str, list[Specialisation]] = defaultdict(list)
        for row in rows:
            if row.family in self.families:
                inside[row.family].append(row)
        shown = []
        for key, mine in inside.items():
            family = self.families[key]
            used = [r for r in mine if r.support >= 2]
            if any(r.specialised for r in used) or 2 * len(used) >= len(family.skills):
                shown.append((family, sorted(used, key=lambda r: (-r.support, r.skill))))
        return sorted(shown, key=lambda e: (-len(e[1]), e[0].id))
