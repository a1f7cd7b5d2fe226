"""A single crystal of copper in ASE's effective-medium potential: both methods must see the same phonons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from scipy.signal import find_peaks

from scattering.crystal.observe import observe_path
from scattering.crystal.partials import CrystalPartials
from scattering.observe.view import EnergyGrid, PathView, View
from scattering.options.names import Method
from tests.filling import filled
from workers.kit.progress import ShuttingDown
from workers.simulations.outcome import Outcome

from .conftest import Silent, harmonic
from .conftest import simulate as simulate_here

TEMPERATURE = 150.0
# Of these, one sees along each of x, y and z mostly, and two between
ZONES = [[0, 0, 4], [2, 4, 0], [3, 1, 1], [1, 3, 5], [5, 1, 1]]


def simulate(atoms: Atoms, method: Method, folder: Path, progress: Silent | None = None, **options: Any) -> Outcome:
    chosen = filled(method, atoms, sampling="path", temperature=TEMPERATURE, **options)
    if method == "harmonic":
        return harmonic(
            atoms,
            EMT(),
            options=chosen,
            temperature=TEMPERATURE,
            progress=progress or Silent(),
            sampling="path",
        )
    return simulate_here(
        atoms,
        options=chosen,
        temperature=TEMPERATURE,
        folder=folder,
        progress=progress or Silent(),
        sampling="path",
    )


@pytest.fixture(scope="module")
def harmonic_copper(tmp_path_factory: pytest.TempPathFactory) -> CrystalPartials:
    outcome = simulate(
        bulk("Cu", "fcc", a=3.59, cubic=True),
        "harmonic",
        tmp_path_factory.mktemp("harmonic"),
        path="Γ-X",
        zones=ZONES,
        path_spacing_inv_angstrom=0.3,
        supercell=[3, 3, 3],
    )
    assert outcome.warnings == ()
    assert isinstance(outcome.partials, CrystalPartials)
    return outcome.partials


@pytest.fixture(scope="module")
def dynamic_copper(tmp_path_factory: pytest.TempPathFactory) -> CrystalPartials:
    folder, progress = tmp_path_factory.mktemp("md"), Silent()
    outcome = simulate(
        bulk("Cu", "fcc", a=3.59, cubic=True),
        "md",
        folder,
        progress,
        path="Γ-X",
        zones=ZONES,
        supercell=[3, 3, 3],
        force_constant_supercell=[3, 3, 3],
        timestep_fs=5.0,
        sample_fs=20.0,
        equilibration_ps=1.0,
        production_ps=4.2,
        correlation_ps=4.0,
        replicas=2,
    )
    assert outcome.findings["n_atoms"] == 108
    assert abs(outcome.findings["energy_drift_mev_per_atom"]) < 0.5
    assert progress.stages[1] == ("displace_atoms", 1.0)
    assert isinstance(outcome.partials, CrystalPartials)
    return outcome.partials


def seen(partials: CrystalPartials, point: int) -> np.ndarray:
    grid = EnergyGrid(0.0, 45.0, 0.25)
    cut = observe_path(partials, View(energy_mev=grid, contribution="coherent"), PathView(point=point)).cut
    assert cut is not None
    return np.asarray(cut.intensity)


@pytest.mark.slow
def test_the_path_is_that_of_the_box(dynamic_copper: CrystalPartials) -> None:
    assert dynamic_copper.labels == ("Γ", "", "", "X")
    np.testing.assert_allclose(np.abs(dynamic_copper.wave_vectors).sum(axis=1), [0, 1 / 3, 2 / 3, 1], atol=1e-12)
    assert dynamic_copper.ticks[-1] == (pytest.approx(2 * np.pi / 3.59), "X")
    assert dynamic_copper.statistics == "classical"
    assert dynamic_copper.coherent_runs is not None
    assert len(dynamic_copper.coherent_runs) == 2


@pytest.mark.slow
def test_molecular_dynamics_sees_the_harmonic_phonons(dynamic_copper: CrystalPartials) -> None:
    """Along Γ–X, each strong peak lies at a phonon: within the run's resolution and 5 % for what is anharmonic."""
    resolution = dynamic_copper.metadata["energy_resolution_mev"]
    assert resolution == pytest.approx(4135.67 / 4000, rel=1e-3)
    energy, found = 0.25 * np.arange(181), set()
    for point in (1, 2, 3):
        spectrum = seen(dynamic_copper, point)
        fine = np.argmin(np.abs(dynamic_copper.dispersion_distance - dynamic_copper.distance[point]))
        transverse, _, longitudinal = dynamic_copper.dispersion[fine]
        for peak in energy[find_peaks(spectrum, height=0.15 * spectrum.max(), distance=8)[0]]:
            branch = transverse if abs(peak - transverse) < abs(peak - longitudinal) else longitudinal
            assert abs(peak - branch) <= resolution + 0.05 * branch
            found.add((point, branch))
    # Of the three points' two branches each; one may be weak by chance in so short a run
    assert len(found) >= 4


