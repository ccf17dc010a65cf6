"""What to call things on a page: their label in the reader's language, or a readable form of their IRI."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from app.catalogue.keys import occupation_iri, skill_iri
from app.linked.iris import short
from app.request import Context
from ontology import CCSID

# Nodes of these kinds are statements and have no label; asking for one would cost as much as for all others together.
_STATEMENTS = (
    "assertion", "cluster-share", "crosswalk", "decision", "group-share", "membership", "specialisation", "transversality",
)  # fmt: skip
_UUID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(-?)")


class Names:
    """The names of a set of IRIs, read together."""

    def __init__(self, ctx: Context, iris: Iterable[str]) -> None:
        self._ctx = ctx
        self._found: dict[str, tuple[str, str]] = {}
        unnamed = sorted({iri for iri in iris if not ctx.labels.of(iri) and _kind(iri) not in _STATEMENTS})
        if unnamed:
            best: dict[str, tuple[int, str, str]] = {}
            rows = ctx.catalogue.store.select("pages/names", {"thing": [NamedNode(iri) for iri in unnamed]})
            for thing, name in rows:
                if thing is not None and isinstance(name, Literal):
                    rank = {ctx.label_language: 0, "en": 1}.get(name.language or "", 2)
                    best[thing.value] = min(best.get(thing.value, (9, "", "")), (rank, name.value, name.language or ""))
            self._found = {iri: (name, language) for iri, (_, name, language) in best.items()}

    def __call__(self, iri: str) -> str:
        """What to call a thing."""
        return self.spoken(iri)[0]

    def spoken(self, iri: str) -> tuple[str, str]:
        """What to call a thing, and in which language that is: English stands in, so not always in the reader's."""
        if label := self._ctx.labels.of(iri):
            language, name = next(iter(label.items()))
            return name, language
        return self._found.get(iri) or (self._readable(iri), "")

    def _readable(self, iri: str) -> str:
        """For nodes without a label, such as decisions: their path, with the labels of the concepts it speaks of."""
        if not iri.startswith(CCSID):
            return short(iri)
        kind, _, rest = iri[len(CCSID) :].partition("/")
        return f"{kind.replace('-', ' ')}: {_UUID.sub(self._concept, rest).replace('/', ' / ')}"

    def _concept(self, match: re.Match[str]) -> str:
        label = self._ctx.labels.of(occupation_iri(match[1])) or self._ctx.labels.of(skill_iri(match[1]))
        name = next(iter(label.values()), match[1])
        return f"{name}, " if match[2] else name


def _kind(iri: str) -> str:
    return iri[len(CCSID) :].partition("/")[0] if iri.startswith(CCSID) else ""


def paths_up(ctx: Context, iri: str, most: int = 4) -> list[list[str]]:
    """The ways from the top of the hierarchy down to a thing, without itself; at most so many, each without repetition."""
    parents: dict[str, list[str]] = {}
    level = [iri]
    for _ in range(12):  # ESCO is 7 levels deep
        if not level or len(parents) > 200:
            break
        rows = ctx.catalogue.store.select("pages/broader", {"thing": [NamedNode(i) for i in level]})
        for thing, broader in sorted(rows, key=str):
            if thing is not None and broader is not None:
                parents.setdefault(thing.value, []).append(broader.value)
        level = sorted({p for i in level for p in parents.get(i, ())} - parents.keys())
    paths: list[list[str]] = []

    def climb(path: list[str]) -> None:
        above = [p for p in parents.get(path[0], ()) if p not in path]
        if len(paths) >= most:
            return
        if not above and len(path) > 1:
            paths.append(path[:-1])
        for parent in above:
            climb([parent, *path])

    climb([iri])
    return paths
