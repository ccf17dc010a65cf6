"""Which representation a client wants: media types and codings by RFC 9110, section 12.5, the same for every room."""

from __future__ import annotations

from collections.abc import Sequence

Offer = tuple[str, str]  # name, media type


def best_of(accept: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer that an Accept header wants most; "" accepts everything. None where nothing is acceptable."""
    return best(ranges(accept), offers)


def ranges(accept: str) -> list[tuple[str, float]]:
    """The media ranges of an Accept header with their quality; "" accepts everything."""
    accepted = []
    for part in accept.split(","):
        media_range, *parameters = (item.strip().lower() for item in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if media_range and 0 <= quality <= 1:
            accepted.append((media_range, quality))
    return accepted or [("*/*", 1.0)]


def best(wanted: list[tuple[str, float]], offers: Sequence[Offer]) -> Offer | None:
    """The offer of the highest quality, the first of equals; the most specific range decides each one's quality."""
    chosen, best_quality = None, 0.0
    for offer in offers:
        media_type = offer[1]
        group = media_type.partition("/")[0] + "/*"
        quality, rank = 0.0, 0
        for media_range, given in wanted:
            specific = (
                3 if media_range == media_type else 2 if media_range == group else 1 if media_range == "*/*" else 0
            )
            if specific > rank or (specific == rank and specific and given > quality):
                quality, rank = given, specific
        if quality > best_quality:
            chosen, best_quality = offer, quality
    return chosen
