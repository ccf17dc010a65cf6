"""The JSON shape of a profile: plain dictionaries, with the parts that never change in a release serialised once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from analysis.profiles.compose import NO_FIGURES
from analysis.profiles.tables import Profile, ProfileSkill, Rule, Section, Warning
from app.api.profiles.formats import SUFFIXES
from app.api.skills.views import cluster_ref
from app.api.views import Json, chosen, group_ref, nace_ref, occupation_ref, skill_ref
from app.catalogue.keys import local_name
from app.catalogue.profiles import Gap, TemplateEntry, rule_iri, section_iri
from app.request import Context
from ontology import ATTRIBUTION, CCSID

NAMED_ANCHORS = 3  # that the statement of a role names; it counts the others
UNSAID = "und"  # BCP 47: a language that nobody said
_GROUPS = {"cluster", "field", "t-group"}


@dataclass(frozen=True, slots=True)
class RenderedProfile:
    """A profile on its way out: what it is, where it stands, what it is called."""

    profile: Profile
    uri: str  # its own identifier
    path: str  # below /api/v1, without query string
    query: str
    title: str = ""
    entry: TemplateEntry | None = None
    warnings: tuple[Warning, ...] = ()

    @property
    def name(self) -> str:
        """A name for files."""
        return self.entry.id if self.entry else "profile"


def template(ctx: Context, entry: TemplateEntry) -> RenderedProfile:
    """A template of the release."""
    return RenderedProfile(ctx.catalogue.profiles.template(entry), entry.iri, f"/profiles/{entry.id}", "", "", entry)


def profile(ctx: Context, shown: RenderedProfile) -> Json:
    """The whole document."""
    made = shown.profile
    guidelines = ctx.catalogue.profiles.guidelines
    check_request = set(made.recipe.sections)
    rules = {r.id: r for r in guidelines.rules}
    by_section: dict[str, list[ProfileSkill]] = {}
    also: dict[str, list[ProfileSkill]] = {}
    for item in made.skills:
        by_section.setdefault(item.section, []).append(item)
        for other in dict.fromkeys(rules[r].section for r in item.also):
            also.setdefault(other, []).append(item)
    asking = _Asking(ctx, made)
    found: Json = {
        "@context": ctx.url("/context.jsonld"),
        **head(ctx, shown),
        "statement": statement(ctx, made),
        "anchors": [_anchor(ctx, made, a.occupation, a.weight) for a in made.recipe.anchors],
        "sections": [
            _section(ctx, made, section, by_section.get(section.id, []), also.get(section.id, []), asking)
            for section in guidelines.skill_sections()
            if not check_request or section.id in check_request
        ],
    }
    found["headings"] = headings(ctx)
    if not check_request or "functions" in check_request:
        found["functions"] = [function(ctx, f) for f in made.functions]
        found["charterFunctions"] = [function(ctx, f, "charter") for f in made.charter_functions]
    if not check_request or "gaps" in check_request:
        found["gaps"] = gaps(ctx, made)
    return found | {
        "leftOut": made.left_out,
        "warnings": [warning(w) for w in (*shown.warnings, *made.warnings)],
        "provenance": provenance(ctx, shown),
        "language": ctx.language,
        "release": ctx.served.release.id,
        "links": links(ctx, shown),
    }


def head(ctx: Context, shown: RenderedProfile) -> Json:
    """What a profile is, in a list as in the document."""
    made, entry = shown.profile, shown.entry
    return {
        "uri": shown.uri,
        "className": "ProfileTemplate" if entry else "Profile",
        "id": entry.id if entry else None,
        "kind": made.recipe.kind,
        "title": title(ctx, shown.title, made.recipe.kind, made.domain, made.recipe.function, made.recipe.anchors[0].occupation),
        "domain": _domain(ctx, made.domain),
        "function": function(ctx, made.recipe.function) if made.recipe.function else None,
        "degree": entry.degree if entry else None,
        "skillCount": len(made.skills),
    }  # fmt: skip


def summary(ctx: Context, entry: TemplateEntry) -> orjson.Fragment:
    """A template in a list."""

    def build(ctx: Context, _: str) -> Json:
        recipe = entry.recipe
        first = recipe.anchors[0].occupation
        return {
            "uri": entry.iri, "className": "ProfileTemplate", "id": entry.id, "kind": recipe.kind,
            "title": title(ctx, "", recipe.kind, recipe.domain, recipe.function, first),
            "domain": _domain(ctx, recipe.domain), "function": function(ctx, recipe.function) if recipe.function else None,
            "degree": entry.degree, "skillCount": sum(entry.sizes.values()), "skillsBySection": dict(sorted(entry.sizes.items())),
            "anchorCount": len(recipe.anchors), "occupation": occupation_ref(ctx, first) if recipe.kind == "occupation" else None,
            "href": ctx.url(f"/profiles/{entry.id}"),
        }  # fmt: skip

    return ctx.part("template", entry.iri, build)


def title(ctx: Context, given: str, kind: str, domain: str, function_id: str, occupation: str) -> dict[str, str]:
    """What a profile is called: as its author says, else by its occupation, else by domain and function."""
    if given:
        return {UNSAID: given}
    if kind != "cell":
        return dict(ctx.labels.of(occupation))
    found = ctx.catalogue.domains.get(domain)
    texts = [found.labels if found else {}]
    if function_id:
        texts.append(ctx.catalogue.profiles.words.get(f"{CCSID}function/{function_id}", {}).get("label", {}))
    # In one language, the first that has all of the words.
    tag = next((t for t in (ctx.label_language, "en") if all(t in words for words in texts)), "")
    return {tag: ": ".join(words[tag] for words in texts)} if tag else {}


def statement(ctx: Context, made: Profile) -> dict[str, str]:
    """The role in one sentence, in the language asked for where it has the pattern, else in English."""
    patterns = ctx.catalogue.profiles.words.get(section_iri("statement"), {}).get("pattern", {})
    tag = next((t for t in (ctx.label_language, "en") if t in patterns), "")
    if not tag:
        return {}

    def said(texts: dict[str, str], otherwise: str) -> str:
        """A text, with the tag of its language where that is not the sentence's."""
        own, text = (tag, texts[tag]) if tag in texts else next(iter(texts.items()), (tag, otherwise))
        return text if own == tag else f"{text} [{own}]"

    named, others = made.recipe.anchors[:NAMED_ANCHORS], made.recipe.anchors[NAMED_ANCHORS:]
    names = [said(ctx.labels.of(a.occupation), a.occupation) for a in named]
    names += [f"+{len(others)}"] if others else []
    functions = [said(_words(ctx, f"{CCSID}function/{f}", "label"), f) for f in made.functions]
    values = {
        "{domain}": said(_domain_words(ctx, made.domain), "–"),
        "{functions}": ", ".join(functions) or "–",
        "{anchors}": ", ".join(names),
    }
    text = patterns[tag]
    for place, value in values.items():
        text = text.replace(place, value, 1)
    return {tag: text}


