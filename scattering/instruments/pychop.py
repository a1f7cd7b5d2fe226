"""Resolution of chopper spectrometers by PyChop's formulas, for many settings at once.

ResINS 0.1.0 (https://github.com/pace-neutrons/resins, `resins.models.pychop`) evaluates the same formulas in Python for
one setting at a time, 0.7 ms each. A scan needs thousands. The instrument's data are those of ResINS, and so are the
constants, digit for digit, including those that appear with different precision in different formulas.

References
----------
R. I. Bewley, R. A. Ewings, M. D. Le, T. G. Perring and D. J. Voneshen, PyChop (2018),
https://mantidproject.github.io/docs-versioned/v6.10.0/interfaces/direct/PyChop.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from numpy.typing import NDArray
from resins import Instrument as ResinsInstrument
from scipy.special import erf

from scattering.core.constants import FWHM_PER_SIGMA

MODEL: Final = "PyChop_fit"
"""The name that ResINS gives to these models."""
FREQUENCY_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "pychop_fit_fermi": ("chopper_frequency",),
    "pychop_fit_cncs": ("resolution_disk_frequency", "fermi_frequency"),
    "pychop_fit_let": ("resolution_frequency", "pulse_remover_frequency"),
}
"""ResINS's function → settings that hold frequencies, in the order of its frequency matrix."""
N_NODES: Final = 40
"""Energy transfers, from 0 to below E_i, at which the width is computed; a quartic is fitted to them."""
ORDER: Final = 4

SPEED: Final = 437.393362604208619
"""Speed of neutrons of 1 meV, m/s."""
SPEED_ROUNDED: Final = 437.392
"""The same speed, as rounded in the formulas of the Fermi chopper and of the moderator."""
WAVELENGTH_SQUARED: Final = 81.8042103582802156
"""Squared wavelength of neutrons of 1 meV, Å²."""
WAVENUMBER_SQUARED: Final = 0.48259640220781652
"""Squared wavenumber of neutrons of 1 meV, Å⁻²."""
MAX_FERMI_GAMMA: Final = 4.0
"""Slit widths by which neutrons miss the curve of a Fermi chopper, from which on it transmits none."""
WALL_FRACTION: Final = 0.063
"""Of a detector tube's radius."""
HELIUM_ATM: Final = 10.0
HELIUM_ABSORPTION: Final = 50.04685368
"""1/(m atm Å): absorption of helium-3 for neutrons of 1 Å⁻¹."""
LOW_PATHS: Final = Chebyshev(
    [
        0.613452291529095, -0.3621914072547197, 6.0117947617747081e-02,
        1.8037337764424607e-02, -1.4439005957980123e-02, 3.8147446724517908e-03, 1.3679160269450818e-05,
        -3.7851338401354573e-04, 1.3568342238781006e-04, -1.3336183765173537e-05, -7.5468390663036011e-06,
        3.7919580869305580e-06, -6.4560788919254541e-07, -1.0509789897250599e-07, 9.0282233408123247e-08,
        -2.1598200223849062e-08, -2.6200750125049410e-10, 1.8693270043002030e-09, -6.0097600840247623e-10,
        4.7263196689684150e-11, 3.3052446335446462e-11, -1.4738090470256537e-11, 2.1945176231774610e-12,
        4.7409048908875206e-13, -3.3502478569147342e-13,
    ],
    [0, 10],
)  # fmt: skip
"""Four times the variance of the depth of absorption in a tube, in squared radii, by its radius in mean free paths."""
HIGH_PATHS: Final = Chebyshev(
    [
        0.9313232069059375, 7.5988886169808666e-02, -8.3110620384910993e-03,
        1.1236935254690805e-03, -1.0549380723194779e-04, -3.8256672783453238e-05, 2.2883355513325654e-05,
        -2.4595515448511130e-06, -2.2063956882489855e-06, 7.2331970290773207e-07, 2.2080170614557915e-07,
        -1.2957057474505262e-07, -2.9737380539129887e-08, 2.2171316129693253e-08, 5.9127004825576534e-09,
        -3.7179338302495424e-09, -1.4794271269158443e-09, 5.5412448241032308e-10, 3.8726354734119894e-10,
        -4.6562413924533530e-11, -9.2734525614091013e-11, -1.1246343578630302e-11, 1.6909724176450425e-11,
        5.6146245985821963e-12, -2.7408274955176282e-12,
    ],
    [-1, 1],
)  # fmt: skip
"""What that variance tends to for long paths x, by 1 − 18/x: (variance − `_G0`) x²/`_G1`."""
_G0: Final = (32 - 3 * np.pi**2) / 48
_G1: Final = 14 / 3 - np.pi**2 / 8

