"""Harmonic partials against Euphonic's own powder average and against sum rules that hold whatever the forces."""

import itertools

import numpy as np
import pytest
from euphonic import ForceConstants, ureg
from euphonic.powder import sample_sphere_structure_factor

from scattering import harmonic, phonons
from scattering.constants import RECOIL_MEV_A2_AMU
from scattering.partials import Partials
from scattering.quantum import detailed_balance

TEMPERATURE = 200.0
LATTICE = 4.0


def springs(cell: np.ndarray, positions: np.ndarray, symbols: list[str], masses: list[float]) -> ForceConstants:
    """A crystal of springs to all neighbours within 1.05 lattice constants, softer the longer, by hand."""
    repeats = 4
    origins = np.array(list(itertools.product(range(repeats), repeat=3)))
    n_atoms = len(positions)
    supercell = np.concatenate([positions[atom] + origins @ cell for atom in range(n_atoms)])
    unit_atom = np.repeat(np.arange(n_atoms), len(origins))
    box = repeats * cell
    constants = np.zeros((n_atoms, len(supercell), 3, 3))
    for atom in range(n_atoms):
        for other, place in enumerate(supercell):
            fractional = (place - positions[atom]) @ np.linalg.inv(box)
            bond = (fractional - np.round(fractional)) @ box
            length = np.linalg.norm(bond)
            if not 0.1 < length < 1.05 * LATTICE:
                continue
            direction = bond / length
            # A central spring and a weak restoring force across it, which keeps every mode stable
            spring = 3.0 * np.outer(direction, direction) * np.exp(-length / 2) + 0.1 * np.exp(-length / 2) * np.eye(3)
            constants[atom, other] -= spring
            constants[atom, atom * len(origins)] += spring
    return phonons.force_constants(
        cell=cell,
        positions=positions,
        symbols=symbols,
        masses=np.array(masses),
        supercell_matrix=repeats * np.eye(3, dtype=int),
        supercell_positions=supercell,
        unit_atom=unit_atom,
        constants=constants,
    )


@pytest.fixture(scope="module")
def monatomic() -> ForceConstants:
    return springs(LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2, np.zeros((1, 3)), ["Al"], [26.98])


@pytest.fixture(scope="module")
def diatomic() -> ForceConstants:
    cell = LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2
    return springs(cell, np.array([[0.0, 0, 0], [LATTICE / 2, 0, 0]]), ["Li", "H"], [6.94, 1.008])


def partials(fc: ForceConstants, *, q: np.ndarray, energy_step: float = 0.1, n_directions: int = 300) -> Partials:
    zone = phonons.sample_zone(fc)
    energy = np.arange(0, 1.05 * phonons.stability(zone).highest_mev, energy_step)
    return harmonic.one_phonon_partials(
        zone, q=q, energy=energy, temperature=TEMPERATURE, n_directions=n_directions, seed=3
    )


