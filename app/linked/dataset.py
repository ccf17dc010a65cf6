"""The dataset about itself, in VoID and DCAT-AP: figures a graph, class and property, licence, attribution, access."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pyoxigraph as ox

from app.catalogue.catalogue import Catalogue
from app.linked.downloads import names
from app.linked.resource import describe
from app.request import Context
from ontology import (
    ATTRIBUTION,
    CCSI,
    CCSID,
    CONTRIBUTORS,
    DCT,
    GRAPH,
    GRAPH_LABELS,
    OWL,
    PREFIXES,
    RDF,
    RDFS,
    SKOS,
    XSD,
)
from queries.rows import as_texts
from releases.dumps import Dump
from releases.record import COMMISSION, ESCO_PAGE, LICENCE, VOID, source_iri

DCAT, FOAF = PREFIXES["dcat"], PREFIXES["foaf"]
SD = "http://www.w3.org/ns/sparql-service-description#"
SPDX = "http://spdx.org/rdf/terms#"
# As DCAT-AP's shapes of code lists want it, by https; the name of the term itself begins with http.
_SHA256 = "https://spdx.org/rdf/terms#checksumAlgorithm_sha256"
MORE_PREFIXES = {"sd": SD, "spdx": SPDX}
_AUTHORITY = "http://publications.europa.eu/resource/authority/"
_IANA = "https://www.iana.org/assignments/media-types/"
_FORMATS = "http://www.w3.org/ns/formats/"
_PROTOCOL = "http://www.w3.org/TR/sparql11-protocol/"
_PUBLIC = _AUTHORITY + "access-right/PUBLIC"
_THEMES = {"SOCI": "Population and society", "EDUC": "Education, culture and sport"}
# Of what the release says of itself: counts stand here as those of `figures`, which are of all graphs; the record of the
# load is 12 KB of JSON, for services that read a release from elsewhere.
_NOT_REPEATED = frozenset([VOID + "classPartition", VOID + "triples", CCSI + "releaseRecord"])
KEYWORDS = ("ESCO", "occupations", "skills", "cultural and creative sectors and industries", "CCSI")
ABOUT = {
    GRAPH + "esco": "ESCO's facts",
    GRAPH + "ontology": "Domains, functions, mappings, crosswalks and curation",
    GRAPH + "nace": "NACE Rev. 2 and Rev. 2.1, and what became of the codes of the one in the other",
    GRAPH + "scope": "Which occupations belong to which domain: assertions and decisions",
    GRAPH + "skills": "How specialised the domains are in their skills",
    GRAPH + "clusters": "Clusters of skills",
    GRAPH + "profiles": "Profiles: templates for domains, functions and occupations, and the skills that they ask for",
    GRAPH + "mappings": "Mappings of other classifications to ESCO",
    GRAPH + "release": "The dataset about itself",
}
DESCRIPTION = (
    "Which ESCO occupations and skills belong to the cultural and creative sectors and industries, "
    "with the evidence for every decision, beside ESCO itself."
)


@dataclass(frozen=True)
class Figures:
    """Statements and instances a named graph; IRIs throughout."""

    triples: dict[str, int]
    classes: dict[str, dict[str, int]]  # graph -> class -> instances
    properties: dict[str, dict[str, int]]  # graph -> property -> statements
    all_classes: dict[str, int]
    all_properties: dict[str, int]


_counted: WeakKeyDictionary[Catalogue, Figures] = WeakKeyDictionary()
_counting = threading.Lock()


def figures(catalogue: Catalogue) -> Figures:
    """The figures of a release, counted at the first call (about a second for full ESCO) and kept."""
    with _counting:
        if (counted := _counted.get(catalogue)) is None:
            properties = _partition(catalogue, "pages/property_partitions")
            classes = _partition(catalogue, "pages/class_partitions")
            triples = {graph: sum(part.values()) for graph, part in sorted(properties.items())}
            totals = _most_first(*classes.values()), _most_first(*properties.values())
            counted = _counted[catalogue] = Figures(triples, classes, properties, *totals)
        return counted


def _partition(catalogue: Catalogue, name: str) -> dict[str, dict[str, int]]:
    sizes: dict[str, dict[str, int]] = defaultdict(dict)
    for graph, iri, count in as_texts(catalogue.store.select(name)):
        if graph in catalogue.graphs:
            sizes[graph][iri] = int(count)
    return {graph: _most_first(part) for graph, part in sorted(sizes.items())}


def _most_first(*counts: dict[str, int]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def title_of(graph: str) -> str:
    """What a named graph holds, in words."""
    if graph.startswith(GRAPH_LABELS):
        return f"Labels and descriptions, language {graph[len(GRAPH_LABELS) :]}"
    return ABOUT.get(graph, graph.removeprefix(GRAPH))


def dataset_iri(release_id: str) -> str:
    """The dataset that a release is, as its own graph names it."""
    return f"{CCSID}dataset/esco-{release_id}"


def dataset_triples(ctx: Context, publisher: str, made: list[Dump]) -> Iterator[ox.Triple]:
    """The whole description; downloads that are not made yet are listed without size and checksum."""
    document = f"{ctx.base}/.well-known/void"
    dataset, catalog = dataset_iri(ctx.served.release.id), document + "#catalog"
    created = ctx.served.release.manifest["createdAt"]
    counted = figures(ctx.catalogue)
    yield from says(
        document,
        (RDF + "type", VOID + "DatasetDescription"), (RDF + "type", FOAF + "Document"), (FOAF + "primaryTopic", dataset),
        (DCT + "title", _text("Description of the CCSI dataset")),
    )  # fmt: skip
    yield from _referred(ctx, document, publisher)
    sparql, api = document + "#sparql", document + "#api"
    yield from says(
        catalog,
        (RDF + "type", DCAT + "Catalog"), (DCT + "title", _text("CCSI in ESCO")), (DCT + "description", _text(DESCRIPTION)),
        (DCAT + "dataset", dataset), (DCAT + "service", sparql), (DCAT + "service", api), (FOAF + "homepage", ctx.base + "/"),
        (DCT + "license", LICENCE), (DCT + "rights", document + "#rights"), (DCT + "publisher", document + "#publisher"),
        (DCAT + "themeTaxonomy", _AUTHORITY + "data-theme"),
    )  # fmt: skip
    for node in (dataset, source_iri(ctx.served.release.manifest["escoVersion"])):
        described = describe(ctx.catalogue.store, node, ctx.limits.links)
        for links in described.outgoing if described else ():
            for value in links.values:
                if links.predicate not in _NOT_REPEATED:
                    yield ox.Triple(ox.NamedNode(node), ox.NamedNode(links.predicate), value)
    yield from says(
        dataset,
        (DCT + "description", _text(DESCRIPTION)), (DCT + "issued", typed(created.replace("+00:00", "Z"), "dateTime")),
        (DCAT + "landingPage", ctx.base + "/"), (DCT + "accessRights", _PUBLIC),
        *((DCAT + "theme", f"{_AUTHORITY}data-theme/{code}") for code in _THEMES),
        *((DCAT + "keyword", _text(word)) for word in KEYWORDS),
        (VOID + "sparqlEndpoint", ctx.base + "/sparql"), (VOID + "uriSpace", ox.Literal(CCSID)),
        (VOID + "exampleResource", CCSID + "domain/heritage"), (VOID + "vocabulary", CCSI),
        *((VOID + "feature", _FORMATS + name) for name in ("Turtle", "N-Triples", "JSON-LD", "RDF_XML")),
        (VOID + "triples", typed(sum(counted.triples.values()))), (VOID + "classes", typed(len(counted.all_classes))),
        (VOID + "properties", typed(len(counted.all_properties))), *((VOID + "subset", graph) for graph in counted.triples),
    )  # fmt: skip
    yield from _partitions(dataset, counted.all_classes, counted.all_properties)
    for graph, triples in counted.triples.items():
        yield from says(
            graph,
            (RDF + "type", VOID + "Dataset"), (RDF + "type", SD + "NamedGraph"), (SD + "name", graph),
            (DCT + "title", _text(title_of(graph))), (VOID + "triples", typed(triples)),
        )  # fmt: skip
        yield from _partitions(graph, counted.classes.get(graph, {}), counted.properties[graph])
    yield from _services(ctx, sparql, api, dataset)
    yield from _distributions(ctx, dataset, made)


def _referred(ctx: Context, document: str, publisher: str) -> Iterator[ox.Triple]:
    """What the description refers to, told as far as DCAT-AP's ranges ask for it: agents, terms, themes, formats."""
    agents = {
        document + "#publisher": publisher or f"The operator of {ctx.base}", CONTRIBUTORS: "The contributors to CCSI in ESCO",
        COMMISSION: "European Commission",
    }  # fmt: skip
    for agent, name in agents.items():
        yield from says(agent, (RDF + "type", FOAF + "Agent"), (FOAF + "name", ox.Literal(name)))
    yield from says(COMMISSION, (SKOS + "inScheme", _AUTHORITY + "corporate-body"))
    yield from says(document + "#rights", (RDF + "type", DCT + "RightsStatement"), (RDFS + "label", _text(ATTRIBUTION)))
    yield from says(_PUBLIC, (RDF + "type", DCT + "RightsStatement"), (SKOS + "inScheme", _AUTHORITY + "access-right"))
    yield from says(
        _AUTHORITY + "data-theme", (RDF + "type", SKOS + "ConceptScheme"), (DCT + "title", _text("Data theme"))
    )
    for code, name in _THEMES.items():
        theme = f"{_AUTHORITY}data-theme/{code}"
        yield from says(
            theme, (RDF + "type", SKOS + "Concept"), (SKOS + "prefLabel", _text(name)), (SKOS + "inScheme", _AUTHORITY + "data-theme"),
        )  # fmt: skip
    kinds = {
        LICENCE: "LicenseDocument", _PROTOCOL: "Standard",
        **{_IANA + name: "MediaType" for name in ("application/n-quads", "text/turtle", "application/gzip")},
    }  # fmt: skip
    for iri, kind in kinds.items():
        yield from says(iri, (RDF + "type", DCT + kind))
    for name in ("RDF_N_QUADS", "RDF_TURTLE"):
        form = f"{_AUTHORITY}file-type/{name}"
        yield from says(form, (RDF + "type", DCT + "MediaTypeOrExtent"), (SKOS + "inScheme", _AUTHORITY + "file-type"))
    yield from says(
        _SHA256, (RDF + "type", SPDX + "ChecksumAlgorithm"), (OWL + "sameAs", SPDX + "checksumAlgorithm_sha256")
    )
    for page in (ctx.base + "/", ESCO_PAGE):
        yield from says(page, (RDF + "type", FOAF + "Document"))


