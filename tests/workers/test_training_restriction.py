"""A NEP restricted to the elements of a material has the same forces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from backend.families.record import UnusablePotential
from backend.families.records.nep.restriction import restrict
from tests.backend.nep_texts import nep_text
from workers import engines
from workers.engines.interface import Potential


def results(file: Path, atoms: Atoms) -> tuple[float, np.ndarray, np.ndarray]:
    calculated = atoms.copy()
    calculated.calc = engines.calculator("nep-adapters", Potential(file, family="nep"))
    return calculated.get_potential_energy(), calculated.get_forces(), calculated.get_stress()


def rattled(atoms: Atoms) -> Atoms:
    atoms.rattle(0.1, seed=3)
    return atoms


def check_same(whole: Path, restricted: Path, atoms: Atoms) -> None:
    (energy, forces, stress), (energy_2, forces_2, stress_2) = (results(one, atoms) for one in (whole, restricted))
    assert energy_2 == pytest.approx(energy, abs=1e-9)
    np.testing.assert_allclose(forces_2, forces, atol=1e-10)
    np.testing.assert_allclose(stress_2, stress, atol=1e-10)


def test_forces_of_a_restricted_potential(tmp_path: Path) -> None:
    whole, restricted = tmp_path / "whole.txt", tmp_path / "restricted.txt"
    whole.write_text(nep_text(elements=("Na", "Si", "Cl")))
    restrict(whole, {"Cl", "Na"}, restricted)
    assert restricted.read_text().split("\n", 1)[0].split() == ["nep4", "2", "Na", "Cl"]
    check_same(whole, restricted, rattled(bulk("NaCl", "rocksalt", 5.6, cubic=True)))


@pytest.mark.parametrize(
    ("atoms", "elements"),
    [(bulk("Si", cubic=True), {"Si"}), (bulk("MgO", "rocksalt", 4.21, cubic=True), {"O", "Mg"})],
)
def test_forces_of_restricted_nep89(nep89: Path, tmp_path: Path, atoms: Atoms, elements: set[str]) -> None:
    restrict(nep89, elements, tmp_path / "restricted.txt")
    assert (tmp_path / "restricted.txt").stat().st_size < 150_000
    check_same(nep89, tmp_path / "restricted.txt", rattled(atoms.copy()))


def test_an_element_that_the_potential_lacks(tmp_path: Path) -> None:
    (tmp_path / "whole.txt").write_text(nep_text(elements=("Na", "Cl")))
    with pytest.raises(UnusablePotential) as refused:
        restrict(tmp_path / "whole.txt", {"Na", "Si"}, tmp_path / "restricted.txt")
    assert refused.value.notice.code == "elements_not_in_potential"
