"""Modes against closed forms of the diatomic chain, the forces in a supercell, and phonopy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from scipy import constants

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.modes import dispersion
from scattering.modes.grid import calculate_modes, grid_divisions, sample_grid
from scattering.modes.intensity import nuclei_of
from scattering.modes.motion import motion, wave_repeats
from scattering.simulate.force_constants import to_force_constants
from tests.scattering.crystals import silicon
from tests.scattering.test_harmonic_crystal import hydride

SPRING, WEAK = 4.0, 0.01
MASSES = np.array([1.008, 35.45])
MEV = constants.hbar * np.sqrt(constants.e / 1e-20 / constants.atomic_mass) / (1e-3 * constants.e)
"""ħ√(1 eV/Å² / 1 u) in meV."""


def chain(repeats: int = 4) -> HarmonicCrystal:
    """Light and heavy atoms in turn along x, with springs between neighbours, weak ones across."""
    springs_along = np.diag([SPRING, WEAK, WEAK])
    block = np.zeros((repeats, 6, 6))
    block[0] = np.kron([[2, -1], [-1, 2]], springs_along)
    # The heavy atom is the left neighbour of the light atom of the next cell
    block[1, 3:, :3] = block[-1, :3, 3:] = -springs_along
    return HarmonicCrystal(
        cell=np.diag([3.0, 10, 10]),
        uploaded_cell=np.diag([3.0, 10, 10]),
        positions=np.array([[0.0, 0, 0], [1.5, 0, 0]]),
        masses=MASSES,
        species=("H", "Cl"),
        sites=("H", "Cl"),
        supercell_matrix=np.diag([repeats, 1, 1]),
        cell_origins=np.stack([np.arange(repeats), np.zeros(repeats), np.zeros(repeats)], axis=1).astype(np.int64),
        force_constants=block,
    )


def test_the_chain_has_its_optical_mode_at_gamma() -> None:
    grid = sample_grid(chain(), (4, 1, 1))
    light, heavy = MASSES
    assert grid.energies[0, -1] == pytest.approx(MEV * np.sqrt(2 * SPRING * (1 / light + 1 / heavy)), rel=1e-6)
    moved = motion(grid.crystal, grid.q[0], grid.eigenvectors[0, -1])
    # The light atom moves most, the heavy atom against it so that the centre of mass rests
    np.testing.assert_allclose(np.abs(moved.displacements[0]), [1, 0, 0], atol=1e-6)
    ratio = moved.displacements[1, 0] / moved.displacements[0, 0]
    assert ratio == pytest.approx(-light / heavy, rel=1e-6)


def test_at_the_zone_boundary_of_the_chain_one_atom_moves() -> None:
    grid = sample_grid(chain(), (4, 1, 1))
    boundary = int(np.flatnonzero(np.abs(np.abs(grid.q[:, 0]) - 0.5) < 1e-9)[0])
    for mode, atom in ((-1, 0), (-2, 1)):
        assert grid.energies[boundary, mode] == pytest.approx(MEV * np.sqrt(2 * SPRING / MASSES[atom]), rel=1e-6)
        kinetic = (np.abs(grid.eigenvectors[boundary, mode]) ** 2).sum(axis=1)
        assert kinetic[atom] == pytest.approx(1.0)
        moved = motion(grid.crystal, grid.q[boundary], grid.eigenvectors[boundary, mode])
        assert (moved.repeats, moved.whole_period) == ((2, 1, 1), True)
        # From cell to cell the atom moves the other way, and at the beginning it is farthest out
        along = moved.displacements[moved.atoms == atom, 0]
        np.testing.assert_allclose(sorted(along.real), [-1, 1], atol=1e-6)


@pytest.mark.parametrize("wave", [0.25, 0.5])
def test_the_chain_follows_its_dispersion(wave: float) -> None:
    (energies,), _ = calculate_modes(to_force_constants(chain()), np.array([[wave, 0, 0]]))
    light, heavy = MASSES
    mean = SPRING * (1 / light + 1 / heavy)
    root = SPRING * np.sqrt((1 / light + 1 / heavy) ** 2 - 4 * np.sin(np.pi * wave) ** 2 / (light * heavy))
    np.testing.assert_allclose(energies[-2:], MEV * np.sqrt([mean - root, mean + root]), rtol=1e-6)


def test_the_grid_represents_every_wave_vector_once() -> None:
    grid = sample_grid(hydride(), (4, 2, 1))
    assert grid.multiplicity.sum() == 8
    assert np.allclose(grid.q[0], 0)
    # A vector of the grid is not moved, and its opposite uses the same modes
    vector = np.array([[0.25, 0.5, 0], [-0.25, -0.5, 0]]) @ (2 * np.pi * np.linalg.inv(grid.crystal.cell).T)
    index, moved = grid.fold(vector)
    assert index[0] == index[1]
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-12)
    np.testing.assert_allclose(np.abs(moved), np.abs(vector), atol=1e-12)


def test_large_cells_have_coarse_grids() -> None:
    fine = grid_divisions(hydride())
    assert min(fine) >= 6
    large = hydride()
    n_atoms = 400
    crystal = HarmonicCrystal(
        cell=20 * np.eye(3),
        uploaded_cell=20 * np.eye(3),
        positions=np.zeros((n_atoms, 3)),
        masses=np.ones(n_atoms),
        species=("H",) * n_atoms,
        sites=("H",) * n_atoms,
        supercell_matrix=np.eye(3, dtype=np.int64),
        cell_origins=np.zeros((1, 3), dtype=np.int64),
        force_constants=np.zeros((1, 3 * n_atoms, 3 * n_atoms), dtype=np.float32),
    )
    assert grid_divisions(crystal) == (1, 1, 1)
    assert wave_repeats(large, np.array([0.5, 0.5, 0.0])) is not None


@pytest.mark.parametrize("q", [(0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.25, 0.25, 0.5), (0.5, 0.0, 0.0)])
def test_the_forces_on_displaced_atoms_drive_the_motion(q: tuple[float, float, float]) -> None:
    """In the shown supercell, force = −M ω² u for every atom: the phases from cell to cell have the right sign."""
    crystal = hydride()
    wave = np.array(q)
    (energies,), (vectors,) = calculate_modes(to_force_constants(crystal), wave[None])
    for mode in (1, len(energies) - 1):
        moved = motion(crystal, wave, vectors[mode])
        assert moved.whole_period
        cells = np.rint((moved.positions - crystal.positions[moved.atoms]) @ np.linalg.inv(crystal.cell)).astype(int)
        size = np.linalg.inv(np.rint(moved.lattice @ np.linalg.inv(crystal.cell)))
        place = {_key(cell @ size, atom): n for n, (cell, atom) in enumerate(zip(cells, moved.atoms, strict=True))}
        assert len(place) == len(moved.atoms)
        for number in range(0, len(moved.atoms), 7):
            force, atom = np.zeros(3, dtype=complex), int(moved.atoms[number])
            for origin, block in zip(crystal.cell_origins, crystal.force_constants, strict=True):
                for other in range(crystal.n_atoms):
                    neighbour = place[_key((cells[number] + origin) @ size, other)]
                    part = block[3 * atom : 3 * atom + 3, 3 * other : 3 * other + 3]
                    force -= part @ moved.displacements[neighbour]
            expected = -crystal.masses[atom] * (energies[mode] / MEV) ** 2 * moved.displacements[number]
            scale = np.abs(crystal.masses[0] * (energies[mode] / MEV) ** 2) + 1e-3
            np.testing.assert_allclose(force, expected, atol=1e-5 * scale)


def _key(fractional: np.ndarray, atom: int) -> tuple[float, ...]:
    return (*(np.round(fractional, 6) % 1.0 % 1.0).tolist(), int(atom))


def test_atoms_may_be_shown_in_other_images() -> None:
    crystal = hydride()
    wave = np.array([0.13, 0.0, 0.0])
    _, (vectors,) = calculate_modes(to_force_constants(crystal), wave[None])
    shown = motion(crystal, wave, vectors[-1])
    # No small supercell holds this wave: the uploaded cell is shown
    assert (shown.repeats, shown.whole_period, len(shown.atoms)) == ((1, 1, 1), False, 8)
    there = shown.moved(np.tile([1, 0, 0], (8, 1)))
    np.testing.assert_allclose(there.positions - shown.positions, np.tile(shown.lattice[0], (8, 1)), atol=1e-12)
    phase = np.exp(1j * shown.lattice[0] @ shown.wave_vector)
    np.testing.assert_allclose(there.displacements, phase * shown.displacements, atol=1e-12)
    # The same atom in two cells differs by the phase of the wave
    one, other = np.flatnonzero(shown.atoms == 1)[:2]
    apart = shown.positions[other] - shown.positions[one]
    np.testing.assert_allclose(
        shown.displacements[other], shown.displacements[one] * np.exp(1j * apart @ shown.wave_vector), atol=1e-9
    )


def test_silicon_agrees_with_phonopy() -> None:
    crystal = silicon()
    grid = sample_grid(crystal)
    path = dispersion.disperse(grid)
    assert path.q_rlu is not None
    reduced = path.q_rlu @ np.linalg.inv(crystal.repeats).T
    phonopy = _phonopy(crystal)
    phonopy.run_qpoints(reduced[::20])
    energies = phonopy.qpoints.frequencies * constants.h * 1e12 / (1e-3 * constants.e)
    # Acoustic modes at Γ are the square root of rounding errors
    np.testing.assert_allclose(path.energies[::20], energies, rtol=1e-5, atol=2e-3)
    assert [name for _, name in path.ticks] == ["Γ", "X", "U|K", "Γ", "L", "W", "X"]


def _phonopy(crystal: HarmonicCrystal) -> Phonopy:
    unit = PhonopyAtoms(
        symbols=list(crystal.symbols), masses=crystal.masses, cell=crystal.cell, positions=crystal.positions
    )
    phonopy = Phonopy(unit, supercell_matrix=crystal.supercell_matrix, primitive_matrix=np.eye(3), log_level=0)
    supercell = phonopy.supercell
    size = np.linalg.inv(crystal.supercell_matrix)
    order = {_key(origin @ size, 0): number for number, origin in enumerate(crystal.cell_origins)}
    constants_ = np.zeros((crystal.n_atoms, len(supercell), 3, 3))
    for index, (place, atom) in enumerate(zip(supercell.positions, supercell.s2u_map, strict=True)):
        kind = supercell.u2u_map[atom]
        cell = np.rint((place - crystal.positions[kind]) @ np.linalg.inv(crystal.cell))
        block = crystal.force_constants[order[_key(cell @ size, 0)]]
        for first in range(crystal.n_atoms):
            constants_[first, index] = block[3 * first : 3 * first + 3, 3 * kind : 3 * kind + 3]
    phonopy.force_constants = constants_
    return phonopy


def test_densities_of_states_add_up() -> None:
    grid = sample_grid(hydride())
    found = dispersion.density_of_states(grid)
    step = found.energies[1] - found.energies[0]
    # Acoustic modes near 0 lose a little of their Gaussians below the axis
    assert found.total.sum() * step == pytest.approx(6, rel=0.01)
    np.testing.assert_allclose(sum(found.by_element.values()), found.total, rtol=1e-9, atol=1e-12)
    # Hydrogen is much lighter, and has almost all of the optical modes
    optical = found.energies > 0.75 * found.energies[-1]
    assert found.by_element["H"][optical].sum() > 0.8 * found.total[optical].sum()


def test_imaginary_modes_are_below_zero() -> None:
    crystal = chain()
    blocks = -crystal.force_constants
    unstable = HarmonicCrystal(**{**vars(crystal), "force_constants": blocks})
    found = dispersion.density_of_states(sample_grid(unstable, (4, 1, 1)))
    assert found.energies[0] < -MEV * np.sqrt(2 * SPRING / MASSES[0])
    assert found.total[found.energies < -5].sum() > 0


def test_weights_of_nuclei_follow_isotopes_and_contribution() -> None:
    crystal = hydride()
    total, coherent, incoherent = (nuclei_of(crystal, {}, one) for one in ("total", "coherent", "incoherent"))
    np.testing.assert_allclose(coherent.selves + incoherent.selves, total.selves)
    assert not incoherent.lengths.any()
    # Hydrogen: 80.26 barn incoherent; deuterium 2.05 barn (Sears 1992)
    assert incoherent.selves[1] * 4 * np.pi == pytest.approx(80.26, rel=0.01)
    assert nuclei_of(crystal, {"H": "2H"}, "incoherent").selves[1] * 4 * np.pi == pytest.approx(2.05, rel=0.01)


def test_every_cell_of_the_shown_supercell_is_there_once() -> None:
    crystal = hydride()
    for q in itertools.product((0.0, 0.5), repeat=3):
        _, (vectors,) = calculate_modes(to_force_constants(crystal), np.array([q]))
        shown = motion(crystal, np.array(q), vectors[0])
        fractional = shown.positions @ np.linalg.inv(shown.lattice)
        assert len({_key(place, 0) for place in fractional}) == 8 * int(np.prod(shown.repeats)) == len(shown.atoms)
