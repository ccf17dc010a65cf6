"""What answers say of concepts of ESCO, of domains and of decisions, each with its shape; field names as ESCO has them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, cast

import orjson
from pydantic import Field

from analysis.tables import Degree, MemberDegree, Route
from app.catalogue import concepts
from app.http.shapes import LanguageMap, Listing, Shape
from app.request import ALL_LANGUAGES, Context
from ontology import local_name, nace

Json = dict[str, Any]
_NOTES: tuple[Literal["description", "scopeNote", "definition"], ...] = ("description", "scopeNote", "definition")


class GroupRef(Shape):
    """An ISCO-08 group, ISCED-F field or group of skills."""

    uri: str
    className: Literal["Concept"]
    code: str
    preferredLabel: LanguageMap
    href: str


class OccupationRef(Shape):
    """An occupation as others refer to it."""

    uri: str
    className: Literal["Occupation"]
    code: Annotated[str, Field(description="ESCO code; empty where this version of ESCO gives none.")]
    preferredLabel: LanguageMap
    href: str


class SkillRef(Shape):
    """A skill as others refer to it."""

    uri: str
    className: Literal["Skill"]
    preferredLabel: LanguageMap
    skillType: Annotated[str | None, Field(description="skill or knowledge, as ESCO says.")]
    reuseLevel: str | None
    broaderHierarchyConcept: list[GroupRef]
    href: str


class NaceRef(Shape):
    """A NACE Rev. 2.1 code."""

    uri: str
    code: str
    href: str


class DecisionRef(Shape):
    """A scope decision in short."""

    uri: str
    domain: str
    degree: MemberDegree
    confidence: float


class DomainDegree(Shape):
    """A domain that an occupation is in."""

    domain: str
    degree: MemberDegree


class ScopedOccupation(OccupationRef):
    """An occupation with the domains it is in."""

    domains: list[DecisionRef]


class OccupationItem(ScopedOccupation):
    """An occupation in a list."""

    iscoGroup: str
    naceCode: list[NaceRef]


class OccupationList(Listing):
    """Occupations."""

    items: list[OccupationItem]


class Words(Shape):
    """All that ESCO says about a concept in words."""

    preferredLabel: LanguageMap
    alternativeLabel: dict[str, list[str]]
    description: NotRequired[LanguageMap]
    scopeNote: NotRequired[LanguageMap]
    definition: NotRequired[LanguageMap]


class Activity(NaceRef):
    """A NACE code with its name."""

    className: Literal["Concept"]
    preferredLabel: LanguageMap


class Assertion(Shape):
    """What one evidence route says about an occupation."""

    uri: str
    route: Route
    domain: str | None
    degree: Degree
    subDomain: str | None
    function: str | None
    charterFunction: str | None
    score: float | None
    reason: str | None
    derivedFrom: Annotated[list[str], Field(description="IRIs of what the statement rests on.")]


class Outcome(Shape):
    """What a scope decision came to, beside domain and degree."""

    confidence: Annotated[float, Field(ge=0, le=1)]
    contradicted: Annotated[bool, Field(description="Whether some route says otherwise.")]
    subDomain: str | None
    furtherSubDomains: Annotated[list[str], Field(description="Others in which the occupation is at home as well.")]
    functions: list[str]
    charterFunctions: list[str]
    routes: list[Route]


class Decision(Outcome):
    """Degree and confidence of an occupation in a domain, with the evidence."""

    uri: str
    domain: str | None
    degree: Degree
    evidence: list[Assertion]


class DomainSize(Shape):
    """Occupations of a domain by degree."""

    core: int
    related: int


class DomainItem(Shape):
    """A domain or sub-domain."""

    uri: str
    id: str
    preferredLabel: LanguageMap
    occupations: DomainSize
    href: str
    broader: NotRequired[Annotated[str, Field(description="The domain of a sub-domain.")]]


def occupation_ref(ctx: Context, iri: str) -> OccupationRef:
    """An occupation as others refer to it."""
    return {
        "uri": iri,
        "className": "Occupation",
        "code": ctx.catalogue.occupations[iri].code,
        "preferredLabel": ctx.labels.of(iri),
        "href": ctx.url(f"/occupations/{local_name(iri)}"),
    }


def occupation_refs(ctx: Context, iris: list[str]) -> list[OccupationRef]:
    """Those of the concepts that are occupations."""
    return [occupation_ref(ctx, iri) for iri in iris if iri in ctx.catalogue.occupations]


def occupation_item(ctx: Context, iri: str) -> OccupationItem:
    """An occupation in a list: reference, ISCO, NACE and the domains it is in."""
    item = ctx.catalogue.occupations[iri]
    return {
        **occupation_ref(ctx, iri),
        "iscoGroup": item.isco,
        "naceCode": [nace_ref(ctx, n) for n in item.nace],
        "domains": domains_of(item),
    }


def scoped_occupation(ctx: Context, iri: str) -> ScopedOccupation:
    """An occupation with the domains it is in."""
    return {**occupation_ref(ctx, iri), "domains": domains_of(ctx.catalogue.occupations[iri])}


def skill_ref(ctx: Context, iri: str) -> SkillRef:
    """A skill as others refer to it, with type, reuse level and the groups right above it."""
    item = ctx.catalogue.skills[iri]
    return {
        "uri": iri,
        "className": "Skill",
        "preferredLabel": ctx.labels.of(iri),
        "skillType": item.type or None,
        "reuseLevel": item.reuse or None,
        "broaderHierarchyConcept": group_refs(ctx, item.broader),
        "href": ctx.url(f"/skills/{local_name(iri)}"),
    }


def skill_part(ctx: Context, iri: str) -> SkillRef:
    """The same, serialised once for all answers."""
    return ctx.part("skill", iri, skill_ref)


def skills(ctx: Context, iris: list[str]) -> list[SkillRef]:
    """Skills in the order of their labels."""
    return [skill_part(ctx, iri) for iri in sorted(iris, key=ctx.labels.rank)]


def group_ref(ctx: Context, group: concepts.Group) -> GroupRef:
    """An ISCO group, ISCED-F field or skill group."""
    return {
        "uri": group.iri,
        "className": "Concept",
        "code": group.code,
        "preferredLabel": ctx.labels.of(group.iri),
        "href": group_address(ctx, group),
    }


def group_refs(ctx: Context, iris: list[str]) -> list[GroupRef]:
    """Those of the concepts that are groups."""
    return [group_ref(ctx, ctx.catalogue.groups[iri]) for iri in iris if iri in ctx.catalogue.groups]


def group_address(ctx: Context, group: concepts.Group) -> str:
    """Where a group has its place: ISCO-08 groups, or those of skills and knowledge."""
    return ctx.url(f"/{'isco' if group.scheme == 'isco' else 'skill-groups'}/{group.code}")


def nace_ref(ctx: Context, iri: str) -> NaceRef:
    """A NACE Rev. 2.1 code as ESCO gives it, and as the classification writes it."""
    code = dotted(local_name(iri))
    return {"uri": iri, "code": code, "href": ctx.url(f"/nace/{code}")}


def activity(ctx: Context, item: nace.Activity) -> Activity:
    """A NACE code with its name, which Eurostat's lists give in English."""
    place = f"/nace/{item.code}" if item.revision == "2.1" else f"/crosswalk?nace={item.code}&revision=2"
    return {
        "uri": item.iri,
        "className": "Concept",
        "code": item.code,
        "preferredLabel": {"en": item.name},
        "href": ctx.url(place),
    }


