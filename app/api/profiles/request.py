"""What a client may ask of /profiles/compose, as body or as query string, checked and put into one canonical form.

Whatever way a request is worded, it becomes the same recipe and the same canonical query string, so that POST and GET give
the same document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Query, Request
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from analysis.profiles.tables import OPTIONAL_SECTION, Anchor, Cell, Kind, Limit, Recipe, Warning
from analysis.profiles.templates import equal_anchors
from app.api.bodies import FIRST_ERROR, Body, Iri, Name, few, most_of
from app.api.lookup import at_most, check_function, one_of
from app.api.profiles import parts as profile_parts
from app.api.profiles.concepts import occupation, skill
from app.errors import BadParameter
from app.request import Context, context

_ANCHOR = re.compile(r"(.*?[0-9a-f]{12})(?::([0-9.]{1,20})(?::([^:]{1,1000}))?)?", re.IGNORECASE)
_BOUNDS = re.compile(r"([a-z-]+):([0-9]{0,4})\.\.([0-9]{0,4})")
TITLE_LENGTH = 200
MOST_BOUND = 500
MOST_SECTIONS = 50
LINK_ENDING = 64  # room for the language and the format behind the query of a link
LEAST_WEIGHT, MOST_WEIGHT = (
    0.001,
    1000.0,
)  # so that no anchor counts for nothing, and every weight can be written plainly


class AnchorIn(Body):
    """An anchoring occupation."""

    uri: Iri = Field(description="IRI or UUID of an ESCO occupation.")
    weight: float = Field(1, ge=LEAST_WEIGHT, le=MOST_WEIGHT, description="How much it counts beside the others.")
    parts: Annotated[list[Name], FIRST_ERROR, few(profile_parts.MOST_PARTS)] = Field(
        default_factory=list,
        description="Only its skills in these clusters, or under these groups of ESCO's skills (S1.2, 0215); all without.",
    )


class BoundsIn(Body):
    """Bounds of a section in place of the guidelines'."""

    minimum: int | None = Field(None, ge=0, le=MOST_BOUND)
    maximum: int | None = Field(None, ge=0, le=MOST_BOUND)


class AddedIn(Body):
    """A skill to add, and the section to put it in."""

    uri: Iri = Field(description="IRI or UUID of an ESCO skill.")
    section: Name = Field("", description="A section of the guidelines; the optional skills when left out.")


# A request that the bundled sample answers: a conservator of games.
COMPOSE_EXAMPLE: JsonDict = {
    "anchors": [
        {"uri": "http://data.europa.eu/esco/occupation/7556c748-15b4-4e44-97d9-00d885d4cd7d", "weight": 2},
        {"uri": "http://data.europa.eu/esco/occupation/d68ff35f-e34d-4e32-88ab-d6c06a6c25b9", "weight": 1},
    ],
    "domain": "heritage",
    "bounds": {"optional": {"maximum": 10}},
    "title": "Conservator of digital games",
}

# A plain string stands for an object that says nothing but the IRI.
_PLAIN = BeforeValidator(lambda value: {"uri": value} if isinstance(value, str) else value)


