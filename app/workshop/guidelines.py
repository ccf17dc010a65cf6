"""/workshop/guidelines: the composition rules one by one, a change to one tried on two profiles, and roles to sign off."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from analysis.profiles.tables import Guidelines
from app.api.profiles.request import check_request, from_query
from app.catalogue.profiles import ProfileCatalogue, rule_iri, section_iri
from app.request import context, service_of, strict_parameters
from app.workshop.access import Seated, SentForm, require_facilitator
from app.workshop.bodies import checked
from app.workshop.faults import NothingThere, Refused
from app.workshop.page import SeatedPage, WorkshopPage
from app.workshop.rule_preview import offered, preview, rule_of, thresholds_of
from workshop import adopted, motions, preparing
from workshop.motions import Motion
from workshop.people import Seat

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
_FIELDS = ("minimumShare", "minimumAnchors", "maximumSkills")
_MOST_FIELDS = 300  # of the address of a role
_COMPOSED = ("anchor", "domain", "beside", "function", "section", "bounds", "add", "drop", "item", "title")


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried: thresholds that differ, or no rule at all, on two profiles."""

    thresholds: dict[str, float]
    rejected: bool
    profiles: list[str]


async def trial(
    minimum_share: Annotated[float | None, Query(alias="minimumShare", ge=0, le=1)] = None,
    minimum_anchors: Annotated[int | None, Query(alias="minimumAnchors", ge=0, le=1000)] = None,
    maximum_skills: Annotated[int | None, Query(alias="maximumSkills", ge=0, le=1000)] = None,
    rejected: Annotated[bool, Query(description="As if there were no such rule.")] = False,
    profile: Annotated[list[str] | None, Query(max_length=2, description="Templates, two at most.")] = None,
) -> Trial:
    """A change of a rule and the profiles to try it on."""
    given = {"minimumShare": minimum_share, "minimumAnchors": minimum_anchors, "maximumSkills": maximum_skills}
    return Trial({k: v for k, v in given.items() if v is not None}, rejected, profile or [])


Tried = Annotated[Trial, Depends(trial)]


@router.get("/workshop/guidelines")
async def guidelines(page: SeatedPage, seat: Seated) -> Response:
    """The rules with their thresholds, and how the workshop stands to each."""
    profiles = served_profiles(page.request)
    found = await page.desk.read(rules_view, seat, profiles.guidelines)
    return page.respond(
        "guidelines.html", page.words("ws-guidelines"), said=_words(page, profiles), thresholds=thresholds_of, **found
    )


@router.get("/workshop/guidelines/{rule}")
async def guideline(page: SeatedPage, seat: Seated, rule: str, tried: Tried) -> Response:
    """A rule, with a change to it tried on two profiles."""
    profiles = served_profiles(page.request)
    known = rule_of(profiles.guidelines, rule)
    domains, occupations, found = await page.desk.read(_of_workshop, seat)
    templates = offered(profiles, domains, occupations)
    chosen = tried.profiles or [entry.id for entry in templates[:2]]
    shown = await asyncio.to_thread(preview, profiles, rule, tried.thresholds, tried.rejected, chosen)
    labels = await service_of(page.request).served.catalogue.prepare(page.language)
    said = _words(page, profiles)
    return page.respond(
        "guideline.html", said(rule_iri(rule), "label") or rule, rule=known, before=thresholds_of(known), tried=tried,
        templates=templates, chosen=chosen, previews=shown, said=said, rule_iri=rule_iri, section_iri=section_iri,
        name=lambda iri: next(iter(labels.of(iri).values()), iri), motions=[r for r in found["rules"] if r["rule"] == rule],
    )  # fmt: skip


