"""A release as the API serves it: typed tables read once through SPARQL, held in memory, never changed.

Facts (codes, relations, decisions) are some 100 MB of Python for full ESCO and answer any request without the store;
words are read per language on first use (labels) or per concept (alternative labels, descriptions).
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from pyoxigraph import NamedNode

from app.catalogue.concepts import Assertion, CrosswalkEntry, Decision, Domain, Group, Occupation, Skill
from app.catalogue.parts import Parts
from app.catalogue.profiles import ProfileCatalogue
from app.catalogue.skills import SkillCatalogue
from app.settings import Limits
from app.store.port import GraphStore
from ontology import CCSID, COLLECTIONS, DCT, ESCO_DATA, GRAPH_LABELS, SCHEME, SKOS
from queries import Term
from releases.gc_pause import no_garbage
from releases.release import Release

__all__ = [
    "Assertion",
    "Catalogue",
    "CrosswalkEntry",
    "Decision",
    "Domain",
    "Group",
    "LabelTable",
    "Labels",
    "Occupation",
    "Skill",
    "ccsi_iri",
    "collate",
    "fold",
    "occupation_iri",
    "skill_iri",
    "uuid",
]

T = TypeVar("T")

GROUP_SCHEMES = {SCHEME + "isco": "isco", SCHEME + "isced-f": "isced-f", SCHEME + "skills-hierarchy": "skills"}


class Catalogue:
    """All of one release; safe to share between requests because nothing changes after `read`."""

    def __init__(self, release: Release, store: GraphStore, limits: Limits | None = None) -> None:
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
        self.carry_over = release.carry_over()
        self.languages = sorted(release.manifest["languages"])
        self.graphs: list[str] = []
        self.analysis = SkillCatalogue()
        self.profiles: ProfileCatalogue
        limits = limits or Limits()
        self._labels = Labels(store, limits.languages_in_memory, Parts(limits.parts_bytes))

    @classmethod
    def read(cls, release: Release, store: GraphStore, limits: Limits | None = None) -> Catalogue:
        """Read a release (some seconds for full ESCO); call it off the event loop."""
        catalogue = cls(release, store, limits)
        # What is derived about skills is half of the work; the engine lets two threads of one process query at once.
        with no_garbage(), ThreadPoolExecutor(1) as beside:
            analysis = beside.submit(SkillCatalogue.read, store)
            catalogue._read_esco()
            catalogue._read_ontology()
            catalogue._read_scope()
            catalogue.graphs = store.graphs
            if "en" in catalogue.languages:
                catalogue._labels.load_english()
            catalogue.analysis = analysis.result()
            catalogue.profiles = ProfileCatalogue.read(store, catalogue)
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
        former: dict[str, list[str]] = defaultdict(list)
        rows: dict[str, tuple[str, ...]] = {}
        for row in sorted(self._rows("api/crosswalk")):
            rows[row[0]] = row
            former[row[0]].append(row[-1])
        for iri, system, code, prefix, domain, sub, function, degree, confidence, _ in rows.values():
            self.crosswalk.append(
                CrosswalkEntry(
                    iri, _tail(system), code, prefix, _tail(domain), _tail(sub), _tail(function), _tail(degree),
                    _tail(confidence), " ".join(former[iri]),
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

    def under_isco(self, code: str) -> list[str]:
        """The occupations under an ISCO code of any level."""
        return [o for group, members in self.by_isco.items() if group.startswith(code) for o in members]

    # --- words ---------------------------------------------------------------------------------------------------

    async def prepare(self, language: str) -> LabelTable:
        """The labels of a language; read on first use, in a thread, once however many requests wait for them."""
        return await self._labels.table(language)

    def label(self, iri: str, language: str) -> dict[str, str]:
        """``{language: preferred label}`` from a language at hand, else in English; empty where nothing has one."""
        return self._labels.at_hand(language).of(iri)

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

    async def search_text(self, language: str) -> dict[str, str]:
        """Occupation in scope -> its preferred and alternative labels, folded, one a line."""
        return await self._labels.search_text(language, [o for o, item in self.occupations.items() if item.decisions])

    def close(self) -> None:
        """Give back the store."""
        self.store.close()


class LabelTable:
    """Preferred labels in one language, English standing in; the labels are complete when made, and never changed."""

    def __init__(
        self, tag: str, own: Mapping[str, str], english: Mapping[str, dict[str, str]], parts: Parts | None = None
    ) -> None:
        self.tag = tag
        # Filled as they are first asked for; the same in every answer of this release and language.
        self.parts = parts or Parts(0)
        self._labels = {**english, **{iri: {tag: text} for iri, text in own.items()}}
        keys = {iri: collate(next(iter(label.values()))) for iri, label in self._labels.items()}
        self._rank = {iri: n for n, iri in enumerate(sorted(keys, key=lambda i: (keys[i], i)))}

    def of(self, iri: str) -> dict[str, str]:
        """``{language: label}``, empty where there is none."""
        return self._labels.get(iri, {})

    def rank(self, iri: str) -> int:
        """The place of a concept in the order of labels; first what has none."""
        return self._rank.get(iri, -1)

    def english(self) -> Mapping[str, dict[str, str]]:
        """All labels, for tables that fall back on this one."""
        return self._labels


class Labels:
    """Labels by language; English stays, of the others those used last stay while there is room.

    Used from the event loop only: threads read the store and give back what they found, so nothing is shared with them.
    """

    def __init__(self, store: GraphStore, room: int, parts: Parts) -> None:
        self._store = store
        self._room = room
        self._parts = parts  # of all languages
        self._english = LabelTable("en", {}, {}, parts)
        self._tables: OrderedDict[str, LabelTable] = OrderedDict()
        self._search: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._running: dict[tuple[str, str], asyncio.Task[Any]] = {}

    def load_english(self) -> None:
        """Read the labels on which every language falls back."""
        self._english = self._read("en")

    def at_hand(self, language: str) -> LabelTable:
        """The table of the language if it is in memory, else that of English."""
        return self._tables.get(language, self._english)

    async def table(self, language: str) -> LabelTable:
        """All preferred labels of a language."""
        if language == "en":
            return self._english
        return await self._kept(self._tables, language, partial(self._read, language))

    async def search_text(self, language: str, concepts: list[str]) -> dict[str, str]:
        """Folded labels of the given concepts, read once per language."""
        return await self._kept(self._search, language, partial(self._read_search_text, language, concepts))

    async def _kept(self, kept: OrderedDict[str, T], language: str, read: Callable[[], T]) -> T:
        if language in kept:
            kept.move_to_end(language)
            return kept[language]
        key = (str(id(kept)), language)
        if key not in self._running:
            self._running[key] = asyncio.create_task(asyncio.to_thread(read))
            self._running[key].add_done_callback(lambda _: self._running.pop(key, None))
        found: T = await asyncio.shield(self._running[key])  # one impatient client must not cancel it for the others
        kept[language] = found
        while len(kept) > self._room:
            kept.popitem(last=False)
        return found

    def _read(self, language: str) -> LabelTable:
        rows = self._store.select("api/labels", {"labels": [NamedNode(GRAPH_LABELS + language)]})
        own = {concept.value: label.value for concept, label in rows}  # type: ignore[union-attr]
        return LabelTable(language, own, self._english.english(), self._parts)

    def _read_search_text(self, language: str, concepts: list[str]) -> dict[str, str]:
        values: dict[str, list[Term]] = {
            "labels": [NamedNode(GRAPH_LABELS + language)],
            "concept": [NamedNode(c) for c in concepts],
        }
        lines: dict[str, list[str]] = defaultdict(list)
        for name in ("api/labels", "api/alternative_labels"):
            for concept, label in self._store.select(name, values):
                lines[concept.value].append(fold(label.value))  # type: ignore[union-attr]
        return {c: "\n".join(texts) for c, texts in lines.items()}


def fold(text: str) -> str:
    """Lower case without accents, so that "Musee" finds "musée"."""
    if text.isascii():
        return text.lower()
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