class ComposeIn(Body):
    """What to compose a profile from."""

    model_config = ConfigDict(json_schema_extra={"examples": [COMPOSE_EXAMPLE]})
    bound = "compose_bytes"

    anchors: Annotated[list[Annotated[AnchorIn, _PLAIN]], FIRST_ERROR, few(most_of("profile_anchors"))] = Field(
        default_factory=list,
        description="Occupations, or their plain IRIs; without any, all of the domain or of its cell with the function.",
    )
    domain: Name = Field(
        "", description="Domain against which specialisation is read; that of the anchors when left out."
    )
    beside: Annotated[list[Name], FIRST_ERROR, few(profile_parts.MOST_BESIDE)] = Field(
        default_factory=list,
        description="Further domains of the role: each skill is read against the most specialised.",
    )
    function: Name = Field("", description="Function that the profile is for.")
    sections: Annotated[list[Name], FIRST_ERROR, few(MOST_SECTIONS)] = Field(
        default_factory=list, description="Only these sections; all when left out."
    )
    bounds: Annotated[dict[Name, BoundsIn], few(MOST_SECTIONS)] = Field(
        default_factory=dict, description="Section to its bounds."
    )
    maximum: int = Field(0, ge=0, le=1000, description="Most skills of the whole profile; 0: as the sections allow.")
    add: Annotated[list[Annotated[AddedIn, _PLAIN]], FIRST_ERROR, few(most_of("profile_changes"))] = Field(
        default_factory=list, description="Skills to add, or their plain IRIs."
    )
    drop: Annotated[list[Iri], FIRST_ERROR, few(most_of("profile_changes"))] = Field(
        default_factory=list, description="Skills to leave out, each with all that ESCO has below it."
    )
    items: Annotated[list[str], FIRST_ERROR, few(profile_parts.MOST_ITEMS)] = Field(
        default_factory=list,
        description="What the role asks for and ESCO lacks, in plain words; kept apart, in no figure.",
    )
    title: str = Field("", max_length=TITLE_LENGTH, description="A name for the profile.")
    language: Name | None = Field(None, description="As the parameter language.")


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A checked request: the recipe, what to warn of beside it, and the query string that asks for the same."""

    recipe: Recipe
    title: str
    warnings: tuple[Warning, ...]
    query: str


@dataclass(slots=True)
class ComposeRequest:
    """A request as worded, the same for both ways in; ``base`` and ``singular`` serve to name a field in the client's terms."""

    anchors: list[tuple[str, float, Sequence[str]]] = field(default_factory=list)
    domain: str = ""
    beside: Sequence[str] = ()
    function: str = ""
    sections: list[str] = field(default_factory=list)
    bounds: dict[str, Limit] = field(default_factory=dict)
    maximum: int = 0
    add: list[tuple[str, str]] = field(default_factory=list)  # section, skill
    drop: list[str] = field(default_factory=list)
    items: Sequence[str] = ()
    title: str = ""
    base: str = ""  # the way to the request in the body, where it is a part of another
    singular: bool = False  # a query string repeats a parameter, so its name is in the singular and has no number

    def path(self, name: str, n: int | None = None) -> str:
        """What the client calls a field, or the ``n``-th of its values."""
        if self.singular:
            return {"anchors": "anchor", "sections": "section", "items": "item"}.get(name, name)
        return self.base + (name if n is None else f"{name}.{n}")

    def refusal(self, name: str, detail: str, **members: object) -> BadParameter:
        """What is wrong with a field."""
        return BadParameter(f"{name}: {detail}", None, field=self.path(name), **members)


def from_body(body: ComposeIn) -> ComposeRequest:
    """The request of a body."""
    return ComposeRequest(
        [(a.uri, a.weight, a.parts) for a in body.anchors],
        body.domain, body.beside, body.function, body.sections,
        {s: Limit(b.minimum, b.maximum) for s, b in body.bounds.items()},
        body.maximum, [(a.section, a.uri) for a in body.add], body.drop, body.items, body.title,
    )  # fmt: skip


