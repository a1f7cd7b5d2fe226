"""Convert a request to the view, the features and the sample of the physics of planning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.comparisons.forecasts import get_powder_prediction, partials_of
from backend.kit.db.owners import Scope
from backend.observing.partials_cache import PartialsCache
from backend.plans.schemas import FeaturesIn, ScatteringIn
from backend.predictions.tables import Prediction
from backend.samples import service as samples
from backend.samples.schemas import SampleIn
from backend.structures import service as structures
from backend.trust import service as trusts
from scattering.core.isotopes import override
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.observe import weights
from scattering.observe.view import View
from scattering.planning.evaluation import Specimen
from scattering.planning.features import FeatureSet, find_features
from scattering.planning.projection import weigh
from scattering.sample import Sample
from scattering.sample.container import container_partials

SCALE_TOLERANCE = 0.02
"""Relative tolerance within which an energy scale counts as the correction of a known bias."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """A prediction with the view of a request."""

    prediction: Prediction
    partials: Partials
    view: View
    energy_relative_uncertainty: float
    warnings: tuple[Notice, ...]


def read_forecast(scope: Scope, cache: PartialsCache, body: ScatteringIn) -> Forecast:
    """Read a prediction for a powder, with the view of the ideal S(q, ω) and the uncertainty of its energies.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        It does not exist, it has not succeeded, it is for a single crystal.
    """
    prediction = get_powder_prediction(scope, body.prediction_id)
    partials = partials_of(scope, cache, prediction)
    view = View(isotopes=body.isotopes, quantum_correction=body.quantum_correction, energy_scale=body.energy_scale)
    grade = trusts.assess(scope, prediction).grade
    uncertainty, warnings = grade.uncertainty, []
    if grade.bias is not None:
        corrected = 1 / (1 + grade.bias)
        if abs(body.energy_scale / corrected - 1) <= SCALE_TOLERANCE:
            # One line gives a scale, and does not tell what it leaves
            uncertainty = grade.uncertainty if grade.scaled_uncertainty is None else grade.scaled_uncertainty
        elif abs(grade.bias) > SCALE_TOLERANCE:
            warnings.append(Notice("known_energy_bias", {"bias": grade.bias, "energy_scale": corrected}))
    if weights.substituted(partials, body.isotopes):
        warnings.append(Notice("natural_mass_frequencies"))
    return Forecast(prediction, partials, view, uncertainty, tuple(warnings))


def features_of(what: Forecast, body: FeaturesIn) -> FeatureSet:
    """Return the given features and pairs, or those of the forecast.

    Raises
    ------
    InvalidPlan, InvalidView
        A given feature or pair is not possible.
    """
    return find_features(
        what.partials,
        what.view,
        given=None if body.features_mev == "auto" else body.features_mev,
        pairs=None if body.pairs_mev == "adjacent" else body.pairs_mev,
        energy_relative_uncertainty=what.energy_relative_uncertainty,
    )


def sample_of(scope: Scope, prediction: Prediction, isotopes: Mapping[str, Any], body: SampleIn) -> Sample:
    """Return the sample in the beam, of the structure of a prediction."""
    structure = structures.get(scope, prediction.structure_id)
    return samples.specimen(scope, structure, body, override(prediction.isotopes, isotopes))


def make_specimen(what: Forecast, sample: Sample) -> Specimen:
    """Return the sample with its scattering, and the scattering of its container at the same temperature."""
    scattering = weigh(what.partials, what.view)
    if sample.container is None:
        return Specimen(sample, scattering, None)
    container = container_partials(
        sample.container.element,
        temperature=what.partials.temperature,
        q=what.partials.q,
        energy=what.partials.energy * what.view.energy_scale,
    )
    return Specimen(sample, scattering, weigh(container, View()))
