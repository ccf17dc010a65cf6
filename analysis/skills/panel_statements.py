"""Behind which nodes of the graphs skills and clusters the entries of panels stand, as N-Quads lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analysis.quads import GraphLines
from analysis.skills.panel import Behind
from analysis.skills.statements import cluster_iri
from ontology import CCSI, CCSID, GRAPH_CLUSTERS, GRAPH_SKILLS, PROV, local_name

ROUTE = f"{CCSID}route/expert"


def behind_quads(behind: Iterable[Behind]) -> list[str]:
    """Of every node that a panel's entry stands behind: the evidence route, the entries, and of a skill what they say."""
    return list(dict.fromkeys(line for one in behind for line in _lines(one)))


def _lines(one: Behind) -> Iterator[str]:
    node = _node(one)
    out = GraphLines(GRAPH_SKILLS if one.kind in ("skill", "transversality") else GRAPH_CLUSTERS)
    yield out.link(node, CCSI + "byRoute", ROUTE)
    yield from out.links(node, PROV + "wasDerivedFrom", "", *one.decision.sources)
    if one.kind == "skill":
        yield out.text(node, CCSI + "outcome", one.decision.outcome)


def _node(one: Behind) -> str:
    if one.kind == "cluster":
        return cluster_iri(one.key)
    if one.kind == "lineage":
        return f"{CCSID}lineage/{one.key or 'none'}/from/{one.skill or 'none'}"
    start = {"membership": "membership/", "skill": "specialisation/"}.get(one.kind)
    key = local_name(one.skill)
    return f"{CCSID}{start}{one.key}/{key}" if start else f"{CCSID}transversality/{key}"
