"""A request of the SPARQL 1.1 Protocol, read and checked; and the headers that every answer carries."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from app.errors import BadRequest, MediaTypeRefused, MethodRefused, NotReady, RequestTimeout, TooLarge, UpdateRefused
from app.http import coding_of
from app.http.clients import client_of
from app.settings import Limits
from app.sparql.result_formats import Choice, by_name, negotiate
from ontology import VOCABULARIES

Page = Callable[[Request], Awaitable[Response]]

PATH = "/sparql"
PATHS = {PATH: "", PATH + "/": "", **{f"{PATH}/{name}": name for name in VOCABULARIES}}  # and the vocabulary of each
METHODS = "GET, HEAD, POST, OPTIONS"
_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"
_ENCODINGS = frozenset(["", "utf-8", "utf8", "us-ascii"])
_FORM_ROOM = 16 * 1024  # of a form, beside the query: names, graph parameters
_HOST = re.compile(r"[A-Za-z0-9.\-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")

_EXPOSED = "etag, retry-after, ccsi-limits"
CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": _EXPOSED}
PREFLIGHT = {
    **CORS,
    "allow": METHODS,
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": "accept, accept-language, content-type, if-match, if-none-match",
    "access-control-max-age": "86400",
}


class ClientGone(Exception):
    """The client hung up; there is nobody to answer."""


class SparqlRequest(NamedTuple):
    """What a client asks for. Without a query, the service description."""

    query: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    choice: Choice
    head: bool
    none_match: str
    client: str
    endpoint: str
    coding: str
    """gzip, zstd, or "" for an answer as it is."""
    vocabulary: str = ""
    """The vocabulary whose address is asked, which fixes the dataset; "" for the endpoint of everything."""

    @property
    def has_dataset(self) -> bool:
        """Whether the request names the dataset; it then replaces the query's own."""
        return bool(self.default_graphs or self.named_graphs)


async def read(scope: Scope, receive: Receive, limits: Limits, public_url: str) -> SparqlRequest:
    """Read one request. Raises a Problem for what the protocol does not allow, ClientGone when nobody is there."""
    method = scope["method"]
    if method not in {"GET", "HEAD", "POST"}:
        raise MethodRefused(f"The endpoint has the methods {METHODS}.", headers={"allow": METHODS})
    headers, fields = _headers(scope), _target_fields(scope, limits)
    if method == "POST":
        kind, encoding = _content_type(headers.get("content-type", ""))
        if kind == _UPDATE:
            raise UpdateRefused("This endpoint answers queries only; it takes no SPARQL updates.")
        if kind not in {_FORM, _QUERY}:
            raise MediaTypeRefused(
                f"Send a query as {_QUERY} or {_FORM}.", headers={"accept-post": f"{_QUERY}, {_FORM}"}
            )
        if encoding not in _ENCODINGS or headers.get("content-encoding", "identity") != "identity":
            raise MediaTypeRefused("Send the query in UTF-8 and not compressed.")
        room = limits.sparql_text if kind == _QUERY else 3 * limits.sparql_text + _FORM_ROOM
        try:
            async with asyncio.timeout(limits.sparql_send_seconds):
                body = await _body(receive, headers, room, limits)
        except TimeoutError:
            detail = f"The query was not complete after {limits.sparql_send_seconds:g} seconds."
            raise RequestTimeout(detail, headers={"connection": "close"}) from None
        if kind == _FORM:
            fields += _fields(body, "form", limits)
        else:
            fields.append(("query", _decoded(body)))
    return _asked(scope, headers, fields, limits, public_url)


def read_get(scope: Scope, limits: Limits, public_url: str) -> SparqlRequest:
    """Read a GET, of which nothing more is to come. Raises a Problem for what the protocol does not allow."""
    return _asked(scope, _headers(scope), _target_fields(scope, limits), limits, public_url)


def _asked(
    scope: Scope, headers: dict[str, str], fields: list[tuple[str, str]], limits: Limits, public_url: str
) -> SparqlRequest:
    method = scope["method"]
    given: dict[str, list[str]] = {}
    for key, value in fields:
        given.setdefault(key, []).append(value)
    if "update" in given:
        raise UpdateRefused("This endpoint answers queries only; it takes no SPARQL updates.")
    queries = given.get("query", [])
    if len(queries) > 1:
        raise BadRequest("The request has more than one query.")
    default, named = given.get("default-graph-uri", ()), given.get("named-graph-uri", ())
    if len(default) + len(named) > limits.sparql_graphs:
        raise BadRequest(
            f"A request may name {limits.sparql_graphs} graphs.", limit="sparql_graphs", value=limits.sparql_graphs
        )
    if not queries and (method == "POST" or default or named):
        raise BadRequest("The request has no query.")
    if queries and len(queries[0].encode()) > limits.sparql_text:
        raise TooLarge(f"A query may have {limits.sparql_text} bytes.", limit="sparql_text", value=limits.sparql_text)
    choice = negotiate(headers.get("accept", ""))
    if formats := given.get("format"):
        # Clients such as SPARQLWrapper name the same format several times, in words that not every server knows.
        if (chosen := next(filter(None, map(by_name, formats)), None)) is None:
            raise BadRequest("format is one of json, xml, csv, tsv, ttl, nt, rdf, jsonld, trig, nq.")
        choice = chosen
    return SparqlRequest(
        query=queries[0] if queries else None,
        default_graphs=tuple(default), named_graphs=tuple(named), choice=choice, head=method == "HEAD",
        none_match=headers.get("if-none-match", "") if method != "POST" else "",
        client=client_of(scope), endpoint=endpoint_of(scope, headers, public_url),
        coding=coding_of(headers.get("accept-encoding", "")), vocabulary=PATHS.get(scope["path"], ""),
    )  # fmt: skip


