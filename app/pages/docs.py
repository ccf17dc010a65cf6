"""The front door and the API's documentation: Swagger UI from an installed package, so that it works without a network."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.deps import service_of
from app.pages.render import render

router = APIRouter(include_in_schema=False)

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
}
# Swagger UI sets styles from its script and shows small pictures that it carries along; nothing comes from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
START = """\
window.ui = SwaggerUIBundle({
  url: document.body.dataset.description,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"""


@router.get("/")
async def home(request: Request) -> Response:
    """What this is, and where to go."""
    service = service_of(request)
    release = service.served.release if service.ready else None
    shown = render("home.html", version=version("ccsi-esco"), manifest=release.manifest if release else None)
    return _page(shown)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Swagger UI."""
    return _page(render("docs.html", description=request.app.openapi_url.lstrip("/")))


@router.get("/docs/{name}")
async def asset(request: Request, name: str) -> Response:
    """A script or style sheet of the documentation page."""
    if name not in ASSETS:
        return _page(render("missing.html", path=request.scope["path"]), 404)
    plain, packed, tag = _asset(name)
    coded = "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"{tag}-gzip"' if coded else f'"{tag}"'
    headers = {"etag": etag, "cache-control": "public, max-age=3600", "vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    if coded:
        headers["content-encoding"] = "gzip"
    headers["x-content-type-options"] = "nosniff"
    return Response(packed if coded else plain, 200, headers, ASSETS[name])


def _page(text: str, status: int = 200) -> Response:
    headers = {"content-security-policy": POLICY, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return Response(text.encode(), status, headers, "text/html; charset=utf-8")


@cache
def _asset(name: str) -> tuple[bytes, bytes, str]:
    """The bytes, packed too, and a tag for them."""
    found = files("fastapi_offline") / "static" / name
    plain = START.encode() if name == "start.js" else found.read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:16]
