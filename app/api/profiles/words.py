"""The words of the guidelines as answers give them."""

from __future__ import annotations

from app.api.views import chosen
from app.request import Context


def words(ctx: Context, iri: str, kind: str) -> dict[str, str]:
    """A text of the guidelines in the language asked for, else in English."""
    texts = ctx.catalogue.profiles.words.get(iri, {}).get(kind, {})
    return chosen(texts, ctx)
