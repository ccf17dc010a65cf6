"""What all pages for people share: their language, their links, and the way to an answer that is kept like the API's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import Depends, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from app import http
from app.api.views import chosen
from app.catalogue.concepts import Decision, in_one
from app.catalogue.search import TYPES
from app.html.render import HTML_HEADERS, render
from app.http.languages import RIGHT_TO_LEFT, lookup
from app.linked import iris
from app.request import Context, accepted, context, service_of
from app.site.words import INTERFACES, PageWords, own_name, words
from ontology import local_name

Link = tuple[str, str]  # text and address
Choice = tuple[str, str]  # value and text


async def page_language(
    request: Request,
    language: Annotated[
        str | None, Query(description="Language of the page, as a BCP 47 tag; without it Accept-Language decides.")
    ] = None,
) -> str:
    """The language that a reader wants, among those of the pages and those of the release."""
    return wanted_language(request, {*INTERFACES, *service_of(request).served.catalogue.languages}, language)


def wanted_language(request: Request, offered: Iterable[str], language: str | None) -> str:
    """The language that is named, or else the one that the browser prefers, if it is offered; English otherwise."""
    wanted = [language[:40]] if language is not None else accepted(request.headers.get("accept-language", ""))
    return lookup(wanted, sorted(offered))


PageLanguage = Annotated[str, Depends(page_language)]


async def page_context(request: Request, page_language: PageLanguage) -> Context:
    """The release in that language, or in English where it has no words in it, for answers that a page reads."""
    return (await context(request, page_language)).to_read()


PageCtx = Annotated[Context, Depends(page_context)]


@dataclass(frozen=True, slots=True)
class Frame:
    """A page about to be made: for whom, in which language, and how it links to others."""

    ctx: Context
    language: str

    @property
    def words(self) -> PageWords:
        """What the page itself says."""
        return words(self.language)

    def link(self, path: str, **query: object) -> str:
        """The address of a page, in the language of this one."""
        given = {"language": self.language, **query}
        return (
            f"{self.ctx.base}{path}?{urlencode({k: v for k, v in given.items() if v not in (None, '', 0)}, doseq=True)}"
        )

    def decision(self, item: Decision) -> str:
        """The page that explains a decision."""
        return self.link(f"/decisions/{local_name(item.iri)}")

    def sector_name(self, key: str) -> str:
        """What a domain or sub-domain is called."""
        known = self.ctx.catalogue.domains.get(key)
        return (in_one(known.labels, self.ctx.label_language) if known else "") or key

    def sector(self, key: str) -> Link:
        """The same as a link to its page, marked with its language."""
        known = self.ctx.catalogue.domains.get(key)
        name = self.said(chosen(known.labels, self.ctx)) if known else ""
        return name or key, self.link(f"/sectors/{quote(key)}")

    def concept(self, iri: str) -> str:
        """The page of an IRI where it has one, else its description as linked data."""
        path = iris.page_path(iri, self.ctx.catalogue)
        return self.link(path) if path else iris.address(iri, self.ctx.base)

    def wrong(self, iri: str) -> str:
        """Where a reader says that a concept is wrong; "" on a service without a workshop, which has nobody to read it."""
        has_inbox = self.ctx.request.app.state.service.settings.workshop
        return self.link("/workshop/report", concept=iri) if has_inbox else ""

    def said(self, texts: Mapping[str, str]) -> Markup:
        """A text of the release, marked with its language where that is not the page's."""
        tag, text = next(iter(texts.items()), ("", ""))
        shown = Markup.escape(text).replace("/", Markup("/<wbr>"))  # conservateur/conservatrice may break there
        if not tag or tag == self.words.tag:
            return shown
        direction = Markup(' dir="rtl"') if tag in RIGHT_TO_LEFT else ""
        return Markup('<span lang="{}"{}>{}</span>').format(tag, direction, shown)

    def vocabulary(self) -> str:
        """What types of concept and sectors are called, for the scripts that complete a search box."""
        return orjson.dumps({**dict(self.types()), **dict(self.tops())}).decode()

    def types(self) -> list[Choice]:
        """The types of concept that can be searched for, with their names."""
        return [(name, self.words(f"type-{name}")) for name in TYPES]

    def tops(self) -> list[Choice]:
        """The sectors, each with its name, by name."""
        return sorted(((d, self.sector_name(d)) for d in self.ctx.catalogue.top_domains), key=lambda e: e[1])

    def languages(self) -> list[tuple[str, str, str]]:
        """Tag, own name and address of this very page in every language, for the switch."""
        offered = sorted({*INTERFACES, *self.ctx.catalogue.languages})
        return [(tag, own_name(tag), self.anywhere(("language", tag))) for tag in offered]

    def anywhere(self, *more: tuple[str, str]) -> str:
        """The address of this very page without its language: the reader's decides."""
        request = self.ctx.request
        rest = [(k, v) for k, v in request.query_params.multi_items() if k != "language"]
        query = urlencode([*rest, *more])
        return self.ctx.base + quote(request.scope["path"]) + (f"?{query}" if query else "")

    def respond(
        self,
        template: str,
        title: str,
        description: str,
        crumbs: list[Link],
        data: list[tuple[str, str, str]] | None = None,
        about: dict[str, Any] | None = None,
        **values: Any,
    ) -> Response:
        """The page as a cacheable answer; `data` are name, address and media type of what says the same to programs.

        `about` is what search engines are told, in the words of schema.org.
        """
        ctx = self.ctx
        page = render(
            template, frame=self, t=self.words, said=self.said, to=self.link, path=ctx.request.scope["path"], base=ctx.base,
            language=self.language, languages=self.languages(), title=title, description=_short(description),
            crumbs=crumbs, data=data or [], about=self._told(about, title, crumbs) if about else None,
            manifest=ctx.served.release.manifest, release=ctx.served.release.id, **values,
        )  # fmt: skip
        return http.respond(
            ctx.request, ctx.served, page.encode(), "text/html; charset=utf-8", self.words.tag, extra=HTML_HEADERS
        )

    def _told(self, about: dict[str, Any], title: str, crumbs: list[Link]) -> dict[str, Any]:
        """What search engines are told: the thing, and the page about it with the way to it."""
        way = [
            {"@type": "ListItem", "position": n, "name": _bare(text), "item": href}
            for n, (text, href) in enumerate(crumbs, 1)
        ]
        way.append({"@type": "ListItem", "position": len(way) + 1, "name": title})
        page = {
            "@type": "WebPage", "inLanguage": self.words.tag, "isPartOf": {"@type": "WebSite", "url": f"{self.ctx.base}/"},
            "breadcrumb": {"@type": "BreadcrumbList", "itemListElement": way},
        }  # fmt: skip
        return {"@context": "https://schema.org", **about, "mainEntityOfPage": page}


def _bare(text: str) -> str:
    """The text of a link without marks of language."""
    return text.striptags() if isinstance(text, Markup) else text


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + " …"
