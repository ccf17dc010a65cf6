"""The issuer at which facilitators sign in (OpenID Connect Core 1.0): code with PKCE, and an ID token that is checked.

What the issuer says is believed as far as its own keys sign it. Every request to it is bounded in time and bytes, follows no
redirect and goes to an address that the issuer's own document names.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.settings import Settings
from app.store import upstream
from app.workshop.faults import IssuerFault, NotAllowed
from workshop.arrivals import derived

_SECONDS = 8.0
_MOST_BYTES = 256 * 1024
_AT_ONCE = 4
_KEPT_SECONDS = 3600.0  # that the issuer's document and keys are believed without looking again
_KEY_PAUSE = 60.0  # between two looks for a key that is not among those known
_MOST_KEYS = 50
_LEEWAY = 60  # seconds that clocks may differ by
_MOST_SECRET = 1000
# Signatures that need a key which the issuer alone has: never `none`, and never a secret that both know.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Issuer:
    """One issuer, with what it says of itself and its keys."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.workshop_oidc_issuer
        self.host = urlsplit(self.name).netloc
        self._client = settings.workshop_oidc_client_id
        self._secret = _secret(settings.workshop_oidc_secret_file)
        self._facilitators = _listed(settings.workshop_oidc_facilitators)
        self.back = settings.public_url.rstrip("/") + "/workshop/signed-in"
        self._http = httpx2.AsyncClient(**upstream.CLIENT, timeout=_SECONDS)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._looking = asyncio.Lock()
        self._about: dict[str, Any] = {}
        self._about_until = 0.0
        self._keys = KeySet([])
        self._keys_at = -_KEPT_SECONDS

    async def close(self) -> None:
        """Give its connections back."""
        await self._http.aclose()

    async def address(self, secret: str) -> str:
        """Where a browser with this secret is sent to sign in. Raises IssuerFault."""
        about = await self._describe()
        challenge = hashlib.sha256(derived(secret, "verifier").encode()).digest()
        asked = {
            "response_type": "code", "client_id": self._client, "redirect_uri": self.back, "scope": "openid email",
            "state": derived(secret, "state"), "nonce": derived(secret, "nonce"), "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        }  # fmt: skip
        endpoint = about["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def subject(self, secret: str, code: str, named: str | None) -> str:
        """Who came back, as a hash; `named` is the issuer that the answer names. Raises NotAllowed, IssuerFault."""
        about = await self._describe()
        if named != self.name and (named is not None or about.get("authorization_response_iss_parameter_supported")):
            raise NotAllowed("This answer is of another issuer. Begin again at /workshop/sign-in.")
        claims = await self._claims(await self._redeem(about, secret, code), derived(secret, "nonce"))
        if not _names(claims) & self._facilitators:
            raise NotAllowed(
                "You are signed in, but not among those who lead workshops here. Ask who runs the service."
            )
        return hashlib.sha256(f"{self.name}\n{claims['sub']}".encode()).hexdigest()

    async def _redeem(self, about: dict[str, Any], secret: str, code: str) -> str:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.back,
            "code_verifier": derived(secret, "verifier"),
        }  # fmt: skip
        headers = {}
        ways = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._secret and "client_secret_basic" in ways:
            pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self._client} | ({"client_secret": self._secret} if self._secret else {})
        answer = await self._ask("POST", about["token_endpoint"], data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise IssuerFault("The issuer gave no ID token.")
        return token

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """What a token says that the issuer signed for this service and this sign-in. Raises NotAllowed."""
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY, iss={"essential": True, "value": self.name}, aud={"essential": True, "value": self._client},
            exp={"essential": True}, iat={"essential": True}, sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )  # fmt: skip
        try:
            claims = await self._signed(token)
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise NotAllowed("The issuer's answer cannot be believed. Begin again at /workshop/sign-in.") from error
        audience = claims["aud"]
        alone = audience == self._client or audience == [self._client]
        if (not alone or "azp" in claims) and claims.get("azp") != self._client:
            raise NotAllowed("The issuer's answer is for another service. Begin again at /workshop/sign-in.")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise NotAllowed("The issuer's answer names nobody. Begin again at /workshop/sign-in.")
        return claims

    async def _signed(self, token: str) -> dict[str, Any]:
        """The claims of a token; the issuer's keys are asked for again where its key is none of those known."""
        try:
            return dict(jwt.decode(token, await self._known_keys(), algorithms=_ALGORITHMS).claims)
        except (JoseError, ValueError):
            if time.monotonic() < self._keys_at + _KEY_PAUSE:
                raise
        return dict(jwt.decode(token, await self._known_keys(_KEY_PAUSE), algorithms=_ALGORITHMS).claims)

    async def _describe(self) -> dict[str, Any]:
        """What the issuer says of itself. Raises IssuerFault."""
        async with self._looking:
            if time.monotonic() > self._about_until:
                about = await self._ask("GET", self.name.rstrip("/") + "/.well-known/openid-configuration")
                if about.get("issuer") != self.name:
                    raise IssuerFault("The document of the issuer is of another issuer.")
                for name in _ENDPOINTS:
                    _check_endpoint(about.get(name), self.name)
                self._about, self._about_until = about, time.monotonic() + _KEPT_SECONDS
        return self._about

    async def _known_keys(self, younger_than: float = _KEPT_SECONDS) -> KeySet:
        about = await self._describe()
        async with self._looking:
            if time.monotonic() >= self._keys_at + younger_than:
                answer = await self._ask("GET", about["jwks_uri"])
                listed = answer.get("keys")
                if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
                    raise IssuerFault("The issuer's keys cannot be read.")
                self._keys, self._keys_at = KeySet(list(filter(None, map(_key, listed)))), time.monotonic()
        return self._keys

    async def _ask(self, method: str, url: str, **given: Any) -> dict[str, Any]:
        """An answer in JSON, within the bounds. Raises IssuerFault."""
        body = bytearray()
        try:
            async with asyncio.timeout(_SECONDS), self._turn, self._http.stream(method, url, **given) as reply:
                async for piece in reply.aiter_raw():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise IssuerFault("The issuer's answer is too long.")
            answer = orjson.loads(bytes(body))
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise IssuerFault("The issuer cannot be reached, or does not answer in time.") from error
        except ValueError as error:
            raise IssuerFault(f"The issuer's answer cannot be read (status {reply.status_code}).") from error
        if not isinstance(answer, dict) or reply.status_code != 200:
            raise IssuerFault(f"The issuer refuses (status {reply.status_code}). Begin again at /workshop/sign-in.")
        return answer


