"""The occupations and skills that a request for a profile names, found in the release or refused."""

from __future__ import annotations

import re

from analysis.profiles.tables import Warning
from app.api.lookup import missing
from app.catalogue.keys import occupation_iri, skill_iri
from app.errors import BadParameter, Gone
from app.request import Context
from ontology import local_name

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CONCEPT = re.compile(rf"(?:http://data\.europa\.eu/esco/(occupation|skill)/)?({_UUID})", re.IGNORECASE)


def occupation(ctx: Context, text: str, where: str) -> str:
    """The IRI of an occupation of this release. Raises BadParameter or Gone, naming the field ``where``."""
    iri = _concept(text, "occupation", where)
    if iri in ctx.catalogue.occupations:
        return iri
    problem = missing(ctx, iri, "occupation")
    members = {**problem.members, "field": where}
    if isinstance(problem, Gone):
        raise Gone(f"{where}: {problem.detail}", None, **members)
    raise BadParameter(f"{where}: {problem.detail}", None, **members)


def skill(ctx: Context, text: str, where: str) -> tuple[str, Warning | None]:
    """The IRI of a skill, with a warning when this release lacks it. Raises BadParameter when it is no skill at all."""
    iri = _concept(text, "skill", where)
    catalogue = ctx.catalogue
    if iri in catalogue.skills:
        return iri, None
    if occupation_iri(local_name(iri)) in catalogue.occupations:
        raise BadParameter(f"{where}: this is the identifier of an occupation, not of a skill.", field=where, uri=iri)
    if iri in catalogue.groups:
        raise BadParameter(f"{where}: this is a group of skills, not a skill.", field=where, uri=iri)
    version = ctx.served.release.manifest["escoVersion"]
    if iri in catalogue.withdrawn:
        named = catalogue.successors(iri)
        words = f"; its {'successor is' if len(named) == 1 else 'successors are'} {', '.join(named)}" if named else ""
        return iri, Warning("skill-withdrawn", f"ESCO {version} has withdrawn this skill{words}.", (iri, *named))
    return iri, Warning("skill-unknown", f"ESCO {version} has no such skill.", (iri,))


def _concept(text: str, kind: str, where: str) -> str:
    match = _CONCEPT.fullmatch(text)
    if match is None:
        raise BadParameter(f"{where}: '{text[:80]}' is not the IRI or UUID of an ESCO {kind}.", field=where)
    other = (match[1] or kind).lower()
    if other != kind:
        raise BadParameter(f"{where}: one {kind} is due here, this is one {other}.", field=where, uri=text[:120])
    return occupation_iri(match[2].lower()) if kind == "occupation" else skill_iri(match[2].lower())
