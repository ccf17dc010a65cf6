"""From statements as found to quads as served: repairs counted, withdrawn concepts set aside, words sorted by language.

Two passes over the input keep memory flat: the survey learns what must be known before the first quad is written
(which concepts are withdrawn, which description node belongs to which concept, what the hierarchy lacks); the second
pass writes. Both see one statement at a time, so size is bounded by the number of concepts, not of triples.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from loaders.csv_bundle import NOTES, Statement
from ontology import DCT, ESCO, GRAPH_ESCO, GRAPH_LABELS, ISO_THES, OWL, RDF, SKOS, SKOSXL, XSD

STATUS = ISO_THES + "status"
RDF_TYPE = RDF + "type"
BROADER, BROADER_TRANSITIVE = SKOS + "broader", SKOS + "broaderTransitive"
NOTATION = SKOS + "notation"
LABELS = {SKOS + "prefLabel", SKOS + "altLabel", SKOS + "hiddenLabel"}
NOTE_PREDICATES = {p.value for p in NOTES.values()}
NODE_TEXT, NODE_LANGUAGE = ESCO + "nodeLiteral", ESCO + "language"
LABEL_ROLE = ESCO + "hasLabelRole"
LABEL_NODES = {SKOSXL + "prefLabel", SKOSXL + "altLabel", SKOSXL + "hiddenLabel"}
ASSOCIATION_ENDS = {ESCO + "isAssociationFor", ESCO + "target"}
REPLACED_BY, REPLACES = DCT + "isReplacedBy", DCT + "replaces"
VERSION_INFO = OWL + "versionInfo"
# Both directions are served, whichever the input gives.
INVERSES = {
    SKOS + "broader": SKOS + "narrower",
    ESCO + "relatedEssentialSkill": ESCO + "isEssentialSkillFor",
    ESCO + "relatedOptionalSkill": ESCO + "isOptionalSkillFor",
}
DIRECT = {inverse: direct for direct, inverse in INVERSES.items()}
OCCUPATION, SKILL = ESCO + "Occupation", ESCO + "Skill"
RELEASED = "released"
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # soft hyphen, zero-width characters, byte order mark
_BLANKS = " \t\r\n\u00a0" + INVISIBLE
_DROP_INVISIBLE = {ord(c): None for c in INVISIBLE if c not in "\u200c\u200d"}  # joiners carry meaning inside words

GRAPH_CORE = f"<{GRAPH_ESCO}>"


@dataclass
class Survey:
    """What the first pass learns; every set holds IRIs as strings."""

    withdrawn: dict[str, dict[str, str]] = field(default_factory=dict)  # IRI -> status, label, replacedBy
    notes: dict[str, tuple[str, str]] = field(default_factory=dict)  # description node -> (concept, predicate)
    coded: set[str] = field(default_factory=set)  # concepts with a plain notation
    classified: set[str] = field(default_factory=set)  # occupations with a NACE code
    lacking: dict[str, set[str]] = field(default_factory=dict)  # concept -> ancestors missing from broaderTransitive
    occupations: set[str] = field(default_factory=set)
    skills: set[str] = field(default_factory=set)
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
        elif p in NOTE_PREDICATES:
            if isinstance(value, NamedNode):
                one = subject.value
                found.notes[value.value] = (names.setdefault(one, one), p)
        elif p == NOTATION:
            if isinstance(value, Literal) and value.datatype.value == XSD + "string":
                found.coded.add(subject.value)
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


def _complete_hierarchy(found: Survey, broader: dict[str, set[str]], transitive: dict[str, set[str]]) -> None:
    for concept in broader:
        above: set[str] = set()
        todo = list(broader[concept])
        while todo:
            parent = todo.pop()
            if parent not in above and parent != concept:  # a cycle must not hang the load
                above.add(parent)
                todo += broader.get(parent, ())
        if lacking := above - transitive.get(concept, set()):
            found.lacking[concept] = lacking


@dataclass
class Normaliser:
    """The second pass: statements in, N-Quads lines out, with a count of every repair."""

    survey: Survey
    nace: dict[NamedNode, set[NamedNode]] = field(default_factory=dict)
    repairs: Counter[str] = field(default_factory=Counter)
    languages: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # Label nodes and associations of withdrawn concepts, to be taken out of the store again: they may come in any order.
    label_nodes: set[str] = field(default_factory=set)
    associations: set[str] = field(default_factory=set)
    _half_notes: dict[str, tuple[str, str]] = field(default_factory=dict)  # node -> predicate and value of its first half
    _whole_notes: set[str] = field(default_factory=set)

    def lines(self, statements: Iterator[Statement]) -> Iterator[str]:
        """Every quad of the release's ESCO part."""
        withdrawn, notes = self.survey.withdrawn, self.survey.notes
        for subject, predicate, value in statements:
            s, p = subject.value, predicate.value
            if withdrawn and self._set_aside(s, p, value):
                continue
            if p in LABELS:
                yield from self._label(subject, predicate, value)
                continue
            if s in notes:
                value = self._plain_language(value) if p == NODE_LANGUAGE else value
                yield from self._note(s, p, value)
                continue
            if p in NOTE_PREDICATES and isinstance(value, NamedNode):
                continue  # its text goes to the graph of its language
            if p == LABEL_ROLE and isinstance(value, Literal):
                self.repairs["label role as string made an IRI"] += 1
                value = NamedNode(value.value)
            elif p == NOTATION and isinstance(value, Literal) and value.datatype.value != XSD + "string":
                self.repairs["typed notation beside or instead of a plain one"] += 1
                if s in self.survey.coded:
                    continue
                value = Literal(value.value)
            elif p == NODE_LANGUAGE:
                value = self._plain_language(value)
            yield f"{subject} {predicate} {value} {GRAPH_CORE} .\n"
        yield from self._additions()

    def _set_aside(self, subject: str, predicate: str, value: NamedNode | Literal) -> bool:
        withdrawn = self.survey.withdrawn
        owner = self.survey.notes.get(subject)
        if subject not in withdrawn and value.value not in withdrawn and not (owner and owner[0] in withdrawn):
            return False
        self.repairs["statements of withdrawn concepts set aside"] += 1
        if predicate in LABEL_NODES:
            self.label_nodes.add(value.value)
        elif predicate in ASSOCIATION_ENDS:
            self.associations.add(subject)
        elif predicate == SKOS + "prefLabel" and isinstance(value, Literal) and value.language == "en":
            withdrawn[subject]["label"] = value.value
        return True

    def _label(self, subject: NamedNode, predicate: NamedNode, value: NamedNode | Literal) -> Iterator[str]:
        if not isinstance(value, Literal) or not value.language:
            self.repairs["label without a language left out"] += 1
            return
        text = value.value
        clean = text.translate(_DROP_INVISIBLE).strip(_BLANKS)
        if clean != text:
            self.repairs["label freed of invisible or surrounding blank characters"] += 1
            if not clean:
                return
            value = Literal(clean, language=value.language)
        language = value.language or ""
        self.languages[language][predicate.value.rpartition("#")[2]] += 1
        yield f"{subject} {predicate} {value} <{GRAPH_LABELS}{language}> .\n"

    def _plain_language(self, value: NamedNode | Literal) -> NamedNode | Literal:
        if isinstance(value, Literal) and value.datatype.value != XSD + "string":
            self.repairs["typed language made plain"] += 1
            return Literal(value.value.lower())
        return value

    def _note(self, node: str, predicate: str, value: NamedNode | Literal) -> Iterator[str]:
        """Join the two halves of a description node (text, language) into one literal of the language graph."""
        if predicate not in (NODE_TEXT, NODE_LANGUAGE) or node in self._whole_notes:
            return
        first = self._half_notes.setdefault(node, (predicate, value.value))
        if first[0] == predicate:
            return
        del self._half_notes[node]
        self._whole_notes.add(node)
        text, language = (value.value, first[1]) if predicate == NODE_TEXT else (first[1], value.value)
        language = language.lower()
        concept, note = self.survey.notes[node]
        self.languages[language]["description" if note == DCT + "description" else "note"] += 1
        yield f"<{concept}> <{note}> {Literal(text, language=language)} <{GRAPH_LABELS}{language}> .\n"

    def _additions(self) -> Iterator[str]:
        gone = self.survey.withdrawn.keys()
        described = sum(concept not in gone for concept, _ in self.survey.notes.values())
        if lost := described - len(self._whole_notes):
            self.repairs["description without text or language left out"] = lost
        for subject, predicate, value in self.survey.inverses:
            if subject not in gone and value not in gone:
                self.repairs["inverse relations completed"] += 1
                yield f"<{subject}> <{predicate}> <{value}> {GRAPH_CORE} .\n"
        for concept, ancestors in self.survey.lacking.items():
            if concept in gone:
                continue
            for ancestor in sorted(ancestors - gone):
                self.repairs["broaderTransitive completed"] += 1
                yield f"<{concept}> <{BROADER_TRANSITIVE}> <{ancestor}> {GRAPH_CORE} .\n"
        for occupation, codes in self.nace.items():
            if occupation.value not in self.survey.occupations:
                self.repairs["NACE links of unknown occupations left out"] += len(codes)
            elif occupation.value in self.survey.classified:
                self.repairs["NACE links left out: the data has its own"] += len(codes)
            else:
                for code in sorted(codes, key=str):
                    self.repairs["NACE links supplied from a file"] += 1
                    yield f"{occupation} <{ESCO}hasNACECode> {code} {GRAPH_CORE} .\n"
