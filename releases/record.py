"""The release described in its own graph (DCAT, VoID), so that a query can tell what it is asking.

The whole record of the load is there too, as JSON: a service whose graph is at a SPARQL endpoint has no release folder
and reads from it what a folder holds beside the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pyoxigraph import Literal, NamedNode

from ontology import ATTRIBUTION, CCSI, CCSID, CONTRIBUTORS, DCT, ESCO, GRAPH, RDF, SKOS, XSD
from releases.manifest import Record

DCAT = "http://www.w3.org/ns/dcat#"
VOID = "http://rdfs.org/ns/void#"
GRAPH_RELEASE = GRAPH + "release"
# ESCO is reused under this decision of the European Commission.
LICENCE = "http://data.europa.eu/eli/dec/2011/833/oj"
COMMISSION = "http://publications.europa.eu/resource/authority/corporate-body/COM"  # publishes ESCO, and not this
ESCO_PAGE = "https://esco.ec.europa.eu/"

CLASSES = {
    "occupations": ESCO + "Occupation",
    "skills": ESCO + "Skill",
    "scopeDecisions": "https://w3id.org/ccsi/ns#ScopeDecision",
}


def dataset_quads(manifest: Record, record: Mapping[str, Any]) -> Iterator[str]:
    """The dataset with version, licence, publisher, size and class partitions, and the record of its making.

    ``manifest`` gives escoVersion, contentHash, quads and counts, the last three those of the release without this
    description; ``record`` is everything that a reader without the release's folder needs, for JSON.
    """
    esco_version, content_hash, quads = manifest["escoVersion"], manifest["contentHash"], manifest["quads"]
    node = f"{CCSID}dataset/esco-{esco_version}-{content_hash[:12]}"
    number = NamedNode(XSD + "integer")
    yield _quad(node, RDF + "type", NamedNode(DCAT + "Dataset"))
    yield _quad(node, RDF + "type", NamedNode(VOID + "Dataset"))
    yield _quad(
        node, DCT + "title", Literal(f"Cultural and creative occupations in ESCO {esco_version}", language="en")
    )
    yield _quad(node, DCT + "rights", Literal(ATTRIBUTION, language="en"))
    yield _quad(node, DCT + "license", NamedNode(LICENCE))
    yield _quad(node, DCT + "publisher", NamedNode(CONTRIBUTORS))
    yield _quad(node, DCT + "creator", NamedNode(CONTRIBUTORS))
    source = source_iri(esco_version)
    yield _quad(node, DCT + "source", NamedNode(source))
    yield _quad(source, RDF + "type", NamedNode(DCAT + "Dataset"))
    yield _quad(source, DCT + "title", Literal(f"ESCO {esco_version}", language="en"))
    yield _quad(
        source, DCT + "description", Literal("The classification that is read, as its publisher has it.", language="en")
    )
    yield _quad(source, DCT + "publisher", NamedNode(COMMISSION))
    yield _quad(source, DCT + "license", NamedNode(LICENCE))
    yield _quad(source, DCAT + "landingPage", NamedNode(ESCO_PAGE))
    yield _quad(node, DCAT + "version", Literal(esco_version))
    yield _quad(node, DCT + "identifier", Literal(content_hash))
    yield _quad(node, VOID + "triples", Literal(str(quads), datatype=number))
    yield _quad(node, VOID + "vocabulary", NamedNode(SKOS))
    yield _quad(node, VOID + "vocabulary", NamedNode(ESCO))
    text = json.dumps(record, ensure_ascii=False, sort_keys=True)
    yield _quad(node, CCSI + "releaseRecord", Literal(text, datatype=NamedNode(RDF + "JSON")))
    for name, class_iri in CLASSES.items():
        partition = f"{node}/{name}"
        yield _quad(node, VOID + "classPartition", NamedNode(partition))
        yield _quad(partition, VOID + "class", NamedNode(class_iri))
        yield _quad(partition, VOID + "entities", Literal(str(manifest["counts"][name]), datatype=number))


def source_iri(esco_version: str) -> str:
    """ESCO itself, of a version, as the dataset that ours is made from."""
    return f"{CCSID}source/esco-{esco_version}"


def _quad(subject: str, predicate: str, value: NamedNode | Literal) -> str:
    return f"<{subject}> <{predicate}> {value} <{GRAPH_RELEASE}> .\n"
