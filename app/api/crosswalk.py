"""/crosswalk: from a code to domains, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from app.api import tables, views
from app.api.codes import concept_iri, isco_group, nace_activity, occupations_of
from app.api.crosswalk_schemes import CrosswalkEntry, Lead, MappedCode, crosswalk_entries, crosswalk_entry, lead
from app.api.lookup import find, present
from app.api.routing import api_router
from app.api.shares import DomainShare, UnitGroupShare, domain_shares, unit_groups
from app.api.tables import Form, InForm
from app.catalogue.concepts import Group, Occupation
from app.catalogue.keys import occupation_iri
from app.catalogue.national import INVERSE, CodeMapping
from app.errors import BadParameter, NotFound
from app.http.shapes import LanguageMap, LinkedShape, Shape
from app.request import Context, Ctx, concept_key
from ontology import MappingRelation
from ontology.nace import Activity, Revision, cut
from ontology.nace_revisions import Correspondence, wholes

router = api_router("scope")
# How far it is known what became of former codes: by our own list, and by Eurostat's table.
_EXTENT = {
    False: ": of codes whose name changed it covers culture only.",
    True: ": the table that was loaded has it not.",
}
COLUMNS = (
    "classification", "code", "basis", "domain", "subDomain", "function", "degree", "codeConfidence", "core", "related", "share",
    "coreShare", "relation", "uri", "label", "confidence",
)  # fmt: skip


class CorrespondingCode(Shape):
    """A NACE class of the other revision that has activities in common with one of the answer's."""

    of: Annotated[str, Field(description="The class of the answer's revision.")]
    relation: MappingRelation
    uri: str
    code: str
    preferredLabel: LanguageMap
    href: str
    revision: Literal["2", "2.1"]
    reason: str
    official: Annotated[
        bool, Field(description="Whether Eurostat says so; false: read out of the code lists by this project.")
    ]


class CrosswalkAnswer(LinkedShape):
    """From a code, an occupation or a domain to codes and domains."""

    uri: str
    classification: Annotated[
        str,
        Field(
            description="isco-08, nace-2.1, nace-2, esco, domain, isced-f, function, one that domains are mapped to, or one loaded."
        ),
    ]
    code: str
    revision: Annotated[Literal["2", "2.1"] | None, Field(description="Of a NACE code.")]
    preferredLabel: LanguageMap
    entries: Annotated[
        list[CrosswalkEntry], Field(description="What the crosswalk says of the code or domain as such.")
    ]
    total: Annotated[int, Field(description="Occupations under the code.")]
    domainShares: Annotated[list[DomainShare], Field(description="Where the occupations under the code belong.")]
    iscoUnitGroups: Annotated[list[UnitGroupShare], Field(description="Where they stand in ISCO-08.")]
    correspondence: Annotated[
        list[CorrespondingCode], Field(description="Of a NACE code: what it is in the other revision.")
    ]
    mappings: Annotated[
        list[MappedCode],
        Field(description="To and from other classifications, of the ontology or from files that were loaded."),
    ]


