"""A page of the workshop: in one of four languages, for one reader, kept by nobody."""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from app.html.render import HTML_HEADERS, render
from app.request import base_url, service_of
from app.site.frame import wanted_language
from app.site.words import INTERFACES, PageWords, own_name
from app.workshop.access import Seated, desk_of
from app.workshop.desk import Desk
from workshop.people import Seat

_FOLDER = Path(__file__).parent / "words"
PRIVATE = {**HTML_HEADERS, "cache-control": "no-store", "vary": "Cookie, Accept-Language"}


class WorkshopWords(PageWords):
    """The words of the pages, with those of the workshop."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self._texts = {**self._texts, **catalogue(self.tag)}


def catalogue(tag: str) -> dict[str, str]:
    """The workshop's own words in a language of the pages."""
    return tomllib.loads((_FOLDER / f"{tag}.toml").read_text("utf-8"))


@cache
def words(tag: str) -> WorkshopWords:
    """The words for a reader of this language."""
    return WorkshopWords(tag)


@dataclass(frozen=True, slots=True)
class WorkshopPage:
    """A page about to be made: for whom, and in which language."""

    request: Request
    seat: Seat | None = None

    @property
    def desk(self) -> Desk:
        """The way to the database."""
        return desk_of(self.request)

    @property
    def language(self) -> str:
        """As the address says, else as the browser does."""
        return wanted_language(self.request, INTERFACES, self.request.query_params.get("language") or None)

    @property
    def words(self) -> WorkshopWords:
        """What the page says."""
        return words(self.language)

    def link(self, path: str, **query: object) -> str:
        """The address of a page, in the language of this one where that was chosen."""
        chosen = {"language": self.language} if "language" in self.request.query_params else {}
        given = {k: v for k, v in {**chosen, **query}.items() if v not in (None, "")}
        return f"{base_url(self.request)}{path}{'?' + urlencode(given) if given else ''}"

    def languages(self) -> list[tuple[str, str, str]]:
        """Tag, own name and address of this very page in every language."""
        path = base_url(self.request) + self.request.scope["path"]
        rest = [(k, v) for k, v in self.request.query_params.multi_items() if k != "language"]
        return [(tag, own_name(tag), f"{path}?{urlencode([*rest, ('language', tag)])}") for tag in INTERFACES]

    def sector(self, key: str) -> str:
        """What a domain is called in this language, where the served release knows it."""
        service = service_of(self.request)
        known = service.served.catalogue.domains.get(key) if service.ready else None
        labels = known.labels if known else {}
        return labels.get(self.language) or labels.get("en") or key

    def respond(self, template: str, title: str, status: int = 200, **values: Any) -> Response:
        """The page."""
        body = render(
            f"workshop/{template}", page=self, t=self.words, base=base_url(self.request), title=title, seat=self.seat,
            nonce=secrets.token_urlsafe(12), **values,  # what makes a form sent twice count once
        )  # fmt: skip
        headers = {**PRIVATE, "content-language": self.words.tag}
        return Response(body.encode(), status, headers, "text/html; charset=utf-8")

    def go(self, path: str, **query: object) -> Response:
        """On to another page, after a form was taken."""
        return RedirectResponse(self.link(path, **query), 303, PRIVATE)


async def page_of(
    request: Request,
    language: Annotated[str | None, Query(description="Language of the page.")] = None,  # noqa: ARG001 - read by the page
) -> WorkshopPage:
    """A page for whoever comes."""
    return WorkshopPage(request)


async def seated_page(
    request: Request,
    seat: Seated,
    language: Annotated[str | None, Query(description="Language of the page.")] = None,  # noqa: ARG001 - read by the page
) -> WorkshopPage:
    """A page for somebody with a session."""
    return WorkshopPage(request, seat)


Page = Annotated[WorkshopPage, Depends(page_of)]
SeatedPage = Annotated[WorkshopPage, Depends(seated_page)]
