"""The self part of a harmonic crystal's scattering to all orders: how far atoms fluctuate → S(q, ω) by phonons.

Displacements in a harmonic crystal are Gaussian, so that one function of each atom holds all that it does on its own:
the spectrum B(ω) of its displacements. An order of phonons more is a convolution with it once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import fft, sparse, special
from scipy.integrate import lebedev_rule

from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.simulate.phonons import LOWEST_ENERGY_MEV, Zone, occupation, symmetry

LEBEDEV_DEGREE = 23
"""Exact for spherical harmonics up to that: 97 directions on the half sphere. For benzene's hydrogen up to 18 Å⁻¹ at
300 K, whose Debye–Waller factor varies over directions by orders of magnitude, within 1e-5 of degree 47."""
LEBEDEV_DEGREE_OF_MANY = 17
"""For crystals of more than `MANY_SITES` sites: 55 directions, in half the time and within 3e-5."""
MANY_SITES = 24
ISOTROPIC = 1e-6
"""A site whose tensors are a multiple of the unit tensor, up to that of the largest element, needs one direction."""
INTERPOLATION = 1e-6
"""Error of an order's weight, relative to its largest one at the same |q|."""
CHUNK = 64
"""Frequencies at once: few enough for a processor's cache, and for BLAS not to split so small a product over cores."""


@dataclass(frozen=True, eq=False)
class DisplacementSpectra:
    """Spectra of the displacements of the atoms, one tensor for each energy, by crystallographic site.

    B(ω) = ∫ dt/2πħ exp(−iωt) ⟨u(0) uᵀ(t)⟩, on both signs of ω.

    Attributes
    ----------
    step
        Width of an energy bin, meV.
    loss, gain
        Shape (n_sites, n_bins, 3, 3), Å²/meV: B at energies +step·(0, 1, …), where the atom takes energy up
        (n + 1), and at −step·(0, 1, …), where it gives energy away (n). The bin at 0 is the sum of both.
    site
        Shape (n_atoms,). Which site each atom is of.
    rotations
        Shape (n_atoms, 3, 3). Turns its site's tensors into an atom's: R B Rᵀ.
    """

    step: float
    loss: NDArray[np.float64]
    gain: NDArray[np.float64]
    site: NDArray[np.int64]
    rotations: NDArray[np.float64]

    @property
    def site_displacements(self) -> NDArray[np.float64]:
        """Mean-square displacements ⟨u_a u_b⟩ = ∫B dω of each site, shape (n_sites, 3, 3), Å²."""
        return np.asarray((self.loss + self.gain).sum(axis=1) * self.step)

    @property
    def displacements(self) -> NDArray[np.float64]:
        """Mean-square displacements ⟨u_a u_b⟩ of each atom, shape (n_atoms, 3, 3), Å²."""
        turned = self.rotations @ self.site_displacements[self.site] @ self.rotations.transpose(0, 2, 1)
        return np.asarray(turned)


def displacement_spectra(zone: Zone, *, temperature: float, step: float) -> DisplacementSpectra:
    """Spectra of the displacements of a crystal's atoms, with its symmetry.

    B_κ(ω) = (1/N) Σ_kν ħ²/(2 M_κ E_kν) Re e_κkν e*_κkν [(n + 1) δ(ω − E_kν) + n δ(ω + E_kν)]

    A mode is shared by the two bins that it lies between, in proportion: this keeps the zeroth and the first moment
    exact, of this and of every convolution with it, where rounding to a bin would shift the tenth overtone by ten
    times the error.

    Parameters
    ----------
    zone
        Imaginary and near-zero modes are left out.
    temperature
        Kelvin.
    step
        Width of an energy bin, meV.

    References
    ----------
    Squires (1978), Ch. 3.
    """
    modes, crystal = zone.modes, zone.modes.crystal
    energies = modes.frequencies.to("meV").magnitude
    masses = crystal.atom_mass.to("amu").magnitude
    used = energies > LOWEST_ENERGY_MEV
    strength = RECOIL_MEV_A2_AMU / energies[used] / (step * len(energies))
    thermal = occupation(energies[used], temperature)
    below, share = np.divmod(energies[used] / step, 1)
    n_used, n_bins = len(below), int(below.max(initial=0)) + 2
    rows = np.concatenate([below, below + 1, below + n_bins, below + 1 + n_bins]).astype(int)
    values = np.concatenate(
        [(1 - share) * (thermal + 1), share * (thermal + 1), (1 - share) * thermal, share * thermal]
    )
    binning = sparse.csr_array(
        (values * np.tile(strength, 4), (rows, np.tile(np.arange(n_used), 4))), shape=(2 * n_bins, n_used)
    )
    vectors = modes.eigenvectors[used].transpose(2, 0, 1)  # (3, n_used, n_atoms)
    tensors = np.empty((len(masses), 2 * n_bins, 3, 3))
    for a, b in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
        product = vectors[a].real * vectors[b].real + vectors[a].imag * vectors[b].imag
        tensors[:, :, a, b] = tensors[:, :, b, a] = (binning @ product / masses).T
    group = symmetry(crystal)
    first, site = group.sites
    averaged = np.zeros((len(first), 2 * n_bins, 3, 3))
    rotations = np.empty((len(masses), 3, 3))
    for rotation, images in zip(group.rotations, group.images[:, first], strict=True):
        averaged += rotation.T @ tensors[images] @ rotation
        rotations[images] = rotation
    averaged /= len(group.rotations)
    return DisplacementSpectra(step, averaged[:, :n_bins], averaged[:, n_bins:], site, rotations)


