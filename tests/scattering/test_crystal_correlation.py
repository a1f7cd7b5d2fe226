"""From a single crystal's trajectory to its partials, in closed form."""

import numpy as np
import pytest
from ase.build import bulk

from scattering.core.constants import HBAR_MEV_FS
from scattering.crystal import correlation as crystal_correlation
from scattering.crystal.path import brillouin_zone, reciprocal


def test_equivalent_vectors_have_the_same_length_and_belong_to_the_box() -> None:
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
    zone = brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)
    waves = np.array([[0, 0.25, 0], [0.5, 0.5, 0.5]])
    zones = np.array([[0, 0, 0], [1, 1, 1], [0, 2, 4]])
    vectors, count = crystal_correlation.equivalent_vectors(
        zone, atoms.cell.array, waves, zones, supercell=(4, 4, 4), max_waves=6
    )
    assert count.tolist() == [3, 4]
    assert vectors.shape == (3 * (3 + 4), 3)
    places = vectors @ (4 * atoms.cell.array).T / (2 * np.pi)
    np.testing.assert_allclose(places, np.rint(places), atol=1e-9)
    lengths = np.linalg.norm((zones[:, None] + waves) @ reciprocal(atoms.cell.array), axis=2)
    # In the order in which they are averaged again: a function of |q| comes back as it is
    averaged = crystal_correlation.average_equivalent(np.linalg.norm(vectors, axis=1)[:, None], count, len(zones))
    np.testing.assert_allclose(averaged[..., 0], lengths)


def test_a_damped_oscillation_beside_a_constant_is_a_line_at_its_energy() -> None:
    energy, decay, step = 20.0, 400.0, 10.0
    times = step * np.arange(600)
    correlation = 5 + 2 * np.exp(-times / decay) * np.cos(energy / HBAR_MEV_FS * times)
    axis, spectrum = crystal_correlation.inelastic_spectrum(
        np.tile(correlation, (2, 3, 1)), time_step=step, energy_step=0.1, highest_energy=60.0
    )
    assert spectrum.shape == (2, 3, len(axis))
    assert axis[-1] <= 60.0
    assert axis[np.argmax(spectrum[0, 0])] == pytest.approx(energy, abs=0.1)
    # Half of its area at ω > 0, the other half at ω < 0, less the Lorentzian's tails and what split_elastic takes: 5 %
    assert spectrum[1, 2].sum() * axis[1] == pytest.approx(1.0, rel=0.05)


def test_displacements_of_oscillators_in_closed_form() -> None:
    times = np.arange(4000) * 0.1
    amplitude = np.array([0.1, 0.2, 0.3])
    moved = np.stack([[a * np.cos(1.3 * times + phase) + 5 for a in amplitude] for phase in (0, 1, 2)])
    tensor = crystal_correlation.mean_square_displacements(moved.astype(np.float32), np.arange(3), np.eye(3)[None])
    # ⟨cos²⟩ = 1/2; over 83 periods the last part of one counts for 1/1000
    np.testing.assert_allclose(tensor, np.outer(amplitude, amplitude) / 2, rtol=3e-3)
    cubic = bulk("Cu", "fcc", a=3.6)
    zone = brillouin_zone(cell=cubic.cell.array, positions=cubic.positions, numbers=cubic.numbers)
    symmetric = crystal_correlation.mean_square_displacements(
        moved.astype(np.float32), np.arange(3), zone.rotations_cartesian
    )
    np.testing.assert_allclose(symmetric, np.eye(3) * np.trace(tensor) / 3, atol=1e-9)
