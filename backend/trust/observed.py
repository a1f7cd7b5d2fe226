"""Numbers about reliability from the partials of a prediction and of its counterpart."""

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

TEMPERATURE_TOLERANCE_K = 1.0


@dataclass(frozen=True)
class Observed:
    """Numbers from spectra.

    Attributes
    ----------
    highest_mev
        Energy below which nearly all modes lie.
    reduced_highest
        βħω at this energy. Above about 1 the motion of the nuclei is quantum-mechanical.
    missing
        Fraction of the vibrational energy that classical nuclei lack, by species; empty if nuclei are not classical.
    statistical_error
        Median of standard error over intensity of the ideal spectrum; None if it is not known.
    energies
        Mean energies of a harmonic and a dynamic prediction at the same temperature; None if one of them is missing.
    """

    highest_mev: float
    reduced_highest: float
    missing: dict[str, float]
    statistical_error: float | None
    energies: MeanEnergies | None


def observe(scope: Scope, cache: PartialsCache, prediction: Prediction, others: Iterable[Prediction]) -> Observed:
    """Read the numbers of a succeeded prediction and of its newest counterpart by the other method."""
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
        # For example an element without a known scattering length
        return None


def _energies(
    scope: Scope, cache: PartialsCache, prediction: Prediction, others: Iterable[Prediction]
) -> MeanEnergies | None:
    def is_counterpart(other: Prediction) -> bool:
        near = abs(other.temperature_k - prediction.temperature_k) < TEMPERATURE_TOLERANCE_K
        methods = {prediction.method, other.method}
        alike = near and other.sampling == prediction.sampling
        return alike and "harmonic" in methods and len(methods) == 2

    other = next(filter(is_counterpart, others), None)
    if other is None:
        return None
    own, its = (spectra.read_partials(scope.settings, cache, one) for one in (prediction, other))
    # A mean over the few wave vectors of a path is no mean over the crystal
    if not isinstance(own, Partials) or not isinstance(its, Partials):
        return None
    return mean_energies(*((own, its) if prediction.method == "harmonic" else (its, own)))
