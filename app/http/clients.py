"""Who asks, and how many requests more he may send: a token bucket for each client.

The `limits` package was tried: one look takes it 23 to 30 µs, as long as all of a ready answer, it has no bucket that an
answer can cost more or less of, and its memory has no bound.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.settings import Limits

READY = 0.01  # what a ready answer counts, beside the 1 of one that is worked out
_REMEMBERED = 16_384  # clients; whoever is forgotten begins with a full bucket
_NEVER_LIMITED = ("/api/v1/health/", "/metrics")


@dataclass(slots=True, eq=False)
class Client:
    """What is known of one client."""

    name: str
    """Stands for the address in the log: the same for one client, and nobody finds the address by it."""
    tokens: float
    seen: float


class Clients:
    """The clients of late, and their buckets."""

    def __init__(self, limits: Limits, salt: str = "") -> None:
        self._rate = limits.client_requests
        self._burst = float(max(limits.client_burst, 1))
        self._salt = hashlib.blake2b(salt.encode() or secrets.token_bytes(32)).digest()
        self._known: OrderedDict[str, Client] = OrderedDict()
        window = math.ceil(self._burst / self._rate) if self._rate else 0
        self._policy = f'"client";q={self._burst:.0f};w={window}'.encode()

    def of(self, scope: Scope) -> Client:
        """Who sent a request."""
        return self.at(client_of(scope))

    def at(self, address: str) -> Client:
        """The client that has this address, as `client_of` gives it."""
        client = self._known.get(address)
        if client is None:
            name = hashlib.blake2b(address.encode(errors="replace"), key=self._salt, digest_size=8).hexdigest()
            client = self._known[address] = Client(name, self._burst, time.monotonic())
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(address)
        return client

    def limited(self, path: str) -> bool:
        """Whether requests for this path count."""
        return self._rate > 0 and not path.startswith(_NEVER_LIMITED)

    def admit(self, client: Client, cost: float) -> bool:
        """Take a request's cost from the client's bucket; false, and nothing is taken, if it holds less."""
        now = time.monotonic()
        tokens = min(self._burst, client.tokens + (now - client.seen) * self._rate)
        client.seen = now
        if tokens < min(cost, self._burst):
            client.tokens = tokens
            return False
        client.tokens = tokens - cost
        return True

    def charge(self, client: Client, seconds: float) -> None:
        """Take what an answer turned out to cost beside its 1: another for each whole millisecond."""
        client.tokens = max(client.tokens - int(seconds * 1000), -self._burst)

    def retry_after(self, client: Client) -> int:
        """Seconds until the client may send one request."""
        return max(1, math.ceil((1 - client.tokens) / self._rate))

    def fields(self, client: Client) -> list[tuple[bytes, bytes]]:
        """RateLimit-Policy and RateLimit of an answer (draft-ietf-httpapi-ratelimit-headers-11)."""
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", self.left(client))]

    def lines(self, client: Client) -> bytes:
        """The same as lines of a head."""
        return b"ratelimit-policy: %b\r\nratelimit: %b\r\n" % (self._policy, self.left(client))

    def left(self, client: Client) -> bytes:
        """How many requests the client may send now, and after how many seconds as many as at first."""
        if client.tokens < 1:
            return b'"client";r=0;t=%d' % self.retry_after(client)
        return b'"client";r=%d;t=%d' % (client.tokens, math.ceil((self._burst - client.tokens) / self._rate))


def client_of(scope: Scope) -> str:
    """Whom to count a request for: the address; of IPv6 the network that one subscriber has."""
    return network_of(scope["client"][0]) if scope.get("client") else ""


@lru_cache(4096)
def network_of(address: str) -> str:
    """The address, or the /64 of an IPv6 address."""
    if ":" not in address:
        return address[:64]  # what a proxy forwards need not be an address
    try:
        ip = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if ip.ipv4_mapped:  # the same client on a socket that takes both
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))


class Proxies:
    """The proxies whose word on who asks is believed: uvicorn's reading of the header, without its middleware's await."""

    def __init__(self, trusted: str) -> None:
        self._trusted = ProxyHeadersMiddleware(_nothing, trusted).trusted_hosts

    def __contains__(self, address: str) -> bool:
        return address in self._trusted

    def apply(self, scope: Scope) -> None:
        """Put into the scope of a request from such a proxy who asks, and by which scheme."""
        forwarded = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                forwarded.append(value)
            elif name == b"x-forwarded-proto" and value.strip() in (b"http", b"https"):
                scope["scheme"] = value.strip().decode()
        if forwarded:
            host, port = self._trusted.get_trusted_client_address(b", ".join(forwarded).decode("latin-1"))
            if host:
                scope["client"] = (host, port)


async def _nothing(*_: object) -> None:
    """Stands where uvicorn's middleware wants an application."""
