"""Errors that end a prediction, with a notice for the user."""

from __future__ import annotations

from typing import Final

from backend.engines import catalogue
from scattering.core.notices import Notice

MAX_REASON_LENGTH: Final = 300
"""Characters."""


class CannotPredict(RuntimeError):
    """The prediction is impossible; the notice states the reason."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(f"{notice.code} {dict(notice.params)}")
        self.notice = notice


def potential_refused(engine: str, reason: str) -> CannotPredict:
    """Return the error of an engine that refuses a potential, with the end of its message (`MAX_REASON_LENGTH`)."""
    params = {"engine": engine, "title": catalogue.title(engine), "reason": reason[-MAX_REASON_LENGTH:]}
    return CannotPredict(Notice("potential_refused", params))
