"""Names of species: elements, or inequivalent sites of them."""

from __future__ import annotations

import re

_SPECIES = re.compile(r"([A-Z][a-z]?)(\d*)")


def element(species: str) -> str:
    """Return the chemical symbol of a species: "H" for the element "H" and for the site "H2"."""
    match = _SPECIES.fullmatch(species)
    if match is None:
        raise ValueError(f"{species!r} is not a chemical symbol, with or without the number of a site")
    return match.group(1)
