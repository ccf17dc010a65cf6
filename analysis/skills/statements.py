"""What is derived about skills, as RDF: pure functions from results to N-Quads lines of the graphs skills and clusters.

Every node is an IRI made from what it is about, so that a rebuilt release holds the same nodes, and every node names the
activity that generated it (PROV-O). Not every figure becomes a statement: what rests on one occupation, and what a
small unit says about nothing in particular, would be most of them and tell least. The rules are ``published`` and
``MIN_GROUP_SHARE``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from analysis.quads import GraphLines
from analysis.skills import METHOD_VERSION
from analysis.skills.tables import (
    Cluster,
    FunctionLevel,
    GroupShare,
    LineageEntry,
    Quality,
    SkillFamily,
    SkillsResult,
    Specialisation,
    TransversalFigure,
    Transversality,
    Unit,
    UnitKind,
)
from ontology import (
    CCSI,
    CCSID,
    CONTRIBUTORS,
    DCT,
    GRAPH,
    GRAPH_CLUSTERS,
    GRAPH_SKILLS,
    PROV,
    RDF,
    RDFS,
    SKOS,
    local_name,
)

MIN_SUPPORT = 2
MIN_GROUP_SHARE = 0.01
# Graphs that each step reads.
_USED = {
    "specialisation": ("esco", "scope"),
    "transversality": ("esco", "scope"),
    "families": ("esco", "ontology"),
    "clusters": ("esco", "scope", "skills", "ontology"),
}


def published(row: Specialisation, kind: UnitKind) -> bool:
    """Whether a specialisation becomes a statement.

    Of domains every skill is told, those of one occupation alone too: they are what a workshop looks at. Of the whole,
    what two occupations or more use; of sub-domains and functions, only what they are specialised in or use often.
    """
    if kind == "domain":
        return True
    if row.support < MIN_SUPPORT:
        return False
    return kind == "ccsi" or row.specialised or row.skill_class == "common"


def skill_quads(result: SkillsResult, esco_version: str) -> Iterator[str]:
    """The skills graph: activities, units, specialisations, group shares, transversality and profiles."""
    out = _Writer(GRAPH_SKILLS, esco_version)
    yield from out.activity("specialisation", result.parameters)
    yield from out.activity("transversality", result.parameters)
    kinds = {u.id: u.kind for u in result.units}
    for unit in result.units:
        yield from _unit(out, unit)
    told = set()
    for row in result.specialisations:
        if published(row, kinds[row.unit]):
            told.add(row.skill)
            yield from _specialisation(out, row)
    for share in result.group_shares:
        if share.share >= MIN_GROUP_SHARE and share.group:
            yield from _group_share(out, share)
    yield from out.activity("families", result.parameters)
    beside = {row.family for row in result.specialisations}
    for family in result.families:
        if family.id in beside:
            yield from _family(out, family)
    for level in result.function_levels:
        yield from _function_level(out, level)
    for spread in result.transversality:
        if spread.skill in told or spread.collection:
            yield from _transversality(out, spread)
    for figure in result.profiles:
        yield from _figure(out, figure)


def cluster_quads(result: SkillsResult, esco_version: str) -> Iterator[str]:
    """The clusters graph: activity, clusters with members and shares, lineage, quality."""
    out = _Writer(GRAPH_CLUSTERS, esco_version)
    yield from out.activity("clusters", result.parameters)
    for cluster in result.clusters:
        yield from _cluster(out, cluster)
    for entry in result.lineage:
        # What is wholly as before needs no word; so a release matched to its own content says nothing new.
        if entry.relation != "same" or entry.overlap < 1:
            yield from _lineage(out, entry)
    for quality in result.quality:
        yield from _quality(out, quality)


def unit_iri(unit: str) -> str:
    """``…/unit/heritage``, ``…/unit/heritage/museums``, ``…/unit/function/creation``, ``…/unit/ccsi``."""
    return f"{CCSID}unit/{unit}"


def area_iri(area: str) -> str:
    """``…/area/conservation-restoration``."""
    return f"{CCSID}area/{area}"


def family_iri(family: str) -> str:
    """``…/family/`` and the identifier of the concept above, or of the first skill."""
    return f"{CCSID}family/{family}"


def cluster_iri(cluster: str) -> str:
    """``…/cluster/heritage/archival-description``."""
    return f"{CCSID}cluster/{cluster}"


class _Writer(GraphLines):
    """Lines of one graph, with the activities that they come from."""

    def __init__(self, graph: str, version: str) -> None:
        super().__init__(graph)
        self._version = version

    def activity_iri(self, step: str) -> str:
        return f"{CCSID}activity/skills-{step}-esco-{self._version}"

    def activity(self, step: str, parameters: dict[str, str]) -> Iterator[str]:
        node = self.activity_iri(step)
        yield self.link(node, RDF + "type", CCSI + "DerivationActivity")
        yield self.name(node, f"skills: {step}, ESCO {self._version}")
        yield self.link(node, PROV + "wasAssociatedWith", CONTRIBUTORS)
        yield self.text(node, CCSI + "methodVersion", METHOD_VERSION)
        yield self.text(node, CCSI + "parameters", json.dumps(parameters, sort_keys=True))
        for graph in _USED[step]:
            yield self.link(node, PROV + "used", GRAPH + graph)

    def name(self, node: str, text: str) -> str:
        """What to call a node. The kinds that have tens of thousands are called after what they are about, by who shows them."""
        return self.text(node, RDFS + "label", text, "en")

    def made(self, node: str, kind: str, step: str) -> Iterator[str]:
        """What every node says: its class and the activity it comes from."""
        yield self.link(node, RDF + "type", CCSI + kind)
        yield self.link(node, PROV + "wasGeneratedBy", self.activity_iri(step))


def _unit(out: _Writer, u: Unit) -> Iterator[str]:
    node = unit_iri(u.id)
    yield out.link(node, RDF + "type", CCSI + "AnalysisUnit")
    yield out.name(node, f"occupations of {_unit_name(u.id)}")
    if u.kind in ("domain", "sub-domain"):
        yield out.link(node, CCSI + "unitDomain", f"{CCSID}domain/{local_name(u.id)}")
    if u.kind == "function":
        yield out.link(node, CCSI + "unitFunction", f"{CCSID}function/{local_name(u.id)}")
    yield out.integer(node, CCSI + "occupationCount", len(u.weights))
    yield out.integer(node, CCSI + "coreOccupationCount", u.core)
    yield out.truth(node, CCSI + "smallUnit", u.small)


def _unit_name(unit: str) -> str:
    return "the sectors" if unit == "ccsi" else unit.replace("/", ": ")


def _specialisation(out: _Writer, s: Specialisation) -> Iterator[str]:
    node = f"{CCSID}specialisation/{s.unit}/{local_name(s.skill)}"
    yield from out.made(node, "SkillSpecialisation", "specialisation")
    yield out.link(node, CCSI + "unit", unit_iri(s.unit))
    yield out.link(node, CCSI + "skill", s.skill)
    yield out.integer(node, CCSI + "essentialSupport", s.essential)
    yield out.integer(node, CCSI + "optionalSupport", s.optional)
    yield out.integer(node, CCSI + "coreSupport", s.core_support)
    yield out.integer(node, CCSI + "overallSupport", s.overall)
    yield out.decimal(node, CCSI + "essentialShare", s.essential_share)
    yield out.decimal(node, CCSI + "share", s.share)
    yield out.decimal(node, CCSI + "locationQuotient", s.lq)
    yield out.decimal(node, CCSI + "logLocationQuotient", s.log2_lq)
    yield out.double(node, CCSI + "pValue", s.p)
    yield out.double(node, CCSI + "qValue", s.q)
    yield out.decimal(node, CCSI + "effectiveUse", s.effective_use)
    yield out.decimal(node, CCSI + "coreness", s.coreness)
    yield out.text(node, CCSI + "specialisationEvidence", s.evidence)
    yield out.truth(node, CCSI + "transversal", s.transversal)
    yield out.text(node, CCSI + "skillClass", s.skill_class)
    if s.area:
        yield out.link(node, CCSI + "area", area_iri(s.area))
    if s.family:
        yield out.link(node, CCSI + "family", family_iri(s.family))


def _group_share(out: _Writer, g: GroupShare) -> Iterator[str]:
    node = f"{CCSID}group-share/{g.unit}/{local_name(g.group)}"
    yield from out.made(node, "GroupShare", "specialisation")
    yield out.link(node, CCSI + "unit", unit_iri(g.unit))
    yield out.link(node, CCSI + "group", g.group)
    yield out.decimal(node, CCSI + "share", min(g.share, 1.0))
    yield out.decimal(node, CCSI + "overallShare", min(g.overall, 1.0))


def _transversality(out: _Writer, t: Transversality) -> Iterator[str]:
    node = f"{CCSID}transversality/{local_name(t.skill)}"
    yield from out.made(node, "Transversality", "transversality")
    yield out.link(node, CCSI + "skill", t.skill)
    yield out.decimal(node, CCSI + "iscoSpread", min(t.spread_isco, 1.0))
    yield out.decimal(node, CCSI + "domainSpread", min(t.spread_domains, 1.0))
    yield out.decimal(node, CCSI + "transversalityScore", t.score)
    yield out.truth(node, CCSI + "transversal", t.transversal)
    for code in t.t_groups:
        yield out.text(node, CCSI + "tGroup", code)


def _figure(out: _Writer, f: TransversalFigure) -> Iterator[str]:
    node = f"{CCSID}transversal-figure/{f.unit}/{f.aspect.replace(' ', '-')}"
    yield from out.made(node, "TransversalFigure", "transversality")
    yield out.name(node, f"{f.aspect} skills of {_unit_name(f.unit)}")
    yield out.link(node, CCSI + "unit", unit_iri(f.unit))
    yield out.text(node, CCSI + "aspect", f.aspect)
    for name, value in (
        ("share", f.share), ("overallShare", f.overall), ("ratio", f.ratio), ("reach", f.reach), ("overallReach", f.reach_overall),
        ("ratioLow", f.ratio_low), ("ratioHigh", f.ratio_high),
    ):  # fmt: skip
        yield out.decimal(node, CCSI + name, value if name.startswith("ratio") else min(value, 1.0))
    yield out.integer(node, CCSI + "aspectSupport", f.support)


def _cluster(out: _Writer, c: Cluster) -> Iterator[str]:
    node = cluster_iri(c.id)
    yield from out.made(node, "SkillCluster", "clusters")
    yield out.link(node, CCSI + "unit", unit_iri(c.domain))
    yield out.text(node, CCSI + "clusterLevel", c.level)
    if c.parent:
        yield out.link(node, CCSI + "broaderCluster", cluster_iri(c.parent))
        yield out.link(cluster_iri(c.parent), CCSI + "narrowerCluster", node)
    for language, text in sorted(c.labels.items()):
        yield out.text(node, SKOS + "prefLabel", text, language)
    for language, text in sorted(c.descriptions.items()):
        yield out.text(node, DCT + "description", text, language)
    if c.area:
        yield out.link(node, CCSI + "area", area_iri(c.area))
    for skill in c.telling:
        yield out.link(node, CCSI + "tellingSkill", skill)
    for skill in c.central:
        yield out.link(node, CCSI + "centralSkill", skill)
    yield out.integer(node, CCSI + "clusterSupport", c.support)
    yield out.decimal(node, CCSI + "clusterStability", min(c.stability, 1.0))
    yield out.truth(node, CCSI + "reliable", c.reliable)
    for m in c.members:
        member = f"{CCSID}membership/{c.id}/{local_name(m.skill)}"
        yield from out.made(member, "ClusterMembership", "clusters")
        yield out.link(member, CCSI + "cluster", node)
        yield out.link(member, CCSI + "skill", m.skill)
        yield out.decimal(member, CCSI + "weight", min(m.weight, 1.0))
        yield out.decimal(member, CCSI + "centrality", min(m.centrality, 1.0))
        yield out.integer(member, CCSI + "rank", m.rank)
        yield out.truth(member, CCSI + "primary", m.primary)
        if m.primary:
            yield out.link(node, SKOS + "member", m.skill)
    for name, pairs in (("group", (*c.groups, *c.fields)), ("skillOccupation", c.occupations)):
        for iri, value in pairs:
            yield from _share(out, c.id, name, iri, local_name(iri), value)
    for other, value in c.neighbours:
        yield from _share(out, c.id, "neighbour", cluster_iri(other), other, value)


def _share(out: _Writer, cluster: str, kind: str, target: str, key: str, value: float) -> Iterator[str]:
    node = f"{CCSID}cluster-share/{cluster}/{kind}/{key}"
    yield from out.made(node, "ClusterShare", "clusters")
    yield out.link(node, CCSI + "cluster", cluster_iri(cluster))
    yield out.link(node, CCSI + kind, target)
    yield out.decimal(node, CCSI + "share", min(value, 1.0))


def _family(out: _Writer, f: SkillFamily) -> Iterator[str]:
    node = family_iri(f.id)
    yield from out.made(node, "SkillFamily", "families")
    yield out.text(node, CCSI + "familyKind", f.kind)
    yield out.integer(node, CCSI + "familySupport", f.occupations)
    yield out.decimal(node, CCSI + "familyAgreement", min(f.agreement, 1.0))
    if f.above:
        yield out.link(node, CCSI + "conceptAbove", f.above)
    if f.area:
        yield out.link(node, CCSI + "area", area_iri(f.area))
    for skill in f.skills:
        yield out.link(node, SKOS + "member", skill)


def _function_level(out: _Writer, f: FunctionLevel) -> Iterator[str]:
    node = f"{CCSID}function-level/{f.domain}/{local_name(f.occupation)}/{f.scheme}/{f.function}"
    yield from out.made(node, "FunctionLevel", "families")
    yield out.link(node, CCSI + "unit", unit_iri(f.domain))
    yield out.link(node, CCSI + "skillOccupation", f.occupation)
    yield out.link(
        node, CCSI + "servedFunction", f"{CCSID}{'charter' if f.scheme == 'charter' else 'function'}/{f.function}"
    )
    yield out.text(node, CCSI + "functionLevel", f.level)
    yield out.decimal(node, CCSI + "share", min(f.share, 1.0))


def _lineage(out: _Writer, e: LineageEntry) -> Iterator[str]:
    node = f"{CCSID}lineage/{e.new or 'none'}/from/{e.old or 'none'}"
    yield from out.made(node, "ClusterLineage", "clusters")
    yield out.name(node, f"{e.new or e.old}: {e.relation}")
    yield out.text(node, CCSI + "clusterLevel", e.level)
    yield out.text(node, CCSI + "lineage", e.relation)
    if e.new:
        yield out.link(node, CCSI + "cluster", cluster_iri(e.new))
    if e.old:
        yield out.link(node, CCSI + "formerCluster", cluster_iri(e.old))
    yield out.decimal(node, CCSI + "overlap", e.overlap)


def _quality(out: _Writer, q: Quality) -> Iterator[str]:
    node = f"{CCSID}clustering-quality/{q.domain}/{q.level}"
    yield from out.made(node, "ClusteringQuality", "clusters")
    yield out.name(node, f"quality of the {q.level} clusters of {q.domain}")
    yield out.link(node, CCSI + "unit", unit_iri(q.domain))
    yield out.text(node, CCSI + "clusterLevel", q.level)
    yield out.integer(node, CCSI + "skillCount", q.skills)
    yield out.integer(node, CCSI + "clusterCount", q.clusters)
    for name, value in (
        ("modularity", q.modularity), ("conductance", q.conductance), ("coverage", q.coverage), ("tinyShare", q.tiny_share),
        ("largestShare", q.largest_share), ("silhouette", q.silhouette), ("groupAgreement", q.group_ami),
    ):  # fmt: skip
        yield out.decimal(node, CCSI + name, value)


def sample(lines: Iterable[str], every: int, whole: frozenset[str]) -> Iterator[str]:
    """The lines of every n-th node of each class, and of all nodes of the classes in ``whole``, for validation.

    Lines come node by node, class first, as the functions above write them. Which nodes are taken depends on the lines
    alone. A statement about a node that was taken is always kept, wherever it stands.
    """
    taken: set[str] = set()
    seen: dict[str, int] = {}
    type_mark = f"<{RDF}type>"
    for line in lines:
        subject, predicate, rest = line.split(" ", 2)
        if predicate == type_mark:
            kind = rest.split(" ", 1)[0].removeprefix(f"<{CCSI}").removesuffix(">")
            n = seen[kind] = seen.get(kind, -1) + 1
            if kind in whole or n % every == 0:
                taken.add(subject)
        if subject in taken:
            yield line


Row = (
    Unit
    | Specialisation
    | GroupShare
    | Transversality
    | TransversalFigure
    | Cluster
    | LineageEntry
    | Quality
    | SkillFamily
    | FunctionLevel
)


def row_quads(rows: Iterable[Row], esco_version: str) -> Iterator[str]:
    """The statements about single rows, as the graphs hold them."""
    skills, clusters = _Writer(GRAPH_SKILLS, esco_version), _Writer(GRAPH_CLUSTERS, esco_version)
    for row in rows:
        match row:
            case Unit():
                yield from _unit(skills, row)
            case Specialisation():
                yield from _specialisation(skills, row)
            case GroupShare():
                yield from _group_share(skills, row)
            case Transversality():
                yield from _transversality(skills, row)
            case TransversalFigure():
                yield from _figure(skills, row)
            case Cluster():
                yield from _cluster(clusters, row)
            case LineageEntry():
                yield from _lineage(clusters, row)
            case Quality():
                yield from _quality(clusters, row)
            case SkillFamily():
                yield from _family(skills, row)
            case FunctionLevel():
                yield from _function_level(skills, row)