def within(asked: SparqlRequest, graphs: list[str]) -> SparqlRequest:
    """The same of the graphs of its vocabulary, if it has one, as one default graph. Raises BadRequest, NotReady."""
    if not asked.vocabulary:
        return asked
    if asked.has_dataset:
        raise BadRequest(f"The dataset of this address is the vocabulary '{asked.vocabulary}'; name graphs at {PATH}.")
    starts = VOCABULARIES[asked.vocabulary]
    covered = tuple(g for g in graphs if any(g == s or (s.endswith("/") and g.startswith(s)) for s in starts))
    if not covered:
        raise NotReady("No release is published yet.", headers={"retry-after": "5"})
    return asked._replace(default_graphs=covered)


def endpoint_of(scope: Scope, headers: dict[str, str], public_url: str) -> str:
    """The URL of the endpoint as clients see it, and the base of relative IRIs in their queries."""
    vocabulary = PATHS.get(scope["path"])
    path = f"{PATH}/{vocabulary}" if vocabulary else PATH
    if public_url:
        return public_url.rstrip("/") + path
    host = _host(headers.get("host", ""))
    return f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '')}{path}"


@lru_cache(maxsize=64)
def _host(given: str) -> str:
    return given if _HOST.fullmatch(given) else "localhost"


def limits_header(limits: Limits) -> str:
    """The limits of one query, as a structured field."""
    return (
        f"seconds={limits.sparql_seconds:g}, rows={limits.sparql_rows}, bytes={limits.sparql_bytes}, "
        f"memory={limits.sparql_memory}, text={limits.sparql_text}"
    )


_READ = {
    name.encode(): name
    for name in (
        "host", "accept", "accept-encoding", "if-none-match", "content-type", "content-encoding", "content-length",
    )
}  # fmt: skip


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        if key := _READ.get(name):
            text = value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _content_type(value: str) -> tuple[str, str]:
    kind, *parameters = (part.strip() for part in value.split(";"))
    for parameter in parameters:
        key, _, text = parameter.partition("=")
        if key.strip().lower() == "charset":
            return kind.lower(), text.strip().strip('"').lower()
    return kind.lower(), ""


async def _body(receive: Receive, headers: dict[str, str], room: int, limits: Limits) -> bytes:
    """The request body, no more of it than a query may have."""
    too_large = TooLarge(
        f"A query may have {limits.sparql_text} bytes.", limit="sparql_text", value=limits.sparql_text,
        headers={"connection": "close"},
    )  # fmt: skip
    if (length := headers.get("content-length", "")).isdecimal() and int(length[:20]) > room:
        raise too_large
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > room:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)


def _target_fields(scope: Scope, limits: Limits) -> list[tuple[str, str]]:
    if len(scope["query_string"]) > 3 * limits.sparql_text + _FORM_ROOM:
        raise TooLarge(f"A query may have {limits.sparql_text} bytes.", limit="sparql_text", value=limits.sparql_text)
    return _fields(scope["query_string"], "request target", limits)


def _fields(encoded: bytes, where: str, limits: Limits) -> list[tuple[str, str]]:
    if encoded.count(b"&") > limits.sparql_graphs + 50:
        raise BadRequest(f"The {where} has too many parameters.")
    pairs = (pair.partition(b"=") for pair in encoded.split(b"&") if pair)
    try:
        return [(_unquoted(name, where), _unquoted(value, where)) for name, _, value in pairs]
    except UnicodeDecodeError:
        raise BadRequest(f"The {where} is not UTF-8.") from None


def _unquoted(text: bytes, where: str) -> str:
    """Percent-decoded. What the standard library does in Python for each sign, 12 ms for 20,000, a codec of it does in 1."""
    if b"%" not in text:
        return text.replace(b"+", b" ").decode("utf-8")
    escaped = text.replace(b"+", b" ").replace(b"\\", b"%5C").replace(b"%", b"\\x")
    try:
        whole = escaped.decode("unicode_escape").encode("latin-1")
    except UnicodeDecodeError:
        raise BadRequest(
            f"The {where} has a percent sign before what is no byte; write %25 for the sign itself."
        ) from None
    return whole.decode("utf-8")


def _decoded(query: bytes) -> str:
    try:
        return query.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The query is not UTF-8.") from None