@router.get("/crosswalk", summary="From a code to domains, and back")
async def crosswalk(
    ctx: Ctx,
    form: InForm,
    isco: Annotated[str | None, Query(description="ISCO-08 code of any level.", examples=["2651"])] = None,
    nace: Annotated[
        str | None, Query(description="NACE code of any level: S, 90, 90.31, 9031 or its IRI.", examples=["90.31"])
    ] = None,
    revision: Annotated[
        Revision | None,
        Query(description="Revision of the NACE code; without it 2.1, or 2 for a code that 2.1 does not have."),
    ] = None,
    esco: Annotated[str | None, Query(description="IRI or UUID of an occupation.")] = None,
    national: Annotated[
        str | None,
        Query(
            max_length=200, description="A code of another classification whose mappings were loaded, ROME for example."
        ),
    ] = None,
    scheme: Annotated[
        str | None, Query(max_length=100, description="Which classification that is, where several have the code.")
    ] = None,
    domain: Annotated[str | None, Query(description="A domain: which codes lead to it?", examples=["heritage"])] = None,
    essnet: Annotated[
        str | None, Query(description="A domain of ESSnet-Culture.", examples=["performing-arts"])
    ] = None,
    creative_europe: Annotated[
        str | None, Query(alias="creative-europe", description="A sector of Creative Europe.", examples=["music"])
    ] = None,
    unesco: Annotated[str | None, Query(description="A domain of UNESCO's FCS 2009: A to F.", examples=["A"])] = None,
    dcms: Annotated[str | None, Query(description="A DCMS sub-sector.", examples=["publishing"])] = None,
    isced: Annotated[
        str | None, Query(description="ISCED-F 2013 field of any level: who needs knowledge of it?", examples=["0211"])
    ] = None,
    function: Annotated[
        str | None, Query(description="A function of the cultural cycle.", examples=["creation"])
    ] = None,
) -> Response:
    """Exactly one of isco, nace, esco, national, domain, essnet, creative-europe, unesco, dcms, isced and function.

    A code answers with its entries (what the crosswalk says of the code as such) and with the domains of the
    occupations under it: how many, and which share of them, by degree.
    """
    others = {
        "essnet": essnet, "creative-europe": creative_europe, "unesco": unesco, "dcms": dcms, "isced": isced,
        "function": function,
    }  # fmt: skip
    every = {"isco": isco, "nace": nace, "esco": esco, "national": national, "domain": domain, **others}
    given = [name for name, value in every.items() if value is not None]
    if len(given) != 1:
        raise BadParameter(f"Give exactly one of {', '.join(every)}.", field=given[1] if given else "isco")
    if scheme is not None and national is None:
        raise BadParameter("scheme: says what national is a code of; give both.", field="scheme")
    if given[0] in others:
        return _answer(ctx, form, lead(ctx, given[0], others[given[0]] or ""))
    if national is not None:
        return _national(ctx, form, national.strip(), scheme)
    if isco is not None:
        group = isco_group(ctx, isco)
        entries, members = crosswalk_entries(ctx, "isco-08", group.code), ctx.catalogue.under_isco(group.code)
        return _answer(ctx, form, _of_esco(ctx, "isco-08", group, members, entries))
    if nace is not None:
        return _nace(ctx, form, nace_activity(ctx, nace, revision=revision))
    if esco is not None:
        given_iri = concept_iri(esco)
        iri = given_iri if given_iri.startswith("http") else occupation_iri(concept_key(esco, "occupation", "esco"))
        occupation = ctx.catalogue.occupations[present(ctx, iri, "occupation", "esco")]
        return _answer(ctx, form, _of_esco(ctx, "esco", occupation, [iri]))
    where = find(ctx, domain or "")
    entries = [crosswalk_entry(e) for e in ctx.catalogue.crosswalk if where.id in (e.domain, e.sub_domain)]
    members = [d.occupation for d in ctx.catalogue.decisions_in(where)]
    label = views.chosen(where.labels, ctx)
    return _answer(ctx, form, Lead("domain", where.iri, where.id, label, members, entries=entries))


def _nace(ctx: Context, form: Form, item: Activity) -> Response:
    known = ctx.catalogue.revisions.of(item)
    if item.revision == "2.1":
        entries = crosswalk_entries(ctx, "nace-2.1", cut(item.code), item.covers)
    elif known:  # ESCO and the crosswalk speak of Rev. 2.1 only: a former code leads to what became of it
        current = wholes({one.current.code for one in known})
        shown = {row["uri"]: row for a in current for row in crosswalk_entries(ctx, "nace-2.1", cut(a.code), a.covers)}
        entries = [*shown.values()]
    else:
        raise NotFound(
            f"nace: it is not known here what became of NACE Rev. 2 code {item.code} ({item.name})"
            f"{_EXTENT[bool(ctx.catalogue.revisions.official)]}",
            field="nace", revision="2", see=ctx.url("/nace"),
        )  # fmt: skip
    both = [_corresponding(ctx, item.revision, one) for one in known]
    name = {"en": item.name}
    found = Lead(f"nace-{item.revision}", item.iri, item.code, name, occupations_of(ctx, item), entries=entries)
    return _answer(ctx, form, found, item.revision, both)


def _corresponding(ctx: Context, revision: Revision, one: Correspondence) -> CorrespondingCode:
    former, other = (one.former, one.current) if revision == "2" else (one.current, one.former)
    shown = views.activity(ctx, other)
    return {
        "of": former.code,
        "relation": ctx.catalogue.revisions.relation(one, revision),
        "uri": shown["uri"],
        "code": shown["code"],
        "preferredLabel": shown["preferredLabel"],
        "href": shown["href"],
        "revision": other.revision,
        "reason": one.why,
        "official": bool(ctx.catalogue.revisions.official),
    }


