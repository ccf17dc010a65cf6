"""What stands around the skills of a profile: gaps, warnings, rules in words, how it was made, where it is."""

from __future__ import annotations

from analysis.profiles.tables import Profile, Rule, Warning
from app.api.profiles.naming import words
from app.catalogue.profiles import Gap, rule_iri, section_iri
from app.http.shapes import LanguageMap, Shape
from app.request import Context
from ontology import ATTRIBUTION


class Heading(Shape):
    """A section that holds no skills, by its name."""

    id: str
    preferredLabel: LanguageMap


class GapSource(Shape):
    """Where a gap is shown."""

    uri: str
    title: str


class ProfileGap(Shape):
    """What the sectors name and ESCO lacks."""

    uri: str
    preferredLabel: LanguageMap
    definition: LanguageMap
    sources: list[GapSource]


class ProfileWarning(Shape):
    """Something that the reader of a profile has to know."""

    code: str
    detail: str
    about: list[str]


class RuleWords(Shape):
    """A composition rule."""

    uri: str
    id: str
    section: str | None
    definition: LanguageMap
    minimumShare: float | None


class ProfileProvenance(Shape):
    """What is needed to make the same profile again."""

    escoVersion: str
    release: str
    guidelines: str
    units: list[str]
    rules: list[RuleWords]
    attribution: str


class ProfileLinks(Shape):
    """The same profile, and its formats."""

    self: str
    formats: dict[str, str]


def gaps(ctx: Context, made: Profile) -> list[ProfileGap]:
    """What ESCO lacks for a profile of this domain and these functions."""
    return [gap(ctx, g) for g in ctx.catalogue.profiles.gaps if g.concerns(made.domain, made.functions)]


def gap(ctx: Context, item: Gap) -> ProfileGap:
    """Something that ESCO lacks, with the sources."""
    return {
        "uri": item.iri,
        "preferredLabel": words(ctx, item.iri, "label"),
        "definition": words(ctx, item.iri, "definition"),
        "sources": [{"uri": iri, "title": text} for iri, text in item.sources],
    }


def warning(item: Warning) -> ProfileWarning:
    """A warning, with the concepts it is about."""
    return {"code": item.code, "detail": item.detail, "about": list(item.about)}


def provenance(ctx: Context, units: tuple[str, ...]) -> ProfileProvenance:
    """What is needed to make the same profile again."""
    manifest = ctx.served.release.manifest
    return {
        "escoVersion": manifest["escoVersion"],
        "release": ctx.served.release.id,
        "guidelines": ctx.catalogue.profiles.guidelines.version,
        "units": list(units),
        "rules": rules(ctx),
        "attribution": ATTRIBUTION,
    }


def headings(ctx: Context) -> list[Heading]:
    """The sections that hold no skills, by what they are called."""

    def build(ctx: Context, _: str) -> list[Heading]:
        others = [s for s in ctx.catalogue.profiles.guidelines.sections if not s.grouped_by]
        return [{"id": s.id, "preferredLabel": words(ctx, section_iri(s.id), "label")} for s in others]

    return ctx.part("headings", "", build)


def rules(ctx: Context) -> list[RuleWords]:
    """The rules in words, so that a document explains itself."""
    return ctx.part("rules", "", lambda c, _: [_rule(c, r) for r in c.catalogue.profiles.guidelines.rules])


def _rule(ctx: Context, item: Rule) -> RuleWords:
    iri = rule_iri(item.id)
    return {
        "uri": iri, "id": item.id, "section": item.section or None, "definition": words(ctx, iri, "definition"),
        "minimumShare": item.minimum_share if item.measure != "none" else None,
    }  # fmt: skip
