"""Pages of the linked data: a resource with its links both ways, the links of one property, the ontology."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from app.catalogue.concepts import Decision
from app.html.render import render
from app.linked import evidence, iris
from app.linked.names import Names, paths_up
from app.linked.ontology import Ontology
from app.linked.resource import Description, Links
from app.request import Context
from ontology import CCSI, CCSID, PREFIXES, RDF, SKOS
from queries import Term

# Names where the last part of the IRI makes poor English.
_NAMES = {SKOS + "prefLabel": "preferred label", SKOS + "altLabel": "alternative label", RDF + "type": "class"}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # where a word begins inside a name
_FEW = 30  # links of a property that a page shows; the others stand on a page of their own


@dataclass(frozen=True, slots=True)
class Item:
    """One value as a page shows it: a link, or a text with its datatype; in a language, where it is in one."""

    text: str
    href: str = ""
    language: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One property with its values; `more` leads to all of them."""

    name: str
    short: str
    href: str
    items: list[Item]
    total: int
    more: str = ""

    @property
    def in_words(self) -> bool:
        """Whether the values are texts in some language."""
        return bool(self.items) and not self.items[0].href and bool(self.items[0].language)


def links_address(ctx: Context, iri: str, links: Links, offset: int = 0) -> str:
    """Where the links of one property stand, page by page."""
    target = f"{iris.resource(iri, ctx.base)}&property={quote(links.predicate, safe='')}"
    return target + ("&inverse=true" if links.inverse else "") + (f"&offset={offset}" if offset else "")


def resource_page(ctx: Context, described: Description) -> str:
    """A resource: names, place in the hierarchy, evidence, statements about it, what points at it."""
    catalogue = ctx.catalogue
    paths = paths_up(ctx, described.iri)
    why = evidence.decisions(catalogue, described.iri)
    named = {described.iri, *described.types, *(step for path in paths for step in path), *evidence.things(why)}
    for links in (*described.outgoing, *described.incoming):
        named.add(links.predicate)
        named.update(term.value for term in links.values if isinstance(term, NamedNode))
    names = Names(ctx, named)
    title, title_language = names.spoken(described.iri)
    text, text_language = _text(ctx, described)
    shown = sorted(described.outgoing, key=lambda links: links.predicate != SKOS + "prefLabel")
    outgoing = [_row(ctx, names, described.iri, links) for links in shown if links.predicate != RDF + "type"]
    return render(
        "resource.html",
        base=ctx.base, iri=described.iri, title=title, title_language=title_language,
        types=[Item(_local(iri), iris.address(iri, ctx.base)) for iri in described.types],
        paths=[[_link(ctx, names, step) for step in path] for path in paths],
        description=text, description_language=text_language,
        decisions=[_decision(ctx, names, decision) for decision in why],
        words=[row for row in outgoing if row.in_words],
        outgoing=[row for row in outgoing if not row.in_words],
        incoming=[_row(ctx, names, described.iri, links) for links in described.incoming],
        formats=[(name, _variant(ctx, described.iri, name)) for name in ("ttl", "jsonld", "nt", "rdf")],
        release=ctx.served.release.id, people=iris.page_path(described.iri, catalogue),
        external=described.iri if not described.iri.startswith((CCSI, CCSID)) and described.iri.startswith("http") else "",
    )  # fmt: skip


def links_page(ctx: Context, iri: str, links: Links) -> str:
    """One page of the links of a property."""
    names = Names(ctx, [iri, links.predicate, *(t.value for t in links.values if isinstance(t, NamedNode))])
    size = ctx.limits.links
    previous = links_address(ctx, iri, links, max(0, links.offset - size)) if links.offset else ""
    following = links_address(ctx, iri, links, links.offset + size) if links.offset + size < links.total else ""
    return render(
        "links.html",
        base=ctx.base, subject=_link(ctx, names, iri), links=links,
        row=_row(ctx, names, iri, links, len(links.values)), previous=previous, following=following, release=ctx.served.release.id,
    )  # fmt: skip


