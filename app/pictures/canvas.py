"""One way to draw: matplotlib set up for reproducible, accessible pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure

from releases.characters import fit

# Okabe and Ito's colours: told apart with any colour vision.
CORE, RELATED = "#0072B2", "#E69F00"
GREY = "#8a8a8a"

PICTURE_TYPES = {"svg": "image/svg+xml", "png": "image/png"}

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "ccsi",  # element ids that do not change from run to run
    "text.parse_math": False,  # a dollar sign is one
    "svg.fonttype": "none",  # text stays text: searchable, and read out by screen readers
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
LONGEST = 100  # characters of a line
_LOCK = Lock()  # matplotlib's settings are global


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in here: one picture at a time, in our style."""
    with _LOCK, mpl.rc_context(_STYLE):
        yield


def line(text: str, most: int = LONGEST) -> str:
    """A text as a line of a picture: no breaks, nothing that XML cannot hold, not longer than there is room for."""
    shown = " ".join(fit(text).split())
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"


def finish(figure: Figure, title: str, kind: Literal["svg", "png"] = "svg") -> bytes:
    """The picture as bytes; an SVG says its title to screen readers and holds no time stamp."""
    out, title = io.BytesIO(), line(title)
    if kind == "png":
        figure.savefig(out, format="png", dpi=144, metadata={"Software": None, "Title": title})
        return out.getvalue()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    return re.sub(rb"^<\?xml.*?<svg ", b'<svg role="img" ', out.getvalue(), count=1, flags=re.DOTALL)
