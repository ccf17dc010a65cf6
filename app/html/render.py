"""Templates to HTML; every value is escaped unless a template says otherwise."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ontology import ATTRIBUTION
from releases.characters import fit

BUILT = Path(__file__).parent / "built"
# Pages run our own scripts and styles only, talk to this service only, and are shown in no frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HTML_HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "strict-origin-when-cross-origin",
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Scripts that set-up made of web/; where it could not, pages load none and work all the same.
    environment.globals["built"] = frozenset(path.name for path in BUILT.glob("*.js"))
    return environment


def render(template: str, **values: Any) -> str:
    """Fill a template of app/html/templates."""
    return fit(_environment().get_template(template).render(attribution=ATTRIBUTION, **values))
