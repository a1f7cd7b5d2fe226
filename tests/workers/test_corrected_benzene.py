"""Benzene with the harmonic part of GFN1-xTB, where tblite is installed, and the anharmonicity of NEP89."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.langevin import Langevin
from numpy.typing import NDArray

from backend.structures import examples
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.options.names import HarmonicModes
from scattering.simulate.interpolation import energies_at
from tests.extras import needs
from workers import engines
from workers.engines.interface import Potential
from workers.engines.motion import set_in_motion
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.harmonic_correction import DISPLACEMENT_ANGSTROM, HarmonicCorrection
from workers.simulations.steps.relaxation import relax

pytestmark = [
    *needs("tblite"),
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

N_RIGID = 24
"""Modes of four molecules that move and turn as a whole; the lowest ones at Γ."""


@dataclass(frozen=True)
class Corrected:
    """The cell at rest in the reference, its modes at Γ in meV, and the calculator of corrected forces."""

    atoms: Atoms
    energies: NDArray[np.float64]
    calculator: Callable[[HarmonicModes], Calculator]


def at_gamma(
    atoms: Atoms, calculator: Calculator, distance: float = 0.01
) -> tuple[NDArray[np.float64], HarmonicCrystal]:
    found = displace(atoms, calculator, labels=list(atoms.symbols), supercell=[1, 1, 1], distance=distance)
    return np.sort(energies_at(found.force_constants, np.zeros((1, 3)))[0]), found.crystal(atoms.cell.array)


@pytest.fixture(scope="module")
def benzene(nep89: Path) -> Corrected:
    def potential() -> Calculator:
        return engines.calculator("nep-adapters", Potential(nep89))

    measured = ase.io.read(io.BytesIO(examples.catalogue()["benzene"].content), format="cif")
    teacher = engines.calculator("tblite", Potential(Path(), family="xtb", format="GFN1-xTB"))
    rest = relax(measured, teacher, relax_cell=False).atoms
    energies, reference = at_gamma(rest, teacher)
    own_rest = relax(rest, potential(), relax_cell=False).atoms
    _, own = at_gamma(own_rest, potential(), DISPLACEMENT_ANGSTROM)
    correction = HarmonicCorrection(own_rest.positions, own)
    return Corrected(
        rest,
        energies,
        lambda modes: correction.wrap(potential(), reference=reference, atoms=rest, repeats=(1, 1, 1), modes=modes),
    )


def test_all_modes_are_those_of_the_reference(benzene: Corrected) -> None:
    found, _ = at_gamma(benzene.atoms, benzene.calculator("all"), distance=1e-3)
    error = np.abs(found / benzene.energies - 1)[3:]
    assert error[N_RIGID - 3 :].max() < 0.01
    assert error[: N_RIGID - 3].mean() < 0.01


def test_modes_inside_molecules_are_those_of_the_reference_and_the_crystal_stays_whole(benzene: Corrected) -> None:
    found, _ = at_gamma(benzene.atoms, benzene.calculator("internal"), distance=1e-3)
    assert np.abs(found / benzene.energies - 1)[N_RIGID:].max() < 0.01
    atoms = benzene.atoms.copy()
    atoms.calc = benzene.calculator("internal")
    rng = np.random.default_rng(1)
    set_in_motion(atoms, 127.0, rng)
    # Refuses as soon as an atom leaves its site
    dynamics = Langevin(atoms, 0.5 * units.fs, temperature_K=127.0, friction=0.01 / units.fs, rng=rng, fixcm=False)
    dynamics.run(40_000)
    assert atoms.get_temperature() == pytest.approx(127.0, rel=0.35)
