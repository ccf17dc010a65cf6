"""Templates to HTML; every value is escaped unless a template says otherwise."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ontology import ATTRIBUTION


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("app.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """Fill a template of app/pages/templates."""
    return _environment().get_template(template).render(attribution=ATTRIBUTION, **values)
