"""Both workflows on copper in ASE's effective-medium potential: they must agree where theory says that they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.io import read

from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.core.partials import Partials
from scattering.core.quantum import detailed_balance, harmonic_correction
from scattering.observe.spectrum import EnergyGrid, View, observe
from scattering.options.names import Method
from scattering.simulate.force_constants import to_force_constants
from tests.conftest import ROOT
from tests.filling import filled
from workers import engines
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.simulations.steps.relaxation import CannotRelax, relax

from .conftest import Silent, harmonic, simulate

TEMPERATURE = 150.0


def options(method: Method, atoms: Atoms, **more: object) -> Any:
    return filled(method, atoms, temperature=TEMPERATURE, **more)


@pytest.fixture(scope="module")
def harmonic_copper() -> Partials:
    copper = bulk("Cu", "fcc", a=3.59, cubic=True)
    # As large as the box of the molecular dynamics below
    chosen = options("harmonic", copper, supercell=[4, 4, 4], q_max_inv_angstrom=8.0)
    outcome = harmonic(copper, EMT(), options=chosen, temperature=TEMPERATURE, progress=Silent())
    assert outcome.warnings == ()
    assert outcome.findings["imaginary_fraction"] == 0
    assert outcome.findings["force_constant_at_edge"] < 0.05
    return outcome.partials


@pytest.fixture(scope="module")
def dynamic_copper(tmp_path_factory: pytest.TempPathFactory) -> Partials:
    copper = bulk("Cu", "fcc", a=3.59, cubic=True)
    chosen = options(
        "md",
        copper,
        supercell=[3, 3, 3],
        timestep_fs=5.0,
        sample_fs=20.0,
        equilibration_ps=1.0,
        production_ps=4.5,
        correlation_ps=3.0,
        n_q_points=1500,
        q_max_inv_angstrom=8.0,
    )
    folder, progress = tmp_path_factory.mktemp("md"), Silent()
    outcome = simulate(copper, options=chosen, temperature=TEMPERATURE, folder=folder, progress=progress)
    assert outcome.findings["n_atoms"] == 108
    assert abs(outcome.findings["energy_drift_mev_per_atom"]) < 0.5
    assert outcome.timings["atom_steps_per_second"] > 0
    assert [name for name, _ in progress.stages] == [
        "relax",
        *["equilibrate", "produce", "correlate"] * 3,
    ]
    return outcome.partials


def test_force_constants_are_kept(harmonic_copper: Partials) -> None:
    crystal = harmonic_copper.harmonic_crystal
    assert crystal is not None
    assert (crystal.species, crystal.sites, crystal.n_repeats) == (("Cu",), ("Cu",), 4)
    # What the mesh of copper resolves: acoustic branches are steep at 5 meV
    assert harmonic_copper.mesh_spacing is not None
    assert 0.1 < harmonic_copper.mesh_spacing.at(np.array([5.0]))[0] < 2.0
    # The uploaded cell is repeated 4 × 4 × 4 times
    assert len(crystal.cell_origins) == 256
    point = to_force_constants(crystal).calculate_qpoint_frequencies(np.array([[0.5, 0.5, 0.0]]), asr="reciprocal")
    highest = float(point.frequencies.to("meV").magnitude.max())
    assert highest <= harmonic_copper.energy[-1]
    # The longitudinal mode at X is the highest phonon of this lattice
    assert harmonic_copper.orders is not None
    filled_bins = np.flatnonzero(harmonic_copper.orders[0, 0, 40] > 0)
    assert highest == pytest.approx(harmonic_copper.energy[filled_bins[-1]], rel=0.02)


def test_copper_in_emt_has_the_highest_phonon_that_it_is_known_to_have(harmonic_copper: Partials) -> None:
    assert harmonic_copper.orders is not None
    spectrum = harmonic_copper.orders[0, 0, 40]
    highest = harmonic_copper.energy[np.flatnonzero(spectrum > 0)[-1]]
    # Copper's is 30 meV by neutrons (Svensson 1967); EMT is some 10 % off
    assert 24 < highest < 34


@pytest.mark.slow
def test_md_scatters_as_the_harmonic_crystal_where_multiphonons_are_weak(
    harmonic_copper: Partials, dynamic_copper: Partials
) -> None:
    """At small q one-phonon scattering is all; the mean energy and the area must agree.

    108 atoms have 107 × 3 modes and 12 ps average over few of their periods: 15 %.
    """
    moments = {}
    for name, partials in {"harmonic": harmonic_copper, "md": dynamic_copper}.items():
        row = partials.incoherent[0, np.searchsorted(partials.q, 2.0)].astype(float)
        if partials.statistics == "classical":
            row = row * harmonic_correction(partials.energy, TEMPERATURE)
        # Below 3 meV the small box has no modes
        kept = partials.energy > 3
        row = row * partials.energy_widths
        first = (row * partials.energy * (1 - detailed_balance(partials.energy, TEMPERATURE)))[kept].sum()
        moments[name] = first, np.average(partials.energy[kept], weights=row[kept])
    assert moments["md"][0] == pytest.approx(moments["harmonic"][0], rel=0.15)
    assert moments["md"][1] == pytest.approx(moments["harmonic"][1], rel=0.08)


@pytest.mark.slow
def test_md_keeps_the_sum_rules(dynamic_copper: Partials) -> None:
    """∫S dω = 1, and with the quantum factor ∫ωS dω = ħ²q²/2M, both over both signs of ω and for every atom."""
    energy, step = dynamic_copper.energy, dynamic_copper.energy_widths[0]
    for q in (1.0, 2.0, 4.0, 7.0):
        row = np.argmin(np.abs(dynamic_copper.q - q))
        band = dynamic_copper.incoherent[0, row].astype(float)
        elastic = dynamic_copper.incoherent_elastic[0, row]
        # Energies up to 93 meV are kept: beyond is what rounding leaves
        assert elastic + (2 * band.sum() - band[0]) * step == pytest.approx(1, abs=2e-3)
        quantum = band * harmonic_correction(energy, TEMPERATURE)
        gain = quantum * detailed_balance(energy, TEMPERATURE)
        first = (energy * (quantum - gain)).sum() * step
        # The runs' temperature: 3 × 107 × 3 modes share it to √(2/963) = 5 %
        assert first == pytest.approx(RECOIL_MEV_A2_AMU * dynamic_copper.q[row] ** 2 / 63.546, rel=0.12)


@pytest.mark.slow
def test_md_says_how_far_its_atoms_move_and_how_sure_it_is(dynamic_copper: Partials) -> None:
    squares = dynamic_copper.metadata["mean_square_displacement_angstrom2"]["Cu"]
    # The elastic line at small q is 1 − q²⟨u²⟩/3
    assert dynamic_copper.incoherent_elastic[0, 9] == pytest.approx(
        np.exp(-(dynamic_copper.q[9] ** 2) * squares / 3), abs=5e-3
    )
    assert dynamic_copper.metadata["diffusing"] == []
    assert (dynamic_copper.metadata["replicas"], dynamic_copper.metadata["correlation_ps"]) == (3, 3.0)
    assert dynamic_copper.coherent_runs is not None
    assert dynamic_copper.standard_errors is not None
    assert len(dynamic_copper.coherent_runs) == 3
    row = dynamic_copper.incoherent[0, 30]
    relative = dynamic_copper.standard_errors[1][0, 30].sum() / row.sum()
    # 107 × 3 modes in three runs and some directions: each mode's energy varies by as much as it is
    assert 0.005 < relative < 0.5


@pytest.mark.slow
def test_elastic_line_is_the_debye_waller_factor(harmonic_copper: Partials, dynamic_copper: Partials) -> None:
    q = np.searchsorted(dynamic_copper.q, 3.0)
    # EISF of a small box lacks its longest waves: MD's is the larger
    ratio = dynamic_copper.incoherent_elastic[0, q] / harmonic_copper.incoherent_elastic[0, q]
    assert 0.97 < ratio < 1.1


@pytest.mark.slow
def test_both_have_the_species_and_the_metadata_they_need(harmonic_copper: Partials, dynamic_copper: Partials) -> None:
    assert harmonic_copper.species == dynamic_copper.species == ("Cu",)
    assert (harmonic_copper.statistics, dynamic_copper.statistics) == ("quantum", "classical")
    assert dynamic_copper.metadata["energy_resolution_mev"] == pytest.approx(4135.67 / 3000, rel=1e-3)
    np.testing.assert_allclose(harmonic_copper.q, dynamic_copper.q)


def test_harmonic_copper_holds_all_that_it_scatters(harmonic_copper: Partials) -> None:
    orders, widths = harmonic_copper.orders, harmonic_copper.energy_widths
    assert orders is not None
    assert len(orders) == 10
    assert 250.0 <= harmonic_copper.energy[-1] < 251.0
    loss = orders[:, 0] * widths
    gain = (loss * detailed_balance(harmonic_copper.energy, TEMPERATURE))[..., 1:]
    total = harmonic_copper.incoherent_elastic[0] + loss.sum(axis=(0, 2)) + gain.sum(axis=(0, 2))
    # Of eleven phonons there is nothing to 8 Å⁻¹; 1e-3: the gain side by detailed balance of the bins' centres
    np.testing.assert_allclose(total, 1, atol=1e-3)
    # Two phonons reach twice as far as one, in the coherent part too
    highest = harmonic_copper.energy[np.flatnonzero(orders[0, 0, 40] > 0)[-1]]
    beyond = harmonic_copper.energy > highest + 2 * widths.max()
    np.testing.assert_allclose(
        harmonic_copper.coherent[0][:, beyond], harmonic_copper.incoherent[0][:, beyond], rtol=1e-6
    )
    assert orders[1, 0, 40][beyond].max() > 0


def test_sites_of_one_element_are_told_apart_on_request(progress: Silent) -> None:
    """Double hexagonal close packing, ABAC: two atoms have cubic neighbours and two hexagonal ones."""
    spacing, height = 3.59 / np.sqrt(2), 3.59 / np.sqrt(3)
    fractional = [[0, 0, 0], [1 / 3, 2 / 3, 1 / 4], [0, 0, 1 / 2], [2 / 3, 1 / 3, 3 / 4]]
    cell = [[spacing, 0, 0], [-spacing / 2, spacing * np.sqrt(3) / 2, 0], [0, 0, 4 * height]]
    double = Atoms("Cu4", scaled_positions=fractional, cell=cell, pbc=True)
    found = {}
    for resolved in (False, True):
        chosen = options("harmonic", double, supercell=[4, 4, 1], q_max_inv_angstrom=4.0, resolve_sites=resolved)
        outcome = harmonic(double, EMT(), options=chosen, temperature=TEMPERATURE, progress=progress)
        found[resolved] = outcome.partials
    assert found[False].species == ("Cu",)
    assert found[True].species == ("Cu1", "Cu2")
    np.testing.assert_allclose(found[True].concentration, 0.5)
    np.testing.assert_allclose(found[True].incoherent.sum(axis=0), found[False].incoherent[0], rtol=1e-5, atol=1e-9)
    # At 0.1 Å⁻¹ next to all is elastic: each site counts with all of its atoms
    np.testing.assert_allclose(found[True].incoherent_elastic[:, 0], 0.5, rtol=1e-3)
    # The two stackings differ by little, but they do
    one, other = found[True].incoherent
    assert 1e-3 < np.abs(one - other).sum() / one.sum() < 0.5


def test_what_ten_phonons_leave_out_is_told(copper: Atoms) -> None:
    chosen = options("harmonic", copper, supercell=[3, 3, 3], q_max_inv_angstrom=12.0, n_orders=2)
    outcome = harmonic(copper, EMT(), options=chosen, temperature=1200.0, progress=Silent())
    (warning,) = outcome.warnings
    assert (warning.code, warning.params["n_orders"]) == ("higher_orders_missing", 2)
    limit = warning.params["from_q_inv_angstrom"]["Cu"]
    # Poisson: more than two phonons are 10 % at a mean of 1.10, which the elastic line is the measure of
    q = outcome.partials.q[np.searchsorted(-outcome.partials.incoherent_elastic[0], -np.exp(-1.102))]
    assert limit == pytest.approx(q, abs=0.6)


@pytest.mark.slow
def test_benzene_scatters_once(nep89: Path, progress: Silent) -> None:
    """At 10 K nothing is given back: elastic line and ten orders up to 600 meV are all, at 4 Å⁻¹."""
    benzene = read(ROOT / "backend" / "structures" / "examples" / "benzene.cif")
    chosen = options("harmonic", benzene)
    calculator = engines.calculator("nep-adapters", Potential(nep89))
    partials = harmonic(benzene, calculator, options=chosen, temperature=10.0, progress=progress).partials
    assert partials.orders is not None
    row = np.searchsorted(partials.q, 4.0)
    hydrogen = partials.species.index("H")
    scattered = (partials.orders[:, hydrogen, row] @ partials.energy_widths).sum()
    total = (scattered + partials.incoherent_elastic[hydrogen, row]) / partials.concentration[hydrogen]
    # Two stretches, at 800 meV, are 0.2 % of all there
    assert total == pytest.approx(1, abs=5e-3)


def test_a_unit_cell_that_is_not_primitive_gives_the_same_phonons(copper: Atoms, progress: Silent) -> None:
    primitive = bulk("Cu", "fcc", a=3.59)
    ends = []
    for atoms, repeats in ((copper, [3, 3, 3]), (primitive, [5, 5, 5])):
        chosen = options("harmonic", atoms, supercell=repeats, q_max_inv_angstrom=2.0)
        outcome = harmonic(atoms, EMT(), options=chosen, temperature=TEMPERATURE, progress=progress)
        ends.append(outcome.findings["highest_energy_mev"])
    assert ends[0] == pytest.approx(ends[1], rel=0.02)


def test_md_stops_when_told_to_and_says_so(copper: Atoms, tmp_path: Path) -> None:
    progress = Silent(interrupt_in="produce", error=ShuttingDown())
    chosen = options("md", copper, supercell=[2, 2, 2], equilibration_ps=0.02, production_ps=4.0, correlation_ps=1.0)
    with pytest.raises(ShuttingDown):
        simulate(copper, options=chosen, temperature=TEMPERATURE, folder=tmp_path, progress=progress)
    assert len(progress.shares) < 10


def test_one_run_alone_is_cut_into_segments_and_sites_are_told_apart(tmp_path: Path) -> None:
    # One atom of the cell shifted: it has a site of its own
    crystal = bulk("Cu", "fcc", a=3.59, cubic=True)
    crystal.positions[0] += 0.1
    chosen = options(
        "md",
        crystal,
        supercell=[2, 2, 2],
        timestep_fs=5.0,
        sample_fs=20.0,
        equilibration_ps=0.1,
        production_ps=2.0,
        correlation_ps=0.5,
        n_q_points=30,
        q_max_inv_angstrom=3.0,
        replicas=1,
        resolve_sites=True,
    )
    outcome = simulate(crystal, options=chosen, temperature=TEMPERATURE, folder=tmp_path, progress=Silent())
    partials = outcome.partials
    assert set(partials.species) >= {"Cu1", "Cu2"}
    assert partials.concentration.sum() == pytest.approx(1)
    assert partials.incoherent_runs is not None
    assert len(partials.incoherent_runs) == 2
    assert partials.metadata["runs_are"] == "segments of one run"
    assert "error_of_segments" in {warning.code for warning in outcome.warnings}
    assert set(outcome.findings["msd_angstrom2"]) == set(partials.species)


def test_molten_copper_is_said_to_diffuse(copper: Atoms, tmp_path: Path) -> None:
    chosen = options(
        "md",
        copper,
        supercell=[2, 2, 2],
        timestep_fs=4.0,
        sample_fs=20.0,
        equilibration_ps=0.5,
        production_ps=2.0,
        correlation_ps=1.0,
        n_q_points=30,
        q_max_inv_angstrom=3.0,
        replicas=1,
    )
    outcome = simulate(copper, options=chosen, temperature=6000.0, folder=tmp_path, progress=Silent())
    assert outcome.partials.metadata["diffusing"] == ["Cu"]
    # Liquid metals have 0.3 to 3 Å²/ps between melting and boiling, and this is hotter
    assert 0.3 < outcome.findings["diffusion_angstrom2_per_ps"]["Cu"] < 30
    assert "species_left_sites" in {warning.code for warning in outcome.warnings}


def test_a_cell_left_free_grows_with_heat_and_replicas_run_in_it(tmp_path: Path) -> None:
    crystal = bulk("Cu", "fcc", a=3.59, cubic=True)
    chosen = options(
        "md",
        crystal,
        supercell=[2, 2, 2],
        timestep_fs=5.0,
        sample_fs=20.0,
        equilibration_ps=0.1,
        production_ps=1.0,
        correlation_ps=0.5,
        n_q_points=30,
        q_max_inv_angstrom=3.0,
        replicas=2,
        relax_cell=True,
        ensemble="npt",
    )
    outcome = simulate(crystal, options=chosen, temperature=600.0, folder=tmp_path, progress=Silent())
    # Copper's 3α = 5e-5 /K, from rest to 600 K: 3 %; EMT's is 20 % off, and 32 atoms over 2 ps stray by 0.5 %
    assert 0.015 < outcome.findings["volume_change"] < 0.05
    assert outcome.timings["cell_s"] > 0


class Broken(Calculator):
    """A potential that gives no number."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(self, atoms: Atoms, properties: object = None, system_changes: object = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 0.0, "forces": np.full((len(atoms), 3), np.nan), "stress": np.zeros(6)}


