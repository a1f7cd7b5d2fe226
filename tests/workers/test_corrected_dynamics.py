"""Dynamics with the harmonic part of a reference: its phonons, and the anharmonicity of the potential."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.md.verlet import VelocityVerlet
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from scattering.core import molecular_motion
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.quantum import detailed_balance, harmonic_correction
from scattering.simulate.harmonic_forces import HarmonicForces, harmonic_forces
from tests.filling import filled
from workers.engines.corrected_forces import AtomsLeftSites, CorrectedForces, Correction
from workers.engines.motion import set_in_motion
from workers.kit.failures import CannotPredict
from workers.kit.workplace import Workplace
from workers.simulations import registry, results
from workers.simulations.steps.preparation import Prepared

from .conftest import OfEMT, Silent, harmonic, simulate

STIFFNESS = 1.44
"""Force constants of the reference over those of the potential: its energies are 1.2 times as high."""


def copper() -> Atoms:
    return bulk("Cu", "fcc", a=3.59, cubic=True)


@cache
def reference(stiffness: float = STIFFNESS) -> HarmonicCrystal:
    """Copper in a larger supercell than that of the runs, stiffer than in the potential."""
    chosen = filled("harmonic", copper(), supercell=[4, 4, 4], q_max_inv_angstrom=3.0)
    found = harmonic(copper(), EMT(), options=chosen, temperature=100.0, progress=Silent())
    crystal = found.partials.harmonic_crystal
    assert crystal is not None
    return replace(crystal, force_constants=stiffness * crystal.force_constants)


def of_runs(**more: Any) -> Any:
    short = {"equilibration_ps": 0.5, "production_ps": 3.5, "correlation_ps": 2.0}
    steps = {"timestep_fs": 5.0, "sample_fs": 20.0, "supercell": [3, 3, 3], "q_max_inv_angstrom": 4.0}
    return filled("md", copper(), **{**short, **steps, **more})


def prepared(tmp_path: Path, crystal: HarmonicCrystal, atoms: Atoms | None = None) -> tuple[Prepared, OfEMT]:
    """The preparation of the runs, through its file."""
    simulation = OfEMT(atoms or copper(), of_runs(), 100.0, None, "", reference=crystal)
    workflow = registry.replicated_workflow("md", "powder")
    made = workflow.prepare(simulation, workplace=Workplace(tmp_path, "1"), progress=Silent())
    results.save(tmp_path / "prepared.npz", made)
    return Prepared.of(results.load(tmp_path / "prepared.npz")), simulation


def corrected(tmp_path: Path, crystal: HarmonicCrystal) -> Atoms:
    """The supercell of the runs at rest, with corrected forces."""
    start, simulation = prepared(tmp_path, crystal)
    assert start.correction is not None
    sites = start.supercell(simulation)
    calculator: Calculator = start.correction.wrap(
        EMT(), reference=crystal, atoms=start.atoms(simulation), repeats=simulation.options.supercell
    )
    sites.calc = calculator
    return sites


def test_small_displacements_have_the_forces_of_the_reference(tmp_path: Path) -> None:
    atoms = corrected(tmp_path, reference())
    sites = atoms.positions.copy()
    exact = harmonic_forces(reference(), cell=atoms.cell.array, positions=sites, symbols=list(atoms.symbols))
    displacements = np.random.default_rng(1).normal(scale=1e-3, size=sites.shape)
    expected = exact.forces(displacements)
    found = []
    for sign in (1, -1):
        atoms.positions = sites + sign * displacements
        found.append(atoms.get_forces())
    np.testing.assert_allclose((found[0] - found[1]) / 2, expected, atol=1e-4 * np.abs(expected).max())
    # What is even in the displacements is the anharmonicity of the potential, which stays
    even, of_potential = (found[0] + found[1]) / 2, []
    for sign in (1, -1):
        alone = Atoms(atoms.symbols, sites + sign * displacements, cell=atoms.cell, pbc=True, calculator=EMT())
        of_potential.append(alone.get_forces())
    np.testing.assert_allclose(even, sum(of_potential) / 2, atol=1e-6)


def test_forces_are_the_gradient_of_the_energy(tmp_path: Path) -> None:
    atoms = corrected(tmp_path, reference())
    rng = np.random.default_rng(2)
    # In another image, as a drifting crystal is
    atoms.positions += rng.normal(scale=0.1, size=atoms.positions.shape) + atoms.cell.array[0]
    assert_forces_are_the_gradient(atoms, rng)


def assert_forces_are_the_gradient(atoms: Atoms, rng: np.random.Generator) -> None:
    direction, step = rng.normal(size=atoms.positions.shape), 1e-4
    slope = -np.sum(atoms.get_forces() * direction)
    energies = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.calc = atoms.calc
        moved.positions += sign * step * direction
        energies.append(moved.get_potential_energy())
    assert (energies[0] - energies[1]) / (2 * step) == pytest.approx(slope, rel=1e-5)


def test_energy_is_conserved(tmp_path: Path) -> None:
    atoms = corrected(tmp_path, reference())
    set_in_motion(atoms, 300.0, np.random.default_rng(1))
    md = VelocityVerlet(atoms, 4 * units.fs)
    totals = [atoms.get_total_energy() for _ in md.irun(100)]
    assert np.ptp(totals) / len(atoms) < 1e-3


def test_an_atom_that_leaves_its_site_is_refused(tmp_path: Path) -> None:
    atoms = corrected(tmp_path, reference())
    atoms.positions[5] += [1.0, 1.0, 1.0]
    with pytest.raises(AtomsLeftSites) as refused:
        atoms.get_forces()
    assert refused.value.notice.code == "atoms_left_sites"
    assert refused.value.notice.params["distance_angstrom"] == pytest.approx(3**0.5, rel=0.02)


def test_preparation_tells_how_far_the_potential_is_from_the_reference(tmp_path: Path) -> None:
    start, _ = prepared(tmp_path, reference())
    told = start.findings["harmonic_correction"]
    assert told["median_ratio"] == pytest.approx(STIFFNESS**-0.5, rel=0.01)
    assert told["rms_relative_difference"] == pytest.approx(1 - STIFFNESS**-0.5, rel=0.05)


def test_runs_begin_at_the_cell_and_the_sites_of_the_reference(tmp_path: Path) -> None:
    crystal = reference()
    wider = replace(crystal, cell=1.01 * crystal.cell, uploaded_cell=1.01 * crystal.uploaded_cell)
    start, _ = prepared(tmp_path, wider)
    np.testing.assert_allclose(start.cell, 1.01 * copper().cell.array, atol=1e-6)


@pytest.mark.parametrize(
    ("crystal", "atoms", "code"),
    [
        (lambda: reference(-1.0), copper, "reference_has_imaginary_modes"),
        (reference, lambda: bulk("Al", "fcc", a=4.05, cubic=True), "reference_of_other_crystal"),
        (reference, lambda: bulk("Cu", "fcc", a=3.59), "reference_of_other_crystal"),
    ],
    ids=["unstable", "element", "cell"],
)
def test_impossible_references_are_refused(crystal: Any, atoms: Any, code: str, tmp_path: Path) -> None:
    with pytest.raises(CannotPredict) as refused:
        prepared(tmp_path, crystal(), atoms())
    assert refused.value.notice.code == code


class Springs:
    """Harmonic forces of a matrix."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self.matrix = matrix @ matrix.T

    def forces(self, displacements: NDArray[np.float64]) -> NDArray[np.float64]:
        return -(self.matrix @ displacements.ravel()).reshape(-1, 3)


