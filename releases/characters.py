"""Characters that XML 1.0 cannot hold, and so neither RDF/XML nor SVG, workbooks nor pages: no text needs one."""

from __future__ import annotations

import re

UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def fit(text: str, instead: str = "\N{REPLACEMENT CHARACTER}") -> str:
    """The text with something else in place of every such character."""
    return UNFIT.sub(instead, text)