def first_moment(spectrum: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """∫ ω S dω over both signs of ω, the gain side by detailed balance."""
    return (spectrum * energy * (1 - detailed_balance(energy, TEMPERATURE))).sum(axis=-1) * (energy[1] - energy[0])


def test_first_moment_is_the_recoil_times_the_debye_waller_factor(monatomic: ForceConstants) -> None:
    """Placzek: for a Bravais crystal the one-phonon term has ∫ωS = exp(−q²U) ħ²q²/2M, coherent and incoherent."""
    q = np.arange(0.1, 8, 0.1)
    result = partials(monatomic, q=q)
    displacement = np.trace(harmonic.mean_square_displacements(phonons.sample_zone(monatomic), TEMPERATURE)[0]) / 3
    expected = np.exp(-(q**2) * displacement) * RECOIL_MEV_A2_AMU * q**2 / 26.98
    # Cubic: U is isotropic. 0.3 %: energies are rounded to their bin
    np.testing.assert_allclose(first_moment(result.incoherent[0], result.energy), expected, rtol=3e-3)
    # Coherent: q varies within a bin and 300 directions are few, 2 % above the smallest |q|
    np.testing.assert_allclose(first_moment(result.coherent[0], result.energy)[10:], expected[10:], rtol=2e-2)


def test_incoherent_first_moment_of_each_species(diatomic: ForceConstants) -> None:
    q = np.arange(0.5, 10, 0.5)
    result = partials(diatomic, q=q)
    displacements = harmonic.mean_square_displacements(phonons.sample_zone(diatomic), TEMPERATURE)
    for index, (atom, mass) in enumerate([(1, 1.008), (0, 6.94)]):  # species sorted: H, Li
        isotropic = np.trace(displacements[atom]) / 3
        expected = 0.5 * np.exp(-(q**2) * isotropic) * RECOIL_MEV_A2_AMU * q**2 / mass
        np.testing.assert_allclose(first_moment(result.incoherent[index], result.energy), expected, rtol=3e-3)


def test_powder_average_is_euphonics(diatomic: ForceConstants) -> None:
    q = np.arange(0.2, 6, 0.2)
    result = partials(diatomic, q=q, energy_step=1.0, n_directions=4000)
    zone = phonons.sample_zone(diatomic)
    dw = zone.modes.calculate_debye_waller(TEMPERATURE * ureg("K"), frequency_min=0.2 * ureg("meV"))
    lengths = {"H": -3.74 * ureg("fm"), "Li": -1.9 * ureg("fm")}
    weights = np.array([3.74**2, 3.74 * 1.9, 1.9**2])
    edges = np.append(result.energy - 0.5, result.energy[-1] + 0.5) * ureg("meV")
    for shell in (9, 17, 27):
        # Our bins average over |q| too; so do the radii here
        radii = q[shell] + 0.2 * (np.arange(40) + 0.5) / 40 - 0.1
        theirs = np.mean(
            [
                sample_sphere_structure_factor(
                    diatomic,
                    radius * ureg("1/angstrom"),
                    dw=dw,
                    temperature=TEMPERATURE * ureg("K"),
                    scattering_lengths=lengths,
                    npts=300,
                    jitter=False,
                    asr="reciprocal",
                    energy_bins=edges,
                )
                .y_data.to("millibarn/meV")
                .magnitude
                for radius in radii
            ],
            axis=0,
        )
        ours = 10 * np.tensordot(weights, result.coherent[:, shell], axes=1)
        # Sampling noise of both: 3 % of the area, wherever the energy axis is cut
        assert ours.sum() == pytest.approx(theirs.sum(), rel=0.03)
        assert np.abs(np.cumsum(ours - theirs)).max() < 0.03 * theirs.sum()


def test_folding_a_vector_keeps_it_within_the_grids_spacing(diatomic: ForceConstants) -> None:
    zone = phonons.sample_zone(diatomic, n_points=500)
    vectors = np.random.default_rng(0).normal(size=(500, 3)) * 4
    index, folded = zone.fold(vectors)
    assert index.min() >= 0
    assert index.max() < zone.modes.n_qpts
    reciprocal = 2 * np.pi * np.linalg.inv(zone.modes.crystal.cell_vectors.to("angstrom").magnitude).T
    diagonal = np.linalg.norm(reciprocal, axis=1).sum() / min(zone.divisions)
    nearest = np.minimum(np.linalg.norm(folded - vectors, axis=1), np.linalg.norm(folded + vectors, axis=1))
    assert nearest.max() < diagonal / 2
    # and it is the k-point it claims to be, up to a reciprocal lattice vector
    difference = folded @ np.linalg.inv(reciprocal) - zone.modes.qpts[index]
    np.testing.assert_allclose(difference, np.round(difference), atol=1e-9)


def test_phonons_do_not_depend_on_how_the_supercell_names_its_cells(diatomic: ForceConstants) -> None:
    cell = diatomic.crystal.cell_vectors.to("angstrom").magnitude
    frequencies = diatomic.calculate_qpoint_phonon_modes(np.array([[0.5, 0.5, 0.0]])).frequencies
    conventional = LATTICE * np.eye(3)
    assert np.linalg.det(conventional) == pytest.approx(4 * np.linalg.det(cell))
    # NaCl structure, zone-boundary X: neither species moves with the other, energies are real and positive
    assert (frequencies.to("meV").magnitude > 1).all()


def test_an_unstable_crystal_is_reported() -> None:
    cell = LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2
    stable = springs(cell, np.zeros((1, 3)), ["Al"], [26.98])
    unstable = ForceConstants(stable.crystal, -stable.force_constants, stable.sc_matrix, stable.cell_origins)
    found = phonons.stability(phonons.sample_zone(unstable, n_points=500))
    assert found.lowest_mev < -1
    assert found.imaginary_fraction == pytest.approx(1.0)
    assert phonons.stability(phonons.sample_zone(stable, n_points=500)).imaginary_fraction == 0
