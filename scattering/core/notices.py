"""Something that a user should know, as data: a code and its parameters. `backend/wording` makes the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np


@dataclass(frozen=True)
class Notice:
    """A warning, a reason, a finding or a verdict.

    Attributes
    ----------
    code
        What it is, in snake case: "imaginary_modes". Programs decide by it; a sentence is never read.
    params
        JSON values that the sentence states, with their units in the names: `{"fraction": 0.02}`. Scalars of NumPy
        become plain numbers.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the parameters JSON values: codes are given where the numbers are NumPy's."""
        object.__setattr__(self, "params", {name: _plain(value) for name, value in self.params.items()})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(stored["code"], dict(stored["params"]))

    def with_params(self, **more: Any) -> Self:
        """Return a notice of the same code that states more."""
        return replace(self, params={**self.params, **more})

    def to_json(self) -> dict[str, Any]:
        """Return what is stored in a column or sent to a client."""
        return {"code": self.code, "params": dict(self.params)}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
