"""Font of the figures, its size, and the width of text."""

from __future__ import annotations

from functools import cache

import matplotlib
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextToPath

FAMILY = "DejaVu Sans"
"""Font that comes with matplotlib."""
TEXT_PT = 10.0
"""Size of letters; 7 pt on a page that is printed at 70 %."""


@cache
def _available_characters() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=FAMILY))).get_charmap())


def fit_text(text: str, width_mm: float, *, bold: bool = False) -> str:
    """Return the text, shortened to a width, with boxes in place of letters that the font does not have."""
    there = "".join(char if ord(char) in _available_characters() else "□" for char in text)
    font = FontProperties(family=FAMILY, size=TEXT_PT, weight="bold" if bold else "normal")
    measure = TextToPath().get_text_width_height_descent
    shown, kept = there, len(there)
    while kept and measure(shown, font, ismath=False)[0] > width_mm / 25.4 * 72:
        kept -= 1
        shown = f"{there[:kept].rstrip()}…"
    return shown


def fonts_folder() -> str:
    """Return the folder of the fonts of matplotlib."""
    return f"{matplotlib.get_data_path()}/fonts/ttf"
