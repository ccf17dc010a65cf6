"""/occupations/{uuid} and /skills/{uuid}: one concept as a page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api import views
from app.api.lookup import occupation_of, skill_of
from app.api.occupations import OccupationDetail, occupation_detail
from app.api.profiles.formats import SUFFIXES
from app.api.profiles.moves import related_items
from app.catalogue.concepts import Assertion, Decision, Occupation
from app.catalogue.panel import PanelMark
from app.linked import iris
from app.request import Context, strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage
from app.site.sector import special_in
from ontology import local_name

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
NEAR = 8
MOST_NEEDING = 60  # occupations that a page names for each relation; some skills are needed by a thousand
TELLING = 3  # skills that stand for a similarity
JUDGED = ("curated", "expert")  # routes by which people judged, and said why
# How sure a decision is, in words: from this confidence on.
SURE = ((0.95, "certain"), (0.8, "sure"), (0.6, "likely"), (0.0, "open"))


@router.get("/occupations/{uuid}")
async def occupation(ctx: PageCtx, page_language: PageLanguage, uuid: str) -> Response:
    """What an occupation is, where it belongs and why, what it needs, and what is near."""
    frame = Frame(ctx, page_language)
    iri = occupation_of(ctx, uuid)
    item = ctx.catalogue.occupations[iri]
    shown = await ctx.built(occupation_detail, item)
    t, key = frame.words, local_name(iri)
    inside = [d for d in item.decisions if d.degree != "excluded"]
    domain = inside[0].domain if inside else ""
    name, text = _one(shown["preferredLabel"]), _one(shown.get("description", {}))
    return frame.respond(
        "occupation.html", name, text or name, [(t("home"), frame.link("/")), *([frame.sector(domain)] if domain else [])],
        [
            ("JSON", shown["links"]["self"], "application/json"), (t("why-title"), shown["links"]["evidence"], "application/json"),
            (t("graph"), iris.resource(iri, ctx.base) + "&format=ttl", "text/turtle"),
        ],
        {
            "@type": "Occupation", "@id": iri, "name": name, "description": text, "url": frame.link(f"/occupations/{key}"),
            "occupationalCategory": {"@type": "CategoryCode", "codeValue": item.isco, "inCodeSet": "ISCO-08"},
            "skills": [_one(s["preferredLabel"]) for s in shown["hasEssentialSkill"]],
        },
        shown=shown, iri=iri, why=[_why(frame, item, d) for d in inside],
        left_out=[_why(frame, item, d) for d in item.decisions if d.degree == "excluded"],
        groups=_by_area(frame, shown, domain), sector=frame.sector_name(domain) if domain else "",
        near=related_items(ctx, iri, NEAR), profiles=_profiles(frame, item, domain),
        thresholds=(ctx.catalogue.profiles.transition_index.viable, ctx.catalogue.profiles.transition_index.highly_viable),
    )  # fmt: skip


@router.get("/skills/{uuid}")
async def skill(ctx: PageCtx, page_language: PageLanguage, uuid: str) -> Response:
    """What a skill is, where it is special, and who needs it."""
    frame = Frame(ctx, page_language)
    iri = skill_of(ctx, uuid)
    item = ctx.catalogue.skills[iri]
    t = frame.words
    words = await ctx.built(views.words, iri)
    name = _one(words["preferredLabel"]) or _one(ctx.labels.of(iri))
    text = _one(words.get("description", {}))
    address = ctx.url(f"/skills/{local_name(iri)}")
    needing = [
        (n, len(o), _needing(ctx, o))
        for n, o in (("essential", item.essential_for), ("optional", item.optional_for))
        if o
    ]
    return frame.respond(
        "skill.html", name, text or name, [(t("home"), frame.link("/"))],
        [("JSON", address, "application/json"), (t("graph"), iris.resource(iri, ctx.base) + "&format=ttl", "text/turtle")],
        {
            "@type": "DefinedTerm", "@id": iri, "name": name, "description": text,
            "url": frame.link(f"/skills/{local_name(iri)}"), "inDefinedTermSet": "http://data.europa.eu/esco/concept-scheme/skills",
        },
        item=item, iri=iri, words=words, label=ctx.labels.of(iri), paths=views.paths(ctx, iri),
        special=[(r, *frame.sector(r.unit)) for r in special_in(ctx, iri)], needing=needing, panel=_panel(ctx, iri),
        above=[(b, ctx.labels.of(b)) for b in item.broader if b in ctx.catalogue.skills],
        below=[(n, ctx.labels.of(n)) for n in sorted(item.narrower, key=ctx.labels.rank) if n in ctx.catalogue.skills],
    )  # fmt: skip


def _panel(ctx: Context, iri: str) -> list[PanelMark]:
    """What panels say of a skill, in any sector and of its flag."""
    marks, domains = ctx.catalogue.analysis.panel, [d.id for d in ctx.catalogue.domains.values() if not d.broader]
    return [mark for domain in domains for mark in marks.of_skill(domain, iri)] + marks.of_flag(iri)


def _needing(ctx: Context, occupations: list[str]) -> list[tuple[str, dict[str, str], list[str]]]:
    """Occupations with their sectors; those of the sectors first, then by label."""

    def domains(iri: str) -> list[str]:
        return [d["domain"] for d in views.domains_of(ctx.catalogue.occupations[iri])]

    ordered = sorted(occupations, key=lambda o: (not domains(o), ctx.labels.rank(o)))
    return [(o, ctx.labels.of(o), domains(o)) for o in ordered[:MOST_NEEDING]]


def _why(frame: Frame, item: Occupation, decision: Decision) -> dict[str, Any]:
    """A decision in plain words."""
    name, href = frame.sector(decision.domain)
    parts = [p for p in (decision.sub_domain, *decision.further_sub_domains) if p]
    return {
        "name": name, "href": href, "degree": decision.degree, "contradicted": decision.contradicted,
        "sure": sureness(decision.confidence), "why": frame.decision(decision),
        "parts": [frame.sector(p) for p in parts],
        "evidence": [_evidence(frame, item, decision, a) for a in decision.evidence],
    }  # fmt: skip


def _evidence(frame: Frame, item: Occupation, decision: Decision, said: Assertion) -> dict[str, str]:
    """One piece of evidence: a sentence, the reader's reason if there is one, and which way it speaks."""
    t, side = frame.words, ""
    if said.domain != decision.domain:
        side = t("why-elsewhere")
    elif (said.degree == "excluded") != (decision.degree == "excluded"):
        side = t("why-against")
    return {
        "side": side, "text": evidence_text(frame, item, said), "reason": said.reason if said.route in JUDGED else "",
    }  # fmt: skip