_SCALED: Final = np.linspace(-1, 1, N_NODES)
_FIT: Final = np.linalg.pinv(np.vander(_SCALED, ORDER + 1, increasing=True)).T
"""Shape (N_NODES, ORDER + 1): values at the nodes → coefficients of the quartic in energy scaled to [−1, 1]."""

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Widths:
    """Resolution of one instrument at several settings.

    Attributes
    ----------
    coefficients
        Shape (n_settings, ORDER + 1), meV: of σ in the energy transfer scaled to [−1, 1]; NaN where the choppers
        transmit no neutrons.
    highest_node
        Shape (n_settings,), meV: the energy transfer that is scaled to 1; 0 is scaled to −1.
    """

    coefficients: _Array
    highest_node: _Array

    @property
    def transmitted(self) -> NDArray[np.bool_]:
        """Shape (n_settings,): whether neutrons pass the choppers."""
        return np.isfinite(self.coefficients[:, 0])

    def sigma(self, energy: _Array) -> _Array:
        """Return the standard deviation of the resolution in meV.

        Parameters
        ----------
        energy
            Shape (n_energy,) or (n_settings, n_energy), meV: energy losses between 0 and E_i.

        Returns
        -------
        Shape (n_settings, n_energy); NaN where no neutrons are transmitted.
        """
        scaled = 2 * energy / self.highest_node[:, None] - 1
        sigma = np.broadcast_to(self.coefficients[:, -1:], scaled.shape).copy()
        for order in range(ORDER - 1, -1, -1):
            sigma *= scaled
            sigma += self.coefficients[:, order, None]
        return sigma


def widths(name: str, settings: Sequence[Mapping[str, Any]], *, max_gamma: float = MAX_FERMI_GAMMA) -> Widths:
    """Compute the resolution of an instrument of ResINS at several settings.

    Parameters
    ----------
    name
        Of an instrument that ResINS models by PyChop.
    settings
        The settings, complete and within what the instrument allows.
    max_gamma
        Slit widths by which neutrons may miss the curve of a Fermi chopper. Above `MAX_FERMI_GAMMA` its slits are
        taken to open for no time: they end there in PyChop's formula, which is continuous.

    Returns
    -------
    One row for each of `settings`.
    """
    packages: dict[str | None, list[int]] = {}
    for index, one in enumerate(settings):
        packages.setdefault(one.get("chopper_package"), []).append(index)
    # Packages differ in their choppers alone
    data = model_data(name, next(iter(packages)))
    incident = np.array([[float(one["e_init"])] for one in settings])
    frequencies = np.array([[float(one[each]) for each in FREQUENCY_SETTINGS[data.function]] for one in settings])
    openings = np.empty((2, *incident.shape))
    for package, rows in packages.items():
        openings[:, rows] = _openings(model_data(name, package), incident[rows], frequencies[rows], max_gamma)
    nodes = incident * np.linspace(0, 1, N_NODES, endpoint=False)
    variance = _variance_of_time(data, incident, frequencies[:, :1], openings, nodes)
    fwhm = 2 * SPEED * np.sqrt((incident - nodes) ** 3 * variance) / data.d_sample_detector
    return Widths(fwhm / FWHM_PER_SIGMA @ _FIT, nodes[:, -1])


@cache
def model_data(name: str, package: str | None) -> Any:
    """Return the data of ResINS's model of an instrument with a chopper package."""
    return _instrument(name).get_model_data(MODEL, **({} if package is None else {"chopper_package": package}))


@cache
def _instrument(name: str) -> Any:
    return ResinsInstrument.from_default(name)


