"""Born effective charges and dielectric tensor of a polar crystal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class DipoleResponse:
    """Dipoles of displaced atoms and their screening, from which the splitting of LO and TO modes follows.

    Attributes
    ----------
    born_charges
        Shape (n_atoms, 3, 3), e. Born effective charges Z*_κab = V ∂P_b/∂u_κa = ∂F_κa/∂E_b of the atoms κ of the
        primitive cell: the first axis is that of displacement and force, the second that of polarisation and field,
        as in Euphonic. phonopy and Quantum ESPRESSO write the field first.
    dielectric
        Shape (3, 3), relative to vacuum. Dielectric tensor ε∞ of clamped nuclei: symmetric, positive.
    """

    born_charges: NDArray[np.float64]
    dielectric: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.born_charges.ndim != 3 or self.born_charges.shape[1:] != (3, 3):
            raise ValueError(f"born_charges has shape {self.born_charges.shape}, expected (n_atoms, 3, 3)")
        if self.dielectric.shape != (3, 3):
            raise ValueError(f"dielectric has shape {self.dielectric.shape}, expected (3, 3)")
        if not np.isfinite(self.born_charges).all() or not np.isfinite(self.dielectric).all():
            raise ValueError("born_charges or dielectric has values that are not finite")
        if not np.allclose(self.dielectric, self.dielectric.T, rtol=1e-3, atol=1e-3 * np.abs(self.dielectric).max()):
            raise ValueError("dielectric must be symmetric")
        if np.linalg.eigvalsh(self.dielectric).min() <= 0:
            raise ValueError("dielectric must be positive definite")

    @property
    def charge_sum(self) -> NDArray[np.float64]:
        """Sum of the Born charges in e, shape (3, 3): 0 for an exact calculation.

        With another sum the acoustic modes next to Γ have an energy.
        """
        return np.asarray(self.born_charges.sum(axis=0))
