"""Self part of the scattering of a harmonic crystal, for each phonon order.

Displacements in a harmonic crystal are Gaussian. The spectrum B(ω) of the displacements of an atom therefore determines
its self part. Each further phonon order is another convolution with B.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, count

import numpy as np
from euphonic import QpointPhononModes
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import fft, sparse, special
from scipy.integrate import lebedev_rule

from scattering.core.bins import bin_edges, bin_widths, linear_means
from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.simulate.phonons import MIN_PHONON_MEV, occupation, symmetry

LEBEDEV_DEGREE = 23
"""Degree of spherical harmonics for which the average is exact: 97 directions on the half sphere. For hydrogen of
benzene up to 18 Å⁻¹ at 300 K, whose Debye–Waller factor varies over directions by orders of magnitude, it is within
1e-5 of degree 47."""
REDUCED_LEBEDEV_DEGREE = 17
"""Degree for crystals of more than `MAX_SITES_FULL_DEGREE` sites: 55 directions, in half the time and within 3e-5."""
MAX_SITES_FULL_DEGREE = 24
ISOTROPY_TOLERANCE = 1e-6
"""Largest deviation from a multiple of the unit tensor, over the largest element, of a site that needs one
direction."""
INTERPOLATION_TOLERANCE = 1e-6
"""Error of the weight of an order, relative to its largest weight at the same |q|."""
CONVOLUTION_STEPS_MEV = (0.0625, 0.125, 0.25)
"""Widths of bins for convolutions of a spectrum with itself. The second order of a sharp line at 40 meV, where VISION
has a FWHM of 0.6 meV, is 1.5 %, 6 % and 18 % too low."""
MAX_TENSOR_BYTES = 2**28
"""Memory of the spectra of the displacements of all atoms."""
FREQUENCY_CHUNK = 64
"""Frequencies that are computed together: few enough for the processor's cache, and for BLAS to use one core."""


