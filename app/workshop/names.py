"""What concepts are called in the language of a page, and which are near a text, where the served release can tell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fastapi import Request
from starlette.requests import HTTPConnection

from app.api.search_build import IndexBuilder
from app.catalogue.catalogue import Catalogue
from app.catalogue.search import BASE, Search
from app.errors import Problem
from app.request import service_of
from app.workshop.faults import Refused
from workshop.proposals import Concept

NEAR = 6
LONGEST = 200  # of a text that near concepts are searched for


async def names_of(request: Request, language: str, iris: Iterable[str]) -> dict[str, str]:
    """Names in the reader's language by IRI, of those that the served release has."""
    service = service_of(request)
    if not service.ready:
        return {}
    catalogue = service.served.catalogue
    labels = await catalogue.prepare(language if language in catalogue.languages else BASE)
    return {iri: next(iter(known.values())) for iri in iris if (known := labels.of(iri))}


async def near(request: Request, text: str, language: str, types: tuple[str, ...], most: int = NEAR) -> list[Concept]:
    """The concepts of the release that the service's own search finds for a text; none where there is no index yet."""
    service, words = service_of(request), text.strip()[:LONGEST]
    if not service.ready or not words:
        return []
    builder: IndexBuilder = request.app.state.index_builder
    try:
        index = service.served.search or await builder.search(service.served)
    except Problem:  # it is being built; a proposal needs not wait for it
        return []
    return await asyncio.to_thread(_found, index, service.served.catalogue, words, language, types, most)


def _found(
    index: Search, catalogue: Catalogue, text: str, language: str, types: tuple[str, ...], most: int
) -> list[Concept]:
    results = index.search(text, language, index.only(types), slice(0, most))
    return [found for item in results.items if (found := concept_of(catalogue, item.iri))]


def concept_of(catalogue: Catalogue, iri: str) -> Concept | None:
    """An occupation or a skill of the release; none where it has no such concept."""
    if iri not in catalogue.occupations and iri not in catalogue.skills:
        return None
    kind = "occupation" if iri in catalogue.occupations else "skill"
    return Concept(iri=iri, label=catalogue.label(iri, BASE).get(BASE, iri), type=kind)


def known_concept(request: HTTPConnection, iri: str) -> Concept:
    """The same. Raises NotReady, Refused for an IRI that is none."""
    found = concept_of(request.app.state.service.served.catalogue, iri)
    if found is None:
        raise Refused(f"'{iri[:100]}' is no occupation or skill of the release that is served.")
    return found
