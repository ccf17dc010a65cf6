"""A profile as people read it: what HTML, PDF, Markdown and workbook have in common, laid out but not yet drawn.

Every text has the tag of its language where that is not the document's own, so that whatever stands in for a missing
translation can be marked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, TypedDict

UNMARKED = ("und", "mul", "zxx")  # a language that nobody said, or none


class Text(TypedDict):
    """A text; quiet where one sentence says for all texts of its kind which language they are in."""

    text: str
    tag: str
    quiet: bool


class Described(TypedDict):
    """An anchor in ESCO's words."""

    label: Text
    description: Text
    scopeNote: Text
    names: Text


class Tasks(TypedDict):
    """The tasks of a unit group, in one language."""

    label: Text
    code: str
    tag: str
    items: list[str]


class Fact(TypedDict):
    """What is known of the role in a few words, with its name."""

    name: str
    texts: list[Text]
    note: str


class AnchorRow(TypedDict):
    """An occupation that the profile is composed from."""

    label: Text
    code: str
    isco: Text | None
    iscoCode: str
    nace: str
    weight: str
    parts: str
    uri: str


class SkillRow(TypedDict):
    """A skill as a line."""

    label: Text
    uri: str
    type: str
    relation: str
    share: str
    quotient: str
    repeat: Text | None


class SkillGroup(TypedDict):
    """Skills that stand together; `other` is the rest of a section that has groups."""

    label: Text | None
    other: bool
    skills: list[SkillRow]


class Section(TypedDict):
    """A section with its skills."""

    id: str
    label: Text
    count: int
    groups: list[SkillGroup]


class GapRow(TypedDict):
    """What ESCO lacks, and who says so."""

    label: Text
    definition: Text
    sources: str


class RuleRow(TypedDict):
    """A rule in words."""

    id: str
    definition: Text


class Sheet(TypedDict):
    """The whole profile in one language."""

    language: str
    direction: str
    words: dict[str, str]
    title: Text
    statement: Text
    headings: dict[str, Text]
    domain: Text
    functions: list[Text]
    charterFunctions: list[Text]
    single: bool
    occupations: list[Described]
    tasks: list[Tasks]
    facts: list[Fact]
    legend: list[list[str]]
    items: list[str]
    anchors: list[AnchorRow]
    sections: list[Section]
    gaps: list[GapRow]
    notes: list[str]
    leftOut: int
    rules: list[RuleRow]
    made: str
    attribution: str
    self: str
    unsaid: list[str]
    standIns: list[str]


@cache
def all_words() -> dict[str, dict[str, str]]:
    """What documents themselves say, by language."""
    return tomllib.loads((files("app.documents") / "words.toml").read_text(encoding="utf-8"))


def said(texts: dict[str, str], language: str) -> Text:
    """A text, with the tag of its language where it is another than the document's."""
    tag, text = next(iter(texts.items()), ("", ""))
    for wanted in ("en", language):
        if wanted in texts:
            tag, text = wanted, texts[wanted]
    return {"text": text, "tag": "" if tag in ("", language, *UNMARKED) else tag, "quiet": False}


def texts(value: Any) -> Iterator[Text]:
    """Every text in a sheet, wherever it stands."""
    if isinstance(value, dict) and value.keys() == {"text", "tag", "quiet"}:
        yield value  # type: ignore[misc]
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def hush(kind: list[Text]) -> str:
    """Where all texts of a kind stand in one other language, mark none of them; the tag of that language, else "".

    One sentence then says for all of them what a mark behind each would say a hundred times.
    """
    tags = {t["tag"] for t in kind if t["text"]}
    if len(tags) != 1 or "" in tags:
        return ""
    for text in kind:
        text["quiet"] = True
    return tags.pop()
