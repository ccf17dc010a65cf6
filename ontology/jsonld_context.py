"""The JSON-LD context that makes the API's JSON linked data."""

from __future__ import annotations

from typing import Any

from ontology import CCSI, CCSID, DCT, ESCO, ESCO_DATA, SKOS

HYDRA = "http://www.w3.org/ns/hydra/core#"
_LINK = {"@type": "@id"}
_BY_UNIT = {"@type": "@id", "@container": "@index"}  # an object with a key per unit, which says nothing of its own


def _value_of(prop: str, base: str) -> dict[str, Any]:
    """A short value such as "knowledge" as the IRI it stands for."""
    return {"@id": prop, "@type": "@vocab", "@context": {"@vocab": base}}


def _domain_like(folder: str, prop: str) -> dict[str, Any]:
    """An identifier of ours such as "heritage" as the IRI it stands for."""
    return _value_of(prop if ":" in prop else CCSI + prop, f"{CCSID}{folder}/")


_EVIDENCE: dict[str, Any] = {
    "domain": _domain_like("domain", "domain"),
    "subDomain": _domain_like("domain", "subDomain"),
    "degree": _domain_like("degree", "degree"),
    "route": _domain_like("route", "evidenceRoute"),
    "function": _domain_like("function", "function"),
    "functions": _domain_like("function", "function"),
    "charterFunction": _domain_like("charter", "charterFunction"),
    "charterFunctions": _domain_like("charter", "charterFunction"),
    # JSON numbers are doubles to JSON-LD, which would write "8.9E-1" into a decimal too; the graph itself has decimals.
    "confidence": CCSI + "confidence",
    "score": CCSI + "score",
    "reason": CCSI + "reason",
    "contradicted": CCSI + "contradicted",
    "derivedFrom": {"@id": "http://www.w3.org/ns/prov#wasDerivedFrom", **_LINK},
}

# What is derived about skills. Scoped to its classes, so that "share" or "group" mean nothing elsewhere.
_STATEMENT: dict[str, Any] = {
    name: CCSI + name
    for name in (
        "skillClass", "specialisationEvidence", "transversal", "locationQuotient", "logLocationQuotient", "essentialSupport",
        "optionalSupport", "coreSupport", "overallSupport", "essentialShare", "share", "overallShare", "pValue", "qValue",
        "effectiveUse", "coreness", "aspect", "ratio", "reach", "overallReach", "weight", "centrality", "rank", "primary",
    )
} | {name: {"@id": CCSI + name, **_LINK} for name in ("skill", "group", "skillOccupation", "neighbour")}  # fmt: skip
_SHARES = {"@reverse": CCSI + "cluster", **_LINK}
_DERIVED: dict[str, Any] = {
    name: {"@id": CCSI + name, "@context": _STATEMENT}
    for name in ("SkillSpecialisation", "GroupShare", "TransversalFigure", "ClusterMembership", "ClusterShare")
} | {
    "SkillCluster": {
        "@id": CCSI + "SkillCluster",
        "@context": {
            "clusterLevel": CCSI + "clusterLevel",
            "clusterSupport": CCSI + "clusterSupport",
            "clusterStability": CCSI + "clusterStability",
            "reliable": CCSI + "reliable",
            "broaderCluster": {"@id": CCSI + "broaderCluster", **_LINK},
            "centralSkill": {"@id": CCSI + "centralSkill", **_LINK},
            "unit": {"@id": CCSI + "unit", **_LINK},
            "narrower": {"@reverse": CCSI + "broaderCluster", **_LINK},
            "members": _SHARES,
            "groups": _SHARES,
            "fields": _SHARES,
            "occupations": _SHARES,
            "neighbours": _SHARES,
        },
    }
}

CONTEXT: dict[str, Any] = {
    "@context": {
        "@version": 1.1,
        "uri": "@id",
        "className": "@type",
        "Occupation": ESCO + "Occupation",
        "Skill": ESCO + "Skill",
        **_DERIVED,
        "preferredLabel": {"@id": SKOS + "prefLabel", "@container": "@language"},
        "alternativeLabel": {"@id": SKOS + "altLabel", "@container": "@language"},
        "description": {"@id": DCT + "description", "@container": "@language"},
        "scopeNote": {"@id": SKOS + "scopeNote", "@container": "@language"},
        "definition": {"@id": SKOS + "definition", "@container": "@language"},
        "code": SKOS + "notation",
        "broaderIscoGroup": {"@id": SKOS + "broaderTransitive", **_LINK},
        "iscoHierarchy": {"@id": SKOS + "broaderTransitive", **_LINK},
        "hierarchy": {"@id": SKOS + "broaderTransitive", **_LINK},
        "broader": _domain_like("domain", SKOS + "broader"),
        "narrower": {"@id": SKOS + "narrower", **_LINK},
        "broaderOccupation": {"@id": SKOS + "broader", **_LINK},
        "narrowerOccupation": {"@id": SKOS + "narrower", **_LINK},
        "broaderSkill": {"@id": SKOS + "broader", **_LINK},
        "narrowerSkill": {"@id": SKOS + "narrower", **_LINK},
        "broaderHierarchyConcept": {"@id": SKOS + "broader", **_LINK},
        "skillType": _value_of(ESCO + "skillType", ESCO_DATA + "skill-type/"),
        "reuseLevel": _value_of(ESCO + "skillReuseLevel", ESCO_DATA + "skill-reuse-level/"),
        "naceCode": {"@id": ESCO + "hasNACECode", **_LINK},
        "hasEssentialSkill": {"@id": ESCO + "relatedEssentialSkill", **_LINK},
        "hasOptionalSkill": {"@id": ESCO + "relatedOptionalSkill", **_LINK},
        # What needs a skill names its domains by identifier alone: not decisions.
        "isEssentialForOccupation": {"@id": ESCO + "isEssentialSkillFor", **_LINK, "@context": {"domains": None}},
        "isOptionalForOccupation": {"@id": ESCO + "isOptionalSkillFor", **_LINK, "@context": {"domains": None}},
        # A decision is a node of its own that points at the occupation; nothing of ours is said of ESCO's concept itself.
        "domains": {"@reverse": CCSI + "occupation", **_LINK, "@context": _EVIDENCE},
        "decisions": {"@reverse": CCSI + "occupation", **_LINK, "@context": _EVIDENCE},
        "assertions": {"@reverse": CCSI + "occupation", **_LINK, "@context": _EVIDENCE},
        "decision": {"@reverse": CCSI + "occupation", **_LINK},
        "evidence": {"@id": CCSI + "basedOn", **_LINK},
        # Domains side by side: a shared skill with the statements about it, and those about what one domain has alone.
        "shared": {
            "@id": HYDRA + "member",
            "@context": {"skill": {"@id": DCT + "subject", **_LINK}, "in": {"@id": HYDRA + "member", **_BY_UNIT}},
        },
        "distinctive": {"@id": HYDRA + "member", **_BY_UNIT},
        # Items of a list: codes stand as plain text there, and a member's decision is told flat beside it.
        "items": {"@id": HYDRA + "member", **_LINK, "@context": {"naceCode": None, "evidence": None}},
        "total": HYDRA + "totalItems",
    }
}