def _variance_of_time(data: Any, incident: _Array, frequency: _Array, openings: _Array, energy: _Array) -> _Array:
    """Squared FWHM in s² of the flight time at the sample, of all contributions together.

    Parameters
    ----------
    data
        ResINS's `PyChopModelData`.
    incident
        Shape (n, 1), meV.
    frequency
        Shape (n, 1), Hz: the first that the user sets.
    openings
        Shape (2, n, 1), s²: squared FWHM of the first and the last chopper's opening.
    energy
        Shape (n, m), meV: energy losses below `incident`.

    Returns
    -------
    Shape (n, m); NaN where no neutrons are transmitted.
    """
    choppers = list(data.choppers.values())
    x0 = choppers[-1]["distance"]
    xa = choppers[-1].get("aperture_distance", x0)
    x1, x2 = data.d_chopper_sample, data.d_sample_detector
    moderator = _moderator(data.moderator, incident)
    first, chopper = openings
    if data.function != "pychop_fit_fermi":
        # The first chopper shortens the moderator's pulse, and distances count from there
        xm = choppers[0]["distance"]
        moderator = np.minimum(moderator * (1 - xm / x0) ** 2, first)
        x0 -= xm
    v_i, v_f = SPEED * np.sqrt(incident), SPEED * np.sqrt(incident - energy)
    ratio = (v_i / v_f) ** 3
    omega = 2 * np.pi * frequency
    skew = omega * np.tan(np.deg2rad(data.theta)) / v_i
    factor = omega * (xa + x1)
    tilt = 1 - skew * (xa + x1)
    of_moderator = (x1 + ratio * x2) / x0
    of_chopper = 1 + of_moderator
    of_aperture = (1 + (x1 / x0) * tilt + ratio * (x2 / x0) * tilt) / factor
    variance = (
        moderator * of_moderator**2
        + chopper * of_chopper**2
        + of_aperture**2 * (data.aperture_width**2 / 12 * FWHM_PER_SIGMA**2)
    )
    phi = 0.0
    if data.detector is not None:
        # The same for all settings of one incident energy
        _, rows, same = np.unique(incident, return_index=True, return_inverse=True)
        depth = _helium_detector(data.detector, (incident - energy)[rows])[same.ravel()]
        variance = variance + depth / v_f**2
        phi = np.deg2rad(data.detector["phi"])
    if data.sample is not None:
        gamma = np.deg2rad(data.sample["gamma"])
        tilt = 1 - skew * (x0 - xa)
        across = (1 + (x1 / x0) * tilt + ratio * (x2 / x0) * tilt) / factor
        of_sample = -np.sin(gamma) / v_i + np.sin(gamma - phi) / v_f - across * np.cos(gamma)
        shape = 0.125 if data.sample["type"] == 2 else 1 / 12  # an annulus, or a plate
        variance = variance + of_sample**2 * (data.sample["width"] ** 2 * shape * FWHM_PER_SIGMA**2)
    return np.asarray(variance)


def _moderator(data: Mapping[str, Any], incident: _Array) -> _Array:
    """Squared FWHM in s² of the moderator's pulse: as measured where it was, otherwise by an analytical model."""
    wavelength = np.sqrt(WAVELENGTH_SQUARED / incident)
    if data["measured_wavelength"] is None:
        return _analytical_moderator(data, incident)
    measured, widths_us = (np.array(data[name]) for name in ("measured_wavelength", "measured_width"))
    order = np.argsort(measured)
    found = (1e-6 * np.interp(wavelength, measured[order], widths_us[order])) ** 2
    below = wavelength < measured[order[0]]
    if below.any():
        found[below] = _analytical_moderator(data, incident[below])
    return np.asarray(found)


def _analytical_moderator(data: Mapping[str, Any], incident: _Array) -> _Array:
    """Squared FWHM in s² of the moderator's pulse by the model that its data name."""
    parameters, root = data["parameters"], np.sqrt(incident)
    if data["type"] == 0:  # chi squared
        return np.asarray(parameters[0] * 1e-3 / 1.95 / (SPEED_ROUNDED * root) ** 2 * FWHM_PER_SIGMA**2)
    if data["type"] == 1:
        return _ikeda_carpenter(*parameters, incident=incident)
    if data["type"] == 2:  # modified chi squared
        delta = parameters[0] * 1e-3 + parameters[1] * 1e-3 * root
        if data["scaling_function"] is not None:
            scaled = parameters[0] * 1e-3 * _soft_hat(incident, data["scaling_parameters"])
            delta = scaled + parameters[1] * 1e-3 * root
        return np.asarray((delta / 1.96 / (SPEED_ROUNDED * root)) ** 2 * FWHM_PER_SIGMA**2)
    if data["type"] == 3:
        return np.asarray(Polynomial(parameters)(np.sqrt(WAVELENGTH_SQUARED / incident)) ** 2 * 1e-12)
    raise NotImplementedError(f"moderator of type {data['type']}")


def _ikeda_carpenter(s1: float, s2: float, b1: float, b2: float, e_mod: float, *, incident: _Array) -> _Array:
    """Squared FWHM in s² of a pulse after Ikeda and Carpenter, Nucl. Instrum. Methods A 239 (1985) 536."""
    slowing = 1e-6 * SPEED_ROUNDED * np.sqrt(s1**2 + s2**2 * 81.8048 / incident) * np.sqrt(incident)
    decay = np.where(incident > 130.0, b2, b1)
    stored = np.exp(-incident / e_mod)
    return np.asarray((3 / slowing**2 + stored * (2 - stored) / decay**2) * 1e-12 * FWHM_PER_SIGMA**2)


def _soft_hat(incident: _Array, parameters: Sequence[float]) -> _Array:
    """Factor by which a moderator's pulse is longer at low energies: a hat with a slope and blurred edges, plus 1."""
    height, slope, low, high = parameters[:4]
    at_low, at_high = (abs(parameters[index]) / FWHM_PER_SIGMA for index in (4, 5))
    # ResINS goes on along this line beyond both edges for a single energy, and here too
    blur = ((high - incident) * at_low - (low - incident) * at_high) / (high - low)
    edges = erf((high - incident) / (np.sqrt(2) * blur)) - erf((low - incident) / (np.sqrt(2) * blur))
    return np.asarray(edges * (height + slope * (incident - (high + low) / 2)) / 2 + 1)


