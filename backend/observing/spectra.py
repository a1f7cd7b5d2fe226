"""Spectra of predictions, as instruments measure them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from backend.kit.files.lost import reading_stored
from backend.kit.http.errors import Unprocessable
from backend.kit.settings import Settings
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import observation
from backend.observing.spectra_cache import SpectraCache
from backend.observing.writing import Line
from backend.predictions.partials_files import lost_partials
from backend.predictions.tables import Prediction
from scattering.core.notices import Notice

if TYPE_CHECKING:
    from scattering.core.partials import Partials
    from scattering.crystal.partials import CrystalPartials
    from scattering.crystal.view import PathSpectrum
    from scattering.observe.spectrum import Spectrum
    from scattering.observe.view import View

_cache = SpectraCache()


def read_partials(settings: Settings, cache: PartialsCache, prediction: Prediction) -> Partials | CrystalPartials:
    """Return the partials of a succeeded prediction.

    Raises
    ------
    Gone
        Their file is missing or damaged.
    """
    with reading_stored(lost_partials(prediction.id)):
        partials: Partials | CrystalPartials = cache.read(
            settings.partials_path(prediction.id), observation(prediction.sampling).layout.read
        )
    return partials


def observe(settings: Settings, cache: PartialsCache, prediction: Prediction, view: View) -> Spectrum | PathSpectrum:
    """Return the spectrum of a succeeded prediction, of a powder or along a path.

    Raises
    ------
    ScatteringError, Unprocessable
        The view is impossible.
    """
    return observe_partials(read_partials(settings, cache, prediction), prediction.sampling, view)


def observe_partials(partials: Partials | CrystalPartials, sampling: str, view: View) -> Spectrum | PathSpectrum:
    """Return the spectrum of partials, of a powder or along a path.

    Raises
    ------
    ScatteringError, Unprocessable
        The view is impossible.
    """
    kind = observation(sampling)
    spectrum: Spectrum | PathSpectrum = _cache.get(partials, _key(view), lambda: kind.observe(partials, view))
    return spectrum


def observe_powder(settings: Settings, cache: PartialsCache, prediction: Prediction, view: View) -> Spectrum:
    """Return the spectrum of a succeeded prediction of a powder.

    Raises
    ------
    ScatteringError, Unprocessable
        The view is impossible, or the prediction is along a path.
    """
    from scattering.observe.spectrum import Spectrum

    spectrum = observe(settings, cache, prediction, view)
    if not isinstance(spectrum, Spectrum):
        raise Unprocessable.at("path", Notice("powders_beside_path"))
    return spectrum


def line_of(spectrum: Spectrum | PathSpectrum) -> Line:
    """Return intensity against energy: the spectrum of a powder, or the cut of a path."""
    from scattering.crystal.view import PathSpectrum

    if not isinstance(spectrum, PathSpectrum):
        return spectrum
    if spectrum.cut is None:
        raise ValueError("the spectrum of a path has no cut")
    return spectrum.cut


def unit_of(spectrum: Spectrum | PathSpectrum) -> str:
    """Return the unit of the intensities that `line_of` returns."""
    from scattering.crystal.view import PathSpectrum

    return spectrum.cut_unit if isinstance(spectrum, PathSpectrum) else spectrum.unit


def _key(view: View) -> str:
    return json.dumps(asdict(view), sort_keys=True)