def _words(ctx: Context, iri: str, kind: str) -> dict[str, str]:
    """A text of the guidelines in the language asked for, else in English."""
    return chosen(ctx.catalogue.profiles.words.get(iri, {}).get(kind, {}), ctx)


def _domain_words(ctx: Context, domain: str) -> dict[str, str]:
    found = ctx.catalogue.domains.get(domain)
    return chosen(found.labels, ctx) if found else {}


def _domain(ctx: Context, domain: str) -> Any:
    """A domain as others refer to it."""
    if not domain:
        return None

    def build(ctx: Context, key: str) -> Json:
        item = ctx.catalogue.domains[key]
        return {
            "uri": item.iri,
            "id": item.id,
            "preferredLabel": _domain_words(ctx, key),
            "href": ctx.url(f"/domains/{key}"),
        }

    return ctx.part("domain-ref", domain, build)


def function(ctx: Context, key: str, scheme: str = "function") -> Json:
    """A function as others refer to it."""
    iri = f"{CCSID}{scheme}/{key}"
    return {"uri": iri, "id": key, "preferredLabel": _words(ctx, iri, "label")}


def _anchor(ctx: Context, made: Profile, iri: str, weight: float) -> Json:
    def build(ctx: Context, iri: str) -> Json:
        item = ctx.catalogue.occupations[iri]
        unit = ctx.catalogue.isco.get(item.isco)
        return {
            **occupation_ref(ctx, iri),
            "broaderIscoGroup": group_ref(ctx, unit) if unit else None,
            "naceCode": [nace_ref(ctx, n) for n in item.nace],
            "evidence": ctx.url(f"/scope/occupations/{local_name(iri)}"),
        }

    place = ctx.catalogue.profiles.tables.scope.get(iri, {}).get(made.domain)
    return {
        "occupation": ctx.part("anchor", iri, build), "weight": round(weight, 4), "degree": place.degree if place else None
    }  # fmt: skip