def ontology_page(ctx: Context, known: Ontology) -> str:
    """The ontology: every class and property with its definition, each with an anchor of its own."""
    names = Names(ctx, {i for term in known.terms for i in (*term.above, *term.domain, *term.range, *term.sources)})
    sections = [
        (title, kind.replace(" ", "-"), [term for term in known.terms if term.kind == kind])
        for title, kind in (
            ("Classes", "class"),
            ("Properties that link", "object property"),
            ("Properties with a value", "datatype property"),
        )
    ]
    return render(
        "ontology.html", base=ctx.base, found=known, sections=sections, release=ctx.served.release.id,
        ref=lambda iri: Item(names(iri) if iri.startswith(CCSID) else iris.short(iri), iris.address(iri, ctx.base)),
        usage=lambda iri: iris.resource(iri, ctx.base), language="en",
        formats=[(name, f"{ctx.base}/ns.{name}") for name in ("ttl", "jsonld", "nt", "rdf")],
    )  # fmt: skip


def _row(ctx: Context, names: Names, iri: str, links: Links, most: int = _FEW) -> Row:
    values = sorted(links.values, key=lambda term: _order(names, term)) if not links.cut else links.values
    name = names(links.predicate) if links.predicate.startswith(CCSI) else _local(links.predicate)
    return Row(
        name, iris.short(links.predicate),
        iris.address(links.predicate, ctx.base) if links.predicate.startswith(CCSI) else links.predicate,
        [_item(ctx, names, term) for term in values[:most]], links.total,
        links_address(ctx, iri, links) if links.total > most else "",
    )  # fmt: skip


def _link(ctx: Context, names: Names, iri: str) -> Item:
    name, language = names.spoken(iri)
    return Item(name, iris.address(iri, ctx.base), language)


def _item(ctx: Context, names: Names, term: Term) -> Item:
    if isinstance(term, NamedNode):
        return _link(ctx, names, term.value)
    datatype = "" if term.language or term.datatype.value.endswith("#string") else iris.short(term.datatype.value)
    return Item(term.value, "", term.language or "", datatype)


def _order(names: Names, term: Term) -> tuple[str, str]:
    if isinstance(term, Literal):
        return term.language or "", term.value.casefold()
    return "", names(term.value).casefold()


def _local(iri: str) -> str:
    """The last part of an IRI in words: broaderTransitive becomes broader transitive."""
    if iri in _NAMES:
        return _NAMES[iri]
    first, *others = _WORD.split(iri.rstrip("/#").rpartition("#")[2].rpartition("/")[2])
    return " ".join([first, *(word if word.isupper() and len(word) > 1 else word.lower() for word in others)])


def _text(ctx: Context, described: Description) -> tuple[str, str]:
    """A text about the resource and its language: the reader's, else English."""
    for prop in (PREFIXES["dct"] + "description", SKOS + "definition"):
        texts = {term.language: term.value for term in described.of(prop) if isinstance(term, Literal)}
        for language in (ctx.label_language, "en"):
            if language in texts:
                return texts[language], language
    return "", ""


def _decision(ctx: Context, names: Names, decision: Decision) -> dict[str, object]:
    return {
        "decision": iris.address(decision.iri, ctx.base), "domain": _link(ctx, names, f"{CCSID}domain/{decision.domain}"),
        "degree": decision.degree,
        "confidence": decision.confidence, "contradicted": decision.contradicted,
        "evidence": [
            {
                "assertion": Item(names(f"{CCSID}route/{a.route}"), iris.address(a.iri, ctx.base)), "degree": a.degree,
                "reason": a.reason, "sources": [_link(ctx, names, source) for source in a.sources],
            }
            for a in decision.evidence
        ],
    }  # fmt: skip


def _variant(ctx: Context, iri: str, name: str) -> str:
    if iri.startswith(CCSID):
        return f"{iris.address(iri, ctx.base)}.{name}"
    return f"{iris.resource(iri, ctx.base)}&format={name}"
