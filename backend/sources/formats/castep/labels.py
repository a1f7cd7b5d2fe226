"""Names of species in CASTEP's files."""

from __future__ import annotations

import re


def element_of(label: str) -> str:
    """Return the element of a species: "Fe" of "Fe:up" or "Fe1", "H" of "D"."""
    name = re.split(r"[:\d_]", label.strip(), maxsplit=1)[0].capitalize()
    return "H" if name in ("D", "T") else name
