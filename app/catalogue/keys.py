"""ESCO's IRIs of concepts from their keys."""

from __future__ import annotations

from ontology import ESCO_DATA


def occupation_iri(key: str) -> str:
    """ESCO's IRI of an occupation from its UUID."""
    return f"{ESCO_DATA}occupation/{key}"


def skill_iri(key: str) -> str:
    """ESCO's IRI of a skill from its UUID."""
    return f"{ESCO_DATA}skill/{key}"