@pytest.mark.slow
def test_both_methods_scatter_as_strongly(harmonic_copper: CrystalPartials, dynamic_copper: CrystalPartials) -> None:
    """At constant wave vector, the mean energy and the strength agree within what few modes in two runs allow."""
    energy = 0.25 * np.arange(181)
    ratios = []
    for point in (1, 2, 3):
        at = int(np.argmin(np.abs(harmonic_copper.distance - dynamic_copper.distance[point])))
        both = np.array([seen(dynamic_copper, point), seen(harmonic_copper, at)])
        # Below there are the tails of the elastic line
        both[:, energy < 3] = 0.0
        means = both @ energy / both.sum(axis=1)
        # 15 %: transverse and longitudinal modes are weighed by energies that chance has given them
        assert means[0] == pytest.approx(means[1], rel=0.15)
        ratios.append(both[0].sum() / both[1].sum())
    # A mode's energy is distributed exponentially: its mean over three arms and two runs is right to 1/√6, and that
    # over three wave vectors of two branches at least to 1/√36; twice that
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.35)


@pytest.mark.slow
def test_displacements_are_those_of_a_box(harmonic_copper: CrystalPartials, dynamic_copper: CrystalPartials) -> None:
    harmonic, dynamic = (np.trace(partials.displacements[0]) / 3 for partials in (harmonic_copper, dynamic_copper))
    # 108 atoms lack the waves that are longer than their box, which move atoms most
    assert 0.5 * harmonic < dynamic < 1.05 * harmonic
    np.testing.assert_allclose(dynamic_copper.displacements[0], dynamic * np.eye(3), atol=1e-9)


def test_the_uploaded_cell_does_not_matter(tmp_path: Path) -> None:
    maps = []
    for atoms, repeats, zones in (
        (bulk("Cu", "fcc", a=3.59, cubic=True), [3, 3, 3], [[0, 0, 4], [1, 1, 1]]),
        # In the primitive cell's reciprocal lattice
        (bulk("Cu", "fcc", a=3.59), [5, 5, 5], [[2, 2, 0], [1, 1, 1]]),
    ):
        partials = simulate(
            atoms, "harmonic", tmp_path, path="Γ-L", zones=zones, supercell=repeats, path_spacing_inv_angstrom=0.4
        ).partials
        assert isinstance(partials, CrystalPartials)
        maps.append(partials)
    np.testing.assert_allclose(maps[0].distance, maps[1].distance, rtol=1e-6)
    np.testing.assert_allclose(*(np.linalg.norm(one.vectors, axis=-1) for one in maps), rtol=1e-6)
    # Force constants are cut at 5.4 and 6.2 Å; EMT's reach is just beyond the third neighbours at 4.4 Å
    np.testing.assert_allclose(maps[0].dispersion[1:], maps[1].dispersion[1:], rtol=0.02)


def test_an_alloy_has_a_partial_for_each_pair(tmp_path: Path) -> None:
    ordered = bulk("Cu", "fcc", a=3.7, cubic=True)
    ordered.symbols[0] = "Au"
    partials = simulate(ordered, "harmonic", tmp_path, path="Γ-X", zones="first", supercell=[2, 2, 2]).partials
    assert partials.species == ("Au", "Cu")
    assert partials.concentration.tolist() == [0.25, 0.75]
    assert partials.coherent.shape[0] == 3


def test_it_stops_when_told_to(tmp_path: Path) -> None:
    progress = Silent(interrupt_in="produce", error=ShuttingDown())
    with pytest.raises(ShuttingDown):
        simulate(
            bulk("Cu", "fcc", a=3.59, cubic=True), "md", tmp_path, progress, supercell=[2, 2, 2],
            force_constant_supercell=[2, 2, 2], equilibration_ps=0.02, production_ps=4.0, correlation_ps=1.0,
        )  # fmt: skip
    assert len(progress.shares) < 10