@router.post("/workshop/guidelines/{rule}")
async def put_rule(page: SeatedPage, seat: Seated, form: SentForm, rule: str) -> Response:
    """Put a rule to the vote: as it is, or with an amendment beside."""
    require_facilitator(seat)
    profiles = served_profiles(page.request)
    known = rule_of(profiles.guidelines, rule)
    before = thresholds_of(known)
    sent = {k: v for k in _FIELDS if (v := form.get(k).strip()) and v != before.get(k)}
    said = _words(page, profiles)
    fields = {
        "proposal": "rule", "title": f"{said(rule_iri(rule), 'label') or rule} ({rule})", "rule": rule, "before": before,
        "thresholds": sent, "text": form.get("text") if sent else "", "version": profiles.guidelines.version,
        "voters": form.get("voters"),
    }  # fmt: skip
    made = await page.desk.write(motions.put, seat, checked(Motion, fields), form.get("nonce"))
    return page.go(f"/workshop/motions/{made}")


@router.post("/workshop/roles")
async def put_role(page: SeatedPage, seat: Seated, form: SentForm) -> Response:
    """Put a profile to the vote, to be signed off: a template by its identifier, or a role by its address in the composer."""
    require_facilitator(seat)
    motion = await role_motion(page.request, page.language, form.get("role"), form.get("title"), form.get("voters"))
    made = await page.desk.write(motions.put, seat, motion, form.get("nonce"))
    return page.go(f"/workshop/motions/{made}")


async def role_motion(request: Request, language: str, role: str, title: str, voters: str) -> Motion:
    """The motion to sign a profile off; what the composer refuses is refused here. Raises Problem."""
    profiles = served_profiles(request)
    try:
        address = urlsplit(role.strip())
        query = parse_qs(address.query, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Refused("This is no address of a role.") from error
    key = address.path.rpartition("/")[2]
    fields: dict[str, Any] = {"proposal": "sign-off", "voters": voters}
    if key in profiles.templates:
        return checked(Motion, {**fields, "title": title.strip() or key, "profile": key})
    if "anchor" not in query and "domain" not in query:
        raise Refused("Give the address of a role in the composer, or the identifier of a template.")
    given: dict[str, Any] = {k: query[k] for k in _COMPOSED if k in query}
    for single in ("domain", "function", "title"):
        if single in given:
            given[single] = given[single][0]
    ctx = await context(request, language)
    composed = check_request(ctx, await from_query(**given))
    fields |= {"title": title.strip() or composed.title or "role", "composition": composed.query, "text": ""}
    return checked(Motion, {**fields, "anchors": [a.occupation for a in composed.recipe.anchors]})


def served_profiles(request: Request) -> ProfileCatalogue:
    """The profiles of the served release. Raises NothingThere where nothing is served or derived."""
    service = service_of(request)
    if not service.ready or not service.served.catalogue.profiles.templates:
        raise NothingThere("This service serves no profiles now.")
    return service.served.catalogue.profiles


def rules_view(session: Session, seat: Seat, rules: Guidelines) -> dict[str, Any]:
    """The rules, what the workshop made of them, and the roles that were put to the vote."""
    found = motions.motions(session, seat.workshop)
    known = motions.states(session, found)
    return {
        "rules": [r for r in rules.rules if r.measure != "none"], "rule_set": adopted.rule_set(session, seat.workshop),
        "roles": [(m, known[m.id]) for m in found if m.body["proposal"] == "sign-off"],
        "groups": preparing.groups(session, seat.workshop),
    }  # fmt: skip


def _of_workshop(session: Session, seat: Seat) -> tuple[list[str], list[str], dict[str, Any]]:
    groups = preparing.groups(session, seat.workshop)
    domains = [domain for group in groups for domain in group.domains]
    occupations = [item.occupation for item in preparing.items(session, seat.workshop)]
    return domains, occupations, adopted.rule_set(session, seat.workshop)


def _words(page: WorkshopPage, profiles: ProfileCatalogue) -> Any:
    """A text of the guidelines in the language of the page, else in English."""

    def said(iri: str, kind: str) -> str:
        texts = profiles.words.get(iri, {}).get(kind, {})
        return texts.get(page.language) or texts.get("en", "")

    return said