def domains_of(item: concepts.Occupation) -> list[DecisionRef]:
    """The domains that an occupation is in, as others refer to its decisions."""
    return [
        {"uri": d.iri, "domain": d.domain, "degree": d.degree, "confidence": d.confidence}
        for d in item.decisions
        if d.degree != "excluded"
    ]


def degrees_of(item: concepts.Occupation | None) -> list[DomainDegree]:
    """The same in short; none of what is no occupation."""
    decisions = item.decisions if item else ()
    return [{"domain": d.domain, "degree": d.degree} for d in decisions if d.degree != "excluded"]


def dotted(digits: str) -> str:
    """``9031`` -> ``90.31``; divisions and sections stay as they are."""
    return f"{digits[:2]}.{digits[2:]}" if len(digits) > 2 and digits.isdigit() else digits


def outcome(item: concepts.Decision) -> Outcome:
    """What a scope decision came to."""
    return {
        "confidence": item.confidence,
        "contradicted": item.contradicted,
        "subDomain": item.sub_domain or None,
        "furtherSubDomains": item.further_sub_domains,
        "functions": item.functions,
        "charterFunctions": item.charter_functions,
        "routes": sorted({a.route for a in item.evidence}),
    }


def decision(item: concepts.Decision) -> Decision:
    """A scope decision with the evidence it rests on."""
    return {
        "uri": item.iri,
        "domain": item.domain or None,
        "degree": item.degree,
        **outcome(item),
        "evidence": [assertion(a) for a in item.evidence],
    }


