"""The fit to the modes of a reference: when it is refused, and how long it takes."""

from __future__ import annotations

import numpy as np
import pytest

from backend.kit.http.errors import Unprocessable
from backend.structures.geometry import StructureData
from backend.trainings import mode_fits
from backend.trainings.recipes import Recipe

ASKED = Recipe(mode_steps=2)


def hydrogen(edge: float) -> StructureData:
    """Return a crystal of hydrogen molecules, two atoms in a cube of this edge in Å."""
    positions = np.array([[0.0, 0.0, 0.0], [0.74, 0.0, 0.0]])
    return StructureData(np.array([1, 1]), positions, edge * np.eye(3), np.ones(3, dtype=bool))


def refused(recipe: Recipe, structure: StructureData, *, has_force_constants: bool) -> tuple[str, dict[str, object]]:
    with pytest.raises(Unprocessable) as error:
        mode_fits.check(recipe, structure, has_force_constants=has_force_constants)
    return error.value.notice.code, dict(error.value.notice.params)


def test_a_fit_that_cannot_be_is_refused() -> None:
    mode_fits.check(ASKED, hydrogen(4.0), has_force_constants=True)
    mode_fits.check(Recipe(), hydrogen(4.0), has_force_constants=False)
    assert refused(ASKED, hydrogen(4.0), has_force_constants=False)[0] == "mode_fit_without_force_constants"
    # In a cube of 1.4 Å the molecules touch, and are none
    assert refused(ASKED, hydrogen(1.4), has_force_constants=True)[0] == "mode_fit_without_molecules"


def test_a_supercell_of_many_atoms_is_refused() -> None:
    cell = np.diag([2.2, 2.2, 2.2])
    small = StructureData(np.array([2]), np.zeros((1, 3)), cell, np.ones(3, dtype=bool))
    assert mode_fits.fitted_atoms(small) == 27
    many = StructureData(np.full(8, 2), np.indices((2, 2, 2)).reshape(3, -1).T * 2.2, 2 * cell, small.pbc)
    assert mode_fits.fitted_atoms(many) == 64
    long = StructureData(np.full(201, 2), np.arange(201)[:, None] * [5.0, 0, 0], np.diag([1005.0, 7, 7]), small.pbc)
    code, params = refused(ASKED, long, has_force_constants=True)
    assert (code, params) == ("mode_fit_too_large", {"n_atoms": 201, "maximum": mode_fits.MAX_ATOMS})


def test_the_time_is_that_of_benzene_and_bounded_by_the_couplings_of_a_step() -> None:
    assert mode_fits.seconds(Recipe(), 48) == 0
    assert mode_fits.seconds(Recipe(mode_steps=10), 48) == pytest.approx(10 * 40, rel=0.05)
    # Beyond the largest number of couplings the time is proportional to the atoms
    assert mode_fits.seconds(ASKED, 200) == pytest.approx(2 * mode_fits.seconds(ASKED, 100))
