"""What a request names, read or refused: domains, functions, words, and concepts that are not there."""

from __future__ import annotations

from typing import Any

from app.api import views
from app.catalogue.concepts import Domain
from app.catalogue.keys import occupation_iri, skill_iri
from app.catalogue.labels import fold
from app.errors import BadParameter, Gone, NotFound
from app.request import Context, concept_key
from ontology import local_name

FUNCTIONS = ("creation", "production", "dissemination", "preservation", "education", "management")


def find(ctx: Context, key: str, field: str = "domain") -> Domain:
    """The domain of this identifier. Raises NotFound naming those there are, and the parameter."""
    if domain := ctx.catalogue.domains.get(key):
        return domain
    known = sorted(d.id for d in ctx.catalogue.domains.values() if not d.broader)
    raise NotFound(f"There is no domain '{key[:40]}'.", field=field, known=known)


def check_function(name: str, field: str = "function") -> None:
    """Raises BadParameter for what is no function of ESSnet-Culture."""
    if name not in FUNCTIONS:
        known = list(FUNCTIONS)
        raise BadParameter(f"function: '{name[:40]}' is none of {', '.join(known)}.", field=field, known=known)


def query_words(ctx: Context, q: str) -> list[str]:
    """The words to look for in labels, folded. Raises BadParameter for a text above the published limit."""
    most = ctx.limits.query_text
    if len(q) > most:
        raise BadParameter(f"q: longer than {most} characters.", field="q", maximum=most)
    return fold(q).split()


def occupation_of(ctx: Context, uuid: str) -> str:
    """The IRI of the occupation with a UUID. Raises what `missing` says, and BadParameter for what is no UUID."""
    iri = occupation_iri(concept_key(uuid, "occupation"))
    if iri not in ctx.catalogue.occupations:
        raise missing(ctx, iri, "occupation")
    return iri


def skill_of(ctx: Context, uuid: str) -> str:
    """The same of a skill."""
    iri = skill_iri(concept_key(uuid, "skill"))
    if iri not in ctx.catalogue.skills:
        raise missing(ctx, iri, "skill")
    return iri


def missing(ctx: Context, iri: str, kind: str, field: str = "uuid") -> NotFound | Gone:
    """Why a concept cannot be shown: withdrawn by ESCO (with its successor if known), of another kind, or unknown."""
    if group := ctx.catalogue.groups.get(iri) or ctx.catalogue.groups.get(iri.replace(f"/{kind}/", "/skill/")):
        detail = f"This is the identifier of the group {group.code}, not of one {kind}."
        return NotFound(detail, field=field, see=views.group_address(ctx, group))
    if entry := ctx.catalogue.withdrawn.get(iri):
        known: dict[str, Any] = {"conceptStatus": entry["status"], **{k: v for k, v in entry.items() if k != "status"}}
        known["replacedBy"] = ctx.catalogue.successors(iri)
        for path, concepts in (("occupations", ctx.catalogue.occupations), ("skills", ctx.catalogue.skills)):
            for successor in known["replacedBy"]:
                if successor in concepts:
                    known.setdefault("see", ctx.url(f"/{path}/{local_name(successor)}"))
        return Gone(f"ESCO has withdrawn this {kind}.", None, uri=iri, **known)
    other = "skill" if kind == "occupation" else "occupation"
    twin = iri.replace(f"/{kind}/", f"/{other}/")
    if twin in ctx.catalogue.skills or twin in ctx.catalogue.occupations:
        return NotFound(
            f"This is the identifier of one {other}, not of one {kind}.",
            field=field,
            see=ctx.url(f"/{other}s/{local_name(twin)}"),
        )
    version = ctx.served.release.manifest["escoVersion"]
    return NotFound(f"ESCO {version} has no {kind} {iri[:200]}.", field=field, uri=iri[:200])
