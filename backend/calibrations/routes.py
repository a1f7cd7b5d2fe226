"""Calibrations by the counts of a standard, over HTTP."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from backend.calibrations.schemas import CalibrationRecordIn, CalibrationRecordOut
from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import ScopeDep
from backend.kit.http.computing import SHORT
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.observing.partials_cache import PartialsCacheDep

router = APIRouter(tags=["instruments"])


@router.get("/calibrations", summary="List calibrations of all instruments, newest first", responses=responses())
def list_all_calibrations(scope: ScopeDep, paging: PagingDep) -> Page[CalibrationRecordOut]:
    """Return one page of the calibrations that were entered, of all instruments."""
    from backend.calibrations import bodies, service

    rows, total = service.page(scope, None, paging)
    return Page(items=[bodies.record(row) for row in rows], total=total)


@router.post(
    "/instruments/{name}/calibrations",
    status_code=201,
    summary="Enter a calibration of an instrument",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def create_calibration(
    name: str, body: CalibrationRecordIn, scope: ScopeDep, cache: PartialsCacheDep, once: OnceDep
) -> CalibrationRecordOut:
    """Store the counts of a standard of known mass. Plans use them by `calibrations: [{"calibration_id": …}]`.

    An instrument without a published flux gets hours, for the settings of the calibration; the rates of one with a
    flux are corrected by the ratio of measured to computed counts.
    """
    from backend.calibrations import bodies, service
    from backend.instruments.service import get

    instrument = get(name)
    row = once(
        fingerprint(instrument.name, body),
        lambda: service.add(scope, cache, instrument, bodies.measured(body)),
        lambda calibration_id: service.get(scope, calibration_id),
    )
    return bodies.record(row)


@router.get(
    "/instruments/{name}/calibrations",
    summary="List calibrations of an instrument, newest first",
    responses=responses(NotFound),
)
def list_calibrations(name: str, scope: ScopeDep, paging: PagingDep) -> Page[CalibrationRecordOut]:
    """Return one page of the calibrations that were entered for an instrument."""
    from backend.calibrations import bodies, service
    from backend.instruments.service import get

    rows, total = service.page(scope, get(name).name, paging)
    return Page(items=[bodies.record(row) for row in rows], total=total)


@router.delete(
    "/instruments/{name}/calibrations/{calibration_id}",
    status_code=204,
    summary="Delete a calibration",
    responses=responses(NotFound),
)
def delete_calibration(name: str, calibration_id: uuid.UUID, scope: ScopeDep) -> None:
    """Delete a calibration. Plans that use it are refused until another one is chosen."""
    from backend.calibrations import service
    from backend.instruments.service import get

    service.delete(scope, get(name).name, calibration_id)
