"""What an instrument records of a prediction's partials."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from backend.kit.http.errors import Unprocessable
from backend.kit.settings import Settings
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import observation
from backend.observing.spectra_cache import SpectraCache
from backend.observing.writing import Line
from backend.predictions.tables import Prediction
from scattering.core.notices import Notice

if TYPE_CHECKING:
    from scattering.core.partials import Partials
    from scattering.crystal.partials import CrystalPartials
    from scattering.crystal.view import PathSpectrum
    from scattering.observe.spectrum import Spectrum
    from scattering.observe.view import View

_lately = SpectraCache()


def read_partials(settings: Settings, cache: PartialsCache, prediction: Prediction) -> Partials | CrystalPartials:
    """Return the partials of a succeeded prediction."""
    partials: Partials | CrystalPartials = cache.read(
        settings.partials_path(prediction.id), observation(prediction.sampling).layout.read
    )
    return partials


def observe(settings: Settings, cache: PartialsCache, prediction: Prediction, view: View) -> Spectrum | PathSpectrum:
    """Return what an instrument records of a succeeded prediction, of a powder or along a path.

    Raises
    ------
    ScatteringError, Unprocessable
        The view asks for something that cannot be.
    """
    partials, kind = read_partials(settings, cache, prediction), observation(prediction.sampling)
    seen: Spectrum | PathSpectrum = _lately.get(partials, _key(view), lambda: kind.observe(partials, view))
    return seen


def observe_powder(settings: Settings, cache: PartialsCache, prediction: Prediction, view: View) -> Spectrum:
    """Return what an instrument records of a succeeded prediction of a powder.

    Raises
    ------
    ScatteringError, Unprocessable
        The view asks for something that cannot be, or the prediction is of a single crystal.
    """
    from scattering.observe.spectrum import Spectrum

    seen = observe(settings, cache, prediction, view)
    if not isinstance(seen, Spectrum):
        raise Unprocessable.at("path", Notice("powders_beside_path"))
    return seen


def line_of(spectrum: Spectrum | PathSpectrum) -> Line:
    """Return intensity against energy: the spectrum itself, or the cut of a path."""
    from scattering.crystal.view import PathSpectrum

    if not isinstance(spectrum, PathSpectrum):
        return spectrum
    if spectrum.cut is None:
        raise ValueError("a path is observed with a cut")
    return spectrum.cut


def unit_of(spectrum: Spectrum | PathSpectrum) -> str:
    """Return the unit of the intensities that `line_of` returns."""
    from scattering.crystal.view import PathSpectrum

    return spectrum.cut_unit if isinstance(spectrum, PathSpectrum) else spectrum.unit


def _key(view: View) -> str:
    return json.dumps(asdict(view), sort_keys=True)
