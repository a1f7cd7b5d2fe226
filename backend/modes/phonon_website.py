"""Phonons in the JSON of the phonon website, which animates a mode of a dispersion that somebody clicks.

https://henriquemiranda.github.io/phononwebsite, whose README describes the format. The website moves an atom of the
cell (i, j, k) by A Re(u exp(2πi q·(i, j, k)) exp(iωt)), with q in reciprocal vectors of the lattice and u in the order
of `vectors`. u is the displacement: the eigenvector over the square root of the mass. As in the website's own reader of
phonopy's files, the unit of mass is the mean over the atoms: Σ m|u|² is the mean mass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from ase.data import atomic_numbers
from ase.formula import Formula
from numpy.typing import NDArray

from scattering.core.constants import INVERSE_CM_MEV
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.modes.bands import BandModes

DECIMALS: Final = 6
"""Of displacements."""
MAX_SCALED: Final = 2**53
"""Largest integer that numbers can become when they are written; all integers below are exact as `float`."""
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
    parts = np.stack([displacements.real, displacements.imag], axis=-1)
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


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON.

    Python would need seconds for a list of millions of numbers: numpy writes their digits. It does so for one wave
    vector at a time, because many of its functions let no other thread run meanwhile.
    """
    before = json.dumps({key: value for key, value in document.items() if key != "vectors"}, allow_nan=False)
    vectors = b",".join(_as_lists(of_one) for of_one in document["vectors"])
    return b'%b,"vectors":[%b]}' % (before[:-1].encode(), vectors)


def _as_lists(values: NDArray[np.float64]) -> bytes:
    """Return an array as nested JSON lists."""
    text = fixed_point(values, DECIMALS)
    for _ in values.shape:
        text = _bracket(text)
    return text.tobytes()


def fixed_point(values: NDArray[np.float64], decimals: int) -> NDArray[np.uint8]:
    """Return numbers as text with a fixed number of decimals, all of the same width, with spaces before short ones.

    Parameters
    ----------
    values
        Any shape (...).
    decimals
        At least 1.

    Returns
    -------
    ASCII codes, shape (..., width).

    Raises
    ------
    ValueError
        A value is not finite, or has too many digits for an integer.
    """
    scaled = np.rint(values * 10.0**decimals)
    if not (np.abs(scaled) < MAX_SCALED).all():
        raise ValueError("there are values without a text of fixed width")
    rest = np.abs(scaled).astype(np.int64)
    n_whole = max(1, len(str(rest.max(initial=0))) - decimals)
    text = np.full((*values.shape, 1 + n_whole + 1 + decimals), ord(" "), np.uint8)
    # Where the number begins: before it stand spaces, as JSON allows no zeros there
    first = np.full(values.shape, n_whole)
    places = [place for place in reversed(range(1, text.shape[-1])) if place != n_whole + 1]
    for place in places:
        rest, digit = np.divmod(rest, 10)
        is_shown = (digit > 0) | (rest > 0) | (place >= n_whole)
        text[..., place] = np.where(is_shown, ord("0") + digit, ord(" "))
        if place < n_whole:
            first[is_shown] = place
    text[..., n_whole + 1] = ord(".")
    negative = np.nonzero(scaled < 0)
    text[(*negative, first[negative] - 1)] = ord("-")
    return text


def _bracket(text: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the elements along the last axis but one as JSON lists: (..., n, width) → (..., n (width + 1) + 1)."""
    *outer, n, width = text.shape
    joined = np.empty((*outer, n * (width + 1) + 1), np.uint8)
    parts = joined[..., :-1].reshape(*outer, n, width + 1)
    parts[..., 1:] = text
    parts[..., 0] = ord(",")
    parts[..., 0, 0] = ord("[")
    joined[..., :-1] = parts.reshape(*outer, n * (width + 1))
    joined[..., -1] = ord("]")
    return joined
