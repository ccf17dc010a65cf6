"""What a client wants, by RFC 9110, section 12.5, the same for every room: media types, languages, codings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
Offer = tuple[str, str]  # name, media type


@lru_cache(256)
def best_of(accept: str, offers: tuple[Offer, ...]) -> Offer | None:
    """The offer that an Accept header wants most; "" accepts everything. None where nothing is acceptable."""
    return best(ranges(accept), offers)


def ranges(accept: str) -> list[tuple[str, float]]:
    """The members of an Accept header with their quality, in small letters; "" accepts everything.

    Of their other parameters only `profile` (RFC 6906) tells representations apart. Languages and codings are written alike.
    """
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
            elif key.strip() == "profile":
                media_range += f";profile={value.strip()}"
        if media_range and 0 <= quality <= 1:
            accepted.append((media_range, quality))
    return accepted or [("*/*", 1.0)]


def accepted(accept_language: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first."""
    wanted = [(tag, quality) for tag, quality in ranges(accept_language[:500]) if quality > 0 and TAG.fullmatch(tag)]
    return [tag for tag, _ in sorted(wanted, key=lambda entry: -entry[1])]


@lru_cache(256)
def coding_of(accept_encoding: str) -> str:
    """The content coding that an Accept-Encoding header wants most, the cheaper of equals; "" for an answer as it is."""
    offered = dict(ranges(accept_encoding))
    most = max(("zstd", "gzip"), key=lambda name: offered.get(name, 0.0))
    return most if offered.get(most, 0.0) > 0 else ""


def best(wanted: list[tuple[str, float]], offers: Sequence[Offer]) -> Offer | None:
    """The offer of the highest quality, the first of equals; the most specific range decides each one's quality.

    A profile that is asked for by name is wanted more than the type alone, which the range names as well.
    """
    chosen, best_quality = None, (0.0, False)
    for offer in offers:
        media_type = offer[1]
        group = media_type.partition("/")[0] + "/*"
        quality, rank = 0.0, 0
        for media_range, given in wanted:
            if media_range == media_type:
                specific = 4
            elif media_range.partition(";")[0] == media_type:
                specific = 3
            else:
                specific = {group: 2, "*/*": 1}.get(media_range, 0)
            if specific > rank or (specific == rank and specific and given > quality):
                quality, rank = given, specific
        wanted_so = (quality, rank == 4 and ";" in media_type)
        if quality and wanted_so > best_quality:
            chosen, best_quality = offer, wanted_so
    return chosen
