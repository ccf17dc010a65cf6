"""The JSON shapes: pure functions from the catalogue to plain dictionaries, field names as ESCO has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from app.api.ways import ways
from app.catalogue.concepts import Assertion, CrosswalkEntry, Decision, Domain, Group, Occupation, Skill
from app.request import ALL_LANGUAGES, Context
from ontology import local_name
from ontology.nace import Activity, activities, cut, path

Json = dict[str, Any]


def occupation_ref(ctx: Context, iri: str) -> Json:
    """An occupation as others refer to it."""
    item = ctx.catalogue.occupations[iri]
    return {
        "uri": iri,
        "className": "Occupation",
        "code": item.code,
        "preferredLabel": ctx.labels.of(iri),
        "href": ctx.url(f"/occupations/{local_name(iri)}"),
    }


def occupation_item(ctx: Context, iri: str) -> Json:
    """An occupation in a list: reference, ISCO, NACE and the domains it is in."""
    item = ctx.catalogue.occupations[iri]
    return {
        **occupation_ref(ctx, iri),
        "iscoGroup": item.isco,
        "naceCode": [nace_ref(ctx, n) for n in item.nace],
        "domains": domains_of(item),
    }


def skill_ref(ctx: Context, iri: str) -> Json:
    """A skill as others refer to it, with type, reuse level and the groups right above it."""
    item = ctx.catalogue.skills[iri]
    return {
        "uri": iri,
        "className": "Skill",
        "preferredLabel": ctx.labels.of(iri),
        "skillType": item.type or None,
        "reuseLevel": item.reuse or None,
        "broaderHierarchyConcept": [
            group_ref(ctx, ctx.catalogue.groups[b]) for b in item.broader if b in ctx.catalogue.groups
        ],
        "href": ctx.url(f"/skills/{local_name(iri)}"),
    }


def group_ref(ctx: Context, group: Group) -> Json:
    """An ISCO group, ISCED-F field or skill group."""
    found: Json = {
        "uri": group.iri,
        "className": "Concept",
        "code": group.code,
        "preferredLabel": ctx.labels.of(group.iri),
    }
    found["href"] = group_address(ctx, group)
    return found


def group_address(ctx: Context, group: Group) -> str:
    """Where a group has its place: ISCO-08 groups, or those of skills and knowledge."""
    return ctx.url(f"/{'isco' if group.scheme == 'isco' else 'skill-groups'}/{group.code}")


def nace_ref(ctx: Context, iri: str) -> Json:
    """A NACE Rev. 2.1 code as ESCO gives it, and as the classification writes it."""
    code = dotted(local_name(iri))
    return {"uri": iri, "code": code, "href": ctx.url(f"/nace/{code}")}


def domains_of(item: Occupation) -> list[Json]:
    """The domains that an occupation is in, as others refer to its decisions."""
    return [
        {"uri": d.iri, "domain": d.domain, "degree": d.degree, "confidence": d.confidence}
        for d in item.decisions
        if d.degree != "excluded"
    ]


def dotted(digits: str) -> str:
    """``9031`` -> ``90.31``; divisions and sections stay as they are."""
    return f"{digits[:2]}.{digits[2:]}" if len(digits) > 2 and digits.isdigit() else digits


def decision(item: Decision, evidence: bool = True) -> Json:
    """A scope decision with the evidence it rests on."""
    found: Json = {
        "uri": item.iri,
        "domain": item.domain or None,
        "degree": item.degree,
        "confidence": item.confidence,
        "contradicted": item.contradicted,
        "subDomain": item.sub_domain or None,
        "furtherSubDomains": item.further_sub_domains,
        "functions": item.functions,
        "charterFunctions": item.charter_functions,
        "routes": sorted({a.route for a in item.evidence}),
    }
    if evidence:
        found["evidence"] = [assertion(a) for a in item.evidence]
    return found


def assertion(item: Assertion) -> Json:
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


def domain_member(ctx: Context, item: Decision) -> orjson.Fragment:
    """An occupation of a domain: what it is, and why it is there."""

    def build(ctx: Context, _: str) -> Json:
        occupation = ctx.catalogue.occupations[item.occupation]
        return {
            **occupation_ref(ctx, item.occupation),
            "iscoGroup": occupation.isco,
            "naceCode": [nace_ref(ctx, n) for n in occupation.nace],
            "decision": item.iri,
            **{k: v for k, v in decision(item).items() if k != "uri"},
            "allEvidence": ctx.url(f"/scope/occupations/{local_name(item.occupation)}"),
        }

    return ctx.part("member", item.iri, build)


def domain(ctx: Context, item: Domain, full: bool = False) -> Json:
    """A domain with its size in this release; `full` adds definition, sub-domains and mappings."""
    members = ctx.catalogue.decisions_in(item)
    found: Json = {
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
        found["broader"] = item.broader
    if full:
        found |= {
            "definition": chosen(item.definition, ctx),
            "narrower": [domain(ctx, ctx.catalogue.domains[n]) for n in item.narrower],
            "mappings": item.mappings,
            "members": ctx.url(f"/domains/{item.id}/occupations"),
        }
    return found


def chosen(texts: dict[str, str], ctx: Context) -> dict[str, str]:
    """The text in the language asked for, else in English; all of them for ``*``."""
    if ctx.language == ALL_LANGUAGES:
        return dict(sorted(texts.items()))
    return next(({tag: texts[tag]} for tag in (ctx.language, ctx.catalogue.fallback, "en") if tag in texts), {})


def words(ctx: Context, iri: str) -> Json:
    """All words about one concept: labels, description and notes, in one language (English filling gaps) or in all."""
    if ctx.language == ALL_LANGUAGES:
        return _words(ctx.catalogue.words(iri, ctx.catalogue.languages))
    kept: Json | None = ctx.labels.parts.get(ctx.labels.tag, "words", iri)
    if kept is None:
        standby = ctx.catalogue.fallback
        found = ctx.catalogue.words(iri, dict.fromkeys((ctx.language, standby)))
        for by_language in found.values():
            if ctx.language in by_language and ctx.language != standby:
                by_language.pop(standby, None)
        written = {name: orjson.dumps(said) for name, said in _words(found).items()}
        kept = {name: orjson.Fragment(body) for name, body in written.items()}
        ctx.labels.parts.put(ctx.labels.tag, "words", iri, kept, sum(map(len, written.values())))
    return kept


def _words(found: dict[str, dict[str, list[str]]]) -> Json:
    single = {name: {tag: texts[0] for tag, texts in sorted(by.items())} for name, by in found.items()}
    result: Json = {
        "preferredLabel": single.get("prefLabel", {}),
        "alternativeLabel": dict(sorted(found.get("altLabel", {}).items())),
    }
    for field in ("description", "scopeNote", "definition"):
        if field in single:
            result[field] = single[field]
    return result


def occupation(ctx: Context, item: Occupation) -> Json:
    """Everything about one occupation."""
    catalogue = ctx.catalogue
    unit = catalogue.isco.get(item.isco)
    return {
        "@context": ctx.url("/context.jsonld"),
        "uri": item.iri,
        "className": "Occupation",
        "code": item.code,
        **words(ctx, item.iri),
        "broaderIscoGroup": group_ref(ctx, unit) if unit else None,
        "iscoHierarchy": [group_ref(ctx, g) for g in catalogue.isco_path(item.isco)],
        "broaderOccupation": [occupation_ref(ctx, b) for b in item.broader if b in catalogue.occupations],
        "narrowerOccupation": [occupation_ref(ctx, n) for n in item.narrower if n in catalogue.occupations],
        "naceCode": [nace_ref(ctx, n) for n in item.nace],
        "regulatedProfessionNote": item.regulated_note or None,
        "regulatedProfession": item.regulated,
        "collections": item.collections,
        "domains": [decision(d) for d in item.decisions if d.degree != "excluded"],
        "excluded": [decision(d) for d in item.decisions if d.degree == "excluded"],
        "hasEssentialSkill": skills(ctx, item.essential),
        "hasOptionalSkill": skills(ctx, item.optional),
        "language": ctx.language,
        "release": ctx.served.release.id,
        "links": {
            "self": ctx.url(f"/occupations/{local_name(item.iri)}"),
            "evidence": ctx.url(f"/scope/occupations/{local_name(item.iri)}"),
        },
    }


def skills(ctx: Context, iris: list[str]) -> list[orjson.Fragment]:
    """Skills in the order of their labels."""
    return [ctx.part("skill", iri, skill_ref) for iri in sorted(iris, key=ctx.labels.rank)]


def paths(ctx: Context, iri: str) -> list[list[Json]]:
    """The ways from the top of the hierarchies down to a skill or group, each without itself; a skill may have several."""
    return [[group_ref(ctx, group) for group in way] for way in ways(ctx.catalogue, iri)]


def skill(ctx: Context, item: Skill) -> Json:
    """Everything about one skill."""
    catalogue = ctx.catalogue

    def needing(ctx: Context, iri: str) -> Json:
        return {**occupation_ref(ctx, iri), "domains": domains_of(catalogue.occupations[iri])}

    def needed_by(iris: list[str]) -> list[orjson.Fragment]:
        return [ctx.part("needing", o, needing) for o in sorted(iris, key=ctx.labels.rank)]

    return {
        "@context": ctx.url("/context.jsonld"),
        "uri": item.iri,
        "className": "Skill",
        **words(ctx, item.iri),
        "skillType": item.type or None,
        "reuseLevel": item.reuse or None,
        "collections": item.collections,
        "broaderHierarchyConcept": [group_ref(ctx, catalogue.groups[b]) for b in item.broader if b in catalogue.groups],
        "paths": paths(ctx, item.iri),
        "broaderSkill": skills(ctx, [b for b in item.broader if b in catalogue.skills]),
        "narrowerSkill": skills(ctx, [n for n in item.narrower if n in catalogue.skills]),
        "isEssentialForOccupation": needed_by(item.essential_for),
        "isOptionalForOccupation": needed_by(item.optional_for),
        "language": ctx.language,
        "release": ctx.served.release.id,
        "links": {"self": ctx.url(f"/skills/{local_name(item.iri)}")},
    }


def isco_group(ctx: Context, group: Group) -> Json:
    """An ISCO-08 group with its place, its crosswalk entries and the occupations under it."""
    catalogue = ctx.catalogue
    members = catalogue.under_isco(group.code)
    return {
        "@context": ctx.url("/context.jsonld"),
        **group_ref(ctx, group),
        **words(ctx, group.iri),
        "hierarchy": [group_ref(ctx, g) for g in catalogue.isco_path(group.code) if g is not group],
        "narrower": [group_ref(ctx, catalogue.groups[n]) for n in sorted(group.narrower) if n in catalogue.groups],
        "crosswalk": crosswalk_entries(ctx, "isco-08", group.code),
        **members_with_scope(ctx, members),
        "language": ctx.language,
    }


def skill_group(ctx: Context, group: Group) -> Json:
    """A group of skills or field of knowledge with its place and what is right below it."""
    catalogue = ctx.catalogue
    return {
        "@context": ctx.url("/context.jsonld"),
        **group_ref(ctx, group),
        **words(ctx, group.iri),
        "paths": paths(ctx, group.iri),
        "narrower": [group_ref(ctx, catalogue.groups[n]) for n in sorted(group.narrower) if n in catalogue.groups],
        "skills": skills(ctx, [n for n in group.narrower if n in catalogue.skills]),
        "language": ctx.language,
    }


def nace_code(ctx: Context, item: Activity, members: Iterable[str]) -> Json:
    """A NACE Rev. 2.1 code with its place, its crosswalk entries and the occupations that ESCO links to it or below it."""
    return {
        "@context": ctx.url("/context.jsonld"),
        **activity(ctx, item),
        "hierarchy": [activity(ctx, a) for a in path(item)[:-1]],
        "narrower": [activity(ctx, a) for a in activities(item.revision).values() if a.above == item.code],
        "crosswalk": crosswalk_entries(ctx, "nace-2.1", cut(item.code), item.covers),
        **members_with_scope(ctx, members),
        "language": ctx.language,
    }


def activity(ctx: Context, item: Activity) -> Json:
    """A NACE code with its name, which Eurostat's lists give in English."""
    place = f"/nace/{item.code}" if item.revision == "2.1" else f"/crosswalk?nace={item.code}&revision=2"
    return {
        "uri": item.iri,
        "className": "Concept",
        "code": item.code,
        "preferredLabel": {"en": item.name},
        "href": ctx.url(place),
    }


