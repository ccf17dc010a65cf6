"""Where the concepts of other classifications lead: those our domains are mapped to, fields of education, functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from analysis.tables import MemberDegree
from app.api import views
from app.api.codes import skill_group
from app.api.lookup import check_function
from app.catalogue import concepts
from app.catalogue.national import INVERSE
from app.errors import BadParameter
from app.http.shapes import Shape
from app.request import Context
from ontology import CCSID, MappingRelation

FRAMEWORKS = {
    "essnet": "essnet-domains", "creative-europe": "creative-europe", "unesco": "unesco-fcs-2009", "dcms": "dcms",
}  # fmt: skip
# From a concept to a domain: the occupations of the domain are under the concept. A domain that holds more, or that has
# only to do with it, says nothing of single occupations.
_UNDER = {"exactMatch", "closeMatch", "narrowMatch"}


class CrosswalkEntry(Shape):
    """A code of another classification, placed in a domain."""

    uri: str
    className: Literal["CrosswalkEntry"]
    classification: Literal["isco-08", "nace-2.1"]
    code: str
    formerCode: Annotated[list[str], Field(description="What the code was in NACE Rev. 2.")]
    domain: str
    subDomain: str | None
    function: str | None
    degree: MemberDegree
    codeConfidence: str | None


class MappedCode(Shape):
    """The other end of a mapping between ESCO and another classification."""

    classification: str
    code: str
    uri: str
    label: str
    relation: Annotated[
        MappingRelation, Field(description="Of the answer's code to this one: broadMatch where this one is broader.")
    ]
    confidence: float | None
    sources: Annotated[list[str], Field(description="The files that say so.")]


class Lead(NamedTuple):
    """A code of any classification: what it is, the occupations under it, the codes it maps to, and its crosswalk entries."""

    classification: str
    iri: str
    code: str
    label: dict[str, str]
    members: Collection[str]
    mappings: Sequence[MappedCode] = ()
    entries: Sequence[CrosswalkEntry] = ()


def lead(ctx: Context, name: str, code: str) -> Lead:
    """What a parameter of this name leads to. Raises BadParameter for a code that there is not."""
    if name == "isced":
        return _field(ctx, code)
    return _function(ctx, code) if name == "function" else _framework(ctx, name, code)


def _framework(ctx: Context, name: str, code: str) -> Lead:
    scheme, wanted = FRAMEWORKS[name], code.strip().lower()
    pairs = [
        (domain, mapping)
        for domain in ctx.catalogue.domains.values()
        for mapping in domain.mappings
        if mapping["scheme"] == scheme
    ]
    known = {mapping["uri"]: mapping["label"] for _, mapping in pairs}
    codes = {iri: iri.rpartition("/")[2] for iri in known}
    iri = next((iri for iri in sorted(known) if wanted in (codes[iri], iri.lower(), known[iri].lower())), "")
    if not iri:
        detail = f"{name}: '{code[:40]}' is no concept of {scheme} that a domain is mapped to."
        raise BadParameter(detail, field=name, known=sorted(codes.values()))
    members: set[str] = set()
    mappings: list[MappedCode] = []
    for domain, mapping in pairs:
        if mapping["uri"] == iri:
            relation = INVERSE.get(mapping["relation"], mapping["relation"])
            if relation in _UNDER:
                members |= {d.occupation for d in ctx.catalogue.decisions_in(domain)}
            label = next(iter(views.chosen(domain.labels, ctx).values()), "")
            mappings.append(
                {
                    "classification": "domain", "code": domain.id, "uri": domain.iri, "label": label, "relation": relation,
                    "confidence": None, "sources": [],
                }
            )  # fmt: skip
    return Lead(scheme, iri, codes[iri], {"en": known[iri]}, members, mappings)


def _field(ctx: Context, code: str) -> Lead:
    """A field of education: the occupations for which knowledge under it is essential."""
    group = skill_group(ctx, code, "isced", BadParameter)
    if group.scheme != "isced-f":
        raise BadParameter(f"isced: '{code[:40]}' is a group of skills, no field of education.", field="isced")
    knowledge = (ctx.catalogue.skills[s] for s in ctx.catalogue.skills_under(group.iri))
    members = {occupation for skill in knowledge for occupation in skill.essential_for}
    return Lead("isced-f", group.iri, group.code, ctx.labels.of(group.iri), members)


def _function(ctx: Context, name: str) -> Lead:
    """A function: the occupations in scope that mainly serve it."""
    check_function(name)
    members = {d.occupation for d in ctx.catalogue.decisions_in() if name in d.functions}
    return Lead("function", f"{CCSID}function/{name}", name, {"en": name}, members)


def crosswalk_entries(
    ctx: Context, classification: str, digits: str, covers: Callable[[str], bool] | None = None
) -> list[CrosswalkEntry]:
    """The crosswalk entries at or below a code, or else the nearest above it; `covers` says what is below."""
    entries = [e for e in ctx.catalogue.crosswalk if e.classification == classification]
    below = [e for e in entries if (covers(e.prefix) if covers else e.prefix.startswith(digits))]
    if not below:
        above = [e for e in entries if digits.startswith(e.prefix)]
        longest = max((len(e.prefix) for e in above), default=0)
        below = [e for e in above if len(e.prefix) == longest]
    return [crosswalk_entry(e) for e in below]


def crosswalk_entry(e: concepts.CrosswalkEntry) -> CrosswalkEntry:
    """A code that the crosswalk places in a domain."""
    return {
        "uri": e.iri,
        "className": "CrosswalkEntry",
        "classification": e.classification,
        "code": e.code,
        "formerCode": e.former.split(),
        "domain": e.domain,
        "subDomain": e.sub_domain or None,
        "function": e.function or None,
        "degree": e.degree,
        "codeConfidence": e.code_confidence or None,
    }
