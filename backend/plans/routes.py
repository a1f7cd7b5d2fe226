"""Routes of plans. Every POST only reads; nothing is stored."""

from __future__ import annotations

from fastapi import APIRouter

from backend.kit.db.owners import ReadingScopeDep
from backend.kit.http.computing import LONG, SHORT
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.observing.partials_cache import PartialsCacheDep
from backend.plans.schemas import (
    DeuterationIn,
    DeuterationOut,
    FeaturesIn,
    MeasurementIn,
    MeasurementOut,
    PlanIn,
    PlannedFeaturesOut,
    PlanOut,
)

router = APIRouter(prefix="/plans", tags=["plans"], responses=responses(NotFound, Conflict))


@router.post("", summary="Rank instruments and settings", dependencies=LONG)
def make_plan(body: PlanIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> PlanOut:
    """Rank instruments and settings by resolution and hours, with their uncertainties.

    A scan tries thousands of settings, which takes seconds. Nothing is simulated.
    """
    from backend.plans import bodies, service

    return bodies.plan(service.plan(scope, cache, body), body)


@router.post("/features", summary="Find target features", dependencies=SHORT)
def find_features(body: FeaturesIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> PlannedFeaturesOut:
    """Return the peaks of a forecast, or the given energies, with contributing elements and uncertainties."""
    from backend.plans import bodies, service

    return bodies.features(*service.find_features(scope, cache, body))


@router.post("/deuteration", summary="Compare a sample with other isotopes", dependencies=LONG)
def compare_isotopes(body: DeuterationIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> DeuterationOut:
    """Return spectrum, thickness and hours of both samples. Nothing is simulated."""
    from backend.plans import bodies, service

    return bodies.deuteration(*service.compare_isotopes(scope, cache, body), body)


@router.post("/measurement", summary="Simulate a measurement", dependencies=SHORT)
def simulate_measurement(body: MeasurementIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> MeasurementOut:
    """Return Poisson counts after some hours; the same seed gives the same counts."""
    from backend.plans import bodies, service

    return bodies.measurement(service.simulate(scope, cache, body), body.hours)
