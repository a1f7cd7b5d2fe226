"""What is asked of comparisons, in the physics' own types: `schemas` makes these of request bodies."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from scattering.measured.comparison.fit import FitOptions
from scattering.observe.view import View


@dataclass(frozen=True)
class ComparisonRequest:
    """One forecast against one dataset.

    Attributes
    ----------
    prediction_id, dataset_id
        Whose; the prediction is of a powder.
    view
        How to look at the prediction; its energies are not used.
    fit
        What is fitted, and the range of energies where one is given.
    follow_dataset
        Whether the view takes the dataset's instrument, settings and isotopes where it names none itself.
    """

    prediction_id: uuid.UUID
    dataset_id: uuid.UUID
    view: View
    fit: FitOptions
    follow_dataset: bool = True


@dataclass(frozen=True)
class PeaksRequest(ComparisonRequest):
    """The peaks of one forecast against those of one dataset.

    Attributes
    ----------
    tolerance_mev
        How far apart two matching peaks may be; None: chosen from resolution and peaks.
    prominence
        Of the smallest peak, as a fraction of the largest intensity; None: chosen from the noise.
    """

    tolerance_mev: float | None = None
    prominence: float | None = None


@dataclass(frozen=True)
class Candidate:
    """One of the forecasts that are ranked; a label is made where none is given."""

    prediction_id: uuid.UUID
    view: View
    label: str | None


@dataclass(frozen=True)
class RankingRequest:
    """Several forecasts against one dataset."""

    dataset_id: uuid.UUID
    candidates: tuple[Candidate, ...]
    fit: FitOptions
    follow_dataset: bool
