"""Requests of comparisons in the types of the physics; `schemas` makes them from request bodies."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from scattering.measured.comparison.fit import FitOptions
from scattering.observe.view import View


@dataclass(frozen=True)
class ComparisonRequest:
    """Comparison of one forecast with one dataset.

    Attributes
    ----------
    prediction_id
        A prediction for a powder.
    view
        View of the prediction; its energies are not used.
    fit
        Fitted parameters and range of energies.
    follow_dataset
        Whether the view takes instrument, settings and isotopes from the dataset if it states none itself.
    """

    prediction_id: uuid.UUID
    dataset_id: uuid.UUID
    view: View
    fit: FitOptions
    follow_dataset: bool = True


@dataclass(frozen=True)
class PeaksRequest(ComparisonRequest):
    """Comparison of the peaks of one forecast with the peaks of one dataset.

    Attributes
    ----------
    tolerance_mev
        Largest distance of two matching peaks; None: chosen from resolution and peaks.
    prominence
        Prominence of the smallest peak, as a fraction of the largest intensity; None: chosen from the noise.
    """

    tolerance_mev: float | None = None
    prominence: float | None = None


@dataclass(frozen=True)
class Candidate:
    """One of the ranked forecasts; if `label` is None, a label is made."""

    prediction_id: uuid.UUID
    view: View
    label: str | None


@dataclass(frozen=True)
class RankingRequest:
    """Ranking of several forecasts by their agreement with one dataset."""

    dataset_id: uuid.UUID
    candidates: tuple[Candidate, ...]
    fit: FitOptions
    follow_dataset: bool
