"""A profile as JSON, with its shape; the parts that never change in a release are serialised once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, NamedTuple, NotRequired, cast

from pydantic import Field

from analysis.profiles import tables
from analysis.profiles.compose import compose
from analysis.profiles.tables import Anchor, Cell, Kind, Warning
from analysis.tables import MemberDegree
from app.api.profiles.about import AboutRole, about
from app.api.profiles.formats import SUFFIXES
from app.api.profiles.naming import domain_words, statement, title, words
from app.api.profiles.provenance import (
    Heading,
    ProfileGap,
    ProfileLinks,
    ProfileProvenance,
    ProfileWarning,
    gaps,
    headings,
    provenance,
    warning,
)
from app.api.profiles.request import CheckedRequest
from app.api.profiles.sections import Arrangement, ProfileEntry, ProfileSection, sections
from app.api.views import GroupRef, NaceRef, OccupationRef, group_ref, nace_ref, occupation_ref
from app.catalogue.profiles import TemplateEntry
from app.http.shapes import LanguageMap, LinkedShape, Shape
from app.request import Context
from ontology import CCSID, local_name


class DomainRef(Shape):
    """A domain as others refer to it."""

    uri: str
    id: str
    preferredLabel: LanguageMap
    href: str


class FunctionRef(Shape):
    """A function as others refer to it."""

    uri: str
    id: str
    preferredLabel: LanguageMap


class CellParts(Shape):
    """What makes up the cell of a profile beside its domain: at most one of these is there."""

    function: Annotated[FunctionRef | None, Field(description="The function of a cell.")]
    charterFunction: Annotated[FunctionRef | None, Field(description="The function of CHARTER of a cell.")]
    subDomain: Annotated[DomainRef | None, Field(description="The sub-domain of a cell.")]


class ProfileHead(CellParts):
    """What a profile is."""

    uri: str
    className: Literal["ProfileTemplate", "Profile"]
    id: Annotated[str | None, Field(description="Identifier of a template; none for a composed profile.")]
    kind: Kind
    title: LanguageMap
    domain: DomainRef | None
    otherDomains: Annotated[list[DomainRef], Field(description="Further domains that the role was composed for.")]
    degree: Annotated[MemberDegree | None, Field(description="The degree of the anchors of a template in its domain.")]
    skillCount: int


class ProfileItem(ProfileHead):
    """A template in a list."""

    skillsBySection: dict[str, int]
    anchorCount: int
    occupation: OccupationRef | None
    href: str


class AnchorOccupation(OccupationRef):
    """An anchoring occupation."""

    broaderIscoGroup: GroupRef | None
    naceCode: list[NaceRef]
    regulatedProfession: Annotated[bool | None, Field(description="As ESCO notes it; null where it says nothing.")]
    evidence: str


class ProfileAnchor(Shape):
    """An occupation that the profile is composed from."""

    occupation: AnchorOccupation
    weight: Annotated[float, Field(gt=0, le=1)]
    parts: Annotated[
        list[str], Field(description="The clusters or groups of skills taken of it; all of it when empty.")
    ]
    degree: MemberDegree | None
    confidence: Annotated[float | None, Field(description="How sure the scope is of the degree.")]
    routes: Annotated[list[str], Field(description="Routes of evidence for the degree.")]


class AskedFor(Shape):
    """What a profile says beside skills, unless only other sections were asked for."""

    functions: NotRequired[list[FunctionRef]]
    charterFunctions: NotRequired[list[FunctionRef]]
    gaps: NotRequired[list[ProfileGap]]


class Profile(ProfileHead, AboutRole, AskedFor, LinkedShape):
    """A profile."""

    statement: LanguageMap
    items: Annotated[list[str], Field(description="What the author asks for and ESCO lacks, in the author's words.")]
    anchors: list[ProfileAnchor]
    sections: list[ProfileSection]
    headings: Annotated[list[Heading], Field(description="What the other sections are called.")]
    leftOut: Annotated[int, Field(description="Skills essential for some anchor that no rule took.")]
    warnings: list[ProfileWarning]
    provenance: ProfileProvenance
    release: str
    links: ProfileLinks


class RenderedProfile(NamedTuple):
    """A profile on its way out: what it is, where it stands, what it is called."""

    profile: tables.Profile
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
    return templates(ctx, [entry])[0]


def templates(ctx: Context, entries: Sequence[TemplateEntry]) -> list[RenderedProfile]:
    """Several templates of the release, read together."""
    made = ctx.catalogue.profiles.read_templates(entries)
    return [RenderedProfile(p, e.iri, f"/profiles/{e.id}", "", "", e) for e, p in zip(entries, made, strict=True)]


def composed(ctx: Context, asked: CheckedRequest) -> RenderedProfile:
    """The profile of a request; its identifier is the link that makes it again."""
    made = compose(ctx.catalogue.profiles.tables, ctx.catalogue.profiles.guidelines, asked.recipe)
    path = "/profiles/compose"
    return RenderedProfile(made, f"{ctx.url(path)}?{asked.query}", path, asked.query, asked.title, None, asked.warnings)


def profile(ctx: Context, shown: RenderedProfile) -> Profile:
    """The whole document."""
    made = shown.profile
    return {
        "@context": ctx.url("/context.jsonld"),
        **head(ctx, shown),
        "statement": statement(ctx, made),
        **about(ctx, made, shown.entry.id if shown.entry else ""),
        "anchors": [_anchor(ctx, made, a) for a in made.recipe.anchors],
        "sections": sections(ctx, made),
        "items": list(made.recipe.items),
        "headings": headings(ctx),
        **_asked_for(ctx, made),
        "leftOut": made.left_out,
        "warnings": [warning(w) for w in (*shown.warnings, *made.warnings)],
        "provenance": provenance(ctx, made.units),
        "language": ctx.language,
        "release": ctx.served.release.id,
        "links": links(ctx, shown),
    }


def _asked_for(ctx: Context, made: tables.Profile) -> AskedFor:
    only = set(made.recipe.sections)
    extras: AskedFor = {}
    if not only or "functions" in only:
        extras["functions"] = [function(ctx, f) for f in made.functions]
        extras["charterFunctions"] = [function(ctx, f, "charter") for f in made.charter_functions]
    if not only or "gaps" in only:
        extras["gaps"] = gaps(ctx, made)
    return extras


def head(ctx: Context, shown: RenderedProfile) -> ProfileHead:
    """What a profile is, in a list as in the document."""
    made, entry = shown.profile, shown.entry
    return {
        "uri": shown.uri,
        "className": "ProfileTemplate" if entry else "Profile",
        "id": entry.id if entry else None,
        "kind": made.recipe.kind,
        "title": title(ctx, shown.title, made.recipe),
        "domain": domain_ref(ctx, made.domain) if made.domain else None,
        "otherDomains": [domain_ref(ctx, d) for d in made.recipe.beside],
        **_cell(ctx, made.recipe.cell),
        "degree": entry.degree if entry else None,
        "skillCount": len(made.skills),
    }  # fmt: skip


def summary(ctx: Context, entry: TemplateEntry) -> ProfileItem:
    """A template in a list."""

    def build(ctx: Context, _: str) -> ProfileItem:
        recipe = entry.recipe
        first = recipe.anchors[0].occupation
        return {
            "uri": entry.iri, "className": "ProfileTemplate", "id": entry.id, "kind": recipe.kind,
            "title": title(ctx, "", recipe), "domain": domain_ref(ctx, recipe.domain) if recipe.domain else None,
            "otherDomains": [], **_cell(ctx, recipe.cell), "degree": entry.degree, "skillCount": entry.size,
            "skillsBySection": dict(sorted(entry.sizes.items())), "anchorCount": len(recipe.anchors),
            "occupation": occupation_ref(ctx, first) if recipe.kind == "occupation" else None,
            "href": ctx.url(f"/profiles/{entry.id}"),
        }  # fmt: skip

    return ctx.part("template", entry.iri, build)


def _cell(ctx: Context, cell: Cell) -> CellParts:
    """What makes up the cell of a profile: at most one of these is there."""
    return {
        "function": function(ctx, cell.function) if cell.function else None,
        "charterFunction": function(ctx, cell.charter, "charter") if cell.charter else None,
        "subDomain": domain_ref(ctx, cell.sub_domain) if cell.sub_domain else None,
    }


def domain_ref(ctx: Context, domain: str) -> DomainRef:
    """A domain as others refer to it."""

    def build(ctx: Context, key: str) -> DomainRef:
        item = ctx.catalogue.domains[key]
        return {
            "uri": item.iri,
            "id": item.id,
            "preferredLabel": domain_words(ctx, key),
            "href": ctx.url(f"/domains/{key}"),
        }

    return ctx.part("domain-ref", domain, build)


def function(ctx: Context, key: str, scheme: str = "function") -> FunctionRef:
    """A function as others refer to it."""
    iri = f"{CCSID}{scheme}/{key}"
    return {"uri": iri, "id": key, "preferredLabel": words(ctx, iri, "label")}


def _anchor(ctx: Context, made: tables.Profile, anchor: Anchor) -> ProfileAnchor:
    def build(ctx: Context, iri: str) -> AnchorOccupation:
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
        "parts": list(anchor.parts),
        "degree": cast(MemberDegree, decided.degree) if decided else None,
        "confidence": decided.confidence if decided else None,
        "routes": sorted({a.route for a in decided.evidence}) if decided else [],
    }


def links(ctx: Context, shown: RenderedProfile) -> ProfileLinks:
    """Where the same profile is in every format; for a composed one, the link that reproduces it."""
    here = ctx.url(shown.path)
    if shown.entry:
        return {"self": here, "formats": {name: f"{here}.{suffix}" for suffix, name in SUFFIXES.items()}}
    here += f"?{shown.query}&language={ctx.language}"
    return {"self": here, "formats": {name: f"{here}&format={name}" for name in SUFFIXES.values()}}


def flat(items: Iterable[ProfileSection]) -> Iterator[tuple[str, Arrangement, ProfileEntry]]:
    """The skills of sections in their order, each once, with the section and group that it has its place in."""
    return (placed for placed in with_repeats(items) if placed[2]["repeatOf"] is None)


def with_repeats(items: Iterable[ProfileSection]) -> Iterator[tuple[str, Arrangement, ProfileEntry]]:
    """The same, and the skills that have their place elsewhere once more wherever they stand."""
    for section in items:
        for group in section["groups"]:
            yield from ((section["id"], group["group"], e) for e in group["skills"])
