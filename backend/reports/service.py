"""Make reports as PDF or HTML."""

from __future__ import annotations

from collections.abc import Sequence

from backend.kit.db.database import clock
from backend.kit.db.owners import Scope
from backend.observing.partials_cache import PartialsCache
from backend.reports.capacity import UNLIMITED, Capacity
from backend.reports.document import Document, document
from backend.reports.gathering import gather
from backend.reports.html import html
from backend.reports.pdf import pdf
from backend.reports.pictures import draw
from backend.reports.schemas import ReportIn

PDF = "application/pdf"
HTML = "text/html"


def report(scope: Scope, cache: PartialsCache, body: ReportIn, media_type: str) -> bytes:
    """Return the report as a file of the type `PDF` or `HTML`; it raises as `reports` does."""
    return reports(scope, cache, body, [media_type])[media_type]


def reports(scope: Scope, cache: PartialsCache, body: ReportIn, media_types: Sequence[str]) -> dict[str, bytes]:
    """Return media type → report, for the types `PDF` and `HTML`; planned and drawn once.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As for `gather`.
    """
    gathered, now = gather(scope, cache, body), clock(scope.session)
    pictures = draw(gathered)

    def make(capacity: Capacity) -> Document:
        return document(gathered, pictures, capacity, now)

    return {one: pdf(make) if one == PDF else html(make(UNLIMITED)).encode() for one in media_types}
