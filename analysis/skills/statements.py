"""What is derived about skills, as RDF: pure functions from results to N-Quads lines of the graphs skills and clusters.

Every node is an IRI made from what it is about, so that a rebuilt release holds the same nodes, and every node names the
activity that generated it (PROV-O). Not every figure becomes a statement: what rests on one occupation, and what a
small unit says about nothing in particular, would be most of them and tell least. The rules are ``published`` and
``MIN_GROUP_SHARE``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from analysis.quads import GraphLines
from analysis.skills import METHOD_VERSION
from analysis.skills.tables import (
    Cluster,
    FunctionLevel,
    GroupShare,
    LineageEntry,
    Member,
    Quality,
    SkillFamily,
    SkillsResult,
    Specialisation,
    TransversalFigure,
    Transversality,
    Unit,
    UnitKind,
)
from ontology import CCSI, CCSID, DCT, GRAPH_CLUSTERS, GRAPH_SKILLS, SKOS, local_name
from ontology.derived import (
    FAMILY,
    FIGURE,
    GROUP_SHARE,
    LINEAGE,
    MEMBERSHIP,
    QUALITY,
    SPECIALISATION,
    TRANSVERSALITY,
    Record,
)

MIN_SUPPORT = 2
MIN_GROUP_SHARE = 0.01
ShareKind = Literal["group", "skillOccupation", "neighbour"]
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
    yield from out.step("specialisation", result.parameters)
    yield from out.step("transversality", result.parameters)
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
    yield from out.step("families", result.parameters)
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
    yield from out.step("clusters", result.parameters)
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


def membership_iri(cluster: Cluster, member: Member) -> str:
    """A skill in a cluster."""
    return f"{CCSID}membership/{cluster.id}/{local_name(member.skill)}"


def cluster_share_iri(cluster: str, kind: ShareKind, target: str) -> str:
    """A share of a cluster; a neighbour is given by its identifier, a group or an occupation by its IRI."""
    return f"{CCSID}cluster-share/{cluster}/{kind}/{target if kind == 'neighbour' else local_name(target)}"


class _Writer(GraphLines):
    """Lines of one graph, with the activities that they come from."""

    def __init__(self, graph: str, version: str) -> None:
        super().__init__(graph)
        self._version = version

    def step(self, step: str, parameters: dict[str, str]) -> Iterator[str]:
        """What a step is, as the activity that its nodes name."""
        name = f"skills: {step}, ESCO {self._version}"
        return self.activity(self._activity(step), name, METHOD_VERSION, parameters, _USED[step])

    def made(self, node: str, kind: str, step: str, name: str = "") -> Iterator[str]:
        """What every node says. Kinds that have tens of thousands are named after what they are about, by who shows them."""
        return self.node(node, kind, self._activity(step), name)

    def _activity(self, step: str) -> str:
        return f"{CCSID}activity/skills-{step}-esco-{self._version}"

    def derived(self, record: Record, row: object, step: str, node: str = "", name: str = "") -> Iterator[str]:
        """All that a row says, with a name where the kind has one."""
        node = node or record.iri(row)
        yield from self.made(node, record.name, step, name)
        yield from self.properties(node, record, row)


def _unit(out: _Writer, u: Unit) -> Iterator[str]:
    node = unit_iri(u.id)
    yield from out.node(node, "AnalysisUnit", name=f"occupations of {_unit_name(u.id)}")
    if u.kind in ("domain", "sub-domain"):
        yield out.link(node, CCSI + "unitDomain", f"{CCSID}domain/{local_name(u.id)}")
    if u.kind == "function":
        yield out.link(node, CCSI + "unitFunction", f"{CCSID}function/{local_name(u.id)}")
    yield out.integer(node, CCSI + "occupationCount", len(u.weights))
    yield out.integer(node, CCSI + "coreOccupationCount", u.core)
    yield out.truth(node, CCSI + "smallUnit", u.small)


def _unit_name(unit: str) -> str:
    return "the sectors" if unit == "ccsi" else unit.replace("/", ": ")


def _group_share(out: _Writer, g: GroupShare) -> Iterator[str]:
    yield from out.derived(GROUP_SHARE, g, "specialisation")


def _specialisation(out: _Writer, s: Specialisation) -> Iterator[str]:
    yield from out.derived(SPECIALISATION, s, "specialisation")


def _transversality(out: _Writer, t: Transversality) -> Iterator[str]:
    yield from out.derived(TRANSVERSALITY, t, "transversality")
    for code in t.t_groups:
        yield out.text(TRANSVERSALITY.iri(t), CCSI + "tGroup", code)


def _figure(out: _Writer, f: TransversalFigure) -> Iterator[str]:
    yield from out.derived(FIGURE, f, "transversality", name=f"{f.aspect} skills of {_unit_name(f.unit)}")


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
    yield from out.links(node, CCSI + "area", f"{CCSID}area/", c.area)
    yield from out.links(node, CCSI + "tellingSkill", "", *c.telling)
    yield from out.links(node, CCSI + "centralSkill", "", *c.central)
    yield out.integer(node, CCSI + "clusterSupport", c.support)
    yield out.decimal(node, CCSI + "clusterStability", c.stability)
    yield out.truth(node, CCSI + "reliable", c.reliable)
    for m in c.members:
        member = membership_iri(c, m)
        yield from out.made(member, MEMBERSHIP.name, "clusters")
        yield out.link(member, CCSI + "cluster", node)
        yield from out.properties(member, MEMBERSHIP, m)
        if m.primary:
            yield out.link(node, SKOS + "member", m.skill)
    shares: tuple[tuple[ShareKind, tuple[tuple[str, float], ...]], ...] = (
        ("group", (*c.groups, *c.fields)), ("skillOccupation", c.occupations), ("neighbour", c.neighbours),
    )  # fmt: skip
    for kind, pairs in shares:
        for target, value in pairs:
            share = cluster_share_iri(c.id, kind, target)
            yield from out.made(share, "ClusterShare", "clusters")
            yield out.link(share, CCSI + "cluster", node)
            yield out.link(share, CCSI + kind, cluster_iri(target) if kind == "neighbour" else target)
            yield out.decimal(share, CCSI + "share", value)


def _family(out: _Writer, f: SkillFamily) -> Iterator[str]:
    node = family_iri(f.id)
    yield from out.derived(FAMILY, f, "families", node)
    yield from out.links(node, SKOS + "member", "", *f.skills)


def _function_level(out: _Writer, f: FunctionLevel) -> Iterator[str]:
    node = f"{CCSID}function-level/{f.domain}/{local_name(f.occupation)}/{f.scheme}/{f.function}"
    yield from out.made(node, "FunctionLevel", "families")
    yield out.link(node, CCSI + "unit", unit_iri(f.domain))
    yield out.link(node, CCSI + "skillOccupation", f.occupation)
    scheme = "charter" if f.scheme == "charter" else "function"
    yield out.link(node, CCSI + "servedFunction", f"{CCSID}{scheme}/{f.function}")
    yield out.text(node, CCSI + "functionLevel", f.level)
    yield out.decimal(node, CCSI + "share", f.share)


def _lineage(out: _Writer, e: LineageEntry) -> Iterator[str]:
    node = f"{CCSID}lineage/{e.new or 'none'}/from/{e.old or 'none'}"
    yield from out.derived(LINEAGE, e, "clusters", node, f"{e.new or e.old}: {e.relation}")


def _quality(out: _Writer, q: Quality) -> Iterator[str]:
    yield from out.derived(QUALITY, q, "clusters", name=f"quality of the {q.level} clusters of {q.domain}")


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
_WRITERS: dict[type, tuple[str, Callable[[_Writer, Any], Iterator[str]]]] = {
    Unit: (GRAPH_SKILLS, _unit), Specialisation: (GRAPH_SKILLS, _specialisation), GroupShare: (GRAPH_SKILLS, _group_share),
    Transversality: (GRAPH_SKILLS, _transversality), TransversalFigure: (GRAPH_SKILLS, _figure), Cluster: (GRAPH_CLUSTERS, _cluster),
    LineageEntry: (GRAPH_CLUSTERS, _lineage), Quality: (GRAPH_CLUSTERS, _quality), SkillFamily: (GRAPH_SKILLS, _family),
    FunctionLevel: (GRAPH_SKILLS, _function_level),
}  # fmt: skip


def row_quads(rows: Iterable[Row], esco_version: str) -> Iterator[str]:
    """The statements about single rows, as the graphs hold them."""
    writers = {graph: _Writer(graph, esco_version) for graph in (GRAPH_SKILLS, GRAPH_CLUSTERS)}
    for row in rows:
        graph, write = _WRITERS[type(row)]
        yield from write(writers[graph], row)