def assertion(item: concepts.Assertion) -> Assertion:
    """What one route says."""
    return {
        "uri": item.iri,
        "route": item.route,
        "domain": item.domain or None,
        "degree": item.degree,
        "subDomain": item.sub_domain or None,
        "function": item.function or None,
        "charterFunction": item.charter_function or None,
        "score": item.score,
        "reason": item.reason or None,
        "derivedFrom": item.sources,
    }


def domain(ctx: Context, item: concepts.Domain) -> DomainItem:
    """A domain with its size in this release."""
    members = ctx.catalogue.decisions_in(item)
    entry: DomainItem = {
        "uri": item.iri,
        "id": item.id,
        "preferredLabel": chosen(item.labels, ctx),
        "occupations": {
            "core": sum(d.degree == "core" for d in members),
            "related": sum(d.degree == "related" for d in members),
        },
        "href": ctx.url(f"/domains/{item.id}"),
    }
    if item.broader:
        entry["broader"] = item.broader
    return entry


def chosen(texts: dict[str, str], ctx: Context) -> dict[str, str]:
    """The text in the language asked for, else in English; all of them for ``*``."""
    if ctx.language == ALL_LANGUAGES:
        return dict(sorted(texts.items()))
    return next(({tag: texts[tag]} for tag in (ctx.language, ctx.catalogue.fallback, "en") if tag in texts), {})


def words(ctx: Context, iri: str) -> Words:
    """All words about one concept: labels, description and notes, in one language (English filling gaps) or in all."""
    if ctx.language == ALL_LANGUAGES:
        return _words(ctx.catalogue.words(iri, ctx.catalogue.languages))
    kind = "words-read" if ctx.readable else "words"
    kept: Words | None = ctx.labels.parts.get(ctx.labels.tag, kind, iri)
    if kept is None:
        standby = ctx.catalogue.fallback
        texts = ctx.catalogue.words(iri, dict.fromkeys((ctx.language, standby)))
        for by_language in texts.values():
            if ctx.language in by_language and ctx.language != standby:
                by_language.pop(standby, None)
        kept = _words(texts)
        written = {name: orjson.dumps(said) for name, said in kept.items()}
        if not ctx.readable:
            kept = cast(Words, {name: orjson.Fragment(body) for name, body in written.items()})
        ctx.labels.parts.put(ctx.labels.tag, kind, iri, kept, sum(map(len, written.values())))
    return kept


def _words(texts: dict[str, dict[str, list[str]]]) -> Words:
    single = {name: {tag: of[0] for tag, of in sorted(by.items())} for name, by in texts.items()}
    result: Words = {
        "preferredLabel": single.get("prefLabel", {}),
        "alternativeLabel": dict(sorted(texts.get("altLabel", {}).items())),
    }
    for field in _NOTES:
        if field in single:
            result[field] = single[field]
    return result


def paths(ctx: Context, iri: str) -> list[list[GroupRef]]:
    """The ways from the top of the hierarchies down to a skill or group, each without itself; a skill may have several."""
    return [[group_ref(ctx, group) for group in way] for way in ctx.catalogue.ways(iri)]
