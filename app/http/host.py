"""Whether the head of a request has one reading only (RFC 9112): one Host, one way to know where the body ends.

llhttp, below httptools, refuses the rest itself: lines that go on in the next, Content-Length beside Transfer-Encoding or
twice, spaces before a colon, bare line feeds, control characters.
"""

from __future__ import annotations

import re

# A name, an IPv4 or a bracketed IPv6 address, and a port. Of what RFC 3986 allows in a name, what names have.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~\-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")


def head_error(version: str, headers: list[tuple[bytes, bytes]]) -> str:
    """What is wrong with a head; "" if nothing is."""
    if version != "1.1" and version != "1.0":
        return "The service speaks HTTP/1.1."
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if hosts > 1:
        return "The request has more than one Host header."
    if hosts:
        if not _HOST.fullmatch(headers[names.index(b"host")][1]):
            return "The Host header names no host."
    elif version == "1.1":
        return "The request has no Host header."
    if b"transfer-encoding" in names:
        coding = headers[names.index(b"transfer-encoding")][1]
        if version != "1.1" or coding.strip().lower() != b"chunked":
            return "The only transfer coding is chunked, in HTTP/1.1."
    return ""
