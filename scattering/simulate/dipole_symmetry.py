"""Born charges and dielectric tensors with the symmetry of their crystal; how far calculated ones are from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.force_constants import to_euphonic_crystal
from scattering.simulate.phonons import symmetry


@dataclass(frozen=True)
class DipoleErrors:
    """How far Born charges and a dielectric tensor break rules that exact ones obey.

    Attributes
    ----------
    charge_asymmetry
        Largest part of a Born charge that the space group does not allow, over the largest Born charge.
    dielectric_asymmetry
        The same of the dielectric tensor.
    charge_sum_e
        Largest element of the mean of the Born charges, e.
    charge_sum
        The same over the mean absolute Born charge: 1 if all charges have one sign.
    """

    charge_asymmetry: float
    dielectric_asymmetry: float
    charge_sum_e: float
    charge_sum: float


def symmetric_dipoles(crystal: HarmonicCrystal) -> DipoleResponse:
    """Return the average of Born charges and dielectric tensor over the space group of their crystal.

    Z*_κ = ⟨Rᵀ Z*_Rκ R⟩ and ε∞ = ⟨Rᵀ ε∞ R⟩ over the rotations R, which move atom κ to Rκ.

    Raises
    ------
    ValueError
        The crystal has no dipoles.
    """
    dipoles, group = _dipoles(crystal), symmetry(to_euphonic_crystal(crystal))
    charges = np.zeros_like(dipoles.born_charges)
    for rotation, images in zip(group.rotations, group.images, strict=True):
        charges += rotation.T @ dipoles.born_charges[images] @ rotation
    dielectric = (group.rotations.transpose(0, 2, 1) @ dipoles.dielectric @ group.rotations).mean(axis=0)
    return DipoleResponse(charges / len(group.rotations), (dielectric + dielectric.T) / 2)


def neutral_dipoles(dipoles: DipoleResponse) -> DipoleResponse:
    """Return Born charges whose sum is 0 (the acoustic sum rule): each is changed by as much."""
    return replace(dipoles, born_charges=dipoles.born_charges - dipoles.born_charges.mean(axis=0))


def dipole_errors(crystal: HarmonicCrystal) -> DipoleErrors:
    """Return how far the Born charges and the dielectric tensor of a crystal break its symmetry and the sum rule.

    Raises
    ------
    ValueError
        The crystal has no dipoles.
    """
    given, symmetric = _dipoles(crystal), symmetric_dipoles(crystal)
    mean_size = float(np.linalg.norm(given.born_charges, axis=(1, 2)).mean()) / np.sqrt(3)
    mean = float(np.abs(given.charge_sum).max()) / crystal.n_atoms
    return DipoleErrors(
        charge_asymmetry=_difference(given.born_charges, symmetric.born_charges),
        dielectric_asymmetry=_difference(given.dielectric, symmetric.dielectric),
        charge_sum_e=mean,
        charge_sum=float(mean / max(mean_size, 1e-12)),
    )


def _difference(given: NDArray[np.float64], symmetric: NDArray[np.float64]) -> float:
    return float(np.abs(given - symmetric).max() / max(np.abs(given).max(), 1e-12))


def _dipoles(crystal: HarmonicCrystal) -> DipoleResponse:
    if crystal.dipoles is None:
        raise ValueError("the crystal has no Born charges")
    return crystal.dipoles
