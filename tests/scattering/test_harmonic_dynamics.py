"""A harmonic crystal run by molecular dynamics against Euphonic on the same force constants."""

import numpy as np
import pytest
from euphonic import ForceConstants, ureg

from scattering.core import quantum
from scattering.core.constants import AMU_A2_PER_FS2_MEV, BARN_PER_FM2, BOLTZMANN_MEV_PER_K
from scattering.simulate import correlation, intermediate
from tests.scattering.crystals import LATTICE, springs

REPEATS = 4  # the box that `springs` ties together: its own waves are exact in both
TEMPERATURE = 400.0  # kT = 34 meV against phonons up to 30: nearly classical, and displacements of 0.1 Å
LENGTHS = {"Cl": 9.58, "Na": 3.63}
N_RUNS, TIME_STEP, EVERY, N_LAGS = 80, 4.0, 3, 200
SCATTERING_VECTORS = np.array([[1, 0, 0], [0, 1, 0], [2, 1, 0], [5, 0, 0], [6, 2, 0], [4, 5, 1]])
"""In units of 1/REPEATS of the reciprocal lattice."""


@pytest.fixture(scope="module")
def salt() -> ForceConstants:
    """Two atoms in a cubic cell, as in CsCl; inversion leaves F(q, t) its real part only."""
    cell = LATTICE * np.eye(3)
    return springs(cell, np.array([[0.0, 0, 0], [LATTICE / 2] * 3]), ["Na", "Cl"], [22.99, 35.45])


def hessian(fc: ForceConstants) -> np.ndarray:
    """Force constants of the whole box in meV/Å², atoms cell by cell: (3N, 3N)."""
    blocks = fc.force_constants.to("meV/angstrom**2").magnitude
    places = {tuple(origin % REPEATS): number for number, origin in enumerate(fc.cell_origins)}
    size = blocks.shape[1]
    box = np.zeros((len(blocks), size, len(blocks), size))
    for one, first in enumerate(fc.cell_origins):
        for other, second in enumerate(fc.cell_origins):
            box[one, :, other] = blocks[places[tuple((second - first) % REPEATS)]]
    return box.reshape(len(blocks) * size, -1)


def run(fc: ForceConstants) -> tuple[np.ndarray, np.ndarray]:
    """Velocity Verlet from Boltzmann's distribution: displacements (n_runs, n_atoms, 3, n_frames) and sites, Å."""
    rng = np.random.default_rng(11)
    constants = hessian(fc)
    crystal = fc.crystal
    masses = np.tile(np.repeat(crystal.atom_mass.to("amu").magnitude, 3), len(fc.cell_origins)) * AMU_A2_PER_FS2_MEV
    squares, modes = np.linalg.eigh(constants / np.sqrt(np.outer(masses, masses)))
    # The crystal as a whole stays where it is
    vibrating = squares > 1e-6 * squares[-1]
    assert vibrating.sum() == len(masses) - 3
    thermal = np.sqrt(BOLTZMANN_MEV_PER_K * TEMPERATURE)
    shape = (N_RUNS, len(masses))
    # By symmetric square roots of the covariances: eigenvectors of degenerate modes differ from library to library, and
    # the runs must not
    normal = modes[:, vibrating]
    positions = thermal * rng.normal(size=shape) @ (normal / np.sqrt(squares[vibrating]) @ normal.T) / np.sqrt(masses)
    velocities = thermal * rng.normal(size=shape) @ (normal @ normal.T) / np.sqrt(masses)
    frames = []
    acceleration = -positions @ constants / masses
    for step in range(EVERY * 2 * N_LAGS):
        if step % EVERY == 0:
            frames.append(positions.copy())
        velocities += TIME_STEP / 2 * acceleration
        positions += TIME_STEP * velocities
        acceleration = -positions @ constants / masses
        velocities += TIME_STEP / 2 * acceleration
    moved = np.array(frames).reshape(len(frames), N_RUNS, -1, 3).transpose(1, 2, 3, 0)
    cell = crystal.cell_vectors.to("angstrom").magnitude
    sites = ((fc.cell_origins[:, None] + crystal.atom_r) @ cell).reshape(-1, 3)
    return moved.astype(np.float32), sites


