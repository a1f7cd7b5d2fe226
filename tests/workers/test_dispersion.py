"""DFT-D3 dispersion beside a NEP: right numbers, and derivatives that belong to the energy."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from ase.io import read
from dftd3.ase import DFTD3

from tests.conftest import ROOT
from workers import engines
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict
from workers.potentials.nep import COORDINATION_CUTOFF, DISPERSION_CUTOFF

PBE = {"s6": 1.0, "s8": 0.7875, "s9": 0.0, "a1": 0.4289, "a2": 4.4407}
"""Grimme, Ehrlich and Goerigk, J. Comput. Chem. 32 (2011) 1456, table 2; without the three-body term."""


def benzene() -> Atoms:
    crystal = read(ROOT / "backend" / "structures" / "examples" / "benzene.cif")
    crystal.rattle(0.05, seed=1)
    return Atoms(crystal.numbers, crystal.positions, cell=crystal.cell, pbc=True)


def sheared_silicon() -> Atoms:
    silicon = bulk("Si", cubic=True)
    strain = np.array([[0.01, 0.03, 0], [0, -0.02, 0.01], [0.02, 0, 0]])
    silicon.set_cell(silicon.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    silicon.rattle(0.1, seed=2)
    return silicon


def results(atoms: Atoms, engine: str, potential: Potential) -> tuple[float, np.ndarray, np.ndarray]:
    atoms = atoms.copy()
    atoms.calc = engines.calculator(engine, potential)
    return atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()


def dispersion(atoms: Atoms, engine: str, nep89: Path) -> tuple[float, np.ndarray, np.ndarray]:
    """What asking for it adds."""
    both, alone = (results(atoms, engine, Potential(nep89, functional)) for functional in ("pbe", None))
    return both[0] - alone[0], both[1] - alone[1], both[2] - alone[2]


@pytest.mark.parametrize("crystal", [benzene, sheared_silicon])
def test_an_independent_program_finds_the_same_dispersion(crystal: Callable[[], Atoms], nep89: Path) -> None:
    """s-dftd3 (Ehlert, J. Open Source Softw. 9 (2024) 7169), with the same cutoffs.

    What differs is digits of constants: the energies are 8e-7 apart for both crystals.
    """
    atoms = crystal()
    energy, forces, stress = dispersion(atoms, "nep-adapters", nep89)
    cutoffs = {"disp2": DISPERSION_CUTOFF, "cn": COORDINATION_CUTOFF, "disp3": COORDINATION_CUTOFF}
    atoms.calc = DFTD3(method="PBE", damping="d3bj", params_tweaks=PBE, realspace_cutoff=cutoffs)
    assert energy == pytest.approx(atoms.get_potential_energy(), rel=3e-6)
    np.testing.assert_allclose(forces, atoms.get_forces(), atol=1e-6)
    np.testing.assert_allclose(stress, atoms.get_stress(), rtol=1e-5, atol=1e-7)


def test_what_lies_beyond_the_cutoff_is_a_hundredth(nep89: Path) -> None:
    atoms = benzene()
    energy, _, _ = dispersion(atoms, "nep-adapters", nep89)
    cutoffs = {"disp2": 60 * units.Bohr, "cn": 40 * units.Bohr, "disp3": COORDINATION_CUTOFF}
    atoms.calc = DFTD3(method="PBE", damping="d3bj", params_tweaks=PBE, realspace_cutoff=cutoffs)
    assert 0.98 < energy / atoms.get_potential_energy() < 0.995


def test_forces_and_stress_are_derivatives_of_the_energy(nep89: Path) -> None:
    atoms = sheared_silicon()
    atoms.calc = engines.calculator("nep-adapters", Potential(nep89, "pbe"))
    # Steps so small that no pair crosses the cutoff, which would be seen as a jump; what is left is rounding
    numerical = calculate_numerical_forces(atoms, eps=1e-5, iatoms=[0, 3], force_consistent=False)
    np.testing.assert_allclose(atoms.get_forces()[[0, 3]], numerical, atol=1e-7)
    numerical = calculate_numerical_stress(atoms, eps=1e-5, force_consistent=False)
    np.testing.assert_allclose(atoms.get_stress(), numerical, atol=1e-8)


def test_both_engines_add_the_same(nep89: Path) -> None:
    atoms = benzene()
    one, other = (results(atoms, engine, Potential(nep89, "pbe")) for engine in ("nep-adapters", "calorine"))
    assert one[0] == pytest.approx(other[0], abs=1e-8)
    np.testing.assert_allclose(one[1], other[1], atol=1e-9)
    np.testing.assert_allclose(one[2], other[2], atol=1e-10)


def test_engines_say_what_they_refuse(tmp_path: Path) -> None:
    broken = tmp_path / "nep.txt"
    broken.write_text("nep4 1 Si\nnonsense\n")
    for engine in ("nep-adapters", "calorine"):
        with pytest.raises(CannotPredict, match="potential_refused"):
            engines.calculator(engine, Potential(broken))
    with pytest.raises(engines.UnknownEngine, match=re.escape("'gpumd'")):
        engines.calculator("gpumd", Potential(broken))
    with pytest.raises(engines.UnknownEngine):
        engines.dynamics("lammps", Potential(broken), loader="calorine")
