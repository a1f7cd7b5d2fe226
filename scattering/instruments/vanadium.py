"""Resolution model against measured elastic lines of vanadium: bias and uncertainty of the width."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.instruments import pychop

EDGES_MEV: Final = (0.0, 30.0, 100.0, 200.0, 450.0, 1600.0, 1e5)
"""Incident energies at which the ranges of a comparison begin and end, as far as they hold enough runs."""
MIN_RUNS: Final = 7
"""Fitted runs in a range; a range with fewer is joined with the next one."""
COVERAGE: Final = 0.7
"""Fraction of the fitted runs whose relative deviation is within the uncertainty."""
MAX_RELATIVE_DISTANCE: Final = 1.15
"""Ratio of an incident energy to the nearest measured one up to which a comparison holds."""
FREQUENCY_SETTING: Final = {"CNCS": "resolution_disk_frequency"}
"""Setting of the frequency in the table, if it is not `chopper_frequency`."""
OTHER_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {"CNCS": {"fermi_frequency": 60}}
"""Settings that all runs of an instrument share."""

POOLED: Final = frozenset({"CNCS"})
"""Instruments whose packages are compared together: 20 runs a package are too few for a quantile."""


@dataclass(frozen=True)
class Run:
    """A vanadium run: settings, FWHM of its line, and FWHM of the resolution without recoil and bins, in meV."""

    instrument: str
    package: str
    number: int
    settings: Mapping[str, Any]
    fwhm: float
    resolution: float

    @property
    def is_fitted(self) -> bool:
        """Whether the run is in the half that gives bias and uncertainty; the other half checks them."""
        return self.number % 2 == 0


@dataclass(frozen=True)
class Comparison:
    """Modelled over measured width of a chopper package within a range of incident energies.

    Attributes
    ----------
    low, high
        The range in meV.
    bias
        Median of model over measurement, minus 1: below 0 the model is too narrow.
    uncertainty
        |model/measurement − 1| that a fraction `COVERAGE` of the runs does not exceed. It includes the bias.
    n_runs
        Fitted runs.
    transmitted
        Whether PyChop's formula lets neutrons pass the slits in these runs.
    """

    low: float
    high: float
    bias: float
    uncertainty: float
    n_runs: int
    transmitted: bool


@cache
def runs() -> tuple[Run, ...]:
    """Return all vanadium runs of `data/vanadium.csv`."""
    text = (resources.files(__package__) / "data" / "vanadium.csv").read_text("utf-8")
    return tuple(_read(row) for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _read(row: Mapping[str, str]) -> Run:
    name = row["instrument"]
    settings = {
        "e_init": float(row["e_init_mev"]),
        "chopper_package": row["package"],
        FREQUENCY_SETTING.get(name, "chopper_frequency"): int(row["frequency_hz"]),
        **OTHER_SETTINGS.get(name, {}),
    }
    return Run(name, row["package"], int(row["run"]), settings, float(row["fwhm_mev"]), float(row["resolution_mev"]))


@cache
def measured_package(name: str, package: str) -> str | None:
    """Return the measured package of an instrument with the slits of `package`, itself first; None without one."""
    measured = list(dict.fromkeys(run.package for run in runs() if run.instrument == name))
    if package in measured:
        return package
    return next((one for one in measured if one in packages_with_same_slits(name, package)), None)


@cache
def packages_with_same_slits(name: str, package: str) -> tuple[str, ...]:
    """Return the other packages of a Fermi chopper with the same slit width, radius and curvature."""
    data = pychop.model_data(name, package)
    if data.function != "pychop_fit_fermi":
        return ()
    others = pychop.packages(name)
    slits = {one: pychop.model_data(name, one) for one in others if one != package}
    return tuple(
        one for one, its in slits.items() if (its.pslit, its.radius, its.rho) == (data.pslit, data.radius, data.rho)
    )


def max_slit_misses(name: str, package: str | None) -> float:
    """Return the slit widths by which neutrons miss the curve of the slits up to which the chopper transmits.

    PyChop's formula ends at 4. Vanadium lines were measured beyond: the blades between the slits are not opaque.
    """
    measured = None if package is None else measured_package(name, package)
    if measured is None or name in FREQUENCY_SETTING:
        return pychop.MAX_FERMI_GAMMA
    found = [run.settings for run in runs() if (run.instrument, run.package) == (name, measured)]
    return max(pychop.MAX_FERMI_GAMMA, 1.001 * float(np.abs(pychop.slit_misses(name, found)).max()))


def model_over_measurement(chosen: Sequence[Run]) -> NDArray[np.float64]:
    """Return modelled over measured width of runs of one instrument, shape (n_runs,)."""
    name = chosen[0].instrument
    modelled = pychop.widths(name, [run.settings for run in chosen], max_gamma=np.inf).sigma(np.zeros(1))[:, 0]
    return np.asarray(FWHM_PER_SIGMA * modelled / [run.resolution for run in chosen])


def is_transmitted(chosen: Sequence[Run]) -> NDArray[np.bool_]:
    """Return whether PyChop's formula lets neutrons pass in runs of one instrument, shape (n_runs,)."""
    return pychop.widths(chosen[0].instrument, [run.settings for run in chosen]).transmitted


