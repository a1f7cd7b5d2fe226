"""What a workflow hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scattering.core.partials import Partials
from scattering.crystal.partials import CrystalPartials


class CannotPredict(RuntimeError):
    """The prediction cannot be made; the message is for the user."""


@dataclass(frozen=True)
class Outcome:
    """Partials, and what was found and measured on the way."""

    partials: Partials | CrystalPartials
    warnings: tuple[str, ...]
    timings: dict[str, float]
    findings: dict[str, Any]
