"""Texts of a document, each with the language that it is in where that is not the document's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
UNMARKED = ("und", "mul", "zxx")  # a language that nobody said, or none


def said(texts: dict[str, str], language: str) -> Json:
    """A text, with the tag of its language where it is another than the document's."""
    tag, text = next(iter(texts.items()), ("", ""))
    for wanted in ("en", language):
        if wanted in texts:
            tag, text = wanted, texts[wanted]
    return {"text": text, "tag": "" if tag in ("", language, *UNMARKED) else tag, "quiet": False}


def texts(value: Any) -> Iterator[Json]:
    """Every text in a sheet, wherever it stands."""
    if isinstance(value, dict):
        if value.keys() == {"text", "tag", "quiet"}:
            yield value
        else:
            for part in value.values():
                yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def hush(kind: list[Json]) -> str:
    """Where all texts of a kind stand in one other language, mark none of them; the tag of that language, else "".

    One sentence then says for all of them what a mark behind each would say a hundred times.
    """
    tags = {t["tag"] for t in kind if t["text"]}
    if len(tags) != 1 or "" in tags:
        return ""
    for text in kind:
        text["quiet"] = True
    return str(tags.pop())
