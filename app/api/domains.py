"""/domains: the sectors, and the occupations that belong to them."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from analysis.tables import MemberDegree
from app.api import tables, views
from app.api.apart import apart
from app.api.codes import isco_group, nace_activity, occupations_of
from app.api.lookup import check_function, find, query_words
from app.api.routing import api_router
from app.api.tables import ROW_COSTS, InForm, list_response
from app.api.views import Assertion, DomainItem, NaceRef, OccupationList, OccupationRef, Outcome
from app.catalogue.concepts import Decision, Domain, Mapping
from app.errors import BadParameter
from app.http.shapes import LanguageMap, LinkedShape, Listing
from app.request import Context, Ctx, Paging, listing
from ontology import local_name

router = api_router("domains", "/domains")
WHOLE = "ccsi"  # all domains together


class DomainList(Listing):
    """The domains."""

    items: list[DomainItem]


class DomainDetail(DomainItem, LinkedShape):
    """One domain."""

    definition: LanguageMap
    narrower: list[DomainItem]
    mappings: list[Mapping]
    members: str


class DomainMember(OccupationRef, Outcome):
    """An occupation of a domain, and why it is there."""

    iscoGroup: str
    naceCode: list[NaceRef]
    decision: Annotated[str, Field(description="IRI of the scope decision that the following fields tell.")]
    domain: str
    degree: MemberDegree
    evidence: list[Assertion]
    allEvidence: str


class DomainMembers(Listing):
    """The occupations of a domain."""

    domain: str
    items: list[DomainMember]


class ScopedList(OccupationList):
    """All occupations in scope, each once."""

    domain: Literal["ccsi"]


@router.get("", summary="The domains of the cultural and creative sectors")
async def domains(ctx: Ctx, paging: Paging) -> Response:
    """The eleven domains with the number of occupations in each."""
    return listing(ctx, ctx.catalogue.top_domains, paging, lambda d: views.domain(ctx, ctx.catalogue.domains[d]))


@router.get("/{id}", summary="One domain or sub-domain")
async def domain(ctx: Ctx, id: str) -> Response:
    """Definition, sub-domains, and what the domain corresponds to in other classifications."""
    return ctx.json(domain_detail(ctx, find(ctx, id, "id")))


@router.get("/{id}/occupations", summary="The occupations of a sector, with evidence")
@apart(per_row=ROW_COSTS)
async def domain_occupations(
    ctx: Ctx,
    paging: Paging,
    form: InForm,
    id: str,
    degree: Annotated[
        Literal["core", "related"] | None, Query(description="core or related; both when left out.")
    ] = None,
    route: Annotated[
        Literal["isco", "nace", "curated", "skills", "label", "expert"] | None,
        Query(description="Only those that this evidence route supports."),
    ] = None,
    isco: Annotated[
        str | None, Query(description="Only under this ISCO-08 code, of any level.", examples=["262"])
    ] = None,
    nace: Annotated[
        str | None, Query(description="Only under this NACE Rev. 2.1 code, of any level, with or without dots.")
    ] = None,
    function: Annotated[
        str | None, Query(description="Only with this ESSnet-Culture function.", examples=["preservation"])
    ] = None,
    sub_domain: Annotated[
        str | None, Query(alias="sub-domain", description="Only of this sub-domain.", examples=["museums"])
    ] = None,
    q: Annotated[str | None, Query(description="Only with these words in a preferred or alternative label.")] = None,
) -> Response:
    """Core before related, then by label. Each item says its degree, confidence, function, sub-domain and evidence.

    `ccsi` stands for the sectors as a whole: each occupation once, with all domains that it is in.
    """
    where = None if id == WHOLE else find(ctx, id, "id")
    decisions = ctx.catalogue.decisions_in(where)
    if degree:
        decisions = [d for d in decisions if d.degree == degree]
    if route:
        decisions = [d for d in decisions if any(a.route == route and a.degree != "excluded" for a in d.evidence)]
    if isco is not None:
        code = isco_group(ctx, isco).code
        decisions = [d for d in decisions if ctx.catalogue.occupations[d.occupation].isco.startswith(code)]
    if nace is not None:
        members = occupations_of(ctx, nace_activity(ctx, nace))
        decisions = [d for d in decisions if d.occupation in members]
    if function is not None:
        check_function(function)
        decisions = [d for d in decisions if function in d.functions]
    if sub_domain is not None:
        narrower = where.narrower if where else []
        if sub_domain not in narrower:
            raise BadParameter(
                f"sub-domain: {id} has none called '{sub_domain[:40]}'.", field="sub-domain", known=narrower
            )
        decisions = [d for d in decisions if d.is_of(sub_domain)]
    if q is not None:
        decisions = await matching(ctx, decisions, q)
    ordered = sorted(decisions, key=lambda d: (d.degree, ctx.labels.rank(d.occupation), d.occupation))
    if where is None:
        return list_response(
            ctx, list(dict.fromkeys(d.occupation for d in ordered)), paging, form, domain=id, columns=tables.OCCUPATION,
            whole=lambda o: views.occupation_item(ctx, o), record=lambda o: tables.occupation(ctx, o),
        )  # fmt: skip
    return list_response(
        ctx, ordered, paging, form, domain=where.id, columns=tables.MEMBER,
        whole=lambda d: ctx.part("member", d.iri, lambda c, _: _member(c, d)), record=lambda d: tables.member(ctx, d),
    )  # fmt: skip


def _member(ctx: Context, item: Decision) -> DomainMember:
    occupation = ctx.catalogue.occupations[item.occupation]
    return {
        **views.occupation_ref(ctx, item.occupation),
        "iscoGroup": occupation.isco,
        "naceCode": [views.nace_ref(ctx, n) for n in occupation.nace],
        "decision": item.iri,
        "domain": item.domain,
        "degree": cast(MemberDegree, item.degree),  # exclusions are no members
        **views.outcome(item),
        "evidence": [views.assertion(a) for a in item.evidence],
        "allEvidence": ctx.url(f"/scope/occupations/{local_name(item.occupation)}"),
    }


def domain_detail(ctx: Context, item: Domain) -> DomainDetail:
    """Everything about one domain or sub-domain."""
    return {
        "@context": ctx.url("/context.jsonld"),
        **views.domain(ctx, item),
        "definition": views.chosen(item.definition, ctx),
        "narrower": [views.domain(ctx, ctx.catalogue.domains[n]) for n in item.narrower],
        "mappings": item.mappings,
        "members": ctx.url(f"/domains/{item.id}/occupations"),
        "language": ctx.language,
    }


async def matching(ctx: Context, decisions: list[Decision], q: str) -> list[Decision]:
    """Those whose labels hold every word of the query; accents and case do not matter."""
    words = query_words(ctx, q)
    texts = [
        await ctx.catalogue.search_text(tag) for tag in dict.fromkeys((ctx.label_language, ctx.catalogue.fallback))
    ]
    return [d for d in decisions if any(all(w in t.get(d.occupation, "") for w in words) for t in texts)]
