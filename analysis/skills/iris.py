"""What derived things are called: IRIs made from what they are about, so that a rebuilt release holds the same nodes."""

from __future__ import annotations

from typing import Literal

from analysis.skills.tables import (
    Cluster,
    FunctionLevel,
    GroupShare,
    LineageEntry,
    Member,
    Quality,
    Specialisation,
    TransversalFigure,
    Transversality,
)
from ontology import CCSID, local_name

ShareKind = Literal["group", "skillOccupation", "neighbour"]


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


def specialisation_iri(s: Specialisation) -> str:
    """A skill in a unit."""
    return f"{CCSID}specialisation/{s.unit}/{local_name(s.skill)}"


def group_share_iri(g: GroupShare) -> str:
    """A group of skills in a unit."""
    return f"{CCSID}group-share/{g.unit}/{local_name(g.group)}"


def transversality_iri(t: Transversality) -> str:
    """The spread of a skill."""
    return f"{CCSID}transversality/{local_name(t.skill)}"


def figure_iri(f: TransversalFigure) -> str:
    """An aspect in a unit."""
    return f"{CCSID}transversal-figure/{f.unit}/{f.aspect.replace(' ', '-')}"


def function_level_iri(f: FunctionLevel) -> str:
    """An occupation and a function in a domain."""
    return f"{CCSID}function-level/{f.domain}/{local_name(f.occupation)}/{f.scheme}/{f.function}"


def lineage_iri(e: LineageEntry) -> str:
    """What became of a cluster, or where it is from."""
    return f"{CCSID}lineage/{e.new or 'none'}/from/{e.old or 'none'}"


def quality_iri(q: Quality) -> str:
    """The clusters of a unit on one level."""
    return f"{CCSID}clustering-quality/{q.domain}/{q.level}"
