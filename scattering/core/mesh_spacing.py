"""The energy between neighbouring points of a mesh in the Brillouin zone: harmonic spectra resolve nothing finer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

KEY: Final = "mesh_spacing"
"""Name in the metadata of partials."""
MIN_STEPS_PER_FWHM: Final = 2.0
"""Spacings in the FWHM of structure that a mesh resolves, at least: as bins of a histogram."""
MAX_NODES: Final = 100_000
DECIMALS: Final = 4
"""Of stored energies, in meV."""


@dataclass(frozen=True, eq=False)
class MeshSpacing:
    """Difference in energy between neighbouring points of a mesh in the Brillouin zone, as a function of energy.

    Attributes
    ----------
    energy
        Shape (n,), meV, ascending.
    spacing
        Shape (n,), meV: |∇_k ω| Δk, root mean square of the modes about this energy.
    """

    energy: NDArray[np.float64]
    spacing: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.energy.ndim != 1 or self.energy.shape != self.spacing.shape:
            raise ValueError(f"{KEY} needs as many spacings as energies")
        if not 1 <= len(self.energy) <= MAX_NODES:
            raise ValueError(f"{KEY} needs 1 to {MAX_NODES} energies")
        if not (np.isfinite(self.energy).all() and np.isfinite(self.spacing).all()):
            raise ValueError(f"{KEY} has values that are not finite")
        if (np.diff(self.energy) <= 0).any() or (self.spacing < 0).any():
            raise ValueError(f"{KEY} needs ascending energies, and spacings of at least 0")

    def at(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the spacing in meV at energies in meV, interpolated; beyond the last mode, that of the last."""
        return np.asarray(np.interp(np.abs(energy), self.energy, self.spacing))

    def fwhm_at(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the FWHM in meV of the narrowest structure that the mesh resolves at energies in meV."""
        return MIN_STEPS_PER_FWHM * self.at(energy)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Self | None:
        """Return the spacing that metadata of partials hold, or None: not harmonic, or of an older version.

        Raises
        ------
        ValueError
            The metadata hold something else under this name.
        """
        if KEY not in metadata:
            return None
        try:
            arrays = [np.array(metadata[KEY][name], dtype=float) for name in ("energy_mev", "spacing_mev")]
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"{KEY} needs lists energy_mev and spacing_mev") from error
        return cls(*arrays)

    def to_metadata(self) -> dict[str, Any]:
        """Return an entry of the metadata of partials."""
        rounded = (np.round(one, DECIMALS).tolist() for one in (self.energy, self.spacing))
        return {KEY: dict(zip(("energy_mev", "spacing_mev"), rounded, strict=True))}
