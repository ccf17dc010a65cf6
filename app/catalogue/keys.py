"""Names that people and IRIs give to concepts: keys from IRIs and back."""

from __future__ import annotations

from ontology import CCSID, ESCO_DATA


def local_name(iri: str) -> str:
    """The last segment of an IRI: the UUID of an ESCO concept, the code of a NACE or ISCO one, our own identifier."""
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
