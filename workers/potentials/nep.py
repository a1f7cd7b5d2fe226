"""What all engines agree on for neuroevolution potentials (NEP)."""

from __future__ import annotations

from typing import Final

DISPERSION_CUTOFF: Final = 12.0
"""Å. Pairs further apart are left out, which have 1 % of benzene's dispersion energy. As in GPUMD's manual."""
COORDINATION_CUTOFF: Final = 6.0
"""Å. Neighbours that count for an atom's coordination number, which its C6 coefficients depend on."""
