"""Bounds of the numbers of a view, for the physics, the schemas of the API and the controls of pages."""

from __future__ import annotations

from typing import Final

MAX_ENERGY_MEV: Final = 10_000.0
"""Largest energy transfer, of either sign: the highest incident energy of any instrument."""
MIN_ENERGY_SPAN_MEV: Final = 0.1
"""Narrowest range of energy: a few bins of the best resolution of any instrument, 0.05 meV."""
MAX_Q_INV_ANGSTROM: Final = 1000.0
"""Farther out than any simulation is analysed."""
ENERGY_SCALES: Final = (0.5, 2.0)
"""Smallest and largest factor on the energies of a sample."""
MAX_FWHM_MEV: Final = 1000.0
"""Widest resolution without an instrument."""
