"""The mean cell of a run at constant pressure: what of it is the crystal's, and what is noise."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.spatial.transform import Rotation

from workers.engines.mean_cell import find_point_group, is_isotropic, strain_to

TETRAGONAL = Atoms("TiAl", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[2.8, 2.8, 4.1], pbc=True)
MONOCLINIC = Atoms(
    "LiO", scaled_positions=[[0, 0, 0], [0.3, 0.5, 0.2]], cell=[[4.0, 0, 0], [0, 5.0, 0], [-1.0, 0, 6.0]], pbc=True
)


@pytest.mark.parametrize(
    ("crystal", "order", "isotropic"),
    [
        (bulk("Si", cubic=True), 48, True),
        (bulk("Cu"), 48, True),
        # Cells that are not cubic, of a crystal that is
        (bulk("Cu", cubic=True).repeat((2, 2, 3)), 48, True),
        (bulk("Mg"), 24, False),
        (TETRAGONAL.repeat((2, 1, 1)), 16, False),
    ],
)
def test_point_groups_are_those_of_the_crystal(crystal: Atoms, order: int, isotropic: bool) -> None:
    rotations = find_point_group(crystal)
    assert len(rotations) == order
    assert is_isotropic(rotations) == isotropic
    # Orthogonal to how far the cell parameters are
    np.testing.assert_allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3)[None].repeat(order, 0), atol=1e-6)


def test_what_symmetry_forbids_and_rotations_are_left_out() -> None:
    sites = TETRAGONAL.repeat((2, 2, 2))
    sites.rotate(40, (1, 2, 3), rotate_cell=True)
    cell = sites.cell.array
    allowed = 1.02 * cell[:2], 0.97 * cell[2:]
    rng = np.random.default_rng(3)
    noise = np.eye(3) + 1e-4 * rng.standard_normal((3, 3))
    turned = Rotation.from_rotvec([0.1, -0.2, 0.05]).as_matrix()
    found = strain_to(sites, np.concatenate(allowed) @ noise @ turned)
    lengths, angles = found.cell.lengths(), found.cell.angles()
    # Symmetric to rounding, and the mean cell to the noise
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-12)
    np.testing.assert_allclose(angles, 90, atol=1e-9)
    np.testing.assert_allclose(lengths / sites.cell.lengths(), [1.02, 1.02, 0.97], atol=3e-4)
    # Not turned: the axes are where they were
    np.testing.assert_allclose(found.cell.array / lengths[:, None], cell / sites.cell.lengths()[:, None], atol=1e-9)
    places = [atoms.get_scaled_positions(wrap=False) for atoms in (found, sites)]
    np.testing.assert_allclose(*places, atol=1e-12)


def test_what_symmetry_allows_is_kept() -> None:
    sheared = MONOCLINIC.cell.array @ np.array([[1.01, 0, 0.004], [0, 0.99, 0], [0.004, 0, 1.02]])
    # The lattice of the two atoms is centred nowhere, and its unique axis is b
    found = strain_to(MONOCLINIC, sheared)
    np.testing.assert_allclose(found.cell.array, sheared, atol=1e-12)
    unsymmetric = MONOCLINIC.cell.array @ (np.eye(3) + 0.01 * np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))
    found = strain_to(MONOCLINIC, unsymmetric)
    np.testing.assert_allclose(found.cell.angles()[[0, 2]], 90, atol=1e-9)
