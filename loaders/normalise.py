"""From statements as found to quads as served: repairs counted, withdrawn concepts set aside, words sorted by language.

The input is read once. What depends only on what has been read so far becomes a line at once: the words, which are most
of it, where the status of their concept came first. The rest waits in a file of N-Triples until all has been surveyed.
Both passes see one batch of statements at a time, so memory is bounded by the number of concepts, not of statements.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO

from pyoxigraph import Literal, NamedNode, Quad

from loaders.batches import batched
from loaders.input.cells import LABEL_REPAIR
from loaders.input.rdf_files import LONGEST_IRI, Written, terms
from loaders.survey import (
    BROADER,
    BROADER_TRANSITIVE,
    LEARNT,
    LINKS,
    NARROWER,
    NOTATION,
    NOTE_TERMS,
    RELEASED,
    STATUS,
    Survey,
    term,
    value,
)
from ontology import DCT, ESCO, ESCO_DATA, GRAPH_ESCO, GRAPH_LABELS, SKOS, SKOSXL
from releases.characters import fit

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # soft hyphen, zero-width characters, byte order mark
_BLANKS = " \t\r\n\u00a0" + INVISIBLE
_DROP_INVISIBLE = {ord(c): None for c in INVISIBLE if c not in "\u200c\u200d"}  # joiners carry meaning inside words

# Terms as they are written.
GRAPH_CORE = f"<{GRAPH_ESCO}> .\n".encode()
NOTE_COUNTS = {t: "description" if p == DCT + "description" else "note" for t, p in NOTE_TERMS.items()}
PREF_LABEL = term(SKOS + "prefLabel")
LABEL_TERMS = {term(SKOS + name): name for name in ("prefLabel", "altLabel", "hiddenLabel")}
LABEL_NODE_TERMS = {term(SKOSXL + name) for name in LABEL_TERMS.values()}
ASSOCIATION_TERMS = {term(ESCO + name) for name in ("isAssociationFor", "target")}
NODE_TEXT, NODE_LANGUAGE, LABEL_ROLE = term(ESCO + "nodeLiteral"), term(ESCO + "language"), term(ESCO + "hasLabelRole")
UP, DOWN = term(BROADER), term(NARROWER)
REPAIRED_TERMS = {LABEL_ROLE, NOTATION, NODE_LANGUAGE, UP, DOWN, STATUS, *NOTE_COUNTS}
LANGUAGE = re.compile(rb"@[a-z]{1,8}(?:-[a-z0-9]{1,8})*")  # as the engine writes it
BLANK = ord(" ")
CONCEPTS = tuple(f"<{ESCO_DATA}{kind}/".encode() for kind in ("occupation", "skill", "isco", "isced-f"))
NOTE_REPAIR = "description freed of invisible characters, or of blanks around it"
INVISIBLES = re.compile(b"|".join(c.encode() for c in "\u00a0" + INVISIBLE))


@dataclass
class Normaliser:
    """Statements in, N-Quads lines out, with a count of every repair.

    It works on terms as they are written in canonical N-Triples: most statements pass with nothing but a graph added,
    and text is cheaper to pass on than objects are to take apart and write again.
    """

    survey: Survey = field(default_factory=Survey)
    nace: dict[NamedNode, set[NamedNode]] = field(default_factory=dict)
    language: str = ""  # of texts that say none
    strict: bool = False  # whether relations to concepts that are not in the data are left out
    nameless: int = 0  # texts of concepts that say no language
    first_nameless: str = ""
    labelled: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))  # kind of label -> who has one
    repairs: Counter[str] = field(default_factory=Counter)
    blemishes: Counter[str] = field(default_factory=Counter)  # what ESCO itself got wrong and is served as it is
    languages: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # Label nodes and associations of withdrawn concepts, to be taken out of the store again: they may come in any order.
    label_nodes: set[str] = field(default_factory=set)
    associations: set[str] = field(default_factory=set)
    _unlisted: set[bytes] = field(default_factory=set)
    _half_notes: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)  # node -> predicate, value of one half
    _whole_notes: set[bytes] = field(default_factory=set)
    _words: dict[bytes, tuple[bytes, Counter[str]]] = field(default_factory=dict)  # language -> its graph, its counts

    def first_pass(self, statements: Iterable[list[Written]], undecided: IO[bytes]) -> Iterator[list[bytes]]:
        """Survey all statements; the quads of those that wait for nothing. The others go, as they are, to `undecided`."""
        released, notes, wait = self.survey.released, self.survey.notes, undecided.write
        learn, label, line, labelled = self.survey.learn, self._label, self._line, self.labelled
        for batch in statements:
            quads: list[bytes | None] = []
            for statement in batch:
                s, p, o, suffix = statement
                if p in LABEL_TERMS:
                    labelled[LABEL_TERMS[p]].add(s)
                    if s in released:
                        quads.append(label(s, p, o, suffix))
                    else:
                        wait(b"%b %b %b%b .\n" % statement)
                    continue
                if p in LEARNT:
                    learn(s, p, o, suffix)
                if s in notes:
                    now = notes[s][0] in released
                else:
                    now = s in released and (p in NOTE_COUNTS or (p != NOTATION and o.startswith(b'"')))
                if now:
                    quads.append(line(s, p, o, suffix))
                else:
                    wait(b"%b %b %b%b .\n" % statement)
            yield [quad for quad in quads if quad]
        self.survey.complete()

    def second_pass(self, statements: Iterable[list[Written]]) -> Iterator[list[bytes]]:
        """The quads of what was undecided, now that all has been surveyed, and those that the input lacks."""
        notes, line = self.survey.notes, self._line
        withdrawn = {term(iri) for iri in self.survey.withdrawn}
        unlisted = self._unlisted = {term(iri) for iri in self.survey.unlisted} if self.strict else set()
        for batch in statements:
            quads: list[bytes | None] = []
            for s, p, o, suffix in batch:
                if unlisted and p in LINKS and (s in unlisted or o in unlisted):
                    continue
                if withdrawn and (s in withdrawn or o in withdrawn or (s in notes and notes[s][0] in withdrawn)):
                    self._set_aside(s, p, o, suffix)
                else:
                    quads.append(line(s, p, o, suffix))
            yield [quad for quad in quads if quad]
        yield from batched(self._additions(withdrawn))

    def forget(self, quads: Iterable[Quad]) -> None:
        """Quads that were written turn out to be those of a withdrawn concept."""
        for quad in quads:
            s, p, o, suffix = terms(quad.subject, quad.predicate, quad.object)
            self._set_aside(s, p, o, suffix)
            if suffix in self._words and (kind := LABEL_TERMS.get(p) or NOTE_COUNTS.get(p)):
                self._words[suffix][1][kind] -= 1

    def _line(self, s: bytes, p: bytes, o: bytes, suffix: bytes) -> bytes | None:
        """A statement as a quad, repaired; None when it is to be left out."""
        if p in LABEL_TERMS:
            return self._label(s, p, o, suffix)
        if b"\\" in o:
            o = self._fit(o)
        if p in NOTE_COUNTS and o.startswith(b'"'):
            return self._text(s, p, o, suffix, NOTE_COUNTS[p])
        if s in self.survey.notes:
            return self._note(s, p, o, suffix)
        if p in REPAIRED_TERMS:
            repaired = self._repaired(s, p, o, suffix)
            return b"%b %b %b %b" % (s, p, repaired, GRAPH_CORE) if repaired else None
        return b"%b %b %b%b %b" % (s, p, o, suffix, GRAPH_CORE)

    def _label(self, s: bytes, p: bytes, o: bytes, suffix: bytes) -> bytes | None:
        if b"\\" in o and (o := self._fit(o)) == b'""':
            return None
        if b"  " in o:
            self.blemishes["labels with double blanks"] += 1
        return self._text(s, p, o, suffix, LABEL_TERMS[p])

    def _text(self, s: bytes, p: bytes, o: bytes, suffix: bytes, kind: str) -> bytes | None:
        """A label or note as a quad of the graph of its language, freed of what nobody sees."""
        words = self._words.get(suffix) or self._language(suffix)
        if words is None:
            if suffix or not (self.language or s.startswith(CONCEPTS)):
                return b"%b %b %b%b %b" % (s, p, o, suffix, GRAPH_CORE)  # a scheme's, say: no word of a concept
            if not self.language:
                self.nameless += 1
                self.first_nameless = self.first_nameless or f"{value(o)[:60]}' of {value(s)[:200]}"
                return None
            self.repairs[f"text without a language taken for {self.language}"] += 1
            suffix = f"@{self.language}".encode()
            words = self._words.get(suffix) or self._language(suffix)
            assert words is not None  # noqa: S101 (the option was checked)
        suspect = o[1] == BLANK or o[-2] == BLANK or b"\\" in o or (not o.isascii() and INVISIBLES.search(o))
        if suspect and (clean := _clean(o)) != o:
            self.repairs[LABEL_REPAIR if p in LABEL_TERMS else NOTE_REPAIR] += 1
            if clean == b'""':
                return None
            o = clean
        graph, counts = words
        counts[kind] += 1
        return b"%b %b %b%b %b" % (s, p, o, suffix, graph)

    def label_of_node(self, concept: bytes, kind: str, literal: object) -> bytes | None:
        """A plain label from that of a SKOS-XL node; None where it is to be left out."""
        if not isinstance(literal, Literal):
            return None
        _, predicate, text, suffix = terms(NamedNode(value(concept)), NamedNode(SKOS + kind), literal)
        self.repairs["label in SKOS-XL alone made plain"] += 1
        return self._label(concept, predicate, text, suffix)

    def _fit(self, literal: bytes) -> bytes:
        """A text (in its quotes, with something escaped) without characters that XML cannot hold."""
        text = value(literal)
        if (clean := fit(text, "")) == text:
            return literal
        self.repairs["text freed of characters that XML cannot hold"] += 1
        return str(Literal(clean)).encode()

    def _language(self, suffix: bytes) -> tuple[bytes, Counter[str]] | None:
        """How quads of the graph of a language end, and what has been counted in it; None when that is no language."""
        if not LANGUAGE.fullmatch(suffix):
            return None
        end = b"<%b%b> .\n" % (GRAPH_LABELS.encode(), suffix[1:])
        return self._words.setdefault(suffix, (end, self.languages[suffix[1:].decode()]))

    def _set_aside(self, s: bytes, p: bytes, o: bytes, suffix: bytes) -> None:
        self.repairs["statements of withdrawn concepts set aside"] += 1
        if p in LABEL_NODE_TERMS:
            self.label_nodes.add(value(o))
        elif p in ASSOCIATION_TERMS:
            self.associations.add(value(s))
        elif p == PREF_LABEL and suffix == b"@en":
            self.survey.withdrawn[value(s)]["label"] = fit(value(o), "")

    def _repaired(self, s: bytes, p: bytes, o: bytes, suffix: bytes) -> bytes | None:
        """The object as it should be; None when the statement is to be left out."""
        if p in NOTE_COUNTS:
            return None  # the text of the node goes to the graph of its language
        if p == STATUS and o.startswith(b'"') and (status := value(o)) != RELEASED:
            if status.strip().lower() != RELEASED:
                return o + suffix
            self.repairs["status written otherwise made 'released'"] += 1
            return f'"{RELEASED}"'.encode()
        if p in (UP, DOWN):
            child, parent = (s, o) if p == UP else (o, s)
            if self.survey.circular and (value(child), value(parent)) in self.survey.circular:
                self.repairs["link that closes a cycle in the hierarchy left out"] += 1
                return None
        elif p == LABEL_ROLE and o.startswith(b'"'):
            role = _role(o) if len(o) < LONGEST_IRI else None
            self.repairs["label role as string made an IRI" if role else "label role that is no IRI left out"] += 1
            return role
        elif p == NOTATION and suffix:
            self.repairs["typed notation beside or instead of a plain one"] += 1
            return None if s in self.survey.coded else o
        elif p == NODE_LANGUAGE:
            return self._plain_language(o, suffix)
        return o + suffix

    def _plain_language(self, o: bytes, suffix: bytes) -> bytes:
        if not suffix:
            return o
        self.repairs["typed language made plain"] += 1
        return o.lower()

    def _note(self, node: bytes, p: bytes, o: bytes, suffix: bytes) -> bytes | None:
        """Join the two halves of a description node (text, language) into one literal of the language graph."""
        if p == NODE_LANGUAGE:
            o = self._plain_language(o, suffix)
        elif p != NODE_TEXT:
            return None
        if node in self._whole_notes:
            return None
        other, half = self._half_notes.setdefault(node, (p, o))
        if other == p:
            return None
        del self._half_notes[node]
        text, language = (o, half) if p == NODE_TEXT else (half, o)
        tag = b"@" + language[1:-1].lower()
        if not LANGUAGE.fullmatch(tag):
            return None
        self._whole_notes.add(node)
        concept, note = self.survey.notes[node]
        return self._text(concept, note, text, tag, NOTE_COUNTS[note])

    def _additions(self, withdrawn: set[bytes]) -> Iterator[bytes]:
        gone = set(self.survey.withdrawn)
        described = {node for node, (concept, _) in self.survey.notes.items() if concept not in withdrawn}
        if lost := len(described - self._whole_notes):
            self.repairs["description without text or language left out"] = lost
        if self._unlisted:
            gone |= self.survey.unlisted.keys()
            self.repairs["relations to concepts that are not in the data left out"] = self.survey.dangling["relations"]
        for subject, predicate, target in self.survey.inverses:
            if subject not in gone and target not in gone:
                self.repairs["inverse relations completed"] += 1
                yield f"<{subject}> <{predicate}> <{target}> ".encode() + GRAPH_CORE
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


@lru_cache(maxsize=1024)
def _role(literal: bytes) -> bytes | None:
    """A label role given as a string as the IRI that it should be; None when it is none."""
    try:
        return str(NamedNode(value(literal))).encode()
    except ValueError:
        return None


def _clean(literal: bytes) -> bytes:
    """A label (in its quotes) without invisible characters and without blanks around it."""
    text = value(literal)
    clean = text.translate(_DROP_INVISIBLE).strip(_BLANKS)
    return literal if clean == text else str(Literal(clean)).encode()