def _key(listed: Any) -> Any:
    """A public key for signatures; none of what is another, such as a secret or a key of a kind that is not known."""
    if not isinstance(listed, dict) or listed.get("kty") not in ("RSA", "EC", "OKP") or listed.get("use") == "enc":
        return None
    try:
        return KeySet.import_key_set({"keys": [listed]}).keys[0]
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _check_endpoint(url: Any, issuer: str) -> None:
    """Raises IssuerFault for what is no address, or one that could be read on its way though the issuer's own cannot."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    safe = ("https", urlsplit(issuer).scheme)
    if parts is None or parts.scheme not in safe or not parts.hostname or parts.fragment:
        raise IssuerFault("The document of the issuer names no usable address.")
    if parts.scheme == "http" and parts.hostname != urlsplit(issuer).hostname:
        raise IssuerFault("The document of the issuer names an address of another machine without https.")


def _names(claims: dict[str, Any]) -> set[str]:
    """What somebody is listed by. A subject that looks like an address is none: people may have chosen it themselves."""
    names = set() if "@" in claims["sub"] else {claims["sub"]}
    mail = claims.get("email")
    if claims.get("email_verified") is True and isinstance(mail, str) and "@" in mail:
        names.add(mail.casefold())
    return names


def _listed(names: str) -> frozenset[str]:
    """Subjects as they are written; addresses without regard to capitals."""
    given = filter(None, map(str.strip, names.split(",")))
    return frozenset(name.casefold() if "@" in name else name for name in given)


def _secret(path: str) -> str:
    if not path:
        return ""
    with Path(path).open(encoding="utf-8") as file:
        return file.read(_MOST_SECRET).strip()
