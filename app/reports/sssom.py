"""The mappings of a release as SSSOM: a table that tools for mappings read, https://w3id.org/sssom/."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from typing import TextIO

from pyoxigraph import Literal

from app.catalogue.activities import revisions
from app.catalogue.national import National
from app.store.embedded import EmbeddedStore
from ontology import SKOS, local_name
from ontology.nace_revisions import SAME_NAME, Revisions
from queries.rows import as_texts
from releases.errors import SourceError
from releases.release import Release

COLUMNS = ("subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification", "confidence", "comment")
# Of a table that somebody published nothing more is known; of ours the lists were compared.
PUBLISHED, OURS = "semapv:UnspecifiedMatching", "semapv:ManualMappingCuration"
BY_NAME = "semapv:LexicalMatching"


def write_sssom(release: Release, out: TextIO, scheme: str = "") -> None:
    """All mappings, or those of one classification. Raises SourceError for one that has none."""
    with closing(EmbeddedStore(release.store)) as store:
        national, revised = National.read(store), revisions(store)
        domains = list(_of_domains(store))
    known = ["nace", "domains", *national.schemes]
    if scheme and scheme not in known:
        raise SourceError(f"The release has no mappings of '{scheme}'.", f"There are: {', '.join(known)}.")
    out.write(f"#mapping_set_id: https://w3id.org/ccsi/id/mappings/{release.id}\n")
    out.write("#license: https://w3id.org/sssom/license/unspecified\n#curie_map:\n")
    out.write(f"#  skos: {SKOS}\n#  semapv: https://w3id.org/semapv/vocab/\n")
    table = csv.writer(out, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    for row in (*domains, *_of_nace(revised), *_rows(national)):
        if scheme in ("", row[0]):
            table.writerow(row[1:])


def _of_domains(store: EmbeddedStore) -> Iterator[tuple[str, ...]]:
    """What our domains correspond to at ESSnet-Culture, Creative Europe, UNESCO (framework, thesaurus), the DCMS and Wikidata."""
    names = {
        concept.value: label.value
        for concept, label in store.select("materialise/cell_labels")
        if concept is not None and isinstance(label, Literal) and label.language == "en"
    }
    for domain, relation, target, label, scheme in sorted(as_texts(store.select("api/mappings"))):
        kind = f"skos:{local_name(relation).rpartition('#')[2]}"
        yield "domains", domain, names.get(domain, ""), kind, target, OURS, "", f"{label} ({local_name(scheme)})"


def _of_nace(revised: Revisions) -> Iterator[tuple[str, ...]]:
    for one in revised.pairs:
        how = PUBLISHED if revised.official else BY_NAME if one.why == SAME_NAME else OURS
        comment = revised.official or f"unofficial: {one.why}"
        relation = f"skos:{revised.relation(one, '2')}"
        yield "nace", one.former.iri, one.former.name, relation, one.current.iri, how, "", comment


def _rows(national: National) -> Iterator[tuple[str, ...]]:
    for pairs in national.by_code.values():
        for pair in pairs:
            sure = "" if pair.confidence is None else f"{pair.confidence:g}"
            source = "; ".join(national.schemes[pair.scheme].sources)
            yield pair.scheme, pair.iri, pair.label, f"skos:{pair.relation}", pair.esco, PUBLISHED, sure, source
