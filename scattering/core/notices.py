"""Something that a user should know, as data: a code and its parameters. `backend/wording` makes the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True)
class Notice:
    """A warning, a reason, a finding or a verdict.

    Attributes
    ----------
    code
        What it is, in snake case: "imaginary_modes". Programs decide by it; a sentence is never read.
    params
        JSON values that the sentence states, with their units in the names: `{"fraction": 0.02}`.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

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
