"""Direct or indirect: what the catalogue says of the spectrometer that a file names."""

from __future__ import annotations

from scattering import instruments
from scattering.core.errors import UnknownInstrument
from scattering.instruments import Geometry


def geometry_of(name: str | None) -> Geometry | None:
    """The geometry of an instrument of the catalogue, by the name that a file gives; None of another."""
    try:
        return instruments.get((name or "").strip()).geometry
    except UnknownInstrument:
        return None
