"""Phonons in the JSON of the phonon website, which animates a mode of a dispersion that somebody clicks.

https://henriquemiranda.github.io/phononwebsite, whose README describes the format. The website moves an atom of the
cell (i, j, k) by A Re(u exp(2πi q·(i, j, k)) exp(iωt)), with q in reciprocal vectors of the lattice and u in the order
of `vectors`. u is the displacement: the eigenvector over the square root of the mass. As in the website's own reader of
phonopy's files, the unit of mass is the mean over the atoms: Σ m|u|² is the mean mass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from ase.data import atomic_numbers
from ase.formula import Formula

from scattering.core.constants import INVERSE_CM_MEV
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.modes.bands import BandModes

DECIMALS: Final = 6
"""Of displacements."""
REPETITIONS: Final = ((4, (3, 3, 3)), (15, (2, 2, 2)), (50, (2, 2, 1)))
"""Atoms that are too many, and the cells that the website shows of crystals with fewer, as it does for phonopy."""


def n_numbers(n_atoms: int) -> int:
    """Return the numbers of `vectors` for one wave vector: the real and imaginary parts of all displacements."""
    return 2 * (3 * n_atoms) ** 2


def website_document(crystal: HarmonicCrystal, bands: BandModes, name: str) -> dict[str, Any]:
    """Return the phonons of a crystal as the content of a JSON file of the phonon website.

    Lengths are in Å and distances along the path in Å⁻¹, frequencies in cm⁻¹; imaginary ones are negative. `vectors` is
    an array, shape (n_q, n_modes, n_atoms, 3, 2): see `encode`.
    """
    displacements = bands.eigenvectors * np.sqrt(crystal.masses.mean() / crystal.masses)[:, None]
    parts = np.stack([displacements.real, displacements.imag], axis=-1).round(DECIMALS) + 0.0
    return {
        "name": name,
        "natoms": crystal.n_atoms,
        "lattice": crystal.cell.tolist(),
        "atom_types": list(crystal.symbols),
        "atom_numbers": [atomic_numbers[symbol] for symbol in crystal.symbols],
        "formula": Formula.from_list(list(crystal.symbols)).format("hill"),
        "repetitions": next((list(repeats) for limit, repeats in REPETITIONS if crystal.n_atoms < limit), [1, 1, 1]),
        "atom_pos_car": crystal.positions.tolist(),
        "atom_pos_red": (crystal.positions @ np.linalg.inv(crystal.cell)).tolist(),
        "highsym_qpts": [list(tick) for tick in bands.ticks],
        "qpoints": bands.q.tolist(),
        "distances": bands.distance.tolist(),
        "line_breaks": [list(line) for line in bands.lines],
        "eigenvalues": (bands.energies / INVERSE_CM_MEV).tolist(),
        "vectors": parts,
    }


def encode(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a document as JSON, in pieces: other requests wait while Python writes a list of millions of numbers."""
    before = json.dumps({key: value for key, value in document.items() if key != "vectors"}, allow_nan=False)
    yield f'{before[:-1]},"vectors":['
    for number, of_one in enumerate(document["vectors"]):
        yield "," * (number > 0) + json.dumps(of_one.tolist(), separators=(",", ":"), allow_nan=False)
    yield "]}"
