"""What the partials of a prediction, and of those beside it, tell about trust."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.crystal_file import read_crystal_partials
from backend.observing.partials_cache import PartialsCache
from backend.observing.partials_file import read_partials
from backend.observing.spectra import observe_path_prediction, observe_prediction
from backend.predictions.tables import Prediction
from scattering.core.constants import BOLTZMANN_MEV_PER_K
from scattering.core.errors import ScatteringError
from scattering.observe.view import View
from scattering.trust.spectra import (
    AnyPartials,
    MeanEnergies,
    highest_mode,
    mean_energies,
    missing_energy,
    relative_error,
)

SAME_TEMPERATURE_K = 1.0


@dataclass(frozen=True)
class Observed:
    """Numbers from spectra.

    Attributes
    ----------
    highest_mev
        Energy below which nearly all modes lie.
    reduced_highest
        βħω there: above about 1 the nuclei move as quantum mechanics wants it.
    missing
        Share of the vibrational energy that classical nuclei lack, by species; empty where they are not classical.
    statistical_error
        Median of standard error over intensity of the sample's own spectrum; None where it is not known.
    energies
        Mean energies of harmonic and dynamic predictions at the same temperature; None where one is missing.
    """

    highest_mev: float
    reduced_highest: float
    missing: dict[str, float]
    statistical_error: float | None
    energies: MeanEnergies | None


def observe(scope: Scope, cache: PartialsCache, prediction: Prediction, others: Iterable[Prediction]) -> Observed:
    """Take the numbers of a succeeded prediction and of the newest one by the other method."""
    partials = _partials(scope, cache, prediction)
    highest = highest_mode(partials)
    return Observed(
        highest,
        highest / (BOLTZMANN_MEV_PER_K * partials.temperature),
        missing_energy(partials) if partials.statistics == "classical" else {},
        _statistical_error(scope, cache, prediction),
        _energies(scope, cache, prediction, others),
    )


def _partials(scope: Scope, cache: PartialsCache, prediction: Prediction) -> AnyPartials:
    path = scope.settings.partials_path(prediction.id)
    if prediction.sampling == "path":
        return cache.read(path, read_crystal_partials)
    return cache.read(path, read_partials)


def _statistical_error(scope: Scope, cache: PartialsCache, prediction: Prediction) -> float | None:
    try:
        if prediction.sampling == "path":
            cut = observe_path_prediction(scope.settings, cache, prediction, View()).cut
            return relative_error(cut.intensity, cut.error) if cut is not None else None
        spectrum = observe_prediction(scope.settings, cache, prediction, View())
        return relative_error(spectrum.intensity, spectrum.error)
    except (ScatteringError, Unprocessable):
        # An element that scatters neutrons by an unknown length, say
        return None


def _energies(
    scope: Scope, cache: PartialsCache, prediction: Prediction, others: Iterable[Prediction]
) -> MeanEnergies | None:
    def beside(other: Prediction) -> bool:
        near = abs(other.temperature_k - prediction.temperature_k) < SAME_TEMPERATURE_K
        methods = {prediction.method, other.method}
        return near and other.sampling == "powder" and "harmonic" in methods and len(methods) == 2

    if prediction.sampling != "powder":
        return None
    other = next(filter(beside, others), None)
    if other is None:
        return None
    pair = [cache.read(scope.settings.partials_path(one.id), read_partials) for one in (prediction, other)]
    return mean_energies(*(pair if prediction.method == "harmonic" else reversed(pair)))
