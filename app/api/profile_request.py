"""What a client may ask of /profiles/compose, as body or as query string, checked and put into one canonical form.

Whatever way a request is worded, it becomes the same recipe and the same canonical query string, so that POST and GET give
the same document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from analysis.profiles.tables import Anchor, Kind, Limit, Recipe, Warning
from analysis.profiles.templates import equal_anchors
from app.api.deps import Context
from app.api.domains import FUNCTIONS
from app.api.occupations import missing
from app.catalogue import occupation_iri, skill_iri, uuid
from app.errors import BadParameter, Gone

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CONCEPT = re.compile(rf"(?:http://data\.europa\.eu/esco/(occupation|skill)/)?({_UUID})", re.IGNORECASE)
_ANCHOR = re.compile(r"(.*?[0-9a-f]{12})(?::([0-9.]{1,12}))?", re.IGNORECASE)
_BOUNDS = re.compile(r"([a-z-]+):([0-9]{0,4})\.\.([0-9]{0,4})")
TITLE_LENGTH = 200


class Body(BaseModel):
    """What all bodies share: unknown members are refused, as unknown parameters are."""

    model_config = ConfigDict(extra="forbid")


class AnchorIn(Body):
    """An anchoring occupation."""

    uri: str = Field(description="IRI or UUID of an ESCO occupation.")
    weight: float = Field(1, gt=0, le=1000, description="How much it counts beside the others.")


class BoundsIn(Body):
    """Bounds of a section in place of the guidelines'."""

    minimum: int | None = Field(None, ge=0, le=500)
    maximum: int | None = Field(None, ge=0, le=500)


class AddedIn(Body):
    """A skill to add, and the section to put it in."""

    uri: str = Field(description="IRI or UUID of an ESCO skill.")
    section: str = Field("", description="A section of the guidelines; the optional skills when left out.")


# A plain string stands for an object that says nothing but the IRI.
_PLAIN = BeforeValidator(lambda value: {"uri": value} if isinstance(value, str) else value)


