"""A profile as Markdown (CommonMark with tables): for wikis and repositories, and to be edited by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.documents.sheet import Sheet, SkillRow, Text

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def profile_markdown(sheet: Sheet) -> str:
    """The whole document; every text is escaped, and one that stands in for another language carries its tag."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    words, headings = sheet["words"], sheet["headings"]
    yield f"# {_said(sheet['title'])}\n"
    yield f"{_said(sheet['statement'])}\n"
    if sheet["standIns"]:
        yield f"*{_plain(words['fallback'].replace('{tag}', ', '.join(sheet['standIns'])))}*\n"
    yield from (f"*{_plain(line)}*\n" for line in sheet["unsaid"])
    for scheme, functions in (("", sheet["functions"]), ("CHARTER: ", sheet["charterFunctions"])):
        if functions:
            yield f"{_said(headings['functions'])} – {scheme}{', '.join(map(_said, functions))}\n"
    yield from _role(sheet)
    yield f"## {_said(headings['anchors'])}\n"
    yield from _table(
        ("ESCO", "", "ISCO-08", "NACE", words["weight"]),
        [
            (
                f"[{_said(a['label'])}]({a['uri']})" + (f" ({_plain(a['parts'])})" if a["parts"] else ""), a["code"],
                f"{a['iscoCode']} {_said(a['isco'])}" if a["isco"] else "", a["nace"], a["weight"],
            )
            for a in sheet["anchors"]
        ],
    )  # fmt: skip
    for section in sheet["sections"]:
        yield f"## {_said(section['label'])} ({section['count']})\n"
        for group in section["groups"]:
            if group["label"]:
                yield f"### {_said(group['label'])}\n"
            elif group["other"] and len(section["groups"]) > 1:
                yield f"### {_plain(words['ungrouped'])}\n"
            figures = [words["specialisation"]] if sheet["single"] else [words["share"], words["specialisation"]]
            lines = [_skill(s, words, sheet["single"]) for s in group["skills"]]
            yield from _table(("", "", words["relation"], *figures), lines)
    if sheet["items"]:
        yield f"## {_plain(words['items'])}\n"
        yield f"{_plain(words['items-note'])}\n"
        yield from (f"- {_plain(text)}" for text in sheet["items"])
        yield ""
    if sheet["gaps"]:
        yield f"## {_said(headings['gaps'])}\n"
        for gap in sheet["gaps"]:
            source = f" ({_plain(words['sources'])}: {_plain(gap['sources'])})" if gap["sources"] else ""
            yield f"- **{_said(gap['label'])}**: {_said(gap['definition'])}{source}"
        yield ""
    if sheet["notes"] or sheet["leftOut"]:
        yield f"## {_plain(words['notes'])}\n"
        yield from (f"- {_plain(note)}" for note in sheet["notes"])
        if sheet["leftOut"]:
            yield f"- {sheet['leftOut']} {_plain(words['left-out'])}"
        yield ""
    yield f"## {_plain(words['legend'])}\n"
    yield from (f"- {_plain(term)}: {_plain(meaning)}" for term, meaning in sheet["legend"])
    yield ""
    yield f"## {_said(headings['provenance'])}\n"
    yield f"{_plain(sheet['made'])} <{sheet['self']}>\n"
    yield f"### {_plain(words['rules'])}\n"
    yield from (f"- `{rule['id']}`: {_said(rule['definition'])}" for rule in sheet["rules"])
    yield f"\n{_plain(sheet['attribution'])}"


def _role(sheet: Sheet) -> Iterator[str]:
    """What the role is, in ESCO's words and in ISCO's tasks, and what is known of it in short."""
    words = sheet["words"]
    for item in sheet["occupations"]:
        if len(sheet["occupations"]) > 1:
            yield f"**{_said(item['label'])}**\n"
        if item["description"]["text"]:
            yield f"{_said(item['description'])}\n"
        for name, text in (("names", item["names"]), ("scope", item["scopeNote"])):
            if text["text"]:
                yield f"{_plain(words[name])}: {_said(text)}\n"
    for unit in sheet["tasks"]:
        tag = rf" \[{unit['tag']}\]" if unit["tag"] else ""
        yield f"## {_plain(words['tasks'])}: {_said(unit['label'])}{tag}\n"
        yield f"{_plain(words['tasks-note'].replace('{code}', unit['code']))}\n"
        yield from (f"- {_plain(task)}" for task in unit["items"])
        yield ""
    for fact in sheet["facts"]:
        texts = " · ".join(map(_said, fact["texts"]))
        yield f"- **{_plain(fact['name'])}**: {' – '.join(filter(None, (texts, _plain(fact['note']))))}"
    yield ""


def _skill(skill: SkillRow, words: dict[str, str], single: bool) -> tuple[str, ...]:
    repeat = f" {_plain(words['repeat'])} {_said(skill['repeat'])}" if skill["repeat"] else ""
    return (
        f"[{_said(skill['label'])}]({skill['uri']}){repeat}", _plain(words[skill["type"]]), _plain(words[skill["relation"]]),
        *(() if single else (skill["share"],)), skill["quotient"],
    )  # fmt: skip


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_plain, head))} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _said(text: Text) -> str:
    return _plain(text["text"]) + (rf" \[{text['tag']}\]" if text["tag"] and not text["quiet"] else "")


def _plain(text: str) -> str:
    """The text with what Markdown would read as markup escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
