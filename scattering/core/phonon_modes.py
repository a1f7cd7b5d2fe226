"""Phonon modes that were calculated at given wave vectors, without the force constants behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

GAMMA_TOLERANCE: Final = 1e-6
"""Components of a wave vector at Γ, in reciprocal vectors."""


@dataclass(frozen=True, eq=False)
class PhononModes:
    """Modes at wave vectors.

    Attributes
    ----------
    cell
        Shape (3, 3), Å. Vectors of the cell as rows.
    positions
        Shape (n_atoms, 3), Å.
    symbols
        Chemical symbols of the atoms.
    masses
        Shape (n_atoms,), u.
    wave_vectors
        Shape (n_q, 3), in reciprocal vectors of the cell.
    weights
        Shape (n_q,): fractions of the Brillouin zone; their sum is 1.
    energies_mev
        Shape (n_q, 3 n_atoms); negative for imaginary modes.
    eigenvectors
        Shape (n_q, 3 n_atoms, n_atoms, 3), complex: unit vectors of displacement × √mass, with the phase exp(2πi q·R)
        of the cells R, as in Euphonic.
    """

    cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    symbols: tuple[str, ...]
    masses: NDArray[np.float64]
    wave_vectors: NDArray[np.float64]
    weights: NDArray[np.float64]
    energies_mev: NDArray[np.float64]
    eigenvectors: NDArray[np.complex128]

    def __post_init__(self) -> None:
        n_atoms, n_q = len(self.masses), len(self.weights)
        shapes = {
            "cell": (3, 3),
            "positions": (n_atoms, 3),
            "wave_vectors": (n_q, 3),
            "energies_mev": (n_q, 3 * n_atoms),
            "eigenvectors": (n_q, 3 * n_atoms, n_atoms, 3),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        for name in (*shapes, "masses", "weights"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} has values that are not finite")
        if not n_q or not n_atoms or not (self.masses > 0).all():
            raise ValueError("there must be wave vectors, atoms, and masses above 0")
        if len(self.symbols) != n_atoms or set(self.symbols) - set(chemical_symbols[1:]):
            raise ValueError(f"{n_atoms} atoms need as many chemical symbols")
        if abs(np.linalg.det(self.cell)) < 1e-3:
            raise ValueError("the cell has no volume")
        if (self.weights < 0).any() or not np.isclose(self.weights.sum(), 1):
            raise ValueError("the weights must be positive, with a sum of 1")

    @property
    def at_gamma(self) -> NDArray[np.bool_]:
        """Whether each wave vector is Γ, shape (n_q,)."""
        away = self.wave_vectors - np.rint(self.wave_vectors)
        return np.asarray((np.abs(away) < GAMMA_TOLERANCE).all(axis=1))

    @property
    def is_gamma_only(self) -> bool:
        """Whether all wave vectors are Γ."""
        return bool(self.at_gamma.all())
