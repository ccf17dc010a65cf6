"""Clusters of a domain's specialised skills, from the partition to what a reader sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.skills import areas, identity, names, quality
from analysis.skills.consensus import Partition, Settings, absorb_small, divided, partition, relabel
from analysis.skills.graph import Features
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.matrix import Floats, Ints, Use, row_sums
from analysis.skills.specialisation import MIN_LQ
from analysis.skills.tables import (
    Cluster,
    Level,
    LineageEntry,
    Member,
    PreviousCluster,
    Quality,
    SkillTables,
    Specialisation,
    Unit,
)

# A skill leans on another cluster when a fifth of its ties go there: with six and more neighbours that is two ties.
SOFT_SHARE = 0.20
CENTRAL = 5
MIN_GROUP_SHARE = 0.10
MIN_OCCUPATION_SHARE = 0.10
MIN_OCCUPATION_SKILLS = 2
MIN_NEIGHBOUR_SHARE = 0.05
# A cluster that fewer occupations than this draw on is the portrait of a job rather than a field of skill.
MIN_CLUSTER_SUPPORT = 3
MIN_STABILITY = 0.5
LEVELS: tuple[Level, ...] = ("broad", "fine")


@dataclass(frozen=True, slots=True)
class DomainClusters:
    """What is derived for one domain; ``placed`` is the area of each skill that has one.

    The clusters have no labels and descriptions yet: see :func:`named`.
    """

    clusters: tuple[Cluster, ...]
    placed: dict[str, str]
    lineage: tuple[LineageEntry, ...]
    quality: tuple[Quality, ...]


def clustered_skills(use: Use, unit: Unit, rows: Sequence[Specialisation]) -> Ints:
    """Columns of the skills that are clustered: specialised, not transversal, in no family beside the map.

    A unit that is nearly all of the data, like the whole of the bundled sample, cannot be specialised in anything. Its
    clusters are made of what several of its occupations use, and none of them is called reliable.
    """
    wanted = [r for r in rows if not r.transversal and not r.family]
    if has_no_rest(use, unit):
        chosen = [r for r in wanted if r.support >= MIN_CLUSTER_SUPPORT and r.core_support]
    else:
        chosen = [r for r in wanted if r.specialised]
    return np.array(sorted(use.column[r.skill] for r in chosen), dtype=np.int64)


def has_no_rest(use: Use, unit: Unit) -> bool:
    """Whether the unit is so much of all occupations that no location quotient in it can be that of a specialised skill."""
    return len(unit.weights) * MIN_LQ > len(use.occupations)


def membership(part: Partition, labels: Ints) -> tuple[Floats, Floats]:
    """Skills by clusters: the share of a skill's ties that go into the cluster, and their sum.

    A skill without ties belongs wholly to its own cluster.
    """
    n = int(labels.max(initial=-1)) + 1
    strength = np.zeros((len(labels), n))
    dense = part.graph.toarray()
    for c in range(n):
        strength[:, c] = dense[:, labels == c].sum(axis=1)
    total = row_sums(part.graph)
    share = np.divide(strength, total[:, None], out=np.zeros_like(strength), where=total[:, None] > 0)
    share[total == 0, labels[total == 0]] = 1.0
    return share, strength


def members(skills: Sequence[str], labels: Ints, c: int, share: Floats, strength: Floats) -> tuple[Member, ...]:
    """Members of a cluster: its own by strength of ties inside, then the skills that lean on it."""
    top = float(strength[labels == c, c].max(initial=0.0))
    made = []
    for i in range(len(skills)):
        primary = bool(labels[i] == c)
        if primary or share[i, c] >= SOFT_SHARE:
            centrality = min(float(strength[i, c]) / top, 1.0) if top > 0 else 1.0
            made.append((not primary, -centrality, skills[i], float(share[i, c])))
    return tuple(
        Member(skill, round(weight, 6), round(-negative, 6), rank, not outside)
        for rank, (outside, negative, skill, weight) in enumerate(sorted(made), start=1)
    )


def _above(hierarchy: Hierarchy, skills: Sequence[str], field_of_study: bool) -> tuple[tuple[str, float], ...]:
    """Groups with the share of the skills under them: ISCED-F fields of four digits, or other groups at level two."""
    counts: Counter[str] = Counter()
    for a in (a for s in skills for a in hierarchy.ancestors(s)):
        code = hierarchy.code(a)
        counts[a] += code.isdigit() and len(code) == 4 if field_of_study else code.count(".") == 1
    shares = [(g, n / len(skills)) for g, n in counts.items() if n / len(skills) >= MIN_GROUP_SHARE]
    return tuple(sorted(shares, key=lambda e: (-e[1], e[0])))


def drawing(use: Use, unit: Unit, clustered: Ints, inside: Ints) -> tuple[tuple[str, float], ...]:
    """Occupations of the unit that draw on a cluster, with the share of their clustered skill use that lies in it."""
    rows = use.rows(unit.weights)
    x = use.x[rows]
    mine, every = row_sums(x[:, inside]), row_sums(x[:, clustered])
    many = row_sums((x[:, inside] > 0).astype(np.float64))
    shares = [
        (use.occupations[r], round(float(mine[i] / every[i]), 6))
        for i, r in enumerate(rows)
        if many[i] >= MIN_OCCUPATION_SKILLS and mine[i] / every[i] >= MIN_OCCUPATION_SHARE
    ]
    return tuple(sorted(shares, key=lambda e: (-e[1], e[0])))


def _stability(together: Floats, inside: Ints) -> float:
    """Mean co-association of the pairs inside: how often the ensemble agreed on them."""
    n = len(inside)
    if n < 2:
        return 1.0
    block = together[np.ix_(inside, inside)]
    return float((block.sum() - np.trace(block)) / (n * (n - 1)))


def _quality(
    level: Level,
    unit: Unit,
    hierarchy: Hierarchy,
    skills: Sequence[str],
    part: Partition,
    labels: Ints,
    supports: Sequence[int],
) -> Quality:
    """The published figures of one level."""
    place = []
    for s in skills:
        codes = sorted(hierarchy.code(a) for a in hierarchy.ancestors(s) if hierarchy.code(a) and not hierarchy.is_t(a))
        fine = [c for c in codes if c.count(".") == 1 or (c.isdigit() and len(c) == 3)]
        place.append(fine[0] if fine else codes[0] if codes else "")
    return Quality(
        domain=unit.id,
        level=level,
        occupations=len(unit.weights),
        skills=len(skills),
        clusters=int(labels.max(initial=-1)) + 1,
        modularity=quality.modularity(part.graph, labels),
        conductance=quality.conductance(part.graph, labels),
        coverage=quality.coverage(labels, 4),
        tiny_share=1.0 - quality.coverage(labels, 3),
        largest_share=quality.largest_share(labels),
        silhouette=quality.silhouette(part.similarity, labels),
        group_ami=quality.ami(labels, np.unique(place, return_inverse=True)[1]),
        occupation_support=float(np.median(supports)) if supports else 0.0,
    )


def cluster_domain(
    tables: SkillTables,
    use: Use,
    hierarchy: Hierarchy,
    features: Features,
    unit: Unit,
    rows: Sequence[Specialisation],
    settings: Settings,
    previous: Sequence[PreviousCluster],
) -> DomainClusters:
    """Cluster one domain (or the CCSI)."""
    columns = clustered_skills(use, unit, rows)
    known = areas.areas_of(tables, unit)
    free = partition(features, columns, use.rows(unit.weights), settings)
    part, place = by_area(free, areas.fit(known, features, columns), settings)
    skills = [use.skills[j] for j in columns]
    clusters: list[Cluster] = []
    lineage: list[LineageEntry] = []
    taken = {p.id for p in previous}  # and every identifier that is given here
    figures: list[Quality] = []
    parents: dict[int, str] = {}
    area_of = {int(c): known[a].id for c, a in zip(part.broad, place, strict=True) if a != areas.NONE}
    comparable = not unit.small and not has_no_rest(use, unit)
    for level in LEVELS:
        labels = part.broad if level == "broad" else part.fine
        together = part.together if level == "broad" else part.together_fine
        share, strength = membership(part, labels)
        n = int(labels.max(initial=-1)) + 1
        by_community = [members(skills, labels, c, share, strength) for c in range(n)]
        own = [[m for m in ms if m.primary] for ms in by_community]
        telling = names.telling_skills(tables, [[(m.skill, m.centrality) for m in ms] for ms in own])
        within = [int(part.broad[labels == c][0]) for c in range(n)]  # the broad cluster that each is, or is a part of
        slugs = [_slug(tables, t) for t in telling]
        if level == "broad":
            slugs = [area_of.get(c, slugs[c]) for c in range(n)]
        else:
            slugs = [f"{parents[within[c]].split('/', 1)[1]}/{slugs[c]}" for c in range(n)]
        sets = [(slugs[c], frozenset(m.skill for m in own[c])) for c in range(n)]
        # A fine cluster that is all of its broad one is that one, and not told a second time.
        told = [c for c in range(n) if level == "broad" or (part.broad == within[c]).sum() > len(own[c])]
        where = {c: i for i, c in enumerate(told)}
        fixed = [where[c] for c in area_of] if level == "broad" else []
        found_ids, history = identity.identify(unit.id, level, [sets[c] for c in told], previous, taken, fixed)
        ids = [found_ids[where[c]] if c in where else parents[within[c]] for c in range(n)]
        lineage.extend(history)
        if level == "broad":
            parents = dict(enumerate(ids))
        flow = np.array([strength[labels == c].sum(axis=0) for c in range(n)]).reshape(n, n)
        supports = []
        for c in told:
            inside = np.flatnonzero(labels == c)
            occupations = drawing(use, unit, columns, columns[inside])
            supports.append(len(occupations))
            stability = _stability(together, inside)
            leaving = float(flow[c].sum() - flow[c, c])
            neighbours = [
                (ids[d], round(float(flow[c, d]) / leaving, 6))
                for d in range(n)
                if d != c and leaving > 0 and flow[c, d] / leaving >= MIN_NEIGHBOUR_SHARE
            ]
            clusters.append(
                Cluster(
                    id=ids[c],
                    domain=unit.id,
                    level=level,
                    parent=parents[within[c]] if level == "fine" else "",
                    labels={},
                    descriptions={},
                    members=by_community[c],
                    central=tuple(m.skill for m in own[c][:CENTRAL]),
                    groups=_above(hierarchy, [skills[i] for i in inside], False),
                    fields=_above(hierarchy, [skills[i] for i in inside], True),
                    occupations=occupations,
                    neighbours=tuple(sorted(neighbours, key=lambda e: (-e[1], e[0]))),
                    support=len(occupations),
                    stability=round(stability, 6),
                    reliable=comparable and len(occupations) >= MIN_CLUSTER_SUPPORT and stability >= MIN_STABILITY,
                    area=area_of.get(within[c], ""),
                    telling=telling[c],
                )
            )
        figures.append(_quality(level, unit, hierarchy, skills, part, labels, supports))
    placed = {s: known[a].id for s, a in zip(skills, place, strict=True) if a != areas.NONE}
    return DomainClusters(tuple(clusters), placed, tuple(lineage), tuple(figures))


def by_area(part: Partition, fit: areas.Fit, settings: Settings) -> tuple[Partition, Ints]:
    """The partition with one broad cluster for each area and its parts as fine ones, and the area of every skill.

    Skills without an area keep the broad clusters that they have among themselves.
    """
    place = fit.place(part.fine)
    if (place == areas.NONE).all():
        return part, place
    broad = relabel(np.where(place == areas.NONE, part.broad + place.max(initial=0) + 1, place))

    def parts(inside: Ints) -> Ints:
        sub = np.ix_(inside, inside)
        return absorb_small(part.fine[inside], part.together_fine[sub], part.similarity[sub], settings.min_size)

    return replace(part, broad=broad, fine=divided(broad, parts)), place


def with_names(tables: SkillTables, unnamed: DomainClusters) -> tuple[Cluster, ...]:
    """The clusters with label and description in every language that the tables allow.

    A broad cluster has the name of its area; a fine one, and one that fits no area, that of its telling skills.
    """
    area_labels = {a.id: a.labels for a in tables.areas}
    return tuple(
        replace(
            c,
            labels=area_labels[c.area] if c.area and c.level == "broad" else names.compose_labels(tables, c.telling),
            descriptions=names.compose_descriptions(
                tables, sum(m.primary for m in c.members), c.central[:3], [o for o, _ in c.occupations[:3]]
            ),
        )
        for c in unnamed.clusters
    )


def _slug(tables: SkillTables, telling: Sequence[str]) -> str:
    """The slug of a new cluster: its most telling skill."""
    return identity.slug(names.label(tables.skills[telling[0]].labels, names.BASE_LANGUAGE) or "")