def _openings(data: Any, incident: _Array, frequencies: _Array, max_gamma: float) -> tuple[_Array, _Array]:
    """Squared FWHM in s² of the first and the last chopper's opening, jitter included; shape (n, 1) each."""
    if data.function == "pychop_fit_fermi":
        chopper = _fermi_chopper(data, incident, frequencies[:, :1], max_gamma)
        return chopper, chopper + data.tjit**2
    first, last = _disc_choppers(data, frequencies)
    return first, last + data.tjit**2


def _signed_misses(data: Any, incident: _Array, frequency: _Array) -> _Array:
    """Slit widths by which neutrons miss the curve of the slits; below 0 where the chopper turns too fast for them."""
    bend = 1 / data.rho - 4 * np.pi * frequency / (SPEED_ROUNDED * np.sqrt(incident))
    return np.asarray(2 * data.radius**2 / data.pslit * bend)


def slit_misses(name: str, settings: Sequence[Mapping[str, Any]]) -> _Array:
    """Return the slit widths by which neutrons miss the curve of a Fermi chopper, shape (n_settings,).

    Above 0 the chopper turns too slowly for the speed of the neutrons, below 0 too fast.
    """
    rows = [
        _signed_misses(
            model_data(name, one.get("chopper_package")),
            np.array([float(one["e_init"])]),
            np.array([float(one["chopper_frequency"])]),
        )
        for one in settings
    ]
    return np.concatenate(rows)


def packages(name: str) -> tuple[str, ...]:
    """Return the chopper packages that ResINS knows of an instrument."""
    return tuple(_instrument(name).possible_options_for_model_and_configuration(MODEL, "chopper_package"))


def _fermi_chopper(data: Any, incident: _Array, frequency: _Array, max_gamma: float) -> _Array:
    """Squared FWHM in s² of a Fermi chopper's opening; NaN where it transmits none."""
    omega = 2 * np.pi * frequency
    gamma = np.abs(_signed_misses(data, incident, frequency))
    root = np.sqrt(gamma)
    shape = np.where(
        gamma <= 1,
        (1 - gamma**4 / 10) / (1 - gamma**2 / 6),
        0.6 * gamma * (root - 2) ** 2 * (root + 8) / (root + 4),
    )
    shape[gamma >= MAX_FERMI_GAMMA] = 0.0
    shape[gamma >= max_gamma] = np.nan
    return np.asarray((data.pslit / (2 * data.radius * omega)) ** 2 / 6 * shape * FWHM_PER_SIGMA**2)


def _disc_choppers(data: Any, frequencies: _Array) -> tuple[_Array, _Array]:
    """Squared FWHM in s² of the first and the last disc's opening: half the time for which slot and guide overlap."""
    turns = frequencies @ np.array(data.frequency_matrix, dtype=float).T + np.array(data.constant_frequencies)
    choppers = list(data.choppers.values())
    squares = []
    for index in (0, -1):
        disc = choppers[index]
        speed = 2 * np.pi * disc["radius"] * disc["num_disk"] * turns[:, index, None]
        squares.append((0.5 * (disc["slot_width"] + disc["guide_width"]) / speed) ** 2)
    return squares[0], squares[1]


def _helium_detector(data: Mapping[str, Any], final: _Array) -> _Array:
    """Squared FWHM in m² of the depth at which a helium tube absorbs neutrons of a final energy in meV."""
    if data["type"] == 1:
        raise NotImplementedError("a lithium detector")
    radius = 0.5 * data["depth"] * (1 - WALL_FRACTION)
    paths = 2 * radius * HELIUM_ABSORPTION * HELIUM_ATM / np.sqrt(WAVENUMBER_SQUARED * final)
    return np.asarray(_absorption_variance(paths) * (radius**2 * FWHM_PER_SIGMA**2))


def _absorption_variance(paths: _Array) -> _Array:
    """Variance of the depth of absorption in a tube, in squared radii, by the radius in mean free paths.

    T. G. Perring (1990): Chebyshev polynomials up to 9 and from 10 on, and a linear passage between them.
    """
    below, above = np.minimum(paths, 10.0), np.maximum(paths, 9.0)
    low = 0.25 * LOW_PATHS(below)
    high = _G0 + _G1 * HIGH_PATHS(1 - 18 / above) / above**2
    share = np.clip(paths - 9, 0, 1)
    return np.asarray((1 - share) * low + share * high)
