"""The letters of figures: which font, how high, and what fits where."""

from __future__ import annotations

from functools import cache

import matplotlib
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextToPath

FAMILY = "DejaVu Sans"
"""matplotlib brings it along."""
TEXT_PT = 10.0
"""7 pt when a page is printed at 70 %."""


@cache
def _known() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=FAMILY))).get_charmap())


def fitted(text: str, width_mm: float, *, bold: bool = False) -> str:
    """The text, shortened to a width, with boxes for letters of scripts that the font does not have."""
    there = "".join(char if ord(char) in _known() else "□" for char in text)
    font = FontProperties(family=FAMILY, size=TEXT_PT, weight="bold" if bold else "normal")
    measure = TextToPath().get_text_width_height_descent
    shown, kept = there, len(there)
    while kept and measure(shown, font, ismath=False)[0] > width_mm / 25.4 * 72:
        kept -= 1
        shown = f"{there[:kept].rstrip()}…"
    return shown


def fonts_folder() -> str:
    """Folder of the fonts that matplotlib brings."""
    return f"{matplotlib.get_data_path()}/fonts/ttf"
