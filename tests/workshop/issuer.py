"""A small issuer of identities (OpenID Connect) for tests: real HTTP on the loopback, real keys; and it can be made to lie.

It does what the standard asks of the code flow with PKCE: it sends people back to the one address that it knows, gives each
code once, compares the verifier with the challenge and the client's secret, and signs what it says.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "ccsi", "a secret/with: signs"
Claims = dict[str, Any]


class Issuer:
    """`claims` changes what a token says, `sign` how it is signed, `answers` what stands at a path instead."""

    def __init__(self, back: str) -> None:
        self.back = back
        self.person: Claims = {"sub": "selma", "email": "Selma@Museum.example", "email_verified": True}
        self.claims: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.delay = 0.0
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
        self.codes: dict[str, Claims] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.answer(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                issuer.answer(self, dict(parse_qsl(body, keep_blank_values=True)))

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/realm"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def signed(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def answer(self, asked: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        parts = urlsplit(asked.path)
        path = parts.path.removeprefix("/realm")
        self.asked.append(path)
        time.sleep(self.delay)
        if path in self.answers:
            status, headers, body = self.answers[path]
        elif path == "/authorize":
            status, headers, body = self._authorize({k: v[0] for k, v in parse_qs(parts.query).items()})
        else:
            ways = {"/.well-known/openid-configuration": self.about, "/keys": self._keys}
            found = self._token(asked, form) if path == "/token" else ways[path]()
            status = 400 if "error" in found else 200
            headers, body = {"content-type": "application/json"}, json.dumps(found).encode()
        asked.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(body)

    def about(self) -> Claims:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys", "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def _keys(self) -> Claims:
        odd = [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "made-up"}, "no key"]
        return {"keys": [*odd, self.key.as_dict(private=False)]}

    def _authorize(self, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        fixed = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": self.back,
            "code_challenge_method": "S256",
        }
        if fixed.items() - asked.items() or "openid" not in asked["scope"].split():
            return 400, {}, b"not what this client may ask"
        code = secrets.token_urlsafe(16)
        self.codes[code] = {"nonce": asked["nonce"], "challenge": asked["code_challenge"]}
        back = urlencode({"code": code, "state": asked["state"], "iss": self.url, "session_state": "of-its-own"})
        return 302, {"location": f"{self.back}?{back}"}, b""

    def _token(self, asked: BaseHTTPRequestHandler, form: dict[str, str]) -> Claims:
        kind, _, pair = asked.headers["authorization"].partition(" ")
        client = [unquote(part) for part in base64.b64decode(pair).decode().split(":", 1)]
        known = self.codes.pop(form["code"], None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        )
        if (kind, client, form["redirect_uri"]) != ("Basic", [CLIENT, SECRET], self.back):
            return {"error": "invalid_client"}
        if known is None or known["challenge"] != challenge:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": known["nonce"], **self.person}
        return {"token_type": "Bearer", "access_token": "not used", "id_token": self.sign(self.claims(claims))}