class _Asking:
    """Which anchors ask for a skill, and how; told only where there are several, else the relation says it all."""

    def __init__(self, ctx: Context, made: Profile) -> None:
        self._anchors = [a.occupation for a in made.recipe.anchors]
        self._marks: dict[str, int] = {}  # skill -> two bits for each anchor: essential, optional
        self._written = {0: b"}"}  # a skill shares its marks with many others, so each pattern is written once
        if len(self._anchors) > 1:
            marks = self._marks
            for n, iri in enumerate(self._anchors):
                needs = ctx.catalogue.profiles.tables.occupations[iri]
                for skills, mark in ((needs.essential, 1 << 2 * n), (needs.optional, 2 << 2 * n)):
                    for skill in skills:
                        marks[skill] = marks.get(skill, 0) | mark

    def written(self, skill: str) -> bytes:
        """The end of the entry of a skill: the anchors, if they are told, and the closing brace."""
        marks = self._marks.get(skill, 0)
        found = self._written.get(marks)
        if found is None:
            asking = {
                relation: [o for n, o in enumerate(self._anchors) if marks & mark << 2 * n]
                for relation, mark in (("essential", 1), ("optional", 2))
            }
            told = {relation: anchors for relation, anchors in asking.items() if anchors}
            found = self._written[marks] = b',"askedBy":' + orjson.dumps(told) + b"}"
        return found


def _section(
    ctx: Context,
    made: Profile,
    section: Section,
    skills: list[ProfileSkill],
    also: list[ProfileSkill],
    asking: _Asking,
) -> Json:
    """A section with its skills, arranged as the guidelines say; ``also`` stand elsewhere and belong here too."""
    iri = section_iri(section.id)
    groups: dict[str, list[orjson.Fragment]] = {}
    key_of, unit = _arranging(ctx, made.unit, section), made.unit
    kind = f"profile-skill/{unit}"

    def known(ctx: Context, skill: str) -> Json:
        return _known(ctx, unit, skill)

    for item in skills:
        # What is the same in every profile of the domain is serialised once and put in front of what is not.
        entry = ctx.part_bytes(kind, item.skill, known)[:-1] + _place(*item[2:]) + asking.written(item.skill)
        groups.setdefault(key_of(item.skill), []).append(orjson.Fragment(entry))
    ordered = sorted(groups.items(), key=lambda e: (e[0] == "", -len(e[1]), e[0]))
    return {
        "uri": iri,
        "id": section.id,
        "preferredLabel": _words(ctx, iri, "label"),
        "groupedBy": section.grouped_by,
        "skillCount": len(skills),
        "groups": [{"group": _group(ctx, section, key), "skills": entries} for key, entries in ordered],
        "also": [item.skill for item in also],
    }


def _arranging(ctx: Context, unit: str, section: Section) -> Callable[[str], str]:
    """What a section arranges a skill by: the identifier of its cluster, its field, its T group, or nothing."""
    tables = ctx.catalogue.profiles.tables
    figures, facts = tables.figures.get(unit, {}), tables.skills
    match section.grouped_by:
        case "cluster":
            return lambda skill: figures.get(skill, NO_FIGURES).cluster
        case "field":
            return lambda skill: facts[skill].field
        case "t-group":
            return lambda skill: facts[skill].t_group
    return lambda _: ""


def _group(ctx: Context, section: Section, key: str) -> Any:
    """The cluster, field or T group that skills are arranged by; None for the others."""
    catalogue = ctx.catalogue
    if not key or section.grouped_by not in _GROUPS:
        return None
    if section.grouped_by == "cluster":
        return ctx.part("cluster-ref", key, lambda c, k: cluster_ref(c, c.catalogue.analysis.clusters[k]))
    iri = key if section.grouped_by == "field" else catalogue.profiles.t_groups[key]
    return ctx.part("group-ref", iri, lambda c, i: group_ref(c, c.catalogue.groups[i]))


