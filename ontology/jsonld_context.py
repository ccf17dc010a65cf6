"""The JSON-LD contexts that make the API's JSON linked data.

Whatever an answer says by them is a statement of the graph (a test asks it for every one). What is about the answer and not
about a thing (how many items, where to read on), what is a figure of the moment, and what the graph has in another shape is
declared to say nothing, by null: no key is left to chance. Lists are `@included`: their items are told, and no link to the page.

There are two, because a JSON number with a fraction is a double to JSON-LD and a decimal in the graph. In plain JSON such
numbers stay numbers and say nothing; as application/ld+json they are strings, and decimals (`app.http.representations`).
"""

from __future__ import annotations

from typing import Any

from ontology import CCSI, CCSID, COLLECTIONS, DCT, ESCO, ESCO_DATA, PROV, SKOS, XSD
from ontology.derived import FAMILY, FIGURE, GROUP_SHARE, MEMBERSHIP, SPECIALISATION, Record

Terms = dict[str, Any]

_STATEMENTS = (SPECIALISATION, GROUP_SHARE, FIGURE, MEMBERSHIP)
# Figures that are decimals in the graph.
DECIMALS = (
    "confidence", "score", "clusterStability",
    *dict.fromkeys(p.name for record in (*_STATEMENTS, FAMILY) for p in record.properties if p.datatype == "decimal"),
)  # fmt: skip
_LINK = {"@type": "@id"}
_KEYS_TOO = ("core", "related", "excluded", "skill", "skills")  # values that are keys elsewhere
_INCLUDED = "@included"
# Said of the answer, or for people; or told by links that stand beside them.
_UNSAID = (
    "allEvidence", "among", "anchorCount", "anchors", "attribution", "bridgingSkills", "changes", "charterFunction",
    "charterFunctions", "classification", "contradicted", "core", "coreOccupationCount", "coreShare",
    "correspondence", "coverage", "degree", "direction", "distinctive", "domain", "domainShares", "escoVersion",
    "evidence", "few", "function", "functions", "furtherSubDomains", "gaps", "groupShares", "headings", "href",
    "id", "inScope", "iscoUnitGroups", "kind", "language", "leaning", "leftOut", "limit", "lineage", "links",
    "mappings", "members", "missing", "note", "occupationCount", "occupations", "offset", "otherDomains", "overlap",
    "provenance", "quality", "reasons", "regulatedProfession", "regulatedProfessionNote", "related", "release",
    "reverseCoverage", "revision", "routes", "sections", "shared", "similarity", "size", "skillCount",
    "skillsBySection", "smallUnit", "statement", "subDomain", "subtitle", "support", "thresholds", "title", "total",
    "transversalityScore", "unit", "units", "viability", "warnings",
)  # fmt: skip


def _value_of(prop: str, base: str) -> Terms:
    """A short value such as "knowledge" as the IRI it stands for."""
    return {"@id": prop, "@type": "@vocab", "@context": {"@vocab": base, **{name: base + name for name in _KEYS_TOO}}}


def _ours(folder: str, prop: str) -> Terms:
    """An identifier of ours such as "heritage" as the IRI it stands for."""
    return _value_of(prop if ":" in prop else CCSI + prop, f"{CCSID}{folder}/")


def _figures(typed: bool, *names: str) -> Terms:
    """Decimals where they come as strings; nothing where they come as JSON numbers."""
    return {name: {"@id": CCSI + name, "@type": XSD + "decimal"} if typed else None for name in names}


def _plain(*names: str) -> Terms:
    return {name: CCSI + name for name in names}


def _links(*names: str) -> Terms:
    return {name: {"@id": CCSI + name, **_LINK} for name in names}


def _terms(typed: bool, *records: Record) -> Terms:
    """The properties of derived records; the unit that they are about is told once for all of them."""
    terms: Terms = {}
    for name, datatype, _, _ in (p for record in records for p in record.properties if p.name != "unit"):
        match datatype:
            case "link":
                terms |= _links(name)
            case "decimal":
                terms |= _figures(typed, name)
            case "double":
                terms[name] = {"@id": CCSI + name, "@type": XSD + "double"}
            case _:
                terms |= _plain(name)
    return terms


def _evidence(typed: bool) -> Terms:
    """Decisions and assertions."""
    return {
        "domain": _ours("domain", "domain"),
        "subDomain": _ours("domain", "subDomain"),
        "furtherSubDomains": _ours("domain", "furtherSubDomain"),
        "degree": _ours("degree", "degree"),
        "route": _ours("route", "evidenceRoute"),
        "function": _ours("function", "function"),
        "functions": _ours("function", "function"),
        "charterFunction": _ours("charter", "charterFunction"),
        "charterFunctions": _ours("charter", "charterFunction"),
        **_figures(typed, "confidence", "score"),
        **_plain("reason", "contradicted"),
        "derivedFrom": {"@id": PROV + "wasDerivedFrom", **_LINK},
        "evidence": {"@id": CCSI + "basedOn", **_LINK},
        "routes": None,  # those of the evidence
    }