def evidence_text(frame: Frame, item: Occupation, said: Assertion) -> str:
    """What a piece of evidence says, in a sentence."""
    ctx, t = frame.ctx, frame.words
    unit = ctx.catalogue.isco.get(item.isco)
    if said.route == "isco":
        return t("why-isco", group=f"{_one(ctx.labels.of(unit.iri))} ({unit.code})" if unit else item.isco)
    if said.route == "nace":
        return t("why-nace", codes=", ".join(views.dotted(local_name(n)) for n in item.nace))
    if said.route == "skills":
        named = [_one(ctx.labels.of(s)) for s in said.sources if s in ctx.catalogue.skills][:TELLING]
        return t("why-skills", skills=", ".join(named))
    return t(f"why-{said.route}")


def sureness(confidence: float) -> str:
    """How sure a decision is, as a word of the pages."""
    return next(word for least, word in SURE if confidence >= least)


def _by_area(
    frame: Frame, shown: OccupationDetail, domain: str
) -> list[tuple[dict[str, str], list[tuple[views.SkillRef, bool]]]]:
    """Skills, each with whether it is essential, by area of the sector, then by ESCO's top groups; the largest first."""
    ctx = frame.ctx
    analysis = ctx.catalogue.analysis
    area_of = {r.skill: r.area for r in analysis.specialisations.get(domain, []) if r.area}
    groups = {g.code: g.iri for g in ctx.catalogue.groups.values() if g.scheme != "isco"}
    by_area: dict[tuple[int, str], list[tuple[views.SkillRef, bool]]] = defaultdict(list)
    for skills, essential in ((shown["hasEssentialSkill"], True), (shown["hasOptionalSkill"], False)):
        for one in skills:
            area = area_of.get(one["uri"], "")
            codes = [g["code"] for g in one["broaderHierarchyConcept"]]
            # S1.2.3 stands under S1, T2.1 under T2; fields of education have two digits at the top.
            top = next((c.partition(".")[0] if not c[:1].isdigit() else c[:2] for c in codes if c), "")
            by_area[(0, area) if area in analysis.areas.areas else (1, groups.get(top, ""))].append((one, essential))
    ordered = sorted(by_area.items(), key=lambda e: (e[0][0], -len(e[1]), e[0][1]))

    def name(kind: int, key: str) -> dict[str, str]:
        if kind == 0:
            return views.chosen(analysis.areas.areas[key].labels, ctx)
        return ctx.labels.of(key) or {frame.words.tag: frame.words("other-skills")}

    return [(name(*key), rows) for key, rows in ordered]


def _profiles(frame: Frame, item: Occupation, domain: str) -> dict[str, Any]:
    """The files of its profile: a template that the release holds, or else one that is composed by a link."""
    ctx, anchor = frame.ctx, local_name(item.iri)
    for entry in ctx.catalogue.profiles.templates.values():
        anchors = entry.recipe.anchors
        if entry.recipe.kind == "occupation" and len(anchors) == 1 and anchors[0].occupation == item.iri:
            files = [(s, ctx.url(f"/profiles/{entry.id}.{s}")) for s in SUFFIXES]
            return {"ready": True, "files": files, "page": frame.link(f"/profiles/{entry.id}"), "anchor": anchor}
    compose = ctx.url(f"/profiles/compose?anchor={anchor}&domain={domain}")
    files = [(s, f"{compose}&format={f}") for s, f in SUFFIXES.items()] if domain else []
    return {"ready": False, "files": files, "page": "", "anchor": anchor}


def _one(texts: dict[str, str]) -> str:
    return next(iter(texts.values()), "")
