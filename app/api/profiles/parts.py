"""What a request names of a role beside its occupations: parts of them, further domains, items that ESCO lacks; and its link."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from analysis.profiles.tables import Recipe
from app.api.lookup import at_most, one_of
from app.errors import BadParameter
from app.request import Context
from ontology import local_name

MOST_PARTS = 10
MOST_ITEMS, ITEM_LENGTH = 50, 200
MOST_BESIDE = 3
# Control characters, line breaks and marks that turn the direction of the text around them: none belongs in a name.
NOT_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")


def parts(
    ctx: Context, occupation: str, keys: Sequence[str], where: str
) -> tuple[tuple[str, ...], frozenset[str] | None]:
    """The parts of an occupation in a fixed order, with their skills; None for all of it.

    A part is a cluster by its identifier, or what stands under a group of ESCO's skills by the code of that group. Raises
    BadParameter for what is neither, and where the parts hold no skill that the occupation asks for.
    """
    if not keys:
        return (), None
    if len(keys) > MOST_PARTS:
        raise BadParameter(f"{where}: at most {MOST_PARTS} parts, not {len(keys)}.", field=where, maximum=MOST_PARTS)
    skills: set[str] = set()
    for key in keys:
        part = ctx.catalogue.profiles.part(key, ctx.catalogue, ctx.catalogue.analysis)
        if part is None:
            raise BadParameter(
                f"{where}: '{key[:60]}' is neither a cluster of this release nor a group of ESCO's skills.", field=where
            )
        skills |= part
    needs = ctx.catalogue.profiles.tables.occupations[occupation]
    if skills.isdisjoint({*needs.essential, *needs.optional}):
        raise BadParameter(f"{where}: the occupation asks for no skill of these parts.", field=where, uri=occupation)
    return tuple(sorted(set(keys))), frozenset(skills)


def items(texts: Sequence[str], where: str) -> tuple[str, ...]:
    """The items that ESCO lacks, each once and in their order. Raises BadParameter."""
    at_most(where, texts, MOST_ITEMS)
    for text in texts:
        if not text.strip() or len(text) > ITEM_LENGTH or NOT_IN_NAMES.search(text):
            raise BadParameter(f"{where}: an item is one line of 1 to {ITEM_LENGTH} characters.", field=where)
    return tuple(dict.fromkeys(" ".join(text.split()) for text in texts))


def beside(domain: str, others: Sequence[str], known: Sequence[str], where: str) -> tuple[str, ...]:
    """The further domains, each once. Raises BadParameter."""
    if others and not domain:
        raise BadParameter(f"{where}: name the main domain first.", field=where)
    at_most(where, others, MOST_BESIDE)
    for name in others:
        one_of(where, name, known)
    return tuple(d for d in dict.fromkeys(others) if d != domain)


def canonical(recipe: Recipe, weights: dict[str, float], title: str) -> str:
    """The query string for the same profile: parameters in a fixed order, UUIDs for IRIs, nothing that says nothing."""
    pairs: list[tuple[str, Any]] = []
    if weights:
        alike = len(set(weights.values())) == 1
        for anchor in recipe.anchors:
            text = local_name(anchor.occupation)
            if anchor.parts:
                text += f":{1 if alike else weights[anchor.occupation]:g}:{','.join(anchor.parts)}"
            elif not alike:
                text += f":{weights[anchor.occupation]:g}"
            pairs.append(("anchor", text))
    pairs += [(k, v) for k, v in (("domain", recipe.domain), ("function", recipe.cell.function)) if v]
    pairs += [("beside", d) for d in recipe.beside]
    pairs += [("section", s) for s in recipe.sections]
    for name, limit in sorted(recipe.limits.items()):
        low, high = ("" if v is None else v for v in (limit.minimum, limit.maximum))
        pairs.append(("bounds", f"{name}:{low}..{high}"))
    if recipe.maximum:
        pairs.append(("maximum", recipe.maximum))
    pairs += [("add", f"{section}:{local_name(iri)}" if section else local_name(iri)) for iri, section in recipe.add]
    pairs += [("drop", local_name(iri)) for iri in sorted(recipe.drop)]
    pairs += [("item", text) for text in recipe.items]
    if title:
        pairs.append(("title", title))
    return urlencode(pairs, safe=":,/")
