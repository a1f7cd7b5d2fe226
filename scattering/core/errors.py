"""Errors in requests for physics; each names the field, the fault and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, TypedDict


class FieldError(TypedDict):
    """A wrong field: its place in the request, and a message that says what to do."""

    loc: str
    msg: str


class ScatteringError(ValueError):
    """Base of every error that this package raises for bad input."""


class InvalidFields(ScatteringError):
    """One or several fields are wrong; `errors` lists them."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(f"{error['loc']}: {error['msg']}" for error in self.errors))

    @classmethod
    def at(cls, loc: str, msg: str) -> Self:
        """Return the error of a single wrong field."""
        return cls([{"loc": loc, "msg": msg}])


class UnknownInstrument(ScatteringError):
    """No instrument of that name is in the catalogue."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"There is no instrument {name!r}; choose one of {', '.join(known)}.")


class InvalidSettings(InvalidFields):
    """Instrument settings are outside the range of the instrument."""


class InvalidView(InvalidFields):
    """The partials cannot give the spectrum of this view."""


class InvalidOptions(InvalidFields):
    """Simulation options cannot work for this structure."""


class InvalidComparison(InvalidFields):
    """Data and forecast cannot be compared with these options."""


class InvalidSample(InvalidFields):
    """A sample with these properties cannot exist."""


class InvalidPlan(InvalidFields):
    """A measurement with these features, sample or settings cannot be planned."""