def _services(ctx: Context, sparql: str, api: str, dataset: str) -> Iterator[ox.Triple]:
    yield from says(
        sparql,
        (RDF + "type", DCAT + "DataService"), (DCT + "title", _text("SPARQL endpoint")), (DCAT + "endpointURL", ctx.base + "/sparql"),
        (DCAT + "endpointDescription", ctx.base + "/sparql"), (DCAT + "servesDataset", dataset),
        (DCT + "conformsTo", _PROTOCOL),
    )  # fmt: skip
    yield from says(
        api,
        (RDF + "type", DCAT + "DataService"), (DCT + "title", _text("JSON API")), (DCAT + "endpointURL", ctx.base + "/api/v1"),
        (DCAT + "endpointDescription", ctx.base + "/api/v1/openapi.json"), (DCAT + "servesDataset", dataset),
    )  # fmt: skip


def _distributions(ctx: Context, dataset: str, made: list[Dump]) -> Iterator[ox.Triple]:
    ready = {dump.name: dump for dump in made}
    for name, graph in names(ctx.served.release, ctx.catalogue.graphs).items():
        address = f"{ctx.base}/dumps/{name}"
        node = f"{ctx.base}/.well-known/void#{name}"
        quads = name.endswith(".nq.gz")
        yield from says(dataset, (DCAT + "distribution", node), (VOID + "dataDump", address))
        if graph:
            yield from says(graph, (VOID + "dataDump", address))
        yield from says(
            node,
            (RDF + "type", DCAT + "Distribution"), (DCT + "title", _text(title_of(graph) if graph else "All graphs")),
            (DCT + "description", _text(f"{'N-Quads' if quads else 'Turtle'}, packed with gzip.")),
            (DCAT + "accessURL", address), (DCAT + "downloadURL", address), (DCT + "license", LICENCE),
            (DCAT + "mediaType", _IANA + ("application/n-quads" if quads else "text/turtle")),
            (DCAT + "compressFormat", _IANA + "application/gzip"),
            (DCT + "format", _AUTHORITY + "file-type/" + ("RDF_N_QUADS" if quads else "RDF_TURTLE")),
        )  # fmt: skip
        if dump := ready.get(name):
            checksum = node + "-sha256"
            yield from says(
                node, (DCAT + "byteSize", typed(dump.bytes, "nonNegativeInteger")), (SPDX + "checksum", checksum)
            )
            yield from says(
                checksum,
                (RDF + "type", SPDX + "Checksum"), (SPDX + "algorithm", _SHA256),
                (SPDX + "checksumValue", typed(dump.sha256, "hexBinary")),
            )  # fmt: skip


