"""Energy resolution: widths from ResINS, applied as one area-conserving matrix."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from resins import Instrument as ResinsInstrument
from resins.models.model_base import InvalidInputError
from resins.models.pychop import NoTransmissionError
from scipy.special import ndtr

from scattering.constants import FWHM_PER_SIGMA
from scattering.errors import InvalidSettings
from scattering.instruments import Instrument


@cache
def _instrument(name: str) -> Any:
    # ResINS parses its YAML at each call, 0.1 s: too long for a slider, whose every step is another setting.
    return ResinsInstrument.from_default(name)


@lru_cache(maxsize=256)
def _model(name: str, model: str, settings: tuple[tuple[str, Any], ...]) -> Any:
    return _instrument(name).get_resolution_function(model, **dict(settings))


def sigma(instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of the instrument's Gaussian resolution.

    Parameters
    ----------
    instrument, settings
        An instrument and its settings, defaults filled in where left out.
    energy
        Shape (n_energy,), meV. Energies outside the measured range take the width at its nearer end.

    Returns
    -------
    Shape (n_energy,), meV.

    Raises
    ------
    InvalidSettings
        The settings are not the instrument's, or its choppers let nothing through with them.

    References
    ----------
    ResINS (https://github.com/pace-neutrons/resins), with one correction: it gives IN1-Lagrange's σ as half of the
    tabulated width, which is a full width at half maximum, and replaces it below 25 meV by that of the silicon
    monochromators whatever the monochromator, which makes a step within the range of Cu(220).
    """
    checked = instrument.validate(settings)
    try:
        model = _model(instrument.name, instrument.resolution_model, tuple(sorted(checked.items())))
    except (NoTransmissionError, InvalidInputError) as error:
        raise InvalidSettings(
            [
                {
                    "loc": "settings",
                    "msg": f"{instrument.name} lets no neutrons through with these settings: {error}",
                }
            ]
        ) from error
    inside = np.clip(np.asarray(energy, dtype=float), *instrument.energy_range(checked))
    if instrument.name == "Lagrange":
        return np.asarray(model.polynomial(inside) / FWHM_PER_SIGMA)
    return np.asarray(model.get_characteristics(inside[:, None])["sigma"])


def relative_uncertainty(instrument: Instrument) -> float | None:
    """Return how far the resolution model is known to be off, relative, or None where nobody has measured it."""
    return instrument.relative_uncertainty


def _integrated_cdf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """∫ Φ from −∞ to x = x Φ(x) + φ(x), with Φ and φ the standard normal's distribution and density."""
    integral = np.maximum(x, 0.0)  # right to 1e-17 beyond 8.5, and far the most elements lie there
    near = np.abs(x) < 8.5
    middle = x[near]
    integral[near] = middle * ndtr(middle) + np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi)
    return integral


def resolution_matrix(
    energy: NDArray[np.float64], edges: NDArray[np.float64], sigma: NDArray[np.float64], *, step: float
) -> NDArray[np.float64]:
    """Matrix that turns S on a fine energy axis into what is recorded in the given bins.

    Element (j, i) is the probability that an event of true energy anywhere in source bin j, uniformly, is recorded
    in bin i, times the ratio of the bins' widths, so that `S @ matrix` is again a density. The integrals over both
    bins are in closed form: a row times the recorded widths sums to the source width wherever the recorded bins
    reach some six σ past the source bin.

    Parameters
    ----------
    energy
        Shape (n_in,), meV. Centres of equal source bins.
    edges
        Shape (n_out + 1,), meV. Edges of the recorded bins.
    sigma
        Shape (n_in,), meV. Resolution at each source energy; 0 only rebins.
    step
        Width of the source bins, meV.

    Returns
    -------
    Shape (n_in, n_out), dimensionless.
    """
    width = np.maximum(sigma, 1e-6 * step)[:, None]
    # Probability of being recorded below each edge, averaged over the source bin
    upper = (edges - (energy[:, None] - step / 2)) / width
    lower = (edges - (energy[:, None] + step / 2)) / width
    below = width / step * (_integrated_cdf(upper) - _integrated_cdf(lower))
    return np.asarray(np.diff(below, axis=1) * step / np.diff(edges))
