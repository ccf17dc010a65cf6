"""From statements as found to quads as served: repairs counted, withdrawn concepts set aside, words sorted by language.

Two passes over the input keep memory flat: the survey learns what must be known before the first quad is written
(which concepts are withdrawn, which description node belongs to which concept, what the hierarchy lacks); the second
pass writes. Both see one statement at a time, so size is bounded by the number of concepts, not of triples.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from loaders.csv_bundle import NOTES, Statement
from loaders.rdf import Written
from ontology import DCT, ESCO, GRAPH_ESCO, GRAPH_LABELS, ISO_THES, OWL, RDF, SKOS, SKOSXL, XSD

STATUS = ISO_THES + "status"
RDF_TYPE = RDF + "type"
BROADER, NARROWER, BROADER_TRANSITIVE = SKOS + "broader", SKOS + "narrower", SKOS + "broaderTransitive"
NOTATION = SKOS + "notation"
REPLACED_BY, REPLACES = DCT + "isReplacedBy", DCT + "replaces"
VERSION_INFO = OWL + "versionInfo"
# Both directions are served, whichever the input gives.
INVERSES = {
    BROADER: NARROWER,
    ESCO + "relatedEssentialSkill": ESCO + "isEssentialSkillFor",
    ESCO + "relatedOptionalSkill": ESCO + "isOptionalSkillFor",
}
DIRECT = {inverse: direct for direct, inverse in INVERSES.items()}
OCCUPATION, SKILL = ESCO + "Occupation", ESCO + "Skill"
RELEASED = "released"
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # soft hyphen, zero-width characters, byte order mark
_BLANKS = " \t\r\n\u00a0" + INVISIBLE
_DROP_INVISIBLE = {ord(c): None for c in INVISIBLE if c not in "\u200c\u200d"}  # joiners carry meaning inside words

# Terms as they are written, for the second pass.
GRAPH_CORE = f"<{GRAPH_ESCO}> .\n".encode()
NOTE_TERMS = {p.value: str(p).encode() for p in NOTES.values()}
NOTE_COUNTS = {term: "description" if p == DCT + "description" else "note" for p, term in NOTE_TERMS.items()}
PREF_LABEL = f"<{SKOS}prefLabel>".encode()
LABEL_TERMS = {f"<{SKOS}{name}>".encode(): name for name in ("prefLabel", "altLabel", "hiddenLabel")}
LABEL_NODE_TERMS = {f"<{SKOSXL}{name}>".encode() for name in LABEL_TERMS.values()}
ASSOCIATION_TERMS = {f"<{ESCO}{name}>".encode() for name in ("isAssociationFor", "target")}
NODE_TEXT, NODE_LANGUAGE = f"<{ESCO}nodeLiteral>".encode(), f"<{ESCO}language>".encode()
LABEL_ROLE, NOTATION_TERM = f"<{ESCO}hasLabelRole>".encode(), f"<{NOTATION}>".encode()
UP, DOWN = f"<{BROADER}>".encode(), f"<{NARROWER}>".encode()
REPAIRED_TERMS = {LABEL_ROLE, NOTATION_TERM, NODE_LANGUAGE, UP, DOWN, *NOTE_COUNTS}
NO_LANGUAGE = (b"", b'"', b">")  # how a term without a language ends
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass
class Survey:
    """What the first pass learns; every set holds IRIs as strings."""

    withdrawn: dict[str, dict[str, str]] = field(default_factory=dict)  # IRI -> status, label, replacedBy
    # Description node -> (concept, predicate), and the concepts with a plain notation: as terms are written.
    notes: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    coded: set[bytes] = field(default_factory=set)
    classified: set[str] = field(default_factory=set)  # occupations with a NACE code
    lacking: dict[str, set[str]] = field(default_factory=dict)  # concept -> ancestors missing from broaderTransitive
    occupations: set[str] = field(default_factory=set)
    skills: set[str] = field(default_factory=set)
    circular: set[tuple[str, str]] = field(default_factory=set)  # (child, parent) that close a cycle in the hierarchy
    inverses: list[tuple[str, str, str]] = field(default_factory=list)  # statements whose other direction is missing
    dangling: Counter[str] = field(default_factory=Counter)
    versions: set[str] = field(default_factory=set)
    statements: int = 0


def survey(statements: Iterator[Statement]) -> Survey:
    """The first pass over the input."""
    found = Survey()
    transitive: dict[str, set[str]] = defaultdict(set)
    links: dict[str, set[tuple[str, str]]] = {predicate: set() for predicate in (*INVERSES, *DIRECT)}
    names: dict[str, str] = {}  # one string a concept, however often it is mentioned
    concepts: dict[bytes, bytes] = {}
    replaced: dict[str, str] = {}
    nace = ESCO + "hasNACECode"
    for subject, predicate, value in statements:
        found.statements += 1
        p = predicate.value
        if p in links:
            one, other = subject.value, value.value
            links[p].add((names.setdefault(one, one), names.setdefault(other, other)))
        elif p == BROADER_TRANSITIVE:
            transitive[subject.value].add(value.value)
        elif p in NOTE_TERMS:
            if isinstance(value, NamedNode):
                term = str(subject).encode()
                found.notes[str(value).encode()] = (concepts.setdefault(term, term), NOTE_TERMS[p])
        elif p == NOTATION:
            if isinstance(value, Literal) and value.datatype.value == XSD + "string":
                found.coded.add(str(subject).encode())
        elif p == STATUS:
            if value.value != RELEASED:
                found.withdrawn[subject.value] = {"status": value.value}
        elif p == RDF_TYPE:
            if value.value == OCCUPATION:
                found.occupations.add(subject.value)
            elif value.value == SKILL:
                found.skills.add(subject.value)
        elif p == nace:
            found.classified.add(subject.value)
        elif p == REPLACED_BY:
            replaced[subject.value] = value.value
        elif p == REPLACES:
            replaced.setdefault(value.value, subject.value)
        elif p == VERSION_INFO and isinstance(value, Literal):
            found.versions.add(value.value.lstrip("v"))
    for concept in found.withdrawn.keys() & replaced.keys():
        found.withdrawn[concept]["replacedBy"] = replaced[concept]
    gone = found.withdrawn.keys()
    found.occupations -= gone
    found.skills -= gone
    found.circular = _closing_links(links[BROADER] | {(a, b) for b, a in links[NARROWER]})
    links[BROADER] -= found.circular
    links[NARROWER] -= {(b, a) for a, b in found.circular}
    for direct, inverse in INVERSES.items():
        turned = {(b, a) for a, b in links[inverse]}
        found.inverses += [(b, inverse, a) for a, b in sorted(links[direct] - turned)]
        found.inverses += [(a, direct, b) for a, b in sorted(turned - links[direct])]
        links[direct] |= turned
    broader: dict[str, set[str]] = defaultdict(set)
    for child, parent in links[BROADER]:
        broader[child].add(parent)
    relations = links[ESCO + "relatedEssentialSkill"] | links[ESCO + "relatedOptionalSkill"]
    _check_references(found, relations, broader)
    _complete_hierarchy(found, broader, transitive)
    return found


def _check_references(found: Survey, pairs: set[tuple[str, str]], broader: dict[str, set[str]]) -> None:
    known = found.occupations | found.skills | found.withdrawn.keys()
    found.dangling["relations"] = sum(a not in known or b not in known for a, b in pairs)
    found.dangling["occupations without a place in ISCO"] = sum(not broader.get(o) for o in found.occupations)


def _closing_links(links: set[tuple[str, str]]) -> set[tuple[str, str]]:
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


def _complete_hierarchy(found: Survey, broader: dict[str, set[str]], transitive: dict[str, set[str]]) -> None:
    for concept in broader:
        above: set[str] = set()
        todo = list(broader[concept])
        while todo:
            parent = todo.pop()
            if parent not in above:
                above.add(parent)
                todo += broader.get(parent, ())
        if lacking := above - transitive.get(concept, set()):
            found.lacking[concept] = lacking


@dataclass
class Normaliser:
    """The second pass: statements in, N-Quads lines out, with a count of every repair.

    It works on terms as they are written in canonical N-Triples: most statements pass with nothing but a graph added,
    and text is cheaper to pass on than objects are to take apart and write again.
    """

    survey: Survey
    nace: dict[NamedNode, set[NamedNode]] = field(default_factory=dict)
    repairs: Counter[str] = field(default_factory=Counter)
    languages: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # Label nodes and associations of withdrawn concepts, to be taken out of the store again: they may come in any order.
    label_nodes: set[str] = field(default_factory=set)
    associations: set[str] = field(default_factory=set)
    _half_notes: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)  # node -> predicate, value of one half
    _whole_notes: set[bytes] = field(default_factory=set)
    _counts: Counter[tuple[bytes, bytes]] = field(default_factory=Counter)  # (language, predicate) -> statements

    def lines(self, statements: Iterable[Written]) -> Iterator[bytes]:
        """Every quad of the release's ESCO part."""
        notes, counts = self.survey.notes, self._counts
        withdrawn = {_term(iri) for iri in self.survey.withdrawn}
        graphs: dict[bytes, bytes] = {}
        for statement in statements:
            s, p, o = statement
            if withdrawn and (s in withdrawn or o in withdrawn or (s in notes and notes[s][0] in withdrawn)):
                self._set_aside(s, p, o)
                continue
            if p in LABEL_TERMS:
                value, _, language = o.rpartition(b"@")
                if language[-1:] in NO_LANGUAGE:
                    self.repairs["label without a language left out"] += 1
                    continue
                if not value.isascii() or value[1:2] == b" " or value[-2:-1] == b" " or b"\\" in value:
                    clean = _clean(value)
                    if clean != value:
                        self.repairs["label freed of invisible or surrounding blank characters"] += 1
                        if clean == b'""':
                            continue
                        o = clean + b"@" + language
                counts[language, p] += 1
                graph = graphs.get(language) or graphs.setdefault(language, _label_graph(language))
                yield b"%b %b %b %b" % (s, p, o, graph)
            elif s in notes:
                if line := self._note(s, p, o):
                    yield line
            elif p in REPAIRED_TERMS:
                if repaired := self._repaired(s, p, o):
                    yield b"%b %b %b %b" % (s, p, repaired, GRAPH_CORE)
            else:
                yield b"%b %b %b %b" % (s, p, o, GRAPH_CORE)
        for (language, predicate), count in counts.items():
            self.languages[language.decode()][LABEL_TERMS.get(predicate) or NOTE_COUNTS[predicate]] += count
        yield from self._additions()

    def _set_aside(self, s: bytes, p: bytes, o: bytes) -> None:
        self.repairs["statements of withdrawn concepts set aside"] += 1
        if p in LABEL_NODE_TERMS:
            self.label_nodes.add(_value(o))
        elif p in ASSOCIATION_TERMS:
            self.associations.add(_value(s))
        elif p == PREF_LABEL and o.endswith(b"@en"):
            self.survey.withdrawn[_value(s)]["label"] = _text(o)

    def _repaired(self, s: bytes, p: bytes, o: bytes) -> bytes | None:
        """The object as it should be; None when the statement is to be left out."""
        if p in NOTE_COUNTS:
            return o if o.startswith(b'"') else None  # the text goes to the graph of its language
        if p in (UP, DOWN):
            child, parent = (s, o) if p == UP else (o, s)
            if self.survey.circular and (_value(child), _value(parent)) in self.survey.circular:
                self.repairs["link that closes a cycle in the hierarchy left out"] += 1
                return None
            return o
        if p == LABEL_ROLE and o.startswith(b'"'):
            self.repairs["label role as string made an IRI"] += 1
            return b"<%b>" % o[1:-1]
        if p == NOTATION_TERM and not o.endswith(b'"'):
            self.repairs["typed notation beside or instead of a plain one"] += 1
            return None if s in self.survey.coded else o[: o.rindex(b'"') + 1]
        if p == NODE_LANGUAGE:
            return self._plain_language(o)
        return o

    def _plain_language(self, o: bytes) -> bytes:
        if o.endswith(b'"') or not o.startswith(b'"'):
            return o
        self.repairs["typed language made plain"] += 1
        return o[: o.rindex(b'"') + 1].lower()

    def _note(self, node: bytes, p: bytes, o: bytes) -> bytes | None:
        """Join the two halves of a description node (text, language) into one literal of the language graph."""
        if p == NODE_LANGUAGE:
            o = self._plain_language(o)
        elif p != NODE_TEXT:
            return None
        if node in self._whole_notes:
            return None
        other, half = self._half_notes.setdefault(node, (p, o))
        if other == p:
            return None
        del self._half_notes[node]
        self._whole_notes.add(node)
        text, language = (o, half) if p == NODE_TEXT else (half, o)
        tag = language[1:-1].lower()
        concept, note = self.survey.notes[node]
        self._counts[tag, note] += 1
        return b"%b %b %b@%b %b" % (concept, note, text[: text.rindex(b'"') + 1], tag, _label_graph(tag))

    def _additions(self) -> Iterator[bytes]:
        gone = self.survey.withdrawn.keys()
        withdrawn = {_term(iri) for iri in gone}
        described = sum(concept not in withdrawn for concept, _ in self.survey.notes.values())
        if lost := described - len(self._whole_notes):
            self.repairs["description without text or language left out"] = lost
        for subject, predicate, value in self.survey.inverses:
            if subject not in gone and value not in gone:
                self.repairs["inverse relations completed"] += 1
                yield f"<{subject}> <{predicate}> <{value}> ".encode() + GRAPH_CORE
        for concept, ancestors in self.survey.lacking.items():
            if concept in gone:
                continue
            for ancestor in sorted(ancestors - gone):
                self.repairs["broaderTransitive completed"] += 1
                yield f"<{concept}> <{BROADER_TRANSITIVE}> <{ancestor}> ".encode() + GRAPH_CORE
        for occupation, codes in self.nace.items():
            if occupation.value not in self.survey.occupations:
                self.repairs["NACE links of unknown occupations left out"] += len(codes)
            elif occupation.value in self.survey.classified:
                self.repairs["NACE links left out: the data has its own"] += len(codes)
            else:
                for code in sorted(codes, key=str):
                    self.repairs["NACE links supplied from a file"] += 1
                    yield f"{occupation} <{ESCO}hasNACECode> {code} ".encode() + GRAPH_CORE


def _clean(literal: bytes) -> bytes:
    """A label (in its quotes) without invisible characters and without blanks around it."""
    text = _text(literal)
    clean = text.translate(_DROP_INVISIBLE).strip(_BLANKS)
    return literal if clean == text else str(Literal(clean)).encode()


def _text(literal: bytes) -> str:
    """The text of a literal as it is written, whatever its language or datatype."""
    inner = literal[1 : literal.rindex(b'"')].decode()
    return _ESCAPE.sub(_unescape, inner) if "\\" in inner else inner


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return _PLAIN_ESCAPES.get(code) or chr(int(code[1:], 16))


def _term(iri: str) -> bytes:
    return f"<{iri}>".encode()


def _value(term: bytes) -> str:
    return term[1:-1].decode()


def _label_graph(language: bytes) -> bytes:
    return b"<%b%b> .\n" % (GRAPH_LABELS.encode(), language)
