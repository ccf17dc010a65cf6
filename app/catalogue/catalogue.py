"""A release as the API serves it: typed tables read once through SPARQL, held in memory, never changed.

Facts (codes, relations, decisions) answer any request without the store; words are read per language on first use (labels)
or per concept (alternative labels, descriptions).
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from pyoxigraph import NamedNode

from app.catalogue.activities import revisions
from app.catalogue.facts import Facts
from app.catalogue.labels import Labels, LabelTable, collate, fallback
from app.catalogue.national import National
from app.catalogue.parts import Parts
from app.catalogue.profiles import ProfileCatalogue
from app.catalogue.skills import SkillCatalogue
from app.settings import Limits
from app.store.port import GraphStore
from ontology import DCT, GRAPH_LABELS, SKOS
from queries import Term
from releases.gc_pause import no_garbage
from releases.release import Release


class Catalogue(Facts):
    """All of one release; safe to share between requests because nothing changes once it is made."""

    def __init__(self, release: Release, store: GraphStore, limits: Limits | None = None) -> None:
        """Read a release (some seconds for full ESCO); make it off the event loop."""
        limits = limits or Limits()
        self.release = release
        self.store = store
        self.withdrawn = release.withdrawn()
        self.carry_over = release.carry_over()
        self.languages = sorted(release.manifest["languages"])
        self.fallback = fallback(release.manifest["languages"])
        # What is derived about skills is half of the work; the engine lets two threads of one process query at once.
        with no_garbage(), ThreadPoolExecutor(1) as beside:
            analysis = beside.submit(SkillCatalogue.read, store)
            super().__init__(store)
            self.graphs = store.graphs
            parts = Parts(limits.parts_bytes)
            self._labels = Labels(store, self.languages, self.fallback, limits.languages_in_memory, parts)
            self.analysis = analysis.result()
            self.national = National.read(store)
            self.revisions = revisions(store)
            self.profiles = ProfileCatalogue.read(store, self, self.analysis)

    # --- words ---------------------------------------------------------------------------------------------------

    async def prepare(self, language: str) -> LabelTable:
        """The labels of a language; read on first use, in a thread, once however many requests wait for them."""
        return await self._labels.table(language)

    def label(self, iri: str, language: str) -> dict[str, str]:
        """``{language: preferred label}`` from a language at hand, else in English; empty where nothing has one."""
        return self._labels.at_hand(language).of(iri)

    def words(self, iri: str, languages: Iterable[str]) -> dict[str, dict[str, list[str]]]:
        """property ("prefLabel", "altLabel", "description", …) -> language -> texts, read for this concept alone."""
        values: dict[str, list[Term]] = {
            "concept": [NamedNode(iri)],
            "labels": [NamedNode(GRAPH_LABELS + language) for language in languages],
        }
        by_property: dict[str, dict[str, list[str]]] = {}
        for _, prop, text in self.store.select("api/words", values):
            name = prop.value.removeprefix(SKOS).removeprefix(DCT)  # type: ignore[union-attr]
            by_property.setdefault(name, {}).setdefault(text.language, []).append(text.value)  # type: ignore[union-attr,arg-type]
        for by_language in by_property.values():
            for texts in by_language.values():
                texts.sort(key=collate)
        return by_property

    async def search_text(self, language: str) -> dict[str, str]:
        """Occupation in scope -> its preferred and alternative labels, folded, one a line."""
        return await self._labels.search_text(language, [o for o, item in self.occupations.items() if item.decisions])

    def successors(self, iri: str) -> list[str]:
        """What ESCO has put in the place of a withdrawn concept; empty where it says nothing."""
        named: str | list[str] = self.withdrawn.get(iri, {}).get("replacedBy") or []
        return [named] if isinstance(named, str) else named  # releases that were loaded earlier have one

    def close(self) -> None:
        """Give back the store."""
        self.store.close()
