"""A release as the API serves it: typed tables read once through SPARQL, held in memory, never changed.

Facts (codes, relations, decisions) are some 100 MB of Python for full ESCO and answer any request without the store;
words are read per language on first use (labels) or per concept (alternative labels, descriptions).
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from app.store.port import GraphStore
from loaders.releases import Release
from ontology import CCSID, DCT, ESCO_DATA, GRAPH_LABELS, SCHEME, SKOS
from queries import Term

COLLECTIONS = {
    SCHEME + "6c930acd-c104-4ece-acf7-f44fd7333036": "digital",
    SCHEME + "green": "green",
    SCHEME + "digcomp": "digcomp",
    SCHEME + "research": "research",
    SCHEME + "skill-language-groups": "language",
    SCHEME + "skill-transversal-groups": "transversal",
    SCHEME + "skill-ict-groups": "ict",
    SCHEME + "8ae4b9f3-507e-4057-a145-2f96f0132613": "research-occupations",
}
GROUP_SCHEMES = {SCHEME + "isco": "isco", SCHEME + "isced-f": "isced-f", SCHEME + "skills-hierarchy": "skills"}


@dataclass(slots=True)
class Occupation:
    """One occupation; other concepts are referred to by IRI."""

    iri: str
    code: str
    isco: str = ""
    broader: list[str] = field(default_factory=list)
    narrower: list[str] = field(default_factory=list)
    nace: list[str] = field(default_factory=list)
    essential: list[str] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    assertions: list[Assertion] = field(default_factory=list)


@dataclass(slots=True)
class Skill:
    """One skill or knowledge concept."""

    iri: str
    type: str
    reuse: str
    broader: list[str] = field(default_factory=list)
    narrower: list[str] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    essential_for: list[str] = field(default_factory=list)
    optional_for: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """An ISCO group, ISCED-F field or skill group."""

    iri: str
    code: str
    scheme: str
    broader: list[str] = field(default_factory=list)
    narrower: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Assertion:
    """What one route says of an occupation, with what it was derived from."""

    iri: str
    occupation: str
    domain: str
    degree: str
    route: str
    sub_domain: str
    function: str
    charter_function: str
    score: float | None
    reason: str
    sources: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Decision:
    """The scope decision for one (occupation, domain)."""

    iri: str
    occupation: str
    domain: str
    degree: str
    confidence: float
    contradicted: bool
    sub_domain: str
    functions: list[str] = field(default_factory=list)
    charter_functions: list[str] = field(default_factory=list)
    evidence: list[Assertion] = field(default_factory=list)


@dataclass(slots=True)
class Domain:
    """A domain or sub-domain."""

    iri: str
    id: str
    broader: str
    labels: dict[str, str] = field(default_factory=dict)
    definition: dict[str, str] = field(default_factory=dict)
    narrower: list[str] = field(default_factory=list)
    mappings: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CrosswalkEntry:
    """One code of a classification placed in a domain."""

    iri: str
    classification: str
    code: str
    prefix: str
    domain: str
    sub_domain: str
    function: str
    degree: str
    code_confidence: str
    former: str


class Catalogue:
    """All of one release; safe to share between requests because nothing changes after `read`."""

    def __init__(self, release: Release, store: GraphStore, languages_in_memory: int = 4) -> None:
        self.release = release
        self.store = store
        self.occupations: dict[str, Occupation] = {}
        self.skills: dict[str, Skill] = {}
        self.groups: dict[str, Group] = {}
        self.isco: dict[str, Group] = {}
        self.domains: dict[str, Domain] = {}
        self.crosswalk: list[CrosswalkEntry] = []
        self.by_domain: dict[str, list[Decision]] = defaultdict(list)
        self.by_isco: dict[str, list[str]] = defaultdict(list)
        self.by_nace: dict[str, list[str]] = defaultdict(list)
        self.withdrawn = release.withdrawn()
        self.languages = sorted(release.manifest["languages"])
        self._labels = Labels(store, languages_in_memory)

    @classmethod
    def read(cls, release: Release, store: GraphStore, languages_in_memory: int = 4) -> Catalogue:
        """Read a release (some seconds for full ESCO); call it off the event loop."""
        catalogue = cls(release, store, languages_in_memory)
        catalogue._read_esco()
        catalogue._read_ontology()
        catalogue._read_scope()
        if "en" in catalogue.languages:
            catalogue._labels.load("en")
        return catalogue

    # --- reading -------------------------------------------------------------------------------------------------

    def _read_esco(self) -> None:
        rows = self._rows
        for iri, code in rows("api/occupations"):
            self.occupations[iri] = Occupation(iri, code)
        for iri, kind, reuse in rows("api/skills"):
            self.skills[iri] = Skill(iri, _tail(kind), _tail(reuse))
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
            self.by_nace[_tail(code)].append(occupation)
        for concept, scheme in sorted(rows("api/collections")):
            if isinstance(found := concepts.get(concept), Occupation | Skill) and scheme in COLLECTIONS:
                found.collections.append(COLLECTIONS[scheme])
        self.isco = {g.code: g for g in self.groups.values() if g.scheme == "isco"}
        for item in self.occupations.values():
            item.isco = next((g.code for g in self.ancestors(item.iri) if g.scheme == "isco" and len(g.code) == 4), "")
            self.by_isco[item.isco].append(item.iri)

    def _relate(self, occupation: str, skill: str, relation: str) -> None:
        if (o := self.occupations.get(occupation)) and (s := self.skills.get(skill)):
            (o.essential if relation == "essential" else o.optional).append(skill)
            (s.essential_for if relation == "essential" else s.optional_for).append(occupation)

    def _read_ontology(self) -> None:
        for node, notation, above, name, meaning in self.store.select("api/domains"):
            key = notation.value  # type: ignore[union-attr]
            new = Domain(node.value, key, _tail(above.value) if above else "")  # type: ignore[union-attr]
            entry = self.domains.setdefault(key, new)
            entry.labels[name.language] = name.value  # type: ignore[union-attr,index]
            if meaning is not None:
                entry.definition[meaning.language] = meaning.value  # type: ignore[union-attr,index]
        for key, entry in sorted(self.domains.items()):
            if entry.broader:
                self.domains[entry.broader].narrower.append(key)
        for domain, relation, target, label, scheme in sorted(self._rows("api/mappings")):
            self.domains[_tail(domain)].mappings.append(
                {"relation": relation.rpartition("#")[2], "uri": target, "label": label, "scheme": _tail(scheme)}
            )
        for iri, classification, code, prefix, domain, sub, function, degree, confidence, former in sorted(
            self._rows("api/crosswalk")
        ):
            self.crosswalk.append(
                CrosswalkEntry(
                    iri, _tail(classification), code, prefix, _tail(domain), _tail(sub), _tail(function), _tail(degree),
                    _tail(confidence), former,
                )
            )  # fmt: skip

    def _read_scope(self) -> None:
        assertions: dict[str, Assertion] = {}
        for iri, occupation, domain, degree, route, sub, function, charter, score, reason, source in sorted(
            self._rows("api/assertions")
        ):
            if iri not in assertions:
                made = Assertion(
                    iri, occupation, _tail(domain), _tail(degree), _tail(route), _tail(sub), _tail(function), _tail(charter),
                    float(score) if score else None, reason,
                )  # fmt: skip
                assertions[iri] = made
                self.occupations[occupation].assertions.append(made)
            assertions[iri].sources.append(source)
        decisions: dict[str, Decision] = {}
        for iri, occupation, domain, degree, confidence, contradicted, sub, function, charter in sorted(
            self._rows("api/decisions")
        ):
            decision = decisions.setdefault(
                iri,
                Decision(
                    iri, occupation, _tail(domain), _tail(degree), float(confidence), contradicted == "true", _tail(sub)
                ),
            )
            for value, target in ((function, decision.functions), (charter, decision.charter_functions)):
                if value and _tail(value) not in target:
                    target.append(_tail(value))
        for iri, assertion in sorted(self._rows("api/decision_evidence")):
            if iri in decisions:
                decisions[iri].evidence.append(assertions[assertion])
        for decision in decisions.values():
            self.occupations[decision.occupation].decisions.append(decision)
            if decision.degree != "excluded":
                self.by_domain[decision.domain].append(decision)
        for item in self.occupations.values():
            item.decisions.sort(key=lambda d: (d.degree, -d.confidence, d.domain))

    def _rows(self, name: str) -> Iterator[tuple[str, ...]]:
        """Rows as plain strings, "" for an unbound column."""
        for row in self.store.select(name):
            yield tuple("" if term is None else term.value for term in row)

    # --- hierarchy -----------------------------------------------------------------------------------------------

    def ancestors(self, iri: str) -> list[Group]:
        """The groups above a concept, nearest first, each once."""
        found: dict[str, Group] = {}
        todo = [iri]
        seen = {iri}
        while todo:
            concept = self.occupations.get(todo[0]) or self.skills.get(todo[0]) or self.groups.get(todo[0])
            todo.pop(0)
            for parent in concept.broader if concept else ():
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
                    if parent in self.groups:
                        found[parent] = self.groups[parent]
        return list(found.values())

    def isco_path(self, code: str) -> list[Group]:
        """The ISCO groups from the major group down to this code."""
        return [self.isco[code[:n]] for n in range(1, len(code) + 1) if code[:n] in self.isco]

    # --- words ---------------------------------------------------------------------------------------------------

    async def prepare(self, language: str) -> None:
        """Have the labels of a language at hand; reads them on first use, without blocking other requests."""
        if not self._labels.has(language):
            await asyncio.to_thread(self._labels.load, language)

    def label(self, iri: str, language: str) -> dict[str, str]:
        """``{language: preferred label}``, in English where the language has none, empty where nothing has."""
        for tag in (language, "en"):
            if text := self._labels.get(tag, iri):
                return {tag: text}
        return {}

    def words(self, iri: str, languages: Iterable[str]) -> dict[str, dict[str, list[str]]]:
        """property ("prefLabel", "altLabel", "description", …) -> language -> texts, read for this concept alone."""
        values: dict[str, list[Term]] = {
            "concept": [NamedNode(iri)],
            "labels": [NamedNode(GRAPH_LABELS + language) for language in languages],
        }
        found: dict[str, dict[str, list[str]]] = {}
        for _, prop, text in self.store.select("api/words", values):
            name = prop.value.removeprefix(SKOS).removeprefix(DCT)  # type: ignore[union-attr]
            found.setdefault(name, {}).setdefault(text.language, []).append(text.value)  # type: ignore[union-attr,arg-type]
        for by_language in found.values():
            for texts in by_language.values():
                texts.sort(key=collate)
        return found

    def search_text(self, language: str) -> dict[str, str]:
        """Occupation in scope -> its preferred and alternative labels, folded, one a line."""
        return self._labels.search_text(language, [o for o, item in self.occupations.items() if item.decisions])

    def close(self) -> None:
        """Give back the store."""
        self.store.close()


class Labels:
    """Preferred labels by language; English stays, the others are kept as long as there is room."""

    def __init__(self, store: GraphStore, room: int) -> None:
        self._store = store
        self._room = room
        self._tables: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._search: OrderedDict[str, dict[str, str]] = OrderedDict()

    def has(self, language: str) -> bool:
        """Whether the language is in memory."""
        return language in self._tables

    def get(self, language: str, iri: str) -> str:
        """The preferred label or ""."""
        return self._tables.get(language, {}).get(iri, "")

    def load(self, language: str) -> None:
        """Read all preferred labels of a language."""
        rows = self._store.select("api/labels", {"labels": [NamedNode(GRAPH_LABELS + language)]})
        self._tables[language] = {concept.value: label.value for concept, label in rows}  # type: ignore[union-attr]
        while len(self._tables) > self._room:
            self._tables.pop(next(tag for tag in self._tables if tag != "en"))

    def search_text(self, language: str, concepts: list[str]) -> dict[str, str]:
        """Folded labels of the given concepts, read once per language."""
        if language not in self._search:
            values: dict[str, list[Term]] = {
                "labels": [NamedNode(GRAPH_LABELS + language)],
                "concept": [NamedNode(c) for c in concepts],
            }
            lines: dict[str, list[str]] = defaultdict(list)
            for name in ("api/labels", "api/alternative_labels"):
                for concept, label in self._store.select(name, values):
                    lines[concept.value].append(fold(label.value))  # type: ignore[union-attr]
            self._search[language] = {c: "\n".join(texts) for c, texts in lines.items()}
            while len(self._search) > self._room:
                self._search.popitem(last=False)
        return self._search[language]


def fold(text: str) -> str:
    """Lower case without accents, so that "Musee" finds "musée"."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def collate(text: str) -> tuple[str, str]:
    """A sort key for people: accents and case count only among equals (the engine sorts by code point)."""
    return fold(text), text


def uuid(iri: str) -> str:
    """The last segment of an ESCO IRI."""
    return iri.rpartition("/")[2]


def occupation_iri(key: str) -> str:
    """ESCO's IRI of an occupation from its UUID."""
    return f"{ESCO_DATA}occupation/{key}"


def skill_iri(key: str) -> str:
    """ESCO's IRI of a skill from its UUID."""
    return f"{ESCO_DATA}skill/{key}"


def ccsi_iri(kind: str, key: str) -> str:
    """Our IRI of an individual."""
    return f"{CCSID}{kind}/{key}"


def _tail(iri: str) -> str:
    return iri.rpartition("/")[2]
