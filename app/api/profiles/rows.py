"""A profile as statements and as flat rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from analysis.profiles.statements import LINES, activity_iri, head_quads, skills_quads
from app.api.profiles.naming import UNSAID, title
from app.api.profiles.views import Profile, RenderedProfile, flat, with_repeats
from app.request import Context
from ontology import CCSI, CCSID, DCT, PROV, RDF, SKOS, local_name

COLUMNS = (
    "profile", "profileTitle", "domain", "function", "charterFunction", "subDomain", "section", "groupUri", "groupLabel", "skillUri",
    "preferredLabel", "language", "skillType", "reuseLevel", "relation", "share", "essentialShare", "rule", "alsoBy",
    "locationQuotient", "specialisationEvidence", "clusterUri", "askedBy", "sections",
)  # fmt: skip


def rows(document: Profile) -> Iterator[tuple[Any, ...]]:
    """One row for each skill of a profile, in the order of its sections; ``sections`` are all that it stands in."""
    stands: dict[str, list[str]] = {}
    for section, _, entry in with_repeats(document["sections"]):
        stands.setdefault(entry["skill"]["uri"], []).append(section)
    name = document["id"] or document["uri"]
    parts = (document["domain"], document["function"], document["charterFunction"], document["subDomain"])
    cell = [part["id"] if part else "" for part in parts]
    called = next(iter(document["title"].values()), "")
    for place, arranged, entry in flat(document["sections"]):
        skill, known, asked = entry["skill"], entry["specialisation"], entry.get("askedBy") or {}
        tag, label = _one(skill["preferredLabel"])
        group_words = (arranged["uri"], next(iter(arranged["preferredLabel"].values()), "")) if arranged else ("", "")
        figures: tuple[Any, ...] = ("", "", "")
        if known:
            figures = known["locationQuotient"], known["specialisationEvidence"], known["cluster"] or ""
        yield (
            name, called, *cell, place, *group_words, skill["uri"], label, tag, skill["skillType"] or "",
            skill["reuseLevel"] or "", entry["relation"], entry["share"], entry["essentialShare"], entry["rule"],
            " ".join(entry["alsoBy"]), *figures,
            " ".join(sorted({*asked.get("essential", ()), *asked.get("optional", ())})), " ".join(stands[skill["uri"]]),
        )  # fmt: skip


def _one(texts: dict[str, str]) -> tuple[str, str]:
    """The text of a cell with its language; the English one where a document is in all."""
    return ("en", texts["en"]) if "en" in texts else next(iter(texts.items()), ("", ""))


def quads(ctx: Context, shown: RenderedProfile) -> Iterator[str]:
    """The statements of a profile: those of the graph for a template, the same kind for a composed one."""
    made, node = shown.profile, shown.uri
    tables = ctx.catalogue.profiles.tables
    told = {(unit, s) for unit in made.units for s in tables.figures.get(unit, {})}
    yield from head_quads(node, made, tables)
    for tag, text in title(ctx, shown.title, made.recipe).items():
        yield LINES.text(node, DCT + "title", text, None if tag == UNSAID else tag)
    if shown.entry:
        yield LINES.link(node, RDF + "type", CCSI + "ProfileTemplate")
        yield LINES.link(node, CCSI + "anchorDegree", f"{CCSID}degree/{shown.entry.degree}")
        yield LINES.link(node, PROV + "wasGeneratedBy", activity_iri(ctx.served.release.manifest["escoVersion"]))
        base = f"{CCSID}profile-skill/{shown.entry.id}/"
    else:
        yield LINES.link(node, RDF + "type", CCSI + "Profile")
        base = f"{node}#"
        for anchor in made.recipe.anchors:
            part = f"{node}#anchor-{local_name(anchor.occupation)}"
            yield LINES.link(node, CCSI + "weightedAnchor", part)
            yield LINES.link(part, RDF + "type", CCSI + "ProfileAnchor")
            yield LINES.link(part, CCSI + "anchor", anchor.occupation)
            yield LINES.decimal(part, CCSI + "anchorWeight", anchor.weight)
            for key in anchor.parts:
                yield LINES.text(part, CCSI + "anchorPart", key)
    yield from skills_quads(node, base, made, tables, told)
    for item in made.skills:
        for tag, text in ctx.labels.of(item.skill).items():
            yield LINES.text(item.skill, SKOS + "prefLabel", text, tag)


def json_ld(lines: Iterator[str]) -> bytes:
    """The statements of a profile as expanded JSON-LD: the same as in Turtle."""
    triples = (q.triple for q in ox.parse(input="".join(lines), format=ox.RdfFormat.N_QUADS))
    return ox.serialize(triples, format=ox.RdfFormat.JSON_LD) or b""
