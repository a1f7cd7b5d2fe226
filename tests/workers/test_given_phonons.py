"""Harmonic forecasts from given force constants, and from given modes, without a potential."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from euphonic.util import mp_grid

from scattering.core.errors import InvalidOptions, NotSimulated
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.phonon_modes import PhononModes
from scattering.crystal.partials import CrystalPartials
from scattering.observe.spectrum import observe
from scattering.observe.view import View
from scattering.options.case import Case
from scattering.options.names import Sampling
from scattering.options.registry import find_kind
from scattering.simulate import harmonic, phonons
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import modes_at
from tests.phonons.crystals import nacl
from workers.simulations import registry
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import KeptForces, Simulation

from .conftest import Silent

TEMPERATURE = 10.0


def cube() -> Atoms:
    """The uploaded cell of `nacl`."""
    crystal = nacl()
    places = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    a = np.linalg.norm(crystal.uploaded_cell[0])
    scaled = np.array([*places, *(np.array(places) + 0.5)]) % 1
    return Atoms("Na4Cl4", scaled_positions=scaled, cell=a * np.eye(3), pbc=True)


def options(atoms: Atoms, sampling: Sampling = "powder", *, born_charges: bool = True, **given: object) -> Any:
    case = Case(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        temperature=TEMPERATURE,
        instruments=("TOSCA",),
        quality="standard",
        engines=("",),
        has_born_charges=born_charges,
    )
    return find_kind("harmonic", sampling, given=True).options.fill(given, case)


def run(crystal: HarmonicCrystal, sampling: Sampling = "powder", **given: object) -> Outcome:
    atoms = cube()
    simulation = Simulation(
        atoms,
        options(atoms, sampling, q_max_inv_angstrom=8.0, **given),
        TEMPERATURE,
        None,
        "",
        kept=KeptForces(crystal, has_masses=True),
    )
    return registry.workflow("harmonic", sampling).run(simulation, progress=Silent())


@pytest.fixture(scope="module")
def powder() -> Outcome:
    return run(nacl())


def test_options_of_forces_are_not_options_here() -> None:
    chosen = options(cube(), n_orders=3)
    assert chosen.nac
    assert set(chosen.to_json()) == {"q_max_inv_angstrom", "seed", "resolve_sites", "n_orders", "energy_max_mev", "nac"}
    assert type(chosen).parse(chosen.to_json()) == chosen
    for name, value in {"relax_cell": True, "supercell": [2, 2, 2], "engine": "calorine", "dispersion": "pbe"}.items():
        with pytest.raises(InvalidOptions) as refused:
            options(cube(), **{name: value})
        assert [(one["loc"], one["code"]) for one in refused.value.errors] == [(f"options.{name}", "unknown_option")]
    with pytest.raises(InvalidOptions) as refused:
        options(cube(), born_charges=False, nac=True)
    assert [(one["loc"], one["code"]) for one in refused.value.errors] == [("options.nac", "no_born_charges")]
    assert not options(cube(), born_charges=False).nac


def test_a_powder_has_lo_modes_unless_they_are_not_wanted(powder: Outcome) -> None:
    plain = run(nacl(), nac=False)
    assert powder.findings["gamma_lo_mev"]["[1,0,0]"] == pytest.approx(32.40, abs=2e-3)
    assert powder.findings["highest_energy_mev"] == pytest.approx(32.37, abs=0.1)
    assert plain.findings["highest_energy_mev"] == pytest.approx(27.05, abs=0.1)
    assert "gamma_lo_mev" not in plain.findings
    for outcome in (powder, plain):
        assert outcome.findings["special_phonons_mev"]["X"][-1] == pytest.approx(23.067, abs=2e-3)
    stored = [one.partials.harmonic_crystal for one in (powder, plain)]
    assert stored[0].dipoles is not None
    assert stored[1].dipoles is None
    np.testing.assert_allclose(stored[0].force_constants, stored[1].force_constants, atol=1e-12)
    # Masses are those of the file
    np.testing.assert_array_equal(stored[0].masses, nacl().masses)


def test_mean_square_displacements_are_those_of_euphonic(powder: Outcome) -> None:
    partials = powder.partials
    for species, expected in {"Na": 0.005409, "Cl": 0.004045}.items():
        row = partials.species.index(species)
        factor = partials.incoherent_elastic[row, 10] / partials.concentration[row]
        assert -np.log(factor) / partials.q[10] ** 2 == pytest.approx(expected, rel=0.01)


def test_a_path_turns_at_gamma_with_both_lo_modes() -> None:
    outcome = run(nacl(), "path", path="X-Γ-L", n_zones=3, n_orders=1)
    partials = outcome.partials
    assert isinstance(partials, CrystalPartials)
    assert [label for label in partials.labels if label] == ["X", "Γ", "Γ", "L"]
    assert partials.dispersion.max() == pytest.approx(32.40, abs=2e-3)
    plain = run(nacl(), "path", path="X-Γ-L", n_zones=3, n_orders=1, nac=False).partials
    assert [label for label in plain.labels if label] == ["X", "Γ", "L"]
    assert plain.dispersion.max() < 27.1


def given_modes(q: np.ndarray, weights: np.ndarray) -> PhononModes:
    crystal = nacl()
    modes = modes_at(to_force_constants(crystal), q)
    return PhononModes(
        cell=crystal.cell,
        positions=crystal.positions,
        symbols=crystal.symbols,
        masses=crystal.masses,
        wave_vectors=q,
        weights=weights,
        energies_mev=modes.frequencies.to("meV").magnitude,
        eigenvectors=modes.eigenvectors,
    )


def run_modes(modes: PhononModes) -> Outcome:
    atoms = Atoms(modes.symbols, positions=modes.positions, cell=modes.cell, pbc=True)
    chosen = options(atoms, born_charges=False, q_max_inv_angstrom=8.0, n_orders=3)
    simulation = Simulation(atoms, chosen, TEMPERATURE, None, "", modes=modes)
    return registry.workflow_of_modes("powder").run(simulation, progress=Silent())


def test_modes_on_a_grid_are_used_as_they_are() -> None:
    q = mp_grid((4, 4, 4))
    outcome = run_modes(given_modes(q, np.full(len(q), 1 / len(q))))
    assert [one.code for one in outcome.warnings] == ["incoherent_approximation"]
    assert outcome.partials.harmonic_crystal is None
    zone = phonons.Zone(modes_at(to_force_constants(nacl()), q), (4, 4, 4))
    expected = harmonic.mean_square_displacements(zone, TEMPERATURE)
    row = outcome.partials.species.index("Na")
    factor = outcome.partials.incoherent_elastic[row, 10] / outcome.partials.concentration[row]
    assert -np.log(factor) / outcome.partials.q[10] ** 2 == pytest.approx(np.trace(expected[0]) / 3, rel=1e-6)


def test_weights_stand_for_wave_vectors_that_symmetry_relates() -> None:
    q = mp_grid((4, 4, 4))
    whole = run_modes(given_modes(q, np.full(len(q), 1 / len(q)))).partials
    # One of each pair ±q
    half = np.array([tuple(one) > tuple(-one) for one in q])
    reduced = run_modes(given_modes(q[half], np.full(half.sum(), 1 / half.sum()))).partials
    np.testing.assert_allclose(reduced.incoherent, whole.incoherent, atol=1e-5 * whole.incoherent.max())
    # A wave vector twice, with half the weight each
    twice = given_modes(
        np.concatenate([q, q[:5]]), np.concatenate([np.full(5, 0.5), np.ones(59), np.full(5, 0.5)]) / 64
    )
    np.testing.assert_allclose(run_modes(twice).partials.incoherent, whole.incoherent, atol=1e-6)


def test_an_atom_scatters_with_its_total_cross_section() -> None:
    q = mp_grid((4, 4, 4))
    partials = run_modes(given_modes(q, np.full(len(q), 1 / len(q)))).partials
    total, incoherent = (observe(partials, View(contribution=one)).intensity for one in ("total", "incoherent"))
    row = partials.species.index("Cl")
    like = [pair for pair, names in enumerate(partials.pairs) if names == ("Cl", "Cl")]
    np.testing.assert_allclose(partials.coherent[like[0]], partials.incoherent[row], rtol=1e-5)
    unlike = [pair for pair, (one, other) in enumerate(partials.pairs) if one != other]
    assert not partials.coherent[unlike].any()
    assert total.sum() > 2 * incoherent.sum()
    with pytest.raises(NotSimulated) as refused:
        observe(partials, View(contribution="coherent"))
    assert [(one["loc"], one["code"]) for one in refused.value.errors] == [("contribution", "no_interference")]


def test_modes_at_gamma_alone_are_named_so() -> None:
    outcome = run_modes(given_modes(np.zeros((1, 3)), np.ones(1)))
    assert [one.code for one in outcome.warnings] == ["incoherent_approximation", "gamma_only"]
    energies = outcome.partials.energy[outcome.partials.orders[0].sum(axis=(0, 1)) > 0]
    assert energies == pytest.approx([20.88] * len(energies), abs=0.2)
