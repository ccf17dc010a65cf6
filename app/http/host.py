"""Whether the head of a request is one that only one reading fits (RFC 9112)."""

from __future__ import annotations

import re

# A name, an IPv4 or a bracketed IPv6 address, and a port. Of what RFC 3986 allows in a name, what names have.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~\-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")


def head_fault(version: str, headers: list[tuple[bytes, bytes]]) -> str:
    """What is wrong with a head; "" if nothing is."""
    hosts = []
    length = coded = False
    for name, value in headers:
        if name == b"host":
            hosts.append(value)
        elif name == b"content-length":
            if length:  # even with one value: whoever stands before us may count otherwise
                return "The request has more than one Content-Length."
            length = True
        elif name == b"transfer-encoding":
            if version != "1.1" or coded or value.strip().lower() != b"chunked":
                return "The only transfer coding is chunked, once, in HTTP/1.1."
            coded = True
        if b"\n" in value or b"\r" in value:
            return "A header goes over several lines."
    if length and coded:
        return "The request has both Content-Length and Transfer-Encoding."
    if len(hosts) != 1 and (hosts or version == "1.1"):
        return (
            "The request needs one Host header, and has more than one." if hosts else "The request has no Host header."
        )
    if hosts and not _HOST.fullmatch(hosts[0]):
        return "The Host header names no host."
    return ""
