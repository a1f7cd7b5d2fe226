"""How far atoms are from their sites, where molecules may turn."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from scipy.spatial.transform import Rotation

from workers.training.stability import relative_displacement

TURN = Rotation.from_rotvec([0.0, 0.0, 0.6])


def crystal() -> Atoms:
    """Two molecules of water, 4 Å apart."""
    one = molecule("H2O")
    other = one.copy()
    other.positions += [0.0, 0.0, 4.0]
    sites: Atoms = one + other
    sites.set_cell([6.0, 6.0, 8.0])
    sites.pbc = True
    return sites


def test_molecules_may_turn_but_not_leave_or_break() -> None:
    sites = crystal()
    measure = relative_displacement(sites)
    turned, left, broken = (sites.positions.copy() for _ in range(3))
    centre = turned[:3].mean(axis=0)
    turned[:3] = TURN.apply(turned[:3] - centre) + centre
    assert measure(turned) == pytest.approx(0.0, abs=1e-9)
    # Each centre is 0.8 Å from the mean of both, which are 4 Å apart
    left[3:] += [1.6, 0.0, 0.0]
    assert measure(left) == pytest.approx(0.2)
    broken[1] += [0.0, 2.0, 0.0]
    assert measure(broken) > 0.25


def test_other_crystals_may_wander_as_a_whole_only() -> None:
    sites = bulk("Cu", "fcc", 3.6, cubic=True)
    measure = relative_displacement(sites)
    assert measure(sites.positions + 3.0) == pytest.approx(0.0, abs=1e-9)
    moved = sites.positions.copy()
    moved[:2] += [0.5, 0.0, 0.0]
    assert measure(moved) == pytest.approx(0.25 / (3.6 / np.sqrt(2)))
