"""Classes of crystals: what holds them together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, mx2
from ase.spacegroup import crystal

from backend.structures.geometry import StructureData
from backend.structures.material_class import class_of_atoms, networks_of
from scattering.core.networks import find_networks
from scattering.trust.chemistry import (
    CLASSES,
    MaterialClass,
    classify,
    elements_with_moments,
)


def structure(atoms: Atoms) -> StructureData:
    return StructureData(atoms.numbers.astype(np.int64), atoms.positions, atoms.cell.array, np.ones(3, dtype=bool))


def stacked(sheet: Atoms, spacing: float) -> Atoms:
    """A sheet of two dimensions, repeated along its normal."""
    stack = sheet.copy()
    stack.center(vacuum=spacing / 2, axis=2)
    stack.pbc = True
    return stack


def nitrogen() -> Atoms:
    """Molecules of 1.1 Å in a cube of 5.66 Å, as in α-N₂."""
    cell = np.eye(3) * 5.66
    return Atoms("N2", positions=[[0, 0, 0], [0.635, 0.635, 0.635]], cell=cell, pbc=True)


CRYSTALS: dict[str, tuple[Atoms, MaterialClass]] = {
    "copper": (bulk("Cu"), "metal"),
    "an alloy": (bulk("CuZn", "cesiumchloride", a=2.95), "metal"),
    "silicon": (bulk("Si"), "covalent"),
    "gallium arsenide": (bulk("GaAs", "zincblende", a=5.65), "covalent"),
    "magnesium oxide": (bulk("MgO", "rocksalt", a=4.21), "ionic"),
    "calcium telluride": (bulk("CaTe", "rocksalt", a=6.35), "ionic"),
    "lithium hydride": (bulk("LiH", "rocksalt", a=4.08), "hydride"),
    "manganese oxide": (bulk("MnO", "rocksalt", a=4.44), "magnetic"),
    "iron": (bulk("Fe"), "metal"),
    "graphite": (stacked(graphene(), 3.35), "layered"),
    "molybdenum disulphide": (stacked(mx2("MoS2"), 2.97), "layered"),
    "nitrogen": (nitrogen(), "molecular"),
    "argon": (bulk("Ar", "fcc", a=5.3), "molecular"),
    "thallium chloride": (bulk("TlCl", "cesiumchloride", a=3.83), "covalent"),
    "brucite": (
        crystal(["Mg", "O", "H"], [(0, 0, 0), (1 / 3, 2 / 3, 0.22), (1 / 3, 2 / 3, 0.43)], spacegroup=164,
                cellpar=[3.14, 3.14, 4.77, 90, 90, 120]),
        "hydrogenous",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CRYSTALS)
def test_crystals_are_of_the_class_that_a_chemist_names(name: str) -> None:
    atoms, expected = CRYSTALS[name]
    assert class_of_atoms(structure(atoms)) == expected


@pytest.mark.parametrize("name", ["graphite", "nitrogen", "silicon"])
def test_the_class_does_not_depend_on_the_cell(name: str) -> None:
    atoms, expected = CRYSTALS[name]
    assert class_of_atoms(structure(atoms.repeat((2, 1, 3)))) == expected


def test_networks_count_the_directions_in_which_bonds_go_on() -> None:
    def sizes(*bonded: Any) -> list[tuple[int, int]]:
        return [(one.n_atoms, one.dimension) for one in find_networks(*bonded)]

    assert sizes(1, [], [], np.zeros((0, 3))) == [(1, 0)]
    assert sizes(1, [0], [0], [[1, 0, 0]]) == [(1, 1)]
    # Two atoms, bonded within the cell and across a diagonal: a chain, whatever its direction
    assert sizes(2, [0, 0], [1, 1], [[0, 0, 0], [1, 1, 0]]) == [(2, 1)]
    assert sizes(2, [0, 1], [0, 1], [[1, 0, 0], [0, 1, 0]]) == [(1, 1), (1, 1)]
    assert [one.dimension for one in networks_of(structure(bulk("Si")))] == [3]


def test_a_molecule_across_the_edge_of_the_cell_is_whole_with_its_images() -> None:
    (chain,) = find_networks(3, [0, 1], [2, 2], [[-1, 0, 0], [0, 0, 1]])
    assert chain.members.tolist() == [0, 2, 1]
    assert chain.image.tolist() == [[0, 0, 0], [-1, 0, 0], [-1, 0, -1]]


def test_without_bonds_the_elements_decide() -> None:
    assert classify(["C"]) == "covalent"
    assert classify(["Na", "B", "D"]) == "hydride"
    assert classify(["Na", "O", "H"]) == "hydrogenous"
    assert {classify([one]) for one in ("Na", "Pu")} == {"metal"}
    assert {expected for _, expected in CRYSTALS.values()} == set(CLASSES)


def test_elements_with_open_shells_may_have_moments() -> None:
    assert elements_with_moments(["O", "Mn", "Gd"]) == ["Mn", "Gd"]
    assert elements_with_moments(["Cu", "La", "H"]) == []
