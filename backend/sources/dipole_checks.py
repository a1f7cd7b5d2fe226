"""Whether Born charges and dielectric tensor belong to a crystal: its symmetry, and the sum of the charges, tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from backend.sources.formats.reading import Refused
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.simulate.dipole_symmetry import DipoleErrors, dipole_errors, neutral_dipoles, symmetric_dipoles

MAX_ASYMMETRY: Final = 0.01
"""Part of a tensor that the symmetry does not allow, over the largest tensor: above, it is removed, with a notice."""
ASYMMETRY_OF_ANOTHER: Final = 0.2
"""The same above which the tensors are of another crystal, or of atoms in another order."""
MIN_CHARGE_E: Final = 0.2
"""Smallest part of a Born charge, e, by which others are told: those of molecular crystals are small and noisy."""
MAX_CHARGE_SUM_E: Final = 0.02
"""Sum of the Born charges per atom, e: above, it is removed, with a notice."""
CHARGE_SUM_OF_ANOTHER: Final = 0.25
"""Sum of the Born charges over that of their absolute values, above which they are of another crystal."""


def fit_dipoles(crystal: HarmonicCrystal, *, loc: str = "files") -> tuple[HarmonicCrystal, list[Notice]]:
    """Return a crystal whose Born charges and dielectric tensor have its symmetry and no sum, and what was changed.

    Parameters
    ----------
    loc
        Field of the form from which they are.

    Raises
    ------
    Refused
        They are of another crystal, or of atoms in another order.
    """
    if crystal.dipoles is None:
        return crystal, []
    errors = dipole_errors(crystal)
    _refuse_others(crystal, errors, loc)
    dipoles, changes = crystal.dipoles, []
    asymmetry = max(errors.charge_asymmetry, errors.dielectric_asymmetry)
    if asymmetry > MAX_ASYMMETRY:
        dipoles = symmetric_dipoles(crystal)
        changes.append(Notice("dipoles_not_symmetric", {"percent": round(100 * asymmetry, 1)}))
    if errors.charge_sum_e > MAX_CHARGE_SUM_E:
        dipoles = neutral_dipoles(dipoles)
        changes.append(Notice("born_charge_sum", {"charge_e": round(errors.charge_sum_e * crystal.n_atoms, 3)}))
    return replace(crystal, dipoles=dipoles), changes


def _refuse_others(crystal: HarmonicCrystal, errors: DipoleErrors, loc: str) -> None:
    assert crystal.dipoles is not None
    asymmetry_e = errors.charge_asymmetry * float(abs(crystal.dipoles.born_charges).max())
    found = (
        ("born_symmetry", errors.charge_asymmetry, ASYMMETRY_OF_ANOTHER, asymmetry_e >= MIN_CHARGE_E),
        ("dielectric_symmetry", errors.dielectric_asymmetry, ASYMMETRY_OF_ANOTHER, True),
        ("born_sum", errors.charge_sum, CHARGE_SUM_OF_ANOTHER, errors.charge_sum_e >= MIN_CHARGE_E),
    )
    for quantity, error, limit, is_large in found:
        if error > limit and is_large:
            raise Refused(Notice("dipoles_do_not_fit", {"quantity": quantity, "percent": round(100 * error)}), loc)
