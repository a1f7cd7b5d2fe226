"""Messages to users as data: a code and its parameters. `backend/wording` makes the sentence."""

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
        Kind of message in snake case: "imaginary_modes". Programs read this code and never the sentence.
    params
        JSON values of the sentence, with units in their names: `{"energy_mev": 20.5}`. NumPy scalars become plain
        numbers.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Convert NumPy values to JSON values."""
        object.__setattr__(self, "params", {name: _plain(value) for name, value in self.params.items()})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read a notice that `to_json` wrote."""
        return cls(stored["code"], dict(stored["params"]))

    def with_params(self, **more: Any) -> Self:
        """Return a notice with the same code and further parameters."""
        return replace(self, params={**self.params, **more})

    def to_json(self) -> dict[str, Any]:
        """Return the notice as it is stored in a column or sent to a client."""
        return {"code": self.code, "params": dict(self.params)}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
