"""From a request to what the physics of planning takes: the view, the features, the sample in the beam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.comparisons.forecasts import partials_of, powder
from backend.kit.db.owners import Scope
from backend.observing.partials_cache import PartialsCache
from backend.plans.schemas import FeaturesIn, ScatteringIn
from backend.predictions.tables import Prediction
from backend.samples import service as samples
from backend.samples.schemas import SampleIn
from backend.structures import service as structures
from backend.trust import service as trusts
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.observe.view import View
from scattering.planning.evaluation import Specimen
from scattering.planning.features import Found, find
from scattering.planning.projection import weighted
from scattering.sample import Sample
from scattering.sample.container import container_partials

SCALED_WITHIN = 0.02
"""How near the energy scale must be to the one that undoes a known bias, for the bias to count as undone."""


@dataclass(frozen=True, eq=False)
class Planned:
    """What is planned for: a prediction as the request looks at it."""

    prediction: Prediction
    partials: Partials
    view: View
    energy_relative_uncertainty: float
    warnings: tuple[Notice, ...]


def planned(scope: Scope, cache: PartialsCache, body: ScatteringIn) -> Planned:
    """A prediction of a powder, the view of the sample itself, and how far its energies may be off.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        There is no such prediction of a powder that has succeeded.
    """
    prediction = powder(scope, body.prediction_id)
    partials = partials_of(scope, cache, prediction)
    view = View(isotopes=body.isotopes, quantum_correction=body.quantum_correction, energy_scale=body.energy_scale)
    known = trusts.assess(scope, prediction).grade
    uncertainty, warnings = known.uncertainty, []
    if known.bias is not None and known.scaled_uncertainty is not None:
        undone = 1 / (1 + known.bias)
        if abs(body.energy_scale / undone - 1) <= SCALED_WITHIN:
            uncertainty = known.scaled_uncertainty
        elif abs(known.bias) > SCALED_WITHIN:
            warnings.append(Notice("known_energy_bias", {"bias": known.bias, "energy_scale": undone}))
    if body.isotopes:
        warnings.append(Notice("natural_mass_frequencies"))
    return Planned(prediction, partials, view, uncertainty, tuple(warnings))


def found(what: Planned, body: FeaturesIn) -> Found:
    """Features and pairs, found or given.

    Raises
    ------
    InvalidPlan, InvalidView
        A given one cannot be.
    """
    return find(
        what.partials,
        what.view,
        given=None if body.features_mev == "auto" else body.features_mev,
        pairs=None if body.pairs_mev == "adjacent" else body.pairs_mev,
        energy_relative_uncertainty=what.energy_relative_uncertainty,
    )


def sample_of(scope: Scope, prediction: Prediction, isotopes: Mapping[str, Any], body: SampleIn) -> Sample:
    """The sample in the beam, of a prediction's structure."""
    return samples.specimen(scope, structures.get(scope, prediction.structure_id), body, isotopes)


def specimen(what: Planned, sample: Sample) -> Specimen:
    """The sample with its scattering, and its container's at the same temperature."""
    scattering = weighted(what.partials, what.view)
    if sample.container is None:
        return Specimen(sample, scattering, None)
    container = container_partials(
        sample.container.element,
        temperature=what.partials.temperature,
        q=what.partials.q,
        energy=what.partials.energy * what.view.energy_scale,
    )
    return Specimen(sample, scattering, weighted(container, View()))