async def from_query(
    anchor: Annotated[
        list[str] | None,
        Query(
            description="Occupation by IRI or UUID, its weight after a colon, and after another the parts of it "
            "(clusters, or codes of groups of skills, with commas); may be repeated."
        ),
    ] = None,
    domain: Annotated[str, Query(description="Domain; that of the anchors when left out.", examples=["heritage"])] = "",
    beside: Annotated[list[str] | None, Query(description="A further domain of the role; may be repeated.")] = None,
    function: Annotated[str, Query(description="Function that the profile is for.", examples=["preservation"])] = "",
    section: Annotated[list[str] | None, Query(description="Only this section; may be repeated.")] = None,
    bounds: Annotated[
        list[str] | None, Query(description="Bounds of a section, like core:5..20; may be repeated.")
    ] = None,
    maximum: Annotated[int, Query(ge=0, le=1000, description="Most skills of the whole profile; 0: no bound.")] = 0,
    add: Annotated[
        list[str] | None,
        Query(description="Skill to add by IRI or UUID, with its section before a colon; may be repeated."),
    ] = None,
    drop: Annotated[
        list[str] | None, Query(description="Skill to leave out with all below it; may be repeated.")
    ] = None,
    item: Annotated[list[str] | None, Query(description="What ESCO lacks, in words; may be repeated.")] = None,
    title: Annotated[str, Query(max_length=TITLE_LENGTH, description="A name for the profile.")] = "",
) -> ComposeRequest:
    """The request of a query string. Raises BadParameter naming the parameter."""
    anchors = []
    for text in anchor or ():
        match = _ANCHOR.fullmatch(text)
        try:
            weight = float(match[2] or 1) if match else 0.0
        except ValueError:
            weight = 0.0
        if match is None or not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
            raise BadParameter(
                f"anchor: '{text[:80]}' is no occupation with a weight from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g} after a colon.",
                field="anchor",
            )
        anchors.append((match[1], weight, match[3].split(",") if match[3] else ()))
    limits = {}
    for text in bounds or ():
        if not (match := _BOUNDS.fullmatch(text)):
            raise BadParameter(f"bounds: '{text[:40]}' is not like core:5..20.", field="bounds")
        if match[1] in limits:
            raise BadParameter(f"bounds: {match[1]} has bounds twice.", field="bounds")
        low, high = (int(n) if n else None for n in match.groups()[1:])
        if max(low or 0, high or 0) > MOST_BOUND:
            raise BadParameter(
                f"bounds: at most {MOST_BOUND}, not like {text[:40]}.", field="bounds", maximum=MOST_BOUND
            )
        limits[match[1]] = Limit(low, high)
    added = []
    for text in add or ():
        prefix, colon, rest = text.partition(":")
        named = bool(colon) and not rest.startswith("//")
        added.append((prefix, rest) if named else ("", text))
    return ComposeRequest(
        anchors, domain, beside or (), function, section or [], limits, maximum, added, drop or [], item or (), title,
        singular=True,
    )  # fmt: skip


async def with_language(request: Request, ctx: Context, language: str | None) -> Context:
    """The context in the language that the body asks for. Raises BadParameter where the query string asks for another."""
    if language is None:
        return ctx
    if request.query_params.get("language") not in (None, language):
        raise BadParameter("language: the body and the query string differ.", field="language")
    return await context(request, language)


def check_request(ctx: Context, asked: ComposeRequest) -> CheckedRequest:
    """Check a request against the release. Raises BadParameter, or Gone for a withdrawn occupation, naming the field."""
    profiles = ctx.catalogue.profiles
    _check_concepts(ctx, asked)
    at_most("anchors", asked.anchors, ctx.limits.profile_anchors, asked.path("anchors"))
    at_most("add", asked.add, ctx.limits.profile_changes, asked.path("add"))
    at_most("drop", asked.drop, ctx.limits.profile_changes, asked.path("drop"))
    weights: dict[str, float] = {}
    chosen = {}
    for n, (text, weight, keys) in enumerate(asked.anchors):
        iri = occupation(ctx, text, asked.path("anchors", n))
        chosen[iri] = profile_parts.parts(ctx, iri, keys, asked.path("anchors", n))
        if iri in weights:
            raise BadParameter(f"{iri} is an anchor twice.", field=asked.path("anchors", n))
        weights[iri] = float(f"{weight:.6g}")
    kind: Kind = "composed" if weights else "cell"
    if weights:
        total = sum(weights.values())
        ordered = sorted(weights, key=lambda o: (-weights[o], o))
        anchors = tuple(Anchor(o, weights[o] / total, *chosen[o]) for o in ordered)
    elif asked.domain:
        _, occupations = profiles.tables.cell(asked.domain, Cell(asked.function))
        if not occupations:
            raise asked.refusal("function", f"no occupation of {asked.domain} serves {asked.function}.")
        anchors = equal_anchors(occupations)
    else:
        raise asked.refusal("anchors", "name occupations, or a domain to take them from.")
    if kind == "composed" and asked.function and not asked.domain:
        raise BadParameter("function: say of which domain.", field=asked.path("domain"))
    added, warnings = _changes(ctx, asked)
    dropped = dict(skill(ctx, text, asked.path("drop", n)) for n, text in enumerate(asked.drop))
    if both := {s for s, _ in added} & dropped.keys():
        raise BadParameter(f"{min(both)} is to be added and dropped at once.", field=asked.path("drop"))
    # What ESCO lacks stays in the recipe, so that a link to the profile carries the warning too.
    beside = profile_parts.beside(asked.domain, asked.beside, ctx.catalogue.top_domains, asked.path("beside"))
    sections = tuple(s.id for s in profiles.guidelines.sections if s.id in asked.sections)
    recipe = Recipe(
        kind, anchors, asked.domain, Cell(asked.function), sections, asked.bounds, asked.maximum, tuple(added),
        frozenset(dropped), beside, profile_parts.items(asked.items, asked.path("items")),
    )  # fmt: skip
    query = profile_parts.canonical(recipe, weights, asked.title)
    most = ctx.limits.url_length - len(ctx.url("/profiles/compose")) - LINK_ENDING
    if len(query) > most:
        raise BadParameter(
            f"add: the link that makes this profile again would hold {len(query)} bytes of at most {most}. Add or drop fewer skills.",
            field=asked.path("add" if asked.add else "drop"), maximum=most,
        )  # fmt: skip
    return CheckedRequest(recipe, asked.title, (*warnings, *filter(None, dropped.values())), query)


