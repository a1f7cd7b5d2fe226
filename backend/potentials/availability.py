"""Which potentials can run now, and what is missing for the others."""

from __future__ import annotations

from sqlmodel import Session

from backend.engines import catalogue as engines
from backend.engines.record import Engine
from backend.families.plugins import MODULE as PLUGINS
from backend.health import heartbeats
from backend.kit.db.database import clock
from backend.kit.settings import Settings
from backend.potentials import service
from backend.potentials.catalogue import REGISTERED, pretrained
from backend.potentials.tables import Potential
from scattering.core.notices import Notice


def engines_of_workers(session: Session) -> frozenset[str]:
    """Return the engines that living workers have."""
    workers = heartbeats.living_workers(session, clock(session))
    return frozenset(name for worker in workers for name in worker.engines)


def find_obstacle(settings: Settings, potential: Potential, running: frozenset[str]) -> Notice | None:
    """Return what is missing before a potential can run, or None.

    A potential of Beamcast's own engines lacks nothing: its file is downloaded, and its jobs wait for a worker.

    Parameters
    ----------
    settings
        Settings of this server.
    potential
        Row of the potential.
    running
        Engines of living workers.
    """
    engine = engines.engines().get(potential.engine)
    if engine is None:
        return Notice("engine_unknown", {"engine": potential.engine})
    if is_optional(engine) and potential.engine not in running:
        return missing_engine(engine)
    entry = pretrained().get(potential.sha256)
    is_downloaded = entry is not None and entry.distribution is not None
    # A file in a package is on the workers, which have the package
    is_in_package = entry is not None and entry.package_file
    if potential.kind not in REGISTERED or is_downloaded or is_in_package or service.is_installed(settings, potential):
        return None
    return service.missing_file(settings, potential)


def is_optional(engine: Engine) -> bool:
    """Tell whether the package of an engine does not come with Beamcast."""
    return bool(engine.extra) or engine.module == PLUGINS


def missing_engine(engine: Engine) -> Notice:
    """Return the notice of an optional engine that no living worker has."""
    return Notice("engine_not_installed", {"title": engine.title, "package": engine.package, "extra": engine.extra})