def members_with_scope(ctx: Context, iris: Iterable[str]) -> Json:
    """Occupations with their domains, and how many of them are in scope."""
    found = [
        {**occupation_ref(ctx, iri), "domains": domains_of(ctx.catalogue.occupations[iri])}
        for iri in sorted(iris, key=lambda o: (ctx.labels.rank(o), o))
    ]
    in_scope = sum(bool(o["domains"]) for o in found)
    return {
        "occupations": found,
        "total": len(found),
        "inScope": in_scope,
        "share": round(in_scope / len(found), 4) if found else None,
    }


def crosswalk_entries(
    ctx: Context, classification: str, digits: str, covers: Callable[[str], bool] | None = None
) -> list[Json]:
    """The crosswalk entries at or below a code, or else the nearest above it; `covers` says what is below."""
    entries = [e for e in ctx.catalogue.crosswalk if e.classification == classification]
    found = [e for e in entries if (covers(e.prefix) if covers else e.prefix.startswith(digits))]
    if not found:
        above = [e for e in entries if digits.startswith(e.prefix)]
        longest = max((len(e.prefix) for e in above), default=0)
        found = [e for e in above if len(e.prefix) == longest]
    return [crosswalk_entry(e) for e in found]


def crosswalk_entry(e: CrosswalkEntry) -> Json:
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