def _check_concepts(ctx: Context, asked: ComposeRequest) -> None:
    """Raise BadParameter where a domain, function or section does not exist, or bounds contradict each other."""
    if asked.domain:
        one_of("domain", asked.domain, ctx.catalogue.top_domains, asked.path("domain"))
    if asked.function:
        check_function(asked.function, asked.path("function"))
    sections = ctx.catalogue.profiles.guidelines.sections
    every, skilled = [s.id for s in sections], {s.id: s for s in sections if s.grouped_by}
    for n, name in enumerate(asked.sections):
        one_of("sections", name, every, asked.path("sections", n))
    least = 0
    for name, limit in asked.bounds.items():
        if name not in skilled:
            raise asked.refusal("bounds", f"'{name[:40]}' is no section of skills.", known=list(skilled))
        if asked.sections and name not in asked.sections:
            raise asked.refusal("bounds", f"{name} is bounded but not among the sections asked for.")
        minimum, maximum = limit.minimum, limit.maximum
        most = skilled[name].maximum if maximum is None else maximum
        if minimum is not None and minimum > most:
            raise asked.refusal("bounds", f"the minimum of {name}, {minimum}, is above its maximum, {most}.")
        least += minimum or 0
    if profile_parts.NOT_IN_NAMES.search(asked.title):
        detail = "control characters, line breaks and marks that turn the direction of writing are no part of a name."
        raise asked.refusal("title", detail)
    if asked.maximum and least > asked.maximum:
        raise asked.refusal("maximum", f"the minima of the sections add to {least}, more than {asked.maximum}.")


def _changes(ctx: Context, asked: ComposeRequest) -> tuple[list[tuple[str, str]], list[Warning]]:
    sections = [s.id for s in ctx.catalogue.profiles.guidelines.skill_sections()]
    added: dict[str, str] = {}
    warnings = []
    for n, (section, text) in enumerate(asked.add):
        where = asked.path("add", n)
        if section:
            one_of(where, section, sections)
        iri, warning = skill(ctx, text, where)
        if warning and iri not in added:
            warnings.append(warning)
        if added.setdefault(iri, section) != section:
            raise BadParameter(f"{where}: {iri} is to be added to two sections.", field=where)
    _room(asked, Counter(section or OPTIONAL_SECTION for section in added.values()))
    return sorted(added.items()), warnings


def _room(asked: ComposeRequest, added: Counter[str]) -> None:
    """Raise BadParameter where skills are added that the other limits of the request leave no room for."""
    for section, count in added.items():
        if asked.sections and section not in asked.sections:
            raise asked.refusal("add", f"{section} is not among the sections asked for.")
        limit = asked.bounds.get(section)
        if limit and limit.maximum is not None and count > limit.maximum:
            raise asked.refusal("add", f"{count} skills for {section}, whose maximum is {limit.maximum}.")
    if asked.maximum and added.total() > asked.maximum:
        raise asked.refusal("add", f"{added.total()} skills, and the maximum is {asked.maximum}.")
