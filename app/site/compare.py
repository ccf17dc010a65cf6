"""/compare: two to four occupations, or sectors, side by side."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from analysis.profiles.similarity import SkillSet
from app.api import views
from app.api.apart import apart
from app.api.lookup import find, missing
from app.api.search import search_results
from app.catalogue.concepts import Occupation
from app.catalogue.keys import occupation_iri
from app.errors import BadParameter
from app.reports.skills import comparison, specialised
from app.request import Context, Page, concept_key, strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage
from ontology import local_name

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
MOST = 4
HITS = 8
DISTINCT = 12  # skills of a sector alone that the page names
_PRICE = 15.0  # milliseconds for each column, about

Chosen = tuple[str, ...]  # IRIs of occupations, or identifiers of domains
Rows = list[tuple[str, dict[str, str], list[str]]]  # skills with their labels, and what each column says of them


@router.get("/compare")
async def compare(
    ctx: PageCtx,
    page_language: PageLanguage,
    occupation: Annotated[list[str] | None, Query(description="UUID of an occupation; may be repeated.")] = None,
    sector: Annotated[list[str] | None, Query(description="A domain or sub-domain; may be repeated.")] = None,
    q: Annotated[str, Query(description="Words to find another occupation by.")] = "",
) -> Response:
    """The choice until there are two, then what they share and where they differ."""
    occupations = tuple(dict.fromkeys(_known(ctx, o) for o in occupation or ()))
    sectors = tuple(dict.fromkeys(find(ctx, s, "sector").id for s in sector or ()))
    if occupations and sectors:
        raise BadParameter("sector: compare occupations or sectors, not one with the other.", field="sector")
    if len(occupations) > MOST or len(sectors) > MOST:
        name = "occupation" if occupations else "sector"
        raise BadParameter(f"{name}: at most {MOST}.", field=name, maximum=MOST)
    if len(occupations) + len(sectors) >= 2 and not q.strip():
        return await _compared(ctx=ctx, page_language=page_language, occupations=occupations, sectors=sectors)
    hits = (await search_results(ctx, Page(HITS, 0), q, ["occupation"]))["items"] if q.strip() else []
    return _page(Frame(ctx, page_language), occupations, sectors, q=q, hits=hits)


@apart(lambda given: _PRICE * (len(given["occupations"]) + len(given["sectors"])))
async def _compared(ctx: Context, page_language: str, occupations: Chosen, sectors: Chosen) -> Response:
    frame = Frame(ctx, page_language)
    made = _occupations(frame, occupations) if occupations else _sectors(frame, sectors)
    return _page(frame, occupations, sectors, **made)


def _page(frame: Frame, occupations: Chosen, sectors: Chosen, **values: Any) -> Response:
    ctx, t = frame.ctx, frame.words
    keys = [local_name(o) for o in occupations]
    columns = [
        (ctx.labels.of(o), frame.concept(o), frame.link("/compare", occupation=[k for k in keys if k != local_name(o)]))
        for o in occupations
    ]
    names = [next(iter(label.values()), "") for label, _, _ in columns] or [frame.sector_name(s) for s in sectors]
    shown: dict[str, Any] = {"q": "", "hits": [], "skills": None, "pairs": [], "facts": [], "distinctive": [], **values}
    data: list[tuple[str, str, str]] = []
    if len(sectors) > 1:
        data = [("JSON", ctx.url(f"/domains/compare?ids={','.join(sectors)}"), "application/json")]
    return frame.respond(
        "compare.html", f"{t('compare-title')}: {', '.join(names)}" if names else t("compare-title"), t("compare-lead"),
        [(t("home"), frame.link("/"))], data, keys=keys, columns=columns, sectors=sectors, most=MOST, **shown,
    )  # fmt: skip


def _known(ctx: Context, text: str) -> str:
    iri = occupation_iri(concept_key(text, "occupation", "occupation"))
    if iri not in ctx.catalogue.occupations:
        raise missing(ctx, iri, "occupation", "occupation")
    return iri


def _occupations(frame: Frame, iris: Chosen) -> dict[str, Any]:
    ctx, t = frame.ctx, frame.words
    items = [ctx.catalogue.occupations[o] for o in iris]
    sets = [SkillSet(frozenset(i.essential), frozenset((*i.essential, *i.optional))) for i in items]
    index = ctx.catalogue.profiles.transition_index

    def move(n: int, m: int) -> tuple[str, str] | None:
        """How far the way from one to the other is, and what the first has of what the second needs."""
        if n == m:
            return None
        similarity, coverage, _ = index.between(sets[n], sets[m])
        return t(f"move-{index.viability(similarity)}"), t.percent(coverage)

    every = range(len(items))
    return {
        "facts": [
            (t("sectors"), [_sectors_of(frame, i) for i in items]),
            (t("isco"), [_group(frame, i) for i in items]),
            (t("essential"), [[("", t.count("skills", len(i.essential)), "")] for i in items]),
            (t("optional"), [[("", t.count("skills", len(i.optional)), "")] for i in items]),
        ],
        "pairs": [[move(n, m) for m in every] for n in every],
        "skills": _in_common(ctx, items),
    }


def _sectors_of(frame: Frame, item: Occupation) -> list[tuple[str, str, str]]:
    """Address, name and degree of each sector."""
    inside = [d for d in item.decisions if d.degree != "excluded"]
    return [(frame.sector(d.domain)[1], frame.sector(d.domain)[0], d.degree) for d in inside]


def _group(frame: Frame, item: Occupation) -> list[tuple[str, Any, str]]:
    unit = frame.ctx.catalogue.isco.get(item.isco)
    return [(frame.concept(unit.iri), frame.said(frame.ctx.labels.of(unit.iri)), "")] if unit else []


def _in_common(ctx: Context, items: list[Occupation]) -> list[tuple[str, Rows]]:
    """Skills with the relation of each occupation to them: those of all, of several, of one alone."""
    relations: dict[str, list[str]] = {}
    for n, item in enumerate(items):
        for relation, skills in (("optional", item.optional), ("essential", item.essential)):
            for skill in skills:
                relations.setdefault(skill, [""] * len(items))[n] = relation
    groups: dict[str, Rows] = {"all": [], "several": [], "single": []}
    for skill, said in sorted(
        relations.items(), key=lambda e: (-sum(map(bool, e[1])), -e[1].count("essential"), ctx.labels.rank(e[0]))
    ):
        users = sum(map(bool, said))
        kind = "all" if users == len(items) else "single" if users == 1 else "several"
        groups[kind].append((skill, ctx.labels.of(skill), said))
    return [(kind, rows) for kind, rows in groups.items() if rows]


def _sectors(frame: Frame, keys: Chosen) -> dict[str, Any]:
    ctx, t = frame.ctx, frame.words
    domains = [ctx.catalogue.domains[k] for k in keys]
    units = [ctx.catalogue.analysis.unit_of(d.id, d.broader) for d in domains]
    found = comparison(ctx.catalogue.analysis, units)
    members = [{d.occupation for d in ctx.catalogue.decisions_in(item)} for item in domains]
    sizes = [views.domain(ctx, d)["occupations"] for d in domains]
    shared = {frozenset(p["domains"]): p for p in found.pairs}
    pairs: list[list[tuple[str, str] | None]] = [[None] * len(keys) for _ in keys]
    for n, m in combinations(range(len(keys)), 2):
        both, skills = len(members[n] & members[m]), shared[frozenset((units[n], units[m]))]["shared"]
        pairs[n][m] = pairs[m][n] = t.count("occupations", both), t.count("skills", skills)
    return {
        "facts": [
            (t("core"), [[("", t.count("occupations", s["core"]), "")] for s in sizes]),
            (t("related"), [[("", t.count("occupations", s["related"]), "")] for s in sizes]),
            (t("special"), [[("", t.count("skills", len(specialised(ctx.catalogue.analysis, u))), "")] for u in units]),
        ],
        "pairs": pairs,
        "skills": _specialised(frame, found.shared),
        "distinctive": [
            (frame.sector(d.id), [(s.skill, ctx.labels.of(s.skill)) for s in found.distinctive[u][:DISTINCT]])
            for d, u in zip(domains, units, strict=True)
        ],
    }


def _specialised(frame: Frame, shared: list[list[Any]]) -> list[tuple[str, Rows]]:
    """Skills that all of them are specialised in, with how many times the average each uses them."""
    labels, t = frame.ctx.labels, frame.words
    rows = [(s[0].skill, labels.of(s[0].skill), [f"× {t.decimal(one.lq)}" for one in s]) for s in shared]
    return [("all", rows)] if rows else []
