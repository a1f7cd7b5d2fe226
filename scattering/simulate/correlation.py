"""Partials from the time correlations of classical runs or ring polymers: directions, elastic line, transform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from scattering.core.constants import HBAR_MEV_FS, PLANCK_MEV_FS
from scattering.core.partials import Partials
from scattering.core.quantum import Statistics

MAX_STORED_RUNS: Final = 10
"""Largest number of runs that are stored with their mean. Ten give the standard error to within a quarter, and keep the
file small."""


def spherical_average(
    values: NDArray[np.float64], *, q_points: NDArray[np.float64], q: NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    """Average over the directions of q, with a weight for each q-point that is a Gaussian in |q|.

    A |q| far from every point gets the value of the nearest one.

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
    """Split F(q, t) into the elastic part, and the part that decays within the correlation time.

    The elastic part is the average over all lags under sin²(πt/T), which suppresses every vibration of energy above
    2h/T. A slower motion counts as elastic, because lags up to T do not resolve it.

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
    """Return the Fourier transform of a correlation that is even in time, under a Hann window.

    S(ω) = (1/2πħ) ∫ F(t) cos²(πt/2T) exp(−iωt) dt,  |t| ≤ T

    The window keeps the side lobes of a sharp line below 3 %; it widens the line to a FWHM of h/T.

    Parameters
    ----------
    correlation
        Shape (..., n_lags), lags 0 to T.
    time_step
        fs.
    energy_step
        meV. Largest width of a bin: the correlation is padded with zeros.

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


def interpolate_shells(
    values: NDArray[np.float64], *, shells: NDArray[np.float64], at_zero: NDArray[np.float64], q: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate a self function between shells of |q| by a cubic spline that is flat at q = 0, where it is known.

    A self function is even in q and analytic: 1 − q²⟨u²⟩/6 + … at small q. An average over neighbouring |q| would add
    the square of their spread to q².

    Parameters
    ----------
    values
        Shape (n_shells, n).
    shells
        Shape (n_shells,), Å⁻¹, ascending and above 0.
    at_zero
        Shape (n,).
    q
        Shape (n_q,), Å⁻¹, up to the last shell.

    Returns
    -------
    Shape (n_q, n).
    """
    flat = (1, np.zeros(values.shape[1]))
    spline = CubicSpline(np.append(0.0, shells), np.vstack([at_zero, values]), bc_type=(flat, "not-a-knot"))
    return np.asarray(spline(q))


@dataclass(frozen=True, eq=False)
class Correlations:
    """Intermediate scattering functions of one run, per atom of the sample.

    Attributes
    ----------
    coherent
        Shape (n_pairs, n_points, n_lags), pairs of sorted species; an unlike pair is the sum of αβ and βα.
    incoherent
        Shape (n_species, n_shells, n_lags), averaged over directions. At lag 0 it is the concentration of the species,
        or less for ring polymers.
    q_points
        Shape (n_points, 3), Å⁻¹, of `coherent`.
    shells
        Shape (n_shells,), Å⁻¹, of `incoherent`.
    concentration
        Shape (n_species,): the value of `incoherent` at q = 0, at all times.
    """

    coherent: NDArray[np.float64]
    incoherent: NDArray[np.float64]
    q_points: NDArray[np.float64]
    shells: NDArray[np.float64]
    concentration: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectra:
    """Partials of one run: the same arrays as in `Partials`."""

    energy: NDArray[np.float64]
    coherent: NDArray[np.float32]
    incoherent: NDArray[np.float32]
    coherent_elastic: NDArray[np.float64]
    incoherent_elastic: NDArray[np.float64]


def spectra_from_correlations(
    correlations: Correlations,
    *,
    time_step: float,
    q: NDArray[np.float64],
    energy_step: float,
    highest_energy: float,
) -> Spectra:
    """Return the spectra of the correlations of a run.

    Parameters
    ----------
    correlations
        Correlations of one run.
    time_step
        Time between lags, fs.
    q
        Shape (n_q,), Å⁻¹. Centres of the equal bins of the result.
    energy_step, highest_energy
        Largest bin and end of the energy axis of the result, meV.
    """
    width = float(q[1] - q[0]) / 2
    coherent = [
        spherical_average(pair, q_points=correlations.q_points, q=q, width=width) for pair in correlations.coherent
    ]
    incoherent = [
        interpolate_shells(one, shells=correlations.shells, at_zero=np.full(one.shape[1], share), q=q)
        for one, share in zip(correlations.incoherent, correlations.concentration, strict=True)
    ]
    lines, bands = list[NDArray[np.float64]](), list[NDArray[np.float32]]()
    for averaged in (*coherent, *incoherent):
        stays, decays = split_elastic(averaged)
        energy, spectrum = spectrum_from_correlation(decays, time_step=time_step, energy_step=energy_step)
        kept = energy <= highest_energy
        lines.append(stays)
        bands.append(spectrum[:, kept].astype(np.float32))
    n_pairs = len(coherent)
    return Spectra(
        energy[kept],
        np.array(bands[:n_pairs]),
        np.array(bands[n_pairs:]),
        np.array(lines[:n_pairs]),
        np.array(lines[n_pairs:]),
    )


def classical_partials(
    runs: Sequence[Spectra],
    *,
    q: NDArray[np.float64],
    concentration: Mapping[str, float],
    temperature: float,
    metadata: dict[str, Any],
    statistics: Statistics = "classical",
) -> Partials:
    """Average runs into partials, and keep the single runs for the standard error.

    Parameters
    ----------
    runs
        Independent runs on equal axes. If there are more than `MAX_STORED_RUNS`, they are merged into that many groups.
    q
        Shape (n_q,), Å⁻¹.
    concentration
        Fraction of atoms by species.
    temperature
        Kelvin.
    metadata
        Metadata of the result.
    statistics
        "kubo" for runs of ring polymers.
    """
    species = tuple(sorted(concentration))

    def mean(name: str, of: Sequence[Spectra] = runs) -> NDArray[Any]:
        return np.asarray(np.mean([getattr(run, name) for run in of], axis=0))

    n_groups = min(len(runs), MAX_STORED_RUNS)
    groups = [runs[first::n_groups] for first in range(n_groups)] if len(runs) > 1 else []
    return Partials(
        q=q,
        energy=runs[0].energy,
        species=species,
        concentration=np.array([concentration[symbol] for symbol in species]),
        coherent=mean("coherent"),
        incoherent=mean("incoherent"),
        coherent_elastic=mean("coherent_elastic"),
        incoherent_elastic=mean("incoherent_elastic"),
        temperature=temperature,
        statistics=statistics,
        metadata=metadata,
        coherent_runs=np.array([mean("coherent", group) for group in groups]) if groups else None,
        incoherent_runs=np.array([mean("incoherent", group) for group in groups]) if groups else None,
    )
