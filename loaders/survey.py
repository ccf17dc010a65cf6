"""What the first reading of the input learns, statement by statement, and what follows from the whole.

Which concepts are withdrawn, which description node belongs to which concept, what the hierarchy and the inverse relations
lack. All is bounded by the number of concepts and relations, not by that of words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from analysis.above import all_above
from loaders.input.csv_bundle import NOTES
from ontology import DCT, ESCO, ISO_THES, OWL, RDF, SKOS, SKOSXL
from releases.manifest import Dangling

# Terms are taken as they are written in canonical N-Triples.
STATUS, TYPE, NOTATION = f"<{ISO_THES}status>".encode(), f"<{RDF}type>".encode(), f"<{SKOS}notation>".encode()
OCCUPATION, SKILL = f"<{ESCO}Occupation>".encode(), f"<{ESCO}Skill>".encode()
VERSION_INFO, NACE = f"<{OWL}versionInfo>".encode(), f"<{ESCO}hasNACECode>".encode()
REPLACED_BY, REPLACES = f"<{DCT}isReplacedBy>".encode(), f"<{DCT}replaces>".encode()
NOTE_TERMS = {str(p).encode(): p.value for p in NOTES.values()}
BROADER, NARROWER, BROADER_TRANSITIVE = SKOS + "broader", SKOS + "narrower", SKOS + "broaderTransitive"
TRANSITIVE = f"<{BROADER_TRANSITIVE}>".encode()
# Both directions are served, whichever the input gives.
INVERSES = {
    BROADER: NARROWER,
    ESCO + "relatedEssentialSkill": ESCO + "isEssentialSkillFor",
    ESCO + "relatedOptionalSkill": ESCO + "isOptionalSkillFor",
}
LINKS = {f"<{p}>".encode(): p for pair in INVERSES.items() for p in pair}
LABEL_NODES = {f"<{SKOSXL}{name}>".encode(): name for name in ("prefLabel", "altLabel", "hiddenLabel")}
LEARNT = frozenset(
    {*LINKS, *NOTE_TERMS, *LABEL_NODES, TRANSITIVE, STATUS, TYPE, NOTATION, VERSION_INFO, NACE, REPLACED_BY, REPLACES}
)
RELEASED = "released"
MOST_LISTED = 1000  # concepts that are not in the data
SHORT = 200  # characters kept of a text that should be a word
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def value(term: bytes) -> str:
    """The IRI of a term, or the text of a literal, whatever its language or datatype."""
    if not term.startswith(b'"'):
        return term[1:-1].decode()
    inner = term[1 : term.rindex(b'"')].decode()
    return _ESCAPE.sub(_unescape, inner) if "\\" in inner else inner


def term(iri: str) -> bytes:
    """An IRI as it is written."""
    return f"<{iri}>".encode()


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return _PLAIN_ESCAPES.get(code) or chr(int(code[1:], 16))


@dataclass
class Survey:
    """What has been learnt; sets of bytes hold terms as they are written, sets of strings IRIs."""

    released: set[bytes] = field(default_factory=set)
    withdrawn: dict[str, dict[str, Any]] = field(default_factory=dict)  # IRI -> status, label, replacedBy (a list)
    notes: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)  # description node -> (concept, predicate)
    coded: set[bytes] = field(default_factory=set)  # concepts with a plain notation
    classified: set[str] = field(default_factory=set)  # occupations with a NACE code
    lacking: dict[str, set[str]] = field(default_factory=dict)  # concept -> ancestors missing from broaderTransitive
    occupations: set[str] = field(default_factory=set)
    skills: set[str] = field(default_factory=set)
    circular: set[tuple[str, str]] = field(default_factory=set)  # (child, parent) that close a cycle in the hierarchy
    inverses: list[tuple[str, str, str]] = field(default_factory=list)  # statements whose other direction is missing
    dangling: Counter[str] = field(default_factory=Counter)
    unlisted: Counter[str] = field(default_factory=Counter)  # concept that is not in the data -> relations that name it
    # (concept, kind of label) with a label node; those among them without a plain label get one from the node
    label_nodes: set[tuple[bytes, str]] = field(default_factory=set)
    related: int = 0  # relations between occupations and skills, and between skills
    versions: set[str] = field(default_factory=set)
    _links: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: {p: set() for p in LINKS.values()})
    _transitive: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _replaced: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _names: dict[bytes, str] = field(default_factory=dict)  # one string a concept, however often it is mentioned
    _concepts: dict[bytes, bytes] = field(default_factory=dict)

    def learn(self, s: bytes, p: bytes, o: bytes, suffix: bytes) -> None:
        """One statement whose predicate is among `LEARNT`."""
        if p in LINKS:
            self._links[LINKS[p]].add((self._name(s), self._name(o)))
        elif p == TRANSITIVE:
            self._transitive[self._name(s)].add(self._name(o))
        elif p in NOTE_TERMS:
            if o.startswith(b"<"):
                self.notes[o] = (self._concepts.setdefault(s, s), p)
        elif p == TYPE:
            if o == OCCUPATION:
                self.occupations.add(self._name(s))
            elif o == SKILL:
                self.skills.add(self._name(s))
        elif p == NOTATION:
            if not suffix and o.startswith(b'"'):
                self.coded.add(s)
        elif p == STATUS:
            if (status := value(o)).strip().lower() == RELEASED:
                self.released.add(s)
            else:
                self.withdrawn[self._name(s)] = {"status": status[:SHORT]}
        elif p == NACE:
            self.classified.add(self._name(s))
        elif p == REPLACED_BY:
            self._replaced[self._name(s)].add(value(o))
        elif p == REPLACES:
            self._replaced[value(o)].add(self._name(s))
        elif p in LABEL_NODES:
            self.label_nodes.add((self._concepts.setdefault(s, s), LABEL_NODES[p]))
        elif p == VERSION_INFO and o.startswith(b'"'):
            self.versions.add(value(o)[:SHORT].lstrip("v"))

    def _name(self, concept: bytes) -> str:
        return self._names.get(concept) or self._names.setdefault(concept, value(concept))

    def has(self, iri: str) -> bool:
        """Whether ESCO's concept is released in what was read."""
        return term(iri) in self.released and iri not in self.withdrawn

    def contradicted(self) -> set[str]:
        """Concepts that are said to be both released and withdrawn; they are withdrawn."""
        return {iri for iri in self.withdrawn if term(iri) in self.released}

    def dangles(self) -> Dangling:
        """The relations that name a concept which is not in the data, and the first of those concepts."""
        return {"relations": self.dangling["relations"], "concepts": dict(sorted(self.unlisted.items())[:MOST_LISTED])}

    def complete(self) -> None:
        """There are no more statements: find what is missing, circular or dangling."""
        for concept in self.withdrawn.keys() & self._replaced.keys():
            self.withdrawn[concept]["replacedBy"] = self._successors(concept)
        gone = self.withdrawn.keys()
        self.occupations -= gone
        self.skills -= gone
        links = self._links
        self.circular = _closing_links(links[BROADER] | {(a, b) for b, a in links[NARROWER]})
        links[BROADER] -= self.circular
        links[NARROWER] -= {(b, a) for a, b in self.circular}
        for direct, inverse in INVERSES.items():
            turned = {(b, a) for a, b in links[inverse]}
            self.inverses += [(b, inverse, a) for a, b in sorted(links[direct] - turned)]
            self.inverses += [(a, direct, b) for a, b in sorted(turned - links[direct])]
            links[direct] |= turned
        broader: dict[str, set[str]] = defaultdict(set)
        for child, parent in links[BROADER]:
            broader[child].add(parent)
        self._check_references(broader)
        self._complete_hierarchy(broader)

    def _successors(self, concept: str) -> list[str]:
        """What a withdrawn concept was replaced by in the end: through all that were withdrawn in their turn."""
        successors: set[str] = set()
        seen = {concept}
        todo = [concept]
        while todo:
            for successor in self._replaced.get(todo.pop(), set()) - seen:
                seen.add(successor)
                (todo.append if successor in self.withdrawn else successors.add)(successor)
        return sorted(successors)

    def _check_references(self, broader: dict[str, set[str]]) -> None:
        pairs = self._links[ESCO + "relatedEssentialSkill"] | self._links[ESCO + "relatedOptionalSkill"]
        known = self.occupations | self.skills | self.withdrawn.keys()
        self.related = len(pairs)
        for pair in pairs:
            if unknown := [concept for concept in pair if concept not in known]:
                self.dangling["relations"] += 1
                self.unlisted.update(unknown)
        self.dangling["occupations without a place in ISCO"] = sum(not broader.get(o) for o in self.occupations)

    def _complete_hierarchy(self, broader: dict[str, set[str]]) -> None:
        for concept in broader:
            if lacking := all_above(concept, lambda c: broader.get(c, ())) - self._transitive.get(concept, set()):
                self.lacking[concept] = lacking


def _closing_links(links: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The links from child to parent that close a cycle, found by walking up from the concepts in order of their IRIs."""
    broader: dict[str, list[str]] = defaultdict(list)
    for child, parent in sorted(links, reverse=True):
        broader[child].append(parent)
    closing: set[tuple[str, str]] = set()
    done: set[str] = set()
    for start in sorted(broader):
        path = {start: None} if start not in done else {}
        while path:
            concept = next(reversed(path))
            parents = broader.get(concept)
            if not parents:
                done.add(concept)
                del path[concept]
                continue
            parent = parents.pop()
            if parent in path:
                closing.add((concept, parent))
            elif parent not in done:
                path[parent] = None
    return closing