def test_molecular_dynamics_of_a_harmonic_crystal_scatters_as_euphonic_says(salt: ForceConstants) -> None:
    displacements, sites = run(salt)
    reciprocal = 2 * np.pi / LATTICE / REPEATS
    symbols = np.tile(salt.crystal.atom_type, len(salt.cell_origins))
    species = sorted(LENGTHS)
    groups = [np.flatnonzero(symbols == symbol) for symbol in species]
    functions = np.array(
        [
            intermediate.collective_functions(moved, sites, groups, reciprocal * SCATTERING_VECTORS, N_LAGS)
            for moved in displacements
        ]
    )
    b = [LENGTHS[symbol] for symbol in species]
    weighted = BARN_PER_FM2 * np.tensordot([b[0] ** 2, b[0] * b[1], b[1] ** 2], functions, axes=(0, 1))
    decays = weighted - correlation.split_elastic(weighted.mean(axis=0))[0][:, None]
    energy, spectra = correlation.spectrum_from_correlation(decays, time_step=EVERY * TIME_STEP, energy_step=0.1)
    spectra *= quantum.harmonic_correction(energy, TEMPERATURE)
    per_run = spectra.mean(axis=0), spectra.std(axis=0, ddof=1) / np.sqrt(N_RUNS)

    modes = salt.calculate_qpoint_phonon_modes(
        SCATTERING_VECTORS / REPEATS, asr="reciprocal", insert_gamma=False, reduce_qpts=False
    )
    # The box has no waves between its own: its Debye–Waller factor is that of their grid, Γ's translations left out
    grid = np.stack(np.meshgrid(*[np.arange(REPEATS)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) / REPEATS
    exponent = salt.calculate_qpoint_phonon_modes(grid, asr="reciprocal", insert_gamma=False, reduce_qpts=False)
    exponent = exponent.calculate_debye_waller(
        TEMPERATURE * ureg("K"), frequency_min=1.0 * ureg("meV"), symmetrise=False
    )
    factors = modes.calculate_structure_factor(
        scattering_lengths={symbol: length * ureg("fm") for symbol, length in LENGTHS.items()}, dw=exponent
    )
    energies = factors.frequencies.to("meV").magnitude
    step = energy[1] - energy[0]
    edges = np.append(energy - step / 2, energy[-1] + step / 2)
    theirs = factors.calculate_sqw_map(edges * ureg("meV"), calc_bose=True, temperature=TEMPERATURE * ureg("K"))
    lines = theirs.z_data.to("millibarn/meV").magnitude * 1e-3
    width = 1.5 * correlation.PLANCK_MEV_FS / (EVERY * TIME_STEP * N_LAGS)  # 1.5 FWHM of the Hann window
    compared = 0
    for q in range(len(SCATTERING_VECTORS)):
        # Modes nearer to each other than the run resolves are taken together
        levels = np.unique(np.round(np.sort(energies[q]), 3))
        groups_of_levels = np.split(levels, np.flatnonzero(np.diff(levels) > 2 * width) + 1)
        for level in groups_of_levels:
            near = (energy > level[0] - width) & (energy < level[-1] + width)
            expected = lines[q, near].sum() * step
            if expected < 0.03 * lines[q].sum() * step:
                continue
            area = per_run[0][q, near].sum() * step
            error = spectra[:, q][:, near].sum(axis=-1).std(ddof=1) * step / np.sqrt(N_RUNS)
            # Three standard errors, and 4 %: two phonons scatter under one, and the classical Debye–Waller factor
            # lacks a hundredth of q²U
            assert area == pytest.approx(expected, abs=3 * error + 0.04 * expected), (q, level)
            centre = np.average(energy[near], weights=np.clip(per_run[0][q, near], 0, None))
            known = np.average(energy[near], weights=lines[q, near])
            # Verlet's frequencies are (ωΔt)²/24 too high, 0.1 % here; the rest is the window's and the background's
            assert centre == pytest.approx(known, abs=0.15 * width)
            compared += 1
    assert compared >= 10
