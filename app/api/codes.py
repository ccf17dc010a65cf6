"""Codes as people send them: read where their form is clear, else refused with the code that was probably meant.

A code that lost its shape (a spreadsheet makes 9.1 of 09.1, and 110 of 0110) is never taken for another one, and one that no
classification has is a fault and not an empty answer. `field` is the parameter that the client sent.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from app.catalogue.concepts import Group
from app.errors import BadParameter, Problem
from app.request import Context
from ontology import ESCO_DATA, nace
from ontology.nace import Activity, Revision, cut
from ontology.nace_revisions import wholes

_ISCO = re.compile(r"[Cc]?([0-9]{1,4})|https?://data\.europa\.eu/esco/isco/[Cc]([0-9]{1,4})/?")
_NACE = re.compile(r"([A-Za-z])|(?:([A-Za-z])\.?)?([0-9]{2})(?:\.?([0-9]{1,2}))?")
_NACE_IRI = re.compile(r"https?://data\.europa\.eu/ux2/nace(2|2\.1)/([A-Za-z0-9]{1,4})/?")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}"
    r"|.*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec).*",
    re.IGNORECASE,
)
_NATIONAL = re.compile(r"[A-Za-z]?[0-9]{2}\.?[0-9]{2}[.0-9A-Za-z]{1,4}")
_BETWEEN = re.compile(r"[;,|/\s]+")  # codes of one cell
_CONCEPT = re.compile(r"https?://data\.europa\.eu/esco/((?:occupation|skill|isco|isced-f)/)([^/]+)/?")
_EITHER = {code for revision in nace.REVISIONS for code in nace.activities(revision)}
_SHOWN = 30  # characters of a code that a refusal repeats


def isco_group(ctx: Context, text: str, field: str = "isco", unknown: type[Problem] = BadParameter) -> Group:
    """The ISCO-08 group of any level: 2651, C2651 or its IRI. Raises BadParameter; `unknown` for one that there is not."""
    groups = ctx.catalogue.isco
    given = text.strip(" ")
    match = _ISCO.fullmatch(given)
    code = (match[1] or match[2]) if match else ""
    if code in groups:
        return groups[code]
    if match:
        raise _error(unknown, f"this release has no ISCO-08 group {code}", field, _meant(_isco_tries(code), groups))
    shown = f"'{text[:_SHOWN]}' is not an ISCO-08 code of one to four digits"
    if _joined(given):
        raise _error(BadParameter, f"{shown}, but several: ask for one at a time", field)
    raise _error(BadParameter, shown, field, _meant(_isco_tries(given), groups))


def concept_iri(text: str) -> str:
    """The IRI of an ESCO concept as ESCO writes it; with https, a slash at its end or capitals it is still the same one."""
    match = _CONCEPT.fullmatch(text.strip(" "))
    if match is None:
        return text
    key = match[2].upper() if match[1] == "isco/" else match[2].lower()
    return f"{ESCO_DATA}{match[1]}{key}"


def skill_group(ctx: Context, text: str, field: str, unknown: type[Problem]) -> Group:
    """The group of skills or field of knowledge: S1.2.3, s1.2.3, 0211, its UUID or its IRI. Raises `unknown`."""
    wanted = concept_iri(text).strip(" ").rpartition("/")[2].lower()
    for group in ctx.catalogue.groups.values():
        if group.scheme != "isco" and wanted in (group.code.lower(), group.iri.rpartition("/")[2].lower()):
            return group
    detail = f"this release has no group of skills '{text[:_SHOWN]}'"
    raise _error(unknown, detail, field, see=ctx.url("/skill-groups"))


def occupations_of(ctx: Context, activity: Activity) -> set[str]:
    """The occupations that ESCO links to a NACE code or below it; of Rev. 2, to what became of it."""
    if activity.revision == "2":
        current = wholes({one.current.code for one in ctx.catalogue.revisions.of(activity)})
        return {o for item in current for o in ctx.catalogue.by_nace.get(cut(item.code), ())}
    return {o for code, members in ctx.catalogue.by_nace.items() if activity.covers(code) for o in members}


def nace_activity(
    ctx: Context,
    text: str,
    field: str = "nace",
    revision: Revision | None = "2.1",
    unknown: type[Problem] = BadParameter,
) -> Activity:
    """The NACE code of any level: 91.21, 9121, S, S91.21 or its IRI; of either revision, the newer first, for None.

    Raises BadParameter; `unknown` for one that there is not.
    """
    given = text.strip(" ")
    if iri := _NACE_IRI.fullmatch(given):
        of: Revision = "2" if iri[1] == "2" else "2.1"
        if revision not in (None, of):
            raise _error(BadParameter, f"this is the IRI of a code of NACE Rev. {of}", field)
        given, revision = iri[2], of
    wanted: tuple[Revision, ...] = (revision,) if revision else ("2.1", "2")
    match = _NACE.fullmatch(given)
    if match is None:
        raise _not_nace(given, field)
    section = (match[1] or match[2] or "").upper()
    code = section if match[1] else match[3] + (f".{match[4]}" if match[4] else "")
    item = next((known[code] for known in map(nace.activities, wanted) if code in known), None)
    if item is None:
        raise _unknown_nace(ctx, code, field, wanted, unknown)
    if section not in ("", item.section):
        detail = f"{code} is in section {item.section} of NACE Rev. {item.revision}, not in {section}"
        raise _error(BadParameter, detail, field, code)
    return item


def _not_nace(given: str, field: str) -> Problem:
    shown = f"'{given[:_SHOWN]}' is not a NACE code"
    if _DATE.fullmatch(given):
        return _error(
            BadParameter, f"{shown} but a date, as spreadsheets make of 01.11: keep the column as text", field
        )
    if _joined(given):
        return _error(BadParameter, f"{shown}, but several: ask for one at a time", field)
    why = "a letter, or two to four digits with a dot behind the second"
    if re.match(r"[0-9][.,]", given):
        why = "a NACE code has two digits before its dot"
    elif _NATIONAL.fullmatch(given):
        why = "four digits are common to all countries, national codes add to them"
    return _error(BadParameter, f"{shown}: {why}", field, _meant(_nace_tries(given), _EITHER))


def _unknown_nace(ctx: Context, code: str, field: str, wanted: tuple[Revision, ...], unknown: type[Problem]) -> Problem:
    detail = f"NACE Rev. {' or '.join(wanted)} has no code {code}"
    for revision in nace.REVISIONS:
        if item := nace.activities(revision).get(code):
            detail += f", which is '{item.name}' in Rev. {revision}; the crosswalk leads from there"
            return _error(unknown, detail, field, see=ctx.url(f"/crosswalk?nace={code}&revision={revision}"))
    return _error(unknown, detail, field, _meant(_nace_tries(code), _EITHER))


def _error(kind: type[Problem], detail: str, field: str, meant: str = "", **members: object) -> Problem:
    if meant:
        members["didYouMean"] = meant
    return kind(f"{field}: {detail}{f'; did you mean {meant}?' if meant else '.'}", None, field=field, **members)


def _joined(given: str) -> bool:
    """Whether a text holds several codes, as a cell does that was joined from several."""
    return len([part for part in _BETWEEN.split(given) if re.fullmatch(r"[A-Za-z]?[0-9]{2}[0-9.]+", part)]) > 1


def _meant(tries: Iterable[str], known: Container[str]) -> str:
    """The first of the codes from which a text may come that exists."""
    return next((code for code in tries if code in known), "")


def _isco_tries(given: str) -> Iterable[str]:
    digits = re.sub(r"[^0-9]", "", re.sub(r"[.,]0+$", "", given))
    if not digits:
        return
    yield digits
    yield "0" + digits  # of the armed forces, whose codes begin with the zero that spreadsheets drop
    if re.match(r"[Cc]?[0-9]{4}[.0-9]", given):  # an occupation's code, or a national one
        yield digits[:4]


def _nace_tries(given: str) -> Iterable[str]:
    text = re.sub(r"^[A-Za-z]", "", re.sub(r"\s", "", given).replace(",", "."))
    whole, _, rest = text.partition(".")
    digits = re.sub(r"[^0-9]", "", whole if len(whole) > 2 and not rest.strip("0") else text)[:4]
    if len(whole) == 1:
        digits = "0" + digits[:3]
    lost = ("0" + digits,) if len(digits) == 3 else ()
    for flat in (digits, *lost, digits[:3], digits[:2]):
        yield flat[:2] + (f".{flat[2:]}" if flat[2:] else "")