class ComposeIn(Body):
    """What to compose a profile from."""

    anchors: list[Annotated[AnchorIn, _PLAIN]] = Field(
        default_factory=list,
        description="Occupations, or their plain IRIs; without any, all of the domain or of its cell with the function.",
    )
    domain: str = Field(
        "", description="Domain against which specialisation is read; that of the anchors when left out."
    )
    function: str = Field("", description="Function that the profile is for.")
    sections: list[str] = Field(default_factory=list, description="Only these sections; all when left out.")
    bounds: dict[str, BoundsIn] = Field(default_factory=dict, description="Section to its bounds.")
    maximum: int = Field(0, ge=0, le=1000, description="Most skills of the whole profile; 0: as the sections allow.")
    add: list[Annotated[AddedIn, _PLAIN]] = Field(
        default_factory=list, description="Skills to add, or their plain IRIs."
    )
    drop: list[str] = Field(default_factory=list, description="Skills to leave out.")
    title: str = Field("", max_length=TITLE_LENGTH, description="A name for the profile.")
    language: str | None = Field(None, description="As the parameter language.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked request: the recipe, what to warn of beside it, and the query string that asks for the same."""

    recipe: Recipe
    title: str
    warnings: tuple[Warning, ...]
    query: str


@dataclass(slots=True)
class Asked:
    """A request as worded, the same for both ways in; ``path`` names a field in the client's own terms."""

    anchors: list[tuple[str, float]] = field(default_factory=list)
    domain: str = ""
    function: str = ""
    sections: list[str] = field(default_factory=list)
    bounds: dict[str, Limit] = field(default_factory=dict)
    maximum: int = 0
    add: list[tuple[str, str]] = field(default_factory=list)  # section, skill
    drop: list[str] = field(default_factory=list)
    title: str = ""
    path: Callable[[str, int], str] = lambda name, n: f"{name}.{n}"


def from_body(body: ComposeIn) -> Asked:
    """The request of a body."""
    return Asked(
        [(a.uri, a.weight) for a in body.anchors],
        body.domain, body.function, body.sections,
        {s: Limit(b.minimum, b.maximum) for s, b in body.bounds.items()},
        body.maximum, [(a.section, a.uri) for a in body.add], body.drop, body.title,
    )  # fmt: skip


async def from_query(
    anchor: Annotated[
        list[str] | None, Query(description="Occupation by IRI or UUID, and its weight after a colon; may be repeated.")
    ] = None,
    domain: Annotated[str, Query(description="Domain; that of the anchors when left out.", examples=["heritage"])] = "",
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
    drop: Annotated[list[str] | None, Query(description="Skill to leave out; may be repeated.")] = None,
    title: Annotated[str, Query(max_length=TITLE_LENGTH, description="A name for the profile.")] = "",
) -> Asked:
    """The request of a query string. Raises BadParameter naming the parameter."""
    anchors = []
    for text in anchor or ():
        match = _ANCHOR.fullmatch(text)
        try:
            weight = float(match[2] or 1) if match else 0.0
        except ValueError:
            weight = 0.0
        if match is None or not 0 < weight <= 1000:
            raise BadParameter(
                f"anchor: '{text[:80]}' is no occupation with a weight from 0 to 1000 after a colon.", field="anchor"
            )
        anchors.append((match[1], weight))
    limits = {}
    for text in bounds or ():
        if not (match := _BOUNDS.fullmatch(text)):
            raise BadParameter(f"bounds: '{text[:40]}' is not like core:5..20.", field="bounds")
        limits[match[1]] = Limit(*(int(n) if n else None for n in match.groups()[1:]))
    added = []
    for text in add or ():
        prefix, colon, rest = text.partition(":")
        named = bool(colon) and not rest.startswith("//")
        added.append((prefix, rest) if named else ("", text))
    return Asked(
        anchors, domain, function, section or [], limits, maximum, added, drop or [], title, lambda name, _: _SINGULAR.get(name, name)
    )  # fmt: skip


_SINGULAR = {"anchors": "anchor", "sections": "section"}


def wanted(ctx: Context, asked: Asked) -> Wanted:
    """Check a request against the release. Raises BadParameter, or Gone for a withdrawn occupation, naming the field."""
    profiles = ctx.catalogue.profiles
    _known(ctx, asked)
    for name, given, most in (
        ("anchors", asked.anchors, ctx.limits.profile_anchors), ("add", asked.add, ctx.limits.profile_changes),
        ("drop", asked.drop, ctx.limits.profile_changes),
    ):  # fmt: skip
        if len(given) > most:
            raise BadParameter(
                f"{name}: at most {most}, not {len(given)}.", field=asked.path(name, 0).partition(".")[0], maximum=most
            )
    weights: dict[str, float] = {}
    for n, (text, weight) in enumerate(asked.anchors):
        iri = occupation(ctx, text, asked.path("anchors", n))
        if iri in weights:
            raise BadParameter(f"{iri} is an anchor twice.", field=asked.path("anchors", n))
        weights[iri] = float(f"{weight:.6g}")
    kind: Kind = "composed" if weights else "cell"
    if weights:
        total = sum(weights.values())
        ordered = sorted(weights, key=lambda o: (-weights[o], o))
        anchors = tuple(Anchor(o, weights[o] / total) for o in ordered)
    elif asked.domain:
        _, occupations = profiles.tables.cell(asked.domain, asked.function)
        if not occupations:
            raise BadParameter(f"function: no occupation of {asked.domain} serves {asked.function}.", field="function")
        anchors = equal_anchors(occupations)
    else:
        raise BadParameter(
            "anchors: name occupations, or a domain to take them from.",
            field=asked.path("anchors", 0).partition(".")[0],
        )
    if kind == "composed" and asked.function and not asked.domain:
        raise BadParameter("function: say of which domain.", field="domain")
    added, warnings = _changes(ctx, asked)
    dropped, more = _skills(ctx, asked.drop, "drop", asked)
    if both := {s for s, _ in added} & set(dropped):
        raise BadParameter(f"{min(both)} is to be added and dropped at once.", field="drop")
    # What ESCO lacks stays in the recipe, so that a link to the profile carries the warning too.
    sections = tuple(s.id for s in profiles.guidelines.sections if s.id in asked.sections)
    recipe = Recipe(
        kind, anchors, asked.domain, asked.function, sections, asked.bounds, asked.maximum,
        tuple(added), frozenset(dropped),
    )  # fmt: skip
    return Wanted(recipe, asked.title, (*warnings, *more), _canonical(recipe, weights, asked.title))


def occupation(ctx: Context, text: str, where: str) -> str:
    """The IRI of an occupation of this release. Raises BadParameter or Gone, naming the field ``where``."""
    iri = _concept(text, "occupation", where)
    if iri in ctx.catalogue.occupations:
        return iri
    found = missing(ctx, iri, "occupation")
    members = {**found.members, "field": where}
    if isinstance(found, Gone):
        raise Gone(f"{where}: {found.detail}", None, **members)
    raise BadParameter(f"{where}: {found.detail}", None, **members)


def skill(ctx: Context, text: str, where: str) -> tuple[str, Warning | None]:
    """The IRI of a skill, with a warning when this release lacks it. Raises BadParameter when it is no skill at all."""
    iri = _concept(text, "skill", where)
    catalogue = ctx.catalogue
    if iri in catalogue.skills:
        return iri, None
    if occupation_iri(uuid(iri)) in catalogue.occupations:
        raise BadParameter(f"{where}: this is the identifier of an occupation, not of a skill.", field=where, uri=iri)
    if iri in catalogue.groups:
        raise BadParameter(f"{where}: this is a group of skills, not a skill.", field=where, uri=iri)
    version = ctx.served.release.manifest["escoVersion"]
    if entry := catalogue.withdrawn.get(iri):
        successor = entry.get("replacedBy", "")
        words = f"; its successor is {successor}" if successor else ""
        return iri, Warning(
            "skill-withdrawn", f"ESCO {version} has withdrawn this skill{words}.", (iri, *filter(None, [successor]))
        )
    return iri, Warning("skill-unknown", f"ESCO {version} has no such skill.", (iri,))


def _concept(text: str, kind: str, where: str) -> str:
    match = _CONCEPT.fullmatch(text)
    if match is None:
        raise BadParameter(f"{where}: '{text[:80]}' is not the IRI or UUID of an ESCO {kind}.", field=where)
    other = (match[1] or kind).lower()
    if other != kind:
        raise BadParameter(f"{where}: one {kind} is due here, this is one {other}.", field=where, uri=text[:120])
    return occupation_iri(match[2].lower()) if kind == "occupation" else skill_iri(match[2].lower())


def _known(ctx: Context, asked: Asked) -> None:
    """Raise BadParameter where a domain, function or section does not exist, or bounds contradict each other."""
    catalogue = ctx.catalogue
    domains = sorted(d.id for d in catalogue.domains.values() if not d.broader)
    if asked.domain and asked.domain not in domains:
        raise BadParameter(
            f"domain: '{asked.domain[:40]}' is none of {', '.join(domains)}.", field="domain", known=domains
        )
    if asked.function and asked.function not in FUNCTIONS:
        raise BadParameter(
            f"function: '{asked.function[:40]}' is none of {', '.join(FUNCTIONS)}.",
            field="function",
            known=list(FUNCTIONS),
        )
    sections = catalogue.profiles.guidelines.sections
    every, skilled = [s.id for s in sections], {s.id: s for s in sections if s.grouped_by}
    for n, name in enumerate(asked.sections):
        if name not in every:
            raise BadParameter(
                f"sections: '{name[:40]}' is none of {', '.join(every)}.", field=asked.path("sections", n), known=every
            )
    least = 0
    for name, limit in asked.bounds.items():
        if name not in skilled:
            raise BadParameter(f"bounds: '{name[:40]}' is no section of skills.", field="bounds", known=list(skilled))
        if asked.sections and name not in asked.sections:
            raise BadParameter(f"bounds: {name} is bounded but not among the sections asked for.", field="bounds")
        minimum, maximum = limit.minimum, limit.maximum
        most = skilled[name].maximum if maximum is None else maximum
        if minimum is not None and minimum > most:
            raise BadParameter(
                f"bounds: the minimum of {name}, {minimum}, is above its maximum, {most}.", field="bounds"
            )
        least += minimum or 0
    if asked.maximum and least > asked.maximum:
        raise BadParameter(
            f"maximum: the minima of the sections add to {least}, more than {asked.maximum}.", field="maximum"
        )


def _changes(ctx: Context, asked: Asked) -> tuple[list[tuple[str, str]], list[Warning]]:
    sections = [s.id for s in ctx.catalogue.profiles.guidelines.skill_sections()]
    added: dict[str, str] = {}
    warnings = []
    for n, (section, text) in enumerate(asked.add):
        where = asked.path("add", n)
        if section and section not in sections:
            raise BadParameter(
                f"{where}: '{section[:40]}' is none of {', '.join(sections)}.", field=where, known=sections
            )
        iri, warning = skill(ctx, text, where)
        if warning:
            warnings.append(warning)
        if added.setdefault(iri, section) != section:
            raise BadParameter(f"{where}: {iri} is to be added to two sections.", field=where)
    return sorted(added.items()), warnings


def _skills(ctx: Context, texts: Sequence[str], name: str, asked: Asked) -> tuple[list[str], list[Warning]]:
    found = [skill(ctx, text, asked.path(name, n)) for n, text in enumerate(texts)]
    return sorted({iri for iri, _ in found}), [w for _, w in found if w]


def _canonical(recipe: Recipe, weights: dict[str, float], title: str) -> str:
    """The query string for the same profile: parameters in a fixed order, UUIDs for IRIs, nothing that says nothing."""
    pairs: list[tuple[str, Any]] = []
    if weights:
        alike = len(set(weights.values())) == 1
        pairs += [
            ("anchor", uuid(a.occupation) + ("" if alike else f":{weights[a.occupation]:g}")) for a in recipe.anchors
        ]
    pairs += [(k, v) for k, v in (("domain", recipe.domain), ("function", recipe.function)) if v]
    pairs += [("section", s) for s in recipe.sections]
    for name, limit in sorted(recipe.limits.items()):
        low, high = ("" if v is None else v for v in (limit.minimum, limit.maximum))
        pairs.append(("bounds", f"{name}:{low}..{high}"))
    if recipe.maximum:
        pairs.append(("maximum", recipe.maximum))
    pairs += [("add", f"{section}:{uuid(iri)}" if section else uuid(iri)) for iri, section in recipe.add]
    pairs += [("drop", uuid(iri)) for iri in sorted(recipe.drop)]
    if title:
        pairs.append(("title", title))
    return urlencode(pairs, safe=":")
