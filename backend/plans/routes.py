"""Plans over HTTP. Nothing is kept: every POST only reads."""

from __future__ import annotations

from fastapi import APIRouter

from backend.kit.db.owners import ReadingScopeDep
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


@router.post("", summary="Rank instruments and settings")
def make_plan(body: PlanIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> PlanOut:
    """Which instrument, which settings, how many hours, and what that rests on.

    A scan tries thousands of settings, which takes seconds; nothing is simulated.
    """
    from backend.plans import bodies, service

    return bodies.plan(service.plan(scope, cache, body), body)


@router.post("/features", summary="Find what is to be measured")
def find_features(body: FeaturesIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> PlannedFeaturesOut:
    """The peaks of a forecast, or the energies given, with what they are made of and how far they may be off."""
    from backend.plans import bodies, service

    return bodies.features(*service.find_features(scope, cache, body))


@router.post("/deuteration", summary="The same with another isotope")
def plan_instead(body: DeuterationIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> DeuterationOut:
    """Spectrum, thickness and hours of both samples side by side; nothing is simulated."""
    from backend.plans import bodies, service

    return bodies.deuteration(*service.instead(scope, cache, body), body)


@router.post("/measurement", summary="Simulate a measurement")
def simulate_measurement(body: MeasurementIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> MeasurementOut:
    """Poisson counts after some hours, the same for the same seed."""
    from backend.plans import bodies, service

    return bodies.measurement(service.simulate(scope, cache, body), body.hours)