def test_forces_that_are_no_numbers_are_reported_in_words(copper: Atoms, progress: Silent) -> None:
    with pytest.raises(CannotPredict, match="forces_not_finite"):
        harmonic(copper, Broken(), options=options("harmonic", copper), temperature=TEMPERATURE, progress=progress)
    with pytest.raises(CannotRelax, match="forces_not_finite"):
        relax(copper, Broken(), relax_cell=False)


def test_a_strained_cell_is_told_and_a_free_one_relaxed() -> None:
    strained = bulk("Cu", "fcc", a=3.40, cubic=True)
    fixed = relax(strained, EMT(), relax_cell=False)
    assert fixed.pressure_gpa > 5
    assert [warning.code for warning in fixed.warnings] == ["cell_under_pressure"]
    free = relax(strained, EMT(), relax_cell=True)
    assert abs(free.pressure_gpa) < 0.1
    # EMT's lattice constant of copper
    assert free.atoms.cell.lengths()[0] == pytest.approx(3.59, abs=0.03)


def test_an_instability_is_reported_and_not_hidden() -> None:
    # A simple cubic metal collapses: its shear modes are imaginary
    cubic = bulk("Cu", "sc", a=2.4)
    outcome = harmonic(
        cubic,
        EMT(),
        options=options("harmonic", cubic, supercell=[5, 5, 5], q_max_inv_angstrom=2.0),
        temperature=TEMPERATURE,
        progress=Silent(),
    )
    assert outcome.findings["imaginary_fraction"] > 0.01
    assert "imaginary_modes" in {warning.code for warning in outcome.warnings}


@pytest.mark.slow
def test_md_seen_from_both_sides_of_the_elastic_line_obeys_detailed_balance(dynamic_copper: Partials) -> None:
    """Of the sample itself, where both sides have the same |q|: the ratio is Boltzmann's at every energy."""
    step = dynamic_copper.energy_widths[0]
    seen = observe(dynamic_copper, View(energy_mev=EnergyGrid(-100 * step, 100 * step, step)))
    gain, loss = seen.intensity[:100][::-1], seen.intensity[101:]
    somewhere = loss > 0.05 * loss.max()
    assert somewhere.sum() > 40
    # Bin by bin: what is left is single precision
    expected = detailed_balance(seen.energy[101:], TEMPERATURE)
    np.testing.assert_allclose((gain / loss)[somewhere], expected[somewhere], rtol=1e-4)
