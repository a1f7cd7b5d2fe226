"""Store calibrations by the counts of a standard, and turn them to those of the physics."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import col

from backend.calibrations.tables import StandardCalibration
from backend.comparisons.forecasts import get_powder_prediction, partials_of
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, NotFound, Unprocessable, not_found_at
from backend.kit.http.pagination import Paging
from backend.observing.partials_cache import PartialsCache
from backend.samples import service as samples
from backend.structures import service as structures
from scattering import instruments
from scattering.core.errors import InvalidFields
from scattering.core.notices import Notice
from scattering.instruments import Instrument
from scattering.observe.view import View
from scattering.planning.calibration import RATE_UNCERTAINTY, Calibration
from scattering.planning.evaluation import Specimen
from scattering.planning.projection import weigh
from scattering.planning.standards import Band, calibrate_with_standard, plate_of_beam, vanadium

VANADIUM = "vanadium"


@dataclass(frozen=True)
class Measured:
    """Counts of a standard as a facility states them; fields as in `StandardCalibration`."""

    settings: Mapping[str, Any]
    standard: str
    prediction_id: uuid.UUID | None
    temperature_k: float
    mass_g: float
    bands: Sequence[Mapping[str, float]]
    relative_uncertainty: float | None
    source: str
    entered_by: str
    measured_on: date | None


def add(scope: Scope, cache: PartialsCache, instrument: Instrument, stated: Measured) -> StandardCalibration:
    """Store a calibration that can be used.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        A setting or a band is impossible, or the forecast of the standard cannot be used; the error names it.
    """
    if (stated.standard == VANADIUM) != (stated.prediction_id is None):
        raise Unprocessable.at("prediction_id", Notice("prediction_of_standard"))
    if stated.prediction_id is not None:
        with not_found_at("prediction_id"):
            get_powder_prediction(scope, stated.prediction_id)
    try:
        settings = instrument.validate(stated.settings)
        row = StandardCalibration(
            instrument=instrument.name,
            settings=dict(settings),
            standard=stated.standard,
            prediction_id=stated.prediction_id,
            temperature_k=stated.temperature_k,
            mass_g=stated.mass_g,
            bands=[dict(band) for band in stated.bands],
            relative_uncertainty=stated.relative_uncertainty or RATE_UNCERTAINTY,
            source=stated.source,
            entered_by=stated.entered_by,
            measured_on=stated.measured_on,
        )
        calibration_of(scope, cache, row)
    except InvalidFields as error:
        raise Unprocessable.of_fields(error.errors) from error
    return scope.add(row)


def get(scope: Scope, calibration_id: uuid.UUID) -> StandardCalibration:
    """Return a stored calibration.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    return scope.get(StandardCalibration, calibration_id, "calibration")


def page(scope: Scope, instrument: str | None, paging: Paging) -> tuple[list[StandardCalibration], int]:
    """Return one page of the calibrations of an instrument, or of all, and their number."""
    statement = scope.select(StandardCalibration)
    if instrument is not None:
        statement = statement.where(col(StandardCalibration.instrument) == instrument)
    return scope.page(statement, StandardCalibration, paging)


def delete(scope: Scope, instrument: str, calibration_id: uuid.UUID) -> None:
    """Delete a calibration of an instrument.

    Raises
    ------
    NotFound
        The instrument has none with this id.
    """
    row = scope.get_own(StandardCalibration, calibration_id, "calibration", lock=True)
    if row.instrument != instrument:
        raise NotFound(Notice("not_found", {"kind": "calibration", "id": str(calibration_id)}))
    scope.session.delete(row)


def calibration_of(scope: Scope, cache: PartialsCache, row: StandardCalibration) -> Calibration:
    """Return the calibration of the physics.

    Raises
    ------
    Conflict
        The forecast of the standard was deleted.
    InvalidSettings, InvalidPlan, InvalidSample
        It is impossible.
    """
    instrument = instruments.get(row.instrument)
    bands = [
        Band(band["from_mev"], band["to_mev"], band["counts_per_hour"], band["background_per_hour"])
        for band in row.bands
    ]
    return calibrate_with_standard(
        instrument,
        row.settings,
        bands,
        _standard(scope, cache, instrument, row),
        elastic_line=row.standard == VANADIUM,
        relative_uncertainty=row.relative_uncertainty,
        source=summary(row),
    )


def summary(row: StandardCalibration) -> Notice:
    """Return what a plan states of a calibration."""
    return Notice(
        "calibrated_by_standard",
        {
            "standard": row.standard,
            "mass_g": row.mass_g,
            "from_mev": min(band["from_mev"] for band in row.bands),
            "to_mev": max(band["to_mev"] for band in row.bands),
            "relative_uncertainty": row.relative_uncertainty,
            "source": row.source,
            "entered_by": row.entered_by,
            "measured_on": None if row.measured_on is None else row.measured_on.isoformat(),
        },
    )


def _standard(scope: Scope, cache: PartialsCache, instrument: Instrument, row: StandardCalibration) -> Specimen:
    if row.standard == VANADIUM:
        return vanadium(instrument, row.mass_g, row.temperature_k)
    if row.prediction_id is None:
        raise Conflict(Notice("standard_without_forecast"))
    prediction = get_powder_prediction(scope, row.prediction_id)
    material = samples.material_of(scope, structures.get(scope, prediction.structure_id), prediction.isotopes)
    scattering = weigh(partials_of(scope, cache, prediction), View())
    return Specimen(plate_of_beam(instrument, material, row.mass_g), scattering, None)
