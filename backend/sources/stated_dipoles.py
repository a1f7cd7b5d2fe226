"""Born charges and dielectric tensor that the user states, where no file has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backend.sources.formats.reading import Refused, Statements
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice


def add_dipoles(crystal: HarmonicCrystal, statements: Statements) -> tuple[HarmonicCrystal, list[Notice]]:
    """Return the crystal with the Born charges and the dielectric tensor that were stated, and what to say of them.

    Stated values take the place of those of the files.

    Raises
    ------
    Refused
        One is stated without the other, an element has no charge, or a tensor is impossible.
    """
    charges, dielectric = statements.get("born_charges"), statements.get("dielectric")
    if charges is None and dielectric is None:
        return crystal, []
    if charges is None or dielectric is None:
        missing = "born_charges" if charges is None else "dielectric"
        raise Refused(Notice("dipoles_incomplete", {"missing": missing}), missing)
    absent = sorted(set(crystal.symbols) - set(charges))
    if absent:
        raise Refused(Notice("born_charges_of_elements", {"elements": absent}), "born_charges")
    try:
        dipoles = DipoleResponse(_of_atoms(charges, crystal.symbols), np.array(dielectric, dtype=float))
    except ValueError as error:
        raise Refused(Notice("impossible_dielectric"), "dielectric") from error
    replaced = [Notice("born_charges_replaced")] if crystal.dipoles is not None else []
    return replace(crystal, dipoles=dipoles), replaced


def _of_atoms(charges: Mapping[str, Any], symbols: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([charges[symbol] for symbol in symbols], dtype=float)
