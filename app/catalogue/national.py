"""Other classifications, national ones above all: what their codes map to in ESCO, from the mapping files that were loaded."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import cast

from app.store.port import GraphStore
from ontology import SKOS, MappingRelation, local_name
from queries.rows import as_texts

# A relation read from its other end.
INVERSE: dict[MappingRelation, MappingRelation] = {"broadMatch": "narrowMatch", "narrowMatch": "broadMatch"}


@dataclass(frozen=True, slots=True)
class CodeMapping:
    """A code of another classification and one concept of ESCO."""

    scheme: str
    code: str
    iri: str
    label: str
    relation: MappingRelation  # of the code to ESCO's concept
    esco: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Scheme:
    """A classification, and the files of its mappings."""

    id: str
    name: str
    version: str
    sources: list[str]


@dataclass
class National:
    """All mappings of a release, by either end."""

    schemes: dict[str, Scheme] = field(default_factory=dict)
    by_code: dict[tuple[str, str], list[CodeMapping]] = field(default_factory=lambda: defaultdict(list))
    by_esco: dict[str, list[CodeMapping]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, store: GraphStore) -> National:
        """Those of the release in the store; often none."""
        mappings = cls()
        for scheme, name, source, version in sorted(as_texts(store.select("api/national_schemes"))):
            entry = mappings.schemes.setdefault(local_name(scheme), Scheme(local_name(scheme), name, version, []))
            entry.sources.append(source)
        if not mappings.schemes:
            return mappings
        seen: set[tuple[str, str, str]] = set()
        rows = sorted(as_texts(store.select("api/national")))
        for concept, scheme, code, label, relation, target, confidence in rows:
            if (concept, relation, target) in seen:
                continue  # a second label, from another file
            seen.add((concept, relation, target))
            sure = float(confidence) if confidence else None
            kind = cast(MappingRelation, relation.removeprefix(SKOS))
            one = CodeMapping(local_name(scheme), code, concept, label, kind, target, sure)
            mappings.by_code[one.scheme, code].append(one)
            mappings.by_esco[target].append(one)
        return mappings

    def with_code(self, code: str) -> list[str]:
        """The classifications that have mappings of a code."""
        return [scheme for scheme in self.schemes if (scheme, code) in self.by_code]