def _derived(typed: bool) -> Terms:
    """What is derived about skills. Scoped to its classes, so that "share" or "group" mean nothing elsewhere."""
    statement = {**_terms(typed, *_STATEMENTS), **_links("skillOccupation", "neighbour")}
    of_cluster = {"@reverse": CCSI + "cluster", **_LINK}
    cluster = {
        **_plain("clusterLevel", "clusterSupport", "reliable"),
        **_figures(typed, "clusterStability"),
        **_links("broaderCluster", "centralSkill", "tellingSkill", "area", "unit"),
        "narrower": {"@reverse": CCSI + "broaderCluster", **_LINK},
        **dict.fromkeys(("members", "groups", "fields", "occupations", "neighbours"), of_cluster),
    }
    classes = ("SkillSpecialisation", "GroupShare", "ClusterMembership", "ClusterShare")
    return {
        **{name: {"@id": CCSI + name, "@context": statement} for name in classes},
        # The graph names the aspect; which group that is, is told for people.
        "TransversalFigure": {"@id": CCSI + "TransversalFigure", "@context": {**statement, "group": None}},
        "SkillCluster": {"@id": CCSI + "SkillCluster", "@context": cluster},
        "SkillArea": {
            "@id": CCSI + "SkillArea",
            "@context": {
                "charterFunctions": _ours("charter", SKOS + "relatedMatch"),
                "source": {"@id": DCT + "source", **_LINK},
            },
        },
        "SkillFamily": {
            "@id": CCSI + "SkillFamily",
            "@context": {
                "preferredLabel": None,  # of the area or the concept above: no statement about the family
                **_terms(typed, FAMILY),
                "skills": {"@id": SKOS + "member", **_LINK},
            },
        },
    }


_CLASSES: Terms = {
    "Occupation": ESCO + "Occupation",
    "Skill": ESCO + "Skill",
    # A group of a classification. Occupations and entries stand below it, which is not a statement about the group.
    "Concept": {"@id": SKOS + "Concept", "@context": {"occupations": _INCLUDED, "crosswalk": _INCLUDED}},
    "CrosswalkEntry": {
        "@id": CCSI + "CrosswalkEntry",
        "@context": {
            "code": CCSI + "code",
            "classification": _ours("scheme", "classification"),
            "domain": _ours("domain", "domain"),
            "subDomain": _ours("domain", "subDomain"),
            "function": _ours("function", "function"),
            "degree": _ours("degree", "degree"),
            "codeConfidence": _ours("confidence", "codeConfidence"),
            "formerCode": CCSI + "formerCode",
        },
    },
    "ProfileTemplate": {
        "@id": CCSI + "ProfileTemplate",
        "@context": {
            "kind": CCSI + "profileKind",
            "domain": {"@id": CCSI + "profileDomain", **_LINK},
            "function": {"@id": CCSI + "cellFunction", **_LINK},
            "degree": _ours("degree", "anchorDegree"),
            "skillCount": CCSI + "profileSize",
            "occupation": None,
        },
    },
    # Composed for one request: no statement of the graph is about them.
    "Profile": None,
    "SkillList": None,
}


def _context(typed: bool) -> Terms:
    evidence = _evidence(typed)
    decisions = {"@reverse": CCSI + "occupation", **_LINK, "@context": evidence}
    in_language = {
        name: {"@id": prop, "@container": "@language"}
        for name, prop in (
            ("preferredLabel", SKOS + "prefLabel"), ("alternativeLabel", SKOS + "altLabel"), ("description", DCT + "description"),
            ("scopeNote", SKOS + "scopeNote"), ("definition", SKOS + "definition"),
        )
    }  # fmt: skip
    return {
        "@context": {
            "@version": 1.1,
            "uri": "@id",
            "className": "@type",
            **dict.fromkeys((*_UNSAID, *DECIMALS)),
            **_CLASSES,
            **_derived(typed),
            **in_language,
            "code": SKOS + "notation",
            "broader": _ours("domain", SKOS + "broader"),
            "narrower": {"@id": SKOS + "narrower", **_LINK},
            **{
                name: {"@id": SKOS + "broaderTransitive", **_LINK}
                for name in ("broaderIscoGroup", "iscoHierarchy", "hierarchy", "paths")
            },
            **{
                name: {"@id": SKOS + "broader", **_LINK}
                for name in ("broaderOccupation", "broaderSkill", "broaderHierarchyConcept")
            },
            **{name: {"@id": SKOS + "narrower", **_LINK} for name in ("narrowerOccupation", "narrowerSkill", "skills")},
            "iscoGroup": _value_of(SKOS + "broaderTransitive", ESCO_DATA + "isco/C"),
            "skillType": _value_of(ESCO + "skillType", ESCO_DATA + "skill-type/"),
            "reuseLevel": _value_of(ESCO + "skillReuseLevel", ESCO_DATA + "skill-reuse-level/"),
            "collections": {
                "@id": SKOS + "inScheme",
                "@type": "@vocab",
                "@context": {name: iri for iri, name in COLLECTIONS.items()},
            },
            "naceCode": {"@id": ESCO + "hasNACECode", **_LINK},
            "hasEssentialSkill": {"@id": ESCO + "relatedEssentialSkill", **_LINK},
            "hasOptionalSkill": {"@id": ESCO + "relatedOptionalSkill", **_LINK},
            "isEssentialForOccupation": {"@id": ESCO + "isEssentialSkillFor", **_LINK},
            "isOptionalForOccupation": {"@id": ESCO + "isOptionalSkillFor", **_LINK},
            # A decision is a node of its own that points at the occupation; nothing of ours is said of ESCO's concept itself.
            **dict.fromkeys(("domains", "excluded", "decisions", "assertions"), decisions),
            "decision": {"@reverse": CCSI + "occupation", **_LINK},
            **dict.fromkeys(("items", "entries", "skill", "occupation"), _INCLUDED),
        }
    }


CONTEXT = _context(typed=False)  # of plain JSON
TYPED_CONTEXT = _context(typed=True)  # of application/ld+json
