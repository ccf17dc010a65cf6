"""Facts of a release: concepts and their relations, domains, decisions. Some 100 MB of Python for full ESCO."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, cast

from app.catalogue.concepts import Assertion, CrosswalkEntry, Decision, Domain, Group, Occupation, Skill
from app.catalogue.keys import occupation_iri
from app.store.port import GraphStore
from ontology import CCSID, COLLECTIONS, SCHEME, MappingRelation, local_name
from queries.rows import as_texts

_MOST_WAYS = 100  # to one concept
GROUP_SCHEMES = {SCHEME + "isco": "isco", SCHEME + "isced-f": "isced-f", SCHEME + "skills-hierarchy": "skills"}


class Facts:
    """Concepts of ESCO, domains and decisions, each by IRI or code."""

    def __init__(self, store: GraphStore) -> None:
        self.occupations: dict[str, Occupation] = {}
        self.skills: dict[str, Skill] = {}
        self.groups: dict[str, Group] = {}
        self.isco: dict[str, Group] = {}
        self.domains: dict[str, Domain] = {}
        self.crosswalk: list[CrosswalkEntry] = []
        self.by_domain: dict[str, list[Decision]] = defaultdict(list)
        self.by_isco: dict[str, list[str]] = defaultdict(list)
        self.by_nace: dict[str, list[str]] = defaultdict(list)
        self._read_esco(store)
        self._read_ontology(store)
        self._read_scope(store)

    def _read_esco(self, store: GraphStore) -> None:

        def rows(name: str) -> Iterator[tuple[str, ...]]:
            return as_texts(store.select(name))

        for iri, code in rows("api/occupations"):
            self.occupations[iri] = Occupation(iri, code)
        for iri, kind, reuse in sorted(rows("api/skills")):  # knowledge and a skill, as in v1.0, is shown as a skill
            self.skills[iri] = Skill(iri, local_name(kind), local_name(reuse))
        for iri, code, scheme in rows("api/groups"):
            if iri not in self.occupations and iri not in self.skills:
                kind = GROUP_SCHEMES[scheme]
                if iri not in self.groups or kind == "isced-f":  # ISCED-F fields are in both skill schemes
                    self.groups[iri] = Group(iri, code, kind)
        concepts: dict[str, Occupation | Skill | Group] = {**self.groups, **self.skills, **self.occupations}
        for child, parent in sorted(rows("api/broader")):
            if child in concepts and parent in concepts:
                concepts[child].broader.append(parent)
                concepts[parent].narrower.append(child)
        for occupation, skill in sorted(rows("api/essential_skills")):
            self._relate(occupation, skill, "essential")
        for occupation, skill in sorted(rows("api/optional_skills")):
            self._relate(occupation, skill, "optional")
        for occupation, code in sorted(rows("api/nace")):
            self.occupations[occupation].nace.append(code)
            self.by_nace[local_name(code)].append(occupation)
        for occupation, note in rows("api/regulated"):
            self.occupations[occupation].regulated_note = note
        for concept, scheme in sorted(rows("api/collections")):
            if isinstance(member := concepts.get(concept), Occupation | Skill) and scheme in COLLECTIONS:
                member.collections.append(COLLECTIONS[scheme])
        self.isco = {g.code: g for g in self.groups.values() if g.scheme == "isco"}
        for item in self.occupations.values():
            item.isco = next((g.code for g in self.ancestors(item.iri) if g.scheme == "isco" and len(g.code) == 4), "")
            self.by_isco[item.isco].append(item.iri)

    def _relate(self, occupation: str, skill: str, relation: str) -> None:
        if (o := self.occupations.get(occupation)) and (s := self.skills.get(skill)):
            (o.essential if relation == "essential" else o.optional).append(skill)
            (s.essential_for if relation == "essential" else s.optional_for).append(occupation)

    def _read_ontology(self, store: GraphStore) -> None:
        for node, notation, above, name, meaning in store.select("api/domains"):
            key = notation.value  # type: ignore[union-attr]
            new = Domain(node.value, key, local_name(above.value) if above else "")  # type: ignore[union-attr]
            entry = self.domains.setdefault(key, new)
            entry.labels[name.language] = name.value  # type: ignore[union-attr,index]
            if meaning is not None:
                entry.definition[meaning.language] = meaning.value  # type: ignore[union-attr,index]
        for key, entry in sorted(self.domains.items()):
            if entry.broader:
                self.domains[entry.broader].narrower.append(key)
        for domain, relation, target, label, scheme in sorted(as_texts(store.select("api/mappings"))):
            self.domains[local_name(domain)].mappings.append(
                {
                    "relation": cast(MappingRelation, relation.rpartition("#")[2]), "uri": target, "label": label,
                    "scheme": local_name(scheme),
                }
            )  # fmt: skip
        former: dict[str, list[str]] = defaultdict(list)
        rows: dict[str, tuple[str, ...]] = {}
        for row in sorted(as_texts(store.select("api/crosswalk"))):
            rows[row[0]] = row
            former[row[0]].append(row[-1])
        for iri, system, code, prefix, domain, sub, function, degree, confidence, _ in rows.values():
            self.crosswalk.append(
                CrosswalkEntry(
                    iri, _term(system), code, prefix, local_name(domain), local_name(sub), local_name(function), _term(degree),
                    local_name(confidence), " ".join(former[iri]),
                )
            )  # fmt: skip

    def _read_scope(self, store: GraphStore) -> None:
        assertions: dict[str, Assertion] = {}
        for iri, occupation, domain, degree, route, sub, function, charter, score, reason, source in sorted(
            as_texts(store.select("api/assertions"))
        ):
            if iri not in assertions:
                made = Assertion(
                    iri, occupation, local_name(domain), _term(degree), _term(route), local_name(sub),
                    local_name(function), local_name(charter), float(score) if score else None, reason,
                )  # fmt: skip
                assertions[iri] = made
                self.occupations[occupation].assertions.append(made)
            assertions[iri].sources.append(source)
        decisions: dict[str, Decision] = {}
        for iri, occupation, domain, degree, confidence, contradicted, sub, function, charter in sorted(
            as_texts(store.select("api/decisions"))
        ):
            if (decision := decisions.get(iri)) is None:
                placed = local_name(domain), _term(degree), float(confidence), contradicted == "true", local_name(sub)
                decision = decisions[iri] = Decision(iri, occupation, *placed)
            for value, target in ((function, decision.functions), (charter, decision.charter_functions)):
                if value and local_name(value) not in target:
                    target.append(local_name(value))
        for iri, assertion in sorted(as_texts(store.select("api/decision_evidence"))):
            if iri in decisions:
                decisions[iri].evidence.append(assertions[assertion])
        for iri, sub in sorted(as_texts(store.select("api/decision_sub_domains"))):
            decisions[iri].further_sub_domains.append(local_name(sub))
        for iri, entry in sorted(as_texts(store.select("api/decision_placements"))):
            decisions[iri].placements.append(entry)
        for decision in decisions.values():
            self.occupations[decision.occupation].decisions.append(decision)
            if decision.degree != "excluded":
                self.by_domain[decision.domain].append(decision)
        for item in self.occupations.values():
            item.decisions.sort(key=lambda d: (d.degree, -d.confidence, d.domain))

    @property
    def top_domains(self) -> list[str]:
        """The identifiers of the domains that are no part of another, in their order."""
        return sorted(d.id for d in self.domains.values() if not d.broader)

    def decisions_in(self, domain: Domain | None = None) -> list[Decision]:
        """What is in a domain or sub-domain; without one, in any domain. Exclusions are not among them."""
        if domain is None:
            return [d for decisions in self.by_domain.values() for d in decisions]
        inside = self.by_domain.get(domain.broader or domain.id, [])
        return [d for d in inside if d.is_of(domain.id)] if domain.broader else inside

    def decision(self, key: str) -> Decision | None:
        """The decision of this identifier: the UUID of an occupation, a hyphen, and a domain; none where there is no such."""
        item = self.occupations.get(occupation_iri(key[:36]))
        return next((d for d in item.decisions if d.iri == f"{CCSID}decision/{key}"), None) if item else None

    # --- hierarchy -----------------------------------------------------------------------------------------------

    def ancestors(self, iri: str) -> list[Group]:
        """The groups above a concept, nearest first, each once."""
        way = [iri]
        for step in way:  # which grows as it is walked
            concept = self._concept(step)
            way += [parent for parent in (concept.broader if concept else []) if parent not in way]
        return [self.groups[step] for step in way[1:] if step in self.groups]

    def ways(self, iri: str) -> list[list[Group]]:
        """The groups of each way from the highest down, without the concept itself; in the order of codes.

        A skill may stand below another; the groups of that one are above it then.
        """
        by_codes: dict[tuple[str, ...], list[Group]] = {}
        todo: list[tuple[str, ...]] = [(iri,)]
        while todo and len(by_codes) < _MOST_WAYS:
            way = todo.pop()
            concept = self._concept(way[0])
            # ESCO's files may hold a circle, which is left where it closes.
            above = [b for b in concept.broader if b not in way] if concept else []
            todo += [(b, *way) for b in above]
            if not above:
                groups = [self.groups[g] for g in way[:-1] if g in self.groups]
                by_codes[tuple(g.code for g in groups)] = groups
        return [groups for _, groups in sorted(by_codes.items()) if groups]

    def _concept(self, iri: str) -> Occupation | Skill | Group | None:
        return self.occupations.get(iri) or self.skills.get(iri) or self.groups.get(iri)

    def skills_under(self, group: str) -> frozenset[str]:
        """The skills under a group, at any depth; a skill may stand below another."""
        seen: set[str] = set()
        todo = [group]
        while todo:
            iri = todo.pop()
            concept = self.groups.get(iri) or self.skills.get(iri)
            if concept and iri not in seen:
                seen.add(iri)
                todo += concept.narrower
        return frozenset(seen & self.skills.keys())

    def isco_path(self, code: str) -> list[Group]:
        """The ISCO groups from the major group down to this code."""
        return [self.isco[code[:n]] for n in range(1, len(code) + 1) if code[:n] in self.isco]

    def under_isco(self, code: str) -> list[str]:
        """The occupations under an ISCO code of any level."""
        return [o for group, members in self.by_isco.items() if group.startswith(code) for o in members]


def _term(iri: str) -> Any:
    """An identifier of a closed list, to which the checks of a load hold the release."""
    return local_name(iri)
