"""The JSON shape of a profile: plain dictionaries, with the parts that never change in a release serialised once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from analysis.profiles.tables import Anchor, Cell, Profile, Recipe, Rule, Warning
from app.api.profiles import about as about
from app.api.profiles.formats import SUFFIXES
from app.api.profiles.sections import sections
from app.api.profiles.words import words
from app.api.views import Json, chosen, group_ref, nace_ref, occupation_ref
from app.catalogue.profiles import Gap, TemplateEntry, rule_iri, section_iri
from app.request import Context
from ontology import ATTRIBUTION, CCSID, local_name

NAMED_ANCHORS = 3  # that the statement of a role names; it counts the others
UNSAID = "und"  # BCP 47: a language that nobody said


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
    only = set(made.recipe.sections)
    found: Json = {
        "@context": ctx.url("/context.jsonld"),
        **head(ctx, shown),
        "statement": statement(ctx, made),
        **about.about(ctx, shown.profile, shown.entry.id if shown.entry else ""),
        "anchors": [_anchor(ctx, made, a) for a in made.recipe.anchors],
        "sections": sections(ctx, made),
        "items": list(made.recipe.items),
    }
    found["headings"] = headings(ctx)
    if not only or "functions" in only:
        found["functions"] = [function(ctx, f) for f in made.functions]
        found["charterFunctions"] = [function(ctx, f, "charter") for f in made.charter_functions]
    if not only or "gaps" in only:
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
        "title": title(ctx, shown.title, made.recipe),
        "domain": _domain(ctx, made.domain),
        "otherDomains": [_domain(ctx, d) for d in made.recipe.beside],
        **_cell(ctx, made.recipe.cell),
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
            "title": title(ctx, "", recipe), "domain": _domain(ctx, recipe.domain), "otherDomains": [], **_cell(ctx, recipe.cell),
            "degree": entry.degree, "skillCount": entry.size, "skillsBySection": dict(sorted(entry.sizes.items())),
            "anchorCount": len(recipe.anchors), "occupation": occupation_ref(ctx, first) if recipe.kind == "occupation" else None,
            "href": ctx.url(f"/profiles/{entry.id}"),
        }  # fmt: skip

    return ctx.part("template", entry.iri, build)


def title(ctx: Context, given: str, recipe: Recipe) -> dict[str, str]:
    """What a profile is called: as its author says, else by its occupation, else by domain and cell."""
    if given:
        return {UNSAID: given}
    if recipe.kind != "cell":
        return dict(ctx.labels.of(recipe.anchors[0].occupation))
    texts = [_all_words(ctx, "domain", recipe.domain)]
    texts += [_all_words(ctx, kind, key) for kind, key in _cell_parts(recipe.cell)]
    # In one language, the first that has all of the words.
    tag = next((t for t in (ctx.label_language, "en") if all(t in words for words in texts)), "")
    scheme = " (CHARTER)" if recipe.cell.charter else ""
    return {tag: ": ".join(words[tag] for words in texts) + scheme} if tag else {}


def _cell_parts(cell: Cell) -> list[tuple[str, str]]:
    """The kind of concept and the identifier of what makes up a cell beside its domain."""
    found = (("function", cell.function), ("charter", cell.charter), ("domain", cell.sub_domain))
    return [(kind, key) for kind, key in found if key]


def _all_words(ctx: Context, kind: str, key: str) -> dict[str, str]:
    """The label of a domain or a function in every language."""
    if kind == "domain":
        found = ctx.catalogue.domains.get(key)
        return found.labels if found else {}
    return ctx.catalogue.profiles.words.get(f"{CCSID}{kind}/{key}", {}).get("label", {})


def _cell(ctx: Context, cell: Cell) -> Json:
    """What makes up the cell of a profile: at most one of these is there."""
    return {
        "function": function(ctx, cell.function) if cell.function else None,
        "charterFunction": function(ctx, cell.charter, "charter") if cell.charter else None,
        "subDomain": _domain(ctx, cell.sub_domain),
    }


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
    functions = [said(words(ctx, f"{CCSID}function/{f}", "label"), f) for f in made.functions]
    values = {
        "{domain}": ", ".join(said(domain_words(ctx, d), "–") for d in (made.domain, *made.recipe.beside)),
        "{functions}": ", ".join(functions) or "–",
        "{anchors}": ", ".join(names),
    }
    text = patterns[tag]
    for place, value in values.items():
        text = text.replace(place, value, 1)
    return {tag: text}


def domain_words(ctx: Context, domain: str) -> dict[str, str]:
    """The name of a domain or sub-domain in the language asked for, else in English."""
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
            "preferredLabel": domain_words(ctx, key),
            "href": ctx.url(f"/domains/{key}"),
        }

    return ctx.part("domain-ref", domain, build)


def function(ctx: Context, key: str, scheme: str = "function") -> Json:
    """A function as others refer to it."""
    iri = f"{CCSID}{scheme}/{key}"
    return {"uri": iri, "id": key, "preferredLabel": words(ctx, iri, "label")}


def _anchor(ctx: Context, made: Profile, anchor: Anchor) -> Json:
    def build(ctx: Context, iri: str) -> Json:
        item = ctx.catalogue.occupations[iri]
        unit = ctx.catalogue.isco.get(item.isco)
        return {
            **occupation_ref(ctx, iri),
            "broaderIscoGroup": group_ref(ctx, unit) if unit else None,
            "naceCode": [nace_ref(ctx, n) for n in item.nace],
            "regulatedProfession": item.regulated,
            "evidence": ctx.url(f"/scope/occupations/{local_name(iri)}"),
        }

    iri = anchor.occupation
    decided = next((d for d in ctx.catalogue.occupations[iri].decisions if d.domain == made.domain), None)
    if decided and decided.degree == "excluded":
        decided = None
    return {
        "occupation": ctx.part("anchor", iri, build),
        "weight": round(anchor.weight, 4),
        "parts": anchor.parts,
        "degree": decided.degree if decided else None,
        "confidence": decided.confidence if decided else None,
        "routes": sorted({a.route for a in decided.evidence}) if decided else [],
    }


def gaps(ctx: Context, made: Profile) -> list[Json]:
    """What ESCO lacks for a profile of this domain and these functions."""
    return [gap(ctx, g) for g in ctx.catalogue.profiles.gaps if g.concerns(made.domain, made.functions)]


def gap(ctx: Context, item: Gap) -> Json:
    """Something that ESCO lacks, with the sources."""
    return {
        "uri": item.iri,
        "preferredLabel": words(ctx, item.iri, "label"),
        "definition": words(ctx, item.iri, "definition"),
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
        "units": shown.profile.units,
        "rules": rules(ctx),
        "attribution": ATTRIBUTION,
    }


def headings(ctx: Context) -> Any:
    """The sections that hold no skills, by what they are called."""

    def build(ctx: Context, _: str) -> list[Json]:
        others = [s for s in ctx.catalogue.profiles.guidelines.sections if not s.grouped_by]
        return [{"id": s.id, "preferredLabel": words(ctx, section_iri(s.id), "label")} for s in others]

    return ctx.part("headings", "", build)


def rules(ctx: Context) -> Any:
    """The rules in words, so that a document explains itself."""

    def build(ctx: Context, _: str) -> list[Json]:
        return [_rule(ctx, r) for r in ctx.catalogue.profiles.guidelines.rules]

    return ctx.part("rules", "", build)


def _rule(ctx: Context, item: Rule) -> Json:
    iri = rule_iri(item.id)
    return {
        "uri": iri, "id": item.id, "section": item.section or None, "definition": words(ctx, iri, "definition"),
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
    """The skills of sections in their order, each once, with the section and group that it has its place in."""
    return [
        {**entry, "section": section["id"], "group": group["group"]}
        for section in items
        for group in section["groups"]
        for entry in group["skills"]
        if entry["repeatOf"] is None
    ]