@dataclass(frozen=True, eq=False)
class DisplacementSpectra:
    """Spectra of the displacements of the atoms of each crystallographic site, one tensor for each energy.

    B(ω) = ∫ dt/2πħ exp(−iωt) ⟨u(0) uᵀ(t)⟩, on both signs of ω.

    Attributes
    ----------
    step
        Width of an energy bin of `loss` and `gain`, meV.
    loss, gain
        Shape (n_sites, n_bins, 3, 3), Å²/meV: B at energies +step·(0, 1, …), where the atom gains energy
        (n + 1), and at −step·(0, 1, …), where it loses energy (n). The bin at 0 is the sum of both.
    site
        Shape (n_atoms,). Index of the site of each atom.
    rotations
        Shape (n_atoms, 3, 3). Rotation from the tensors of the site to those of the atom: R B Rᵀ.
    resolved
        Shape (n_sites, n_energy, 3, 3), Å²/meV: `loss` on other energy bins, or None.
    """

    step: float
    loss: NDArray[np.float64]
    gain: NDArray[np.float64]
    site: NDArray[np.int64]
    rotations: NDArray[np.float64]
    resolved: NDArray[np.float64] | None = None

    @cached_property
    def site_displacements(self) -> NDArray[np.float64]:
        """Mean-square displacements ⟨u_a u_b⟩ = ∫B dω of each site, shape (n_sites, 3, 3), Å²."""
        return np.asarray((self.loss + self.gain).sum(axis=1) * self.step)

    @property
    def displacements(self) -> NDArray[np.float64]:
        """Mean-square displacements ⟨u_a u_b⟩ of each atom, shape (n_atoms, 3, 3), Å²."""
        turned = self.rotations @ self.site_displacements[self.site] @ self.rotations.transpose(0, 2, 1)
        return np.asarray(turned)

    def shares(self, member: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the fraction of all atoms that belong to a species, (n_species, n_atoms), and to each site."""
        of_site = np.equal.outer(self.site, np.arange(len(self.loss)))
        # As numbers: a product of two arrays of booleans tells only whether there is such an atom
        return np.asarray(member.astype(float) @ of_site / len(self.site))


def convolution_step(modes: QpointPhononModes) -> float:
    """Return the width of bins in meV for convolutions: as fine as memory permits.

    The bins of each further order add to its width, and a sharp overtone becomes too low.
    """
    highest, n_atoms = float(modes.frequencies.to("meV").magnitude.max()), modes.crystal.n_atoms
    size = 2 * highest * n_atoms * 9 * 8  # bytes at a step of 1 meV
    fitting = (step for step in CONVOLUTION_STEPS_MEV if size / step <= MAX_TENSOR_BYTES)
    return next(fitting, CONVOLUTION_STEPS_MEV[-1])


def displacement_spectra(
    modes: QpointPhononModes, *, temperature: float, step: float, energy: NDArray[np.float64] | None = None
) -> DisplacementSpectra:
    """Return the spectra of the displacements of the atoms of a crystal, symmetrised.

    B_κ(ω) = Σ_kν w_k ħ²/(2 M_κ E_kν) Re e_κkν e*_κkν [(n + 1) δ(ω − E_kν) + n δ(ω + E_kν)]

    A mode is divided between the two bins that enclose its energy, in proportion. This keeps the zeroth and the first
    moment exact, of this spectrum and of every convolution with it. Rounding to a bin would shift the tenth overtone by
    ten times the error.

    Parameters
    ----------
    modes
        Phonons at wave vectors of the Brillouin zone with weights w_k, whose sum is 1: all of a grid, or those that
        symmetry does not relate. Imaginary and near-zero modes are left out.
    temperature
        Kelvin.
    step
        Width of an energy bin, meV.
    energy
        Shape (n_energy,), meV, from 0: centres of the bins of `DisplacementSpectra.resolved`, or None to leave it out.

    References
    ----------
    Squires (1978), Ch. 3.
    """
    crystal = modes.crystal
    energies = modes.frequencies.to("meV").magnitude
    masses = crystal.atom_mass.to("amu").magnitude
    used = energies > MIN_PHONON_MEV
    strength = (RECOIL_MEV_A2_AMU * modes.weights[:, None] / np.where(used, energies, 1.0))[used]
    thermal = occupation(energies[used], temperature)
    n_bins = int(energies[used].max(initial=0) / step) + 2
    equal = np.asarray(step * np.arange(n_bins), dtype=np.float64)
    parts = [
        _binning_matrix(energies[used], strength * (thermal + 1), equal),
        _binning_matrix(energies[used], strength * thermal, equal),
    ]
    if energy is not None:
        parts.append(_binning_matrix(energies[used], strength * (thermal + 1), energy))
    binning = sparse.vstack(parts, format="csr")
    vectors = modes.eigenvectors[used].transpose(2, 0, 1)  # (3, n_used, n_atoms)
    tensors = np.empty((len(masses), binning.shape[0], 3, 3))
    for a, b in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
        product = vectors[a].real * vectors[b].real + vectors[a].imag * vectors[b].imag
        tensors[:, :, a, b] = tensors[:, :, b, a] = (binning @ product / masses).T
    group = symmetry(crystal)
    first, site = group.sites
    averaged = np.zeros((len(first), *tensors.shape[1:]))
    rotations = np.empty((len(masses), 3, 3))
    for rotation, images in zip(group.rotations, group.images[:, first], strict=True):
        averaged += rotation.T @ tensors[images] @ rotation
        rotations[images] = rotation
    averaged /= len(group.rotations)
    loss, gain, resolved = np.split(averaged, [n_bins, 2 * n_bins], axis=1)
    return DisplacementSpectra(step, loss, gain, site, rotations, None if energy is None else resolved)


def _binning_matrix(
    energies: NDArray[np.float64], weight: NDArray[np.float64], centres: NDArray[np.float64]
) -> sparse.csr_array:
    """Return the matrix, shape (n_bins, n_modes), that divides modes between the bins that enclose them, 1/meV.

    Modes beyond the last centre are left out.
    """
    inside = energies <= centres[-1]
    below = np.clip(np.searchsorted(centres, energies, side="right") - 1, 0, len(centres) - 2)
    share = (energies - centres[below]) / (centres[below + 1] - centres[below])
    width = bin_widths(centres)
    mode = np.arange(len(energies))
    rows = np.concatenate([below, below + 1])
    values = np.concatenate([(1 - share) * weight, share * weight]) * np.tile(inside, 2) / width[rows]
    return sparse.csr_array((values, (rows, np.tile(mode, 2))), shape=(len(centres), len(energies)))


@dataclass(frozen=True, eq=False)
class SelfPart:
    """Self part of the scattering of a powder, for each phonon order.

    Attributes
    ----------
    orders
        Shape (n_orders, n_species, n_q, n_energy), 1/meV per atom of the sample, at ω ≥ 0, from one phonon on.
    elastic
        Shape (n_species, n_q). No phonon: the powder average of the Debye–Waller factor.
    beyond
        Shape (n_species, n_q). Scattering by more phonons than the last order, at all ω.
    """

    orders: NDArray[np.float32]
    elastic: NDArray[np.float64]
    beyond: NDArray[np.float64]


@lru_cache
def half_sphere(degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return directions whose weighted mean of an even function is its mean over the sphere.

    Returns
    -------
    Unit vectors and their weights, shapes (n, 3) and (n,); the weights sum to 1.

    References
    ----------
    Lebedev & Laikov, Doklady Mathematics 59 (1999) 477.
    """
    points, weights = lebedev_rule(degree)
    # Lebedev's points come in pairs ±n̂; the sign of the first nonzero coordinate selects one
    sign = np.sign(np.where(np.abs(points) > 1e-9, points, 0))
    kept = (sign * np.array([[4], [2], [1]])).sum(axis=0) > 0
    return points[:, kept].T, weights[kept] / weights[kept].sum()


def _is_isotropic(tensors: NDArray[np.float64]) -> bool:
    isotropic = np.trace(tensors, axis1=-2, axis2=-1)[..., None, None] / 3 * np.eye(3)
    return bool(np.abs(tensors - isotropic).max() <= ISOTROPY_TOLERANCE * np.abs(tensors).max())


def self_part(
    spectra: DisplacementSpectra,
    *,
    shares: NDArray[np.float64],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    n_orders: int,
    degree: int | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> SelfPart:
    """Return the self part of a powder for each phonon order, with the full anisotropy of each site.

    S_m(q, ω) = ⟨exp(−q²U) (q²)ᵐ/m! [G ⊗ … ⊗ G](ω)⟩ over directions n̂, with m factors G(ω) = n̂ᵀB(ω)n̂ on both signs of
    ω, and U = n̂ᵀUn̂ = ∫G dω. The weights of the orders are Poisson's, of mean q²U; their sum over all orders is 1.

    Parameters
    ----------
    spectra
        Spectra of the displacements of each site.
    shares
        Shape (n_species, n_sites). Fraction of all atoms that belong to a species and a site.
    q
        Shape (n_q,), Å⁻¹.
    energy
        Shape (n_energy,), meV: centres of the energy bins of the result, from 0. `spectra.resolved`, on the same
        bins, gives the first order, and higher orders are averaged over the bins. Without it, the bins must be those of
        `loss`.
    n_orders
        The highest phonon order.
    degree
        Of the Lebedev rule that averages over directions. Default: by the number of sites.
    progress
        Called with the finished fraction.

    References
    ----------
    Sjölander, Ark. Fys. 14 (1958) 315; Squires (1978), Ch. 3; Mitchell, Parker, Ramirez-Cuesta & Tomkinson,
    Vibrational Spectroscopy with Neutrons (2005), for the semi-empirical average that this one replaces.
    """
    n_sites, n_bins = spectra.loss.shape[:2]
    n_energy = len(energy)
    n_equal = n_energy if spectra.resolved is None else int(np.ceil(energy[-1] / spectra.step)) + 2
    degree = degree or (LEBEDEV_DEGREE if n_sites <= MAX_SITES_FULL_DEGREE else REDUCED_LEBEDEV_DEGREE)
    # The last order reaches from −n_orders·n_bins to n_orders·n_bins. On a circle of this length its lower end lies
    # above the kept bins, and its upper end below 0
    length = 2 * fft.next_fast_len((n_orders * n_bins + n_equal + 1) // 2, real=True)
    sites = [_site_directions(spectra, site, half_sphere(degree)) for site in range(n_sites)]
    orders = np.zeros((n_orders, len(shares), len(q), n_energy), dtype=np.float32)
    elastic, beyond = np.zeros((2, len(shares), len(q)))
    done = 0
    for species, counted in enumerate(shares):
        present = np.flatnonzero(counted)
        nodes, mixing = _interpolation([sites[site].displacements for site in present], q, n_orders)
        powers = np.zeros((n_orders, len(nodes), length // 2 + 1), dtype=complex)
        first = np.zeros((len(nodes), n_energy))
        for site, matrix in zip(present.tolist(), mixing, strict=True):
            mixed = counted[site] * sites[site].weights * matrix
            _add_powers(powers, spectra, site, sites[site], mixed)
            if spectra.resolved is not None:
                first += mixed @ sites[site].products @ spectra.resolved[site].reshape(-1, 9).T
            mean = np.outer(q**2, sites[site].displacements)
            elastic[species] += counted[site] * np.exp(-mean) @ sites[site].weights
            beyond[species] += counted[site] * special.gammainc(n_orders + 1, mean) @ sites[site].weights
            done += 1
            progress(done / np.count_nonzero(shares))
        poisson = _poisson(np.outer(q**2, nodes), n_orders)
        for number in range(n_orders):
            if number == 0 and spectra.resolved is not None:
                orders[number, species] = poisson[1] @ first
                continue
            # Beyond this multiple of the highest phonon, and in gaps, the transform leaves noise of either sign
            reach = min(n_equal, (number + 1) * (n_bins - 1) + 1)
            spectrum = fft.irfft(powers[number], length, workers=-1)[:, :reach] / spectra.step
            if spectra.resolved is not None:
                spectrum = _average_over_bins(spectrum, spectra.step, energy)
            orders[number, species, :, : spectrum.shape[1]] = np.maximum(poisson[number + 1] @ spectrum, 0)
    return SelfPart(orders, elastic, beyond)


def _average_over_bins(spectrum: NDArray[np.float64], step: float, energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average spectra at equal steps from 0, shape (n, n_equal), over bins with the given centres; 0 beyond their end.

    A spectrum is linear between its points and symmetric about 0; the symmetry has a relative error of the width of
    the first bin over k_BT.
    """
    n = int(np.searchsorted(bin_edges(energy)[1:], step * spectrum.shape[1]))
    nodes = step * np.arange(-1, spectrum.shape[1] + 1)
    both = np.concatenate([spectrum[:, 1:2], spectrum, np.zeros((len(spectrum), 1))], axis=1)
    return linear_means(nodes, both, bin_edges(energy)[: n + 1])


@dataclass(frozen=True, eq=False)
class _Directions:
    """Directions (n, 3) of the average over a site, their weights, and n̂ᵀUn̂ along each, Å²."""

    directions: NDArray[np.float64]
    weights: NDArray[np.float64]
    displacements: NDArray[np.float64]

    @property
    def products(self) -> NDArray[np.float64]:
        """Shape (n, 9): n̂n̂ᵀ, divided by n̂ᵀUn̂."""
        tensors = self.directions[:, :, None] * self.directions[:, None, :]
        return np.asarray(tensors.reshape(-1, 9) / self.displacements[:, None])


def _site_directions(
    spectra: DisplacementSpectra, site: int, sphere: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> _Directions:
    directions, weights = sphere
    if _is_isotropic(np.concatenate([spectra.loss[site], spectra.gain[site]])):
        directions, weights = np.eye(3)[:1], np.ones(1)
    return _Directions(
        directions,
        weights,
        np.einsum("da,ab,db->d", directions, spectra.site_displacements[site], directions),
    )


def _poisson(mean: NDArray[np.float64], n_orders: int) -> NDArray[np.float64]:
    """Return exp(−x) xᵐ/m! for m = 0 … n_orders: shape (n_orders + 1, *mean.shape)."""
    order = np.arange(n_orders + 1).reshape(-1, *(1,) * mean.ndim)
    return np.asarray(np.exp(special.xlogy(order, mean) - mean - special.gammaln(order + 1)))


def _interpolation(
    displacements: Sequence[NDArray[np.float64]], q: NDArray[np.float64], n_orders: int
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return nodes U_r that represent all directions of all sites: the weight of an order depends on U alone.

    f(U_d) = Σ_r matrix[r, d] f(U_r), with enough Chebyshev nodes for an error of `INTERPOLATION_TOLERANCE` in the
    weight of every order at every |q|, relative to its largest weight.

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
        if (error <= INTERPOLATION_TOLERANCE * largest).all():
            break
    return nodes, [
        np.asarray(inverse @ chebyshev.chebvander((one - middle) / half, n_nodes - 1).T) for one in displacements
    ]


def _add_powers(
    powers: NDArray[np.complex128],
    spectra: DisplacementSpectra,
    site: int,
    directions: _Directions,
    mixing: NDArray[np.float64],
) -> None:
    """Add Σ_d mixing[:, d] ĝ_d^m to powers[m − 1], with ĝ_d the transform of G along n̂_d, divided by its area U_d."""
    n_bins = spectra.loss.shape[1]
    circular = np.zeros((9, 2 * (powers.shape[2] - 1)))
    circular[:, :n_bins] = spectra.loss[site].reshape(-1, 9).T
    circular[:, 0] += spectra.gain[site, 0].ravel()
    circular[:, -n_bins + 1 :] += spectra.gain[site, :0:-1].reshape(-1, 9).T
    tensors = fft.rfft(circular * spectra.step, workers=-1)
    products = directions.products
    for start in range(0, tensors.shape[1], FREQUENCY_CHUNK):
        chunk = slice(start, start + FREQUENCY_CHUNK)
        # Real times complex computed as real times (real, imaginary), which halves the work
        one = (products @ np.ascontiguousarray(tensors[:, chunk]).view(float)).view(complex)
        power = np.ones_like(one)
        for number in range(len(powers)):
            power *= one
            powers[number, :, chunk] += (mixing @ power.view(float)).view(complex)
