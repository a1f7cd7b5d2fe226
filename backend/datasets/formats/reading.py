"""Results of readers: columns as in the file, neither cleaned nor converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.datasets.run import RunConditions
from scattering.core.notices import Notice

XUnit = Literal["meV", "ueV", "eV", "cm-1", "THz", "ps-1", "angstrom"]
"""Units of an axis: energies, ν (E = hν), ω (E = ħω), or the wavelength of the neutron whose energy varies."""

MAX_POINTS = 2_000_000
"""Values of one spectrum or map."""
MAX_DETECTED = 16_000_000
"""Values of all detectors of one run, which come to far fewer bins of |q|: MAPS has 37 000 detectors."""
MAX_SPECTRA = 2_000
"""Spectra in one file."""


@dataclass(frozen=True)
class Stated:
    """Statements of a file about the measurement; None: not stated.

    Attributes
    ----------
    title
        Of the spectrum or the run.
    instrument
        As the file spells it.
    settings
        In ResINS's names where they are known, e.g. {"e_init": 250.0} (meV).
    fixed_energy_mev
        E_f of an indirect or E_i of a direct geometry spectrometer.
    run
        Temperature, exposure and the like: `RunConditions.plausible` of what the file has.
    heading
        Words above the data that may name instrument and temperature, if the title is another.
    """

    title: str = ""
    instrument: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    fixed_energy_mev: float | None = None
    run: RunConditions = field(default_factory=RunConditions)
    heading: str = ""


@dataclass(frozen=True, eq=False)
class RawSpectrum:
    """One spectrum as the file has it.

    Attributes
    ----------
    x
        Shape (n,): points; or (n + 1,): edges of bins. Any order, NaN may be among them.
    y, error
        Shape (n,); error None where the file has none.
    x_unit
        As recognised, or None.
    recognised_by
        Where the file states the unit, in words ("##XUNITS=1/CM", "the header's “Energy transfer (meV)”").
    y_unit
        As the file spells it, "" if it does not.
    stated
        What the file says of how it was measured.
    notices
        What the user should know of how the file was read.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    error: NDArray[np.float64] | None
    x_unit: XUnit | None
    recognised_by: str = ""
    y_unit: str = ""
    stated: Stated = field(default_factory=Stated)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, eq=False)
class RawMap:
    """Intensity over an axis of |q| or of scattering angles, and energy transfer, as the file has it.

    Attributes
    ----------
    across
        Shape (n,) or (n + 1,): |q| in Å⁻¹ (`kind` "q", points or edges, ascending), or scattering angles 2θ in degrees
        (`kind` "angle", one for each detector, any order).
    width
        Shape (n,): the detectors' extent in 2θ, degrees; None where not known. Of angles only.
    x
        Shape (n_x,) or (n_x + 1,): energy transfer.
    y, error
        Shape (n, n_x). NaN where masked or not measured.
    geometry
        Of the spectrometer, where the file says it: needed to come from angles to |q|.
    """

    kind: Literal["q", "angle"]
    across: NDArray[np.float64]
    width: NDArray[np.float64] | None
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    error: NDArray[np.float64] | None
    x_unit: XUnit | None
    recognised_by: str = ""
    y_unit: str = ""
    geometry: Literal["direct", "indirect"] | None = None
    stated: Stated = field(default_factory=Stated)
    notices: tuple[Notice, ...] = ()


Raw = RawSpectrum | RawMap
