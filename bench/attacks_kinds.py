"""The attacks: what one connection does again and again while an attack lasts.

Each is a coroutine ``step(client, world, n)`` with a number of its own, so that no two ask for the same. What an attack
says about its connections (how many an address, how they read) stands in its row of ATTACKS.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from bench.attacks_client import Broken, Client, get, post
from bench.attacks_measure import LIVE
from bench.hostile_set import queries

TRIPLES = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i ."
PROFILE_SUFFIXES = ("pdf", "xlsx", "html", "elm", "pdf", "ttl")
DROP = json.dumps({"drop": [1] * 490_000}).replace(" ", "").encode()


@dataclass
class World:
    """What the service holds, and what it was found to allow."""

    domains: list[str]
    profiles: list[str]
    occupations: list[str]
    skills: list[str]
    dumps: list[str] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)  # format -> most rows of a list of profiles

    def __post_init__(self) -> None:
        self.hostile = list(queries(9).values())  # nothing listens on that port


Step = Callable[[Client, World, int], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """An attack: its step, its connections for each address, and the bytes that a connection takes unread (0: many)."""

    step: Step
    connections: int
    what: str
    receive_buffer: int = 0


def _tag(n: int) -> str:
    """A language tag that nobody has used, and that means English."""
    return f"en-x-{n:x}"


async def formats(client: Client, world: World, n: int) -> None:
    kind = ("turtle", "csv", "jsonld")[n % 3]
    rows = world.limits.setdefault(kind, 500)
    status = await client.ask(get(f"/api/v1/profiles?format={kind}&limit={rows}&language={_tag(n)}"), 60)
    if status in (400, 413, 422) and rows > 1:  # the largest that is allowed is as good
        world.limits[kind] = rows // 2


async def pictures(client: Client, world: World, n: int) -> None:
    domain, kind = world.domains[n % len(world.domains)], ("svg", "png")[n // 5 % 2]
    paths = (
        f"domains/{domain}/clusters",
        f"domains/{domain}/transversal",
        "scope",
        "domains/overlap",
        f"domains/{domain}/clusters",
    )
    await client.ask(get(f"/api/v1/{paths[n % 5]}.{kind}?language={_tag(n)}"), 60)


async def documents(client: Client, world: World, n: int) -> None:
    profile, suffix = world.profiles[n % len(world.profiles)], PROFILE_SUFFIXES[n % len(PROFILE_SUFFIXES)]
    await client.ask(get(f"/api/v1/profiles/{profile}.{suffix}?language={_tag(n)}"), 60)


async def comparisons(client: Client, world: World, n: int) -> None:
    chance = random.Random(n)
    if n % 3 == 0:
        ids = ",".join(chance.sample(world.domains, len(world.domains)))
        kind = ("json", "csv", "turtle")[n // 3 % 3]
        await client.ask(get(f"/api/v1/domains/compare?ids={ids}&format={kind}&language={_tag(n)}"), 60)
        return
    sought = {"skills": chance.sample(world.skills, min(1000, len(world.skills)))}
    others = [{"profile": chance.choice(world.profiles)} for _ in range(100)]
    body = {"from": sought, "to": others} if n % 3 == 1 else {"from": sought, "among": "all"}
    await client.ask(post("/api/v1/profiles/compare?limit=500", json.dumps(body).encode()), 60)


async def compositions(client: Client, world: World, n: int) -> None:
    chance = random.Random(n)

    def some(of: list[str], most: int) -> list[str]:
        return chance.sample(of, min(most, len(of)))

    skills = some(world.skills, 200)
    body = {
        "anchors": some(world.occupations, 20), "add": skills[:100], "drop": skills[100:], "title": f"attack {n}",
        "maximum": 1000,
    }  # fmt: skip
    kind = ("json", "turtle", "pdf", "xlsx", "html")[n % 5]
    await client.ask(post(f"/api/v1/profiles/compose?format={kind}", json.dumps(body).encode()), 60)


async def wrong_json(client: Client, _: World, n: int) -> None:
    await client.ask(post(f"/api/v1/profiles/compose?language={_tag(n)}", DROP), 60)


async def surrogates(client: Client, _: World, n: int) -> None:
    path, body = (
        ("compose", b'{"domain":"\\udfff"}'),
        ("compose", b'{"\\ud800":[1]}'),
        ("compare", b'{"from":{"skills":["\\udfff"]},"to":[{"profile":"\\ud800"}]}'),
        ("compose", b'{"title":"\\udc00","domain":"heritage"}'),
    )[n % 4]
    await client.ask(post(f"/api/v1/profiles/{path}", body))


def _large(world: World, n: int) -> str:
    domain = world.domains[n % len(world.domains)]
    return (
        f"/api/v1/domains/{domain}/skills?limit=500", "/api/v1/profiles?limit=500", "/api/v1/occupations?limit=500",
        f"/api/v1/profiles?format=csv&limit=500&domain={domain}",
    )[n % 4]  # fmt: skip


async def unread_lists(client: Client, world: World, n: int) -> None:
    """Ask for twenty large answers at once and take none of them."""
    _, writer = await client.connect()
    for k in range(20):
        client.tally.requests += 1
        writer.write(get(_large(world, n + k), "Accept-Encoding: identity"))
    await asyncio.sleep(60)


async def unread_dumps(client: Client, world: World, n: int) -> None:
    _, writer = await client.connect()
    client.tally.requests += 1
    writer.write(get(f"/dumps/{world.dumps[n % len(world.dumps)]}"))
    await asyncio.sleep(60)


def _everything(n: int) -> str:
    return f"SELECT * {{ ?s ?p ?o }} OFFSET {n % 100_000} LIMIT 200000"


async def drops(client: Client, world: World, n: int) -> None:
    """Take one byte a second of a list, a download or an answer of /sparql."""
    dump = world.dumps[n % len(world.dumps)]
    target = (_large(world, n), f"/dumps/{dump}", "/sparql?query=" + quote(_everything(n)))[n % 3]
    reader, writer = await client.connect()
    client.tally.requests += 1
    writer.write(get(target, "Accept-Encoding: identity"))
    while await reader.read(1):
        await asyncio.sleep(1)
    raise Broken("closed")


async def spool(client: Client, _: World, n: int) -> None:
    """Ask for the largest answers of /sparql and take them at 16 KB a second."""
    reader, writer = await client.connect()
    client.tally.requests += 1
    writer.write(get("/sparql?query=" + quote(_everything(n)), "Accept: text/csv", "Accept-Encoding: identity"))
    while await reader.read(4096):
        await asyncio.sleep(0.25)
    raise Broken("closed")


async def slow_heads(client: Client, _: World, n: int) -> None:
    reader, writer = await client.connect()
    client.tally.requests += 1
    for byte in get(LIVE, f"X-Request-ID: slow-{n:08}"):
        writer.write(bytes([byte]))
        await writer.drain()
        if reader.at_eof():
            raise Broken("closed")
        await asyncio.sleep(0.5)


async def slow_bodies(client: Client, _: World, n: int) -> None:
    """Send all of a large body but its end at once, the rest a byte a second."""
    reader, writer = await client.connect()
    client.tally.requests += 1
    request = post(f"/api/v1/profiles/compose?language={_tag(n)}", DROP)
    writer.write(request[:-60])
    for byte in request[-60:]:
        await writer.drain()
        if reader.at_eof():
            raise Broken("closed")
        await asyncio.sleep(1)
        writer.write(bytes([byte]))


async def idle(client: Client, _: World, n: int) -> None:
    """Every second connection has asked something before it falls silent."""
    if n % 2:
        await client.ask(get(LIVE))
    reader, _writer = await client.connect()
    await reader.read(1)
    raise Broken("closed")


async def knocks(client: Client, _: World, n: int) -> None:
    """Come and go, with and without the beginning of a request."""
    _, writer = await client.connect()
    client.tally.requests += 1
    if n % 2:
        writer.write(b"GET / HTTP/1.1\r\nHo")
        await writer.drain()
    client.close()
    await asyncio.sleep(0.005)


def _long(n: int) -> str:
    return (
        f"SELECT (COUNT(*) AS ?n{n}) {{ {TRIPLES} }}",
        f"SELECT DISTINCT ?c ?f ?i {{ {TRIPLES} FILTER(STR(?c) != '{n}') }}",
        f"SELECT * {{ {TRIPLES} }} ORDER BY ?c ?f ?i LIMIT {n % 90 + 5}",
    )[n % 3]


def _sparql(text: str) -> bytes:
    return post("/sparql", urlencode({"query": text}).encode(), "application/x-www-form-urlencoded")


async def sparql_long(client: Client, _: World, n: int) -> None:
    """Long queries, as many as are let in; who is refused waits as long as is asked."""
    if await client.ask(_sparql(_long(n)), 60) in (429, 503):
        await asyncio.sleep(client.retry_after or 0.5)


async def sparql_small(client: Client, _: World, n: int) -> None:
    """Small queries without pause; who is refused waits as long as is asked."""
    if await client.ask(_sparql(f"ASK {{ <http://example.org/attack/{n}> ?p ?o }}"), 60) in (429, 503):
        await asyncio.sleep(client.retry_after or 0.5)


async def sparql_retries(client: Client, _: World, n: int) -> None:
    """Small queries and some long ones, again and again, whatever the answer."""
    await client.ask(_sparql(_long(n) if n % 20 == 0 else f"ASK {{ <http://example.org/retry/{n}> ?p ?o }}"), 60)


async def hostile(client: Client, world: World, n: int) -> None:
    if await client.ask(_sparql(world.hostile[n % len(world.hostile)]), 60) in (429, 503):
        await asyncio.sleep(client.retry_after or 0.5)


async def conditional(client: Client, world: World, n: int) -> None:
    """HEAD and conditional requests, with many validators, for answers that are not kept."""
    tags = "If-None-Match: " + ", ".join(f'"{n:x}-{k}"' for k in range(1500))
    target = f"/api/v1/domains/{world.domains[n % len(world.domains)]}/occupations?limit=500&language={_tag(n // 2)}"
    await client.ask(get(target, tags, method=("HEAD", "GET")[n % 2]))


async def variants(client: Client, world: World, n: int) -> None:
    """The same lists in headers and filters that differ, so that each is made and kept anew."""
    target = (
        _large(world, n // 2), f"/api/v1/domains/{world.domains[n % len(world.domains)]}/skills?limit=500&q={'aeiou'[n % 5]}"
    )[n % 2]  # fmt: skip
    await client.ask(
        get(target, f"Accept-Language: {_tag(n)}, en;q=0.{n % 9 + 1}", f"Accept: application/json, x/{n}"), 60
    )


async def linked(client: Client, world: World, n: int) -> None:
    scheme = quote("http://data.europa.eu/esco/concept-scheme/skills", safe="")
    inverse = quote("http://www.w3.org/2004/02/skos/core#inScheme", safe="")
    thing = quote("http://data.europa.eu/esco/skill/" + world.skills[n % len(world.skills)], safe="")
    target, kind = (
        (f"/.well-known/void?language={_tag(n)}", "text/html"),
        (f"/resource?uri={scheme}&property={inverse}&inverse=true&offset={n % 12_000}", "text/turtle"),
        (f"/resource?uri={thing}&language={_tag(n)}", "text/html"),
        (f"/ns?language={_tag(n)}", "application/ld+json"),
    )[n % 4]
    await client.ask(get(target, f"Accept: {kind}"), 60)


_LINE = f"GET {LIVE} HTTP/1.1\r\n".encode()
MALFORMED = (
    _LINE + b"Host: a\r\nX-Long: " + b"x" * 98_000 + b"\r\n\r\n",
    _LINE + b"\r\n",
    _LINE + b"Host: a\r\nHost: b\r\n\r\n",
    _LINE + b"Host: a\r\n" + b"".join(b"X-%d: 1\r\n" % k for k in range(6000)) + b"\r\n",
    _LINE + b"Host: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /sparql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /docs HTTP/1.1\r\nHost: " + b"\xff" * 300 + b"\r\n\r\n",
)


async def malformed(client: Client, _: World, n: int) -> None:
    try:
        await client.ask(MALFORMED[n % len(MALFORMED)], 5)
    finally:
        client.close()


async def pipelines(client: Client, _: World, n: int) -> None:
    """Thousands of requests in one piece, whose answers are thrown away as they come."""
    reader, writer = await client.connect()
    piece = get(LIVE, f"X-Request-ID: pipe-{n:08}") * 2000
    while True:
        client.tally.requests += 2000
        writer.write(piece)
        await writer.drain()
        while len(await reader.read(1 << 16)) == 1 << 16:
            pass
        if reader.at_eof():
            raise Broken("closed")


async def trailers(client: Client, _: World, n: int) -> None:
    """A body that is over, followed by trailers without end; those of every second connection are one."""
    reader, writer = await client.connect()
    client.tally.requests += 1
    writer.write(_LINE + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ")
    while not reader.at_eof():
        writer.write(b"a" * 65_000 if n % 2 else b"a\r\nX-A: " * 8000)
        await writer.drain()
    raise Broken("closed")


async def trickles(client: Client, _: World, __: int) -> None:
    """Be answered, and go on with the request's body, a byte a second."""
    reader, writer = await client.connect()
    client.tally.requests += 1
    writer.write(_LINE + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not reader.at_eof():
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(1)
    raise Broken("closed")


async def sparql_refused(client: Client, _: World, n: int) -> None:
    """Texts of the largest size that are refused before they come to their turn."""
    body = (b"SELECT * { ?s ?p " + b"1," * 32_000, b"SELECT * { FILTER(?a" + b"<a" * 32_000, b". " * 32_000)[n % 3]
    await client.ask(post("/sparql", body + b"#%d" % n, "application/sparql-query"))


async def static(client: Client, _: World, n: int) -> None:
    """What the attackers of the run beside which an attack is held do: n is not used, the pace is the runner's."""
    await client.ask(get(LIVE, f"X-Request-ID: static-{n:08}"))


ATTACKS = {
    "formats": Attack(formats, 4, "lists of profiles as Turtle, CSV, JSON-LD"),
    "pictures": Attack(pictures, 4, "pictures, each with a language tag of its own"),
    "documents": Attack(documents, 4, "profiles as PDF, Excel and more, each with a language tag of its own"),
    "comparisons": Attack(comparisons, 4, "comparisons of all domains, and of 1,000 skills with 100 profiles or all occupations"),
    "compositions": Attack(compositions, 4, "composed profiles, as large as bodies may ask for"),
    "wrong-json": Attack(wrong_json, 4, "1 MB of wrong JSON"),
    "surrogates": Attack(surrogates, 8, "lone surrogates in JSON"),
    "unread-lists": Attack(unread_lists, 40, "readers that do not read: 20 large lists each", 2048),
    "unread-dumps": Attack(unread_dumps, 40, "readers that do not read: downloads", 2048),
    "drops": Attack(drops, 40, "readers of one byte a second: lists, downloads, SPARQL", 2048),
    "spool": Attack(spool, 8, "SPARQL answers of 20 MB, taken at 16 KB a second", 4096),
    "slow-heads": Attack(slow_heads, 200, "heads sent a byte each half second"),
    "slow-bodies": Attack(slow_bodies, 40, "bodies of 1 MB whose end does not come"),
    "idle": Attack(idle, 500, "idle connections"),
    "knocks": Attack(knocks, 8, "connections that come and go"),
    "sparql-long": Attack(sparql_long, 16, "long SPARQL queries"),
    "sparql-small": Attack(sparql_small, 16, "small SPARQL queries without pause"),
    "sparql-retries": Attack(sparql_retries, 30, "SPARQL queries repeated whatever the answer"),
    "sparql-refused": Attack(sparql_refused, 8, "SPARQL of 64 KB that is refused by its text"),
    "hostile": Attack(hostile, 8, "the hostile set of bench/hostile_set.py"),
    "conditional": Attack(conditional, 8, "HEAD and conditional requests"),
    "variants": Attack(variants, 8, "the same lists with headers and filters that differ"),
    "linked": Attack(linked, 4, "descriptions of linked data, of hubs and of the dataset"),
    "pipelines": Attack(pipelines, 8, "thousands of requests in one piece"),
    "trailers": Attack(trailers, 8, "trailers without end behind a body"),
    "trickles": Attack(trickles, 200, "bodies that go on after the answer"),
    "malformed": Attack(malformed, 8, "malformed heads"),
}  # fmt: skip