@cache
def comparisons(name: str, package: str) -> tuple[Comparison, ...]:
    """Return the comparisons of a package over all ranges, from its fitted runs; empty without measured ones."""
    pooled = name in POOLED
    found = [run for run in runs() if run.instrument == name and (pooled or run.package == package) and run.is_fitted]
    if not found:
        return ()
    energies = np.array([run.settings["e_init"] for run in found])
    ratio, open_slits = model_over_measurement(found), is_transmitted(found)
    compared = [
        _compare(energies[open_slits], ratio[open_slits], low, high, True)
        for low, high in _ranges(energies[open_slits])
    ]
    if (~open_slits).sum() >= MIN_RUNS:
        compared.append(_compare(energies[~open_slits], ratio[~open_slits], 0.0, np.inf, False))
    return tuple(compared)


def _ranges(energies: NDArray[np.float64]) -> list[tuple[float, float]]:
    ranges: list[tuple[float, float]] = []
    low = EDGES_MEV[0]
    for high in EDGES_MEV[1:]:
        if ((energies >= low) & (energies < high)).sum() >= MIN_RUNS:
            ranges.append((low, high))
            low = high
    return [*ranges[:-1], (ranges[-1][0], EDGES_MEV[-1])]


def _compare(
    energies: NDArray[np.float64], ratio: NDArray[np.float64], low: float, high: float, transmitted: bool
) -> Comparison:
    inside = (energies >= low) & (energies < high)
    deviations = np.sort(np.abs(ratio[inside] - 1))
    # The rank with which a further run is within the uncertainty with this probability, in small samples too
    rank = min(math.ceil((deviations.size + 1) * COVERAGE), deviations.size)
    low, high = max(low, energies.min() / MAX_RELATIVE_DISTANCE), min(high, energies.max() * MAX_RELATIVE_DISTANCE)
    bias = float(np.median(ratio[inside]) - 1)
    return Comparison(float(low), float(high), bias, float(deviations[rank - 1]), int(inside.sum()), transmitted)


def find_comparison(name: str, settings: Mapping[str, Any]) -> Comparison | None:
    """Return the comparison that holds for validated settings, or None if no vanadium runs are near them."""
    package = settings.get("chopper_package")
    measured = None if package is None or name not in MEASURED else measured_package(name, package)
    if measured is None:
        return None
    transmitted = bool(pychop.widths(name, [settings]).transmitted[0])
    e_init = float(settings["e_init"])
    for one in reversed(comparisons(name, measured)):  # a range begins at its lower end
        if one.transmitted == transmitted and one.low <= e_init <= one.high:
            return one
    return None


MEASURED: Final = frozenset(run.instrument for run in runs())
"""Instruments with vanadium runs."""
