"""Displacements in the axes of molecules, and inside them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from scattering.core.molecular_motion import internal, into_axes

BENT = np.array([[0.0, 0.0, 0.1], [0.8, 0.6, 0.0], [-0.8, 0.6, 0.0]])
LINEAR = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.1]])
ATOM = np.zeros((1, 3))
MASSES = np.array([16.0, 1.0, 1.0, 14.0, 14.0, 40.0])
MOLECULES = [np.array([0, 1, 2]), np.array([3, 4]), np.array([5])]
CENTRES = np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 1.0], [0.0, 5.0, 2.0]])
TURN = Rotation.from_rotvec([0.3, -0.2, 0.4])


def crystal(turn: Rotation) -> NDArray[np.float64]:
    return np.concatenate([turn.apply(one) + at for one, at in zip((BENT, LINEAR, ATOM), CENTRES, strict=True)])


def moved(matrix: object, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(matrix @ vectors.ravel()).reshape(-1, 3)  # type: ignore[operator]


@pytest.fixture
def displacements() -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(size=(6, 3))


def test_displacements_turn_with_their_molecule(displacements: NDArray[np.float64]) -> None:
    matrix = into_axes(MOLECULES, crystal(Rotation.identity()), crystal(TURN), MASSES)
    found = moved(matrix, displacements)
    for atoms in MOLECULES[:1]:
        centre = np.average(displacements[atoms], axis=0, weights=MASSES[atoms])
        np.testing.assert_allclose(found[atoms], centre + TURN.apply(displacements[atoms] - centre), atol=1e-5)
    # A bond that is stretched stays stretched, whatever the angle about it
    along = np.zeros((6, 3))
    along[3:5] = LINEAR - LINEAR.mean(axis=0)
    np.testing.assert_allclose(moved(matrix, along), TURN.apply(along), atol=1e-5)
    np.testing.assert_allclose(found[5], displacements[5], atol=1e-12)


def test_the_whole_crystal_and_equal_molecules_do_not_turn(displacements: NDArray[np.float64]) -> None:
    here = crystal(Rotation.identity())
    shift = np.tile([0.1, -0.2, 0.3], (6, 1))
    np.testing.assert_allclose(moved(into_axes(MOLECULES, here, crystal(TURN), MASSES), shift), shift, atol=1e-12)
    np.testing.assert_allclose(moved(into_axes(MOLECULES, here, here, MASSES), displacements), displacements, atol=1e-9)


def test_internal_displacements_have_no_momentum_and_no_rotation(displacements: NDArray[np.float64]) -> None:
    here = crystal(TURN)
    matrix = internal(MOLECULES, here, MASSES)
    inside = moved(matrix, displacements)
    for atoms in MOLECULES:
        weighed = MASSES[atoms, None] * inside[atoms]
        arms = here[atoms] - np.average(here[atoms], axis=0, weights=MASSES[atoms])
        np.testing.assert_allclose(weighed.sum(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(np.cross(arms, weighed).sum(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(moved(matrix, inside), inside, atol=1e-9)
    # Three vibrations of the bent molecule, one of the linear one, none of the atom
    assert np.linalg.matrix_rank(matrix.toarray()) == 4
