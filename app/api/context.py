"""The JSON-LD context that makes the API's JSON linked data."""

from __future__ import annotations

from typing import Any

from ontology import CCSI, CCSID, DCT, ESCO, SKOS, XSD

_LINK = {"@type": "@id"}


def _domain_like(folder: str, prop: str) -> dict[str, Any]:
    """An identifier such as "heritage" as the IRI it stands for."""
    return {"@id": CCSI + prop, "@type": "@vocab", "@context": {"@vocab": f"{CCSID}{folder}/"}}


CONTEXT: dict[str, Any] = {
    "@context": {
        "@version": 1.1,
        "uri": "@id",
        "className": {"@id": "@type", "@type": "@vocab"},
        "Occupation": ESCO + "Occupation",
        "Skill": ESCO + "Skill",
        "preferredLabel": {"@id": SKOS + "prefLabel", "@container": "@language"},
        "alternativeLabel": {"@id": SKOS + "altLabel", "@container": "@language"},
        "description": {"@id": DCT + "description", "@container": "@language"},
        "scopeNote": {"@id": SKOS + "scopeNote", "@container": "@language"},
        "definition": {"@id": SKOS + "definition", "@container": "@language"},
        "code": SKOS + "notation",
        "broaderIscoGroup": {"@id": SKOS + "broaderTransitive", **_LINK},
        "iscoHierarchy": {"@id": SKOS + "broaderTransitive", **_LINK},
        "hierarchy": {"@id": SKOS + "broaderTransitive", **_LINK},
        "broaderOccupation": {"@id": SKOS + "broader", **_LINK},
        "narrowerOccupation": {"@id": SKOS + "narrower", **_LINK},
        "broaderSkill": {"@id": SKOS + "broader", **_LINK},
        "narrowerSkill": {"@id": SKOS + "narrower", **_LINK},
        "broaderHierarchyConcept": {"@id": SKOS + "broader", **_LINK},
        "hasEssentialSkill": {"@id": ESCO + "relatedEssentialSkill", **_LINK},
        "hasOptionalSkill": {"@id": ESCO + "relatedOptionalSkill", **_LINK},
        "isEssentialForOccupation": {"@id": ESCO + "isEssentialSkillFor", **_LINK},
        "isOptionalForOccupation": {"@id": ESCO + "isOptionalSkillFor", **_LINK},
        "domain": _domain_like("domain", "domain"),
        "subDomain": _domain_like("domain", "subDomain"),
        "degree": _domain_like("degree", "degree"),
        "route": _domain_like("route", "evidenceRoute"),
        "function": _domain_like("function", "function"),
        "functions": _domain_like("function", "function"),
        "charterFunction": _domain_like("charter", "charterFunction"),
        "charterFunctions": _domain_like("charter", "charterFunction"),
        "confidence": {"@id": CCSI + "confidence", "@type": XSD + "decimal"},
        "score": {"@id": CCSI + "score", "@type": XSD + "decimal"},
        "reason": CCSI + "reason",
        "contradicted": CCSI + "contradicted",
        "evidence": {"@id": CCSI + "basedOn", **_LINK},
        "derivedFrom": {"@id": "http://www.w3.org/ns/prov#wasDerivedFrom", **_LINK},
    }
}
