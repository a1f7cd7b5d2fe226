"""What is done once, before the first request: the database is brought up to date."""

from __future__ import annotations

from backend import database
from backend.models import catalogue
from backend.settings import Settings


def prepare(settings: Settings) -> None:
    """Create or migrate the database, and give the pretrained potentials their rows."""
    database.migrate(settings)
    with database.transaction(settings) as session:
        catalogue.register(session)
