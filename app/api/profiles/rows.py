"""A profile as statements and as flat rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox
from pyoxigraph import Literal

from analysis.profiles.statements import activity_iri, head_quads, skills_quads
from app.api.profiles.views import UNSAID, RenderedProfile, flat, title
from app.api.views import Json
from app.request import Context
from ontology import CCSI, CCSID, DCT, GRAPH_PROFILES, PROV, RDF, SKOS, XSD, local_name

COLUMNS = (
    "profile", "profileTitle", "domain", "function", "charterFunction", "subDomain", "section", "groupUri", "groupLabel", "skillUri",
    "preferredLabel", "language", "skillType", "reuseLevel", "relation", "share", "essentialShare", "rule", "alsoBy",
    "locationQuotient", "specialisationEvidence", "clusterUri", "askedBy", "sections",
)  # fmt: skip


def rows(document: Json) -> Iterator[tuple[Any, ...]]:
    """One row for each skill of a profile, in the order of its sections; ``sections`` are all that it stands in."""
    stands: dict[str, list[str]] = {}
    for section in document["sections"]:
        for group in section["groups"]:
            for entry in group["skills"]:
                stands.setdefault(entry["skill"]["uri"], []).append(section["id"])
    name = document["id"] or document["uri"]
    domain, *cell = (
        document[k]["id"] if document[k] else "" for k in ("domain", "function", "charterFunction", "subDomain")
    )
    called = next(iter(document["title"].values()), "")
    for entry in flat(document["sections"]):
        skill, group, known = entry["skill"], entry["group"] or {}, entry["specialisation"] or {}
        tag, label = _one(skill["preferredLabel"])
        asking = sorted({o for found in entry.get("askedBy", {}).values() for o in found})
        yield (
            name, called, domain, *cell, entry["section"], group.get("uri", ""),
            next(iter(group.get("preferredLabel", {}).values()), ""), skill["uri"], label, tag, skill["skillType"] or "",
            skill["reuseLevel"] or "", entry["relation"], entry["share"], entry["essentialShare"], entry["rule"],
            " ".join(entry["alsoBy"]), known.get("locationQuotient", ""), known.get("specialisationEvidence", ""),
            known.get("cluster") or "", " ".join(asking), " ".join(stands[skill["uri"]]),
        )  # fmt: skip


def _one(texts: dict[str, str]) -> tuple[str, str]:
    """The text of a cell with its language; the English one where a document is in all."""
    return ("en", texts["en"]) if "en" in texts else next(iter(texts.items()), ("", ""))


def quads(ctx: Context, shown: RenderedProfile) -> Iterator[str]:
    """The statements of a profile: those of the graph for a template, the same kind for a composed one."""
    made, node = shown.profile, shown.uri
    tables = ctx.catalogue.profiles.tables
    end = f" <{GRAPH_PROFILES}> .\n"
    told = {(unit, s) for unit in made.units for s in tables.figures.get(unit, {})}
    yield from head_quads(node, made, tables)
    recipe = made.recipe
    called = title(ctx, shown.title, recipe)
    for tag, text in called.items():
        name = Literal(text) if tag == UNSAID else Literal(text, language=tag)
        yield f"<{node}> <{DCT}title> {name}{end}"
    if shown.entry:
        activity = activity_iri(ctx.served.release.manifest["escoVersion"])
        yield f"<{node}> <{RDF}type> <{CCSI}ProfileTemplate>{end}"
        yield f"<{node}> <{CCSI}anchorDegree> <{CCSID}degree/{shown.entry.degree}>{end}"
        yield f"<{node}> <{PROV}wasGeneratedBy> <{activity}>{end}"
        base = f"{CCSID}profile-skill/{shown.entry.id}/"
    else:
        yield f"<{node}> <{RDF}type> <{CCSI}Profile>{end}"
        base = f"{node}#"
        for anchor in recipe.anchors:
            part = f"{node}#anchor-{local_name(anchor.occupation)}"
            weight = f'"{round(anchor.weight, 4)}"^^<{XSD}decimal>'
            yield f"<{node}> <{CCSI}weightedAnchor> <{part}>{end}"
            yield f"<{part}> <{RDF}type> <{CCSI}ProfileAnchor>{end}"
            yield f"<{part}> <{CCSI}anchor> <{anchor.occupation}>{end}"
            yield f"<{part}> <{CCSI}anchorWeight> {weight}{end}"
            for key in anchor.parts:
                yield f"<{part}> <{CCSI}anchorPart> {Literal(key)}{end}"
    yield from skills_quads(node, base, made, tables, told)
    for item in made.skills:
        for tag, text in ctx.labels.of(item.skill).items():
            yield f"<{item.skill}> <{SKOS}prefLabel> {Literal(text, language=tag)}{end}"


def json_ld(lines: Iterator[str]) -> bytes:
    """The statements of a profile as expanded JSON-LD: the same as in Turtle."""
    triples = (q.triple for q in ox.parse(input="".join(lines), format=ox.RdfFormat.N_QUADS))
    return ox.serialize(triples, format=ox.RdfFormat.JSON_LD) or b""
