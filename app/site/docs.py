"""The API's documentation: Swagger UI from an installed package, so that it works without a network."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.errors import NotFound
from app.html.assets import Asset
from app.html.render import HTML_HEADERS, render
from app.request import base_url

router = APIRouter(include_in_schema=False)

ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "frame.css", "start.js")
# Swagger UI sets styles from its script and shows small pictures that it carries along; nothing comes from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A link inside a button is out of reach of who listens to pages; an operation that is opened is in the address anyway. Headings
# begin at the third level below one of the first, and the choice of a server has no name.
START = """\
const plain = () => ({
  wrapComponents: { DeepLink: (_, system) => ({ text }) => system.React.createElement("span", null, text) },
});
window.ui = SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.description,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  plugins: [plain],
  onComplete: () => {
    for (const head of document.querySelectorAll("#swagger-ui :is(h3.opblock-tag, .models > h4)")) head.setAttribute("aria-level", "2");
    document.getElementById("servers")?.setAttribute("aria-label", "Server");
  },
});
"""
# Swagger UI is dark text on white whatever the reader prefers, and some of that text is too light (WCAG 1.4.3).
FRAME = """\
#swagger-ui { background: #fff; color: #1c1c1c; color-scheme: light; border-radius: .4rem; padding: 0 .2rem 1rem; margin: 0 -.2rem; }
#swagger-ui .opblock .opblock-summary-method { background: #0b4f8a; text-shadow: none; }
#swagger-ui .opblock.opblock-post .opblock-summary-method { background: #1b6b43; }
#swagger-ui .info .title small, #swagger-ui .info .title small.version-stamp { background: #444; }
#swagger-ui .info .title small pre { color: #fff; background: none; padding: 0; }
#swagger-ui .opblock-tag small, #swagger-ui .opblock .opblock-summary-description, #swagger-ui .parameter__type, #swagger-ui .parameter__in,
#swagger-ui .prop-format, #swagger-ui .response-col_links, #swagger-ui .info .base-url { color: #444; }
#swagger-ui .info a, #swagger-ui .markdown a, #swagger-ui .renderedMarkdown a { color: #0b4f8a; text-decoration: underline; }
"""
_OURS = {"start.js": START, "frame.css": FRAME}


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Swagger UI in the frame of the site."""
    shown = render("docs.html", base=base_url(request), description="api/v1/openapi.json")
    headers = {**HTML_HEADERS, "cache-control": "no-cache", "content-security-policy": POLICY}
    return Response(shown.encode(), 200, headers, "text/html; charset=utf-8")


@router.get("/docs/{name}")
async def asset(request: Request, name: str) -> Response:
    """A script or style sheet of the documentation page."""
    if name not in ASSETS:
        raise NotFound(f"There is nothing at {request.scope['path']}.")
    return _asset(name).respond(request)


@cache
def _asset(name: str) -> Asset:
    if name in _OURS:
        return Asset.of(_OURS[name].encode(), name)
    return Asset.of((files("fastapi_offline") / "static" / name).read_bytes(), name)
