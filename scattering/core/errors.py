"""Errors in requests for physics; each names the field, the fault and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, Self, TypedDict

from scattering.core.notices import Notice


class FieldError(TypedDict):
    """A wrong field: its place in the request, and the code and parameters of the error.

    `msg` is the sentence of an error without a code.
    """

    loc: str
    code: NotRequired[str]
    params: NotRequired[dict[str, Any]]
    msg: NotRequired[str]


def field_error(loc: str, notice: Notice) -> FieldError:
    """Return the error of a field."""
    return {"loc": loc, "code": notice.code, "params": dict(notice.params)}


def notice_of(error: FieldError) -> Notice:
    """Return the notice of a field error; an error without a code gives a `text` notice with its sentence."""
    if "code" in error:
        return Notice.from_json({"code": error["code"], "params": error.get("params", {})})
    return Notice("text", {"text": error.get("msg", "")})


def describe(error: FieldError) -> str:
    """Return the place and the error as text, for developers and logs."""
    notice = notice_of(error)
    return f"{error['loc']}: {error.get('msg') or f'{notice.code} {dict(notice.params)}'}"


class ScatteringError(ValueError):
    """Base of every error that this package raises for bad input; `notice` states the error."""

    def __init__(self, wrong: Notice | str) -> None:
        self.notice = wrong if isinstance(wrong, Notice) else Notice("text", {"text": wrong})
        super().__init__(wrong if isinstance(wrong, str) else f"{wrong.code} {dict(wrong.params)}")


class InvalidFields(ScatteringError):
    """Errors of one or several fields, listed in `errors`."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(map(describe, self.errors)))

    @classmethod
    def at(cls, loc: str, wrong: Notice | str) -> Self:
        """Return the error of a single wrong field."""
        return cls([field_error(loc, wrong) if isinstance(wrong, Notice) else {"loc": loc, "msg": wrong}])

    def within(self, place: str) -> Self:
        """Return the same error for a request that holds these fields at a place."""
        return type(self)([{**error, "loc": f"{place}.{error['loc']}"} for error in self.errors])


class UnknownInstrument(ScatteringError):
    """No instrument of that name is in the catalogue."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(Notice("unknown_instrument", {"name": name, "known": list(known)}))


class InvalidSettings(InvalidFields):
    """Instrument settings are outside the range of the instrument."""


class InvalidView(InvalidFields):
    """The partials cannot give the spectrum of this view."""


class NotSimulated(InvalidView):
    """The view is possible, but not of these partials: their simulation could not calculate it."""


class InvalidOptions(InvalidFields):
    """Simulation options cannot work for this structure."""


class InvalidComparison(InvalidFields):
    """Data and forecast cannot be compared with these options."""

    def for_candidate(self, label: str) -> Self:
        """Return the same error with the name of the forecast that it concerns."""
        named = [
            field_error(one["loc"], Notice("of_candidate", {"label": label, "wrong": notice_of(one).to_json()}))
            for one in self.errors
        ]
        return type(self)(named)


class InvalidSample(InvalidFields):
    """A sample with these properties cannot exist."""


class InvalidPlan(InvalidFields):
    """A measurement with these features, sample or settings cannot be planned."""
