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


def is_site(name: str) -> bool:
    """Return whether a name is that of a site, such as "H2"; other texts than names of species are not."""
    match = _SPECIES.fullmatch(name)
    return match is not None and bool(match.group(2))
