"""Cells of a table as terms: IRIs, codes and labels as people and spreadsheets write them.

What can mean one thing only is repaired and counted; what could mean two is refused by file and line. No code ever becomes
another one.
"""

from __future__ import annotations

import re
from collections import Counter

from pyoxigraph import NamedNode

from loaders.input.sources import Member
from ontology import ESCO_DATA, NACE
from releases.errors import SourceError

LIST_BREAK = re.compile(r"\s*\n\s*|,\s+(?=http)|\s+\|\s+")
_LABEL_BREAK = re.compile(r"\n| \| ")
_CODE_BREAK = re.compile(r"[\s,;|]+")
_HOST = re.compile(r"https?://(?:www\.)?data\.europa\.eu/(?:esco|ux2)/", re.IGNORECASE)
_ISCO = re.compile(r"C?(\d{1,4})(?:\.0+)?")
_ESCO_CODE = re.compile(r"(\d{3,4})((?:[._]\d+)*)")
_NACE = re.compile(r"([A-V])|(\d{1,2})\.(\d{1,2})(?:\.0)?|(\d{2}|\d{4})")
# The unit groups whose codes begin with a zero: as numbers they lose it, and no other code has three digits.
ARMED_FORCES = frozenset(["110", "210", "310"])

IRI_REPAIR = "IRI written with https, capitals or a slash at its end made ESCO's"
LABEL_REPAIR = "label freed of invisible characters, or of blanks and commas around it"
ISCO_REPAIR = "ISCO code that lost its zero restored"
NACE_REPAIR = "NACE code made an IRI"


def error(member: Member, line: int, what: str, remedy: str = "Use the official ESCO CSV file.") -> SourceError:
    """A cell that cannot be used."""
    return SourceError(f"{member.name}, line {line}: {what}", remedy)


def iri(text: str, member: Member, line: int, repairs: Counter[str] | None = None) -> NamedNode:
    """A cell as an IRI, ESCO's in the one form that ESCO gives it. Raises SourceError when it is none."""
    text = text.strip()
    if not text.startswith(("http://", "https://")):
        raise error(member, line, f"'{text[:80]}' is not an IRI.")
    if (text.startswith("https") or text.endswith("/")) and (match := _HOST.match(text)):
        host = match[0].lower().replace("https://", "http://").replace("//www.", "//")
        text = (host + text[match.end() :]).rstrip("/")
        if repairs is not None:
            repairs[IRI_REPAIR] += 1
    try:
        return NamedNode(text)
    except ValueError as wrong:
        raise error(member, line, f"'{text[:80]}' is not an IRI ({wrong}).", "Use the file as downloaded.") from wrong


def iris(cell: str) -> list[str]:
    """The IRIs of a cell that may hold several."""
    return [part.strip(" ,") for part in LIST_BREAK.split(cell) if part.strip(" ,")]


def labels(cell: str, repairs: Counter[str]) -> list[str]:
    """The labels of a cell, one a line or with bars between them, without blanks and commas around them."""
    texts = []
    for part in _LABEL_BREAK.split(cell):
        if label := part.strip(" ,\t\r"):
            if label != part:
                repairs[LABEL_REPAIR] += 1
            texts.append(label)
    return texts


def one_label(cell: str, repairs: Counter[str]) -> str:
    """The one label of a cell, without blanks around it."""
    if (label := cell.strip()) != cell and label:
        repairs[LABEL_REPAIR] += 1
    return label


def unit_group(text: str, member: Member, line: int, repairs: Counter[str]) -> str:
    """The ISCO-08 unit group of an occupation: four digits, "" for an empty cell."""
    text = text.strip().removeprefix(f"{ESCO_DATA}isco/")
    if not text:
        return ""
    match = _ISCO.fullmatch(text)
    code = match[1] if match else ""
    if code in ARMED_FORCES:
        repairs[ISCO_REPAIR] += 1
        return f"0{code}"
    if len(code) != 4:
        raise error(
            member, line, f"'{text[:40]}' is not the code of an ISCO-08 unit group, which has four digits.",
            "Write it as text, so that a spreadsheet does not change it: 0110, 2621.",
        )  # fmt: skip
    return code


def esco_code(text: str, group: str, member: Member, line: int, repairs: Counter[str]) -> str:
    """The code of an occupation, such as 2166.6; "" for an empty cell. `group` is its unit group, where known."""
    text = text.strip()
    if not text:
        return ""
    match = _ESCO_CODE.fullmatch(text)
    if match and match[1] in ARMED_FORCES:
        repairs[ISCO_REPAIR] += 1
        text = f"0{text}"
    elif not match or len(match[1]) != 4:
        raise error(
            member, line, f"'{text[:40]}' is not the code of an occupation.",
            "Write codes as text, so that a spreadsheet does not change them: 2166.6.",
        )  # fmt: skip
    if group and not text.startswith(group):
        repairs["codes that stand outside their unit group, kept as written"] += 1  # v1.2.1 itself has such
    return text


def isco_code(concept: NamedNode, text: str, repairs: Counter[str]) -> str:
    """The code of an ISCO group: that of its IRI, whatever became of the cell; else the cell's."""
    text = text.strip()
    prefix = f"{ESCO_DATA}isco/C"
    if not concept.value.startswith(prefix):
        return text
    code = concept.value.removeprefix(prefix)
    if text and text != code:
        repairs["ISCO code taken from the IRI of its group"] += 1
    return code


def nace_codes(cell: str, member: Member, line: int, repairs: Counter[str]) -> list[NamedNode]:
    """The NACE codes of a cell: IRIs, or codes of Rev. 2.1 as they are written. Raises SourceError for a code that lost a digit."""
    codes = []
    for part in _CODE_BREAK.split(cell.strip()):
        if part.startswith("http"):
            codes.append(iri(part.rstrip(","), member, line, repairs))
            tail = codes[-1].value.rpartition("/")[2]
            if not re.fullmatch(r"[A-V]|\d{2,4}", tail):
                raise error(member, line, f"'{part[:80]}' is not the IRI of a NACE code.")
        elif part:
            codes.append(NamedNode(NACE + _nace(part, member, line)))
            repairs[NACE_REPAIR] += 1
    return codes


def _nace(text: str, member: Member, line: int) -> str:
    match = _NACE.fullmatch(text)
    remedy = "Write NACE codes as text, with two digits before the dot: 09.1, 90.31."
    if match is None:
        raise error(member, line, f"'{text[:40]}' is not a NACE code.", remedy)
    if match[2] and len(match[2]) == 1:
        raise error(member, line, f"'{text}': a NACE code has two digits before its dot; did you mean 0{text}?", remedy)
    return match[0].replace(".", "") if not match[2] else match[2] + match[3]
