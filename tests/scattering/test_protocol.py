"""What follows from a cell alone."""

import numpy as np

from scattering.simulate import protocol


def test_a_long_thin_cell_is_repeated_along_its_short_sides() -> None:
    assert protocol.choose_supercell(np.diag([3.0, 3.0, 30.0]), min_height=12.0) == [4, 4, 1]


def test_a_cubic_cell_stays_cubic() -> None:
    repeats = protocol.choose_supercell(4.05 * np.eye(3), n_atoms=4, target=400)
    assert len(set(repeats)) == 1
