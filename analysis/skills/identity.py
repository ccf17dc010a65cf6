"""Names that outlive a release: clusters of a new release take over the identifiers of those they continue.

An identifier is the domain and a slug (``heritage/archival-description``). It is made once, when a cluster first
appears, and is never read for meaning afterwards: the label may change, the identifier stays. Matching is by overlap
of members (Jaccard), largest overlap first, one to one; what is left over is told as a split or a merge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from analysis.skills.tables import Level, LineageEntry, PreviousCluster

# Below a third, most members are others, and a reader who follows an old link would find something else.
MIN_JACCARD = 1 / 3
# A cluster is a part of a split (or merge) when half of the smaller one lies in the other.
MIN_CONTAINED = 0.5
MAX_SLUG = 48


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, at most 48 characters, never cut inside a word."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    result = ""
    for word in words:
        longer = f"{result}-{word}" if result else word
        if len(longer) > MAX_SLUG:
            break
        result = longer
    return result or "cluster"


def unique(wanted: str, taken: set[str]) -> str:
    """The wanted identifier, or with the smallest number that makes it free; the result counts as taken."""
    candidate, n = wanted, 2
    while candidate in taken:
        candidate, n = f"{wanted}-{n}", n + 1
    taken.add(candidate)
    return candidate


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Size of the intersection over size of the union; 0 for two empty sets."""
    return len(a & b) / len(a | b) if a or b else 0.0


def match(new: Sequence[frozenset[str]], old: Mapping[str, frozenset[str]]) -> dict[int, str]:
    """One-to-one matches (index of the new cluster to old identifier), the largest Jaccard first."""
    pairs = sorted(
        (-jaccard(skills, held), identifier, i)
        for i, skills in enumerate(new)
        for identifier, held in old.items()
        if jaccard(skills, held) >= MIN_JACCARD
    )
    matched: dict[int, str] = {}
    used: set[str] = set()
    for _, identifier, i in pairs:
        if i not in matched and identifier not in used:
            matched[i] = identifier
            used.add(identifier)
    return matched


def identify(
    domain: str,
    level: Level,
    new: Sequence[tuple[str, frozenset[str]]],
    previous: Iterable[PreviousCluster],
    taken: set[str],
    fixed: Collection[int] = (),
) -> tuple[list[str], list[LineageEntry]]:
    """Identifiers of the new clusters (given as slug and skills), and how they came from those before.

    The slugs of those in ``fixed`` stand for something that lasts by itself, a skill area, and are taken as they are.
    ``taken`` holds every identifier ever used, so that a retired one is not given to something else.
    """
    old = {p.id: p.skills for p in previous if p.domain == domain and p.level == level}
    sets = [skills for _, skills in new]
    kept = {i: f"{domain}/{new[i][0]}" for i in fixed}
    free = [i for i in range(len(new)) if i not in kept]
    rest = {o: skills for o, skills in old.items() if o not in kept.values()}
    pairs = match([sets[i] for i in free], rest)
    matched = {free[i]: o for i, o in pairs.items()} | {i: o for i, o in kept.items() if o in old}
    taken.update(kept.values())
    ids = [kept.get(i) or matched.get(i) or unique(f"{domain}/{name}", taken) for i, (name, _) in enumerate(new)]
    taken.update(ids)
    if not old:
        return ids, []
    entries: set[tuple[str, str, str, float]] = set()
    for i, skills in enumerate(sets):
        for identifier, held in sorted(old.items()):
            shared = len(skills & held)
            overlap = jaccard(skills, held)
            if matched.get(i) == identifier:
                entries.add((ids[i], identifier, "same", overlap))
            elif shared and shared >= MIN_CONTAINED * len(skills):
                # Most of the new one comes from an old one that lives on (or died) elsewhere.
                entries.add((ids[i], identifier, "split", overlap))
            elif shared and shared >= MIN_CONTAINED * len(held):
                entries.add((ids[i], identifier, "merge", overlap))
    told_new = {e[0] for e in entries}
    told_old = {e[1] for e in entries if e[2] in ("same", "merge")}
    told_old |= {e[1] for e in entries if e[2] == "split" and e[1] not in matched.values()}
    entries.update((i, "", "new", 0.0) for i in ids if i not in told_new)
    entries.update(("", o, "retired", 0.0) for o in old if o not in told_old)
    return ids, [
        LineageEntry(domain, level, n, o, r, overlap)  # type: ignore[arg-type]
        for n, o, r, overlap in sorted(entries)
    ]
