"""Why a prediction cannot be made."""

from __future__ import annotations

from typing import Final

from backend.engines import catalogue
from scattering.core.notices import Notice

MAX_REASON: Final = 300


class CannotPredict(RuntimeError):
    """The prediction cannot be made; the notice tells the user why."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(f"{notice.code} {dict(notice.params)}")
        self.notice = notice


def potential_refused(engine: str, reason: str) -> CannotPredict:
    """Return that an engine does not take a potential; of its own words no more than `MAX_REASON` characters."""
    params = {"engine": engine, "title": catalogue.title(engine), "reason": reason[-MAX_REASON:]}
    return CannotPredict(Notice("potential_refused", params))
