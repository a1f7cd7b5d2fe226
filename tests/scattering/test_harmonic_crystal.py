"""Force constants as plain arrays give the phonons that they gave before, and impossible ones are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.force_constants import to_force_constants, to_harmonic_crystal
from tests.scattering.crystals import LATTICE, springs

CELL = LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2


def hydride(**more: Any) -> HarmonicCrystal:
    """Rock salt of light and heavy atoms, in its primitive cell; the uploaded cell is the cubic one."""
    fc = springs(CELL, np.array([[0.0, 0, 0], [LATTICE / 2, 0, 0]]), ["Li", "H"], [6.94, 1.008])
    given = {"uploaded_cell": LATTICE * np.eye(3), "species": ("Li", "H"), "sites": ("Li", "H")}
    return to_harmonic_crystal(fc, **given | more)


def test_phonons_are_the_same_after_storage() -> None:
    fc = springs(CELL, np.array([[0.0, 0, 0], [LATTICE / 2, 0, 0]]), ["Li", "H"], [6.94, 1.008])
    again = to_force_constants(hydride())
    points = np.array([[0.0, 0, 0], [0.5, 0.5, 0], [0.1, 0.2, 0.3]])
    expected, found = (one.calculate_qpoint_frequencies(points, asr="reciprocal") for one in (fc, again))
    # Acoustic modes at Γ are the square root of rounding errors
    np.testing.assert_allclose(
        found.frequencies.to("meV").magnitude, expected.frequencies.to("meV").magnitude, rtol=1e-9, atol=1e-4
    )


def test_the_uploaded_cell_is_a_multiple_of_the_primitive_one() -> None:
    crystal = hydride()
    assert crystal.n_repeats == 4
    np.testing.assert_allclose(crystal.repeats @ crystal.cell, LATTICE * np.eye(3), atol=1e-12)
    assert crystal.symbols == ("Li", "H")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("masses", np.array([6.94, 0.0])),
        ("masses", np.array([6.94, 1.0, 1.0])),
        ("positions", np.full((2, 3), np.nan)),
        ("cell", np.ones((3, 3))),
        ("uploaded_cell", 1.1 * LATTICE * np.eye(3)),
        ("uploaded_cell", np.zeros((3, 3))),
        ("sites", ("Li", "He")),
        ("sites", ("Li", "Xx")),
        ("species", ("Li",)),
        ("supercell_matrix", np.eye(3, dtype=np.int64)),
        ("force_constants", np.zeros((64, 3, 3))),
    ],
)
def test_impossible_crystals_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=" "):
        replace(hydride(), **{name: value})