@lru_cache(50_000)
def _place(rule: str, also: tuple[str, ...], relation: str, share: float, essential_share: float) -> bytes:
    """The part of an entry that says how the skill came to its place."""
    own = {"rule": rule, "alsoBy": also, "relation": relation, "share": share, "essentialShare": essential_share}
    return b"," + orjson.dumps(own)[1:-1]


def _known(ctx: Context, unit: str, skill: str) -> Json:
    """A skill, and what the release says on it in the domain: None where it says nothing."""
    found: Json = {"skill": skill_ref(ctx, skill), "specialisation": None}
    if known := ctx.catalogue.profiles.tables.figures.get(unit, {}).get(skill):
        found["specialisation"] = {
            "uri": f"{CCSID}specialisation/{unit}/{local_name(skill)}", "unit": unit, "locationQuotient": known.lq, "share": known.share,
            "specialisationEvidence": known.evidence, "cluster": f"{CCSID}cluster/{known.cluster}" if known.cluster else None,
        }  # fmt: skip
    return found


def gaps(ctx: Context, made: Profile) -> list[Json]:
    """What ESCO lacks for a profile of this domain and these functions."""
    return [gap(ctx, g) for g in ctx.catalogue.profiles.gaps if g.concerns(made.domain, made.functions)]


def gap(ctx: Context, item: Gap) -> Json:
    """Something that ESCO lacks, with the sources."""
    return {
        "uri": item.iri,
        "preferredLabel": _words(ctx, item.iri, "label"),
        "definition": _words(ctx, item.iri, "definition"),
        "sources": [{"uri": iri, "title": text} for iri, text in item.sources],
    }


def warning(item: Warning) -> Json:
    """A warning, with the concepts it is about."""
    return {"code": item.code, "detail": item.detail, "about": item.about}


def provenance(ctx: Context, shown: RenderedProfile) -> Json:
    """What is needed to make the same profile again."""
    manifest = ctx.served.release.manifest
    return {
        "escoVersion": manifest["escoVersion"],
        "release": ctx.served.release.id,
        "guidelines": ctx.catalogue.profiles.guidelines.version,
        "unit": shown.profile.unit,
        "rules": rules(ctx),
        "attribution": ATTRIBUTION,
    }


def headings(ctx: Context) -> Any:
    """The sections that hold no skills, by what they are called."""

    def build(ctx: Context, _: str) -> list[Json]:
        others = [s for s in ctx.catalogue.profiles.guidelines.sections if not s.grouped_by]
        return [{"id": s.id, "preferredLabel": _words(ctx, section_iri(s.id), "label")} for s in others]

    return ctx.part("headings", "", build)


def rules(ctx: Context) -> Any:
    """The rules in words, so that a document explains itself."""

    def build(ctx: Context, _: str) -> list[Json]:
        return [_rule(ctx, r) for r in ctx.catalogue.profiles.guidelines.rules]

    return ctx.part("rules", "", build)


def _rule(ctx: Context, item: Rule) -> Json:
    iri = rule_iri(item.id)
    return {
        "uri": iri, "id": item.id, "section": item.section or None, "definition": _words(ctx, iri, "definition"),
        "minimumShare": item.minimum_share if item.measure != "none" else None,
    }  # fmt: skip


def links(ctx: Context, shown: RenderedProfile) -> Json:
    """Where the same profile is in every format; for a composed one, the link that reproduces it."""
    here = ctx.url(shown.path)
    if shown.entry:
        return {"self": here, "formats": {name: f"{here}.{suffix}" for suffix, name in SUFFIXES.items()}}
    here += f"?{shown.query}&language={ctx.language}"
    return {"self": here, "formats": {name: f"{here}&format={name}" for name in SUFFIXES.values()}}


def flat(items: Iterable[Json]) -> list[Json]:
    """The entries of sections in their order, each with its section and group."""
    return [
        {**entry, "section": section["id"], "group": group["group"]}
        for section in items
        for group in section["groups"]
        for entry in group["skills"]
    ]