class Quartic(Calculator):
    """Springs about sites, with the fourth power of each displacement."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def __init__(self, springs: Springs, sites: NDArray[np.float64]) -> None:
        super().__init__()
        self.springs, self.sites = springs, sites

    def calculate(self, atoms: Any = None, *rest: Any, **more: Any) -> None:
        super().calculate(atoms, *rest, **more)
        u = atoms.positions - self.sites
        harmonic = self.springs.forces(u)
        self.results = {"energy": np.sum(u**4) - np.sum(u * harmonic) / 2, "forces": harmonic - 4 * u**3}


def molecules(modes: str) -> tuple[Atoms, Springs, Springs, Any, Any]:
    """Two bent molecules at other angles than in the potential, with random springs."""
    one = np.array([[0.0, 0.0, 0.0], [0.8, 0.6, 0.0], [-0.8, 0.6, 0.0]])
    turned = Rotation.from_rotvec([0.2, -0.1, 0.3]).apply(one)
    at = np.array([[2.0, 2.0, 2.0], [6.0, 6.0, 6.0]])
    sites = Atoms("OHHOHH", np.concatenate([one + at[0], turned + at[1]]), cell=[8.0] * 3, pbc=True)
    own_sites = np.concatenate([turned + at[0], one + at[1]])
    rng = np.random.default_rng(3)
    reference, own = Springs(rng.normal(size=(18, 18))), Springs(rng.normal(size=(18, 18)))
    members, masses = [np.arange(3), np.arange(3, 6)], sites.get_masses()
    into_own = molecular_motion.into_axes(members, sites.positions, own_sites, masses)
    corrected = molecular_motion.internal(members, sites.positions, masses) if modes == "internal" else None
    springs = cast("HarmonicForces", reference), cast("HarmonicForces", own)
    correction = Correction(sites.copy(), own_sites, *springs, into_own, corrected)
    sites.calc = CorrectedForces(Quartic(own, own_sites), correction)
    return sites, reference, own, into_own, corrected


@pytest.mark.parametrize("modes", ["all", "internal"])
def test_forces_of_turned_molecules_are_the_gradient_of_the_energy(modes: str) -> None:
    atoms, *_ = molecules(modes)
    rng = np.random.default_rng(4)
    atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    assert_forces_are_the_gradient(atoms, rng)


def test_turned_molecules_have_the_harmonic_forces_of_the_reference() -> None:
    atoms, reference, *_ = molecules("all")
    displacements = np.random.default_rng(5).normal(scale=1e-4, size=(6, 3))
    atoms.positions += displacements
    np.testing.assert_allclose(atoms.get_forces(), reference.forces(displacements), atol=1e-9)


def test_whole_molecules_can_move_as_in_the_potential() -> None:
    atoms, reference, own, into_own, corrected = molecules("internal")
    sites = atoms.positions.copy()
    displacements = np.random.default_rng(5).normal(scale=1e-4, size=18)
    inside = corrected @ displacements
    atoms.positions = sites + inside.reshape(6, 3)
    found, wanted = atoms.get_forces().ravel(), reference.forces(inside.reshape(6, 3)).ravel()
    np.testing.assert_allclose(corrected.T @ found, corrected.T @ wanted, atol=1e-9)
    outside = displacements - inside
    atoms.positions = sites + outside.reshape(6, 3)
    wanted = into_own.T @ own.forces((into_own @ outside).reshape(6, 3)).ravel()
    np.testing.assert_allclose(atoms.get_forces().ravel(), wanted, atol=1e-9)


@pytest.mark.slow
def test_a_spectrum_has_the_energies_of_the_reference(tmp_path: Path) -> None:
    mean = {}
    for name, crystal in (("potential", None), ("corrected", reference())):
        folder = tmp_path / name
        folder.mkdir()
        options = of_runs(supercell=[2, 2, 2], replicas=1, n_q_points=300)
        outcome = simulate(
            copper(), options=options, temperature=50.0, folder=folder, progress=Silent(), reference=crystal
        )
        partials = outcome.partials
        row = partials.incoherent[0, np.searchsorted(partials.q, 2.0)].astype(float)
        row = row * harmonic_correction(partials.energy, 50.0) * partials.energy_widths
        row = row * (1 - detailed_balance(partials.energy, 50.0))
        kept = partials.energy > 3
        mean[name] = np.average(partials.energy[kept], weights=row[kept])
    assert mean["corrected"] / mean["potential"] == pytest.approx(STIFFNESS**0.5, rel=0.05)
