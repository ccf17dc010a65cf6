"""What the graph says of derived things, property by property: one definition for who writes it, reads it, or shows it.

The name of a property is that of its JSON field, of its column in CSV, and of the variable in the query that reads it.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from ontology import CCSID, local_name

Datatype = Literal["link", "text", "truth", "integer", "decimal", "double"]


class Property(NamedTuple):
    """A property, its datatype, and the attribute of the row that holds the value (analysis.skills.tables).

    A link whose row holds an identifier has the `base` that makes it an IRI; an empty one is not said.
    """

    name: str
    datatype: Datatype
    attribute: str
    base: str = ""

    def parsed(self, text: str) -> Any:
        """A value of a row from an IRI or the lexical form of a literal."""
        match self.datatype:
            case "integer":
                return int(text)
            case "decimal" | "double":
                return float(text)
            case "truth":
                return text == "true"
        return text.removeprefix(self.base)


class Record(NamedTuple):
    """A class of derived things with the properties of each, in the order in which they are written.

    `path` makes the IRI of one from the values of its properties, so that a rebuilt release holds the same nodes; empty
    where more than its row goes into it.
    """

    name: str
    path: str
    properties: tuple[Property, ...]

    def values(self, row: object) -> dict[str, Any]:
        """The values of a row by the names of their properties."""
        return {p.name: getattr(row, p.attribute) for p in self.properties}

    def iri(self, row: object) -> str:
        """What the thing is called that a row is about."""
        keys = {name: local_name(str(v)) if "://" in str(v) else v for name, v in self.values(row).items()}
        return CCSID + self.path.format_map(keys).replace(" ", "-")


_UNIT, _CLUSTER, _AREA, _FAMILY = (f"{CCSID}{kind}/" for kind in ("unit", "cluster", "area", "family"))

SPECIALISATION = Record(
    "SkillSpecialisation",
    "specialisation/{unit}/{skill}",
    (
        Property("unit", "link", "unit", _UNIT),
        Property("skill", "link", "skill"),
        Property("essentialSupport", "integer", "essential"),
        Property("optionalSupport", "integer", "optional"),
        Property("coreSupport", "integer", "core_support"),
        Property("overallSupport", "integer", "overall"),
        Property("essentialShare", "decimal", "essential_share"),
        Property("share", "decimal", "share"),
        Property("locationQuotient", "decimal", "lq"),
        Property("logLocationQuotient", "decimal", "log2_lq"),
        Property("pValue", "double", "p"),
        Property("qValue", "double", "q"),
        Property("effectiveUse", "decimal", "effective_use"),
        Property("coreness", "decimal", "coreness"),
        Property("specialisationEvidence", "text", "evidence"),
        Property("transversal", "truth", "transversal"),
        Property("skillClass", "text", "skill_class"),
        Property("area", "link", "area", _AREA),
        Property("family", "link", "family", _FAMILY),
    ),
)
GROUP_SHARE = Record(
    "GroupShare",
    "group-share/{unit}/{group}",
    (
        Property("unit", "link", "unit", _UNIT),
        Property("group", "link", "group"),
        Property("share", "decimal", "share"),
        Property("overallShare", "decimal", "overall"),
    ),
)
TRANSVERSALITY = Record(
    "Transversality",
    "transversality/{skill}",
    (
        Property("skill", "link", "skill"),
        Property("iscoSpread", "decimal", "spread_isco"),
        Property("domainSpread", "decimal", "spread_domains"),
        Property("transversalityScore", "decimal", "score"),
        Property("transversal", "truth", "transversal"),
    ),
)
FIGURE = Record(
    "TransversalFigure",
    "transversal-figure/{unit}/{aspect}",
    (
        Property("unit", "link", "unit", _UNIT),
        Property("aspect", "text", "aspect"),
        Property("share", "decimal", "share"),
        Property("overallShare", "decimal", "overall"),
        Property("ratio", "decimal", "ratio"),
        Property("reach", "decimal", "reach"),
        Property("overallReach", "decimal", "reach_overall"),
        Property("ratioLow", "decimal", "ratio_low"),
        Property("ratioHigh", "decimal", "ratio_high"),
        Property("aspectSupport", "integer", "support"),
    ),
)
MEMBERSHIP = Record(
    "ClusterMembership",
    "",
    (
        Property("skill", "link", "skill"),
        Property("weight", "decimal", "weight"),
        Property("centrality", "decimal", "centrality"),
        Property("rank", "integer", "rank"),
        Property("primary", "truth", "primary"),
    ),
)
LINEAGE = Record(
    "ClusterLineage",
    "",
    (
        Property("clusterLevel", "text", "level"),
        Property("lineage", "text", "relation"),
        Property("cluster", "link", "new", _CLUSTER),
        Property("formerCluster", "link", "old", _CLUSTER),
        Property("overlap", "decimal", "overlap"),
    ),
)
QUALITY = Record(
    "ClusteringQuality",
    "clustering-quality/{unit}/{clusterLevel}",
    (
        Property("unit", "link", "domain", _UNIT),
        Property("clusterLevel", "text", "level"),
        Property("skillCount", "integer", "skills"),
        Property("clusterCount", "integer", "clusters"),
        Property("modularity", "decimal", "modularity"),
        Property("conductance", "decimal", "conductance"),
        Property("coverage", "decimal", "coverage"),
        Property("tinyShare", "decimal", "tiny_share"),
        Property("largestShare", "decimal", "largest_share"),
        Property("silhouette", "decimal", "silhouette"),
        Property("groupAgreement", "decimal", "group_ami"),
    ),
)
FAMILY = Record(
    "SkillFamily",
    "",
    (
        Property("familyKind", "text", "kind"),
        Property("familySupport", "integer", "occupations"),
        Property("familyAgreement", "decimal", "agreement"),
        Property("conceptAbove", "link", "above"),
        Property("area", "link", "area", _AREA),
    ),
)
