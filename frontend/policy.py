"""Hashes of inline scripts and styles that the Content-Security-Policy allows: one script of ours, styles of plotly.js.

plotly.js adds a style element, empty at first, and fills it by the DOM, which needs no permission; one with the styles
of a kind of map that we do not draw; and a few constant style attributes on parts of texts, such as an exponent, and on
images of maps. All of them are constants of the library, so that their hashes are enough: `'unsafe-inline'` is not
needed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from frontend.rendering import EARLY_SCRIPT
from frontend.static_files import PLOTLY

TEXT_STYLES: Final = (
    "font-size:70%",
    "text-decoration:line-through",
    "text-decoration:underline",
    "font-weight:bold",
    "font-style:italic",
    "cursor:pointer",
    "font-style:italic;font-weight:bold",
)
"""Styles of sup and sub, s, u, b, i, a and em in texts of figures (`TAG_STYLES` in plotly.js 3 and 4)."""

IMAGE_RENDERING: Final = (
    "optimizeSpeed",
    "-moz-crisp-edges",
    "-o-crisp-edges",
    "-webkit-optimize-contrast",
    "optimize-contrast",
    "crisp-edges",
    "pixelated",
)
IMAGE_STYLE: Final = "".join(f"image-rendering: {value}; " for value in IMAGE_RENDERING)
"""Style of the image of a map with bins of equal size (`CSS_DECLARATIONS` in plotly.js 4)."""


def script_hashes() -> tuple[str, ...]:
    """Return the hashes (`sha256-…`) for `script-src`."""
    return (_hash(EARLY_SCRIPT),)


def style_hashes() -> tuple[str, ...]:
    """Return the hashes (`sha256-…`) for `style-src`, to be allowed for attributes too (`'unsafe-hashes'`)."""
    elements = re.findall(r"\.(?:textContent|innerHTML)='([^'\\]*\{[^'\\]*\})'", PLOTLY.read_text("utf-8"))
    return tuple(_hash(text) for text in ("", *elements, *TEXT_STYLES, IMAGE_STYLE))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
