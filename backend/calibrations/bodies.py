"""Bodies of calibrations, and what a request states of one."""

from __future__ import annotations

from backend.calibrations.schemas import BandOut, CalibrationRecordIn, CalibrationRecordOut
from backend.calibrations.service import Measured, summary
from backend.calibrations.tables import StandardCalibration
from backend.kit.http.notices import NoticeOut


def measured(body: CalibrationRecordIn) -> Measured:
    """Return what a request states."""
    return Measured(
        settings=body.settings,
        standard=body.standard,
        prediction_id=body.prediction_id,
        temperature_k=body.temperature_k,
        mass_g=body.mass_g,
        bands=[band.model_dump() for band in body.bands],
        relative_uncertainty=body.relative_uncertainty,
        source=body.source,
        entered_by=body.entered_by,
        measured_on=body.measured_on,
    )


def record(row: StandardCalibration) -> CalibrationRecordOut:
    """Return the body of a stored calibration."""
    fields = {name: getattr(row, name) for name in CalibrationRecordOut.model_fields if hasattr(row, name)}
    bands = [BandOut.model_validate(band) for band in row.bands]
    return CalibrationRecordOut(**{**fields, "bands": bands, "summary": NoticeOut.of(summary(row))})
