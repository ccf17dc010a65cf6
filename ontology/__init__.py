"""The CCSI ontology as Turtle files, and the namespaces that the code shares with them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

MappingRelation = Literal["exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"]  # of SKOS
FOLDER = Path(__file__).parent

ESCO = "http://data.europa.eu/esco/model#"
ESCO_DATA = "http://data.europa.eu/esco/"
SCHEME = ESCO_DATA + "concept-scheme/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SKOSXL = "http://www.w3.org/2008/05/skos-xl#"
DCT = "http://purl.org/dc/terms/"
ISO_THES = "http://purl.org/iso25964/skos-thes#"
SSSOM = "https://w3id.org/sssom/"
OWL = "http://www.w3.org/2002/07/owl#"
PROV = "http://www.w3.org/ns/prov#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
NACE = "http://data.europa.eu/ux2/nace2.1/"
CCSI = "https://w3id.org/ccsi/ns#"
CCSID = "https://w3id.org/ccsi/id/"

CONTRIBUTORS = CCSID + "agent/contributors"  # the agent behind all that is ours

# One named graph per stage of the derivation; the SPARQL default graph is their union.
GRAPH = CCSID + "graph/"
GRAPH_ESCO = GRAPH + "esco"
# + language tag: the labels and descriptions of that language, each held once. A query for one language reads one
# small graph instead of filtering all 28 (7 to 37 times faster on Oxigraph, and portable).
GRAPH_LABELS = GRAPH + "labels/"
GRAPH_OWN = GRAPH + "own"  # the user's own concepts, on top of ESCO
GRAPH_ONTOLOGY = GRAPH + "ontology"
GRAPH_NACE = GRAPH + "nace"  # NACE Rev. 2 and Rev. 2.1
GRAPH_SCOPE = GRAPH + "scope"
GRAPH_SKILLS = GRAPH + "skills"
GRAPH_CLUSTERS = GRAPH + "clusters"
GRAPH_PROFILES = GRAPH + "profiles"
GRAPH_MAPPINGS = GRAPH + "mappings"  # of other classifications to ESCO, from files of the user's

# Vocabularies as tools for SKOS take them, each at a SPARQL address of its own (`/sparql/nace`): the graphs that make it up. A
# name with a slash at its end stands for all that begin so.
VOCABULARIES = {"esco": (GRAPH_ESCO, GRAPH_LABELS), "ccsi": (GRAPH_ONTOLOGY,), "nace": (GRAPH_NACE,)}

# How the service abbreviates IRIs wherever it writes RDF. CCSID is not among them: its paths would need escapes.
PREFIXES = {
    "ccsi": CCSI,
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": DCT,
    "esco": ESCO,
    "foaf": "http://xmlns.com/foaf/0.1/",
    "iso-thes": ISO_THES,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "skos": SKOS,
    "skosxl": SKOSXL,
    "void": "http://rdfs.org/ns/void#",
    "xsd": XSD,
}

# ESCO's collections and what they are called here; the first six count as aspects of a domain's skills.
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

ATTRIBUTION = "This service uses the ESCO classification of the European Commission."


def turtle_files() -> list[Path]:
    """Every ontology file of the project, in a fixed order; the SHACL shapes are not among them."""
    return sorted(p for p in FOLDER.glob("*.ttl") if not p.name.startswith("shapes"))


def local_name(iri: str) -> str:
    """The last segment of an IRI: the UUID of an ESCO concept, the code of a NACE or ISCO one, our own identifier; "" of ""."""
    return iri.rpartition("/")[2]
