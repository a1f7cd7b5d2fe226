"""One-phonon intensity of single modes of a powder, as an instrument sees it at one energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import BARN_PER_FM2, RECOIL_MEV_A2_AMU
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import Substitution
from scattering.modes.grid import ModeGrid
from scattering.observe import weights
from scattering.observe.view import Contribution
from scattering.simulate.multiphonon import LEBEDEV_DEGREE, half_sphere
from scattering.simulate.phonons import MIN_PHONON_MEV, occupation

MAX_VECTORS: Final = 40_000
"""Random scattering vectors of the interference between atoms."""
MAX_VECTOR_ATOMS: Final = 400_000
"""Largest number of scattering vectors times atoms."""
SEED: Final = 0
_FIRST, _SECOND = [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]
_TIMES = np.array([1.0, 1, 1, 2, 2, 2])
"""Elements of a symmetric tensor, and how often each occurs."""


@dataclass(frozen=True, eq=False)
class Nuclei:
    """How the atoms of a crystal scatter.

    Attributes
    ----------
    lengths
        Shape (n_atoms,), √barn: coherent scattering lengths; 0 for the incoherent contribution alone.
    selves
        Shape (n_atoms,), barn/sr: weight of the self part, |b|² + σ_inc/4π of the chosen contribution.
    """

    lengths: NDArray[np.complex128]
    selves: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SeenModes:
    """Modes within a range of energy, and their intensities.

    Attributes
    ----------
    q_index, branch
        Shapes (n,): index of the wave vector, and of the mode in the order of energies.
    q
        Shape (n, 3), in reciprocal vectors of the primitive cell.
    energies
        Shape (n,), meV.
    eigenvectors
        Shape (n, n_atoms, 3), complex.
    intensity
        Shape (n,), barn/sr per atom of the sample: integral of the line of each mode. With the multiplicity of the wave
        vector. In a powder single values have noise of either sign; sums over many modes are reliable.
    by_atom
        Shape (n, n_atoms), in the same unit: the intensity without interference, by the atom that scatters.
    """

    q_index: NDArray[np.int64]
    branch: NDArray[np.int64]
    q: NDArray[np.float64]
    energies: NDArray[np.float64]
    eigenvectors: NDArray[np.complex128]
    intensity: NDArray[np.float64]
    by_atom: NDArray[np.float64]


def nuclei_of(
    crystal: HarmonicCrystal, substitutions: Mapping[str, Substitution], contribution: Contribution
) -> Nuclei:
    """Return how the atoms of a crystal scatter neutrons.

    Raises
    ------
    InvalidView
        As `weights.scatterers`.
    """
    species = sorted(set(crystal.species))
    known = dict(zip(species, weights.scatterers(species, substitutions), strict=True))
    scatterers = [known[one] for one in crystal.species]
    lengths = np.sqrt(BARN_PER_FM2) * np.array([one.coherent_length for one in scatterers])
    incoherent = weights.incoherent_weights(scatterers)
    if contribution == "incoherent":
        return Nuclei(np.zeros_like(lengths), incoherent)
    return Nuclei(lengths, np.abs(lengths) ** 2 + (incoherent if contribution == "total" else 0.0))


def neutron_weights(crystal: HarmonicCrystal, substitutions: Mapping[str, Substitution]) -> NDArray[np.float64]:
    """Return the weights of the atoms in a neutron-weighted density of states, shape (n_atoms,): σ_i/M_i over its mean.

    σ is the total bound cross-section. With the mean over the atoms the integral stays the number of modes.

    Raises
    ------
    InvalidView
        As `weights.scatterers`.
    """
    strength = nuclei_of(crystal, substitutions, "total").selves / crystal.masses
    return np.asarray(strength / strength.mean())


def displacement_tensors(
    grid: ModeGrid, *, temperature: float, mean_square: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return mean-square displacement tensors ⟨u_a u_b⟩ of the atoms, Å², shape (n_atoms, 3, 3).

    A coarse grid lacks acoustic modes next to Γ. The tensors of the grid are therefore scaled to traces that are known.

    Parameters
    ----------
    grid
        Modes. Imaginary and near-zero modes are left out.
    temperature
        Kelvin.
    mean_square
        Shape (n_atoms,), Å²: mean over the atoms of each species of ⟨|u|²⟩, for each atom.
    """
    used = grid.energies > MIN_PHONON_MEV
    safe = np.where(used, grid.energies, 1.0)
    strength = np.where(used, RECOIL_MEV_A2_AMU / safe * (2 * occupation(safe, temperature) + 1), 0.0)
    strength *= grid.shares[:, None]
    vectors = grid.eigenvectors
    tensors = np.einsum("kn,knia,knib->iab", strength, vectors, vectors.conj(), optimize=True).real
    tensors /= grid.crystal.masses[:, None, None]
    species = np.array(grid.crystal.species)
    for one in set(grid.crystal.species):
        chosen = species == one
        trace = float(np.trace(tensors[chosen], axis1=1, axis2=2).mean())
        # A grid of Γ alone has no modes of a crystal with one atom
        isotropic = np.eye(3) * mean_square[chosen, None, None] / 3
        tensors[chosen] = tensors[chosen] * (mean_square[chosen][:, None, None] / trace) if trace > 0 else isotropic
    return np.asarray(tensors)


