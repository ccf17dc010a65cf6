"""What a request names, read or refused: domains, functions, words, and concepts that are not there."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any, Literal

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
    raise NotFound(f"There is no domain '{key[:40]}'.", field=field, known=ctx.catalogue.top_domains)


def check_function(name: str, field: str = "function") -> None:
    """Raises BadParameter for what is no function of ESSnet-Culture."""
    one_of("function", name, FUNCTIONS, field)


def one_of(name: str, given: str, known: Sequence[str], field: str = "") -> None:
    """Raises BadParameter for a value that is none of those known, naming the parameter."""
    if given not in known:
        detail = f"{name}: '{given[:40]}' is none of {', '.join(known)}."
        raise BadParameter(detail, field=field or name, known=list(known))


def at_most(name: str, given: Sized, most: int, field: str = "") -> None:
    """Raises BadParameter for more values than a limit allows, naming the parameter."""
    if len(given) > most:
        raise BadParameter(f"{name}: at most {most}, not {len(given)}.", field=field or name, maximum=most)


def query_words(ctx: Context, q: str) -> list[str]:
    """The words to look for in labels, folded. Raises BadParameter for a text above the published limit."""
    most = ctx.limits.query_text
    if len(q) > most:
        raise BadParameter(f"q: longer than {most} characters.", field="q", maximum=most)
    return fold(q).split()


def occupation_of(ctx: Context, uuid: str) -> str:
    """The IRI of the occupation with a UUID. Raises what `missing` says, and BadParameter for what is no UUID."""
    return present(ctx, occupation_iri(concept_key(uuid, "occupation")), "occupation")


def skill_of(ctx: Context, uuid: str) -> str:
    """The same of a skill."""
    return present(ctx, skill_iri(concept_key(uuid, "skill")), "skill")


def present(ctx: Context, iri: str, kind: Literal["occupation", "skill"], field: str = "uuid") -> str:
    """The IRI itself, of an occupation or a skill of this release. Raises what `missing` says."""
    if iri not in (ctx.catalogue.occupations if kind == "occupation" else ctx.catalogue.skills):
        raise missing(ctx, iri, kind, field)
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
