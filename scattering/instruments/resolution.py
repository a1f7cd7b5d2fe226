"""Energy resolution: widths from ResINS, applied as one area-conserving matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from resins import Instrument as ResinsInstrument
from resins.models.model_base import InvalidInputError
from scipy.optimize import nnls

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidSettings
from scattering.core.notices import Notice
from scattering.instruments import Instrument, pychop, vanadium

OWN_MODELS: Final = ("quadrature", "chopper")
"""Models of this module, for instruments without a working model in ResINS."""
MIN_BIAS_OF_FAILURE: Final = 0.2
"""|Median of model over measured width − 1| from which on we say that the model fails: our choice."""
MIN_UNCERTAINTY_OF_FAILURE: Final = 0.25
"""Relative uncertainty of the width from which on we say that the model fails: our choice."""
WIDTH_NODES: Final = 40
"""Energy losses at which the width of a direct instrument is sampled, to extrapolate it to energy gain."""


@cache
def _instrument(name: str) -> Any:
    # Parsing the YAML takes milliseconds: too long for a slider, each step of which is another setting.
    return ResinsInstrument.from_default(name)


@lru_cache(maxsize=256)
def _model(name: str, model: str, settings: tuple[tuple[str, Any], ...]) -> Any:
    try:
        return _instrument(name).get_resolution_function(model, **dict(settings))
    except InvalidInputError as error:
        stated = {"instrument": name, "reason": str(error)}
        raise InvalidSettings.at("settings", Notice("no_resolution_model", stated)) from error


@lru_cache(maxsize=256)
def _chopper_widths(name: str, settings: tuple[tuple[str, Any], ...]) -> pychop.Widths:
    chosen = dict(settings)
    limit = vanadium.max_slit_misses(name, chosen.get("chopper_package"))
    found = pychop.widths(name, [chosen], max_gamma=limit)
    if not found.transmitted.all():
        turns = "too_fast" if pychop.slit_misses(name, [chosen])[0] < 0 else "too_slowly"
        stated = {"instrument": name, "turns": turns}
        raise InvalidSettings.at("settings.chopper_frequency", Notice("no_transmission", stated))
    return found


def quadrature(energy: NDArray[np.float64], *, elastic_fwhm: float, relative_fwhm: float) -> NDArray[np.float64]:
    """Return the FWHM in meV of an indirect spectrometer: FWHM² = FWHM(0)² + (r ω)².

    The spread of the final energy does not depend on ω. The contributions of flight times and paths grow with the
    incident energy. The two are independent.

    Parameters
    ----------
    energy
        meV.
    elastic_fwhm
        FWHM(0) in meV.
    relative_fwhm
        r, dimensionless.

    References
    ----------
    Mitchell, Parker, Ramirez-Cuesta and Tomkinson, Vibrational Spectroscopy with Neutrons (2005), Ch. 3.
    """
    return np.asarray(np.hypot(elastic_fwhm, relative_fwhm * energy))


def chopper(energy: NDArray[np.float64], *, e_init: float, elastic: float, full: float) -> NDArray[np.float64]:
    """Return the FWHM in meV of a direct spectrometer: FWHM/E_i = b + (a − b) (1 − ω/E_i)^{3/2}.

    An error δt of the time at the detector changes the final energy E_f = m L²/2t² by 2 E_f δt/t ∝ E_f^{3/2} δt. The
    uncertainty of time and speed at the sample, which the choppers leave, has the same effect and, through E_i itself,
    a constant one.

    Parameters
    ----------
    energy
        ω in meV.
    e_init
        E_i in meV.
    elastic, full
        a and b: FWHM over E_i at ω = 0 and in the limit ω = E_i.

    References
    ----------
    C. G. Windsor, Pulsed Neutron Scattering (1981).
    """
    return np.asarray(e_init * (full + (elastic - full) * np.clip(1 - energy / e_init, 0, None) ** 1.5))


def _extrapolate_to_gain(
    loss: Callable[[NDArray[np.float64]], NDArray[np.float64]], e_init: float, energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the widths of a direct spectrometer at energy gain, extrapolated from those of a model at energy loss.

    PyChop fits a polynomial in ω between 0 and E_i, which is meaningless outside. Its physics is a sum of squares: with
    x = E_f/E_i, σ² = c₀ + c₁ x^{3/2} + c₂ x³ from moderator, chopper, aperture and sample, and c₃ x² from the depth of
    the detector. The four coefficients are fitted for 0 ≤ ω ≤ 0.9 E_i and extrapolated to x > 1, with the model's width
    at ω = 0.
    """

    def terms(energies: NDArray[np.float64]) -> NDArray[np.float64]:
        x = 1 - energies / e_init
        return np.stack([np.ones_like(x), x**1.5, x**3, x**2], axis=1)

    nodes = np.linspace(0, 0.9 * e_init, WIDTH_NODES)
    widths = loss(nodes)
    # Relative residuals: the narrow end counts as much as the elastic line
    coefficients, _ = nnls(terms(nodes) / widths[:, None] ** 2, np.ones(WIDTH_NODES))
    at = np.sqrt(terms(np.append(energy, 0.0)) @ coefficients)
    return np.asarray(widths[0] * at[:-1] / at[-1])


