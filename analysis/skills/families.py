"""Families: skills that ESCO lists together, again and again, in nearly the same occupations.

Whoever drew up ESCO's lists gave whole sets to occupations: thirty skills of research to every scientist, thirty
programming languages to every occupation of computing, the safety and rehearsal set to every technician of the stage.
Co-use makes each of them a perfect cluster of any sector that has a few such occupations, and none of them says what
that sector is about. So they are found once, over all of ESCO, from who uses what, and told beside a sector's map.

Two rules find them, neither of which reads a label:

- a **shared set** is found by average linkage on the Jaccard index of the skills' sets of occupations, cut where a
  group agrees by half on average: eight skills or more, each used by three occupations or more;
- a **list of tools** is a shared set of which half or more stands directly under one knowledge concept of ESCO, or four
  knowledge concepts or more under one that nearly the same occupations use (mean Jaccard index of half or more).

The occupations of a family are those that use half of its skills or more. In a unit that has half of these, or more, a
shared set is the unit's own (the making of instruments, in music); elsewhere it is a block beside the map. A list of
tools always is: its concept above stands on the map for it.

What no rule of use can tell is **placed** by hand: an area of the ontology may stand beside the map of a domain (general
working practice beside all, the stage's machinery beside film), and takes its example skills there, unless an area of the
domain has them as examples too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]
from scipy.cluster.hierarchy import fcluster, linkage  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]
from scipy.spatial.distance import squareform  # type: ignore[import-untyped]

from analysis.skills.matrix import Ints, Sparse, Use, column_sums, row_sums
from analysis.skills.tables import FamilyKind, SkillArea, SkillTables, Unit

MIN_JACCARD = 0.5
MIN_USERS = 3
MIN_SET = 8
MIN_TOOLS = 4
OWN_SHARE = 0.5
MIN_EXAMPLES = 2
# The domain of a unit that has none: the whole, and the functions.
NO_DOMAIN = ""


@dataclass(frozen=True, slots=True)
class Family:
    """``id`` is made of the first skill's IRI, or of the concept above, so that it does not depend on other families; one
    that was placed has that of its area.

    ``occupations`` are those that use half of the skills or more; ``agreement`` is the mean Jaccard index of two skills.
    ``domains`` are those beside whose maps a family was placed.
    """

    id: str
    kind: FamilyKind
    skills: tuple[str, ...]
    occupations: frozenset[str]
    agreement: float
    above: str = ""
    domains: frozenset[str] = frozenset()

    def foreign_to(self, unit: Unit) -> bool:
        """Whether the unit should see the family as a block beside its map."""
        if self.kind == "placed":
            return unit.domain in self.domains
        mine = sum(1 for o in self.occupations if o in unit.weights)
        return self.kind == "tools" or mine < OWN_SHARE * len(self.occupations)


def families(tables: SkillTables, use: Use) -> tuple[Family, ...]:
    """All families of the release, in a fixed order. A skill is in one at most, and in what was placed."""
    binary = use.binary.tocsc()
    groups: list[Family] = []
    taken: set[int] = set()
    for columns in _shared_sets(binary):
        above = _told_by(tables, use, columns)
        members = np.array([c for c in columns if use.skills[c] != above], dtype=np.int64)
        taken.update(int(c) for c in members)
        groups.append(_family("tools" if above else "shared", members, use, binary, above))
    for above, columns in _tool_lists(tables, use, binary, taken):
        groups.append(_family("tools", columns, use, binary, above))
    return tuple(sorted([*groups, *_placed(tables.areas, use, binary)], key=lambda f: f.id))


def _placed(areas: Sequence[SkillArea], use: Use, binary: Sparse) -> Iterator[Family]:
    """The areas that stand beside a map. One that serves no domain of its own stands beside that of the whole, too."""
    for area in areas:
        columns = np.array(sorted(use.column[s] for s in area.examples if s in use.column), dtype=np.int64)
        if area.beside and len(columns):
            domains = area.beside if area.domains else area.beside | {NO_DOMAIN}
            yield replace(_family("placed", columns, use, binary), id=area.id, domains=domains)


def _told_by(tables: SkillTables, use: Use, columns: Ints) -> str:
    """The knowledge concept that half of the skills or more stand under, or ""."""
    above = Counter(
        concept
        for c in columns
        for concept in tables.skills[use.skills[c]].broader
        if concept in tables.skills and tables.skills[concept].type == "knowledge"
    )
    most = min(above, key=lambda a: (-above[a], a), default="")
    return most if above[most] >= len(columns) / 2 else ""


def _family(kind: FamilyKind, columns: Ints, use: Use, binary: Sparse, above: str = "") -> Family:
    mine = binary[:, columns]
    rows = np.flatnonzero(row_sums(mine) >= len(columns) / 2)
    skills = tuple(use.skills[c] for c in sorted(columns))
    return Family(
        id=(above or skills[0]).rpartition("/")[2],
        kind=kind,
        skills=skills,
        occupations=frozenset(use.occupations[r] for r in rows),
        agreement=round(_agreement(jaccard(mine)), 6),
        above=above,
    )


def jaccard(columns: Sparse) -> Sparse:
    """Jaccard indices of the columns of a 0/1 matrix, zero on the diagonal."""
    together = (columns.T @ columns).tocoo()
    n = column_sums(columns)
    apart = together.row != together.col
    row, column, both = together.row[apart], together.col[apart], together.data[apart]
    return sp.csr_matrix((both / (n[row] + n[column] - both), (row, column)), shape=together.shape)


def _agreement(index: Sparse) -> float:
    n = index.shape[0]
    return float(index.sum()) / (n * (n - 1)) if n > 1 else 1.0


def _tool_lists(tables: SkillTables, use: Use, binary: Sparse, taken: set[int]) -> Iterator[tuple[str, Ints]]:
    under: dict[str, list[int]] = defaultdict(list)
    used = column_sums(binary)
    for iri, skill in tables.skills.items():
        if skill.type == "knowledge" and used[use.column[iri]]:
            for above in skill.broader:
                if (concept := tables.skills.get(above)) and concept.type == "knowledge":
                    under[above].append(use.column[iri])
    taken = set(taken)
    for above, columns in sorted(under.items(), key=lambda e: (-len(e[1]), e[0])):
        left = np.array(sorted(set(columns) - taken), dtype=np.int64)
        if len(left) >= MIN_TOOLS and _agreement(jaccard(binary[:, left])) >= MIN_JACCARD:
            taken.update(int(c) for c in left)
            yield above, left


def _shared_sets(binary: Sparse) -> Iterator[Ints]:
    kept = np.flatnonzero(column_sums(binary) >= MIN_USERS)
    if not len(kept):
        return
    index = jaccard(binary[:, kept])
    # Two skills of one set are tied through others that agree by half; so the tree is cut inside the components only.
    near = index.multiply(index >= MIN_JACCARD)
    _, component = connected_components(near, directed=False)
    for c in np.flatnonzero(np.bincount(component) >= MIN_SET):
        inside = np.flatnonzero(component == c)
        distance = np.round(1.0 - index[inside][:, inside].toarray(), 9)
        np.fill_diagonal(distance, 0.0)
        group = fcluster(linkage(squareform(distance, checks=False), "average"), 1.0 - MIN_JACCARD, "distance")
        for g in np.unique(group):
            if (group == g).sum() >= MIN_SET:
                yield kept[inside[group == g]]


def told_by_areas(unlabelled: Sequence[Family], areas: Sequence[SkillArea]) -> dict[str, SkillArea]:
    """The area that names a family, by its identifier: the one with the most example skills in it, two or more."""
    named = {}
    for family in unlabelled:
        inside = {a.id: len(a.examples.intersection(family.skills)) for a in areas}
        best = min(areas, key=lambda a: (a.id != family.id, -inside[a.id], a.id), default=None)
        if best and (best.id == family.id or inside[best.id] >= MIN_EXAMPLES):
            named[family.id] = best
    return named


def beside(candidates: Sequence[Family], unit: Unit, own: Set[str] = frozenset()) -> dict[str, Family]:
    """The skills that a unit sees beside its map, each with its family; ``own`` are the examples of its areas.

    Where a skill is in a set that was found and in one that was placed, the found one tells it.
    """
    told = {}
    for family in sorted(candidates, key=lambda f: f.kind != "placed"):
        if family.foreign_to(unit):
            told.update({s: family for s in family.skills if family.kind != "placed" or s not in own})
    return told