def _national(ctx: Context, form: Form, code: str, scheme: str | None) -> Response:
    """A code of another classification: what it maps to, and the domains of the occupations among that."""
    known = ctx.catalogue.national
    if not known.schemes:
        raise NotFound("national: no mappings are loaded; `ccsi load … --mapping FILE` adds them.", field="national")
    if scheme is not None and scheme not in known.schemes:
        raise BadParameter(
            f"scheme: no mappings of '{scheme[:40]}' are loaded.", field="scheme", known=[*known.schemes]
        )
    schemes = [s for s in known.with_code(code) if scheme in (None, s)]
    if not schemes:
        raise BadParameter(f"national: '{code[:40]}' maps to nothing.", field="national", known=[*known.schemes])
    if len(schemes) > 1:
        detail = f"national: several classifications have the code '{code[:40]}': say which."
        raise BadParameter(detail, field="scheme", known=schemes)
    pairs = known.by_code[schemes[0], code]
    shown = [_end(ctx, one, one.relation, one.esco) for one in pairs]
    members = {one.esco for one in pairs} & ctx.catalogue.occupations.keys()
    label = {"und": pairs[0].label} if pairs[0].label else {}
    return _answer(ctx, form, Lead(schemes[0], pairs[0].iri, code, label, members, shown))


def _of_esco(
    ctx: Context,
    classification: str,
    concept: Occupation | Group,
    members: list[str],
    entries: Sequence[CrosswalkEntry] = (),
) -> Lead:
    """A concept of ESCO, with the codes of other classifications that it maps to."""
    pairs = ctx.catalogue.national.by_esco.get(concept.iri, ())
    mappings = [_end(ctx, one, INVERSE.get(one.relation, one.relation), one.iri) for one in pairs]
    return Lead(classification, concept.iri, concept.code, ctx.labels.of(concept.iri), members, mappings, entries)


def _end(ctx: Context, one: CodeMapping, relation: MappingRelation, iri: str) -> MappedCode:
    """One end of a mapping, as it is reached from the other; n:m stays n:m."""
    national = iri == one.iri
    return {
        "classification": one.scheme if national else "isco-08" if "/isco/" in iri else "esco",
        "code": one.code if national else tables.code_of(ctx, iri),
        "uri": iri,
        "label": one.label if national else tables.label(ctx, iri),
        "relation": relation,
        "confidence": one.confidence,
        "sources": ctx.catalogue.national.schemes[one.scheme].sources,
    }


def _in_csv(codes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Codes of another classification as rows."""
    return [
        {
            "classification": row.get("classification", f"nace-{row.get('revision')}"),
            "label": row.get("label", row.get("preferredLabel", {}).get("en")),
            **{name: row.get(name) for name in ("code", "uri", "relation", "confidence")},
        }
        for row in codes
    ]


def _answer(
    ctx: Context,
    form: Form,
    of: Lead,
    revision: Revision | None = None,
    correspondence: Sequence[CorrespondingCode] = (),
) -> Response:
    shares = domain_shares(ctx, of.members)
    if form.csv:
        asked = {"classification": of.classification, "code": of.code}
        parts: list[tuple[str, Sequence[Mapping[str, Any]]]] = [
            ("entry", of.entries), ("occupations", [{**asked, **share} for share in shares]),
            ("correspondence", _in_csv(correspondence)), ("mapping", _in_csv(of.mappings)),
        ]  # fmt: skip
        rows = [{**dict.fromkeys(COLUMNS), **row, "basis": basis} for basis, part in parts for row in part]
        return tables.csv_answer(ctx, form, tables.chosen_columns(form, COLUMNS), rows)
    payload: CrosswalkAnswer = {
        "@context": ctx.url("/context.jsonld"),
        "uri": of.iri,
        "classification": of.classification,
        "code": of.code,
        "revision": revision,
        "preferredLabel": of.label,
        "entries": list(of.entries),
        "total": len(of.members),
        "domainShares": shares,
        "iscoUnitGroups": unit_groups(ctx, of.members),
        "correspondence": list(correspondence),
        "mappings": list(of.mappings),
        "language": ctx.language,
    }
    return ctx.json(payload)
