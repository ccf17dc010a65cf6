"""Labels by language, read when first asked for, and how people compare them."""

from __future__ import annotations

import asyncio
import unicodedata
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from pyoxigraph import NamedNode

from app.catalogue.parts import Parts
from app.store.port import GraphStore
from ontology import GRAPH_LABELS
from queries import Term

T = TypeVar("T")
EVERY = "*"  # stands for all languages


class LabelTable:
    """Preferred labels in one language, English standing in, or in all; the labels are complete when made, and never changed."""

    def __init__(
        self,
        tag: str,
        own: Mapping[str, dict[str, str]],
        english: Mapping[str, dict[str, str]],
        parts: Parts,
    ) -> None:
        self.tag = tag
        # Filled as they are first asked for; the same in every answer of this release and language.
        self.parts = parts
        self.labels = {**english, **own}  # all of them, for tables that fall back on this one
        keys = {iri: collate(label.get("en") or next(iter(label.values()))) for iri, label in self.labels.items()}
        self._rank = {iri: n for n, iri in enumerate(sorted(keys, key=lambda i: (keys[i], i)))}

    def of(self, iri: str) -> dict[str, str]:
        """``{language: label}``, empty where there is none."""
        return self.labels.get(iri, {})

    def rank(self, iri: str) -> int:
        """The place of a concept in the order of labels; first what has none."""
        return self._rank.get(iri, -1)


class Labels:
    """Labels by language; English stays, of the others those used last stay while there is room.

    Used from the event loop only: threads read the store and give back what they found, so nothing is shared with them.
    """

    def __init__(self, store: GraphStore, languages: list[str], fallback: str, room: int, parts: Parts) -> None:
        self._store = store
        self._languages = languages
        self._room = room
        self._parts = parts  # of all languages
        # On these every language falls back: English, or what the release has in its place.
        self._english = LabelTable("en", {}, {}, parts)
        if fallback in languages:
            self._english = self._read(fallback)
        self._tables: OrderedDict[str, LabelTable] = OrderedDict()
        self._search: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._running: dict[tuple[str, str], asyncio.Task[Any]] = {}

    def at_hand(self, language: str) -> LabelTable:
        """The table of the language if it is in memory, else that of English."""
        return self._tables.get(language, self._english)

    async def table(self, language: str) -> LabelTable:
        """All preferred labels of a language."""
        if language == self._english.tag:
            return self._english
        return await self._kept(self._tables, language, partial(self._read, language))

    async def search_text(self, language: str, concepts: list[str]) -> dict[str, str]:
        """Folded labels of the given concepts, read once per language."""
        return await self._kept(self._search, language, partial(self._read_search_text, language, concepts))

    async def _kept(self, kept: OrderedDict[str, T], language: str, read: Callable[[], T]) -> T:
        if language in kept:
            kept.move_to_end(language)
            return kept[language]
        key = (str(id(kept)), language)
        if key not in self._running:
            self._running[key] = asyncio.create_task(asyncio.to_thread(read))
            self._running[key].add_done_callback(lambda _: self._running.pop(key, None))
        table: T = await asyncio.shield(self._running[key])  # one impatient client must not cancel it for the others
        kept[language] = table
        while len(kept) > self._room:
            kept.popitem(last=False)
        return table

    def _read(self, language: str) -> LabelTable:
        """One language, or all of them for `*`: some 60 MB for the 28 of full ESCO, which leave like any other table."""
        own: dict[str, dict[str, str]] = defaultdict(dict)
        for tag in self._languages if language == EVERY else [language]:
            for concept, label in self._store.select("api/labels", {"labels": [NamedNode(GRAPH_LABELS + tag)]}):
                own[concept.value][tag] = label.value  # type: ignore[union-attr]
        return LabelTable(language, own, self._english.labels, self._parts)

    def _read_search_text(self, language: str, concepts: list[str]) -> dict[str, str]:
        values: dict[str, list[Term]] = {
            "labels": [NamedNode(GRAPH_LABELS + language)],
            "concept": [NamedNode(c) for c in concepts],
        }
        lines: dict[str, list[str]] = defaultdict(list)
        for name in ("api/labels", "api/alternative_labels"):
            for concept, label in self._store.select(name, values):
                lines[concept.value].append(fold(label.value))  # type: ignore[union-attr]
        return {c: "\n".join(texts) for c, texts in lines.items()}


def fallback(languages: Mapping[str, Mapping[str, int]]) -> str:
    """The language that stands in: English; in a release without it, that with most labels."""
    if "en" in languages or not languages:
        return "en"
    return min(languages, key=lambda tag: (-languages[tag].get("prefLabel", 0), tag))


def fold(text: str) -> str:
    """Lower case without accents, so that "Musee" finds "musée"."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def collate(text: str) -> tuple[str, str]:
    """A sort key for people: accents and case count only among equals (the engine sorts by code point)."""
    return fold(text), text
