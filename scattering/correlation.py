"""Time correlations of a classical trajectory → its partials: spherical average, elastic line, Fourier transform."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering.constants import HBAR_MEV_FS, PLANCK_MEV_FS
from scattering.partials import Partials


def spherical_average(
    values: NDArray[np.float64], *, q_points: NDArray[np.float64], q: NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    """Average over the directions of q, each q-point counting by a Gaussian in |q|.

    A |q| far from every point takes the nearest one, instead of nothing.

    Parameters
    ----------
    values
        Shape (n_points, n).
    q_points
        Shape (n_points, 3), Å⁻¹.
    q
        Shape (n_q,), Å⁻¹.
    width
        Standard deviation of the Gaussian, Å⁻¹.

    Returns
    -------
    Shape (n_q, n).
    """
    exponent = -(((np.linalg.norm(q_points, axis=1) - q[:, None]) / width) ** 2) / 2
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True) @ values)


def split_elastic(correlation: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split F(q, t) into what stays and what decays within the correlation time.

    What stays is the average over all lags under sin²(πt/T), which suppresses every vibration of energy above 2h/T.
    A motion slower than that counts as elastic: a run of that length could not tell it from rest.

    Parameters
    ----------
    correlation
        Shape (..., n_lags), lags 0 to T in equal steps.

    Returns
    -------
    Shapes (...,) and (..., n_lags).
    """
    taper = np.sin(np.linspace(0, np.pi, correlation.shape[-1])) ** 2
    elastic = correlation @ (taper / taper.sum())
    return elastic, correlation - elastic[..., None]


def spectrum_from_correlation(
    correlation: NDArray[np.float64], *, time_step: float, energy_step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fourier transform of a correlation that is even in time, under a Hann window.

    S(ω) = (1/2πħ) ∫ F(t) cos²(πt/2T) exp(−iωt) dt,  |t| ≤ T

    The window keeps the side lobes of a sharp line below 3 %; it widens the line to a FWHM of h/T.

    Parameters
    ----------
    correlation
        Shape (..., n_lags), lags 0 to T.
    time_step
        fs.
    energy_step
        meV. The bins are this wide or narrower: the correlation is padded with zeros.

    Returns
    -------
    energy
        Shape (n_energy,), meV, from 0 to the Nyquist energy.
    spectrum
        Shape (..., n_energy), 1/meV.
    """
    n_lags = correlation.shape[-1]
    windowed = correlation * np.cos(np.linspace(0, np.pi / 2, n_lags)) ** 2
    n = max(2 * n_lags - 1, int(np.ceil(PLANCK_MEV_FS / (time_step * energy_step))))
    even = np.zeros((*correlation.shape[:-1], n))
    even[..., :n_lags] = windowed
    even[..., n - n_lags + 1 :] = windowed[..., :0:-1]
    energy = np.fft.rfftfreq(n, time_step) * PLANCK_MEV_FS
    return np.asarray(energy), np.fft.rfft(even).real * time_step / (2 * np.pi * HBAR_MEV_FS)


def classical_partials(
    *,
    coherent: Mapping[tuple[str, str], NDArray[np.float64]],
    incoherent: Mapping[str, NDArray[np.float64]],
    coherent_q_points: NDArray[np.float64],
    incoherent_q_points: NDArray[np.float64],
    time_step: float,
    q: NDArray[np.float64],
    energy_step: float,
    highest_energy: float,
    concentration: Mapping[str, float],
    temperature: float,
    metadata: dict[str, Any],
) -> Partials:
    """Turn correlations of a run into partials.

    Parameters
    ----------
    coherent, incoherent
        By pair of sorted species (both orders added for an unlike pair) and by species: shapes (n_points, n_lags),
        per atom of the sample, as `dynasor` gives them.
    coherent_q_points, incoherent_q_points
        Shapes (n_points, 3), Å⁻¹.
    time_step
        Between lags, fs.
    q
        Shape (n_q,), Å⁻¹. Centres of the equal bins of the result.
    energy_step, highest_energy
        Of the result, meV.
    concentration
        Fraction of atoms by species.
    temperature
        Kelvin.
    metadata
        Added to the result's.
    """
    species = tuple(sorted(concentration))
    spectra: dict[str, list[NDArray[np.float32]]] = {"coherent": [], "incoherent": []}
    elastic: dict[str, list[NDArray[np.float64]]] = {"coherent": [], "incoherent": []}
    energy = np.empty(0)
    step = float(q[1] - q[0])
    for kind, correlations, points, width in (
        (
            "coherent",
            [coherent[pair] for pair in combinations_with_replacement(species, 2)],
            coherent_q_points,
            step / 2,
        ),
        # Smooth in q, so that more q-points may serve each |q|
        ("incoherent", [incoherent[symbol] for symbol in species], incoherent_q_points, 2 * step),
    ):
        for correlation in correlations:
            averaged = spherical_average(correlation, q_points=points, q=q, width=width)
            stays, decays = split_elastic(averaged)
            energy, spectrum = spectrum_from_correlation(decays, time_step=time_step, energy_step=energy_step)
            kept = energy <= highest_energy
            energy = energy[kept]
            elastic[kind].append(stays)
            spectra[kind].append(spectrum[:, kept].astype(np.float32))
    correlation_time = (next(iter(incoherent.values())).shape[1] - 1) * time_step
    return Partials(
        q=q,
        energy=energy,
        species=species,
        concentration=np.array([concentration[symbol] for symbol in species]),
        coherent=np.array(spectra["coherent"]),
        incoherent=np.array(spectra["incoherent"]),
        coherent_elastic=np.array(elastic["coherent"]),
        incoherent_elastic=np.array(elastic["incoherent"]),
        temperature=temperature,
        statistics="classical",
        metadata={"energy_resolution_mev": PLANCK_MEV_FS / correlation_time, **metadata},
    )