def _fwhm(instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the FWHM from a model of this module, at energies in meV within the measured range."""
    numbers = instrument.resolution.numbers
    if instrument.resolution.model == "chopper":
        return chopper(
            energy,
            e_init=float(settings["e_init"]),
            elastic=float(settings["elastic_fwhm_percent"]) / 100,
            full=float(settings["full_transfer_fwhm_percent"]) / 100,
        )
    if numbers:
        return quadrature(energy, elastic_fwhm=numbers["elastic_fwhm_mev"], relative_fwhm=numbers["relative_fwhm"])
    return quadrature(
        energy,
        elastic_fwhm=float(settings["elastic_fwhm"]),
        relative_fwhm=float(settings["relative_fwhm_percent"]) / 100,
    )


def sigma(instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation of the Gaussian resolution of an instrument.

    Parameters
    ----------
    instrument, settings
        An instrument and its settings; a missing setting has its default.
    energy
        Shape (n_energy,), meV. Energies outside the measured range have the width at its nearer end.

    Returns
    -------
    Shape (n_energy,), meV.

    Raises
    ------
    InvalidSettings
        The instrument does not allow the settings, or its choppers transmit no neutrons with them.

    Notes
    -----
    The widths are those of ResINS (https://github.com/pace-neutrons/resins, 0.1.0), except where it is wrong. A test
    fails when ResINS is corrected:

    - IN1-Lagrange: ResINS takes half of the tabulated width, a full width at half maximum, for σ. Below 25 meV it uses
      the silicon monochromators for any monochromator, which makes a step within the range of Cu(220). Here the same
      polynomials are divided by 2.355, without the step.
    - TFXA: its only model, "book", reads an undefined constant and fails. VISION's only model lacks a number of the
      moderator and fails. Both use `quadrature` with the figures of their data files.
    - Direct geometry at energy gain: PyChop's polynomial holds only for losses; see `_extrapolate_to_gain`.
    - TOSCA: the models "book" and "vision" fail like the two above; "AbINS" is used and correct.
    """
    checked = instrument.validate(settings)
    inside = np.clip(np.asarray(energy, dtype=float), *instrument.measured_range(checked))
    if instrument.resolution.model in OWN_MODELS:
        return _fwhm(instrument, checked, inside) / FWHM_PER_SIGMA
    if instrument.resolution.model == pychop.MODEL:
        chopper_widths = _chopper_widths(instrument.name, tuple(sorted(checked.items())))

        def loss(energies: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(chopper_widths.sigma(energies)[0])

        widths = loss(inside)
        gain = inside < 0
        if gain.any():
            widths[gain] = _extrapolate_to_gain(loss, float(checked["e_init"]), inside[gain])
        return widths
    model = _model(instrument.name, instrument.resolution.model, tuple(sorted(checked.items())))
    if instrument.name == "Lagrange":
        return np.asarray(model.polynomial(inside) / FWHM_PER_SIGMA)
    return np.asarray(model.get_characteristics(inside[:, None])["sigma"])


def sigmas(
    instrument: Instrument, settings: Sequence[Mapping[str, Any]], energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the standard deviation of the resolution of an instrument with several settings, computed together.

    Parameters
    ----------
    settings
        Validated settings.
    energy
        Shape (n_energy,), meV, energy losses (≥ 0).

    Returns
    -------
    Shape (n_settings, n_energy), meV; NaN for settings with which the choppers transmit no neutrons.
    """
    if instrument.resolution.model != pychop.MODEL:
        return np.array([sigma(instrument, one, energy) for one in settings])
    ranges = np.array([instrument.measured_range(one) for one in settings])
    return pychop.widths(instrument.name, settings).sigma(np.clip(energy, ranges[:, :1], ranges[:, 1:]))


def relative_uncertainty(instrument: Instrument, settings: Mapping[str, Any] | None = None) -> float | None:
    """Return the known relative uncertainty of the width, or None if nobody has measured it.

    For a generic instrument it is the user's own number, one of the validated settings. For the packages of the SNS
    whose vanadium lines are published it is the deviation, bias included, that 70 % of the runs at such settings do not
    exceed.
    """
    if settings is None:
        settings = instrument.defaults
    if "resolution_uncertainty" in settings:
        return float(settings["resolution_uncertainty"]) / 100
    compared = vanadium.find_comparison(instrument.name, settings)
    return None if compared is None else compared.uncertainty


def find_notices(instrument: Instrument, settings: Mapping[str, Any]) -> list[Notice]:
    """Return what is known about the width: its comparison with vanadium, where the model fails, equal packages.

    Parameters
    ----------
    settings
        Validated settings.
    """
    if instrument.resolution.model != pychop.MODEL:
        return []
    notices = []
    package = settings.get("chopper_package")
    compared = vanadium.find_comparison(instrument.name, settings)
    if compared is not None:
        stated = {
            "package": package,
            "minimum_mev": compared.low,
            "maximum_mev": compared.high,
            "bias": compared.bias,
            "relative_uncertainty": compared.uncertainty,
            "n_runs": compared.n_runs,
        }
        failed = abs(compared.bias) >= MIN_BIAS_OF_FAILURE or compared.uncertainty >= MIN_UNCERTAINTY_OF_FAILURE
        notices.append(
            Notice("width_model_fails", stated) if failed else Notice("width_compared_with_vanadium", stated)
        )
    if not pychop.widths(instrument.name, [settings]).transmitted[0]:
        misses = abs(float(pychop.slit_misses(instrument.name, [settings])[0]))
        notices.append(Notice("slits_miss_energy", {"package": package, "slit_widths": misses}))
    if package is not None and (same := vanadium.packages_with_same_slits(instrument.name, package)):
        notices.append(Notice("same_slits", {"package": package, "others": list(same)}))
    return notices