def scattering_tensors(
    displacements: NDArray[np.float64], q: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return Σ_q share(q) ⟨q qᵀ exp(−qᵀUq)⟩ of each atom, with the average over directions.

    Parameters
    ----------
    displacements
        Shape (n_atoms, 3, 3), Å²: U.
    q, share
        Shape (n_q,), Å⁻¹, and the weight of each |q|.

    Returns
    -------
    Shape (n_atoms, 3, 3), Å⁻².
    """
    directions, of_directions = half_sphere(LEBEDEV_DEGREE)
    along = np.einsum("da,iab,db->id", directions, displacements, directions, optimize=True)
    seen = share > 0
    damped = np.exp(-np.multiply.outer(along, q[seen] ** 2)) @ (share[seen] * q[seen] ** 2)
    return np.asarray(np.einsum("id,d,da,db->iab", damped, of_directions, directions, directions, optimize=True))


def modes_between(
    grid: ModeGrid,
    energies: tuple[float, float],
    *,
    nuclei: Nuclei,
    displacements: NDArray[np.float64],
    q: NDArray[np.float64],
    share: NDArray[np.float64],
    temperature: float,
) -> SeenModes:
    """Return the modes within a range of energy, with their one-phonon intensities.

    I_kν = (1/N) ħ²/(2 E_kν) (n + 1) ⟨|Σ_i b_i F_i|² + Σ_i (σ_inc,i/4π) |F_i|²⟩ over scattering vectors,
    F_i = exp(−W_i(q)) exp(iq·r_i) q·e_i / √M_i, per atom of the sample. The self part, with i = j, is averaged over
    directions in full. The interference is averaged over random scattering vectors that are moved to the grid.

    Parameters
    ----------
    grid
        Modes.
    energies
        Lowest and highest energy, meV.
    nuclei
        Weights of the atoms.
    displacements
        Shape (n_atoms, 3, 3), Å².
    q, share
        Shape (n_q,): centres of equal bins in Å⁻¹, and the weight of each in the spectrum.
    temperature
        Kelvin.

    References
    ----------
    Squires (1978), Eq. 3.120.
    """
    low, high = max(energies[0], MIN_PHONON_MEV), energies[1]
    k, branch = np.nonzero((grid.energies >= low) & (grid.energies <= high))
    masses, n_atoms = grid.crystal.masses, grid.crystal.n_atoms
    vectors, energy = grid.eigenvectors[k, branch], grid.energies[k, branch]
    strength = RECOIL_MEV_A2_AMU / energy * (occupation(energy, temperature) + 1) / n_atoms
    tensors = scattering_tensors(displacements, q, share)
    squares = np.einsum("mia,iab,mib->mi", vectors.conj(), tensors, vectors, optimize=True).real
    by_atom = strength[:, None] * grid.shares[k][:, None] * squares * nuclei.selves / masses
    intensity = by_atom.sum(axis=1)
    if nuclei.lengths.any() and len(k) and share.sum() > 0:
        intensity = intensity + strength * _interference(grid, k, branch, nuclei.lengths, displacements, q, share)
    return SeenModes(k, branch, grid.q[k], energy, vectors, intensity, by_atom)


def _interference(
    grid: ModeGrid,
    k: NDArray[np.int64],
    branch: NDArray[np.int64],
    lengths: NDArray[np.complex128],
    displacements: NDArray[np.float64],
    q: NDArray[np.float64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean of |Σ_i b_i F_i|² − Σ_i |b_i F_i|² of each mode, with the weight of its wave vector, shape (n,).

    Modes are given in the order of their wave vectors.
    """
    at, vectors = _random_vectors(grid, q, share)
    total, order = len(at), np.argsort(at, kind="stable")
    at, vectors = at[order], vectors[order]
    damping = np.exp(-np.einsum("pa,iab,pb->pi", vectors, displacements, vectors, optimize=True) / 2)
    phased = damping * np.exp(-1j * vectors @ grid.crystal.positions.T) * (lengths / np.sqrt(grid.crystal.masses))
    amplitude = (phased[:, :, None] * vectors[:, None]).reshape(total, -1)
    square = (np.abs(phased) ** 2)[:, :, None] * (vectors[:, _FIRST] * vectors[:, _SECOND])[:, None]
    square = square.reshape(total, -1)
    found = np.zeros(len(k))
    for point in np.unique(k):
        modes = slice(*np.searchsorted(k, [point, point + 1]))
        rows = slice(*np.searchsorted(at, [point, point + 1]))
        moved = grid.eigenvectors[point, branch[modes]]
        products = (moved[..., _FIRST] * moved[..., _SECOND].conj()).real * _TIMES
        every = np.abs(amplitude[rows] @ moved.reshape(len(moved), -1).T) ** 2
        found[modes] = (every - square[rows] @ products.reshape(len(moved), -1).T).sum(axis=0)
    return np.asarray(found * share.sum() / total)


def _random_vectors(
    grid: ModeGrid, q: NDArray[np.float64], share: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return scattering vectors in random directions whose |q| are distributed as `share`, moved to the grid."""
    n_vectors = min(MAX_VECTORS, MAX_VECTOR_ATOMS // grid.crystal.n_atoms)
    rng = np.random.default_rng(SEED)
    radii = q[rng.choice(len(q), n_vectors, p=share / share.sum())]
    radii = radii + (q[1] - q[0]) * (rng.random(n_vectors) - 0.5)
    directions = rng.normal(size=(n_vectors, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    return grid.fold(directions * radii[:, None])
