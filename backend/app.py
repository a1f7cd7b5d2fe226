"""The REST API as one FastAPI application."""

from __future__ import annotations

from fastapi import FastAPI, Request

from backend.accounts import routes as accounts
from backend.accounts.bearer import BearerTokens
from backend.accounts.session_cookies import SessionCookies
from backend.calibrations import routes as calibrations
from backend.comparisons import routes as comparisons
from backend.datasets import routes as datasets
from backend.displacements import routes as displacements
from backend.engines import routes as engines
from backend.examples import routes as examples
from backend.figures import routes as figures
from backend.health import routes as health
from backend.instruments import routes as instruments
from backend.isotopes import routes as isotopes
from backend.jobs import routes as jobs
from backend.kit.http import errors
from backend.kit.http.access_log import AccessLog
from backend.kit.http.computing import add_turns
from backend.kit.http.documentation import add_documentation
from backend.kit.http.errors import NotFound
from backend.kit.http.json_bodies import JsonBodies
from backend.kit.http.security import Guard
from backend.kit.http.uploads import Uploads
from backend.kit.settings import Settings
from backend.kit.version import VERSION
from backend.label_sets import routes as label_sets
from backend.limits import routes as limits
from backend.methods import routes as methods
from backend.metrics import routes as metrics
from backend.modes import routes as modes
from backend.observing import routes as observing
from backend.observing.partials_cache import PartialsCache
from backend.operations import routes as operations
from backend.operations.disk import FolderSize
from backend.plans import routes as plans
from backend.potentials import routes as potentials
from backend.predictions import routes as predictions
from backend.proposals import routes as proposals
from backend.proposals import shared, shared_modes
from backend.reports import routes as reports
from backend.samples import routes as samples
from backend.sources import routes as sources
from backend.structures import routes as structures
from backend.trainings import routes as trainings
from backend.trust import routes as trust
from backend.uploads import routes as uploads
from scattering.core.notices import Notice

API = "/api/v1"
ROUTERS = (
    health.router,
    limits.router,
    # Before the route of a built-in structure with any name
    examples.router,
    structures.router,
    sources.router,
    label_sets.router,
    trainings.router,
    uploads.router,
    samples.router,
    instruments.router,
    calibrations.router,
    isotopes.router,
    methods.router,
    engines.router,
    predictions.router,
    observing.router,
    observing.view_router,
    modes.router,
    displacements.router,
    trust.router,
    datasets.router,
    jobs.router,
    comparisons.router,
    plans.router,
    figures.router,
    reports.router,
    operations.router,
    accounts.router,
    proposals.router,
    shared.router,
    shared_modes.router,
)
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(settings: Settings) -> FastAPI:
    """Return the application with the API and its documentation; `serve.py` adds the pages."""
    app = FastAPI(
        title="Beamcast",
        version=VERSION,
        description="Forecasts an inelastic neutron scattering experiment from a crystal structure.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.partials_cache = PartialsCache(settings.partials_cache_bytes)
    app.state.closing = False
    add_turns(app)
    app.state.predictions_size = FolderSize(settings.predictions_dir)
    app.add_middleware(Uploads, settings=settings)
    app.add_middleware(JsonBodies)
    app.add_middleware(SessionCookies, settings=settings, api=API)
    # Before a body is read, and after foreign pages are refused
    app.add_middleware(BearerTokens, settings=settings, api=API)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(AccessLog)
    if settings.has_accounts:
        from backend.accounts import sign_in  # imports Authlib

        sign_in.install(app, settings)
    metrics.install(app, settings, app.state.predictions_size, api=API)
    errors.install(app)
    add_documentation(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(potentials.router, prefix=API + potentials.PREFIX, tags=["potentials"])
    app.include_router(potentials.router, prefix=API + potentials.ALIAS, tags=["potentials"], deprecated=True)
    app.include_router(metrics.router)
    app.add_api_route("/api/{rest:path}", _refuse_unknown_address, methods=ALL_METHODS, include_in_schema=False)
    return app


async def _refuse_unknown_address(rest: str, request: Request) -> None:
    # Otherwise the pages would answer with 200 and HTML.
    raise NotFound(Notice("unknown_address", {"path": request.url.path}))
