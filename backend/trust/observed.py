"""What the partials of a prediction, and of those beside it, tell about trust."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing import spectra
from backend.observing.partials_cache import PartialsCache
from backend.predictions.tables import Prediction
from scattering.core.constants import BOLTZMANN_MEV_PER_K
from scattering.core.errors import ScatteringError
from scattering.core.partials import Partials
from scattering.observe.view import View
from scattering.trust.spectra import (
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
    partials = spectra.read_partials(scope.settings, cache, prediction)
    highest = highest_mode(partials)
    return Observed(
        highest,
        highest / (BOLTZMANN_MEV_PER_K * partials.temperature),
        missing_energy(partials) if partials.statistics == "classical" else {},
        _statistical_error(scope, cache, prediction),
        _energies(scope, cache, prediction, others),
    )


def _statistical_error(scope: Scope, cache: PartialsCache, prediction: Prediction) -> float | None:
    try:
        line = spectra.line_of(spectra.observe(scope.settings, cache, prediction, View()))
        return relative_error(line.intensity, line.error)
    except (ScatteringError, Unprocessable):
        # An element that scatters neutrons by an unknown length, say
        return None


def _energies(
    scope: Scope, cache: PartialsCache, prediction: Prediction, others: Iterable[Prediction]
) -> MeanEnergies | None:
    def beside(other: Prediction) -> bool:
        near = abs(other.temperature_k - prediction.temperature_k) < SAME_TEMPERATURE_K
        methods = {prediction.method, other.method}
        alike = near and other.sampling == prediction.sampling
        return alike and "harmonic" in methods and len(methods) == 2

    other = next(filter(beside, others), None)
    if other is None:
        return None
    own, its = (spectra.read_partials(scope.settings, cache, one) for one in (prediction, other))
    # Along a path a mean would be of the few wave vectors on it
    if not isinstance(own, Partials) or not isinstance(its, Partials):
        return None
    return mean_energies(*((own, its) if prediction.method == "harmonic" else (its, own)))