@dataclass(frozen=True, eq=False)
class SelfPart:
    """The self part of a powder's scattering, by the number of phonons.

    Attributes
    ----------
    orders
        Shape (n_orders, n_species, n_q, n_energy), 1/meV per atom of the sample, at ω ≥ 0, beginning with one phonon.
    elastic
        Shape (n_species, n_q). No phonon: the powder average of the Debye–Waller factor.
    beyond
        Shape (n_species, n_q). What more phonons than the last order scatter, at all ω.
    """

    orders: NDArray[np.float32]
    elastic: NDArray[np.float64]
    beyond: NDArray[np.float64]


@lru_cache
def half_sphere(degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions, of which an even function's weighted mean is that over the sphere.

    Returns
    -------
    Unit vectors and their weights, shapes (n, 3) and (n,); the weights sum to 1.

    References
    ----------
    Lebedev & Laikov, Doklady Mathematics 59 (1999) 477.
    """
    points, weights = lebedev_rule(degree)
    # Lebedev's points come in pairs ±n̂, of which the first coordinate that is not 0 tells one
    sign = np.sign(np.where(np.abs(points) > 1e-9, points, 0))
    kept = (sign * np.array([[4], [2], [1]])).sum(axis=0) > 0
    return points[:, kept].T, weights[kept] / weights[kept].sum()


def _is_isotropic(tensors: NDArray[np.float64]) -> bool:
    isotropic = np.trace(tensors, axis1=-2, axis2=-1)[..., None, None] / 3 * np.eye(3)
    return bool(np.abs(tensors - isotropic).max() <= ISOTROPIC * np.abs(tensors).max())


def self_part(
    spectra: DisplacementSpectra,
    *,
    shares: NDArray[np.float64],
    q: NDArray[np.float64],
    n_energy: int,
    n_orders: int,
    degree: int | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> SelfPart:
    """Self part of a powder by the number of phonons, with the full anisotropy of each site.

    S_m(q, ω) = ⟨exp(−q²U) (q²)ᵐ/m! [G ⊗ … ⊗ G](ω)⟩ over directions n̂, with G(ω) = n̂ᵀB(ω)n̂ on both signs of ω,
    m times, and U = n̂ᵀUn̂ = ∫G dω. So the orders' weights are Poisson's, of mean q²U, and all together scatter
    exactly once.

    Parameters
    ----------
    spectra
        Of the displacements of each site.
    shares
        Shape (n_species, n_sites). How many atoms of each site belong to each species, relative to all atoms.
    q
        Shape (n_q,), Å⁻¹.
    n_energy
        How many of the spectra's bins, from ω = 0 on, to return.
    n_orders
        The highest order.
    degree
        Of the Lebedev rule that averages over directions; chosen by the number of sites by default.
    progress
        Called with the share that is done.

    References
    ----------
    Sjölander, Ark. Fys. 14 (1958) 315; Squires (1978), Ch. 3; Mitchell, Parker, Ramirez-Cuesta & Tomkinson,
    Vibrational Spectroscopy with Neutrons (2005), for the semi-empirical average that this one replaces.
    """
    n_sites, n_bins = spectra.loss.shape[:2]
    degree = degree or (LEBEDEV_DEGREE if n_sites <= MANY_SITES else LEBEDEV_DEGREE_OF_MANY)
    # The last order reaches from −n_orders·n_bins to n_orders·n_bins. On a circle of that length its lower end comes
    # to lie above the bins that are kept, and its upper end below 0
    length = 2 * fft.next_fast_len((n_orders * n_bins + n_energy + 1) // 2, real=True)
    sites = [_along(spectra, site, half_sphere(degree)) for site in range(n_sites)]
    orders = np.zeros((n_orders, len(shares), len(q), n_energy), dtype=np.float32)
    elastic, beyond = np.zeros((2, len(shares), len(q)))
    done = 0
    for species, counted in enumerate(shares):
        present = np.flatnonzero(counted)
        nodes, mixing = _interpolation([sites[site].displacements for site in present], q, n_orders)
        powers = np.zeros((n_orders, len(nodes), length // 2 + 1), dtype=complex)
        for site, matrix in zip(present.tolist(), mixing, strict=True):
            _add_powers(powers, spectra, site, sites[site], counted[site] * sites[site].weights * matrix)
            mean = np.outer(q**2, sites[site].displacements)
            elastic[species] += counted[site] * np.exp(-mean) @ sites[site].weights
            beyond[species] += counted[site] * special.gammainc(n_orders + 1, mean) @ sites[site].weights
            done += 1
            progress(done / np.count_nonzero(shares))
        poisson = _poisson(np.outer(q**2, nodes), n_orders)
        for number in range(n_orders):
            # Beyond so many times the highest phonon, and in its gaps, the transform leaves a noise of either sign
            reach = min(n_energy, (number + 1) * (n_bins - 1) + 1)
            spectrum = fft.irfft(powers[number], length, workers=-1)[:, :reach] / spectra.step
            orders[number, species, :, :reach] = np.maximum(poisson[number + 1] @ spectrum, 0)
    return SelfPart(orders, elastic, beyond)


@dataclass(frozen=True, eq=False)
class _Along:
    """Directions (n, 3) over which a site is averaged, their weights and its n̂ᵀUn̂ along each, Å²."""

    directions: NDArray[np.float64]
    weights: NDArray[np.float64]
    displacements: NDArray[np.float64]


def _along(spectra: DisplacementSpectra, site: int, sphere: tuple[NDArray[np.float64], NDArray[np.float64]]) -> _Along:
    directions, weights = sphere
    tensors = np.concatenate([spectra.loss[site], spectra.gain[site]])
    isotropic = np.trace(tensors, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    if np.abs(tensors - isotropic).max() <= ISOTROPIC * np.abs(tensors).max():
        directions, weights = np.eye(3)[:1], np.ones(1)
    return _Along(
        directions,
        weights,
        np.einsum("da,ab,db->d", directions, spectra.site_displacements[site], directions),
    )


def _poisson(mean: NDArray[np.float64], n_orders: int) -> NDArray[np.float64]:
    """exp(−x) xᵐ/m! for m = 0 … n_orders: shape (n_orders + 1, *mean.shape)."""
    order = np.arange(n_orders + 1).reshape(-1, *(1,) * mean.ndim)
    return np.asarray(np.exp(special.xlogy(order, mean) - mean - special.gammaln(order + 1)))


def _interpolation(
    displacements: Sequence[NDArray[np.float64]], q: NDArray[np.float64], n_orders: int
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Nodes U_r that stand for all directions of all sites: the weight of an order depends on them by U alone.

    f(U_d) = Σ_r matrix[r, d] f(U_r) with as many Chebyshev nodes as it takes for the weight of every order at every
    |q| to be right to `INTERPOLATION` of its largest.

    Returns
    -------
    The nodes, Å², and for each site a matrix of shape (n_nodes, n_directions).
    """
    everywhere = np.concatenate(displacements)
    low, high = everywhere.min(), everywhere.max()
    middle, half = (low + high) / 2, max((high - low) / 2, 1e-12 * high)
    tested = np.linspace(-1, 1, 200)
    exact = _poisson(np.outer(q**2, middle + half * tested), n_orders)
    largest = exact.max(axis=2, keepdims=True)
    for n_nodes in chain([1], count(4, 4)):
        places = chebyshev.chebpts1(n_nodes)
        vandermonde = chebyshev.chebvander(places, n_nodes - 1)
        inverse = np.linalg.inv(vandermonde.T)
        nodes = middle + half * places
        weights = _poisson(np.outer(q**2, nodes), n_orders) @ inverse
        error = np.abs(weights @ chebyshev.chebvander(tested, n_nodes - 1).T - exact)
        if (error <= INTERPOLATION * largest).all():
            break
    return nodes, [
        np.asarray(inverse @ chebyshev.chebvander((one - middle) / half, n_nodes - 1).T) for one in displacements
    ]


def _add_powers(
    powers: NDArray[np.complex128], spectra: DisplacementSpectra, site: int, seen: _Along, mixing: NDArray[np.float64]
) -> None:
    """Add Σ_d mixing[:, d] ĝ_d^m to powers[m − 1], with ĝ_d the transform of a site's G along n̂_d over its area U_d."""
    n_bins = spectra.loss.shape[1]
    circular = np.zeros((9, 2 * (powers.shape[2] - 1)))
    circular[:, :n_bins] = spectra.loss[site].reshape(-1, 9).T
    circular[:, 0] += spectra.gain[site, 0].ravel()
    circular[:, -n_bins + 1 :] += spectra.gain[site, :0:-1].reshape(-1, 9).T
    tensors = fft.rfft(circular * spectra.step, workers=-1)
    products = (seen.directions[:, :, None] * seen.directions[:, None, :]).reshape(-1, 9) / seen.displacements[:, None]
    for start in range(0, tensors.shape[1], CHUNK):
        chunk = slice(start, start + CHUNK)
        # Real times complex as real times (real, imaginary): half the work
        one = (products @ np.ascontiguousarray(tensors[:, chunk]).view(float)).view(complex)
        power = np.ones_like(one)
        for number in range(len(powers)):
            power *= one
            powers[number, :, chunk] += (mixing @ power.view(float)).view(complex)