def _partitions(node: str, classes: dict[str, int], properties: dict[str, int]) -> Iterator[ox.Triple]:
    for kind, parts, of, count in (
        ("classPartition", classes, "class", "entities"),
        ("propertyPartition", properties, "property", "triples"),
    ):
        for iri, size in parts.items():
            # Named after what it counts: the same description has the same bytes, and so the same validator.
            part = ox.BlankNode("b" + hashlib.sha256(f"{node} {kind} {iri}".encode()).hexdigest()[:12])
            yield ox.Triple(ox.NamedNode(node), ox.NamedNode(VOID + kind), part)
            yield ox.Triple(part, ox.NamedNode(VOID + of), ox.NamedNode(iri))
            yield ox.Triple(part, ox.NamedNode(VOID + count), typed(size))


def says(subject: str, *statements: tuple[str, str | ox.Literal]) -> Iterator[ox.Triple]:
    """Statements about a subject; a text is the IRI of what it is linked to."""
    for prop, value in statements:
        target = ox.NamedNode(value) if isinstance(value, str) else value
        yield ox.Triple(ox.NamedNode(subject), ox.NamedNode(prop), target)


def _text(text: str) -> ox.Literal:
    return ox.Literal(text, language="en")


def typed(value: object, kind: str = "integer") -> ox.Literal:
    """A value as a literal of one of the types of XML Schema."""
    return ox.Literal(str(value), datatype=ox.NamedNode(XSD + kind))
