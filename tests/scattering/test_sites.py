"""Sites against the crystallographers' own: Wyckoff positions of known structures."""

from __future__ import annotations

import numpy as np
from ase.build import bulk
from ase.spacegroup import crystal

from scattering.core.sites import site_labels


def labels(atoms):
    return site_labels(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)


def test_an_element_on_one_site_keeps_its_symbol():
    assert set(labels(bulk("Si", cubic=True))) == {"Si"}


def test_sites_are_numbered_in_the_order_of_the_file():
    # Tetragonal PbTiO3, P4mm: the apical oxygen on 1b, the two equatorial ones on 2c
    atoms = crystal(
        ["Pb", "Ti", "O", "O"],
        [(0, 0, 0), (0.5, 0.5, 0.54), (0.5, 0.5, 0.11), (0.5, 0, 0.62)],
        spacegroup=99,
        cellpar=[3.90, 3.90, 4.15, 90, 90, 90],
    )
    assert sorted(labels(atoms)) == ["O1", "O2", "O2", "Pb", "Ti"]


def test_without_symmetry_every_atom_is_a_site():
    rng = np.random.default_rng(1)
    atoms = bulk("Si", cubic=True)
    atoms.positions += rng.normal(scale=0.2, size=atoms.positions.shape)
    assert sorted(labels(atoms)) == sorted(f"Si{n}" for n in range(1, 9))
