"""What can be wrong with a request for physics, said so that a user can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, TypedDict


class FieldError(TypedDict):
    """One field that is wrong: where it stands and what to do about it."""

    loc: str
    msg: str


class ScatteringError(ValueError):
    """Base of every error that this package raises for bad input."""


class InvalidFields(ScatteringError):
    """One or several fields are wrong; `errors` names each."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(f"{error['loc']}: {error['msg']}" for error in self.errors))

    @classmethod
    def at(cls, loc: str, msg: str) -> Self:
        """One field is wrong."""
        return cls([{"loc": loc, "msg": msg}])


class UnknownInstrument(ScatteringError):
    """No instrument of that name is in the catalogue."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"There is no instrument {name!r}; choose one of {', '.join(known)}.")


class InvalidSettings(InvalidFields):
    """Instrument settings outside what the instrument allows."""


class InvalidView(InvalidFields):
    """A spectrum was asked for that the partials cannot give."""


class InvalidOptions(InvalidFields):
    """Simulation options that cannot work for this structure."""


class InvalidComparison(InvalidFields):
    """Data and forecast cannot be compared as asked."""


class InvalidSample(InvalidFields):
    """A sample that cannot be made."""


class InvalidPlan(InvalidFields):
    """What is to be measured cannot be planned as asked."""
